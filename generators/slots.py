"""Slots: where the words and letters of a batch stand in its texts, read from the codes.

>>> from generators.columns import Column, Lines, spaced
>>> from generators.pieces import assistant, slot, text, user
>>> from generators.styles import STYLES
>>> book, word = Book(), Column.of(["pear"])
>>> asked = user("Spell", slot("asked word, bare", spaced(word)), ".")
>>> from generators.texts import Texts
>>> style, letters = STYLES["quote-comma"], Lines(Texts(["p", "e"]), Ragged.of([[0, 1]]))
>>> turn = assistant(text(*style.spelling_pieces(word, letters)))
>>> found = slots_in(book, book.set([asked, turn], 1), style.slot_in)
>>> found.strings()
[('asked word, bare', ' pear'), ('word to spell', 'pear'), ('list letter', ' p'), ('list letter', ' e')]
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.arrays import as_arrow
from generators.book import Book, Conversations, gather
from generators.pieces import MARKS, NUMBER, SLOT, SLOT_SHIFT, SLOTS
from generators.ragged import Ragged, offsets_of
from generators.styles import STYLES

Ints = npt.NDArray[np.int64]
SlotIn = Callable[[str, str], tuple[int, int]]


@dataclass(frozen=True)
class Placed:
    """Texts of a batch, and the slots in them.

    Attributes:
        texts: every message and part, in order; each stands between control tokens. None is empty.
        row: (texts,) whose each is.
        slot: (slots,) numbers of SLOTS.
        text: (slots,) the text that each stands in.
        start, stop: (slots,) bytes of the text.
        begin: (slots,) where the piece begins that holds the slot, such as the comma before a letter.
    """

    texts: pa.StringArray
    row: Ints
    slot: Ints
    text: Ints
    start: Ints
    stop: Ints
    begin: Ints

    def strings(self) -> list[tuple[str, str]]:
        """Return each slot's name and text, for people and tests."""
        said = [text.encode() for text in self.texts.to_pylist()]
        places = zip(
            self.slot.tolist(), self.text.tolist(), self.start.tolist(), self.stop.tolist(), strict=True
        )
        return [(SLOTS[slot], said[text][start:stop].decode()) for slot, text, start, stop in places]


def placed(conversations: Conversations) -> Placed:
    """Find the slots of a batch; its rows may be of several styles."""
    style = conversations.columns["style"]
    names = conversations.book.take(np.unique(style)).to_pylist()
    parts = [
        slots_in(conversations.book, conversations.text, STYLES[name].slot_in, style == code)
        for name, code in zip(names, np.unique(style), strict=True)
    ]
    return parts[0] if len(parts) == 1 else _joined(parts)


def slots_in(
    book: Book, rows: Ragged, slot_in: SlotIn, only: "npt.NDArray[np.bool_] | None" = None
) -> Placed:
    """Find the slots of rows of codes.

    Args:
        book: what the codes number.
        rows: of codes, a conversation each.
        slot_in: where a slot stands in a piece that holds it, in characters: see Style.slot_in.
        only: (rows,) bool, of which rows; all of them.
    """
    row_of = np.arange(len(rows))
    if only is not None:
        row_of = np.flatnonzero(only)
        rows = rows.take(row_of)
    codes = rows.values
    numbers = codes & NUMBER
    marks = np.flatnonzero(numbers < len(MARKS))
    lengths = book.lengths(codes).astype(np.int64)
    ends = np.cumsum(lengths)
    offsets = np.append(ends[marks], lengths.sum())  # a mark has no text
    full = np.diff(offsets) > 0
    texts = gather(book.take(codes), np.append(marks, len(codes))).filter(as_arrow(full))
    number = np.cumsum(full) - 1  # of each mark's text

    at = np.flatnonzero(((codes & SLOT) != 0) & (lengths > 0))
    mark = np.searchsorted(marks, at, side="right") - 1
    slot = ((codes[at] & SLOT) >> SLOT_SHIFT).astype(np.int64)
    first, last = _extents(book, codes[at] & (SLOT | NUMBER), slot_in)
    begin = ends[at] - lengths[at] - offsets[mark]
    whose = np.repeat(row_of, rows.lengths)[marks[full]]
    return Placed(texts, whose, slot, number[mark], begin + first, begin + last, begin)


def _extents(book: Book, codes: npt.NDArray[np.int32], slot_in: SlotIn) -> tuple[Ints, Ints]:
    """Where each piece's slot starts and stops, in bytes of the piece: once for each distinct piece."""
    distinct, back = np.unique(codes, return_inverse=True)
    found = np.zeros((len(distinct), 2), dtype=np.int64)
    kinds = (distinct >> SLOT_SHIFT).tolist()
    for place, (kind, text) in enumerate(zip(kinds, book.take(distinct).to_pylist(), strict=True)):
        start, stop = slot_in(SLOTS[kind], text)
        found[place] = len(text[:start].encode()), len(text[:stop].encode())
    return found[back, 0], found[back, 1]


def _joined(parts: Sequence[Placed]) -> Placed:
    shift = offsets_of([len(part.texts) for part in parts])
    texts = [part.text + by for part, by in zip(parts, shift[:-1], strict=True)]
    names = ("row", "slot", "start", "stop", "begin")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Placed(
        texts=pa.concat_arrays([part.texts for part in parts]), text=np.concatenate(texts), **columns
    )
