"""Takes away the repositories of teams that are gone, as directories below REPOSITORIES; prints a team a line.

Of those whose names begin with PREFIX, all that are not in THERE.
"""

import os
import shutil
from pathlib import Path

root = Path(os.environ["REPOSITORIES"])
for place in sorted(root.glob(f"{os.environ['PREFIX']}*")):
    if place.name not in os.environ["THERE"].split():
        shutil.rmtree(place)
        print(place.name)
