from pathlib import Path

import pytest

from hosts.errors import HostError
from hosts.local import node
from hosts.local.node import Node
from hosts.local.plan import Network


@pytest.fixture
def someone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    image = tmp_path / "image"
    for directory in ("etc/ssh", "etc/systemd/system", "root"):
        (image / directory).mkdir(parents=True)
    (image / "etc/ssh/ssh_host_rsa_key").write_text("the image's own")
    monkeypatch.setattr(node, "cached_rootfs", lambda name: image)
    return Node(Network("dev"), "dev-worker-1", "10.89.0.21", "ssh-ed25519 AAAA me", "PRIVATE", "ssh-ed25519 BBBB")


def test_a_node_knows_its_name_and_who_may_log_in(someone: Node) -> None:
    node._populate(someone)
    rootfs = someone.container.rootfs
    assert (rootfs / "etc/hostname").read_text() == "dev-worker-1\n"
    assert (rootfs / "root/.ssh/authorized_keys").read_text() == "ssh-ed25519 AAAA me\n"
    assert (rootfs / "root/.ssh/authorized_keys").stat().st_mode & 0o077 == 0


def test_a_node_has_no_host_key_but_its_own(someone: Node) -> None:
    node._populate(someone)
    keys = sorted(path.name for path in (someone.container.rootfs / "etc/ssh").iterdir())
    assert keys == ["ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"]


def test_an_interrupted_copy_starts_over(someone: Node) -> None:
    half = someone.container.rootfs.with_suffix(".new")
    half.mkdir(parents=True)
    (half / "junk").touch()
    node._populate(someone)
    assert not (someone.container.rootfs / "junk").exists()


def test_a_disk_that_is_there_is_kept(someone: Node) -> None:
    node._populate(someone)
    (someone.container.rootfs / "data").write_text("kept")
    node._populate(someone)
    assert (someone.container.rootfs / "data").read_text() == "kept"


def test_a_node_of_a_lost_state_is_named_with_the_command_that_removes_it(someone: Node) -> None:
    node._populate(someone)
    (someone.container.rootfs / node.HOST_KEY).write_text("another key")
    with pytest.raises(HostError, match="cairn down --name dev"):
        node._populate(someone)
