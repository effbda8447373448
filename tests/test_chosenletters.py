"""Letters that are chosen to fit a text: of the class that was asked for, wherever there are such."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generators.chosenletters import letter_of, letters_of

UNCASED = np.array([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])  # 6 to 11 are the capitals of 0 to 5
ALPHABET = np.arange(6)
texts = st.lists(st.integers(0, 11), min_size=1, max_size=14)
keys = st.integers(0, 2**64 - 1)


def countable(text):
    """How often each letter comes that the text has in small alone."""
    return {n: text.count(n) for n in range(6) if n in text and n + 6 not in text}


@given(text=texts, wanted=st.integers(0, 3), key=keys)
def test_one_letter(text, wanted, key):
    letter, counts = letter_of(text, wanted, UNCASED, ALPHABET, key), countable(text)
    absent = [n for n in range(6) if n not in text and n + 6 not in text]
    possible = absent if wanted == 0 else [n for n, count in counts.items() if min(count, 3) == wanted]
    if possible:
        assert letter in possible
    elif counts or absent:
        assert letter in [*counts, *absent]


@given(text=texts, wanted=st.integers(0, 3), key=keys)
def test_several_letters(text, wanted, key):
    letters, counts = letters_of(text, wanted, UNCASED, ALPHABET, key), countable(text)
    absent = [n for n in range(6) if n not in text and n + 6 not in text]
    assert len(set(letters)) == len(letters) <= 3
    assert set(letters) <= {*counts, *absent}
    if len(counts) + len(absent) >= 2:
        assert len(letters) >= 2
    if wanted == 0 and len(absent) >= 2:
        assert not any(letter in text for letter in letters)


def test_the_class_is_met_where_it_can_be():
    met = 0
    for key in range(200):
        text = [0, 0, 0, 1, 1, 2, 3]
        wanted = key % 4
        total = sum(map(text.count, letters_of(text, wanted, UNCASED, ALPHABET, key * 7919)))
        met += min(total, 3) == wanted
    assert met == 200


def test_all_choices_come():
    text = [0, 1, 2, 3]
    found = {frozenset(letters_of(text, 2, UNCASED, ALPHABET, key * 104729)) for key in range(400)}
    assert found >= {frozenset(pair) for pair in combinations(range(4), 2)}
