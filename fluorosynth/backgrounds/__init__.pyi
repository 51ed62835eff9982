from .base import Backgrounds as Backgrounds
from .base import BackgroundSource as BackgroundSource
from .bundled import Bundled as Bundled
from .ct import Ct as Ct
from .folder import Folder as Folder
from .limbs import Limbs as Limbs
from .pool import BackgroundPool as BackgroundPool
from .procedural import Procedural as Procedural
