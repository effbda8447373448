import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators.distinct import count_distinct, read_hashes, write_hashes

LAST = 2**64 - 1
# Few distinct ones, so that they meet; and the edges of ranges.
HASHES = st.one_of(
    st.integers(0, LAST), st.sampled_from([0, 1, LAST, LAST - 1, 1 << 63, (1 << 63) - 1, 1 << 62])
)
GROUPS = st.dictionaries(
    st.sampled_from(["train", "test"]), st.lists(st.lists(HASHES, max_size=20), max_size=4), min_size=1
)


def written(folder: Path, groups: dict[str, list[list[int]]]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for name, files in groups.items():
        found[name] = [folder / f"{name}-{i}.npy" for i in range(len(files))]
        for path, hashes in zip(found[name], files, strict=True):
            write_hashes(path, np.array(hashes, np.uint64))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GROUPS, st.integers(1, 30))
def test_counts_are_those_of_sets(tmp_path: Path, groups: dict[str, list[list[int]]], at_once: int):
    found = count_distinct(written(tmp_path, groups), at_once)
    sets = {name: {h for hashes in files for h in hashes} for name, files in groups.items()}
    assert found.hashes == {name: sum(map(len, files)) for name, files in groups.items()}
    assert found.distinct == {name: len(mine) for name, mine in sets.items()}
    assert found.shared == (len(set.intersection(*sets.values())) if len(sets) > 1 else 0)


def test_memory_does_not_grow_with_the_number_of_hashes(tmp_path: Path):
    random, peaks = np.random.default_rng(0), []
    for files in (4, 32):
        paths = [tmp_path / f"{files}-{i}.npy" for i in range(files)]
        for path in paths:
            write_hashes(path, random.integers(0, LAST, 50_000, np.uint64, endpoint=True))
        tracemalloc.start()
        count_distinct({"train": paths}, at_once=100_000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0], peaks
    assert peaks[1] < 32 * 50_000 * 8 / 2


def test_hashes_that_are_not_whole_are_refused(tmp_path: Path):
    path = tmp_path / "hashes.npy"
    write_hashes(path, np.arange(100, dtype=np.uint64))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises((ValueError, OSError)):
        read_hashes(path)
