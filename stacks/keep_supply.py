"""`auto` decides once: what the first `up` found keeps holding, so that a network hiccup changes no environment.

docs/decisions/keeping-the-supply.md says what is kept where.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from pulumi.dynamic import Resource

from catalog.directories import environment_root
from catalog.supply import Supply, resolve
from stacks.clusters.settling import Provider


def kept(environment: str) -> Path:
    """The file that the choice is kept in, from `up` to `destroy`."""
    return environment_root(environment) / "supply"


def settle(environment: str, wanted: str) -> tuple[Supply, str]:
    """The supply to use and why: as set, as kept from the first run, or as found now. Nothing is kept by asking."""
    if wanted == "auto" and kept(environment).is_file():
        return Supply(kept(environment).read_text().strip()), "kept from the first run"
    return resolve(wanted)


class ChoiceProvider(Provider):
    """Writes the file in `up`, never in a preview, and takes it away with the stack."""

    def identity(self, inputs: dict[str, Any]) -> str:
        """The environment's name."""
        return str(inputs["environment"])

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Keeps the choice."""
        file = kept(inputs["environment"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{inputs['supply']}\n")
        return {}

    def live(self, inputs: dict[str, Any]) -> bool:
        """Whether the file is there: it is this machine's, the stack may be another's too."""
        return kept(inputs["environment"]).is_file()

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Forgets the choice, and the environment's directory where nothing else is in it."""
        kept(_id).unlink(missing_ok=True)
        with suppress(OSError):
            kept(_id).parent.rmdir()


class Choice(Resource, module="cairn", name="SupplyChoice"):
    """What `auto` found, for as long as the stack says `auto`."""

    def __init__(self, environment: str, supply: Supply) -> None:
        super().__init__(ChoiceProvider(), "supply", {"environment": environment, "supply": str(supply)})
