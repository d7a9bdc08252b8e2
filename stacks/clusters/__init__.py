"""Where the platform runs: one file per way of getting a cluster, each with a `make`."""

from modules.cluster import Cluster

__all__ = ["Cluster"]
