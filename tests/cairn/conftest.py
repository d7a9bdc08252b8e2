import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cairn import plan, settings
from cairn.settings import Kept, Settings
from catalog.directories import REPOSITORY

# bench/ is no part of what is installed; only the checkout has it.
sys.path.append(str(REPOSITORY))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout and a state directory that nobody has used."""
    monkeypatch.setattr(settings, "REPOSITORY", tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path


Keep = Callable[[str, Settings], None]


@pytest.fixture
def keep(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Makes the backend's record of an environment say these settings."""
    records: dict[str, Settings] = {}
    monkeypatch.setattr(plan, "kept_settings", lambda name: Kept(records.get(name, Settings())))
    return records.__setitem__
