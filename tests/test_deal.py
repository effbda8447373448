"""Dealing: quotas that come out exactly, decks that are dealt out before they come again."""

from collections import Counter
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from generators.columns import Column
from generators.deal import BLOCK, COUNT_SHARES, Deck, Strand, largest_remainder, quotas, strands_of
from generators.fudge import Questions
from generators.lexicon import open_lexicon
from generators.prompts import language, languages
from generators.rows import Rows
from generators.words import Words
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.words_strategies import files, letters

TASKS = [SpellingBee, SimpleSpelling, LetterCounting]
every_task = pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.name)
every_split = pytest.mark.parametrize("split", ["train", "test"])


def rows_of(task, index, seed=0):
    return Rows.of(index, seed=seed, task=task.name, split=task.split)


def blocks(column, rows):
    """How often each value comes in each block of 100 rows."""
    return [Counter(part) for part in np.asarray(column).reshape(rows // BLOCK, BLOCK).tolist()]


# Quotas.


@every_task
@every_split
@pytest.mark.parametrize("seed", [0, 7])
def test_every_block_of_100_rows_holds_the_quotas(kind, split, seed):
    task = kind(size=1, split=split, kinds="none")  # kinds have shares of 1,000 rows: tests/test_variants.py
    dealt = task.deal(rows_of(task, np.arange(5000), seed))
    assert all(block == {0: 70, 1: 15, 2: 15} for block in blocks(dealt.language, 5000))
    if kind.counts:
        assert all(block == {0: 10, 1: 35, 2: 35, 3: 20} for block in blocks(dealt.count_class, 5000))
    # And the two together, with the lexicons, as every other block has them.
    both = dealt.language * 100 + dealt.count_class * 10 + dealt.words.source[dealt.word_number]
    found = blocks(both, 5000)
    assert all(block == found[0] for block in found)


@every_split
def test_the_word_has_the_letter_as_often_as_was_dealt(split):
    task = SpellingBee(size=1, split=split)
    dealt = task.deal(rows_of(task, np.arange(20_000)))
    found = [
        min(letters(word).count(letter), 3)
        for word, letter in zip(dealt.word.strings(), dealt.letter.strings(), strict=True)
    ]
    assert found == dealt.count_class.tolist()
    assert Counter(found) == {0: 2000, 1: 7000, 2: 7000, 3: 4000}


@every_split
def test_own_and_english_words_in_their_shares(split):
    task = SimpleSpelling(size=1, split=split, kinds="none")
    dealt = task.deal(rows_of(task, np.arange(1000)))
    english = [lexicon.language for lexicon in dealt.words.lexicons].index("en")
    asked = Counter(zip(dealt.language.tolist(), dealt.words.source[dealt.word_number].tolist(), strict=True))
    own = {code: i for i, code in enumerate(task.languages)}
    assert asked[own["en"], english] == 700
    assert asked[own["es"], english] in (70, 80)  # half of 15 in every block
    assert asked[own["zh"], english] == 120  # four fifths


@pytest.mark.parametrize("kind", [SpellingBee, SimpleSpelling])
@given(
    index=st.lists(st.integers(0, 10**9), min_size=1, max_size=30),
    at=st.integers(0, 29),
    seed=st.integers(-5, 2**70),
)
@settings(max_examples=12, deadline=None)
def test_a_row_is_the_same_alone_and_in_any_batch(kind, index, at, seed):
    task = kind(size=1)
    at %= len(index)
    batch = task.deal(rows_of(task, index, seed))
    alone = task.deal(rows_of(task, [index[at]], seed))
    for name in ("language", "word_number", "letter_number", "turn", "count_class"):
        many, one = getattr(batch, name), getattr(alone, name)
        assert len(many) in (0, len(index))
        assert len(many) == 0 or many[at] == one[0], name


def best(rows, columns, possible):
    """How many rows can hold their counts at most, by Hall's theorem: try all sets of counts."""
    n = len(columns)
    lacking = [
        sum(columns[c] for c in chosen)
        - sum(r for r, can in zip(rows, possible, strict=True) if any(can[c] for c in chosen))
        for chosen in chain.from_iterable(combinations(range(n), k) for k in range(n + 1))
    ]
    return max(lacking)


shares = st.lists(st.integers(1, 40), min_size=1, max_size=4)


@given(data=st.data(), strands=shares, counts=shares)
@settings(max_examples=200, deadline=None)
def test_quotas_against_every_way_there_is(data, strands, counts):
    cell = st.sampled_from([0, 0, 1, 10, 1000, 100_000])
    row = st.lists(cell, min_size=len(counts), max_size=len(counts)).filter(any)
    fill = np.array(data.draw(st.lists(row, min_size=len(strands), max_size=len(strands))), dtype=float)
    try:
        rows, columns = largest_remainder(strands), largest_remainder(counts)
    except ValueError:
        assume(False)
    cells = quotas(strands, counts, fill.copy())
    assert (cells >= 0).all()
    assert (cells[fill == 0] == 0).all(), "rows of words that there are not"
    assert (cells.sum(axis=1) == rows).all(), "the languages' shares are always exact"
    lacking = np.maximum(columns - cells.sum(axis=0), 0).sum()
    assert lacking == best(rows.tolist(), columns.tolist(), (fill > 0).tolist())


@given(shares=st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=20))
@example(shares=[0.7, 0.15, 0.15])
@example(shares=[0.29, 0.71])  # 28.999999999999996 rows
@example(shares=[1e-9, 1.0])
@settings(max_examples=120)
def test_largest_remainder(shares):
    assume(sum(shares) > 1e-6)
    exact = [share / sum(shares) * BLOCK for share in shares]
    try:
        cells = largest_remainder(shares).tolist()
    except ValueError:
        assert any(e < 1 and share > 0 for e, share in zip(exact, shares, strict=True))
        return
    assert sum(cells) == BLOCK
    assert all(abs(cell - e) < 1 + 1e-6 for cell, e in zip(cells, exact, strict=True))
    assert all(cell > 0 for cell, share in zip(cells, shares, strict=True) if share > 0)
    # What was rounded up had lost no less than what was not.
    up = [e % 1 for cell, e in zip(cells, exact, strict=True) if cell > e]
    down = [e % 1 for cell, e in zip(cells, exact, strict=True) if cell < e]
    assert not up or not down or min(up) >= max(down) - 1e-6


def test_shares_that_come_to_no_row_are_errors():
    with pytest.raises(ValueError, match="comes to none"):
        largest_remainder([0.999, 0.001])
    task = SimpleSpelling(size=10, language="en:0.999,es:0.001")
    with pytest.raises(ValueError, match="comes to none"):
        task[0]


@pytest.mark.parametrize("strands", [[0.5, 0.5], [1.0]])
def test_a_strand_without_words_is_an_error(strands):
    with pytest.raises(ValueError, match="no word to deal"):
        quotas(strands, [0.5, 0.5], np.zeros((len(strands), 2)))


def test_strands_of_split_what_is_asked_about():
    found = strands_of([0.7, 0.15, 0.15], [1, 0.5, 0.2], [(0, 0), (1, 0), (2, 0)])
    assert sum(strand.share for strand in found) == pytest.approx(1)
    assert [(s.language, s.lexicon) for s in found] == [(0, 0), (1, 1), (1, 0), (2, 2), (2, 0)]
    assert strands_of([1], [0.0], [(1, 0)]) == [Strand(0, 0, 1.0)]
    assert strands_of([1], [1.0], [(1, 0)]) == [Strand(0, 1, 1.0)]


# Classes that are empty.


@pytest.mark.parametrize(
    ("words", "shares"),
    [
        (["fig", "plum", "nectar"], {0: 10, 1: 90}),
        (["fig", "plum", "apple"], {0: 10, 1: 45, 2: 45}),
        (["banana", "plum", "apple"], {0: 10, 1: 35, 2: 35, 3: 20}),
    ],
)
def test_a_count_that_no_word_has_leaves_its_rows_to_the_others(tmp_path, words, shares):
    task = SpellingBee(size=1000, language="en", **files(tmp_path, *words))
    dealt = task.deal(rows_of(task, np.arange(1000)))
    found = Counter(dealt.count_class.tolist())
    assert set(found) == set(shares)
    assert sum(found.values()) == 1000
    if 3 in shares:
        assert {c: n // 10 for c, n in found.items()} == shares


def test_words_that_hold_the_whole_alphabet_are_asked_for_what_they_have(tmp_path):
    """Two words of the same letters: no letter can be asked for that one lacks."""
    task = SpellingBee(size=200, language="zh", **files(tmp_path, "中国", "国中", test="国国中"))
    found = Counter(conversation["facts"]["count"] for conversation in task)
    assert found == {1: 200}


# Passes.


@pytest.fixture(scope="module")
def english():
    lang = language("en")
    return Words.of([open_lexicon("en", script=lang.script, alphabet=lang.alphabet)])


@pytest.mark.parametrize("test", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_common_words_come_in_every_pass_and_the_tail_once(english, test, seed):
    deck = Deck(english, test, [Strand(0, 0, 1.0)])
    mine = english.test == test
    common, tail = int((mine & english.common).sum()), int((mine & ~english.common).sum())
    a_pass = common + min(common, tail)
    a_slice = min(common, tail)
    around = -(-tail // a_slice)  # passes until the whole tail has come
    for rows in (a_pass // BLOCK, 3 * a_pass // BLOCK, (around + 1) * a_pass // BLOCK + 1):
        dealt = deck.deal(Rows.of(np.arange(rows * BLOCK), seed=seed, task="deck", split="x"))
        times = np.bincount(dealt.word_number, minlength=len(english.texts))
        assert times[~mine].sum() == 0, "a word of the other split"
        passes = rows * BLOCK // a_pass
        assert times[mine & english.common].min() >= passes
        assert times[mine & english.common].max() <= passes + 1
        of_tail = times[mine & ~english.common]
        dealt_tail = int(of_tail.sum())
        # The pass in which the tail runs out mixes the end of one round with the beginning of the next.
        assert of_tail.max() <= 1 + (dealt_tail + a_slice) // tail, "it came again before all had come"
        assert of_tail.min() >= (dealt_tail - a_slice) // tail
        assert of_tail.max() - of_tail.min() <= 1 or passes >= around
    assert dealt_tail > tail > 0  # the last of the three went around


def test_turns_count_how_often_a_word_came_before(tmp_path):
    task = SimpleSpelling(size=1, language="en", **files(tmp_path, "fig", "plum", "apple"))
    dealt = task.deal(rows_of(task, np.arange(3000)))
    for word in set(dealt.word_number.tolist()):
        turns = sorted(dealt.turn[dealt.word_number == word].tolist())
        assert turns == list(range(1000))


def test_a_word_that_comes_again_takes_its_other_letters_first(tmp_path):
    task = SpellingBee(size=1, language="en", **files(tmp_path, "plum", "figs", "trek"))
    dealt = task.deal(rows_of(task, np.arange(6000)))
    here = dealt.count_class == 1
    cards = Counter(zip(dealt.word_number[here].tolist(), dealt.letter_number[here].tolist(), strict=True))
    assert len(cards) == 12  # four letters each
    assert max(cards.values()) - min(cards.values()) <= 1
    turns = {}
    for word, letter, turn in zip(
        dealt.word_number[here].tolist(),
        dealt.letter_number[here].tolist(),
        dealt.turn[here].tolist(),
        strict=True,
    ):
        turns.setdefault((word, letter), []).append(turn)
    assert all(sorted(found) == list(range(len(found))) for found in turns.values())


# Splits.


@every_task
def test_no_test_word_in_any_training_row_whatever_the_seeds(kind):
    def words_of(split, seed, size):
        task = kind(size=size, split=split, seed=seed, tool="none")
        dealt = [task.get_example(i) for i in range(size)]
        named = [row["facts"].get("words") or [row["word"]] for row in dealt]
        return {word.casefold() for each in named for word in each}

    test = words_of("test", 0, 3000) | words_of("test", 9, 1000)
    for seed in (0, 9):
        assert not test & words_of("train", seed, 2000)


# Nothing twice.


def prompts(task):
    return Counter(task.get_example(i)["messages"][0]["content"] for i in range(task.size))


def again(task):
    return {prompt: times for prompt, times in prompts(task).items() if times > 1}


@pytest.mark.parametrize(
    ("kind", "split", "size"),
    [
        (SpellingBee, "train", 80_000),
        (SpellingBee, "test", 4000),
        (SimpleSpelling, "test", 5000),
        (LetterCounting, "train", 20_000),
        (LetterCounting, "test", 1000),
    ],
)
def test_no_question_twice(kind, split, size):
    assert again(kind(size=size, split=split, tool="none")) == {}


@pytest.mark.parametrize(("seed", "language"), [(0, None), (3, "es")])
def test_no_spelling_question_twice(seed, language):
    """Words that English shares with Spanish ("chile", "mayor") stand in two decks of one language."""
    assert again(SimpleSpelling(size=100_000, seed=seed, language=language)) == {}


TINY = [
    "banana",
    "apple",
    "cherry",
    "mississippi",
    "strawberry",
    "letter",
    "bookkeeper",
    "onion",
    "tomato",
    "potato",
    "zigzag",
    "window",
]


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("kind", [SpellingBee, SimpleSpelling])
def test_twelve_words_are_asked_about_in_thousands_of_ways(tmp_path, kind, code):
    """All rows differ until some form of a question has been typed in every way that there is."""
    task = kind(size=12_000, language=code, tool="none", **files(tmp_path, *TINY, test="quartz"))
    asks = Questions([language(code)], {code: language(code).prompts[kind.prompts]}, kind.slots)
    forms = int(asks.template_counts[0]) << len(kind.slots)
    enough = forms * int(asks.ways.min())  # of one word and letter
    dealt = task.deal(rows_of(task, np.arange(task.size)))
    assert dealt.turn.max() < enough, "too many rows for the test"
    assert again(task) == {}


def test_words_and_letters_are_columns(tmp_path):
    task = SpellingBee(size=1, language="en", **files(tmp_path, "plum"))
    dealt = task.deal(rows_of(task, [0, 5]))
    assert len(dealt) == 2
    assert isinstance(dealt.word, Column)
    assert dealt.word.strings() == ["plum", "plum"]
    assert sum(COUNT_SHARES) == pytest.approx(1)
