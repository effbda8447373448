"""Runs of words as hashes: to find what stands in a benchmark, for many texts at once.

A word is a run of letters and digits, whatever their case; a character of Chinese or Japanese is one by
itself. Signs count for nothing.

>>> one, other = pa.array(["It is, as you know, the end."]), pa.array(["it is as YOU know the end of it"])
>>> grams(one, 7).values.tolist() == grams(other, 7).values.tolist()[:1]
True
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.hashes import Hashes, text_hashes
from generators.ragged import Ragged, offsets_of
from generators.rows import mix

SHORTEST = 5  # words of a text that is looked for though it has fewer than a run
_STEP = np.uint64(0x9E3779B97F4A7C15)
_WORD = np.zeros(256, dtype=np.bool_)  # bytes of words
_WORD[[*b"0123456789abcdefghijklmnopqrstuvwxyz"]] = True
_WORD[0x80:] = True


def words(texts: pa.StringArray) -> Ragged:
    """Hash the words of texts, a row each."""
    n = len(texts)
    if not n:
        return Ragged(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint64))
    lower = pc.utf8_lower(texts)
    edges = np.frombuffer(lower.buffers()[1], dtype=np.int32)[lower.offset : lower.offset + n + 1]
    buffer = lower.buffers()[2] or pa.py_buffer(b"")
    data = np.frombuffer(buffer, dtype=np.uint8)[edges[0] : edges[-1]]
    ends = edges.astype(np.int64) - edges[0]
    inside = _WORD[data]
    _drop_signs(data, inside)
    alone = (data >= 0xE3) & (data <= 0xE9) & inside  # the first byte of a character of Chinese or Japanese
    begins = np.zeros(len(data) + 1, dtype=np.bool_)
    begins[0] = True
    begins[1:-1] = ~inside[:-1]
    begins[ends] = True
    begins[:-1] |= alone
    begins[3:] |= alone[:-2] if len(data) > 2 else False
    begins[:-1] &= inside
    starts = np.flatnonzero(begins[:-1])
    closes = inside.copy()
    closes[:-1] &= ~inside[1:] | begins[1:-1]
    last = ends[1:][np.diff(ends) > 0] - 1
    closes[last] = inside[last]
    stops = np.flatnonzero(closes) + 1
    pairs = np.empty(2 * len(starts) + 1, dtype=np.int32)  # words, and what stands between them
    pairs[:-1:2], pairs[1::2] = starts, stops
    pairs[-1] = len(data)
    spans = pa.StringArray.from_buffers(2 * len(starts), pa.py_buffer(pairs), pa.py_buffer(data))
    return Ragged(np.searchsorted(starts, ends), text_hashes(spans)[::2])


def _drop_signs(data: npt.NDArray[np.uint8], inside: npt.NDArray[np.bool_]) -> None:
    """Take signs beyond ASCII for none of a word's: those of Latin-1, General Punctuation and of CJK."""
    for lead, low, high, length in (
        (0xC2, 0xA0, 0xBF, 2),
        (0xE2, 0x80, 0x81, 3),
        (0xE3, 0x80, 0x80, 3),
        (0xEF, 0xBC, 0xBD, 3),
    ):
        at = np.flatnonzero(data[:-1] == lead)
        at = at[(data[at + 1] >= low) & (data[at + 1] <= high)]
        for place in range(length):
            inside[at + place] = False


def grams(texts: pa.StringArray, n: int) -> Ragged:
    """Hash every run of n words of each text; a shorter text as a whole, if it has SHORTEST words."""
    found = words(texts)
    counts = found.lengths
    runs = np.where(counts >= n, counts - n + 1, (counts >= SHORTEST).astype(np.int64))
    offsets = offsets_of(runs)
    start = np.repeat(found.starts - offsets[:-1], runs) + np.arange(offsets[-1])
    size = np.repeat(np.minimum(counts, n), runs)
    total = np.zeros(len(start), dtype=np.uint64)
    values: Hashes = found.values
    for place in range(n):
        long = size > place
        if long.all():
            total *= _STEP
            total += values[start + place]
        else:
            total[long] = total[long] * _STEP + values[start[long] + place]
    return Ragged(offsets, mix(total, size))
