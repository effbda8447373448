"""From codes to Arrow: the columns that a shard has, in each dialect.

Every dialect has one explicit schema, whatever the tasks; a schema that is inferred changes with the
data, and one shard with another type breaks a loader (pyarrow, datasets).

`messages`, `prompt` and `completion` hold plain strings, which is what trainers read. A string has no
place for a tool: flattened into it, the tool's output would stand under the loss, and the model would
learn to invent it. So `content` leaves the exchange with the tool out, unless `tool_text="fenced"`
asks for it as fenced code, and `parts` holds every assistant turn in full.

`tokens` holds what a model reads: ids, and a mask of those that it is trained to write. `answer` stands
beside them to score by, and `tokens`, their number, so that a mixture is sized, and rows are packed or
sorted by length, without reading ids. The other dialects have `tokens` too where a tokenizer is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.book import Conversations, gather
from generators.names import find
from generators.pieces import ASSISTANT, EXCHANGE, FIRST_PART, MARKS, NUMBER, OUTPUT, PYTHON, TEXT, UNTRAINED
from generators.tokens import Renderer
from tokenizer.chosen import Tokenizer

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
_TOKENS = pa.field("tokens", pa.int32(), nullable=False)
TOKENS = _schema(
    *_HEAD[:2], ("ids", pa.list_(pa.int32())), ("mask", pa.list_(pa.bool_())), ("answer", pa.string())
).append(_TOKENS)
DIALECTS = (*SCHEMAS, "tokens")
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
        name: one of DIALECTS.
        tool_text: "none" leaves the exchange with the tool out of `content`, "fenced" writes it as
            fenced code.
        tokenizer: whose ids `tokens` has; in the other dialects what tokens are counted with, if they are.

    Raises:
        EncodingError: the dialect is `tokens`, and the tokenizer lacks control tokens; lists them.
    """

    name: str = "universal"
    tool_text: str = "none"
    tokenizer: Tokenizer | None = None

    def __post_init__(self) -> None:
        find(self.name, DIALECTS, "dialect")
        find(self.tool_text, TOOL_TEXTS, "tool text")
        if self.name == "tokens":
            if self.tokenizer is None:
                raise ValueError("the dialect tokens holds the ids of a tokenizer, and none is named")
            if self.tool_text != "none":
                raise ValueError(
                    f"tool text {self.tool_text!r} is for `content`, which the dialect tokens lacks"
                )
            _ = self.tokenizer.chat
        elif self.tokenizer is not None and self.tokenizer.control:
            raise ValueError(
                f"control tokens are written in the dialect tokens alone, and this is {self.name}; leave "
                f"out {self.tokenizer.control[0][0]}={self.tokenizer.control[0][1]}"
            )

    @property
    def schema(self) -> pa.Schema:
        """The columns, the same for every shard."""
        return schema_of(self.name, self.tokenizer is not None)

    @cached_property
    def renderer(self) -> Renderer | None:
        """What tokens are composed or counted with, in this process; None without a tokenizer.

        Counting does not need control tokens: it takes one for each that nanochat's layout has, whether the
        vocabulary has them or not.
        """
        if self.tokenizer is None:
            return None
        chat = self.tokenizer.chat if self.name == "tokens" else self.tokenizer.layout
        return Renderer(self.tokenizer.encoding, chat)

    def __reduce__(self) -> Any:
        return type(self), (self.name, self.tool_text, self.tokenizer)  # not what the renderer remembers

    def table(self, conversations: Conversations) -> pa.Table:
        """Turn a batch into a table of this dialect's schema."""
        columns = self._tokens(conversations) if self.name == "tokens" else self._texts(conversations)
        columns |= {name: conversations.column(name) for name in ("task", "answer")}
        columns["id"] = ids(conversations)
        return pa.Table.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)

    def _tokens(self, conversations: Conversations) -> dict[str, pa.Array]:
        if self.renderer is None:
            return {}
        if self.name != "tokens":
            return {"tokens": as_arrow(self.renderer.count(conversations))}
        tokens = self.renderer.render(conversations)
        found, mask = tokens.columns()
        return {"ids": found, "mask": mask, "tokens": as_arrow(tokens.lengths)}

    def _texts(self, conversations: Conversations) -> dict[str, pa.Array]:
        laid = _Laid(conversations)
        turns = _fenced(conversations) if self.tool_text == "fenced" else laid.messages()
        columns = self._tokens(conversations)
        columns |= {"messages": _list(turns.offsets, turns.struct()), "parts": laid.parts()}
        if self.name == "universal":
            columns |= {name: conversations.column(name) for name in FLAT}
            columns["facts"] = conversations.book.strings(conversations.facts)
            last = np.zeros(len(turns.roles), dtype=np.bool_)
            last[turns.offsets[1:] - 1] = True
            columns["prompt"] = turns.where(~last)
            columns["completion"] = turns.where(last)
        return columns


def asked_dialect(
    name: str,
    tool_text: str = "none",
    tokenizer: str | None = None,
    pattern: str | None = None,
    control: Sequence[str] = (),
) -> Dialect:
    """Make a dialect of what somebody asks for, the tokenizer opened.

    Args:
        name: of the dialect.
        tool_text: see Dialect.
        tokenizer: a name or path, as in open_encoding. Where the dialect needs one and none is named, it is
            the vocabulary that comes with Hornbook.
        pattern: the name of the split pattern of a `.tiktoken` file that has none beside it.
        control: "role=name" of control tokens.

    Raises:
        ValueError: an option is wrong, or says something of a tokenizer where there is none.
        EncodingError: the tokenizer can't be opened, or lacks what the dialect needs.
    """
    find(name, DIALECTS, "dialect")
    if tokenizer is None and (name != "tokens" or pattern is not None):
        given = "a split pattern" if pattern is not None else "control tokens"
        if pattern is not None or control:
            raise ValueError(f"{given} can be given for a tokenizer, and none is named")
        return Dialect(name, tool_text)
    return Dialect(name, tool_text, Tokenizer.opened(tokenizer, pattern, control))


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


def schema_of(name: str, counted: bool) -> pa.Schema:
    """Return the columns of a dialect; `counted` says whether its tokens are."""
    if find(name, DIALECTS, "dialect") == "tokens":
        return TOKENS
    return SCHEMAS[name].append(_TOKENS) if counted else SCHEMAS[name]


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
