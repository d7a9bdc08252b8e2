"""Passwords of an environment, by name."""

import pytest

from cairn.errors import UserError
from cairn.passwords import KIND, Password, chosen, found_in
from installer.made_credentials import Credentials
from modules.contract import credentials
from tests.installer.recorder import record

URN = "urn:pulumi:laptop::cairn::pulumi-python:dynamic/cairn:Password::"
STATE = {
    "deployment": {
        "resources": [
            {"type": KIND, "urn": f"{URN}tracking-red"},
            {
                "type": "kubernetes:core/v1:Secret",
                "urn": "urn:pulumi:laptop::cairn::kubernetes:core/v1:Secret::red/access",
            },
            {"type": KIND, "urn": f"{URN}online-store"},
        ]
    }
}
ONLINE, TRACKING = Password("online-store", f"{URN}online-store"), Password("tracking-red", f"{URN}tracking-red")


def test_passwords_are_found_in_the_stack_by_the_names_that_modules_give_them() -> None:
    assert found_in(STATE) == [ONLINE, TRACKING]


def test_a_stack_without_resources_has_no_passwords() -> None:
    assert found_in({"deployment": {}}) == []


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    assert chosen([ONLINE, TRACKING], ["tracking-red", "tracking-red"], "laptop") == [TRACKING]
    with pytest.raises(UserError) as refused:
        chosen([ONLINE, TRACKING], ["tracking-blue"], "laptop")
    assert "tracking-blue" in str(refused.value)
    assert refused.value.where == "passwords of laptop: online-store, tracking-red"


def test_what_the_installer_makes_is_what_is_looked_for() -> None:
    def program() -> None:
        Credentials("laptop").fill(credentials.Password("tracking-red"))

    assert (KIND, "tracking-red") in [(each.type, each.name) for each in record(program).records]
