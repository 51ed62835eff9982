from .appearance import Appearance as Appearance
from .appearance import cast_shadow as cast_shadow
from .beer_lambert import attenuated as attenuated
from .materials import attenuation as attenuation
from .vessels import tree as tree
