from datetime import timedelta

import pytest
import yaml

from cairn.access import duration, kubeconfig
from cairn.errors import UserError

ADMIN = """
apiVersion: v1
kind: Config
current-context: admin@kubernetes
clusters: [{name: kubernetes, cluster: {server: "https://10.89.0.11:6443", certificate-authority-data: Q0E=}}]
contexts: [{name: admin@kubernetes, context: {cluster: kubernetes, user: admin}}]
users: [{name: admin, user: {client-key-data: c2VjcmV0}}]
"""


@pytest.mark.parametrize(("text", "hours"), [("30m", 0.5), ("8h", 8), ("7d", 168)])
def test_durations_are_minutes_hours_or_days(text: str, hours: float) -> None:
    assert duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["8", "h", "9m", "0h", "-1h", "1w"])
def test_a_duration_that_is_none_or_too_short_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="ten minutes"):
        duration(text)


@pytest.mark.parametrize("text", ["366d", "800d", "60000d", "99999999999999999999d"])
def test_more_than_a_cluster_gives_is_refused_with_the_longest(text: str) -> None:
    assert duration("365d") == timedelta(days=365)
    with pytest.raises(UserError, match="365d"):
        duration(text)


def test_another_users_kubeconfig_has_the_cluster_and_none_of_the_administrators_secrets() -> None:
    text = kubeconfig(ADMIN, "dev-team-a", {"token": "abc"}, namespace="team-a")
    content = yaml.safe_load(text)
    assert "c2VjcmV0" not in text
    assert content["clusters"][0]["cluster"]["server"] == "https://10.89.0.11:6443"
    assert content["users"] == [{"name": "dev-team-a", "user": {"token": "abc"}}]
    assert content["contexts"][0]["context"]["namespace"] == "team-a"
    assert content["current-context"] == "dev-team-a"
