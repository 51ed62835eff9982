from .attenuation import Attenuation as Attenuation
from .carm import CArm as CArm
from .project import line_integrals as line_integrals
