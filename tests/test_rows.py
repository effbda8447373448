import os
import subprocess
import sys
from hashlib import blake2b
from itertools import product
from math import isqrt, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generators.rows import Rows, below, divide, key_of, mix, permute

ROOT = Path(__file__).resolve().parents[1]
WHOLE = 2**64 - 1
KEYS = st.integers(0, WHOLE)
NUMBERS = st.integers(0, 2**62)


def slow_mix(key: int, value: int) -> int:
    """splitmix64 in plain integers."""
    z = ((value + 1) * 0x9E3779B97F4A7C15 + key) & WHOLE
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WHOLE
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WHOLE
    return z ^ (z >> 31)


def slow_below(drawn: int, n: int) -> int:
    return ((drawn >> 32) * n) >> 32


def slow_round(half: int, key: int, turn: int, n: int) -> int:
    z = ((half * 0x9E3779B97F4A7C15) & WHOLE) ^ key ^ (0x9E3779B97F4A7C15 >> turn)
    z = ((z ^ (z >> 32)) * 0xBF58476D1CE4E5B9) & WHOLE
    return slow_below(z, n)


def slow_permute(i: int, n: int, key: int) -> int:
    a = isqrt(n - 1) + 1
    b = -(-n // a)
    while True:
        left, right = divmod(i, b)
        for turn in range(3):
            left = (left + slow_round(right, key, 2 * turn, a)) % a
            right = (right + slow_round(left, key, 2 * turn + 1, b)) % b
        i = left * b + right
        if i < n:
            return i


def rows_of(index: object, seed: int = 0, task: str = "t", split: str = "train") -> Rows:
    return Rows.of(index, seed=seed, task=task, split=split)


@given(KEYS, st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_mix_is_splitmix64(key: int, values: list[int]):
    found = mix(np.uint64(key), np.array(values, dtype=np.int64))
    assert found.tolist() == [slow_mix(key, value % 2**64) for value in values]
    keys = np.full(len(values), key, dtype=np.uint64)
    assert mix(keys, np.array(values, dtype=np.int64)).tolist() == found.tolist()


def test_mix_of_one_is_mix_of_many():
    assert (
        int(mix(key_of("a"), 7)) == int(mix(key_of("a"), np.array([7]))[0]) == slow_mix(int(key_of("a")), 7)
    )


def test_key_is_written_down():
    """A key that changes, changes every conversation ever made."""
    digest = blake2b(b"int:0\x1fstr:spellingbee\x1fstr:train\x1fstr:letter", digest_size=8).digest()
    assert int(key_of(0, "spellingbee", "train", "letter")) == int.from_bytes(digest, "little")
    assert int(rows_of([5]).hash("f")[0]) == slow_mix(int(key_of(0, "t", "train", "f")), 5)
    assert rows_of(range(2)).hash("f").tolist() == [13836793356760117928, 9619958291510476900]
    assert permute(np.arange(10), 10, key_of("deck")).tolist() == [2, 9, 7, 1, 4, 3, 0, 6, 8, 5]
    assert rows_of(range(8)).choose("w", [1, 2, 3]).tolist() == [1, 0, 2, 1, 1, 2, 1, 1]


def test_keys_do_not_collide():
    names = [
        "",
        "a",
        "b",
        "ab",
        "a b",
        "a/b",
        "1",
        "0",
        "11",
        "train",
        "test",
        "letter",
        "word",
        "word 1",
        "é",
    ]
    parts = [*names, 0, 1, 2, 10, 11, -1, 2**40]
    wanted = [(a,) for a in parts] + list(product(parts, parts)) + list(product(parts, names, names))
    keys = {int(key_of(*names)) for names in wanted}
    assert len(keys) == len(wanted)


def test_key_does_not_depend_on_what_was_asked_before():
    key_of.cache_clear()
    first = key_of("k", True), key_of("k", np.int64(1)), key_of("k", 1)
    key_of.cache_clear()
    again = key_of("k", 1), key_of("k", np.int64(1)), key_of("k", True)
    assert len({*first, *again}) == 1


@given(st.lists(NUMBERS, min_size=1), st.integers(-5, 2**40), st.randoms(use_true_random=False), st.data())
def test_row_is_the_same_in_any_batch(numbers: list[int], seed: int, random, data):
    rows = rows_of(numbers, seed)
    n = np.array([random.randint(1, 2**31 - 1) for _ in numbers])
    weights = [1, 2.5, 0, 4]
    draws = list(
        zip(
            rows.hash("h").tolist(),
            rows.below("b", 26).tolist(),
            rows.below("b", n).tolist(),
            rows.chance("c", 0.3).tolist(),
            rows.choose("w", weights).tolist(),
            strict=True,
        )
    )
    order = np.array(data.draw(st.permutations(range(len(numbers)))))
    cut = data.draw(st.integers(0, len(numbers)))
    for where in (order, order[:cut], order[cut:], order[:1]):
        part = rows[where]
        assert len(part) == len(where)
        found = [
            part.hash("h").tolist(),
            part.below("b", 26).tolist(),
            part.below("b", n[where]).tolist(),
            part.chance("c", 0.3).tolist(),
            part.choose("w", weights).tolist(),
        ]
        assert list(zip(*found, strict=True)) == [draws[i] for i in where]
    assert rows[:cut].index.tolist() == numbers[:cut]


def test_rows_from_anything_that_counts():
    for index in (
        range(3),
        [0, 1, 2],
        (i for i in range(3)),
        np.arange(3, dtype=np.int32),
        np.arange(3, dtype=np.uint8),
    ):
        rows = rows_of(index)
        assert rows.index.dtype == np.int64
        assert rows.hash("f").tolist() == rows_of(range(3)).hash("f").tolist()
    empty = rows_of([])
    assert (
        len(empty) == len(empty.hash("f")) == len(empty.below("f", 3)) == len(empty.choose("f", [1, 2])) == 0
    )


DRAW = """
from generators.rows import Rows, permute
import numpy as np
rows = Rows.of([9, 2, 10**12], seed=3, task="spellingbee", split="test")
print(rows.hash("a").tolist(), rows.choose("b", [1, 2, 3]).tolist(), rows.below("c", 1000).tolist())
print(permute(np.arange(9), 9, rows.key("d")).tolist())
"""


def test_rows_are_the_same_in_another_process():
    started = [
        subprocess.Popen(
            [sys.executable, "-c", DRAW],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        for seed in ("0", "1")
    ]
    printed = [process.communicate(timeout=60)[0] for process in started]
    rows = Rows.of([2], seed=3, task="spellingbee", split="test")
    assert printed[0] == printed[1]
    assert str(int(rows.hash("a")[0])) in printed[0]


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"task": "u"}, {"split": "test"}, {"field": "g"}, {"index": 1}]
)
def test_neighbours_share_nothing(change: dict[str, object]):
    """Neighbouring seeds, tasks, splits, fields and rows draw as if they knew nothing of each other."""

    def draws(field: str = "f", index: int = 0, **names: object) -> np.ndarray:
        return rows_of(np.arange(20_000) + index, **names).hash(field)

    one, other = draws(), draws(**change)
    assert not (one == other).any()
    bits = np.unpackbits((one ^ other).view(np.uint8)).reshape(-1, 64).mean(axis=0)
    assert abs(bits - 0.5).max() < 6 * 0.5 / sqrt(20_000)
    rows, columns = below(one, 10), below(other, 10)
    table = np.bincount(rows * 10 + columns, minlength=100)
    assert ((table - 200) ** 2 / 200).sum() < 99 + 6 * sqrt(2 * 99)


