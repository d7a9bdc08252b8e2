from pathlib import Path

import pytest

from stacks.etc_hosts import EtcHostsProvider

INPUTS = {"environment": "dev", "address": "10.89.0.11", "names": ["s3.cairn.test"]}
OWN = "127.0.0.1 localhost\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "hosts"
    path.write_text(OWN)
    monkeypatch.setenv("CAIRN_HOSTS_FILE", str(path))
    return path


def test_names_come_with_the_resource_and_go_with_it(file: Path) -> None:
    made = EtcHostsProvider().create(INPUTS)
    assert "10.89.0.11\ts3.cairn.test" in file.read_text()
    assert made.outs is not None
    EtcHostsProvider().delete(made.id, made.outs)
    assert file.read_text() == OWN


def test_other_names_are_an_update_and_lines_that_are_gone_are_put_back(file: Path) -> None:
    provider = EtcHostsProvider()
    made = provider.create(INPUTS)
    assert made.outs is not None
    assert not provider.diff(made.id, made.outs, INPUTS).changes
    more = {**INPUTS, "names": ["s3.cairn.test", "iris--red.cairn.test"]}
    changed = provider.diff(made.id, made.outs, more)
    assert changed.changes and not changed.replaces
    provider.update(made.id, made.outs, more)
    assert "iris--red.cairn.test" in file.read_text()
    file.write_text(OWN)
    assert provider.diff(made.id, more, more).changes
