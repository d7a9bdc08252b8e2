"""How to tell that something serves, as data: modules list checks, `installer.ready` evaluates them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Check(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RolledOut(_Check):
    """Every replica of a workload runs its newest template and is available."""

    check: Literal["rolled out"] = "rolled out"
    kind: Literal["Deployment", "DaemonSet", "StatefulSet"]
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


class Established(_Check):
    """The API server serves a custom resource."""

    check: Literal["established"] = "established"
    crd: str

    def __str__(self) -> str:
        return f"CustomResourceDefinition {self.crd}"


class Accepts(_Check):
    """The API server, and with it every webhook on the way, takes a new object; only a dry run, nothing is made."""

    check: Literal["accepts"] = "accepts"
    resource: str
    content: dict[str, Any]

    def __str__(self) -> str:
        return f"dry run of a {self.content['kind']}"


class Condition(_Check):
    """An object has a condition of this type with the status True."""

    check: Literal["condition"] = "condition"
    api_version: str
    resource: str
    name: str
    namespace: str = ""
    type: str

    def __str__(self) -> str:
        return f"{self.resource} {f'{self.namespace}/' if self.namespace else ''}{self.name}"


class Done(_Check):
    """A job has ended well: the account that it makes is there, and what it was told to try with it worked."""

    check: Literal["done"] = "done"
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"Job {self.namespace}/{self.name}"


class Exists(_Check):
    """An object exists."""

    check: Literal["exists"] = "exists"
    api_version: str
    resource: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.resource} {f'{self.namespace}/' if self.namespace else ''}{self.name}"


class Labelled(_Check):
    """An object has these labels, by which rules of ours find it."""

    check: Literal["labelled"] = "labelled"
    api_version: str
    resource: str
    name: str
    labels: dict[str, str]

    def __str__(self) -> str:
        return f"{self.resource} {self.name}"


class DefaultStorageClass(_Check):
    """Claims without a class get one."""

    check: Literal["default storage class"] = "default storage class"

    def __str__(self) -> str:
        return "default StorageClass"


class Devices(_Check):
    """Each ready node publishes so many devices of a dynamic-resource driver."""

    check: Literal["devices"] = "devices"
    driver: str
    per_node: int

    def __str__(self) -> str:
        return f"devices of {self.driver}"


class Allocatable(_Check):
    """At least one node has some of a resource to give."""

    check: Literal["allocatable"] = "allocatable"
    resource: str

    def __str__(self) -> str:
        return f"nodes with {self.resource}"


Check = Annotated[
    RolledOut
    | Established
    | Accepts
    | Condition
    | Done
    | Exists
    | Labelled
    | DefaultStorageClass
    | Devices
    | Allocatable,
    Field(discriminator="check"),
]

_MANY: TypeAdapter[tuple[Check, ...]] = TypeAdapter(tuple[Check, ...])


def to_data(checks: tuple[Check, ...]) -> list[dict[str, Any]]:
    """Checks as plain JSON values, to travel through Pulumi."""
    return [check.model_dump() for check in checks]


def from_data(data: list[dict[str, Any]]) -> tuple[Check, ...]:
    """The checks that `to_data` was given."""
    return _MANY.validate_python(data)
