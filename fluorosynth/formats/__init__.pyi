from .coco import read_coco as read_coco
from .cvat import read_cvat as read_cvat
from .labelme import is_labelme as is_labelme
from .labelme import read_labelme as read_labelme
from .mark import Annotations as Annotations
from .mark import Mark as Mark
from .mark import Picture as Picture
