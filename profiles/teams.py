"""What a profile may say of teams: names, quotas, and how much may move between them."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from profiles.quantity import Quantity
from profiles.settings.base import Settings


class Limits(Settings):
    """How much of each resource may move between teams; a resource left out has no limit."""

    cpu: Quantity | None = Field(default=None, description="Cores.")
    memory: Quantity | None = Field(default=None, description="Memory.")
    gpu: int | None = Field(default=None, ge=0, description="Devices.")


class Quota(Settings):
    """What a team may use of one flavor."""

    cpu: Quantity = Field(default="0", description="Cores that are the team's own.")
    memory: Quantity = Field(default="0", description="Memory that is the team's own.")
    gpu: int = Field(default=0, ge=0, description="Devices that are the team's own.")
    borrowing: Limits = Field(
        default=Limits(), description="The most that it may borrow from the other teams' unused quota."
    )
    lending: Limits = Field(default=Limits(), description="The most of its unused quota that other teams may borrow.")


class Team(Quota):
    """People who share a namespace, a queue and a quota; its own figures are the quota of the first flavor."""

    storage: Quantity = Field(default="10Gi", description="Sum of the volumes that the team may claim.")
    volumes: int = Field(default=10, ge=0, description="Number of volumes that the team may claim.")
    other_flavors: dict[str, Quota] = Field(default={}, description="Quota of further flavors, by their names.")


def _team_name(value: str) -> str:
    if not re.fullmatch("[a-z]([a-z0-9-]{0,38}[a-z0-9])?", value):
        raise ValueError("a team's name is a namespace: lower-case letters, digits and dashes, 40 at most")
    if "--" in value:
        raise ValueError("a team's name has no two dashes in a row: in hosts they stand before the team's name")
    return value


TeamName = Annotated[str, AfterValidator(_team_name)]
