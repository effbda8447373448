"""Pieces: what a conversation is written in, once for all rows of a batch.

>>> word = Column.of(["pear", "fig"])
>>> conversation = [user("Spell ", word, "."), assistant(text(word, ":"))]

Pieces are constants (plain strings), columns, lines (any number of texts a row), marks (where a message
or a part starts), groups of pieces that some rows lack (`when`), that are not trained on (`untrained`) or
that belong to the exchange with the Python tool (`exchange`), and pieces that come once for each of a
row's items (`for_each`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generators.columns import Column, Lines, as_json, joined, number, quoted
from generators.names import find
from generators.ragged import Ragged
from generators.texts import Index, Texts

Mask = npt.NDArray[np.bool_]

# Marks stand where a message or a part starts. Their text is empty; their code is their number.
SYSTEM, USER, ASSISTANT, TEXT, PYTHON, OUTPUT = range(6)
MARKS = ("system", "user", "assistant", "text", "python", "python_output")
FIRST_PART = TEXT

# Slots: what must be the same tokens wherever it stands. A piece that is one, or holds one, says which.
SLOTS = (
    "",
    "word in prose",
    "letter in prose",
    "word to spell",
    "list letter",
    "loop letter",
    "tool word",
    "tool letter",
    "asked word, bare",
    "asked word, quoted",
    "asked letter, bare",
    "asked letter, quoted",
)

# Bits beside the number of a text in its code; four of them are the number of a slot.
UNTRAINED = 1 << 30
EXCHANGE = 1 << 29
SLOT_SHIFT = 25
SLOT = 15 << SLOT_SHIFT
NUMBER = (1 << SLOT_SHIFT) - 1


@dataclass(frozen=True)
class Mark:
    """Where a message or a part starts; kind is one of SYSTEM … OUTPUT."""

    kind: int


@dataclass(frozen=True)
class Group:
    """Pieces that share a mask (rows where they stand; None: all) and flags (UNTRAINED, EXCHANGE, SLOT)."""

    pieces: tuple["Piece", ...]
    mask: Mask | None = None
    flags: int = 0


@dataclass(frozen=True)
class Nested:
    """Pieces that are set once for each of a row's items, such as the words of a phrase.

    Attributes:
        offsets: (rows + 1,) row i has items offsets[i] to offsets[i + 1] - 1.
        pieces: over the items.
    """

    offsets: Index
    pieces: tuple["Piece", ...]


@dataclass(frozen=True)
class Ready:
    """Pieces that were set before, in the same book: (rows,) of codes, any number a row."""

    codes: Ragged


Piece = str | Column | Lines | Mark | Group | Nested | Ready


def when(mask: Mask, *pieces: Piece) -> Group:
    """Set pieces only in the rows where mask, (rows,) bool, holds."""
    return Group(pieces, mask)


def untrained(*pieces: Piece) -> Group:
    """Set pieces that the model reads but is not trained to write."""
    return Group(pieces, flags=UNTRAINED)


def exchange(*pieces: Piece) -> Group:
    """Set pieces that exist only where the tool does: the tool-free rendering leaves them out."""
    return Group(pieces, flags=EXCHANGE)


def slot(name: str, *pieces: Piece) -> Group:
    """Set pieces that are a slot, or that hold one as the style writes it: a word or a letter.

    Args:
        name: one of SLOTS; reports and colours go by it.
        pieces: columns or lines.

    Raises:
        ValueError: there is no such slot; names the nearest and lists them.
    """
    return Group(pieces, flags=SLOTS.index(find(name, SLOTS[1:], "slot")) << SLOT_SHIFT)


def for_each(offsets: Index, *pieces: Piece) -> Nested:
    """Set pieces once for each item of a row; columns in them have a value for each item."""
    return Nested(offsets, pieces)


def system(*pieces: Piece) -> Group:
    """Start a system message."""
    return Group((Mark(SYSTEM), *pieces))


def user(*pieces: Piece) -> Group:
    """Start a user's message."""
    return Group((Mark(USER), *pieces))


def assistant(*parts: Piece) -> Group:
    """Start an assistant's turn, of parts: text, python, output."""
    return Group((Mark(ASSISTANT), *parts))


def text(*pieces: Piece) -> Group:
    """Start a part that the model says."""
    return Group((Mark(TEXT), *pieces))


def python(*pieces: Piece) -> Group:
    """Start a part that is an expression for the Python tool."""
    return Group((Mark(PYTHON), *pieces))


def output(*pieces: Piece) -> Group:
    """Start a part that the Python tool says; it is never trained on."""
    return untrained(Mark(OUTPUT), *pieces)


def pick(which: Index, choices: Sequence[Piece]) -> Group:
    """Set, in each row, the choice whose number `which`, (rows,), holds."""
    return Group(tuple(when(which == i, choice) for i, choice in enumerate(choices)))


def json_object(values: "Mapping[str, Column | Lines | Group | Index]") -> list[Piece]:
    """Write columns as a JSON object: texts quoted, integers and booleans bare, lines as lists.

    A group is set as it is: pieces that are JSON already.

    >>> word, count = Column.of(['say "a"']), np.array([2])
    >>> [p if isinstance(p, str) else p.strings() for p in json_object({"word": word, "count": count})]
    ['{', '"word": ', ['"say \\\\"a\\\\""'], ', "count": ', ['2'], '}']
    """
    pieces: list[Piece] = ["{"]
    for place, (name, value) in enumerate(values.items()):
        pieces.append(f'{", " if place else ""}"{name}": ')
        if isinstance(value, Group):
            pieces.append(value)
        elif isinstance(value, Lines):
            pieces += ["[", joined(Lines(quoted(value.texts), value.rows), ", "), "]"]
        elif isinstance(value, Column):
            grows = value.texts.grows
            pieces.append(value.map(as_json) if grows else Column(quoted(value.texts), value.index))
        elif value.dtype == np.bool_:
            pieces.append(Column(_BOOLEANS, value.astype(np.int8)))
        else:
            pieces.append(number(value))
    return [*pieces, "}"]


_BOOLEANS = Texts(["false", "true"])
