"""Knowing which hashes came before, at eight bytes for each.

>>> seen = Seen()
>>> seen.add(np.array([7, 8, 7], dtype=np.uint64)).tolist()
[False, False, True]
>>> seen.add(np.array([9, 8], dtype=np.uint64)).tolist()
[False, True]
"""

import numpy as np
import numpy.typing as npt

from generators.distinct import Hashes


class Seen:
    """Hashes in sorted runs, each longer than the next, so that there are few."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def add(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Add hashes, (n,); say of each whether it came before, here or earlier."""
        found, first = np.unique(hashes, return_index=True)
        new = np.ones(len(found), dtype=np.bool_)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, found), len(run) - 1)
            new &= run[place] != found
        again = np.ones(len(hashes), dtype=np.bool_)
        again[first[new]] = False
        if new.any():
            self._runs.append(found[new])
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1] = np.sort(np.concatenate([self._runs[-1], last]))
        return again
