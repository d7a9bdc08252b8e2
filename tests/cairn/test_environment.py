from pathlib import Path

import pytest
import yaml

from cairn.engine import Engine
from cairn.environment import Environment, Workspace, check_name, default_name
from cairn.errors import UserError
from cairn.overrides import parse
from cairn.plan import Request, settle, wanted
from cairn.settings import Settings, forget_salt, read, render, settings_file
from tests.cairn.conftest import Keep

pytestmark = pytest.mark.usefixtures("checkout")


def test_settings_are_kept_beside_what_else_is_in_the_file(checkout: Path) -> None:
    settings_file("dev").write_text("encryptionsalt: v1:abc\nconfig:\n  other:key: mine\n  cairn:context: old\n")
    environment = Environment("dev", own=Workspace(str(checkout), pulumi_command=Engine()))
    environment.save(Settings(profile="laptop", supply="source", set={"cluster.workers": 2}))
    assert yaml.safe_load(settings_file("dev").read_text()) == {
        "encryptionsalt": "v1:abc",
        "config": {
            "other:key": "mine",
            "cairn:profile": "laptop",
            "cairn:supply": "source",
            "cairn:set": '{"cluster.workers": 2}',
        },
    }
    assert read(settings_file("dev")).set == {"cluster.workers": 2}


def test_an_environment_without_a_file_has_empty_settings() -> None:
    assert read(settings_file("dev")) == Settings()


def test_overrides_set_by_plain_pulumi_are_read_too() -> None:
    settings_file("dev").write_text("config:\n  cairn:set: '{\"cluster.workers\": 2}'\n")
    assert read(settings_file("dev")).set == {"cluster.workers": 2}


def test_overrides_of_an_earlier_version_are_read_and_kept_as_text() -> None:
    settings_file("dev").write_text("config:\n  cairn:set: {zzz: 1, aaa: {b: 2}}\n")
    assert list(read(settings_file("dev")).set.items()) == [("zzz", 1), ("aaa", {"b": 2})]
    written = render({}, read(settings_file("dev")))
    assert yaml.safe_load(written)["config"]["cairn:set"] == '{"zzz": 1, "aaa": {"b": 2}}'


def test_what_is_said_later_counts_whatever_was_kept(keep: Keep) -> None:
    keep("dev", Settings("laptop", set={"cluster.provider": "existing", "modules.metrics.resolution": "20s"}))
    off = settle(Request(None, "dev", without=("metrics",)))
    assert list(off.settings.set)[-1] == "modules.metrics"
    assert off.profile.modules.metrics is None
    keep("dev", off.settings)
    on = settle(Request(None, "dev", overrides=("modules.metrics.resolution=30s",)))
    assert on.profile.modules.metrics is not None
    assert on.profile.modules.metrics.resolution == "30s"


def test_an_override_that_is_said_twice_stands_where_it_was_said_last() -> None:
    words = ("modules.ray={}", "modules.ray=null", "modules.ray={}")
    assert list(parse((words[0], "modules.x=1", words[1]))) == ["modules.x", "modules.ray"]
    assert parse(words) == {"modules.ray": {}}


def test_a_doubled_key_of_an_override_is_refused() -> None:
    with pytest.raises(UserError, match="'a' is there twice"):
        parse(("teams.x={a: 1, a: 2}",))


@pytest.mark.parametrize(("secret", "kept"), [("", False), ("  cairn:key:\n    secure: v1:xyz\n", True)])
def test_a_lost_stacks_salt_is_forgotten_unless_something_needs_it(checkout: Path, secret: str, kept: bool) -> None:
    file = checkout / "Pulumi.dev.yaml"
    file.write_text(f"encryptionsalt: v1:abc\nconfig:\n  cairn:profile: laptop\n{secret}")
    forget_salt(file)
    assert ("encryptionsalt" in file.read_text()) is kept
    assert "cairn:profile: laptop" in file.read_text()


@pytest.mark.parametrize("name", ["Dev", "-dev", "dev-", "1dev", "a" * 33, "dev_1", "../dev", ""])
def test_a_name_that_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="environment's name"):
        check_name(name)


