"""What a shell completes names to; quick, so nothing is asked of Pulumi or of a cluster."""

from collections.abc import Iterable

from cairn.smoke_files import smoke_files
from catalog.directories import REPOSITORY, state_root


def profiles(incomplete: str) -> list[str]:
    """The profiles that come with Cairn."""
    return _starting(incomplete, (file.stem for file in (REPOSITORY / "profiles").glob("*.yaml")))


def environments(incomplete: str) -> list[str]:
    """The environments that Cairn's own backend holds."""
    return _starting(incomplete, (file.stem for file in (state_root() / "backend/.pulumi/stacks/cairn").glob("*.json")))


def modules(incomplete: str) -> list[str]:
    """What has smoke tests."""
    return _starting(incomplete, smoke_files())


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
