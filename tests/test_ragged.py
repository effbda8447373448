import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generators.ragged import Ragged, offsets_of, spread

LISTS = st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5), max_size=8)


def check(ragged: Ragged, rows: list[list[int]]) -> None:
    assert ragged.tolist() == rows
    assert len(ragged) == len(rows)
    assert ragged.lengths.tolist() == [len(row) for row in rows]
    assert ragged.offsets[0] == 0
    assert ragged.offsets[-1] == len(ragged.values)
    assert ragged.values.dtype == np.int32


@given(LISTS)
def test_of_lists(rows: list[list[int]]):
    ragged = Ragged.of(rows)
    check(ragged, rows)
    assert Ragged.of(tuple(row) for row in rows).tolist() == rows
    assert ragged.starts.tolist() == ragged.offsets.tolist()[:-1]
    assert ragged.places().tolist() == [place for row in rows for place in range(len(row))]
    column = np.arange(len(rows)) * 10
    assert ragged.spread(column).tolist() == [10 * i for i, row in enumerate(rows) for _ in row]


@given(LISTS, st.data())
def test_take(rows: list[list[int]], data: st.DataObject):
    numbers = data.draw(st.lists(st.integers(-len(rows), len(rows) - 1)) if rows else st.just([]))
    check(Ragged.of(rows).take(np.array(numbers, dtype=np.int64)), [rows[i] for i in numbers])
    mask = np.array([i % 2 == 0 for i in range(len(rows))], dtype=bool)
    check(Ragged.of(rows).take(mask), rows[::2])


@given(LISTS)
def test_take_of_narrow_offsets(rows: list[list[int]]):
    """A lexicon's offsets are int32."""
    ragged = Ragged.of(rows)
    narrow = Ragged(ragged.offsets.astype(np.int32), ragged.values)
    order = np.arange(len(rows))[::-1]
    check(narrow.take(order), rows[::-1])
    check(Ragged.concat([narrow, ragged]), rows + rows)
    assert narrow.places().tolist() == ragged.places().tolist()


@given(LISTS, st.data())
def test_where(rows: list[list[int]], data: st.DataObject):
    keep = [data.draw(st.lists(st.booleans(), min_size=len(row), max_size=len(row))) for row in rows]
    flat = np.array([kept for row in keep for kept in row], dtype=bool)
    kept_rows = [[v for v, k in zip(row, ks, strict=True) if k] for row, ks in zip(rows, keep, strict=True)]
    check(Ragged.of(rows).where(flat), kept_rows)


@given(st.lists(LISTS, min_size=1, max_size=4))
def test_concat(parts: list[list[list[int]]]):
    check(Ragged.concat([Ragged.of(rows) for rows in parts]), [row for rows in parts for row in rows])


@given(st.lists(st.tuples(st.integers(-5, 1000), st.integers(0, 4))))
def test_spread(runs: list[tuple[int, int]]):
    starts = np.array([start for start, _ in runs], dtype=np.int64)
    lengths = np.array([length for _, length in runs], dtype=np.int64)
    assert spread(starts, lengths).tolist() == [start + i for start, n in runs for i in range(n)]
    offsets = offsets_of(lengths.tolist())
    assert offsets.tolist() == [int(lengths[:i].sum()) for i in range(len(runs) + 1)]
    assert offsets.dtype == np.int64


def test_offsets_do_not_overflow_narrow_lengths():
    assert offsets_of(np.full(3, 2**31 - 1, dtype=np.int32)).tolist()[-1] == 3 * (2**31 - 1)
    assert offsets_of(np.array([True, False, True])).tolist() == [0, 1, 1, 2]
