"""Arrays that grow, for what is remembered from batch to batch.

>>> kept = room(np.zeros(2, dtype=np.int32), 3)
>>> len(kept) >= 3, kept[:3].tolist()
(True, [0, 0, 0])
"""

from typing import Any

import numpy as np
import numpy.typing as npt

_SMALL = 4 << 20  # bytes; what moves within these leaves holes that are soon filled
_RESERVED = 40 << 20  # above what generators.workers.lean leaves to the heap


def room(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Return an array of `size` items or more that begins with those of `array`; the others are zero.

    Once it is no longer small, far more is reserved than is asked for. What is not touched of zeros takes no
    memory, and an array that does not move again leaves no holes in the heap.
    """
    if size <= len(array):
        return array
    size = max(size, len(array) * 3 // 2)
    if size * array.itemsize > _SMALL:
        size = max(size, _RESERVED // array.itemsize)
    larger = np.zeros(size, dtype=array.dtype)
    larger[: len(array)] = array
    return larger
