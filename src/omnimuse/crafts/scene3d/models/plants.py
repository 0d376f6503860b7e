"""."""
from omnimuse.crafts.scene3d.build import Shelf
SHELF = Shelf("thing")
