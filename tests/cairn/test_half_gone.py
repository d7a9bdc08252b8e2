from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from cairn.environment import Environment
from cairn.errors import UserError
from cairn.half_gone import going, refuse


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/backend")
    workspace = SimpleNamespace(project_settings=lambda: SimpleNamespace(name="cairn"))
    return cast(Environment, SimpleNamespace(name="dev", workspace=workspace))


def test_an_environment_whose_down_ended_by_itself_can_be_brought_up(environment: Environment) -> None:
    refuse("dev")
    with pytest.raises(RuntimeError), going(environment):
        raise RuntimeError("a step failed, and Pulumi has written so")
    refuse("dev")


def test_an_environment_whose_down_was_killed_is_refused_until_the_next_down(
    environment: Environment, tmp_path: Path
) -> None:
    lock = tmp_path / "backend/.pulumi/locks/organization/cairn/dev/one.json"
    with going(environment):
        lock.parent.mkdir(parents=True)
        lock.write_text('{"pid": 1, "hostname": "here"}')
    with pytest.raises(UserError, match="cut off") as raised:
        refuse("dev")
    assert "cairn down --name dev --yes" in str(raised.value.fix)
    lock.unlink()
    with going(environment):
        pass
    refuse("dev")
