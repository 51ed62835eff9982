from .extract import extract_patches as extract_patches
from .manifest import read_manifest as read_manifest
from .search import Search as Search
from .windows import Patch as Patch
from .windows import Window as Window
from .write import write_patches as write_patches
