from .base import Item as Item
from .base import Layout as Layout
from .classes import ClassMap as ClassMap
from .find import LAYOUTS as LAYOUTS
from .find import find_layout as find_layout
