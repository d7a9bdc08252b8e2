"""Images that nobody publishes, on a cluster whose nodes pull by themselves."""

import pytest

from cairn.bring_up import _refuse_own_images
from cairn.errors import UserError
from catalog.supply import Supply
from profiles.load import load

EXISTING = {"cluster.provider": "existing"}


def test_they_are_refused_by_name_with_the_modules_that_use_them() -> None:
    with pytest.raises(UserError) as refused:
        _refuse_own_images(load("laptop", EXISTING), Supply.UPSTREAM)
    for word in ("mlserver", "torch", "serving", "--without", "--supply source"):
        assert word in str(refused.value)


def test_local_nodes_and_nodes_with_a_registry_of_their_own_have_them() -> None:
    _refuse_own_images(load("laptop"), Supply.UPSTREAM)
    _refuse_own_images(load("laptop", EXISTING), Supply.SOURCE)


def test_what_uses_none_goes_anywhere() -> None:
    _refuse_own_images(load("smoke_tests/lifecycle/guest.yaml"), Supply.UPSTREAM)
