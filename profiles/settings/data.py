"""What a profile may say of the modules in `modules/data/`: what keeps data."""

from typing import Literal

from pydantic import Field

from profiles.quantity import Quantity
from profiles.settings.base import Settings


class ManagedObjectStore(Settings):
    """An S3 service that somebody else runs, with a bucket and a pair of keys for each consumer."""

    endpoint: str = Field(
        pattern="^https?://", description="Its address, such as https://s3.eu-central-1.amazonaws.com."
    )
    region: str = Field(default="us-east-1", description="Its region.")
    secret: str = Field(
        description="A Secret in the namespace object-store: NAME.access_key_id, NAME.secret_access_key per consumer."
    )
    bucket_prefix: str = Field(
        default="", pattern="^([a-z0-9][a-z0-9.-]*)?$", description="What the names of the buckets begin with."
    )


class ObjectStore(Settings):
    """S3 on a volume, by versitygw: a bucket and keys of its own for each consumer."""

    size: Quantity = Field(default="10Gi", description="The volume.")
    managed: ManagedObjectStore | None = Field(default=None, description="A service to use instead; none is then run.")


class ManagedDatabase(Settings):
    """A PostgreSQL service that somebody else runs."""

    host: str = Field(description="Its name or address.")
    port: int = Field(default=5432, ge=1, le=65535, description="Its port.")
    ssl_mode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        default="require", description="As PostgreSQL's clients call it."
    )
    secret: str = Field(
        description="A Secret in the namespace database: user and password of a role that may make roles and databases."
    )


class Database(Settings):
    """PostgreSQL on a volume: a role and a database of its own for each consumer."""

    size: Quantity = Field(default="5Gi", description="The volume.")
    managed: ManagedDatabase | None = Field(default=None, description="A service to use instead; none is then run.")


class ManagedOnlineStore(Settings):
    """A Redis or Valkey service that somebody else runs."""

    host: str = Field(description="Its name or address.")
    port: int = Field(default=6379, ge=1, le=65535, description="Its port.")
    tls: bool = Field(default=True, description="Whether connections are encrypted.")
    secret: str = Field(description="A Secret in the namespace online-store: password.")


class OnlineStore(Settings):
    """Redis on a volume: the features that models read while they serve."""

    memory: Quantity = Field(default="64Mi", description="The most that it keeps; writes beyond it are refused.")
    size: Quantity = Field(default="1Gi", description="The volume.")
    managed: ManagedOnlineStore | None = Field(default=None, description="A service to use instead; none is then run.")


class Features(Settings):
    """Feast: definitions in PostgreSQL, history in S3, the newest values in Redis, and a server that reads them."""

    replicas: int = Field(default=1, ge=1, le=20, description="Feature servers.")


class Registry(Settings):
    """A registry on a volume, by CNCF distribution: each team pushes its images with its own token."""

    size: Quantity = Field(default="20Gi", description="The volume, for all teams' images together.")


class DataModules(Settings):
    """The modules of `modules/data/`: a module is on when its key is here."""

    object_store: ObjectStore | None = Field(default=None, description="S3: a bucket for each consumer and each team.")
    database: Database | None = Field(default=None, description="PostgreSQL: a database for each consumer.")
    online_store: OnlineStore | None = Field(default=None, description="Redis: features for models that serve.")
    features: Features | None = Field(default=None, description="Feast: features to train on and to serve from.")
    registry: Registry | None = Field(default=None, description="A registry: images that teams push themselves.")
