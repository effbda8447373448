import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.seen import Seen


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 30) | st.integers(0, 2**64 - 1), max_size=20), max_size=20))
def test_what_came_before_is_told(batches: list[list[int]]):
    seen, before = Seen(), set()
    for batch in batches:
        found = seen.add(np.array(batch, dtype=np.uint64)).tolist()
        for each, again in zip(batch, found, strict=True):
            assert again == (each in before)
            before.add(each)


def test_runs_are_few():
    seen = Seen()
    for start in range(0, 100_000, 100):
        assert not seen.add(np.arange(start, start + 100, dtype=np.uint64)).any()
    assert len(seen._runs) < 12
    assert sum(len(run) for run in seen._runs) == 100_000
    assert seen.add(np.arange(100_000, dtype=np.uint64)).all()
