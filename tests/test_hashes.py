import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from generators.hashes import text_hashes
from tests.exports import ROOT, WORDS, python
from tests.strategies import TEXTS

LONG = st.builds(
    lambda text, times, end: text * times + end, TEXTS, st.sampled_from([0, 1, 700, 3000]), TEXTS
).map(lambda text: text[:9000])
LISTS = st.lists(st.one_of(TEXTS, LONG, st.text(max_size=6)), max_size=12)


def hashes(texts: list[str]) -> list[int]:
    return text_hashes(pa.array(texts, pa.string())).tolist()


@given(LISTS)
def test_hashes_are_equal_where_texts_are(texts: list[str]):
    found = hashes(texts)
    assert len(found) == len(texts)
    assert len(set(found)) == len(set(texts))
    assert len(set(zip(found, texts, strict=True))) == len(set(texts))


@given(LISTS)
def test_the_hash_of_a_text_does_not_depend_on_its_neighbours(texts: list[str]):
    assert hashes(texts) == [hashes([text])[0] for text in texts]


@given(LISTS, st.integers(0, 30), st.integers(0, 30))
def test_slices_have_the_hashes_of_their_texts(texts: list[str], start: int, length: int):
    array = pa.array(texts, pa.string())
    assert text_hashes(array.slice(start, length)).tolist() == hashes(texts[start : start + length])


@given(st.text(min_size=1, max_size=3), st.integers(4000, 13000), st.integers(0, 13000))
def test_long_texts_differ_wherever_one_character_does(text: str, length: int, place: int):
    long = (text * length)[:length]
    place %= length
    other = chr((ord(long[place]) + 1) % 0xD800)
    assert len(set(hashes([long, long[:place] + other + long[place + 1 :], long[:-1], long + long[0]]))) == 4


def test_blocks_of_a_long_text_do_not_change_places():
    a, b, c = "a" * 4096, "b" * 4096, "c" * 4096
    texts = [a + b + c, a + c + b, b + a + c, b + c + a, c + a + b, c + b + a, a + b, b + a]
    assert len(set(hashes(texts))) == len(texts)


def test_many_texts_share_no_hash():
    texts = [f"{word} {number}" for word in WORDS for number in range(300)]
    numbers = text_hashes(pa.array(texts))
    assert len(np.unique(numbers)) == len(texts)
    # And they are even in every bit.
    ones = ((numbers[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)).mean(axis=0)
    assert abs(ones - 0.5).max() < 0.01


def test_letters_in_another_order_are_another_text():
    texts = ["".join(letters) for letters in ("abc", "acb", "bac", "bca", "cab", "cba")]
    assert len(set(hashes(texts))) == 6


def test_no_texts_and_empty_texts():
    assert hashes([]) == []
    assert len(set(hashes(["", "", "\0", "\0\0"]))) == 3


def test_hashes_are_the_same_in_every_process():
    program = (
        "import pyarrow as pa, generators.hashes as h; print(h.text_hashes(pa.array(['fig', 'é'])).tolist())"
    )
    code = f"import sys; sys.path[:0] = {[str(p) for p in __import__('sys').path]!r}; {program}"
    said = [python("-c", code, PYTHONHASHSEED=seed, PYTHONPATH=str(ROOT)).stdout for seed in ("1", "2")]
    assert said == [f"{hashes(['fig', 'é'])}\n"] * 2
