"""Rows of different lengths, as offsets and values: the shape of everything in Hornbook.

>>> words = Ragged.of([[1, 2], [], [3]])
>>> words.take(np.array([2, 0])).tolist()
[[3], [1, 2]]
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tokenizer.offsets import Offsets, offsets_of, spread

__all__ = ["Offsets", "Ragged", "any_of", "offsets_of", "spread"]


@dataclass(frozen=True)
class Ragged:
    """Rows of integers, end to end.

    Attributes:
        offsets: (rows + 1,) integers; row i is values[offsets[i]:offsets[i + 1]].
        values: (offsets[-1],) integers.
    """

    offsets: npt.NDArray[Any]
    values: npt.NDArray[Any]

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> "Ragged":
        """Build from lists."""
        rows = list(rows)
        values = [value for row in rows for value in row]
        return cls(offsets_of([len(row) for row in rows]), np.array(values, dtype=np.int32))

    @classmethod
    def concat(cls, parts: Sequence["Ragged"]) -> "Ragged":
        """Stack the rows of several."""
        lengths = np.concatenate([part.lengths for part in parts])
        return cls(offsets_of(lengths), np.concatenate([part.values for part in parts]))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Offsets:
        """Lengths of the rows, (rows,)."""
        return np.diff(self.offsets)

    @property
    def starts(self) -> npt.NDArray[Any]:
        """Where each row starts in values, (rows,)."""
        return self.offsets[:-1]

    def places(self) -> Offsets:
        """Return each value's place in its own row, from 0: (values,)."""
        return spread(np.zeros(len(self), dtype=np.int64), self.lengths)

    def spread(self, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Repeat a column of one value a row for each value of the row: (values,)."""
        return np.repeat(column, self.lengths)

    def take(self, rows: npt.NDArray[Any]) -> "Ragged":
        """Return the rows of these numbers, in this order."""
        rows = np.asarray(rows)
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        elif not len(rows):
            rows = rows.astype(np.int64)
        elif rows.min() < 0:
            rows = np.where(rows < 0, rows + len(self), rows)
        lengths = self.offsets[rows + 1] - self.offsets[rows]  # not of all rows: a lexicon has many
        return Ragged(offsets_of(lengths), self.values[spread(self.starts[rows], lengths)])

    def slice(self, start: int, stop: int) -> "Ragged":
        """Return rows start to stop - 1, as views."""
        offsets = self.offsets[start : stop + 1]
        return Ragged(offsets - offsets[0], self.values[offsets[0] : offsets[-1]])

    def where(self, keep: npt.NDArray[np.bool_]) -> "Ragged":
        """Keep only some of the values, (values,) bool; every row stays, perhaps shorter."""
        total = np.concatenate(([0], np.cumsum(keep)))
        return Ragged(total[self.offsets], self.values[keep])

    def tolist(self) -> list[list[int]]:
        """Return plain lists."""
        return [part.tolist() for part in np.split(self.values, self.offsets[1:-1])] if len(self) else []


def any_of(flags: npt.NDArray[np.bool_], offsets: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Say for each row whether any of its values is flagged.

    >>> any_of(np.array([False, True]), np.array([0, 1, 1, 2])).tolist()
    [False, False, True]
    """
    total = np.concatenate(([0], np.cumsum(flags)))
    return total[offsets[1:]] > total[offsets[:-1]]
