"""Seams: where two pieces of a script meet and no cut between tokens is proved safe.

At such a seam a token may begin in one piece and end in the next: a letter glued to the colon before it. Ids
are right there all the same, since such pieces are encoded as one (tokenizer.compose). But what a model sees
of a word or letter then depends on what stands beside it; and where the one piece is trained on and the other
is not, the loss mask has no place to change, which is an error for whoever writes token ids.

>>> from generators.columns import Column
>>> from generators.pieces import assistant, slot, text
>>> letter = slot("letter in prose", Column.of(["r", "a"]))
>>> book = Book()
>>> rows = book.set([assistant(text("It is:", letter, "."))], 2)
>>> [seam] = unsafe_seams(book, rows)
>>> seam.left, seam.right, seam.rows, "nanochat" in seam.patterns, "gpt2" in seam.patterns
('It is:', 'r', 2, True, False)
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from generators.book import Book
from generators.parts import writes
from generators.pieces import FIRST_PART, MARKS, NUMBER, SLOT, SLOT_SHIFT, SLOTS
from generators.ragged import Ragged
from tokenizer.patterns import NAMES, SplitPattern, pattern
from tokenizer.proofs import left_shape, right_shape, safe_cut

_CODE = SLOT | NUMBER  # of a code, what tells pieces apart
_WIDTH = 29  # its bits
_PROMPT, _EDGE = 2, 1  # bits of a key behind two codes


@dataclass(frozen=True)
class Seam:
    """A kind of seam at which no cut is proved safe.

    Attributes:
        left, right: the texts of the two pieces, of the pair that comes most often.
        slots: which slots they are, "" for none.
        rows: how many rows have it.
        patterns: names of the split patterns on which it is not proved.
        prompt: it is in what a person asks.
        edge: one of the two is trained on and the other is not.
    """

    left: str
    right: str
    slots: tuple[str, str]
    rows: int
    patterns: tuple[str, ...]
    prompt: bool
    edge: bool

    @property
    def matters(self) -> bool:
        """Whether a token may run into a word or letter of an answer, or over an edge of the loss mask.

        At a newline none does: pre-tokens take newlines along after punctuation, and never before letters.
        """
        at_newline = "newline" in (sort_of(self.left[-1]), sort_of(self.right[0]))
        return not self.prompt and (self.edge or not at_newline)


def unsafe_seams(book: Book, rows: Ragged, patterns: Sequence[SplitPattern] = ()) -> list[Seam]:
    """List the kinds of seams that are not proved safe on some pattern, those that matter most first.

    Two seams are of one kind where their pieces are the same slots, or end and begin with characters of the
    same sort, both in prompts or in answers, both at an edge of what is trained on or not.

    Args:
        book: what the codes number.
        rows: the codes of conversations.
        patterns: all that Hornbook knows, unless given.
    """
    patterns = patterns or [pattern(name) for name in NAMES]
    keys, row_of = _met(book, rows)
    pairs, pair_of, times = np.unique(keys, return_inverse=True, return_counts=True)
    lefts, rights, flags = (pairs >> (_WIDTH + 2)) & _CODE, (pairs >> 2) & _CODE, pairs & 3
    ends, starts = _shapes(book, lefts, right_shape, -16), _shapes(book, rights, left_shape, 0)
    safe = cache(lambda left, right: [safe_cut(left, right, pattern) for pattern in patterns])
    kinds: dict[tuple[str, str, int], int] = {}
    first: list[int] = []  # of each kind, its commonest pair
    unproved: list[set[int]] = []
    kind_of = np.full(len(pairs), -1)
    # Over distinct pairs of pieces, of which a thousand rows have some thousands.
    for place in np.argsort(-times, kind="stable").tolist():
        proved = safe(ends[place], starts[place])
        if all(proved):
            continue
        kind = (
            _slot(lefts[place]) or sort_of(ends[place][-1]),
            _slot(rights[place]) or sort_of(starts[place][0]),
            int(flags[place]),
        )
        if kind not in kinds:
            kinds[kind] = len(kinds)
            first.append(place)
            unproved.append(set())
        kind_of[place] = kinds[kind]
        unproved[kinds[kind]] |= {number for number, known in enumerate(proved) if not known}
    at = kind_of[pair_of]
    counts = np.bincount(
        np.unique(at[at >= 0] * len(rows) + row_of[at >= 0]) // max(len(rows), 1), minlength=len(first)
    )
    seams = [
        Seam(
            book.take(lefts[place : place + 1])[0].as_py(),
            book.take(rights[place : place + 1])[0].as_py(),
            (_slot(lefts[place]), _slot(rights[place])),
            int(count),
            tuple(patterns[number].name for number in sorted(unproved[kind])),
            bool(flags[place] & _PROMPT),
            bool(flags[place] & _EDGE),
        )
        for kind, (place, count) in enumerate(zip(first, counts.tolist(), strict=True))
    ]
    return sorted(seams, key=lambda seam: (seam.prompt, not seam.edge, not seam.matters, -seam.rows))


def _met(book: Book, rows: Ragged) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return a key of each pair of pieces that meet in a part, and the row it is in: (seams,) each."""
    codes = rows.values
    numbers = codes & NUMBER
    marks = np.flatnonzero(numbers < len(MARKS))
    mark_of = np.repeat(np.arange(len(marks)), np.diff(np.append(marks, len(codes))))
    texts = np.flatnonzero((numbers >= len(MARKS)) & (book.lengths(codes) > 0))
    meet = np.flatnonzero(np.diff(mark_of[texts]) == 0)
    left, right = texts[meet], texts[meet + 1]
    trained = writes(codes)
    pieces = (codes & _CODE).astype(np.int64)
    prompt = numbers[marks][mark_of[left]] < FIRST_PART
    key = pieces[left] << (_WIDTH + 2) | pieces[right] << 2
    key |= np.where(prompt, _PROMPT, 0) | np.where(trained[left] != trained[right], _EDGE, 0)
    return key, rows.spread(np.arange(len(rows)))[left]


def _shapes(book: Book, codes: npt.NDArray[Any], shape: Callable[[str], str], start: int) -> list[str]:
    """Return of each text what decides whether a cut at its end, or at its start, is safe."""
    sides = pc.utf8_slice_codeunits(book.take(codes), start, None if start else 4).dictionary_encode()
    shapes = [shape(text) for text in sides.dictionary.to_pylist()]
    return [shapes[number] for number in sides.indices.to_pylist()]


def _slot(code: int) -> str:
    return SLOTS[(int(code) & SLOT) >> SLOT_SHIFT]


def sort_of(char: str) -> str:
    """Return what sort of character it is, as an author sees it."""
    if char in "\r\n":
        return "newline"
    category = unicodedata.category(char)[0]
    if char == "'" or category == "M":
        return "apostrophe" if char == "'" else "accent"
    return "space" if char.isspace() else {"L": "letter", "N": "digit"}.get(category, "mark")
