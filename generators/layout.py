"""From codes to messages and parts: a batch laid out as Arrow's lists of structs.

>>> from generators.columns import Column
>>> from generators.book import Book
>>> from generators.pieces import assistant, text, user
>>> book, word = Book(), Column.of(["pear", "fig"])
>>> rows = book.set([user("Spell ", word), assistant(text(word, "."))], 2)
>>> laid = Laid(book, rows)
>>> laid.messages().content.to_pylist()
['Spell pear', 'pear.', 'Spell fig', 'fig.']
>>> laid.parts()[1].as_py()
[{'message': 1, 'type': 'text', 'text': 'fig.', 'train': True}]
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.arrays import as_arrow
from generators.book import Book, gather
from generators.pieces import ASSISTANT, EXCHANGE, FIRST_PART, MARKS, NUMBER, OUTPUT, PYTHON, TEXT, UNTRAINED
from generators.ragged import Ragged

MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
PART = pa.struct(
    [("message", pa.int32()), ("type", pa.string()), ("text", pa.string()), ("train", pa.bool_())]
)
_MARKS = pa.array(MARKS, pa.string())

# What stands in place of a part's mark in fenced content, by the part before it. A blank line must
# not stand twice, so the text after the exchange brings its own.
_FENCE_END = "\n```"
_FENCES = {
    (TEXT, PYTHON): "```python\n",
    (PYTHON, OUTPUT): "\n```\n\n```output\n",
    (OUTPUT, TEXT): "\n```",
    (OUTPUT, PYTHON): "\n```\n\n```python\n",
    (PYTHON, TEXT): "\n```",
    (ASSISTANT, PYTHON): "```python\n",
}


@dataclass(frozen=True)
class Turns:
    """The messages of a batch end to end: offsets (rows + 1,), roles and content (messages,)."""

    offsets: npt.NDArray[np.int64]
    roles: npt.NDArray[Any]
    content: pa.StringArray

    def struct(self) -> pa.StructArray:
        """Return roles and contents, (messages,)."""
        return pa.StructArray.from_arrays([_names(self.roles), self.content], fields=list(MESSAGE))

    def where(self, keep: npt.NDArray[np.bool_]) -> pa.ListArray:
        """Return the messages of each row that are to be kept, (messages,) bool: (rows,) lists."""
        total = np.concatenate(([0], np.cumsum(keep)))
        kept = Turns(total[self.offsets], self.roles[keep], self.content.filter(as_arrow(keep)))
        return as_list(kept.offsets, kept.struct())


class Laid:
    """A batch laid out: every text taken from the book once, cut into segments at marks and flags.

    A segment is what stands from a mark, or from where the exchange with the tool ends, to the next. Messages
    and parts are runs of segments, so no text is joined and each is copied whole.
    """

    def __init__(self, book: Book, rows: Ragged) -> None:
        numbers = rows.values & NUMBER
        exchanged = (rows.values & EXCHANGE) != 0
        cut = numbers < len(MARKS)
        cut[1:] |= exchanged[1:] != exchanged[:-1]
        starts = np.flatnonzero(cut)
        texts = book.take(rows.values)
        self.texts = gather(texts, np.append(starts, len(rows.values)))  # (segments,)
        self.first = np.searchsorted(starts, rows.offsets)  # (rows + 1,) each row's first segment
        self.exchanged = exchanged[starts]
        self.train = (rows.values[starts] & UNTRAINED) == 0
        # The mark that each segment starts with; -1: none, it goes on with the part before it.
        self.marks = np.where(numbers[starts] < len(MARKS), numbers[starts], -1)

    def messages(self) -> Turns:
        """Return the messages, without the exchange with the tool."""
        kept = np.flatnonzero(~self.exchanged)
        marks = self.marks[kept]
        heads = np.flatnonzero((marks >= 0) & (marks < FIRST_PART))
        texts = self.texts.take(as_arrow(kept))
        content = gather(texts, np.append(heads, len(kept)))
        return Turns(np.searchsorted(kept[heads], self.first), marks[heads], content)

    def parts(self) -> pa.ListArray:
        """Return every part of every assistant turn."""
        heads = self.marks >= 0
        is_part = self.marks >= FIRST_PART
        of_part = is_part[np.maximum.accumulate(np.where(heads, np.arange(len(heads)), 0))]
        kept = np.flatnonzero(of_part)
        starts = np.flatnonzero(is_part)
        texts = gather(self.texts.take(as_arrow(kept)), np.append(np.flatnonzero(is_part[kept]), len(kept)))
        # Each part's message, counted from the row's first.
        messages = np.cumsum(heads & ~is_part) - 1
        edges = np.searchsorted(starts, self.first)
        number = messages[starts] - np.repeat(messages[self.first[:-1]], np.diff(edges))
        columns = [
            as_arrow(number.astype(np.int32)),
            _names(self.marks[starts]),
            texts,
            as_arrow(self.train[starts]),
        ]
        struct = pa.StructArray.from_arrays(columns, fields=list(PART))
        return as_list(edges, struct)


def fenced(book: Book, rows: Ragged) -> Turns:
    """Return the messages, with the exchange as fenced code in place of the parts' marks."""
    codes = rows.values.copy()
    marks = np.flatnonzero((codes & NUMBER) < len(MARKS))
    kinds = codes[marks] & NUMBER
    before = np.concatenate(([ASSISTANT], kinds[:-1]))
    for (previous, kind), fence in _FENCES.items():
        codes[marks[(before == previous) & (kinds == kind)]] = book.constant(fence)
    # A turn that ends in code has no part to follow that would close its fence.
    first = np.flatnonzero(kinds < FIRST_PART)  # of the marks, those where a message starts
    following = np.append(first[1:], len(marks))[: len(first)]
    last = kinds[following - 1]
    ends = np.append(marks, len(codes))[following]
    at = ends[(last == PYTHON) | (last == OUTPUT)]
    codes = np.insert(codes, at, book.constant(_FENCE_END))
    heads = marks[first] + np.searchsorted(at, marks[first], side="right")
    content = gather(book.take(codes), np.append(heads, len(codes)))
    offsets = rows.offsets + np.searchsorted(at, rows.offsets, side="right")
    return Turns(np.searchsorted(heads, offsets), kinds[first], content)


def _names(kinds: npt.NDArray[Any]) -> pa.StringArray:
    return _MARKS.take(as_arrow(kinds))


def as_list(offsets: npt.NDArray[Any], values: pa.Array) -> pa.ListArray:
    """Return the values from each offset to the next as lists."""
    return pa.ListArray.from_arrays(as_arrow(offsets.astype(np.int32)), values)
