"""Shared hypothesis strategies: words of many scripts, texts, and batches of pieces with what they say.

Pieces are drawn as a *model* first: plain lists and strings, a value a row. `build` turns a model into
pieces over columns; `spoken` reads one row of it in the most obvious way. Neither looks at the other.
"""

import json
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from generators.book import Book, Conversations
from generators.columns import Column, Lines, affixed, number
from generators.pieces import (
    ASSISTANT,
    EXCHANGE,
    MARKS,
    NUMBER,
    OUTPUT,
    PYTHON,
    SLOT,
    SLOT_SHIFT,
    SYSTEM,
    TEXT,
    UNTRAINED,
    USER,
    Group,
    Mark,
    Nested,
    Piece,
)
from generators.ragged import Ragged, offsets_of
from generators.texts import Texts

# Latin with marks, Greek, Cyrillic, Armenian, Hebrew, Arabic, Devanagari, Tamil, Thai, Hangul, kana, Han.
_LETTERS = (
    "abcdeáñßœāṣ" + "e\u0301n\u0303",
    "αβγςά",
    "абвйё",
    "աբգ",
    "אבגשׁ",
    "ابتَم",
    "कखगहिन्दी",
    "தமிழ்",
    "กขคำ",
    "한글말",
    "あいがぱカ",
    "汉字猫𠀀",
)
WORDS = st.sampled_from(_LETTERS).flatmap(
    lambda letters: st.text(st.sampled_from(letters), min_size=1, max_size=8).map(
        lambda word: unicodedata.normalize("NFC", word)
    )
)
"""Words of many scripts, NFC; some begin with a combining mark, as foreign data does."""

TEXTS = st.one_of(
    WORDS,
    st.sampled_from(
        ["", " ", "\n\n", '"', "\\", "\x00", "\x7f", "\u2028", "🇩🇪👨‍👩‍👧", "```", "0", "<|bos|>"]
    ),
    st.text(max_size=6),
)
"""Any text, hostile ones more often than chance would."""


def backwards(text: str) -> str:
    return text[::-1]


@dataclass(frozen=True)
class Model:
    """What a piece says, row by row: kind is one of text, column, lines, mark, group, nested."""

    kind: str
    value: Any
    how: Any = None


COLUMNS = ("of", "table", "sliced", "affixed", "mapped", "number")


def masks(rows: int) -> "st.SearchStrategy[list[bool]]":
    return st.lists(st.booleans(), min_size=rows, max_size=rows)


@st.composite
def models(draw: Any, rows: int, depth: int = 2) -> list[Model]:
    """Draw a list of pieces for so many rows."""
    nodes = []
    for _ in range(draw(st.integers(0, 4))):
        kinds = ["text", "column", "lines", "mark"] + ["group", "group", "group", "nested"] * (depth > 0)
        kind = draw(st.sampled_from(kinds))
        if kind == "text":
            nodes.append(Model(kind, draw(TEXTS)))
        elif kind == "mark":
            nodes.append(Model(kind, draw(st.integers(SYSTEM, OUTPUT))))
        elif kind == "column":
            how = draw(st.sampled_from(COLUMNS))
            values = st.integers(-3, 2000).map(str) if how == "number" else TEXTS
            nodes.append(Model(kind, draw(st.lists(values, min_size=rows, max_size=rows)), how))
        elif kind == "lines":
            of_a_row = st.lists(TEXTS, max_size=3)
            nodes.append(Model(kind, draw(st.lists(of_a_row, min_size=rows, max_size=rows))))
        elif kind == "group":
            mask = draw(st.none() | masks(rows))
            flags = draw(st.sampled_from([0, 0, UNTRAINED, EXCHANGE, UNTRAINED | EXCHANGE]))
            flags |= draw(st.integers(0, 2)) << SLOT_SHIFT
            nodes.append(Model(kind, draw(models(rows, depth - 1)), (mask, flags)))
        else:
            sizes = draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows))
            nodes.append(Model(kind, draw(models(sum(sizes), depth - 1)), sizes))
    return nodes


BATCHES = st.integers(0, 4).flatmap(lambda rows: st.tuples(st.just(rows), models(rows)))
"""How many rows, and the models of a script for them."""


def column_of(strings: list[str], how: str) -> Column:
    """Make a column in one of the ways there are."""
    if how == "table":
        return Column(Texts(["unused", *strings, "unused"]), np.arange(1, len(strings) + 1, dtype=np.int16))
    if how == "sliced":
        table = pa.array(["none", "of these", *strings, "these neither"], pa.string())
        return Column(Texts(table.slice(2, len(strings))), np.arange(len(strings)))
    if how == "affixed":
        heads = {text[:1] for text in strings}
        if len(heads) != 1:
            return affixed("", Column.of(strings))
        return affixed(heads.pop(), Column.of([text[1:] for text in strings]))
    if how == "mapped":
        return Column.of([text[::-1] for text in strings]).map(backwards)
    if how == "number":
        return number(np.array([int(text) for text in strings], dtype=np.int64))
    return Column.of(strings)


def build(nodes: list[Model]) -> list[Piece]:
    """Turn models into pieces."""
    pieces: list[Piece] = []
    for node in nodes:
        if node.kind == "text":
            pieces.append(node.value)
        elif node.kind == "mark":
            pieces.append(Mark(node.value))
        elif node.kind == "column":
            pieces.append(column_of(node.value, node.how))
        elif node.kind == "lines":
            column = Column.of([text for row in node.value for text in row])
            pieces.append(Lines(column.texts, Ragged(offsets_of([len(r) for r in node.value]), column.index)))
        elif node.kind == "group":
            mask, flags = node.how
            pieces.append(
                Group(tuple(build(node.value)), None if mask is None else np.array(mask, bool), flags)
            )
        else:
            pieces.append(Nested(offsets_of(node.how), tuple(build(node.value))))
    return pieces


