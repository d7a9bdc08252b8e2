"""The catalog's lock, read once for all modules."""

import functools

from catalog.schema import Catalog, load


@functools.cache
def lock() -> Catalog:
    """What versions and references modules install."""
    return load()
