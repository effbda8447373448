"""Conversations as they are read: messages and parts as strings, with where their slots stand.

All of it comes from the codes of a batch: what is text, what is a slot, what is trained on.

>>> from generators.book import Book
>>> from generators.columns import Column
>>> from generators.pieces import assistant, slot, text, user
>>> from generators.styles import STYLES
>>> book, word = Book(), Column.of(["fig"])
>>> rows = book.set([user("Spell it."), assistant(text("So: ", slot("word to spell", word), "."))], 1)
>>> for part in parts_of(book, rows.values, STYLES["quote-comma"]):
...     print(part.kind, repr(part.text), part.slots, part.trained)
user 'Spell it.' () ()
assistant '' () ()
text 'So: fig.' ((4, 7),) ((0, 8),)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.book import Book
from generators.pieces import FIRST_PART, MARKS, NUMBER, OUTPUT, SLOT, SLOT_SHIFT, SLOTS, UNTRAINED
from generators.styles import Style

Span = tuple[int, int]


@dataclass(frozen=True)
class Part:
    """What stands from one mark to the next.

    Attributes:
        kind: of the mark: "system", "user", "text", "python", "python_output"; or "assistant", which
            begins a turn and has no text.
        text: all of it.
        slots: where words and letters stand that must have their own tokens, in characters.
        trained: where the model is trained to write it, in characters.
    """

    kind: str
    text: str
    slots: tuple[Span, ...]
    trained: tuple[Span, ...]


def writes(codes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Say which codes, (n,) of whole conversations, the model is trained to write; marks are never."""
    numbers = codes & NUMBER
    marks = np.flatnonzero(numbers < len(MARKS))
    kinds = np.repeat(numbers[marks], np.diff(np.append(marks, len(codes))))
    found: npt.NDArray[np.bool_] = (kinds >= FIRST_PART) & (kinds != OUTPUT) & ((codes & UNTRAINED) == 0)
    found[marks] = False
    return found


def parts_of(book: Book, codes: npt.NDArray[Any], style: Style) -> list[Part]:
    """Read one conversation: for a person's eyes, so piece by piece.

    Args:
        book: what the codes number.
        codes: (n,) of the conversation.
        style: how it is written; it knows where in a piece a slot stands.
    """
    parts: list[Part] = []
    text = ""
    slots: list[Span] = []
    trained: list[Span] = []
    said = book.take(codes).to_pylist()
    for code, piece, written in zip(codes.tolist(), said, writes(codes).tolist(), strict=True):
        if code & NUMBER < len(MARKS):
            parts.append(Part(MARKS[code & NUMBER], "", (), ()))
            text, slots, trained = "", [], []
            continue
        here = len(text)
        text += piece
        if code & SLOT and piece:
            start, stop = style.slot_in(SLOTS[(code & SLOT) >> SLOT_SHIFT], piece)
            slots.append((here + start, here + stop))
        if written and piece:
            trained.append((here, len(text)))
        parts[-1] = Part(parts[-1].kind, text, tuple(slots), _joined(trained))
    return parts


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """Join spans that touch."""
    joined: list[Span] = []
    for start, stop in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return tuple(joined)
