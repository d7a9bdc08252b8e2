"""What holds for all tests that need no cluster."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, fake_api

LONGEST_SECONDS = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that hangs fails, with the stacks of all threads. Smoke tests, which wait for clusters, say how long."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONGEST_SECONDS))


# A shell without job control starts what is in the background with interrupts ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        yield running
