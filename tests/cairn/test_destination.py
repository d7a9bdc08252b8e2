import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from cairn.destination import PUBLIC, SECRET, check, write
from cairn.errors import UserError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_secret_is_its_owners_alone_whatever_was_there_before(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")
    file.chmod(0o644)
    write(file, "token", SECRET)
    assert file.read_text() == "token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path) == ["a"]


def test_what_is_no_secret_can_be_read_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write(tmp_path / "ca.pem", "certificate", PUBLIC)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "ca.pem").stat().st_mode) == 0o644


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing yet"])
def test_a_link_stays_a_link_and_what_it_names_is_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "dotfiles").mkdir()
    if there:
        (tmp_path / "dotfiles/config").write_text("old")
    link = tmp_path / "config"
    link.symlink_to("dotfiles/config")
    assert check(link) == link
    write(link, "token", SECRET)
    assert link.is_symlink()
    assert (tmp_path / "dotfiles/config").read_text() == "token"
    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    assert names(tmp_path) == ["config", "dotfiles"]
    assert names(tmp_path / "dotfiles") == ["config"]


def test_a_device_is_written_to_and_stays_a_device(tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device takes root")
    assert check(device) == device
    write(device, "token", SECRET)
    assert stat.S_ISCHR(device.stat().st_mode)
    assert names(tmp_path) == ["null"]


def test_a_pipe_hands_the_text_to_whoever_reads_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write(pipe, "token", SECRET)
    reader.join(10)
    assert got == ["token"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_dash_is_stdout() -> None:
    assert check(Path("-")) is None
    assert check(None) is None


def test_a_folder_is_refused_and_nothing_is_left_in_or_beside_it(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        check(tmp_path / "folder")
    with pytest.raises(UserError, match="can't be written"):
        write(tmp_path / "folder", "token", SECRET)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_no_folder_to_write_into_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for missing in (tmp_path / "none/a", tmp_path / "file/a"):
        with pytest.raises(UserError) as error:
            check(missing)
        assert f"there is no folder {missing.parent}" in str(error.value)
        assert f"mkdir -p {missing.parent}" in str(error.value)


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(UserError, match="is a socket"):
            check(tmp_path / "s")


def test_a_write_that_fails_midway_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write(file, "\ud800", SECRET)
    assert file.read_text() == "old"
    assert names(tmp_path) == ["a"]
