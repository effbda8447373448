"""A pool of token ids: numbered entries end to end in one buffer, looked up for a whole batch at once.

Every text has two entries, one behind the other: its ids as they are, and its ids with the sign bit set, for
where the model is trained to write it. So one take gives ids and loss mask together.

>>> pool = Pool()
>>> pool.add([[7, 8], [9]])
array([0, 2])
>>> offsets, ids, mask = pool.take(np.array([2, 1]))
>>> offsets.tolist(), ids.tolist(), mask.tolist()
([0, 1, 3], [9, 7, 8], [False, True, True])
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tokenizer.room import room

Ints = npt.NDArray[np.int64]

TRAINED = np.int32(-(1 << 31))
"""The sign bit. Ids are below it: tokenizer.sources.MAX_ID."""
_IDS = np.int32((1 << 31) - 1)


class Pool:
    """Entries of token ids. It only grows."""

    def __init__(self) -> None:
        self._ids = np.empty(1 << 16, dtype=np.int32)
        self._offsets = np.zeros(1 << 12, dtype=np.int32)  # in bytes, as Arrow counts
        self._size = 0

    def add(self, texts: Sequence[Sequence[int]]) -> Ints:
        """Add texts of ids, two entries each; returns the numbers of the untrained, the trained follow."""
        n, first = len(texts), self._size
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=n)
        ids = np.fromiter(chain.from_iterable(texts), dtype=np.int32, count=int(lengths.sum()))
        used = int(self._offsets[first]) // 4
        self._ids = room(self._ids, used + 2 * len(ids))
        self._offsets = room(self._offsets, first + 2 * n + 1)
        ends = np.cumsum(np.repeat(lengths, 2))
        self._offsets[first + 1 : first + 2 * n + 1] = 4 * (used + ends)
        # Each text's ids once as they are, once more behind them.
        places = used + np.repeat(np.cumsum(lengths) - lengths, lengths) + np.arange(len(ids))
        self._ids[places] = ids
        self._ids[places + np.repeat(lengths, lengths)] = ids | TRAINED
        self._size = first + 2 * n
        return first + 2 * np.arange(n)

    def add_masked(self, ids: Sequence[int], mask: Sequence[bool]) -> int:
        """Add an entry of which some ids are trained; returns its number."""
        number, n, first = self._size, len(ids), int(self._offsets[self._size]) // 4
        self._ids = room(self._ids, first + n)
        self._offsets = room(self._offsets, number + 2)
        self._ids[first : first + n] = np.array(ids, dtype=np.int32) | np.where(mask, TRAINED, np.int32(0))
        self._offsets[number + 1] = 4 * (first + n)
        self._size = number + 1
        return number

    def lengths(self, entries: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        """Return how many ids entries have, (n,)."""
        return (self._offsets[entries + 1] - self._offsets[entries]) >> 2

    def take(
        self, entries: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        """Return the ids of entries, (n,), end to end.

        Returns:
            Where each entry's ids start, (n + 1,); the ids, (offsets[-1],); and which are trained.
        """
        # As an Arrow array of bytes: Arrow copies each entry whole, numpy would take id by id.
        view = pa.BinaryArray.from_buffers(
            pa.binary(),
            self._size,
            [None, pa.py_buffer(self._offsets[: self._size + 1]), pa.py_buffer(self._ids)],
        )
        wanted = pa.Array.from_buffers(
            pa.int32(), len(entries), [None, pa.py_buffer(np.ascontiguousarray(entries, dtype=np.int32))]
        )
        taken = pc.take(view, wanted, boundscheck=False)
        offsets = np.frombuffer(taken.buffers()[1], dtype=np.int32)[: len(entries) + 1] >> 2
        found = np.frombuffer(taken.buffers()[2] or b"", dtype=np.int32)[: offsets[-1]]
        return offsets, found & _IDS, found < 0
