"""Arrays that grow, for what is remembered from batch to batch.

>>> kept = room(np.zeros(2, dtype=np.int32), 3)
>>> len(kept) >= 3, kept[:3].tolist()
(True, [0, 0, 0])
"""

from typing import Any

import numpy as np
import numpy.typing as npt

_RESERVED = 40 << 20  # bytes; above what generators.workers.lean leaves to the heap


def room(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Return an array of `size` items or more that begins with those of `array`; the others are zero.

    The first time an array outgrows itself, far more is reserved than is asked for. What is not touched of
    zeros takes no memory, and an array that never moves again leaves no holes in the heap.
    """
    if size <= len(array):
        return array
    reserved = _RESERVED // array.dtype.itemsize
    larger = np.zeros(max(size, reserved, len(array) * 3 // 2), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
