"""Mixtures: tasks interleaved in one seeded order, as one sequence of conversations.

The order is a keyed permutation of the row numbers: nothing is shuffled or held, any row is found by its
number, and every stretch of rows holds the tasks in their proportions, up to chance.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import index as whole
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from generators.book import Book, Conversations
from generators.pages import Pages
from generators.rows import key_of, permute

Index = npt.NDArray[np.int64]


class Sequenced(Protocol):
    """What can be mixed: a task, or a view of one."""

    name: str
    view: range

    def __len__(self) -> int: ...
    def conversations(self, index: Index, book: Book) -> Conversations:
        """Make the conversations of some rows."""


class Mixture:
    """Several tasks as one sequence of conversations; it stands where nanochat's TaskMixture does.

    Args:
        tasks: what to mix; name one twice to have its rows twice.
        seed: another seed gives another order.
    """

    def __init__(self, tasks: "Sequence[Sequenced]", seed: int = 0) -> None:
        if not tasks:
            raise ValueError("a mixture needs at least one task")
        self.tasks, self.seed = tuple(tasks), seed
        self._edges = np.cumsum([len(task) for task in tasks])

    def __len__(self) -> int:
        return int(self._edges[-1])

    def conversations(self, index: Index, book: Book) -> Conversations:
        """Make the conversations of some rows.

        Args:
            index: (rows,) their numbers in the mixture.
            book: numbers their texts.
        """
        place = permute(index, len(self), key_of("mixture", self.seed))
        number = np.searchsorted(self._edges, place, side="right")
        batches, order = [], []
        for i, task in enumerate(self.tasks):
            mine = np.flatnonzero(number == i)
            if len(mine):
                row = place[mine] - (self._edges[i] - len(task))
                batches.append(task.conversations(task.view.start + row * task.view.step, book))
                order.append(mine)
        if len(batches) == 1:
            return batches[0]
        back = np.empty(len(index), dtype=np.int64)
        back[np.concatenate(order)] = np.arange(len(index))
        return Conversations.stack(batches).take(back)

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
        return {name: value for name, value in self.__dict__.items() if name != "_pages"}
