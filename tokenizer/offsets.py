"""Offsets: how rows of different lengths lie end to end.

>>> offsets_of([2, 1]).tolist(), spread(np.array([5, 9]), np.array([2, 1])).tolist()
([0, 2, 3], [5, 6, 9])
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int64]


def offsets_of(lengths: Any) -> Offsets:
    """Turn lengths (rows,) into offsets (rows + 1,)."""
    lengths = np.asarray(lengths, dtype=np.int64)
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def spread(starts: npt.NDArray[Any], lengths: npt.NDArray[Any]) -> Offsets:
    """Count up from each start for its length, (lengths.sum(),)."""
    offsets = offsets_of(lengths)
    return np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