def test_an_environment_is_named_after_its_profile_or_its_file() -> None:
    assert default_name("laptop") == "laptop"
    assert default_name("./profiles/mine.yaml") == "mine"


def test_values_on_the_command_line_are_what_they_look_like() -> None:
    words = ["a.b=2", "c=true", "d=null", "e=[1, x]", "f=10.90.0.0/24", "g=a=b"]
    assert parse(words) == {"a.b": 2, "c": True, "d": None, "e": [1, "x"], "f": "10.90.0.0/24", "g": "a=b"}


@pytest.mark.parametrize("word", ["workers", "=2", "a=[1"])
def test_a_word_that_is_no_setting_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(UserError) as refused:
        parse([word])
    assert refused.value.fix


def test_what_is_asked_comes_on_top_of_what_is_kept(keep: Keep) -> None:
    kept = Settings(profile="laptop", supply="source", set={"cluster.workers": 2, "budget.cpu": 2})
    keep("dev", kept)
    wanted = settle(Request(None, "dev", overrides=("budget.memory=9Gi",), unset=("cluster.workers",)))
    assert wanted.settings.set == {"budget.cpu": 2, "budget.memory": "9Gi"}
    assert wanted.settings.supply == "source"
    assert wanted.profile.cluster.workers == 1


def test_a_key_that_is_to_be_forgotten_and_is_not_there_is_named_with_those_that_are(keep: Keep) -> None:
    keep("dev", Settings(profile="laptop", supply="source", set={"cluster.workers": 2}))
    [told] = settle(Request(None, "dev", unset=("cluster.worker",))).told
    assert "cluster.worker:" in told
    assert "there are: cluster.workers" in told
    assert settle(Request(None, "dev", unset=("cluster.workers",))).told == ()


def test_a_profiles_path_is_kept_so_that_it_is_found_from_everywhere(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "mine.yaml").write_text("extends: laptop\n")
    monkeypatch.chdir(checkout)
    wanted = settle(Request("mine.yaml", None))
    assert wanted.environment == "mine"
    assert wanted.settings.profile == str(checkout / "mine.yaml")


def test_an_environment_that_has_no_profile_asks_for_one() -> None:
    with pytest.raises(UserError, match="has no profile yet"):
        settle(Request(None, "dev"))


def test_local_nodes_without_root_are_refused_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(UserError) as refused:
        settle(Request("laptop", "dev"))
    assert "sudo" in refused.value.fix
    settle(Request("laptop", "dev", overrides=("cluster.provider=existing",)))


def test_a_mac_is_sent_to_a_linux_vm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(UserError, match="macOS"):
        settle(Request("laptop", "dev"))


@pytest.mark.parametrize("text", ["{cluster.workers: 2}", "[1]", "2"])
def test_overrides_that_are_no_json_object_are_named_with_the_command_that_sets_them(text: str) -> None:
    settings_file("dev").write_text(yaml.safe_dump({"config": {"cairn:set": text}}))
    with pytest.raises(UserError, match="no JSON object") as refused:
        read(settings_file("dev"))
    assert "pulumi config set set" in refused.value.fix


def test_preflight_looks_at_what_the_environment_keeps_with_the_words_given_on_top(keep: Keep) -> None:
    kept = Settings(profile="mini", supply="source", set={"cluster.address_range": "10.77.0.0/24"}, kubeconfig="/k")
    keep("mine", kept)
    name, settings, profile = wanted(None, "mine", {"cluster.workers": 3})
    assert (name, settings.profile, settings.supply, settings.kubeconfig) == ("mine", "mini", "source", "/k")
    assert (profile.cluster.address_range, profile.cluster.workers) == ("10.77.0.0/24", 3)
    assert wanted("laptop", "mine", {})[1].profile == "laptop"


def test_preflight_without_a_name_looks_at_the_profile_alone(keep: Keep) -> None:
    keep("laptop", Settings(profile="mini", set={"cluster.workers": 3}))
    name, settings, _ = wanted(None, None, {})
    assert (name, settings.profile, settings.set) == ("laptop", "laptop", {})


def test_preflight_of_an_environment_that_keeps_nothing_asks_for_a_profile() -> None:
    with pytest.raises(UserError, match="keeps no profile"):
        wanted(None, "mine", {})
