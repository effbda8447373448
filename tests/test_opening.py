"""What stands before a task's exchange: right, the same in any batch, and trained on as was asked."""

from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.dialects import Dialect
from generators.opening import CUTOFFS, DAYS, FIRST_DAY, LEAST_CUTOFF, iso_month
from generators.plainrows import complete, rows_of
from generators.plaintokens import parts_of, plain
from generators.rowcheck import check_row
from generators.shape import shape_of, with_tasks
from generators.shapecheck import check_shape, earlier_tasks
from generators.styles import STYLES
from generators.talk import talk
from generators.tokens import Renderer
from tasks.lettercounting import LetterCounting
from tasks.registry import checks, task_class
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.words_strategies import letters
from tokenizer.chat import ChatTokens
from tokenizer.encoding import open_encoding


def shape(written):
    return with_tasks(written, task_class)


TASKS = [SpellingBee, SimpleSpelling, LetterCounting]
MANY = "turns=0:0.2,1:0.2,2:0.2,3:0.1,6:0.3;earlier=talk:0.5,spellingbee:0.3,simplespelling:0.2;system=0.8"
every_task = pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def vocabulary():
    return open_encoding(None)


def rows(task, count=300, start=0):
    """Rows as verify reads them."""
    made = task.conversations(np.arange(start, start + count), Book())
    [batch] = Dialect().table(made).to_batches()
    found = list(rows_of(batch))
    for row in found:
        complete(row)
    return found


@pytest.mark.parametrize("style", STYLES)
@every_task
def test_every_row_is_right(kind, style):
    task = kind(600, style=style, language="all", shape=shape(MANY))
    known = checks(())
    for row in rows(task):
        problems = [*check_row(row, "train", "none"), *check_shape(row, known), *task.check(row)]
        assert not problems, (row["id"], problems)


@every_task
def test_shares_come_out(kind):
    task = kind(2000, language="en", shape="usual")
    facts = [row["facts"] for row in rows(task, 1000, 1000)]
    depths = Counter(fact["turns"] for fact in facts)
    assert depths == {depth: round(1000 * share) for depth, share in shape_of("usual").turns.items()}
    systems = Counter(fact["system"] for fact in facts)
    assert systems == {"": 900, "short": 30, "long": 20, "persona": 20, "date": 20, "cutoff": 10}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 9999), min_size=1, max_size=8, unique=True), st.integers(0, 3))
def test_a_row_is_the_same_in_any_batch(index, seed):
    task = SpellingBee(10_000, language="en", tool="none", shape=shape(MANY), seed=seed)
    together = task.conversations(np.array(index), Book())
    for place, number in enumerate(index):
        alone = task.conversations(np.array([number]), Book())
        for rows_together, rows_alone in ((together.text, alone.text), (together.facts, alone.facts)):
            [said] = alone.book.strings(rows_alone).to_pylist()
            assert together.book.strings(rows_together.take(np.array([place]))).to_pylist() == [said]


def test_a_shape_changes_nothing_of_the_exchange_itself():
    shaped, bare = (SpellingBee(500, language="all", shape=one) for one in (shape(MANY), "none"))
    for row, other in zip(rows(shaped), rows(bare), strict=True):
        assert row["messages"][-2:] == other["messages"]
        assert (row["answer"], row["word"], row["letter"]) == (
            other["answer"],
            other["word"],
            other["letter"],
        )


def test_small_talk_is_in_the_language_of_the_row_and_never_twice_in_it():
    for row in rows(SimpleSpelling(400, language="all", shape="turns=6")):
        pairs = [tuple(text for _, text in row["messages"][at : at + 2]) for at in range(0, 12, 2)]
        assert len(set(pairs)) == 6
        one = talk(row["language"])
        assert all(pair in one.exchanges or pair[0] in one.ask for pair in pairs)


def test_earlier_tasks_speak_of_words_of_the_same_split():
    words = {}
    for split in ("train", "test"):
        task = SpellingBee(
            2000, split, language="en", shape=shape("turns=2;earlier=simplespelling,spellingbee")
        )
        found = [told["word"] for row in rows(task, 1000) for told in earlier_tasks(row["facts"])]
        made = task.conversations(np.arange(1000), Book())
        assert set(found) <= set(made.book.take(made.words.values).to_pylist())
        words[split] = set(found)
        assert len(found) > 1900
    assert not words["train"] & words["test"]


def test_what_the_model_knows_ends_before_today():
    for day in range(0, DAYS, 50):
        today = date.fromordinal(FIRST_DAY.toordinal() + day)
        months = [iso_month(day, back) for back in range(CUTOFFS)]
        assert len(set(months)) == CUTOFFS
        year, month = map(int, months[0].split("-"))
        assert (today.year * 12 + today.month) - (year * 12 + month) == LEAST_CUTOFF


@pytest.mark.parametrize("loss", ["all", "last"])
@every_task
def test_ids_and_masks_are_those_of_each_part_by_itself(kind, loss, vocabulary):
    chat = ChatTokens.of(vocabulary)
    made = kind(400, language="all", shape=shape(f"{MANY};loss={loss}")).conversations(np.arange(200), Book())
    tokens = Renderer(vocabulary, chat).render(made)
    for row, parts in enumerate(parts_of(made)):
        own = slice(tokens.offsets[row], tokens.offsets[row + 1])
        done = list(plain(vocabulary, chat, parts))
        assert tokens.ids[own].tolist() == [id for _, ids, _ in done for id in ids]
        assert tokens.mask[own].tolist() == [one for _, _, mask in done for one in mask]


@pytest.mark.parametrize("loss", ["all", "last"])
def test_earlier_turns_are_trained_on_as_asked_to_their_very_end(loss, vocabulary):
    chat = ChatTokens.of(vocabulary)
    task = SpellingBee(
        400, language="en", shape=shape(f"turns=3;earlier=talk:0.5,spellingbee:0.5;loss={loss}")
    )
    tokens = Renderer(vocabulary, chat).render(task.conversations(np.arange(200), Book()))
    ends = tokens.ids == chat.ids["assistant_end"]
    for row in range(200):
        own = slice(tokens.offsets[row], tokens.offsets[row + 1])
        assert tokens.mask[own][ends[own]].tolist() == [loss == "all"] * 3 + [True]
        if loss == "last":
            turns = np.flatnonzero(tokens.ids[own] == chat.ids["assistant_start"])
            assert not tokens.mask[own][: turns[-1] + 1].any()
    for row in rows(task, 100):
        last = len(row["messages"]) - 1
        for message, type_, _, train in row["all_parts"]:
            assert train == (type_ != "python_output" and (loss == "all" or message == last))


def test_quotas_of_letters_and_depths_are_apart():
    """Neither the word's length nor its count tells how deep its exchange stands."""
    found = rows(SpellingBee(2000, language="en", tool="none", shape="usual"), 2000)
    deep = [len(letters(row["word"])) for row in found if row["facts"]["turns"]]
    first = [len(letters(row["word"])) for row in found if not row["facts"]["turns"]]
    assert abs(np.mean(deep) - np.mean(first)) < 0.4
