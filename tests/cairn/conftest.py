import sys
from pathlib import Path

import pytest

from cairn import environment
from catalog.directories import REPOSITORY

# bench/ is no part of what is installed; only the checkout has it.
sys.path.append(str(REPOSITORY))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout and a state directory that nobody has used."""
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    monkeypatch.setattr(environment, "workspace", lambda started: None)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path
