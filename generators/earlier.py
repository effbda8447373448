"""What exchanges of tasks said earlier in a conversation, for a task that asks about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generators.book import Book
from generators.columns import Column
from generators.ragged import Ragged, offsets_of
from generators.rows import Ints


@dataclass(frozen=True)
class Said:
    """Exchanges of one task in one language: each one's row, its place in it, and codes by name."""

    row: Ints
    place: Ints
    flat: Mapping[str, npt.NDArray[np.int32]]


@dataclass(frozen=True)
class Earlier:
    """The exchanges of tasks that stand before, in the order in which they stand.

    Attributes:
        offsets: (rows + 1,) row i has the exchanges offsets[i] to offsets[i + 1] - 1.
        at_end: (rows,) bool, whether the last of all that stand before is one of a task.
        book: what the codes number.
        codes: (exchanges,) by name: task, word, letter, answer, style.
    """

    offsets: Ints
    at_end: npt.NDArray[np.bool_]
    book: Book
    codes: Mapping[str, npt.NDArray[np.int32]]

    @classmethod
    def of(cls, book: Book, depth: Ints, said: Sequence[Said]) -> "Earlier":
        """Put exchanges of several tasks and languages in order.

        Args:
            book: what their codes number.
            depth: (rows,) how many exchanges of any sort stand before.
            said: the exchanges.
        """
        if not said:
            return cls(
                np.zeros(len(depth) + 1, dtype=np.int64), np.zeros(len(depth), dtype=np.bool_), book, {}
            )
        row, place = (np.concatenate([getattr(one, name) for one in said]) for name in ("row", "place"))
        order = np.lexsort((place, row))
        at_end = np.zeros(len(depth), dtype=np.bool_)
        at_end[row[place == depth[row] - 1]] = True
        codes = {name: np.concatenate([one.flat[name] for one in said])[order] for name in said[0].flat}
        return cls(offsets_of(np.bincount(row, minlength=len(depth))), at_end, book, codes)

    @property
    def counts(self) -> Ints:
        """How many each row has, (rows,)."""
        return np.diff(self.offsets)

    def column(self, name: str) -> Column:
        """Return what the exchanges say, (exchanges,): equal texts have equal numbers."""
        return Column.of(self.book.take(self.codes[name]))

    def rows(self, values: Ints) -> Ragged:
        """Lay values, (exchanges,), out by row."""
        return Ragged(self.offsets, values)
