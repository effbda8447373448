"""From codes to Arrow: the columns that a shard has, in each dialect.

Every dialect has one explicit schema, whatever the tasks; a schema that is inferred changes with the
data, and one shard with another type breaks a loader (pyarrow, datasets).

`messages`, `prompt` and `completion` hold plain strings, which is what trainers read. A string has no
place for a tool: flattened into it, the tool's output would stand under the loss, and the model would
learn to invent it. So `content` leaves the exchange with the tool out, unless `tool_text="fenced"`
asks for it as fenced code, and `parts` holds every assistant turn in full.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.book import Conversations, gather
from generators.names import find
from generators.pieces import ASSISTANT, EXCHANGE, FIRST_PART, MARKS, NUMBER, OUTPUT, PYTHON, TEXT, UNTRAINED

MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
PART = pa.struct(
    [("message", pa.int32()), ("type", pa.string()), ("text", pa.string()), ("train", pa.bool_())]
)
_MARKS = pa.array(MARKS, pa.string())
FLAT = ("answer", "word", "letter", "language", "style", "template", "split")


def _schema(*fields: tuple[str, Any]) -> pa.Schema:
    return pa.schema([pa.field(name, type_, nullable=False) for name, type_ in fields])


_HEAD = (("id", pa.string()), ("task", pa.string()), ("messages", pa.list_(MESSAGE)))
_SIDES = (("prompt", pa.list_(MESSAGE)), ("completion", pa.list_(MESSAGE)))
_PARTS = ("parts", pa.list_(PART))
SCHEMAS = {
    "universal": _schema(
        *_HEAD, *_SIDES, _PARTS, *((name, pa.string()) for name in FLAT), ("facts", pa.string())
    ),
    "messages": _schema(*_HEAD, _PARTS, ("answer", pa.string())),
}
TOOL_TEXTS = ("none", "fenced")
# Only columns of few values gain from a dictionary; on text it is a waste of time and space.
DICTIONARY = ["task", "language", "style", "template", "split"]

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
class Dialect:
    """How conversations become a table.

    Attributes:
        name: one of SCHEMAS.
        tool_text: "none" leaves the exchange with the tool out of `content`, "fenced" writes it as
            fenced code.
    """

    name: str = "universal"
    tool_text: str = "none"

    def __post_init__(self) -> None:
        find(self.name, SCHEMAS, "dialect")
        find(self.tool_text, TOOL_TEXTS, "tool text")

    @property
    def schema(self) -> pa.Schema:
        """The columns, the same for every shard."""
        return SCHEMAS[self.name]

    def table(self, conversations: Conversations) -> pa.Table:
        """Turn a batch into a table of this dialect's schema."""
        laid = _Laid(conversations)
        turns = _fenced(conversations) if self.tool_text == "fenced" else laid.messages()
        columns = {
            "id": ids(conversations),
            "task": conversations.column("task"),
            "messages": _list(turns.offsets, turns.struct()),
            "parts": laid.parts(),
            "answer": conversations.column("answer"),
        }
        if self.name == "universal":
            columns |= {name: conversations.column(name) for name in FLAT}
            columns["facts"] = conversations.book.strings(conversations.facts)
            last = np.zeros(len(turns.roles), dtype=np.bool_)
            last[turns.offsets[1:] - 1] = True
            columns["prompt"] = turns.where(~last)
            columns["completion"] = turns.where(last)
        return pa.Table.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)


@dataclass(frozen=True)
class _Turns:
    """The messages of a batch end to end: offsets (rows + 1,), roles and content (messages,)."""

    offsets: npt.NDArray[np.int64]
    roles: npt.NDArray[Any]
    content: pa.StringArray

    def struct(self) -> pa.StructArray:
        return pa.StructArray.from_arrays([_names(self.roles), self.content], fields=list(MESSAGE))

    def where(self, keep: npt.NDArray[np.bool_]) -> pa.ListArray:
        total = np.concatenate(([0], np.cumsum(keep)))
        kept = _Turns(total[self.offsets], self.roles[keep], self.content.filter(as_arrow(keep)))
        return _list(kept.offsets, kept.struct())


def ids(conversations: Conversations) -> pa.StringArray:
    """Name each row `task/split/seed/number`, the same in every export with that seed."""
    numbers = pc.cast(as_arrow(conversations.index), pa.string())
    return pc.binary_join_element_wise(conversations.column("name"), numbers, "/")


class _Laid:
    """A batch laid out: every text taken from the book once, cut into segments at marks and flags.

    A segment is what stands from a mark, or from where the exchange with the tool ends, to the next. Messages
    and parts are runs of segments, so no text is joined and each is copied whole.
    """

    def __init__(self, conversations: Conversations) -> None:
        rows = conversations.text
        numbers = rows.values & NUMBER
        exchanged = (rows.values & EXCHANGE) != 0
        cut = numbers < len(MARKS)
        cut[1:] |= exchanged[1:] != exchanged[:-1]
        starts = np.flatnonzero(cut)
        texts = conversations.book.take(rows.values)
        self.texts = gather(texts, np.append(starts, len(rows.values)))  # (segments,)
        self.first = np.searchsorted(starts, rows.offsets)  # (rows + 1,) each row's first segment
        self.exchanged = exchanged[starts]
        self.train = (rows.values[starts] & UNTRAINED) == 0
        # The mark that each segment starts with; -1: none, it goes on with the part before it.
        self.marks = np.where(numbers[starts] < len(MARKS), numbers[starts], -1)

    def messages(self) -> _Turns:
        """Return the messages, without the exchange with the tool."""
        kept = np.flatnonzero(~self.exchanged)
        marks = self.marks[kept]
        heads = np.flatnonzero((marks >= 0) & (marks < FIRST_PART))
        texts = self.texts.take(as_arrow(kept))
        content = gather(texts, np.append(heads, len(kept)))
        return _Turns(np.searchsorted(kept[heads], self.first), marks[heads], content)

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
        return _list(edges, struct)


def _fenced(conversations: Conversations) -> _Turns:
    """Return the messages, with the exchange as fenced code in place of the parts' marks."""
    rows = conversations.text
    codes = rows.values.copy()
    marks = np.flatnonzero((codes & NUMBER) < len(MARKS))
    kinds = codes[marks] & NUMBER
    before = np.concatenate(([ASSISTANT], kinds[:-1]))
    for (previous, kind), fence in _FENCES.items():
        codes[marks[(before == previous) & (kinds == kind)]] = conversations.book.constant(fence)
    # A turn that ends in code has no part to follow that would close its fence.
    first = np.flatnonzero(kinds < FIRST_PART)  # of the marks, those where a message starts
    following = np.append(first[1:], len(marks))[: len(first)]
    last = kinds[following - 1]
    ends = np.append(marks, len(codes))[following]
    at = ends[(last == PYTHON) | (last == OUTPUT)]
    codes = np.insert(codes, at, conversations.book.constant(_FENCE_END))
    heads = marks[first] + np.searchsorted(at, marks[first], side="right")
    content = gather(conversations.book.take(codes), np.append(heads, len(codes)))
    offsets = rows.offsets + np.searchsorted(at, rows.offsets, side="right")
    return _Turns(np.searchsorted(heads, offsets), kinds[first], content)


def _names(kinds: npt.NDArray[Any]) -> pa.StringArray:
    return _MARKS.take(as_arrow(kinds))


def _list(offsets: npt.NDArray[Any], values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(as_arrow(offsets.astype(np.int32)), values)
