"""Mixtures: tasks and sources interleaved in one seeded order, as one sequence of conversations.

The order is a keyed permutation of the row numbers: nothing is shuffled or held, any row is found by its
number, and every stretch of rows holds the members in their proportions, up to chance. Or it is a curriculum,
see generators.curriculum.
"""

import os
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from operator import index as whole
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from generators.book import Book, Books, Conversations
from generators.curriculum import KEYS, Order, open_order, sort_rows
from generators.names import find
from generators.pages import Pages
from generators.rows import key_of, permute

Index = npt.NDArray[np.int64]
ORDERS = ("shuffle", *KEYS)


class Sequenced(Protocol):
    """A member of a mixture: a task, a source, or a view of one."""

    @property
    def name(self) -> str:
        """What it is called in the rows' column `task`."""

    @property
    def seed(self) -> int:
        """Another seed, other rows."""

    @property
    def view(self) -> range:
        """The numbers of its rows that are mixed."""

    @property
    def lexicons(self) -> Sequence[Any]:
        """Where its words come from."""

    @property
    def covered(self) -> Mapping[str, Any]:
        """What its rows cover of a tokenizer."""

    @property
    def report(self) -> Mapping[str, Any]:
        """What happened when it was read, for the manifest."""

    def described(self) -> dict[str, Any]:
        """Return what decides its bytes, plain data, for the manifest."""

    def __len__(self) -> int: ...
    def conversations(self, index: Index, book: Book) -> Conversations:
        """Make the conversations of some rows."""


class Mixture:
    """Several members as one sequence of conversations; it stands where nanochat's TaskMixture does.

    Args:
        members: what to mix; name one twice to have its rows twice.
        seed: another seed gives another order.
        order: one of ORDERS: "shuffle", or a curriculum by "length" of words or by true "count".

    Raises:
        ValueError: there is nothing to mix, or no such order.
    """

    def __init__(self, members: "Sequence[Sequenced]", seed: int = 0, order: str = "shuffle") -> None:
        self.members, self.seed, self.order = tuple(members), seed, find(order, ORDERS, "order")
        if not sum(map(len, self.members)):
            raise ValueError("a mixture needs at least one task or source that has rows")
        self._edges = np.cumsum([len(member) for member in self.members])
        self._file: str | None = None

    def __len__(self) -> int:
        return int(self._edges[-1])

    def locate(self, index: Index) -> tuple[Index, Index]:
        """Say whose rows stand at some places, (rows,): the number of the member, and of the row in its view.

        Args:
            index: (rows,) places in the mixture.
        """
        if self.order == "shuffle":
            place = permute(index, len(self), key_of("mixture", self.seed))
        else:
            place = np.asarray(self._sorted[index])
        number = np.searchsorted(self._edges, place, side="right")
        return number, place - np.concatenate(([0], self._edges[:-1]))[number]

    def conversations(self, index: Index, book: Book) -> Conversations:
        """Make the conversations of some rows.

        Args:
            index: (rows,) their numbers in the mixture.
            book: numbers their texts.
        """
        return self._made(*self.locate(index), book, self.members)

    def _made(self, number: Index, row: Index, book: Book, members: "Sequence[Sequenced]") -> Conversations:
        batches, order = [], []
        for i, member in enumerate(members):
            mine = np.flatnonzero(number == i)
            if len(mine):
                shown = member.view
                batches.append(member.conversations(shown.start + row[mine] * shown.step, book))
                order.append(mine)
        if len(batches) == 1:
            return batches[0]
        back = np.empty(len(number), dtype=np.int64)
        back[np.concatenate(order)] = np.arange(len(number))
        return Conversations.stack(batches).take(back)

    def prepare(self) -> None:
        """Make what all processes share, before others are started: the order of a curriculum."""
        if self.order != "shuffle":
            _ = self._sorted

    @cached_property
    def _sorted(self) -> Order:
        if self._file and (found := open_order(self._file, len(self))) is not None:
            return found
        descriptor, self._file = tempfile.mkstemp(prefix="hornbook-order-")
        os.close(descriptor)
        weakref.finalize(self, _remove, self._file)
        books = Books()
        # Words and counts are the same without the tool, whose runs take longer than all the rest.
        bare = [getattr(member, "without_tool", lambda member=member: member)() for member in self.members]

        def keys(rows: Index) -> npt.NDArray[np.uint16]:
            number = np.searchsorted(self._edges, rows, side="right")
            row = rows - np.concatenate(([0], self._edges[:-1]))[number]
            return KEYS[self.order](self._made(number, row, books.current(), bare))

        return sort_rows(len(self), keys, key_of("mixture", self.seed), self._file)

    @cached_property
    def _pages(self) -> Pages:
        return Pages(self.conversations, len(self))

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._pages.read(range(len(self))[whole(index)])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[i] for i in range(len(self)))

    def num_examples(self) -> int:
        """Return how many conversations there are."""
        return len(self)

    def get_example(self, index: int) -> dict[str, Any]:
        """Return one conversation."""
        return self[index]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_pages", "_sorted")}


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
