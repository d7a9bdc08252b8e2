"""Kubeconfigs for people: how long they may work, and what is in one. `cairn.grants` has the cluster make them."""

import re
from datetime import timedelta
from typing import Any

import yaml

from cairn.errors import UserError

SHORTEST = timedelta(minutes=10)
"""The API server gives nothing shorter."""
LONGEST = timedelta(days=365)
"""kubeadm's controller manager signs nothing longer (--cluster-signing-duration); tokens are held to the same."""
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """A length of time such as `30m`, `8h` or `7d`, between ten minutes and a year."""
    found = re.fullmatch(r"([0-9]{1,9})([mhd])", text)
    length = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if length > LONGEST or re.fullmatch(r"[0-9]{10,}[mhd]", text):
        raise UserError(f"{text} is longer than a cluster gives", fix=f"--duration {LONGEST.days}d, the longest")
    if length < SHORTEST:
        raise UserError(f"{text!r} is not a duration of ten minutes or more", fix="--duration 30m, 8h or 7d")
    return length


def kubeconfig(admin: str, name: str, user: dict[str, str], namespace: str = "default") -> str:
    """A kubeconfig for another user of the cluster that `admin` is a kubeconfig of; its one context is `name`."""
    content = yaml.safe_load(admin)
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": _cluster(content)}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
            "current-context": name,
        },
        sort_keys=False,
    )


def _cluster(content: dict[str, Any]) -> dict[str, Any]:
    current = next(each["context"] for each in content["contexts"] if each["name"] == content["current-context"])
    return next(dict(each["cluster"]) for each in content["clusters"] if each["name"] == current["cluster"])
