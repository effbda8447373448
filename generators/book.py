"""The book: numbers the distinct texts, and sets a script into rows of their numbers.

A conversation is a row of codes. From them, and nothing else, come the text (`Book.take`), and later
token ids, loss masks and colours. A code is the number of a text, with bits beside it: UNTRAINED,
EXCHANGE and the number of a SLOT (see generators.pieces).

>>> from generators.columns import Column, spaced
>>> from generators.pieces import assistant, text, user
>>> book, word = Book(), Column.of(["pear", "fig"])
>>> rows = book.set([user("Spell", spaced(word), "."), assistant(text(word, ":"))], 2)
>>> book.take(rows.take(np.array([1])).values).to_pylist()
['', 'Spell', ' fig', '.', '', '', 'fig', ':']
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.columns import Column, Lines
from generators.pieces import ASSISTANT, MARKS, NUMBER, SLOT, Group, Mark, Mask, Nested, Piece, Ready
from generators.ragged import Ragged, offsets_of, spread
from generators.texts import Texts
from tokenizer.room import room

Codes = npt.NDArray[np.int32]
# A table of so many texts is added for a batch that has one in so many of them; for a smaller one, those few.
LARGE, ALL_FOR = 10_000, 100


class Book:
    """Distinct texts, each with a number, end to end in one buffer that Arrow reads as it is.

    A book only grows, and tables of texts are added to it once, but for a few texts of a large one, which may
    come again. It is a cache: whoever makes many
    batches starts a new one when `bytes` has grown past what he wants to keep.
    """

    def __init__(self, room: int = 1 << 20) -> None:
        self._data = np.empty(room, dtype=np.uint8)  # what is not touched takes no memory
        self._offsets = np.zeros(1 << 16, dtype=np.int32)
        self._size = 0
        self._constants: dict[str, int] = {}
        # Weak: a table that one batch made is gone after it, though its texts stay until the book is.
        self._runs: WeakKeyDictionary[Texts, list[_Run]] = WeakKeyDictionary()
        self.add(pa.array([""] * len(MARKS), pa.string()))

    def __len__(self) -> int:
        return self._size

    @property
    def bytes(self) -> int:
        """How many bytes of text the book holds."""
        return int(self._offsets[self._size])

    @property
    def room(self) -> int:
        """How many bytes of text there is room for without moving them."""
        return len(self._data)

    def add(self, texts: pa.StringArray) -> int:
        """Append texts; returns the code of the first, the others follow."""
        n, first = len(texts), self._size
        if first + n > NUMBER:
            raise ValueError(f"a book numbers at most {NUMBER:,} texts; begin another one")
        offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + n + 1]
        start, stop = (int(offsets[0]), int(offsets[-1])) if n else (0, 0)
        end = self.bytes
        self._data = room(self._data, end + stop - start)
        self._offsets = room(self._offsets, first + n + 1)
        if stop > start:
            data = np.frombuffer(texts.buffers()[2], dtype=np.uint8)
            self._data[end : end + stop - start] = data[start:stop]
        self._offsets[first : first + n + 1] = offsets - start + end if n else end
        self._size = first + n
        return first

    def constant(self, text: str) -> int:
        """Return the code of a text, adding it if it is new."""
        if text not in self._constants:
            self._constants[text] = self.add(pa.array([text], pa.string()))
        return self._constants[text]

    def codes(self, texts: Texts, index: npt.NDArray[Any]) -> Codes:
        """Return the codes of some texts of a table, adding what the book lacks of the table."""
        runs = self._runs.setdefault(texts, [])
        known = runs[-1].stop if runs else 0
        if len(texts) - known > max(LARGE, ALL_FOR * len(index)):
            return self._few(texts, index)
        if known < len(texts):
            first = self.add(texts.slice(known, len(texts)))
            runs.append(_Run(known, len(texts), first))
        if not runs:
            return np.empty(0, dtype=np.int32)  # of an empty table
        # A table that was added at once has codes in a row; one that grew has several such runs.
        if len(runs) == 1:
            return index.astype(np.int32) + np.int32(runs[0].code)
        if runs[-1].lookup is None:
            parts = [np.arange(run.code, run.code + run.stop - run.start, dtype=np.int32) for run in runs]
            runs[-1].lookup = np.concatenate(parts)
            runs[-2].lookup = None  # each holds all of the one before it
        return runs[-1].lookup[index]

    def _few(self, texts: Texts, index: npt.NDArray[Any]) -> Codes:
        """Return the codes of a few texts of a large table, adding those alone."""
        distinct, back = np.unique(index, return_inverse=True)
        first = self.add(pa.array(texts.take(distinct), pa.string()))
        return back.astype(np.int32) + np.int32(first)

    def lengths(self, codes: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        """Return how many bytes the texts of codes have, (n,)."""
        numbers = codes & NUMBER
        return self._offsets[numbers + 1] - self._offsets[numbers]

    def take(self, codes: npt.NDArray[Any]) -> pa.StringArray:
        """Return the texts of codes, (n,), as an Arrow array whose data holds them end to end."""
        view = pa.StringArray.from_buffers(
            self._size, pa.py_buffer(self._offsets[: self._size + 1]), pa.py_buffer(self._data)
        )
        # Codes are of this book; looking again whether each is in bounds takes a tenth of the time.
        return pc.take(view, as_arrow(codes & NUMBER), boundscheck=False)

    def strings(self, rows: Ragged) -> pa.StringArray:
        """Return each row of codes as one text, (rows,)."""
        return gather(self.take(rows.values), rows.offsets)

    def set(self, pieces: Iterable[Piece], rows: int) -> Ragged:
        """Set pieces for a batch.

        Args:
            pieces: a conversation, or any part of one.
            rows: how many rows the batch has; every column has as many.

        Returns:
            The codes of each row, int32.

        Raises:
            ValueError: a column has another number of rows.
        """
        atoms = [_Atom(self, piece, mask, flags, rows) for piece, mask, flags in _flatten(pieces, None, 0)]
        sizes = np.zeros(rows, dtype=np.int64)
        for atom in atoms:
            sizes += atom.sizes
        offsets = offsets_of(sizes)
        codes = np.empty(offsets[-1], dtype=np.int32)
        at = offsets[:-1].copy()
        for atom in atoms:
            atom.write(codes, at)
        return Ragged(offsets, codes)


class Books:
    """One book at a time, for whoever makes many batches: a new one when it has grown large.

    Tables of words go into a book once, so it is kept as long as can be; texts that come only once (the
    outputs of a tool, a person's own rows) stay in it until then.
    """

    LIMIT = 32 << 20  # bytes of text

    def __init__(self) -> None:
        self._book = Book()

    def current(self) -> Book:
        """Return the book to set the next batch in."""
        if self._book.bytes > self.LIMIT or len(self._book) > NUMBER // 2:
            self._book = Book(self._book.room)  # it will hold about as much: no growing this time
        return self._book

    def __reduce__(self) -> "tuple[type[Books], tuple[()]]":
        return Books, ()


@dataclass
class _Run:
    """Texts start to stop - 1 of a table have the codes from `code` on; the last run looks up all."""

    start: int
    stop: int
    code: int
    lookup: Codes | None = None


class _Atom:
    """A piece made ready: its codes, and how many each row has of them."""

    def __init__(self, book: Book, piece: Any, mask: Mask | None, flags: int, rows: int) -> None:
        self.where = None if mask is None else np.flatnonzero(mask)
        self.sizes: Any = 1 if mask is None else mask
        self.lines: Ragged | None = None
        if isinstance(piece, Lines | Nested | Ready):
            if isinstance(piece, Ready):
                lines = Ragged(piece.codes.offsets, piece.codes.values | np.int32(flags))
            elif isinstance(piece, Nested):
                items = book.set(piece.pieces, int(piece.offsets[-1]))
                lines = Ragged(items.offsets[piece.offsets], items.values | np.int32(flags))
            else:
                codes = book.codes(piece.texts, piece.rows.values)
                lines = Ragged(piece.rows.offsets, codes | np.int32(flags))
            _check(len(lines), rows)
            self.lines = lines if mask is None else lines.where(lines.spread(mask))
            self.sizes = self.lines.lengths
        elif isinstance(piece, Column):
            _check(len(piece), rows)
            index = piece.index if self.where is None else piece.index[self.where]
            self.codes: Any = book.codes(piece.texts, index)
            if flags:
                self.codes |= np.int32(flags)
        else:
            self.codes = (piece.kind if isinstance(piece, Mark) else book.constant(piece)) | flags

    def write(self, codes: Codes, at: npt.NDArray[np.int64]) -> None:
        """Write at the places `at`, (rows,), and move them past what was written."""
        if self.lines is not None:
            codes[spread(at, self.sizes)] = self.lines.values
        elif self.where is None:
            codes[at] = self.codes
        else:
            codes[at[self.where]] = self.codes
        at += self.sizes


def _check(length: int, rows: int) -> None:
    if length != rows:
        raise ValueError(f"a piece has {length:,} rows, the batch {rows:,}")


def _flatten(
    pieces: Iterable[Piece], mask: Mask | None, flags: int
) -> Iterator[tuple[Any, Mask | None, int]]:
    """Unfold groups. Neighbouring constants become one text: fewer codes, fewer seams between tokens."""
    queue = deque(pieces)
    constant = ""
    while queue:
        piece = queue.popleft()
        if isinstance(piece, str):
            constant += piece
        elif isinstance(piece, Group) and piece.mask is None and flags | piece.flags == flags:
            queue.extendleft(reversed(piece.pieces))
        else:
            if constant:
                yield constant, mask, flags
                constant = ""
            if isinstance(piece, Group):
                inner = mask if piece.mask is None else piece.mask if mask is None else mask & piece.mask
                around = flags & ~SLOT if piece.flags & SLOT else flags  # of slots the inner one counts
                yield from _flatten(piece.pieces, inner, around | piece.flags)
            else:
                yield piece, mask, flags
    if constant:
        yield constant, mask, flags


def gather(texts: pa.StringArray, offsets: npt.NDArray[Any]) -> pa.StringArray:
    """Join runs of neighbouring texts, offsets (runs + 1,), without copying: their data is end to end."""
    ends = np.frombuffer(texts.buffers()[1], dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(ends[offsets]), texts.buffers()[2] or pa.py_buffer(b"")
    )


@dataclass(frozen=True)
class Conversations:
    """A batch of conversations, set.

    Attributes:
        book: what the codes number.
        index: (rows,) int64, each row's number in its task and split.
        text: the codes of the conversation, a row each.
        facts: the codes of its facts as JSON, a row each.
        words: the codes of the words that a row is about: none may be in both splits.
        columns: (rows,) codes by name: task, split, answer, word, letter, language, style, template,
            and what the manifest counts by.
    """

    book: Book
    index: npt.NDArray[np.int64]
    text: Ragged
    facts: Ragged
    words: Ragged
    columns: Mapping[str, Codes]

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: npt.NDArray[Any]) -> "Conversations":
        """Return the rows of these numbers, in this order."""
        return Conversations(
            self.book,
            self.index[rows],
            self.text.take(rows),
            self.facts.take(rows),
            self.words.take(rows),
            {name: codes[rows] for name, codes in self.columns.items()},
        )

    def column(self, name: str) -> pa.StringArray:
        """Return a column as texts, (rows,)."""
        return self.book.take(self.columns[name])

    def questions(self) -> pa.StringArray:
        """Return what stands before the assistant's last turn, as one text a row."""
        codes = self.text.values
        last = np.zeros(len(self), dtype=np.int64)
        turns = np.flatnonzero((codes & NUMBER) == ASSISTANT)
        last[np.searchsorted(self.text.offsets, turns, side="right") - 1] = turns
        before = np.arange(len(codes)) < self.text.spread(last)
        return self.book.strings(self.text.where(before))

    @staticmethod
    def stack(batches: Sequence["Conversations"]) -> "Conversations":
        """Stack batches of one book; a column that one lacks is empty there."""
        book = batches[0].book
        if any(batch.book is not book for batch in batches):
            raise ValueError("conversations of different books can't be stacked")
        names = dict.fromkeys(name for batch in batches for name in batch.columns)
        empty = book.constant("")
        return Conversations(
            book,
            np.concatenate([batch.index for batch in batches]),
            Ragged.concat([batch.text for batch in batches]),
            Ragged.concat([batch.facts for batch in batches]),
            Ragged.concat([batch.words for batch in batches]),
            {
                name: np.concatenate(
                    [b.columns.get(name, np.full(len(b), empty, dtype=np.int32)) for b in batches]
                )
                for name in names
            },
        )
