"""Hashes of many texts at once, the same in every process: to find equal texts without keeping them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.ragged import offsets_of
from generators.rows import key_of, mix

Hashes = npt.NDArray[np.uint64]

# Random numbers for the places of a text's words of eight bytes; past the last they come again, mixed with
# the round.
_PLACES = mix(key_of("text hash", "places"), np.arange(4096))
_AT_ONCE = 1 << 18  # bytes: what is made of them stays in a core's cache
_ROUNDS = [(np.uint64(31), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(29), np.uint64(0x94D049BB133111EB))]
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def text_hashes(texts: pa.StringArray) -> Hashes:
    """Hash texts to 64 bits each.

    Every eight bytes are hashed under a key of their place, and summed; two texts of a million share a hash
    with a chance of about 10**-7.

    Args:
        texts: (n,) without nulls.

    Returns:
        (n,) uint64.

    >>> a, b, c = text_hashes(pa.array(["pear", "reap", "pear"]))
    >>> a == c, a == b
    (np.True_, np.False_)
    """
    n = len(texts)
    if n == 0:
        return np.empty(0, dtype=np.uint64)
    ends = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + n + 1]
    data = np.frombuffer(texts.buffers()[2] or b"", dtype=np.uint8)
    total = np.zeros(n, dtype=np.uint64)
    for start, stop in _stretches(ends):
        own = ends[start : stop + 1].astype(np.int64)
        # Eight bytes more, for the last text's last word.
        held = np.zeros(own[-1] - own[0] + 8, dtype=np.uint8)
        held[:-8] = data[own[0] : own[-1]]
        _sum_words(held, own - own[0], total[start:stop])
    return mix(total, np.diff(ends))


def _stretches(ends: npt.NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Cut texts into stretches of about as many bytes: first and last of each; a long text stands alone."""
    start, n = 0, len(ends) - 1
    while start < n:
        stop = int(np.searchsorted(ends, int(ends[start]) + _AT_ONCE, side="right")) - 1
        stop = min(max(stop, start + 1), n)
        yield start, stop
        start = stop


def _sum_words(held: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], total: Hashes) -> None:
    """Sum the hashes of the words of each text."""
    lengths = np.diff(ends)
    words = (lengths + 7) >> 3
    filled = np.flatnonzero(words)
    if not len(filled):
        return
    lengths, words, starts = lengths[filled], words[filled], ends[:-1][filled]
    edges = offsets_of(words)
    place = np.arange(edges[-1]) - np.repeat(edges[:-1], words)
    # Words begin at any byte: eight views in one, a byte apart.
    every = np.ndarray((len(held) - 7,), np.dtype("<u8"), held.data, strides=(1,))
    found = every[np.repeat(starts, words) + 8 * place]
    last = edges[1:] - 1
    found[last] &= _ALL >> ((8 * words - lengths).astype(np.uint64) << np.uint64(3))
    keys = _PLACES[place & 4095]
    if words.max() > 4096:
        far = np.flatnonzero(place > 4095)
        keys[far] = mix(keys[far], place[far] >> 12)
    # Half of splitmix64, in place: the sum is mixed once more.
    found ^= keys
    for shift, multiplier in _ROUNDS:
        found *= multiplier
        np.right_shift(found, shift, out=keys)
        found ^= keys
    total[filled] = np.add.reduceat(found, edges[:-1])


def among(hashes: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    """Say which hashes, (n,), are among those known, which are distinct and rising, and not sorted again.

    >>> among(np.array([3, 1, 9], dtype=np.uint64), np.array([1, 3], dtype=np.uint64)).tolist()
    [True, True, False]
    """
    if not len(known):
        return np.zeros(len(hashes), dtype=np.bool_)
    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return known[at] == hashes
