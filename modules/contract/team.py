"""What a team is to every module: how it is known, and what a module may give to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modules.contract.api import Object

TEAM_LABEL = "cairn/team"
"""The label of a team's namespace; its value is the team's name. What such a namespace runs passes the team's queue."""
ACCOUNT = "member"
"""The service account in a team's namespace whose token people get."""
ACCESS = "access"
"""The Secret in a team's namespace with what its members' scripts need to reach the platform's services."""
PLATFORMS = ("app.kubernetes.io/managed-by", "cairn")
"""The label, and its value, of what the platform made, in a team's namespace too."""
READ = ("get", "list", "watch")
"""The verbs of who may look."""
WRITE = (*READ, "create", "update", "patch", "delete", "deletecollection")
"""The verbs of who may also change."""


@dataclass(frozen=True)
class Forgetting:
    """How a server is made to forget teams that are gone: a program in a pod like the one that makes an account.

    The program reads PREFIX and THERE from its environment: of all teams whose names begin with the one, it takes away
    those that are not in the other, and prints a name a line.
    """

    what: str
    """What goes, in the plural, such as `buckets`."""
    account: tuple[Object, ...]
    """What makes an account; its Job's pod has the administrator's credentials. Or a Job at the server's volume."""
    image: str
    """The catalog's name of the image that the program runs on."""
    command: tuple[str, ...]
    """The program."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What it needs to know besides."""


@dataclass(frozen=True)
class TeamPart:
    """What a module gives to one team, and to no other."""

    rules: tuple[Object, ...] = ()
    """What its members may do in its namespace, as rules of an RBAC Role."""
    access: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the Secret `access`, named as the service's clients read them from the environment."""
    accounts: tuple[Object, ...] = ()
    """What stands behind these keys: Secrets, and Jobs that make accounts."""
    objects: tuple[Object, ...] = ()
    """Further objects in the team's namespace; none holds a credential."""
    callers: tuple[str, ...] = ()
    """Namespaces of the platform whose pods may call the team's."""


def together(parts: Iterable[TeamPart]) -> TeamPart:
    """All that several modules give to one team."""
    given = list(parts)
    return TeamPart(
        rules=tuple(rule for part in given for rule in part.rules),
        access={key: value for part in given for key, value in part.access.items()},
        accounts=tuple(made for part in given for made in part.accounts),
        objects=tuple(made for part in given for made in part.objects),
        callers=tuple(sorted({caller for part in given for caller in part.callers})),
    )


def may(verbs: Iterable[str], group: str, *resources: str) -> Object:
    """One rule of a Role."""
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
