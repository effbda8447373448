"""Composing: token ids of texts that are made of pieces, by encoding each piece once.

Where a seam between two pieces is a safe cut, the ids of both together are the ids of one and of the other
(tokenizer/proofs.py proves it from the split pattern, for any text around). Pieces whose seams are not
proved are joined first and encoded as one. So the result is always what the tokenizer itself makes of the
whole text, and most of it is looked up.

>>> import numpy as np, pyarrow as pa
>>> from tokenizer.encoding import open_encoding
>>> composer = Composer(open_encoding(None))
>>> book = pa.array(["W:", " s", " t"])
>>> ids = composer.compose(np.array([0, 1, 2]), np.array([0]), lambda codes: book.take(pa.array(codes)))
>>> ids.values.tolist() == open_encoding(None).encode("W: s t")
True
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tokenizer.encoding import Encoding
from tokenizer.proofs import left_shape, right_shape, safe_cut

Ints = npt.NDArray[np.int64]
Take = Callable[[npt.NDArray[Any]], pa.StringArray]


@dataclass(frozen=True)
class Composed:
    """Token ids of groups of pieces: those that had to be encoded together.

    Attributes:
        first: (groups,) the place of each group's first piece.
        offsets: (groups + 1,) where each group's ids start.
        values: (offsets[-1],) the ids.
    """

    first: Ints
    offsets: Ints
    values: npt.NDArray[np.int32]


class Composer:
    """Composes token ids for one tokenizer and one book; remembers the ids of every piece.

    Args:
        encoding: of the tokenizer.
    """

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self._pool = np.empty(1 << 16, dtype=np.int32)
        self._used = 0
        self._start = np.empty(0, dtype=np.int64)  # by code: where its ids start; -1: not encoded yet
        self._length = np.empty(0, dtype=np.int32)
        self._edges = np.empty((0, 2), dtype=np.int32)  # by code: its left and right shape; -1: not known
        self._shapes: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._safe = np.full((64, 64), -1, dtype=np.int8)  # by right shape of one, left shape of the next
        self._glued: dict[str, int] = {}

    def compose(self, codes: npt.NDArray[Any], starts: npt.NDArray[Any], take: Take) -> Composed:
        """Compose the ids of texts.

        Args:
            codes: (n,) numbers of the pieces, end to end; the same number is always the same text, and no
                piece is empty.
            starts: rising, the places where a text of its own starts; the first is 0.
            take: gives the texts of codes.
        """
        if not len(codes):
            empty = np.zeros(0, dtype=np.int64)
            return Composed(empty, np.zeros(1, dtype=np.int64), empty.astype(np.int32))
        self._grow(int(codes.max()) + 1)
        cut = self._cuts(codes, take)
        cut[starts] = True
        first = np.flatnonzero(cut)
        sizes = np.diff(np.append(first, len(codes)))
        start, length = self._single(codes[first], sizes == 1, take)
        together = np.flatnonzero(sizes > 1)
        if len(together):
            start[together], length[together] = self._groups(codes, first[together], sizes[together], take)
        offsets = np.zeros(len(first) + 1, dtype=np.int64)
        np.cumsum(length, out=offsets[1:])
        places = np.repeat(start - offsets[:-1], length) + np.arange(offsets[-1])
        return Composed(first, offsets, self._pool[places])

    def _grow(self, size: int) -> None:
        if size > len(self._start):
            more = max(size, 2 * len(self._start)) - len(self._start)
            self._start = np.concatenate((self._start, np.full(more, -1, dtype=np.int64)))
            self._length = np.concatenate((self._length, np.zeros(more, dtype=np.int32)))
            self._edges = np.concatenate((self._edges, np.full((more, 2), -1, dtype=np.int32)))

    def _cuts(self, codes: npt.NDArray[Any], take: Take) -> npt.NDArray[np.bool_]:
        """Say before which pieces a cut is proved safe: (n,); what stands further left can't spoil it."""
        cut = np.ones(len(codes), dtype=np.bool_)
        pattern = self.encoding.pattern
        if pattern is None or not self.encoding.concatenates:
            cut[:] = False
            return cut
        new = np.unique(codes[self._edges[codes, 0] < 0])
        if len(new):
            texts = take(new)
            for side, shape in ((0, left_shape), (1, right_shape)):
                numbers = self._shapes[side]
                edge = (
                    pc.utf8_slice_codeunits(texts, 0, 4)
                    if side == 0
                    else pc.utf8_slice_codeunits(texts, -16, None)
                )
                distinct = edge.dictionary_encode()
                found = [
                    numbers.setdefault(shape(text), len(numbers)) for text in distinct.dictionary.to_pylist()
                ]
                self._edges[new, side] = np.array(found, dtype=np.int32)[distinct.indices.to_numpy()]
            most = max(len(numbers) for numbers in self._shapes)
            if most > len(self._safe):
                larger = np.full((2 * most, 2 * most), -1, dtype=np.int8)
                larger[: len(self._safe), : len(self._safe)] = self._safe
                self._safe = larger
        left, right = self._edges[codes[:-1], 1], self._edges[codes[1:], 0]
        safe = self._safe[left, right]
        if (safe < 0).any():
            texts_of = [list(numbers) for numbers in self._shapes]
            unknown = np.unique(left[safe < 0].astype(np.int64) * len(self._safe) + right[safe < 0])
            for pair in unknown.tolist():
                a, b = divmod(pair, len(self._safe))
                self._safe[a, b] = safe_cut(texts_of[1][a], texts_of[0][b], pattern)
            safe = self._safe[left, right]
        cut[1:] = safe == 1
        return cut

    def _single(self, codes: npt.NDArray[Any], alone: npt.NDArray[np.bool_], take: Take) -> tuple[Any, Any]:
        wanted = codes[alone]
        new = np.unique(wanted[self._start[wanted] < 0])
        if len(new):
            self._start[new], self._length[new] = self._encode(take(new).to_pylist())
        return self._start[codes], self._length[codes].astype(np.int64)

    def _groups(self, codes: npt.NDArray[Any], first: Ints, sizes: Ints, take: Take) -> tuple[Any, Any]:
        """Join the pieces of each group, and encode the distinct joins."""
        ends = np.cumsum(sizes)
        inner = np.repeat(first - (ends - sizes), sizes) + np.arange(ends[-1])
        pieces = take(codes[inner])
        edges = np.frombuffer(pieces.buffers()[1], dtype=np.int32)[np.concatenate(([0], ends))]
        joined = pa.StringArray.from_buffers(
            len(first), pa.py_buffer(edges), pieces.buffers()[2]
        ).dictionary_encode()
        starts, lengths = self._encode(joined.dictionary.to_pylist())
        numbers = joined.indices.to_numpy()
        return starts[numbers], lengths[numbers]

    def _encode(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Encode texts into the pool: where each starts, and how many ids it has."""
        encoded = self.encoding.encode_batch(texts)
        lengths = np.array([len(ids) for ids in encoded], dtype=np.int64)
        starts = self._used + np.concatenate(([0], np.cumsum(lengths)[:-1]))
        end = self._used + int(lengths.sum())
        if end > len(self._pool):
            self._pool = np.concatenate((self._pool, np.empty(max(end, len(self._pool)), dtype=np.int32)))
        self._pool[self._used : end] = [i for ids in encoded for i in ids]
        self._used = end
        return starts, lengths
