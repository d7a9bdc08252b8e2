"""`auto` decides once: what the first run found keeps holding, so that a network hiccup changes no environment."""

from catalog.directories import environment_root
from catalog.supply import Supply, resolve


def settle(environment: str, wanted: str) -> tuple[Supply, str]:
    """The supply to use and why: as set, as kept from the first run, or as found now (and then kept)."""
    kept = environment_root(environment) / "supply"
    if wanted == "auto" and kept.is_file():
        return Supply(kept.read_text().strip()), "kept from the first run"
    supply, why = resolve(wanted)
    if wanted == "auto":
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(f"{supply}\n")
    return supply, why
