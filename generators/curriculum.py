"""A curriculum: the rows of a mixture from easy to hard, by the length of their words or by their count.

The order is made once, in memory that does not grow with the rows: their keys, two bytes each, and their
order, eight, lie in files that are mapped. Rows of one key come in a seeded order, and rows without one (a
source's have no word) are spread evenly over the whole.

>>> order = sort_rows(4, lambda rows: np.array([30, 10, 30, 20], dtype=np.uint16)[rows], np.uint64(7))
>>> order[:2].tolist(), sorted(order[2:].tolist())
([1, 3], [0, 2])
"""

import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.book import Conversations
from generators.graphemes import graphemes
from generators.rows import below, key_of, mix, permute

Keys = npt.NDArray[np.uint16]
Order = npt.NDArray[np.int64]
NONE = np.iinfo(np.uint16).max  # the key of a row that has none
CHUNK = 10_000  # rows at once
_SHARES = 1 << 20


def sort_rows(
    size: int, keys_of: Callable[[npt.NDArray[np.int64]], Keys], key: Any, path: str | None = None
) -> Order:
    """Sort rows by their keys.

    Args:
        size: how many rows there are.
        keys_of: returns the keys of rows, by their numbers, (rows,); NONE for those that have none.
        key: of the order among rows of one key.
        path: of a file for the order; None: one that goes with what is returned.

    Returns:
        (size,) the number of the row at each place, mapped from the file.
    """
    keys = _mapped(size, np.uint16)
    order = _mapped(size, np.int64) if path is None else np.memmap(path, np.int64, "w+", shape=(size,))
    counts = np.zeros(NONE + 1, dtype=np.int64)
    for start in range(0, size, CHUNK):
        rows = np.arange(start, min(start + CHUNK, size))
        keys[rows] = keys_of(rows)
        counts += np.bincount(keys[rows], minlength=NONE + 1)
    if counts[NONE]:
        _spread(keys, counts, key)
    ends = np.cumsum(counts) - counts  # where the next row of each key goes
    for start in range(0, size, CHUNK):
        rows = permute(np.arange(start, min(start + CHUNK, size)), size, key)
        mine = keys[rows]
        by_key = np.argsort(mine, kind="stable")
        found, first, number = np.unique(mine[by_key], return_index=True, return_counts=True)
        place = np.arange(len(rows)) - np.repeat(first, number) + np.repeat(ends[found], number)
        order[place] = rows[by_key]
        ends[found] += number
    return order


def _spread(keys: Keys, counts: npt.NDArray[np.int64], key: Any) -> None:
    """Give each row without a key one of the others', each as often as rows have it."""
    keyed = counts[:NONE].copy()
    if not keyed.any():
        keyed[0] = 1
    edges = np.cumsum(keyed) / keyed.sum() * _SHARES
    counts[:] = 0
    for start in range(0, len(keys), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(keys)))
        without = rows[keys[rows] == NONE]
        drawn = below(mix(key_of("spread") ^ key, without), _SHARES)
        keys[without] = np.searchsorted(edges, drawn, side="right")
        counts += np.bincount(keys[rows], minlength=NONE + 1)


def _mapped(size: int, dtype: Any) -> npt.NDArray[Any]:
    descriptor, name = tempfile.mkstemp(prefix="hornbook-order-")
    try:
        with os.fdopen(descriptor, "w+b") as file:
            return np.memmap(file, dtype, "w+", shape=(size,))
    finally:
        os.unlink(name)  # what is mapped stays


def open_order(path: str, size: int) -> Order | None:
    """Map an order that another process made; None where it is not here, as on another machine."""
    try:
        if os.path.getsize(path) == 8 * size:
            return np.memmap(path, np.int64, "r", shape=(size,))
    except OSError:
        pass
    return None


def lengths(conversations: Conversations) -> Keys:
    """Return how many letters the words of each row have together, (rows,)."""
    words, book = conversations.words, conversations.book
    codes, inverse = np.unique(words.values, return_inverse=True)
    texts = book.take(codes)
    letters = pc.utf8_length(texts).to_numpy().astype(np.int64)
    # In ASCII, and words have no newlines, letters are characters: only the others are worth a loop.
    others = np.flatnonzero(~pc.string_is_ascii(texts).to_numpy(zero_copy_only=False))
    letters[others] = [len(graphemes(word)) for word in texts.take(as_arrow(others)).to_pylist()]
    total = np.concatenate(([0], np.cumsum(letters[inverse]))) if len(codes) else np.zeros(1, dtype=np.int64)
    keys = np.minimum(np.diff(total[words.offsets]), NONE - 1)
    return np.where(words.lengths > 0, keys, NONE).astype(np.uint16)


def counts(conversations: Conversations) -> Keys:
    """Return the true count of each row, (rows,)."""
    if "count" not in conversations.columns:
        return np.full(len(conversations), NONE, dtype=np.uint16)
    codes, inverse = np.unique(conversations.columns["count"], return_inverse=True)
    texts = conversations.book.take(codes).to_pylist()
    found = np.array([min(int(text), NONE - 1) if text else NONE for text in texts], dtype=np.uint16)
    return found[inverse]


KEYS: dict[str, Callable[[Conversations], Keys]] = {"length": lengths, "count": counts}
