"""Seams: between which neighbouring pieces a split pattern is proved to cut, for a whole batch at once.

A proof reads the end of one piece and the start of the next (tokenizer/boundaries.py). Both are reduced to
shapes, of which there are few, so each pair of shapes is proved once and then looked up.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tokenizer.patterns import SplitPattern
from tokenizer.proofs import (
    left_shape,
    left_shape_of_two,
    line_cut,
    right_shape,
    right_shape_of_last,
    safe_cut,
)
from tokenizer.room import room

Take = Callable[[npt.NDArray[Any]], pa.StringArray]

_UNKNOWN, _MARK, _EMPTY = 0, 1, 2  # shapes of what was not looked at, is no text, and has no end to look at
_HALF = 16  # bits: the shape of a start stands above that of an end
_LOW = np.int32((1 << _HALF) - 1)


class Seams:
    """Remembers the shapes of pieces and the proofs of their seams.

    Args:
        pattern: the split pattern; None where nothing can be proved.
        marks: codes below it are marks; beside one there is always a cut.
    """

    def __init__(self, pattern: SplitPattern | None, marks: int) -> None:
        self._pattern = pattern
        # By code: the shapes of its start and its end in one number, for they are looked up together.
        self._edges = np.full(marks, _MARK << _HALF | _MARK, dtype=np.int32)
        # Shape to number, from 1. What is no text has none that a text could have.
        self._starts: dict[str | None, int] = {None: _MARK, "": _EMPTY}
        self._ends: dict[str | None, int] = {None: _MARK, "": _EMPTY}
        self._bits = 6
        self._safe = self._table()

    def _table(self) -> npt.NDArray[np.int8]:
        """Return a table of proofs, by end << bits | start: 1 safe, 0 not, -1 not known yet."""
        table = np.full((1 << self._bits, 1 << self._bits), -1, dtype=np.int8)
        table[_EMPTY], table[:, _EMPTY] = 0, 0
        table[_MARK], table[:, _MARK] = 1, 1
        return table.reshape(-1)

    def cuts(self, codes: npt.NDArray[Any], take: Take) -> npt.NDArray[np.bool_] | None:
        """Say before which pieces a cut is safe, (n,); None: before all.

        Args:
            codes: (n,) of marks and pieces, the first a mark.
            take: gives the texts of codes.
        """
        self._edges = room(self._edges, int(codes.max()) + 1)
        edges = self._edges[codes]
        if not edges.all():
            self._learn(np.unique(codes[edges == _UNKNOWN]), take)
            edges = self._edges[codes]
        seams = (edges[:-1] & _LOW) << self._bits | edges[1:] >> _HALF
        safe = self._safe[seams]
        if len(safe) and safe.min() < 0:
            self._prove(np.unique(seams[safe < 0]))
            safe = self._safe[seams]
        if safe.all():
            return None
        return np.concatenate(([True], safe.view(np.bool_)))

    def _learn(self, codes: npt.NDArray[Any], take: Take) -> None:
        if self._pattern is None:
            self._edges[codes] = _EMPTY << _HALF | _EMPTY
            return
        texts = take(codes)
        # Of most texts the first two characters are enough, and the last: such edges are few.
        two, three = pc.utf8_slice_codeunits(texts, 0, 2), partial(pc.utf8_slice_codeunits, start=0, stop=3)
        starts = _numbered(texts, two, left_shape_of_two, three, left_shape, self._starts)
        last, reach = pc.utf8_slice_codeunits(texts, -1, None), partial(pc.utf8_slice_codeunits, start=-16)
        ends = _numbered(texts, last, right_shape_of_last, reach, right_shape, self._ends)
        self._edges[codes] = starts << _HALF | ends
        if max(len(self._starts), len(self._ends)) >= 1 << self._bits:
            while max(len(self._starts), len(self._ends)) >= 1 << self._bits:
                self._bits += 1
            self._safe = self._table()  # what was proved is proved again

    def _prove(self, seams: npt.NDArray[Any]) -> None:
        ends, starts = [None, *self._ends], [None, *self._starts]
        for seam in seams.tolist():
            end, start = ends[seam >> self._bits], starts[seam & ((1 << self._bits) - 1)]
            if end is None or start is None or self._pattern is None:
                continue  # never: the table has these
            proved = safe_cut(end, start, self._pattern) or line_cut(end, start, self._pattern)
            self._safe[seam] = proved


def _numbered(
    texts: pa.StringArray,
    short: pa.StringArray,
    shape_of_short: Callable[[str], str | None],
    longer: Callable[[pa.StringArray], pa.StringArray],
    shape: Callable[[str], str],
    numbers: dict[str | None, int],
) -> npt.NDArray[np.int32]:
    """Number the shapes of texts' edges: of the short edge where that is enough, else of the longer one."""
    distinct = short.dictionary_encode()
    shapes = map(shape_of_short, distinct.dictionary.to_pylist())
    known = [-1 if found is None else numbers.setdefault(found, len(numbers) + 1) for found in shapes]
    result = np.array(known, dtype=np.int32)[distinct.indices.to_numpy()]
    rest = np.flatnonzero(result < 0)
    if len(rest):
        distinct = longer(texts.take(pa.array(rest))).dictionary_encode()
        known = [
            numbers.setdefault(shape(text), len(numbers) + 1) for text in distinct.dictionary.to_pylist()
        ]
        result[rest] = np.array(known, dtype=np.int32)[distinct.indices.to_numpy()]
    return result
