"""Choosing the letters of a question to fit a text, where the text comes first: a sentence, or one word.

Each is called for one row: what is chosen depends on all letters of its text.

>>> word = [0, 1, 1, 2]  # numbers of letters; of these numbers 0 to 3 are different letters
>>> letter_of(word, 2, np.arange(4), np.array([3]), 5), letter_of(word, 0, np.arange(4), np.array([3]), 5)
(1, 3)
>>> letters = letters_of(word, 2, np.arange(4), np.array([3]), 6)
>>> sum(map(word.count, letters))
2
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.rows import mix_one

Numbers = npt.NDArray[Any]
MANY = 3  # the class of counts that stands for so many and more
_TRIES = 40


def _counts(text: Sequence[int], uncased: Numbers) -> dict[int, int]:
    """Count the letters of a text that it has in one case alone, and that one its first: small, if any is."""
    counts = Counter(text)
    first = dict(zip(counts, uncased[list(counts)].tolist(), strict=True))
    cases = Counter(first.values())
    return {n: count for n, count in counts.items() if cases[first[n]] == 1 and first[n] == n}


def _lot(key: int, turn: int, n: int) -> int:
    return (mix_one(key, turn) >> 32) * n >> 32


def _absent(text: Sequence[int], uncased: Numbers, alphabet: Numbers, key: int) -> list[int]:
    """Return letters of an alphabet that a text lacks, in either case, in an order by lot."""
    has, start = set(uncased[np.array(text)].tolist()), _lot(key, 0, len(alphabet))
    tried = alphabet[(start + np.arange(min(len(alphabet), _TRIES)) * _STEP) % len(alphabet)]
    pairs = zip(tried.tolist(), uncased[tried].tolist(), strict=True)
    return list(dict.fromkeys(letter for letter, same in pairs if same not in has))


_STEP = 7  # through an alphabet, so that neighbours in it do not stand together


def letter_of(text: Sequence[int], wanted: int, uncased: Numbers, alphabet: Numbers, key: int) -> int:
    """Choose a letter that a text has so often.

    Args:
        text: numbers of its letters.
        wanted: the class of the count: 0, 1, 2, or 3 for three and more; a text without such a letter has
            one of another class.
        uncased: for each letter the number of the first that is the same but for its case.
        alphabet: letters that may be asked for though the text lacks them.
        key: random bits.
    """
    counts = _counts(text, uncased)
    for choice in (wanted, 1, 2, MANY, 0):
        fitting = [n for n, count in counts.items() if min(count, MANY) == choice]
        if choice == 0:
            fitting = _absent(text, uncased, alphabet, key)
        if fitting:
            return fitting[_lot(key, 1, len(fitting))]
    return text[0]


def letters_of(text: Sequence[int], wanted: int, uncased: Numbers, alphabet: Numbers, key: int) -> list[int]:
    """Choose two or three letters that a text has so often together; see letter_of.

    Where no such choice is found, it is another one.
    """
    counts, size = _counts(text, uncased), 2 + _lot(key, 2, 2)
    absent = _absent(text, uncased, alphabet, key)
    here = list(counts)
    chosen: list[int] = []
    for attempt in range(_TRIES if wanted and here else 0):
        most = min(size, len(here), wanted if wanted < MANY else size)
        lots = mix_one(key, attempt)
        order = sorted(here, key=lambda n: mix_one(lots, n))
        chosen = order[: 1 + _lot(key, 100 + attempt, most)]
        if min(sum(counts[n] for n in chosen), MANY) == wanted and len(chosen) + len(absent) >= 2:
            break
    chosen += absent[: size - len(chosen)]
    chosen += [n for n in here if n not in chosen][: max(0, 2 - len(chosen))]
    return sorted(chosen, key=lambda n: mix_one(key, n))
