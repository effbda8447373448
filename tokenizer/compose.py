"""Composing: token ids of texts that are made of pieces, by encoding each piece once.

Where a seam between two pieces is a safe cut, the ids of both together are the ids of one and of the other
(tokenizer/proofs.py proves it from the split pattern, for any text around). Pieces whose seams are not
proved are joined first and encoded as one. So the result is always what the tokenizer itself makes of the
whole text, and most of it is looked up.

>>> import numpy as np, pyarrow as pa
>>> from tokenizer.encoding import open_encoding
>>> composer, book = Composer(open_encoding(None), marks=1), pa.array(["", "W:", " s", " t"])
>>> composed = composer.compose(np.array([0, 1, 2, 3]), lambda codes: book.take(pa.array(codes)))
>>> composer.pool.take(composed.entries)[1].tolist() == open_encoding(None).encode("W: s t")
True
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tokenizer.encoding import Encoding
from tokenizer.pool import Pool
from tokenizer.room import room
from tokenizer.seams import Seams

Ints = npt.NDArray[np.int64]
Take = Callable[[npt.NDArray[Any]], pa.StringArray]


@dataclass(frozen=True)
class Composed:
    """Groups of pieces that were encoded together; most groups are one piece, and every mark is one.

    Attributes:
        first: (groups,) the place of each group's first piece; None: every piece is a group.
        entries: (groups,) the number of each group's ids in the composer's pool, untrained.
    """

    first: Ints | None
    entries: npt.NDArray[np.int32]


class Composer:
    """Composes token ids for one tokenizer and one book; remembers the ids of every piece.

    Args:
        encoding: of the tokenizer.
        marks: codes below it are no text: each is where a text of its own starts or ends.
    """

    def __init__(self, encoding: Encoding, marks: int) -> None:
        self.encoding = encoding
        self.pool = Pool()
        self._seams = Seams(encoding.pattern if encoding.concatenates else None, marks)
        # By code; 0: not encoded yet. So nothing has the pool's first entry.
        self._entries = np.full(marks, self.pool.add([[], []])[1], dtype=np.int32)
        self._joins = _Joins()
        self._of_join = np.zeros(1, dtype=np.int32)  # by number of a join

    def compose(self, codes: npt.NDArray[Any], take: Take) -> Composed:
        """Compose the ids of texts.

        Args:
            codes: (n,) numbers of marks and pieces, the first a mark; a number is always the same text.
            take: gives the texts of codes.
        """
        if not len(codes):
            return Composed(None, np.empty(0, dtype=np.int32))
        self._entries = room(self._entries, int(codes.max()) + 1)
        cut = self._seams.cuts(codes, take)
        if cut is None:
            return Composed(None, self._single(codes, take))
        first = np.flatnonzero(cut)
        sizes = np.diff(np.append(first, len(codes)))
        together = np.flatnonzero(sizes > 1)
        # Where a group is glued its first piece may never be needed alone: the mark's entry stands in.
        alone = codes[first]
        alone[together] = 0
        entries = self._single(alone, take)
        entries[together] = self._glued(codes, first[together], sizes[together], take)
        return Composed(first, entries)

    def _single(self, codes: npt.NDArray[Any], take: Take) -> npt.NDArray[np.int32]:
        entries = self._entries[codes]
        if not entries.all():
            new = np.unique(codes[entries == 0])
            self._entries[new] = self.pool.add(self.encoding.encode_batch(take(new).to_pylist()))
            entries = self._entries[codes]
        return entries

    def _glued(self, codes: npt.NDArray[Any], first: Ints, sizes: Ints, take: Take) -> Any:
        """Return the entries of groups of several pieces, encoding the joins that are new."""
        joins = codes[first].astype(np.int64)
        for place in range(1, int(sizes.max())):
            longer = np.flatnonzero(sizes > place)
            joins[longer] = self._joins.number(joins[longer], codes[first[longer] + place])
        joins -= _JOINED
        self._of_join = room(self._of_join, len(self._joins))
        entries = self._of_join[joins]
        if not entries.all():
            new, where = np.unique(joins[entries == 0], return_index=True)
            where = np.flatnonzero(entries == 0)[where]
            ends = np.cumsum(sizes[where])
            inner = np.repeat(first[where] - ends + sizes[where], sizes[where]) + np.arange(ends[-1])
            pieces = take(codes[inner])
            edges = np.frombuffer(pieces.buffers()[1], dtype=np.int32)[np.concatenate(([0], ends))]
            data = pieces.buffers()[2] or pa.py_buffer(b"")
            texts = pa.StringArray.from_buffers(len(new), pa.py_buffer(edges), data)
            self._of_join[new] = self.pool.add(self.encoding.encode_batch(texts.to_pylist()))
            entries = self._of_join[joins]
        return entries


_JOINED = 1 << 30  # numbers from here on are joins, those below codes of pieces


class _Joins:
    """Numbers sequences of codes: each is a shorter one and one more code."""

    def __init__(self) -> None:
        self._keys = np.empty(0, dtype=np.int64)  # sorted: a sequence and the code that follows it
        self._numbers = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._keys)

    def number(self, before: Ints, codes: npt.NDArray[Any]) -> Ints:
        """Return the numbers of sequences with a code behind each, (n,)."""
        distinct, back = np.unique(before << 32 | codes, return_inverse=True)
        at = np.searchsorted(self._keys, distinct)
        known = np.zeros(len(distinct), dtype=np.bool_)
        inside = at < len(self._keys)
        known[inside] = self._keys[at[inside]] == distinct[inside]
        if not known.all():
            new = ~known
            fresh = _JOINED + len(self._keys) + np.arange(int(new.sum()))
            self._keys = np.insert(self._keys, at[new], distinct[new])
            self._numbers = np.insert(self._numbers, at[new], fresh)
            at = np.searchsorted(self._keys, distinct)
        return self._numbers[at][back]
