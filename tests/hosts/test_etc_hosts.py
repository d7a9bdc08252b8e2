from pathlib import Path

import pytest

from hosts.errors import HostError
from hosts.local import etc_hosts
from hosts.local.plan import Network

DEV, LAB = Network("dev"), Network("lab")
OWN = "127.0.0.1\tlocalhost\n# a person's note\n10.1.2.3 nas # not ours\n"
NAMES = ("s3.cairn.test", "tracking.cairn.test")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hosts file to write to; the machine's own is never touched."""
    path = tmp_path / "hosts"
    path.write_text(OWN)
    path.chmod(0o640)
    monkeypatch.setenv("CAIRN_HOSTS_FILE", str(path))
    return path


def test_names_are_added_and_taken_out_again_to_the_byte(file: Path) -> None:
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    assert file.read_text().startswith(OWN)
    assert [line.split()[:2] for line in file.read_text().removeprefix(OWN).splitlines()] == [
        ["10.89.0.11", name] for name in NAMES
    ]
    assert etc_hosts.present(DEV, "10.89.0.11", NAMES)
    assert file.stat().st_mode & 0o777 == 0o640
    etc_hosts.remove(DEV)
    assert file.read_text() == OWN
    assert [path.name for path in file.parent.iterdir()] == ["hosts"]


def test_writing_again_changes_nothing_and_other_names_take_the_place_of_the_former(file: Path) -> None:
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    first = file.read_text()
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    assert file.read_text() == first
    etc_hosts.write(DEV, "10.89.0.12", NAMES[:1])
    assert not etc_hosts.present(DEV, "10.89.0.11", NAMES)
    assert file.read_text().removeprefix(OWN).split()[:2] == ["10.89.0.12", NAMES[0]]


def test_two_environments_keep_out_of_each_others_way(file: Path) -> None:
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    etc_hosts.write(LAB, "10.90.0.11", ("tracking.lab.test",))
    etc_hosts.remove(DEV)
    assert not etc_hosts.marked(DEV)
    assert etc_hosts.present(LAB, "10.90.0.11", ("tracking.lab.test",))


def test_the_same_name_in_another_state_directory_is_another_environment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert not etc_hosts.marked(Network("dev"))
    etc_hosts.remove(Network("dev"))
    assert NAMES[0] in file.read_text()


@pytest.mark.parametrize(
    "theirs", ["10.0.0.1 x tracking.cairn.test\n", f"10.90.0.11\t{NAMES[0]}\t{etc_hosts.mark(LAB)}\n"]
)
def test_a_name_that_somebody_else_has_is_refused_with_the_line_and_the_fix(file: Path, theirs: str) -> None:
    file.write_text(OWN + theirs)
    with pytest.raises(HostError, match=r"is in .*hosts already.*modules\.gateway\.domain"):
        etc_hosts.write(DEV, "10.89.0.11", NAMES)
    assert file.read_text() == OWN + theirs


def test_what_a_person_edits_meanwhile_stays(file: Path) -> None:
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    file.write_text(file.read_text().replace("10.1.2.3 nas", "10.1.2.4 nas") + "10.5.5.5 printer\n")
    etc_hosts.remove(DEV)
    assert file.read_text() == OWN.replace("10.1.2.3", "10.1.2.4") + "10.5.5.5 printer\n"


def test_an_edit_between_reading_and_writing_is_not_lost(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edits = ["10.5.5.5 printer\n"]
    with_names = etc_hosts.with_names

    def slowly(text: str, *rest: object) -> str:
        if edits:
            file.write_text(OWN + edits.pop())
        return with_names(text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(etc_hosts, "with_names", slowly)
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    assert file.read_text().startswith(OWN + "10.5.5.5 printer\n10.89.0.11\t")


def test_a_line_that_a_person_took_out_is_missed_and_put_back(file: Path) -> None:
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    file.write_text(OWN)
    assert not etc_hosts.present(DEV, "10.89.0.11", NAMES)
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    assert etc_hosts.present(DEV, "10.89.0.11", NAMES)


def test_a_killed_run_leaves_nothing_that_the_next_doesnt_clear(file: Path) -> None:
    file.with_name(".hosts.cairn").write_text("half of")
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    assert [path.name for path in file.parent.iterdir()] == ["hosts"]


def test_a_file_that_can_only_be_written_to_is_written_to(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Path, target: Path) -> Path:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    assert etc_hosts.present(DEV, "10.89.0.11", NAMES)
    assert [path.name for path in file.parent.iterdir()] == ["hosts"]


def test_a_file_that_is_missing_is_told_with_the_way_out(file: Path) -> None:
    file.unlink()
    assert not etc_hosts.marked(DEV)
    etc_hosts.remove(DEV)
    with pytest.raises(HostError, match=r"unset modules\.gateway\.etc_hosts"):
        etc_hosts.write(DEV, "10.89.0.11", NAMES)


def test_a_last_line_without_an_end_gets_one(file: Path) -> None:
    file.write_text("127.0.0.1 localhost")
    etc_hosts.write(DEV, "10.89.0.11", NAMES)
    assert file.read_text().splitlines()[:2] == [
        "127.0.0.1 localhost",
        f"10.89.0.11\t{NAMES[0]}\t{etc_hosts.mark(DEV)}",
    ]
