from collections.abc import Iterator

import pytest

from tests.modules.fake_api import FakeApi, fake_api


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        yield running
