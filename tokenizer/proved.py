r"""Proofs of many cuts at once: each distinct pair of contexts is proved once.

>>> import pyarrow as pa
>>> from tokenizer.measure import Slots
>>> from tokenizer.patterns import pattern
>>> slots = Slots.of([(0, 2, 4), (0, 5, 6)])  # " s" and "t"
>>> proved(pa.array(["1: s,t"]), slots, pattern("cl100k")).tolist()
[True, False]

Run: python -m doctest tokenizer/proved.py
"""

import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tokenizer.cutting import Ints, buffer_of, slices
from tokenizer.measure import Slots
from tokenizer.patterns import SplitPattern
from tokenizer.proofs import begins, left_shape, right_shape, safe_cut

_NEAR, _FAR = 3, 16  # characters that a proof reads on both sides; FAR left of marks and slashes
_BITS = 21  # of a character


def proved(texts: pa.StringArray, slots: Slots, pattern: SplitPattern) -> npt.NDArray[np.bool_]:
    """Whether both edges of each slot are proved to be cuts, by the pattern alone: (slots,).

    The start and the end of a text count as proved: a control token stands there, or nothing.
    """
    contexts = _Contexts(texts)
    safe = np.ones(len(slots), dtype=np.bool_)
    for edge, holds in ((slots.start, begins), (slots.stop, safe_cut)):
        inner = (edge > 0) & (edge < contexts.lengths[slots.text])
        # Slots that follow each other share an edge, and rows share texts.
        places, back = np.unique(contexts.offsets[slots.text[inner]] + edge[inner], return_inverse=True)
        safe[inner] &= _proofs(holds, *contexts.at(places), pattern)[back]
    return safe


def _proofs(
    holds: Callable[[str, str, SplitPattern], bool], left: Any, right: Any, pattern: SplitPattern
) -> npt.NDArray[np.bool_]:
    """Prove cuts between texts, each given as distinct texts and (n,) numbers of them."""
    sides = []
    for (texts, numbers), shape in ((left, right_shape), (right, left_shape)):
        shapes: dict[str, int] = {}
        found = np.array([shapes.setdefault(shape(text), len(shapes)) for text in texts], dtype=np.int64)
        sides.append((list(shapes), found[numbers] if len(found) else numbers))
    (lefts, before), (rights, after) = sides
    pairs, back = np.unique(before * len(rights) + after, return_inverse=True)
    safe = [holds(lefts[pair // len(rights)], rights[pair % len(rights)], pattern) for pair in pairs.tolist()]
    return np.array(safe, dtype=np.bool_)[back]


class _Contexts:
    """The characters around places in texts."""

    def __init__(self, texts: pa.StringArray) -> None:
        self._data, self.offsets = buffer_of(texts)
        self.lengths = np.diff(self.offsets)
        self._chars = np.frombuffer(self._data.tobytes().decode().encode("utf-32-le"), dtype=np.uint32)
        heads = (self._data & 0xC0) != 0x80
        self._byte_of = np.append(np.flatnonzero(heads), len(self._data))  # (chars + 1,)
        self._char_of = np.concatenate(([0], np.cumsum(heads)))  # (bytes + 1,) characters before each byte
        seen = np.zeros(0x110000, dtype=np.bool_)
        seen[self._chars] = True
        # By code point plus 1; 0 stands for what is outside of the text.
        self._alone, self._far, self._letter = (np.zeros(0x110001, dtype=np.bool_) for _ in range(3))
        for char in np.flatnonzero(seen).tolist():
            kind = unicodedata.category(chr(char))[0]
            self._letter[char + 1] = kind == "L"
            self._alone[char + 1] = kind in "LN"
            self._far[char + 1] = kind == "M" or char == ord("/")

    def at(self, places: Ints) -> tuple[Any, Any]:
        """What stands left and right of places, rising: distinct texts, and (n,) their numbers."""
        text = np.searchsorted(self.offsets, places, side="right") - 1
        at = self._char_of[places]
        low, high = self._char_of[self.offsets[text]], self._char_of[self.offsets[text + 1]]
        near = [self._char(at - back, low, high) for back in range(_NEAR, 0, -1)]
        for char in near[:-1]:
            char[self._alone[near[-1]]] = 0  # left of a letter or a digit nothing matters
        left_texts, left = _distinct(near)
        first, second, third = (self._char(at + on, low, high) for on in range(_NEAR))
        # A contraction begins with an apostrophe, or is looked for in two letters; else one character counts.
        third[first != ord("'") + 1] = 0
        second[~self._letter[first] & (first != ord("'") + 1)] = 0
        right = _distinct([first, second, third])
        far = np.flatnonzero(self._far[near[-1]] | self._far[near[-2]])
        if len(far):
            starts = self._byte_of[np.maximum(at[far] - _FAR, low[far])]
            found = slices(self._data, starts, places[far]).dictionary_encode()
            left[far] = len(left_texts) + found.indices.to_numpy()
            left_texts += found.dictionary.to_pylist()
        return (left_texts, left), right

    def _char(self, at: Ints, low: Ints, high: Ints) -> Ints:
        """The code points of characters plus 1, (n,); 0 outside of the text."""
        inside = (at >= low) & (at < high)
        return np.where(inside, self._chars[np.where(inside, at, 0)].astype(np.int64) + 1, 0)


def _distinct(chars: list[Ints]) -> tuple[list[str], Ints]:
    """Number distinct short texts, given by their characters: lists of (n,) code points plus 1."""
    key = np.zeros(len(chars[0]), dtype=np.int64)
    for char in chars:
        key = (key << _BITS) | char
    keys, numbers = np.unique(key, return_inverse=True)
    texts = []
    for found in keys.tolist():
        points = [(found >> (_BITS * shift)) & ((1 << _BITS) - 1) for shift in range(len(chars) - 1, -1, -1)]
        texts.append("".join(chr(point - 1) for point in points if point))
    return texts, numbers.astype(np.int64)
