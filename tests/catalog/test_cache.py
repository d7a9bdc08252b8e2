import os
from pathlib import Path

import pytest

from catalog import cache as entries
from catalog.cache import Receipt
from catalog.items import Item

ITEM, KEY = Item("binaries", "thing"), "0123"


def publish(content: bytes = b"content") -> Path:
    with entries.workspace(ITEM, KEY) as work:
        (work / "out/bin").mkdir()
        (work / "out/bin/thing").write_bytes(content)
        (work / "out/bin/alias").symlink_to("thing")
        entries.publish(work, ITEM, Receipt(str(ITEM), KEY, "source", 1.5))
    return entries.directory(ITEM, KEY)


def test_an_entry_is_found_with_what_it_cost(cache: Path) -> None:
    publish()
    found = entries.find(ITEM, KEY)
    assert found and found.seconds == 1.5
    assert set(found.files) == {"bin/thing", "bin/alias"}


def test_nothing_is_found_before_it_is_published(cache: Path) -> None:
    with entries.workspace(ITEM, KEY) as work:
        (work / "out/half").write_text("half")
        assert entries.find(ITEM, KEY) is None
    assert entries.find(ITEM, KEY) is None


@pytest.mark.parametrize("damage", ["longer", "same length", "gone", "no receipt", "receipt cut short", "link moved"])
def test_a_damaged_entry_is_not_found(cache: Path, damage: str) -> None:
    place = publish()
    match damage:
        case "longer":
            (place / "bin/thing").write_bytes(b"content, and more")
        case "same length":
            (place / "bin/thing").write_bytes(b"CONTENT")
        case "gone":
            (place / "bin/thing").unlink()
        case "no receipt":
            (place / "receipt.json").unlink()
        case "receipt cut short":
            (place / "receipt.json").write_text((place / "receipt.json").read_text()[:50])
        case "link moved":
            (place / "bin/alias").unlink()
            (place / "bin/alias").symlink_to("other")
    assert entries.find(ITEM, KEY) is None
    assert list(entries.faults(ITEM, KEY))


def test_only_the_full_check_sees_a_change_that_hides_behind_size_and_time(cache: Path) -> None:
    target = publish() / "bin/thing"
    times = target.stat()
    target.write_bytes(b"CONTENT")
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list(entries.faults(ITEM, KEY)) == []
    assert "content is not what was recorded" in next(entries.faults(ITEM, KEY, full=True))


def test_a_file_that_was_only_touched_is_still_good(cache: Path) -> None:
    os.utime(publish() / "bin/thing")
    assert entries.find(ITEM, KEY)


def test_an_entry_that_is_set_aside_is_made_again_in_its_place(cache: Path) -> None:
    publish()
    entries.set_aside(ITEM, KEY)
    assert entries.find(ITEM, KEY) is None
    assert (publish(b"new") / "bin/thing").read_bytes() == b"new"


def test_what_a_killed_run_left_is_deleted_by_the_next(cache: Path) -> None:
    leftover = entries.directory(ITEM, "old").parent / ".building-old"
    leftover.mkdir(parents=True)
    (leftover / "half").write_text("half")
    place = publish()
    assert [path.name for path in place.parent.iterdir()] == [KEY]


def test_a_lock_that_another_holds_is_waited_for_and_told(cache: Path) -> None:
    told: list[str] = []

    def waiting() -> None:
        told.append("waiting")
        (cache / "waiting").touch()

    pid = os.fork()
    if pid == 0:
        with entries.locked("x"):
            (cache / "held").touch()
            while not (cache / "waiting").exists():
                pass
        os._exit(0)
    while not (cache / "held").exists():
        pass
    with entries.locked("x", waiting):
        assert told == ["waiting"]
    os.waitpid(pid, 0)
