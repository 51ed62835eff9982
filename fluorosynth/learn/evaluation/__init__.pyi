from .report import write_report as write_report
from .results import Evaluation as Evaluation
from .results import Row as Row
from .run import evaluate_model as evaluate_model
