"""The base of everything that a profile may say."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """The base of every part of a profile: unknown keys are errors, and a loaded profile never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
