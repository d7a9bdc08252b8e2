"""The Secret `access` of a team: what its members' scripts need to reach the platform's services, and no other team's.

A service takes part with one function: for a team and the Secret's name and namespace it gives the keys to put into
the Secret, named as the service's clients read them from the environment, and the objects that make the account.
"""

from collections.abc import Callable
from typing import Any

from modules.cluster import gateway
from modules.contract.api import Object
from modules.data import features, object_store
from modules.models import tracking
from modules.parts.server import secret
from profiles.schema import Profile

NAME = "access"
"""The Secret."""

Part = Callable[[str, tuple[str, str], Profile], tuple[dict[str, Any], list[Object]]]

_PARTS: dict[str, Part] = {
    "object_store": object_store.account_for,
    "tracking": tracking.account_for,
    "features": features.account_for,
    "gateway": gateway.account_for,
}


def access_for(team: str, profile: Profile) -> list[Object]:
    """The Secret in the team's namespace and all that stands behind it, for the modules that are on."""
    keys: dict[str, Any] = {}
    objects: list[Object] = []
    for module, part in _PARTS.items():
        if module in profile.modules.on():
            more, made = part(team, (NAME, team), profile)
            keys |= more
            objects += made
    return [secret(NAME, team, keys), *objects] if keys else []
