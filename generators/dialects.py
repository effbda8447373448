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

from generators.book import Book, Conversations, gather
from generators.names import find
from generators.pieces import ASSISTANT, EXCHANGE, FIRST_PART, MARKS, NUMBER, OUTPUT, PYTHON, TEXT, UNTRAINED
from generators.ragged import Ragged, offsets_of

MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
PART = pa.struct(
    [("message", pa.int32()), ("type", pa.string()), ("text", pa.string()), ("train", pa.bool_())]
)
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
DICTIONARY = ["task", "language", "style", "template", "split", "role", "type"]

# What stands in place of a part's mark in fenced content, by the part before it. A blank line must
# not stand twice, so the text after the exchange brings its own.
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
        turns = _messages(conversations, self.tool_text)
        columns = {
            "id": ids(conversations),
            "task": conversations.column("task"),
            "messages": _list(turns.offsets, turns.struct()),
            "parts": _parts(conversations),
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
        kept = _Turns(total[self.offsets], self.roles[keep], self.content.filter(pa.array(keep)))
        return _list(kept.offsets, kept.struct())


def ids(conversations: Conversations) -> pa.StringArray:
    """Name each row `task/split/seed/number`, the same in every export with that seed."""
    numbers = pc.cast(pa.array(conversations.index), pa.string())
    return pc.binary_join_element_wise(conversations.column("name"), numbers, "/")


def _messages(conversations: Conversations, tool_text: str) -> _Turns:
    rows = conversations.text
    if tool_text == "fenced":
        rows = _fenced(conversations.book, rows)
    else:
        rows = rows.where((rows.values & EXCHANGE) == 0)
    numbers = rows.values & NUMBER
    # Part marks have no text: without them there is less to take.
    rows = rows.where((numbers < FIRST_PART) | (numbers >= len(MARKS)))
    marks = np.flatnonzero((rows.values & NUMBER) < FIRST_PART)
    content = gather(conversations.book.take(rows.values), np.append(marks, len(rows.values)))
    return _Turns(np.searchsorted(marks, rows.offsets), rows.values[marks] & NUMBER, content)


def _fenced(book: Book, rows: Ragged) -> Ragged:
    codes = rows.values.copy()
    marks = np.flatnonzero((codes & NUMBER) < len(MARKS))
    kinds = codes[marks] & NUMBER
    before = np.concatenate(([ASSISTANT], kinds[:-1]))
    for (previous, kind), fence in _FENCES.items():
        codes[marks[(before == previous) & (kinds == kind)]] = book.constant(fence)
    return Ragged(rows.offsets, codes)


def _parts(conversations: Conversations) -> pa.ListArray:
    rows = conversations.text
    marks = np.flatnonzero((rows.values & NUMBER) < len(MARKS))
    kinds = rows.values[marks] & NUMBER
    flags = rows.values[marks]
    is_part = kinds >= FIRST_PART
    # Each mark's message, counted from the row's first; every row starts with a message.
    messages = np.cumsum(~is_part) - 1
    row_of = np.searchsorted(rows.offsets, marks, side="right") - 1
    first = np.searchsorted(marks, rows.starts)
    message = (messages - messages[first][row_of])[is_part]
    # Keep what stands between a part's mark and the next mark.
    lengths = np.diff(np.append(marks, len(rows.values)))
    kept = rows.values[np.repeat(is_part, lengths)]
    starts = offsets_of(lengths[is_part])
    texts = gather(conversations.book.take(kept), starts)
    train = (flags[is_part] & UNTRAINED) == 0
    struct = pa.StructArray.from_arrays(
        [pa.array(message.astype(np.int32)), _names(kinds[is_part]), texts, pa.array(train)],
        fields=list(PART),
    )
    per_row = np.concatenate(([0], np.cumsum(is_part)))[np.append(first, len(marks))]
    return _list(per_row, struct)


def _names(kinds: npt.NDArray[Any]) -> pa.StringArray:
    return pa.array(MARKS, pa.string()).take(pa.array(kinds))


def _list(offsets: npt.NDArray[Any], values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)
