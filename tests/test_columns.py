import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.columns import Column, Lines, affixed, as_json, each, joined, number, quoted, spaced
from generators.ragged import Ragged
from generators.texts import Texts
from tests.strategies import COLUMNS, TEXTS, column_of

STRINGS = st.lists(TEXTS, max_size=6)
LISTS = st.lists(st.lists(TEXTS, max_size=4), max_size=5)


def upper(text: str) -> str:
    return text.upper()


def doubled(text: str) -> str:
    return text * 2


def bracketed(*texts: str) -> str:
    return "".join(f"[{text}]" for text in texts)


def either(a: str, b: str) -> str:
    return max(a, b)


def lines_of(rows: list[list[str]]) -> Lines:
    column = Column.of([text for row in rows for text in row])
    return Lines(
        column.texts, Ragged(Ragged.of(rows and [range(len(r)) for r in rows]).offsets, column.index)
    )


def read(lines: Lines) -> list[list[str]]:
    return [lines.texts.take(np.array(row, dtype=np.int64)) for row in lines.rows.tolist()]


@given(STRINGS)
def test_of(strings: list[str]):
    column = Column.of(strings)
    assert column.strings() == strings
    assert len(column) == len(strings)
    assert len(column.texts) == len(set(strings))
    arrow = pa.array(["x", *strings, "y"], pa.string()).slice(1, len(strings))
    assert Column.of(arrow).strings() == strings


@given(STRINGS, st.sampled_from(COLUMNS[:-1]))
def test_every_way_to_make_a_column(strings: list[str], how: str):
    assert column_of(strings, how).strings() == strings


@given(STRINGS, TEXTS, TEXTS, st.sampled_from(COLUMNS[:-1]))
def test_affixed(strings: list[str], before: str, after: str, how: str):
    column = column_of(strings, how)
    assert affixed(before, column, after).strings() == [before + text + after for text in strings]
    assert spaced(column).strings() == [" " + text for text in strings]


def test_spaced_constant():
    assert spaced("a") == " a"


NUMBERS = st.one_of(
    st.integers(0, 20),
    st.integers(1020, 1030),
    st.integers(-(2**63), 2**63 - 1),
)


@given(st.lists(NUMBERS), TEXTS)
def test_number(values: list[int], before: str):
    for kept in (values, [value for value in values if 0 <= value < 1024]):
        column = number(np.array(kept, dtype=np.int64), before)
        assert column.strings() == [f"{before}{value}" for value in kept]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_number_of_any_integers(dtype: type):
    values = np.array([0, 3, 100, np.iinfo(dtype).max, np.iinfo(dtype).min], dtype=dtype)
    assert number(values).strings() == [str(value) for value in values.tolist()]
    assert number(values[:3]).strings() == ["0", "3", "100"]


def test_numbers_do_not_share_what_is_before():
    small, large = np.array([1, 2]), np.array([5000])
    assert number(small, " ").strings() == [" 1", " 2"]
    assert number(small, "").strings() == ["1", "2"]
    assert number(small, "#").map(upper).strings() == ["#1", "#2"]
    assert number(large, "#").strings() == ["#5000"]
    for value in (0, 1, 15, 16, 31, 32, 511, 512, 1023, 1024):
        assert number(np.array([value, 0])).strings() == [str(value), "0"]


@given(LISTS, TEXTS, TEXTS, TEXTS)
def test_joined(rows: list[list[str]], between: str, before: str, after: str):
    found = read(joined(lines_of(rows), between, before, after))
    texts = [[before + text + after for text in row] for row in rows]
    assert ["".join(row) for row in found] == [between.join(row) for row in texts]
    # The separator belongs to the text that follows it.
    assert found == [[(between if place else "") + text for place, text in enumerate(row)] for row in texts]
    assert [len(row) for row in found] == [len(row) for row in rows]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4),
    st.tuples(*[st.sampled_from(COLUMNS[:-1])] * 3),
)
def test_each(rows: list[tuple[str, str, str]], hows: tuple[str, str, str]):
    values = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    columns = [column_of(column, how) for column, how in zip(values, hows, strict=True)]
    for n in (1, 2, 3):
        assert each(bracketed, *columns[:n]).strings() == [bracketed(*row[:n]) for row in rows]


def test_map_is_called_once_for_each_distinct_text():
    calls = []

    class Counting:
        def __call__(self, *texts: str) -> str:
            calls.append(texts)
            return "".join(texts)

    counting = Counting()
    a, b = Column.of(["x", "y", "x", "x"]), Column.of(["1", "1", "1", "2"])
    for _ in range(2):
        assert each(counting, a, b).strings() == ["x1", "y1", "x1", "x2"]
        assert a.map(counting).strings() == ["x", "y", "x", "x"]
    assert sorted(calls) == sorted([("x", "1"), ("y", "1"), ("x", "2"), ("x",), ("y",)])
    # A text that no row holds is not looked at.
    rare = Column(Texts(["x", "never"]), np.array([0]))
    assert rare.map(counting).strings() == ["x"]
    assert ("never",) not in calls


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 5), min_size=1, max_size=4)), max_size=12)
)
def test_memo_while_tables_grow(steps: list[tuple[int, list[int]]]):
    """Tables that each() makes grow from batch to batch, and so does everything made of them."""
    strings = ["a", "B", "cc", "", "é", 'a "B"']
    words = Texts(strings)
    for kind, numbers in steps:
        column, said = Column(words, np.array(numbers)), [strings[i] for i in numbers]
        grown = column.map(doubled)
        other = Column(words, np.array(numbers[::-1])).map(upper)
        if kind == 0:
            assert spaced(grown).map(upper).strings() == [" " + (text * 2).upper() for text in said]
            assert affixed("<", grown, ">").map(doubled).strings() == [f"<{text * 2}>" * 2 for text in said]
        elif kind == 1:
            wanted = [f"[{a}][ {b.upper()}]" for a, b in zip(said, said[::-1], strict=True)]
            assert each(bracketed, column, spaced(other)).strings() == wanted
            wanted = [max(a * 2, b.upper()) for a, b in zip(said, said[::-1], strict=True)]
            assert each(either, grown, other).strings() == wanted
        else:
            rows = Ragged.of([range(len(numbers)), [0]])
            lines = Lines(grown.texts, Ragged(rows.offsets, grown.index[rows.values]))
            wanted = [[text * 2 for text in said], [said[0] * 2]]
            assert ["".join(row) for row in read(joined(lines, ", "))] == [", ".join(row) for row in wanted]
            quotes = joined(Lines(quoted(lines.texts), lines.rows), ", ")
            assert [json.loads(f"[{''.join(row)}]") for row in read(quotes)] == wanted


