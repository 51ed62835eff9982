from .evaluate import Evaluation as Evaluation
from .evaluate import Row as Row
from .report import write_report as write_report
from .run import evaluate_model as evaluate_model
