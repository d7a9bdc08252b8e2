import sys

from catalog.directories import REPOSITORY

# bench/ is no part of what is installed; only the checkout has it.
sys.path.append(str(REPOSITORY))
