"""Finding what comes again among any number of hashes, in a memory that does not grow with them.

Hashes are spread evenly. They are spooled to a file in sorted runs, of which a range is a slice each; one
range after another is looked at, each as large as fits.

>>> import tempfile
>>> with tempfile.TemporaryFile() as scratch:
...     found = Repeats(scratch)
...     found.add(np.array([7, 8, 7], dtype=np.uint64), np.array([-1, -1, -1]))
...     found.add(np.array([9, 8, 9, 5], dtype=np.uint64), np.arange(4))
...     np.concatenate(list(found.repeated())).tolist()
[[1, -1], [2, 0]]
"""

from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from generators.hashes import Hashes

MEMORY = 256 << 20  # bytes
_EACH = 40  # bytes that a hash takes while it is looked at: it, its row, their order, and both in order


class Repeats:
    """Finds rows whose hash an earlier row has.

    Args:
        scratch: a file to spool to.
        memory: bytes to take, about.
        run: hashes to spool together, at most.
    """

    def __init__(self, scratch: IO[bytes], memory: int = MEMORY, run: int = 1 << 40) -> None:
        self._file, self._memory = scratch, memory
        self._run = max(1, min(run, memory // (2 * _EACH)))
        self._runs: list[tuple[int, int]] = []  # place in the file and length
        self._held: list[tuple[Hashes, npt.NDArray[np.int64]]] = []
        self._size = self._holding = 0

    def add(self, hashes: Hashes, rows: npt.NDArray[np.int64]) -> None:
        """Add hashes, (n,), of rows by number; -1 for what only others may not repeat."""
        self._held.append((hashes, rows))
        self._size += len(hashes)
        self._holding += len(hashes)
        if self._holding >= self._run:
            self._spool()

    def repeated(self) -> Iterator[npt.NDArray[np.int64]]:
        """Yield the rows, not -1, whose hash was added before, and the last one that had it, (n, 2)."""
        if not self._runs:
            yield _again(self._held)
            return
        self._spool()
        number = -(-self._size * _EACH // self._memory)
        for i in range(number):
            low, high = (i << 64) // number, ((i + 1 << 64) // number) - 1
            yield _again([self._slice(at, length, low, high) for at, length in self._runs])

    def _spool(self) -> None:
        if not self._held:
            return
        hashes = np.concatenate([hashes for hashes, _ in self._held])
        rows = np.concatenate([rows for _, rows in self._held])
        self._held, self._holding = [], 0
        order = np.argsort(hashes, kind="stable")
        self._runs.append((self._file.seek(0, 2), len(hashes)))
        self._file.write(hashes[order].tobytes())
        self._file.write(rows[order].tobytes())
        self._file.flush()

    def _slice(self, at: int, length: int, low: int, high: int) -> tuple[Hashes, npt.NDArray[np.int64]]:
        hashes: Any = np.memmap(self._file, np.uint64, "r", at, (length,))
        start = int(np.searchsorted(hashes, np.uint64(low)))
        stop = int(np.searchsorted(hashes, np.uint64(high), side="right"))
        rows: Any = np.memmap(self._file, np.int64, "r", at + 8 * length, (length,))
        return np.array(hashes[start:stop]), np.array(rows[start:stop])


def _again(parts: list[tuple[Hashes, npt.NDArray[np.int64]]]) -> npt.NDArray[np.int64]:
    """Find what repeats in parts, in order; equal hashes of each part are in order too."""
    if not parts:
        return np.empty((0, 2), dtype=np.int64)
    hashes = np.concatenate([hashes for hashes, _ in parts])
    rows = np.concatenate([rows for _, rows in parts])
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    again = np.flatnonzero(hashes[1:] == hashes[:-1])
    found = np.column_stack([rows[order[again + 1]], rows[order[again]]])
    return found[found[:, 0] >= 0]