Said = list[tuple[str, str, int]]
"""What a row says: (mark or "", text, flags) in order."""


def spoken(nodes: list[Model], row: int, flags: int = 0) -> Said:
    """Read one row of models, piece by piece."""
    said: Said = []
    for node in nodes:
        if node.kind == "text":
            said.append(("", node.value, flags))
        elif node.kind == "mark":
            said.append((MARKS[node.value], "", flags))
        elif node.kind == "column":
            said.append(("", node.value[row], flags))
        elif node.kind == "lines":
            said += [("", text, flags) for text in node.value[row]]
        elif node.kind == "group":
            mask, more = node.how
            if mask is None or mask[row]:
                said += spoken(node.value, row, (flags & ~SLOT if more & SLOT else flags) | more)
        else:
            first = sum(node.how[:row])
            for item in range(first, first + node.how[row]):
                said += spoken(node.value, item, flags)
    return said


def read_codes(book: Book, codes: Any) -> Said:
    """Read what a row of codes says."""
    texts = book.take(codes).to_pylist()
    said: Said = []
    for code, text in zip(codes.tolist(), texts, strict=True):
        mark = MARKS[code & NUMBER] if code & NUMBER < len(MARKS) else ""
        said.append((mark, text, code & ~NUMBER))
    return said


def merged(said: Said) -> Said:
    """Join neighbouring texts of the same flags, so that where a text was cut does not matter."""
    joined: Said = []
    for mark, text, flags in said:
        if joined and not mark and not joined[-1][0] and joined[-1][2] == flags:
            joined[-1] = ("", joined[-1][1] + text, flags)
        elif mark or text:
            joined.append((mark, text, flags))
    return joined


@dataclass(frozen=True)
class Part:
    """A part of an assistant's turn, in plain data.

    `exchange`: part and text belong to the exchange with the tool; then `tail`, which goes on with the
    part, does not. In a part outside the exchange it is the other way round.
    """

    kind: str
    text: str
    train: bool = True
    exchange: bool = False
    tail: str = ""

    @property
    def plain(self) -> str:
        """What is left without the exchange."""
        return self.tail if self.exchange else self.text


Turns = list[tuple[str, "str | list[Part]"]]
"""A conversation in plain data: (role, text), or (assistant, parts)."""

TAILS = st.just("") | TEXTS


@st.composite
def assistant_parts(draw: Any) -> list[Part]:
    """Draw an assistant's turn: texts, and between them calls of the tool; a text has the last word."""
    parts = []

    def said(exchange: bool) -> Part:
        return Part("text", draw(TEXTS), draw(st.booleans()), exchange, draw(TAILS))

    for kind in draw(st.lists(st.sampled_from(["text", "answered", "refused"]), max_size=3)):
        if kind == "text":
            parts.append(said(False))
            continue
        if draw(st.booleans()):
            parts.append(said(True))
        parts.append(Part("python", draw(TEXTS), draw(st.booleans()), True))
        if kind == "answered":
            parts.append(Part("python_output", draw(TEXTS), False, True))
        if kind == "refused" or draw(st.booleans()):
            parts.append(said(True))
    return [*parts, said(bool(parts) and draw(st.booleans()))]


@st.composite
def conversations(draw: Any) -> Turns:
    """Draw a conversation: perhaps a system message, then turns, of which the assistant has the last."""
    turns: Turns = [("system", draw(TEXTS))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        turns += [("user", draw(TEXTS)), ("assistant", draw(assistant_parts()))]
    return turns


_KINDS = {"system": SYSTEM, "user": USER, "text": TEXT, "python": PYTHON, "python_output": OUTPUT}


def script_of(batch: list[Turns]) -> list[Piece]:
    """Write conversations of any shapes as one script: each row's pieces stand only in that row."""
    pieces: list[Piece] = []
    for row, turns in enumerate(batch):
        own: list[Piece] = []
        for role, content in turns:
            if isinstance(content, str):
                own += [Mark(_KINDS[role]), content]
                continue
            own.append(Mark(ASSISTANT))
            for part in content:
                untrained = UNTRAINED * (not part.train)
                head = (Mark(_KINDS[part.kind]), part.text)
                own.append(Group(head, flags=untrained | EXCHANGE * part.exchange))
                own.append(Group((part.tail,), flags=untrained | EXCHANGE * (not part.exchange)))
        pieces.append(Group(tuple(own), mask=np.arange(len(batch)) == row))
    return pieces


FLAT = ("task", "split", "answer", "word", "letter", "language", "style", "template")


def batch_of(book: Book, turns: list[Turns], facts: list[dict[str, Any]], first: int = 0) -> Conversations:
    """Set conversations of any shapes; facts has a mapping a row."""
    n = len(turns)

    def codes(values: list[str]) -> Any:
        column = Column.of(values)
        return book.codes(column.texts, column.index)

    return Conversations(
        book=book,
        index=np.arange(first, first + n),
        text=book.set(script_of(turns), n),
        facts=book.set([Column.of([json.dumps(fact, ensure_ascii=False) for fact in facts])], n),
        words=book.set([Column.of([flat_of(row, "word") for row in range(n)])], n),
        columns={
            "name": codes(["t/train/0"] * n),
            **{name: codes([flat_of(row, name) for row in range(n)]) for name in FLAT},
        },
    )


def flat_of(row: int, name: str) -> str:
    """What a flat column of `batch_of` holds: something else in every row, or nothing."""
    return "" if name == "letter" and row % 2 else f"{name} {row} é"
