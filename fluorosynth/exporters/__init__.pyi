from .base import Exporter as Exporter
from .base import export as export
from .coco import Coco as Coco
from .folder import Folder as Folder
from .nnunet import NnUNet as NnUNet
