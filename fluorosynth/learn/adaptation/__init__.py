"""A network adapted to one run that nobody has labelled."""

from fluorosynth.learn.adaptation.adapt import Adapted, adapt
from fluorosynth.learn.adaptation.config import AdaptConfig

__all__ = ["AdaptConfig", "Adapted", "adapt"]
