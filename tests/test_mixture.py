import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.dialects import Dialect
from generators.mixture import Mixture
from tasks.base import Task
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import lexicon

SIZE = 30_000


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[Task]:
    words = lexicon(tmp_path_factory.mktemp("words"))
    options = {"language": "en", "tool": "none", "lexicon": words}
    return [cls(SIZE, **options) for cls in (SpellingBee, SimpleSpelling, LetterCounting)]


def rows(sequence: "Mixture | Task", index: np.ndarray) -> list[str]:
    return Dialect("messages").table(sequence.conversations(index, Book()))["id"].to_pylist()


VIEWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2000), st.integers(1, 300), st.integers(1, 7)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=15, deadline=None)
@given(VIEWS, st.integers(0, 2**64))
def test_a_mixture_is_a_permutation_of_its_tasks_rows(tasks, views, seed: int):
    parts = [tasks[task][start : start + length * step : step] for task, start, length, step in views]
    mixture = Mixture(parts, seed)
    assert len(mixture) == sum(map(len, parts)) == mixture.num_examples()
    expected = Counter[str]()
    for part in parts:
        expected.update(rows(part, np.array(part.view)))
    assert Counter(rows(mixture, np.arange(len(mixture)))) == expected


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 9), st.lists(st.integers(0, 8999), min_size=1, max_size=40))
def test_rows_are_the_same_in_any_batch(tasks, seed: int, index: list[int]):
    mixture = Mixture([task[:3000] for task in tasks], seed)
    together = rows(mixture, np.array(index))
    assert together == [rows(mixture, np.array([i]))[0] for i in index]
    for i, id_ in list(zip(index, together, strict=True))[:5]:
        one = mixture[i]
        assert one == mixture.get_example(i) == mixture[i - len(mixture)]
        assert id_.startswith(f"{one['task']}/train/0/")
        table = Dialect().table(mixture.conversations(np.array([i]), Book())).to_pylist()[0]
        assert one["messages"][0] == table["messages"][0]
        assert [one[name] for name in ("answer", "word", "letter")] == [
            table[name] for name in ("answer", "word", "letter")
        ]


def test_every_window_has_its_shares(tasks):
    sizes = [24_000, 4_000, 12_000]
    mixture = Mixture([task[:size] for task, size in zip(tasks, sizes, strict=True)], 3)
    names = np.array([id_.partition("/")[0] for id_ in rows(mixture, np.arange(len(mixture)))])
    for task, size in zip(tasks, sizes, strict=True):
        share = size / sum(sizes)
        total = np.concatenate(([0], np.cumsum(names == task.name)))
        windows = total[1000:] - total[:-1000]
        spread = np.sqrt(1000 * share * (1 - share))
        assert abs(windows - 1000 * share).max() < 5.5 * spread
        assert windows.std() < 1.2 * spread


def test_neighbours_in_a_task_are_no_neighbours_in_a_mixture(tasks):
    numbers = [int(id_.rpartition("/")[2]) for id_ in rows(Mixture([tasks[1]]), np.arange(SIZE))]
    assert sorted(numbers) == list(range(SIZE))
    assert (abs(np.diff(numbers)) < 100).mean() < 0.02


def test_another_seed_is_another_order(tasks):
    ways = [rows(Mixture([task[:50] for task in tasks], seed), np.arange(150)) for seed in (0, 1, -1, 2**40)]
    assert len(set(map(tuple, ways))) == 4
    assert len({frozenset(way) for way in ways}) == 1


def test_a_mixture_stands_where_a_list_does(tasks):
    mixture = Mixture([task[:20] for task in tasks])
    assert len(list(mixture)) == 60
    assert mixture[np.int64(3)] == mixture[3]
    for wrong in (60, -61):
        with pytest.raises(IndexError):
            mixture[wrong]
    with pytest.raises(TypeError):
        mixture["1"]


def test_a_mixture_goes_to_another_process(tasks):
    mixture = Mixture([task[:100] for task in tasks], 5)
    first = mixture[7]  # with its pages in use
    again = pickle.loads(pickle.dumps(mixture))
    assert again[7] == first
    assert rows(again, np.arange(300)) == rows(mixture, np.arange(300))


def test_a_task_named_twice_has_its_rows_twice(tasks):
    found = Counter(rows(Mixture([tasks[0][:40], tasks[0][:40]]), np.arange(80)))
    assert set(found.values()) == {2}


def test_no_task_is_no_mixture():
    with pytest.raises(ValueError, match="a mixture needs at least one task or source that has rows"):
        Mixture([])


def test_a_mixture_of_a_lexicon_file_keeps_its_path(tasks):
    assert Path(tasks[0].asked_for["lexicon"]).name == "words.txt"


class Virtual:
    """A member of any size, which is only counted."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size, self.seed = name, size, 0

    @property
    def view(self) -> range:
        return range(self.size)

    def __len__(self) -> int:
        return self.size


SHARES = st.lists(st.integers(0, 10**9), min_size=2, max_size=6).filter(lambda sizes: sum(sizes) > 10**6)


@settings(max_examples=25, deadline=None)
@given(SHARES, st.integers(0, 2**62), st.data())
def test_no_window_is_off_its_shares_by_more_than_chance(sizes: list[int], seed: int, data):
    mixture = Mixture([Virtual(str(i), size) for i, size in enumerate(sizes)], seed)  # type: ignore[arg-type]
    start = data.draw(st.integers(0, len(mixture) - 10_000))
    number, row = mixture.locate(np.arange(start, start + 10_000))
    found = np.bincount(number, minlength=len(sizes))
    for i, size in enumerate(sizes):
        share = size / sum(sizes)
        # Six times the spread of a draw without order; a hundred million such windows have one beyond.
        assert abs(found[i] - 10_000 * share) <= 6 * np.sqrt(10_000 * share * (1 - share)) + 1
        assert (row[number == i] < size).all()
    pairs = set(zip(number.tolist(), row.tolist(), strict=True))
    assert len(pairs) == 10_000


def test_every_window_of_a_whole_order_has_its_shares():
    sizes = [80_000, 200_000, 20_000, 0, 1_000]
    mixture = Mixture([Virtual(str(i), size) for i, size in enumerate(sizes)], 5)  # type: ignore[arg-type]
    number, row = mixture.locate(np.arange(len(mixture)))
    assert len(set(zip(number.tolist(), row.tolist(), strict=True))) == sum(sizes)
    for i, size in enumerate(sizes):
        share = size / sum(sizes)
        total = np.concatenate(([0], np.cumsum(number == i)))
        windows = total[10_000:] - total[:-10_000]
        assert abs(windows - 10_000 * share).max() <= 5.5 * np.sqrt(10_000 * share * (1 - share))
