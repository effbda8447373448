"""Passes over a member of a mixture: a source of 1,000 rows gives 2,500 in two and a half epochs.

Every pass has an order of its own, so half a pass is a lot drawn from all rows and not the first half of a
file. A row that comes again has another id: `mine/train/7`, then `mine/train/epoch2/7`.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.book import Book, Conversations
from generators.rows import divide, key_of, mix, permute


class Passes:
    """A member read over and over until there are enough rows; it is a member itself.

    Args:
        member: what is read; it must have rows.
        rows: how many there are to be, fewer or more than it has.

    Raises:
        ValueError: the member has no row.
    """

    def __init__(self, member: Any, rows: int) -> None:
        if not len(member):
            raise ValueError(f"{member.name} has no row, and {rows:,} are asked of it")
        self.member, self.rows = member, rows
        self.name, self.seed = member.name, member.seed
        self.lexicons, self.covered = member.lexicons, member.covered

    @property
    def view(self) -> range:
        """The numbers of its rows."""
        return range(self.rows)

    @property
    def report(self) -> dict[str, Any]:
        """What happened when the member was read."""
        return dict(self.member.report)

    def __len__(self) -> int:
        return self.rows

    def described(self) -> dict[str, Any]:
        """Return what decides its bytes."""
        return {**self.member.described(), "passes_over": len(self.member)}

    def conversations(self, index: npt.NDArray[np.int64], book: Book) -> Conversations:
        """Make the conversations of some rows.

        Args:
            index: (rows,) their numbers, each from 0 to `rows` - 1.
            book: numbers their texts.
        """
        size, shown = len(self.member), self.member.view
        turn, place = divide(index, np.int64(size))
        row = permute(place, size, mix(key_of("pass", self.seed, self.name), turn))
        found: Conversations = self.member.conversations(shown.start + row * shown.step, book)
        names = found.columns["name"]
        for number in np.unique(turn[turn > 0]).tolist():
            mine = turn == number
            again = names.copy()
            for code in np.unique(names[mine]):
                text = book.take(np.array([code]))[0].as_py()
                again[mine & (names == code)] = book.constant(f"{text}/epoch{number + 1}")
            names = again
        return replace(found, columns={**found.columns, "name": names})


def passes(member: Any, rows: int) -> Any:
    """Return a member with so many rows: itself where that is what it has."""
    return member if len(member) == rows else Passes(member, rows)
