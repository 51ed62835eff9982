from .pictures import agreement as agreement
from .plots import Curve as Curve
from .plots import plot_curves as plot_curves
from .text import markdown_table as markdown_table
from .text import show as show
from .text import show_interval as show_interval
