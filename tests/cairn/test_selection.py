import pytest

from cairn.errors import UserError
from cairn.plan import Request, settle
from cairn.selection import modules_off
from cairn.settings import Settings
from modules.registry import enabled
from profiles.load import load
from tests.cairn.conftest import Keep

pytestmark = pytest.mark.usefixtures("checkout")


def on(*only: str, without: tuple[str, ...] = (), environment: str = "dev") -> list[str]:
    plan = settle(Request("mini", environment, only=only, without=without))
    return [module.name for module in enabled(plan.profile)]


def test_only_a_module_means_it_and_what_it_requires() -> None:
    assert on("teams") == ["queueing", "teams"]
    assert on("metrics") == ["metrics"]
    assert on("metrics", "ray") == ["metrics", "ray"]


def test_without_a_module_nothing_is_on_that_requires_it() -> None:
    left = on(without=("queueing",))
    assert "queueing" not in left
    assert "teams" not in left
    assert {"storage", "metrics", "ray"} <= set(left)


def test_what_is_off_because_of_another_is_told() -> None:
    assert settle(Request("mini", "dev", without=("queueing",))).told == ("teams is off too: it needs queueing",)
    assert settle(Request("mini", "dev", without=("ray",))).told == ()


def test_the_choice_is_kept_and_another_only_takes_its_place(keep: Keep) -> None:
    kept = settle(Request("mini", "dev", overrides=("cluster.workers=2",), only=("metrics",))).settings
    keep("dev", kept)
    again = settle(Request(None, "dev"))
    assert [module.name for module in enabled(again.profile)] == ["metrics"]
    assert again.profile.cluster.workers == 2
    other = settle(Request(None, "dev", only=("ray",)))
    assert [module.name for module in enabled(other.profile)] == ["ray"]
    assert other.profile.cluster.workers == 2


def test_a_kept_choice_is_forgotten_key_by_key(keep: Keep) -> None:
    keep("dev", Settings(profile="mini", set={"modules.ray": None}))
    assert "ray" in [module.name for module in enabled(settle(Request(None, "dev", unset=("modules.ray",))).profile)]


@pytest.mark.parametrize("option", ["only", "without"])
def test_a_module_that_is_not_on_is_refused_with_the_nearest(option: str) -> None:
    with pytest.raises(UserError, match=r"no module 'quueing'; did you mean queueing\?"):
        settle(Request("mini", "dev", **{option: ("quueing",)}))  # type: ignore[arg-type]


def test_only_and_without_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(UserError, match="--only teams needs queueing"):
        modules_off(load("mini"), ["teams"], ["queueing"])


def test_a_module_that_the_profile_leaves_off_is_told_from_one_that_does_not_exist() -> None:
    with pytest.raises(UserError, match="the profile leaves ray off"):
        modules_off(load("mini", {"modules.ray": None}), ["ray"], [])
