"""The table of what members may do, and the rights that a smoke test asks the API server about."""

import re

from catalog.directories import REPOSITORY
from modules.registry import all_modules
from smoke_tests.people.test_teams_kubectl import RIGHTS

PAGE = REPOSITORY / "docs" / "modules" / "people" / "teams.md"


def test_every_row_of_the_documented_table_is_asked_about_and_no_other() -> None:
    _, table = PAGE.read_text().split("| with | may | may not |\n|---|---|---|\n")
    rows = re.findall(r"^\| (.+?) \|", table.partition("\n\n")[0], re.MULTILINE)
    assert list(dict.fromkeys(entry["row"] for entry in RIGHTS)) == rows


def test_a_row_asks_for_modules_that_there_are_and_for_something() -> None:
    assert {entry["needs"] for entry in RIGHTS if "needs" in entry} <= set(all_modules())
    assert all(entry.get("may") or entry.get("may_not") for entry in RIGHTS)