@given(st.lists(st.tuples(KEYS, st.integers(1, 2**31 - 1))))
@example([(0, 1), (WHOLE, 1), (WHOLE, 2**31 - 1)])
def test_below_is_in_range(draws: list[tuple[int, int]]):
    hashes = np.array([drawn for drawn, _ in draws], dtype=np.uint64)
    n = np.array([n for _, n in draws], dtype=np.int64)
    found = below(hashes, n)
    assert found.dtype == np.int64
    assert found.tolist() == [slow_below(drawn, n) for drawn, n in draws]
    assert ((found >= 0) & (found < n)).all()


@pytest.mark.parametrize("n", [1, 2, 3, 7, 26, 100])
def test_below_is_even(n: int):
    found = np.bincount(rows_of(range(50_000)).below("f", n), minlength=n)
    assert len(found) == n
    assert ((found - 50_000 / n) ** 2 / (50_000 / n)).sum() < n + 6 * sqrt(2 * n)


@settings(max_examples=40)
@given(
    st.lists(st.floats(0, 1e6) | st.integers(0, 9), min_size=1, max_size=12).filter(lambda w: sum(w) > 1e-6),
    st.integers(0, 1000),
)
@example([0, 1], 0)
@example([1, 0], 0)
@example([0, 0, 3, 0], 0)
@example([0.1] * 10, 0)
def test_choose_is_near_its_weights(weights: list[float], seed: int):
    n = 20_000
    found = np.bincount(rows_of(range(n), seed).choose("f", weights), minlength=len(weights))
    assert len(found) == len(weights)
    for count, weight in zip(found.tolist(), weights, strict=True):
        share = weight / sum(weights)
        assert abs(count - n * share) <= 6 * sqrt(n * share * (1 - share)) + 3
        assert count == 0 or weight > 0


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.5, 0.999, 1])
def test_chance_is_near_its_share(share: float):
    n = 50_000
    found = int(rows_of(range(n)).chance("f", share).sum())
    assert abs(found - n * share) <= 6 * sqrt(n * share * (1 - share))


