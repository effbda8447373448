import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from generators.ngrams import SHORTEST, grams, words
from tests.strategies import TEXTS

SIGNS = r"\u00a0-\u00bf\u2000-\u207f\u3000-\u303f\uff00-\uff7f"
SLOW = re.compile(f"[\u3040-\u9fff]|(?:[0-9a-z]|[^\\x00-\\x7f\u3040-\u9fff{SIGNS}])+")
PLAIN = st.text(st.sampled_from("aB é.“–'日本 か 。，ß9\n½"), max_size=40)
LISTS = st.lists(st.one_of(PLAIN, TEXTS), max_size=6)


def slow(text: str) -> list[str]:
    return SLOW.findall(pa.compute.utf8_lower(pa.array([text]))[0].as_py())


@given(LISTS)
def test_words_are_those_of_a_slow_reader(texts: list[str]):
    found = words(pa.array(texts, pa.string())).tolist() if texts else []
    known: dict[int, str] = {}
    back: dict[str, int] = {}
    for text, hashes in zip(texts, found, strict=True):
        expected = slow(text)
        assert len(hashes) == len(expected), (text, expected)
        for number, word in zip(hashes, expected, strict=True):
            assert known.setdefault(number, word) == word
            assert back.setdefault(word, number) == number


@given(LISTS, st.integers(1, 8))
def test_runs_are_equal_where_their_words_are(texts: list[str], n: int):
    found = grams(pa.array(texts, pa.string()), n).tolist() if texts else []
    known: dict[int, tuple[str, ...]] = {}
    for text, hashes in zip(texts, found, strict=True):
        said = slow(text)
        runs = [tuple(said[i : i + n]) for i in range(len(said) - n + 1)]
        if not runs and len(said) >= SHORTEST:
            runs = [tuple(said)]
        assert len(runs) == len(hashes)
        for number, run in zip(hashes, runs, strict=True):
            assert known.setdefault(number, run) == run
    assert len(set(known.values())) == len(known)


def test_slices_and_nothing():
    texts = pa.array(["zero", "one two three", "", "four five"])
    assert grams(texts.slice(1), 2).tolist() == grams(pa.array(texts.slice(1).to_pylist()), 2).tolist()
    assert grams(texts.slice(0, 0), 2).tolist() == []
    assert [len(run) for run in words(texts).tolist()] == [1, 3, 0, 2]
