from pulumi.automation import CommandResult
from pulumi.automation.errors import create_command_error

from cairn.errors import UserError
from cairn.failure import failed
from cairn.progress import Progress
from tests.cairn.events import GATE, MODULE, says

AGAIN = "cairn up --name dev"


def error_of(*messages: str) -> UserError:
    seen = Progress(lambda: 0.0)
    for urn, message in zip((MODULE, GATE), messages, strict=False):
        seen.take(says("error", message, urn))
    return failed(create_command_error(CommandResult("", "error: update failed", 255)), seen, AGAIN)


def test_each_resource_that_failed_is_named_with_its_message_and_the_same_command_goes_on() -> None:
    error = error_of("no room", "did not get ready; `cairn up` tries again")
    assert error.what == "2 steps failed"
    assert "no room" in error.where
    assert "did not get ready" in error.where
    assert error.fix.startswith(AGAIN)


def test_where_a_message_names_another_command_the_same_one_is_not_offered_again() -> None:
    error = error_of("it can't be changed while it runs: `cairn down`, then `cairn up` with the new settings")
    assert AGAIN not in error.fix
    assert error.fix == "what is said above"