@settings(deadline=None)
@given(st.integers(1, 3000), KEYS)
@example(1, 0)
@example(2, 5)
@example(3, WHOLE)
@example(2500, 1)
def test_permute_is_a_permutation(n: int, key: int):
    found = permute(np.arange(n), n, np.uint64(key))
    assert np.array_equal(np.sort(found), np.arange(n))
    assert permute(np.array([n - 1]), n, np.uint64(key))[0] == found[-1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 300), KEYS), max_size=8))
def test_permutations_side_by_side(decks: list[tuple[int, int]]):
    """n and key may differ by row: each deck comes out as it does alone."""
    places = np.concatenate([np.arange(n) for n, _ in decks] or [np.empty(0, np.int64)])
    sizes = [n for n, _ in decks]
    n = np.repeat(np.array(sizes, dtype=np.int64), sizes)
    keys = np.repeat(np.array([key for _, key in decks], dtype=np.uint64), sizes)
    order = np.argsort(mix(np.uint64(1), np.arange(len(places))))
    found = np.empty(len(places), dtype=np.int64)
    found[order] = permute(places[order], n[order], keys[order])
    for deck, end, (size, key) in zip(range(len(decks)), np.cumsum(sizes), decks, strict=True):
        alone = permute(np.arange(size), size, np.uint64(key))
        assert found[end - size : end].tolist() == alone.tolist(), deck


MOST = 2**52


@given(st.lists(st.tuples(st.integers(1, MOST), st.integers(0, MOST), KEYS), max_size=20))
@example([(MOST, MOST - 1, 1), (MOST - 1, 0, 2), (2**26 * (2**26 - 1) + 1, 5, 3), (10**9, 10**9 - 1, 4)])
@example([(n, n - 1, WHOLE) for n in range(1, 40)])
def test_permute_equals_plain_integers(cases: list[tuple[int, int, int]]):
    cases = [(n, i % n, key) for n, i, key in cases]
    n, i = (np.array([case[at] for case in cases], dtype=np.int64) for at in (0, 1))
    key = np.array([key for _, _, key in cases], dtype=np.uint64)
    wanted = [slow_permute(i, n, key) for n, i, key in cases]
    assert permute(i, n, key).tolist() == wanted
    assert [int(permute(i[k : k + 1], n[k], key[k])[0]) for k in range(len(cases))] == wanted


@given(st.lists(st.tuples(st.integers(0, 2**53), st.integers(1, 2**53), st.integers(-1, 1))))
@example([(2**53, 1, 0), (2**53, 2**53, 0), (3, 3002399751580331, -1), (2**26, 2**27, -1), (1, 1, 0)])
def test_divide_is_exact(cases: list[tuple[int, int, int]]):
    """Just below a multiple a float would round up first, if it did at all."""
    cases = [(x, n) for x, n, _ in cases] + [(max(0, x * n + by), n) for x, n, by in cases]
    cases = [(x, n) for x, n in cases if x <= 2**53]
    x, n = (np.array([case[at] for case in cases], dtype=np.int64) for at in (0, 1))
    quotient, rest = divide(x, n)
    assert list(zip(quotient.tolist(), rest.tolist(), strict=True)) == [divmod(x, n) for x, n in cases]


def test_permute_leaves_its_arguments_alone():
    i, n = np.arange(50), np.full(50, 50)
    permute(i, n, key_of("deck"))
    assert i.tolist() == list(range(50))
    assert n.tolist() == [50] * 50


@pytest.mark.parametrize("n", [6, 10, 30, 100])
def test_permutations_are_even(n: int):
    """Over many keys any place gets any card, and neighbouring places any pair of cards, equally often.

    Below 6 cards, six rounds leave traces: 10 % at 5 cards, which no deck of ours is as short as.
    """
    decks = 20_000
    keys = np.repeat(mix(key_of("decks"), np.arange(decks)), n)
    found = permute(np.tile(np.arange(n), decks), n, keys).reshape(decks, n)
    single = np.bincount((found + np.arange(n) * n).ravel(), minlength=n * n)
    assert ((single - decks / n) ** 2 / (decks / n)).sum() < (n - 1) ** 2 + 6 * sqrt(2) * (n - 1)
    pairs = n * (n - 1)
    both = np.bincount(found[:, 0] * n + found[:, 1], minlength=n * n)[~np.eye(n, dtype=bool).ravel()]
    assert ((both - decks / pairs) ** 2 / (decks / pairs)).sum() < pairs - 1 + 6 * sqrt(2 * pairs)


def test_permutation_of_many_is_spread_evenly():
    """Neighbouring places of a deck of a billion land anywhere in it, far from each other."""
    n = 10**9
    found = permute(np.arange(100_000), n, key_of("billion"))
    assert len(np.unique(found)) == 100_000
    counts = np.bincount(found * 100 // n, minlength=100)
    assert ((counts - 1000) ** 2 / 1000).sum() < 99 + 6 * sqrt(2 * 99)
    near = (np.abs(np.diff(found)) < n // 1000).mean()
    assert near < 0.004
