from .config import TrainConfig as TrainConfig
from .finetune import finetune_config as finetune_config
from .run_folder import RunFolder as RunFolder
from .scores import Scorer as Scorer
from .scores import Scores as Scores
from .train import DivergedError as DivergedError
from .train import Result as Result
