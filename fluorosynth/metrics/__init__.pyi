from .boundary import hausdorff95 as hausdorff95
from .centreline import CentrelinePair as CentrelinePair
from .intervals import Interval as Interval
from .intervals import bootstrap_interval as bootstrap_interval
from .measure import TOLERANCES as TOLERANCES
from .measure import measure as measure
from .overlap import Counts as Counts
from .overlap import count as count
