import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book, Conversations
from generators.curriculum import NONE, sort_rows
from generators.graphemes import graphemes
from generators.mixture import ORDERS, Mixture
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import lexicon
from tests.tabsource import TabSource, write_source

KEY = np.uint64(99)
KEYS = st.lists(st.sampled_from([0, 1, 2, 5, 300, NONE - 1, NONE]), min_size=1, max_size=400)


@settings(deadline=None)
@given(KEYS, st.integers(0, 2**63))
def test_rows_are_sorted_by_their_keys(keys: list[int], key: int):
    given_keys = np.array(keys, dtype=np.uint16)
    order = sort_rows(len(keys), lambda rows: given_keys[rows], np.uint64(key))
    assert sorted(order.tolist()) == list(range(len(keys)))
    sorted_keys = [keys[row] for row in order.tolist() if keys[row] != NONE]
    assert sorted_keys == sorted(sorted_keys)


def test_rows_of_one_key_are_shuffled_and_rows_without_are_spread():
    keys = np.repeat(np.array([1, 2, NONE], dtype=np.uint16), [3000, 1000, 2000])
    orders = [np.asarray(sort_rows(6000, lambda rows: keys[rows], np.uint64(seed))) for seed in (1, 2)]
    assert (orders[0] != orders[1]).mean() > 0.9
    ones = orders[0][keys[orders[0]] == 1]
    assert (np.diff(ones) < 0).mean() > 0.4
    without = keys[orders[0]] == NONE
    for start in range(0, 6000, 1000):
        assert abs(without[start : start + 1000].sum() - 333) < 90
    # Of the rows without a key, as many are before the second key as it has of the others.
    assert abs(without[: np.flatnonzero(keys[orders[0]] == 2)[0]].sum() - 1500) < 150


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list:
    folder = tmp_path_factory.mktemp("words")
    options = {"language": "en", "lexicon": lexicon(folder)}
    tasks = [SpellingBee(700, **options), SimpleSpelling(500, **options), LetterCounting(300, **options)]
    return [*tasks, TabSource("mine", str(write_source(folder / "rows.tsv", 200)))]


def rows_of(made: Conversations) -> list[tuple[str, int, str]]:
    """Return task, letters of all words, and count of each row."""
    words = [made.book.take(made.words.take(np.array([row])).values).to_pylist() for row in range(len(made))]
    counts = made.column("count").to_pylist()
    tasks = made.column("task").to_pylist()
    return [
        (task, sum(len(graphemes(word)) for word in of), count)
        for task, of, count in zip(tasks, words, counts, strict=True)
    ]


@pytest.mark.parametrize("order", ["length", "count"])
def test_a_mixture_goes_from_easy_to_hard(members: list, order: str):
    mixture = Mixture(members, 3, order)
    found = rows_of(mixture.conversations(np.arange(len(mixture)), Book()))
    assert Counter(task for task, _, _ in found) == {
        "spellingbee": 700, "simplespelling": 500, "lettercounting": 300, "mine": 200,
    }  # fmt: skip
    if order == "length":
        keys = [letters for _, letters, _ in found if letters]
        free = [place for place, (_, letters, _) in enumerate(found) if not letters]
    else:
        keys = [int(count) for _, _, count in found if count]
        free = [place for place, (_, _, count) in enumerate(found) if not count]
    assert keys == sorted(keys)
    assert len(set(keys)) > 3
    assert abs(np.mean(free) - len(found) / 2) < 100  # spread over all
    # The same alone, and in another process, which maps the order of the first or makes it again.
    again = pickle.loads(pickle.dumps(mixture))
    some = np.array([0, 5, 1699, 800])
    assert rows_of(again.conversations(some, Book())) == [found[i] for i in some]
    path = Path(mixture._file or "")
    assert path.stat().st_size == 8 * len(mixture)
    path.unlink()
    lost = pickle.loads(pickle.dumps(mixture))
    assert rows_of(lost.conversations(some, Book())) == [found[i] for i in some]
    made = Path(lost._file or "")
    assert made.exists()
    del lost
    assert not made.exists()


def test_there_is_no_such_order(members: list):
    with pytest.raises(ValueError, match="there is no order 'lenght'; did you mean 'length'"):
        Mixture(members, 0, "lenght")
    assert ORDERS == ("shuffle", "length", "count")
