import tempfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generators.duplicates import Repeats

HASHES = st.one_of(st.integers(0, 5), st.integers(0, 2**64 - 1), st.integers(2**64 - 3, 2**64 - 1))
BATCHES = st.lists(st.lists(HASHES, max_size=12), max_size=6)


def slow(batches: list[list[int]], others: int) -> dict[int, int]:
    """Return rows that repeat, each with the last that had its hash; others' row is -1."""
    last: dict[int, int] = {}
    found, row = {}, 0
    for number, batch in enumerate(batches):
        for value in batch:
            mine = -1 if number < others else row
            row += number >= others
            if value in last and mine >= 0:
                found[mine] = last[value]
            last[value] = mine
    return found


@given(BATCHES, st.integers(0, 3), st.sampled_from([41, 400, 1 << 28]))
def test_repeats_are_found_whatever_the_memory(batches: list[list[int]], others: int, memory: int):
    with tempfile.TemporaryFile() as scratch:
        repeats = Repeats(scratch, memory, run=1 if memory < 1000 else 1 << 40)
        row = 0
        for number, batch in enumerate(batches):
            rows = np.full(len(batch), -1) if number < others else np.arange(row, row + len(batch))
            row += len(batch) * (number >= others)
            repeats.add(np.array(batch, dtype=np.uint64), rows)
        found = np.concatenate(list(repeats.repeated()))
    assert dict(found.tolist()) == slow(batches, others)
    assert len(found) == len(slow(batches, others))


def test_a_million_hashes_are_looked_through_in_ranges():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 300_000, dtype=np.uint64)
    hashes[-1000:] = hashes[:1000]
    with tempfile.TemporaryFile() as scratch:
        repeats = Repeats(scratch, 1 << 20, run=50_000)
        for first in range(0, len(hashes), 30_000):
            repeats.add(hashes[first : first + 30_000], np.arange(first, first + 30_000))
        parts = list(repeats.repeated())
        assert scratch.seek(0, 2) == 16 * len(hashes)
    assert len(parts) == 12
    found = np.concatenate(parts)
    found = found[np.argsort(found[:, 0])]
    assert found[:, 0].tolist() == list(range(299_000, 300_000))
    assert found[:, 1].tolist() == list(range(1000))
