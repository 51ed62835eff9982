from .component import Component as Component
from .component import kinds as kinds
from .rng import Streams as Streams
