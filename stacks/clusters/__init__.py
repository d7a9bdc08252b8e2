"""Where the platform runs: one file per way of getting a cluster, each with a `make`."""

from modules.contract.cluster import Cluster

__all__ = ["Cluster"]
