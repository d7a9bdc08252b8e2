"""What a profile may say of the modules in `modules/models/`: what tracks and serves models."""

from typing import Literal

from pydantic import Field

from profiles.settings.base import Settings


class Tracking(Settings):
    """Runs, models and artifacts, by MLflow: a workspace and an account of its own for each team."""

    workers: int = Field(default=1, ge=1, le=64, description="Processes that serve; each takes some 320 MiB.")


class Serving(Settings):
    """Models over HTTP, by KServe."""

    certificates: Literal["own", "cert-manager"] = Field(
        default="own",
        description="Who makes the certificate of KServe's webhooks: the environment's own authority, or a "
        "cert-manager that is on the cluster already.",
    )


class ModelModules(Settings):
    """The modules of `modules/models/`: a module is on when its key is here."""

    tracking: Tracking | None = Field(default=None, description="MLflow: a workspace for each team.")
    serving: Serving | None = Field(default=None, description="KServe: models over HTTP.")
