"""What each profile comes to, written down: a change of a default or a merge shows as a diff of tests/golden.

`CAIRN_UPDATE_GOLDEN=1 pytest tests/modules/test_golden.py` writes the files anew.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from modules.contract.checks import to_data
from modules.contract.credentials import named
from modules.registry import enabled
from profiles.load import available, load

GOLDEN = Path(__file__).parent.parent / "golden"


class _Plain(yaml.SafeDumper):
    """Repeats what is used twice, so that a diff shows it where it changes."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def expected(name: str, content: Any) -> str:
    text: str = yaml.dump(named(content), Dumper=_Plain, sort_keys=False, width=120)
    path = GOLDEN / f"{name}.yaml"
    if os.environ.get("CAIRN_UPDATE_GOLDEN"):
        path.write_text(text)
    assert path.is_file(), f"{path}: CAIRN_UPDATE_GOLDEN=1 pytest tests/modules/test_golden.py"
    assert path.read_text() == text, "CAIRN_UPDATE_GOLDEN=1 pytest tests/modules/test_golden.py, and read the diff"
    return text


@pytest.mark.parametrize("name", available())
def test_the_merged_profile_is_as_written_down(name: str) -> None:
    content = load(name).model_dump(mode="json")
    # A module that is off says nothing, so that a new one changes no record.
    content["modules"] = {key: settings for key, settings in content["modules"].items() if settings is not None}
    expected(f"{name}.profile", content)


def test_values_objects_and_checks_of_each_module_are_as_written_down() -> None:
    # Of the profile that has most of them.
    name = "laptop"
    profile = load(name)
    for module in enabled(profile):
        content = {
            "values": module.values(profile),
            "objects": module.objects(profile),
            "ready": to_data(module.ready(profile)),
        }
        expected(f"{name}.{module.name}", content)


def test_the_nvidia_variant_is_as_written_down() -> None:
    profile = load("laptop", {"modules.accelerators.mode": "nvidia", "cluster.provider": "existing"})
    [module] = [module for module in enabled(profile) if module.name == "accelerators"]
    assert module.remote_chart is not None
    expected(
        "nvidia.accelerators",
        {
            "chart": vars(module.remote_chart),
            "values": module.values(profile),
            "ready": to_data(module.ready(profile)),
        },
    )
