from .compose import VIEWS as VIEWS
from .compose import Options as Options
from .compose import abdomen as abdomen
from .compose import chest as chest
from .compose import render as render
from .compose import soft as soft
from .spine import Spine as Spine
from .view import View as View
