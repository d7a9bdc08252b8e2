"""The one lock of every binary, image, chart, manifest and Debian root filesystem, and how each is supplied.

`load()` reads the lock (catalog.yaml); `catalog.build` provides items and says where they lie;
`catalog.supply` decides between upstream and source. See docs/catalog.md.
"""

from catalog.schema import Catalog, load

__all__ = ["Catalog", "load"]