def test_dense_and_dictionary_paths_agree():
    large = Texts([f"w{i}" for i in range(10_000)])
    letters = Texts(list("abc"))
    index = np.arange(0, 10_000, 7)
    for first, second in ((large, letters), (large, large), (letters, large)):
        a, b = Column(first, index % len(first)), Column(second, index[::-1] % len(second))
        wanted = [f"[{x}][{y}]" for x, y in zip(a.strings(), b.strings(), strict=True)]
        assert each(bracketed, a, b).strings() == wanted  # 10,000 x 10,000 is past the dense table
        assert each(bracketed, a, b).strings() == wanted


def test_functions_are_not_mixed_up():
    column = Column.of(["a", "b"])
    assert column.map(str.upper).strings() == ["A", "B"]
    assert column.map(str.title).map(str.swapcase).strings() == ["a", "b"]
    assert column.map(lambda text: text + "1").strings() == ["a1", "b1"]
    assert column.map(lambda text: text + "2").strings() == ["a2", "b2"]

    def times(n: int) -> object:
        return lambda text, n=n: text * n

    def keyword(n: int) -> object:
        return lambda text, *, n=n: text * n

    for make in (times, keyword):
        assert column.map(make(2)).strings() == ["aa", "bb"]
        assert column.map(make(3)).strings() == ["aaa", "bbb"]


def test_methods_of_two_objects_are_not_mixed_up():
    class Ending:
        def __init__(self, end: str) -> None:
            self.end = end

        def put(self, text: str) -> str:
            return text + self.end

    column = Column.of(["a"])
    assert column.map(Ending("1").put).strings() == ["a1"]
    assert column.map(Ending("2").put).strings() == ["a2"]
    assert column.map("b".__add__).strings() == ["ba"]
    assert column.map("c".__add__).strings() == ["ca"]


def test_tables_are_not_mixed_up():
    first = Column.of(["a"])
    for letter in "bcdefg":
        assert each(bracketed, first, Column.of([letter])).strings() == [f"[a][{letter}]"]
        assert each(bracketed, Column.of([letter]), first).strings() == [f"[{letter}][a]"]
        assert each(bracketed, first, first, Column.of([letter])).strings() == [f"[a][a][{letter}]"]


def test_the_same_lambda_is_remembered():
    word = Texts(["pear", "fig"])
    tables = {id(Column(word, np.array([i % 2])).map(lambda text: text[0]).texts) for i in range(4)}
    assert len(tables) == 1


def test_closures_are_refused():
    captured = "x"
    with pytest.raises(
        ValueError, match=r"may not capture variables.*captures captured: pass them as columns"
    ):
        Column.of(["a"]).map(lambda text: text + captured)
    with pytest.raises(ValueError, match="<lambda> captures captured"):
        each(lambda a, b: a + b + captured, Column.of(["a"]), Column.of(["b"]))


def test_too_many_combinations():
    columns = [Column(Texts([str(i) for i in range(1 << 16)]), np.array([0])) for _ in range(4)]
    assert each(bracketed, *columns[:3]).strings() == ["[0][0][0]"]
    with pytest.raises(ValueError, match=r"the combinations of 65,536 x 65,536 x 65,536 x 65,536 texts"):
        each(bracketed, *columns)
    # Two tables of more than 2**15 texts that grow, beside 2**32 combinations of others.
    grown = Column(columns[0].texts, np.arange(40_000)).map(doubled)
    one = Column(grown.texts, np.array([39_999]))
    with pytest.raises(ValueError, match=r"40,000 x 40,000 x 65,536 x 65,536 texts"):
        each(bracketed, one, one, *columns[:2])
    assert each(bracketed, one, columns[0], one).strings() == ["[3999939999][0][3999939999]"]


def test_columns_of_different_lengths():
    with pytest.raises(ValueError, match="broadcast"):
        each(bracketed, Column.of(["a", "b"]), Column.of(["a", "b", "c"]))


@given(st.lists(TEXTS, min_size=1), TEXTS)
def test_quoted(strings: list[str], one: str):
    texts = quoted(Texts(strings))
    assert len(texts) == len(strings)
    assert [json.loads(text) for text in texts.take(np.arange(len(strings)))] == strings
    assert texts.take(np.arange(len(strings))) == [as_json(text) for text in strings]
    assert json.loads(as_json(one)) == one
