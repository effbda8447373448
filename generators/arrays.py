"""From numpy to Arrow without a copy.

`pyarrow.array` looks for pandas at every call, in vain where it is not installed, and copies booleans bit by
bit; a batch has dozens of small arrays.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_TYPES = {np.dtype(np.int32): pa.int32(), np.dtype(np.int64): pa.int64(), np.dtype(np.uint64): pa.uint64()}


def as_arrow(values: npt.NDArray[Any]) -> pa.Array:
    """Look at integers or booleans, (n,), as an Arrow array.

    >>> as_arrow(np.array([True, False])).to_pylist(), as_arrow(np.array([1, 2], dtype=np.int32)).type
    ([True, False], DataType(int32))
    """
    if values.dtype == np.bool_:
        bits = np.packbits(values, bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])
    kind = _TYPES.get(values.dtype)
    if kind is None or not values.flags.c_contiguous:
        return pa.array(values)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])
