"""How well a predicted mask agrees with the truth: overlap, centreline, boundary, intervals.

Every measure takes a prediction, ``(H, W)`` bool or {0, 1}, and a truth, ``(H, W)`` uint8 with
0 background, 1 instrument, 255 ignore. Ignored pixels count in nothing: what is predicted there
changes no value.

Stated values. With truth and prediction both empty, shares (Dice, IoU, clDice, precision, recall,
F1) are 1 and distances 0. With exactly one empty, shares are 0 and distances are the image's
diagonal, the largest there is, so that a missed instrument costs and means stay finite. The tip
error of a truth without a tip is NaN: not applicable, left out of means.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
