import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.texts import Growing, Texts
from tests.strategies import TEXTS

TABLES = st.lists(TEXTS, min_size=1, max_size=6)


def everything(texts: Texts) -> list[str]:
    return texts.slice(0, len(texts)).to_pylist()


@given(TABLES, st.data())
def test_table_is_a_list(strings: list[str], data: st.DataObject):
    whole = pa.array(["before", *strings, "after"], pa.string())
    start = data.draw(st.integers(0, len(strings)))
    stop = data.draw(st.integers(start, len(strings)))
    index = np.array(data.draw(st.lists(st.integers(0, len(strings) - 1))), dtype=np.int64)
    for texts in (Texts(strings), Texts(tuple(strings)), Texts(whole.slice(1, len(strings)))):
        assert len(texts) == len(strings)
        assert everything(texts) == strings
        assert texts.slice(start, stop).to_pylist() == strings[start:stop]
        assert texts.take(index) == [strings[i] for i in index]
        assert texts.take(index[::2].astype(np.int8)) == [strings[i] for i in index[::2]]


@given(TABLES, TEXTS, TEXTS)
def test_affixed(strings: list[str], before: str, after: str):
    texts = Texts(strings)
    affixed = texts.affixed(before, after)
    wanted = [before + text + after for text in strings]
    assert everything(affixed) == wanted
    assert affixed.take(np.arange(len(strings))[::-1]) == wanted[::-1]
    assert everything(affixed.affixed(after, before)) == [after + text + before for text in wanted]
    assert texts.affixed(before, after) is affixed  # made once


def test_affixes_are_not_mixed_up():
    texts = Texts(["a"])
    pairs = [("x", ""), ("", "x"), ("x", "x"), ("xa", ""), ("x", "a"), ("", "")]
    assert [everything(texts.affixed(*pair)) for pair in pairs] == [[b + "a" + a] for b, a in pairs]
    assert everything(texts.joined("x", "y")) == ["ya", "xya"]
    assert everything(texts.joined("xy")) == ["a", "xya"]
    assert everything(texts.joined("x", "", "y")) == ["ay", "xay"]


@given(TABLES, TEXTS, TEXTS, TEXTS, st.data())
def test_joined(strings: list[str], between: str, before: str, after: str, data: st.DataObject):
    first = [before + text + after for text in strings]
    texts = Texts(strings)
    whole = first + [between + text for text in first]
    assert everything(texts.joined(between, before, after)) == whole
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert texts.joined(between, before, after).slice(start, stop).to_pylist() == whole[start:stop]
    index = data.draw(st.lists(st.integers(0, len(whole) - 1)))
    assert texts.joined(between, before, after).take(np.array(index, int)) == [whole[i] for i in index]
    assert texts.joined(between, before, after) is texts.joined(between, before, after)


def named(size: int, asked: "list[int] | None" = None) -> Growing:
    """Texts of keys: five of each, so that keys share texts."""

    def make(keys: np.ndarray) -> list[str]:
        if asked is not None:
            asked.extend(keys.tolist())
        return [f"t{key // 5}" for key in keys.tolist()]

    return Growing(size, make)


DENSE, SPARSE = 1 << 10, 1 << 40


@given(
    st.sampled_from([DENSE, SPARSE]), st.lists(st.lists(st.integers(0, DENSE - 1), max_size=8), max_size=6)
)
def test_growing(size: int, batches: list[list[int]]):
    asked: list[int] = []
    texts = named(size, asked)
    numbers: dict[str, int] = {}
    for batch in batches:
        found = texts.find(np.array(batch, dtype=np.int64))
        assert texts.take(found) == [f"t{key // 5}" for key in batch]
        for key, number in zip(batch, found.tolist(), strict=True):
            # What was numbered once keeps its number; equal texts have one.
            assert numbers.setdefault(f"t{key // 5}", number) == number
    assert len(texts) == len(numbers) == len(set(everything(texts)))
    assert sorted(numbers.values()) == list(range(len(texts)))
    assert len(asked) == len(set(asked)) == len({key for batch in batches for key in batch})


@pytest.mark.parametrize("size", [DENSE, SPARSE])
def test_what_is_derived_of_a_growing_table_grows(size: int):
    texts = named(size)
    texts.find(np.array([0]))
    affixed, twice, joined = texts.affixed("<", ">"), texts.affixed("<").affixed("<"), texts.joined(", ")
    assert (everything(affixed), everything(twice), everything(joined)) == (
        ["<t0>"],
        ["<<t0"],
        ["t0", ", t0"],
    )
    texts.find(np.array([5, 10]))
    assert everything(affixed) == ["<t0>", "<t1>", "<t2>"]
    assert affixed.slice(1, 3).to_pylist() == affixed.take(np.array([1, 2])) == ["<t1>", "<t2>"]
    assert everything(twice) == ["<<t0", "<<t1", "<<t2"]
    assert everything(texts.joined(", ")) == ["t0", "t1", "t2", ", t0", ", t1", ", t2"]
    assert everything(affixed.joined(",")) == [*everything(affixed), *(f",{t}" for t in everything(affixed))]


def test_a_failure_leaves_nothing_behind():
    calls = []

    def make(keys: np.ndarray) -> list[str]:
        calls.append(keys.tolist())
        if len(calls) == 1:
            raise RuntimeError("once")
        return [str(key) for key in keys.tolist()]

    for size in (DENSE, SPARSE):
        calls.clear()
        texts = Growing(size, make)
        with pytest.raises(RuntimeError, match="once"):
            texts.find(np.array([3, 4]))
        assert len(texts) == 0
        assert texts.take(texts.find(np.array([4, 3]))) == ["4", "3"]
