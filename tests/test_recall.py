"""Questions about earlier exchanges: answered rightly in every row, and wrong ones found."""

import copy
import os
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.checkrecall import ASKS, Done, answer_to
from generators.dialects import Dialect
from generators.export import export
from generators.fudge import TYPOS, _typo
from generators.lexicon import is_test_word
from generators.prompts import language, languages
from generators.rowcheck import check_row
from generators.score import same_items
from generators.seams import unsafe_seams
from generators.shape import DEEPEST, with_tasks
from generators.shapecheck import check_shape
from generators.styles import STYLES
from generators.verify import verify
from tasks.base import SPLITS
from tasks.recall import EARLIER, LEAST, SHARES, Recall
from tasks.registry import checks, task_class
from tasks.spellingbee import SpellingBee
from tests.exports import WORDS, lexicon, shards
from tests.test_opening import rows
from tests.test_preview import GOLDEN, texts


def shape(written):
    return with_tasks(written, task_class)


KNOWN = checks(())
READER = Recall(1)


def told(row):
    """What the facts tell of the exchanges of tasks: not what answers are derived from."""
    return [one for one in row["facts"]["earlier"] if isinstance(one, dict)]


def expected(row):
    """The answer, from the facts of the earlier exchanges."""
    words = [one["word"] for one in told(row)]
    summary = [
        f"{one['word']}: {one['letter']} = {one['answer']}" if one["letter"] else one["word"]
        for one in told(row)
    ]
    return {
        "last": words[-1],
        "topic": words[-1],
        "first": words[0],
        "nth": words[row["facts"]["nth"] - 1],
        "count": str(len(words)),
        "list": ", ".join(words),
        "summary": ", ".join(summary),
    }[row["facts"]["recall"]]


def problems(row):
    return [*check_row(row, row["split"], "none"), *check_shape(row, KNOWN), *READER.check(row)]


@pytest.fixture(scope="module")
def made():
    return rows(Recall(2000, language="all"), 1500)


def test_every_row_is_right(made):
    for row in made[:700]:
        assert not problems(row), (row["id"], problems(row))
        assert row["answer"] == expected(row)


@pytest.mark.parametrize(("style", "split"), [*zip(STYLES, SPLITS * 3, strict=False)])
def test_every_row_is_right_in_every_style(style, split):
    for row in rows(Recall(300, split, style=style, language="en,ko"), 150):
        assert not problems(row), (row["id"], problems(row))
        assert row["answer"] == expected(row)


def test_a_shape_can_ask_for_more():
    asked = "turns=0:0.3,1:0.2,4:0.5;earlier=talk:0.8,spellingbee:0.2;system=0.5;loss=last"
    found = rows(Recall(400, language="en,ko", shape=shape(asked)), 200)
    for row in found:
        assert not problems(row), (row["id"], problems(row))
        assert {one["task"] for one in told(row)} == {"spellingbee"}
        assert row["facts"]["turns"] == 4
        assert len(told(row)) >= LEAST
        trained = {number for number, _, _, train in row["all_parts"] if train}
        assert trained == {len(row["messages"]) - 1}
    assert any(row["facts"]["system"] for row in found)
    assert any("date" in row["facts"]["earlier"] for row in found)


def test_where_no_shape_helps_it_has_its_own():
    found = rows(Recall(300, language="en", shape=shape("system=0.3")), 200)
    assert {row["facts"]["turns"] for row in found} == {2, 3, 4, 5, 6}
    assert {one["task"] for row in found for one in told(row)} == set(EARLIER) - {"talk"}


def test_shapes_that_it_cannot_ask_about():
    with pytest.raises(ValueError, match="simplespelling and spellingbee; the shape has 'lettercounting'"):
        Recall(1, shape=shape("turns=3;earlier=lettercounting"))
    with pytest.raises(ValueError, match="of 'recall', which asks about those before"):
        SpellingBee(1, shape=shape("turns=3;earlier=recall"))


def test_questions_come_in_their_shares_and_find_what_they_ask_for(made):
    asked = Counter(row["facts"]["recall"] for row in made)
    for ask, share in zip(ASKS, SHARES, strict=True):
        if ask not in ("last", "topic"):  # where talk stands last, that was asked for the last word
            assert abs(asked[ask] / len(made) - share) < 0.02, ask
    assert asked["last"] + asked["topic"] > 0.3 * len(made)
    numbers = Counter(row["facts"]["nth"] for row in made if row["facts"]["recall"] == "nth")
    assert set(numbers) == set(range(2, DEEPEST + 1))
    for row in made:
        if row["facts"]["recall"] == "topic":
            assert isinstance(row["facts"]["earlier"][-1], dict)


def test_languages_have_their_shares_in_every_hundred_rows():
    found = rows(Recall(400, language="en:0.7,es:0.2,zh:0.1"), 400)
    for start in range(0, 400, 100):
        block = Counter(row["language"] for row in found[start : start + 100])
        assert block == {"en": 70, "es": 20, "zh": 10}


def test_questions_are_asked_in_every_way(made):
    """Nearly every template comes, and ordinals are spelled right whatever is typed around them."""
    found = {row["template"] for row in made}
    assert len(found) > 0.9 * sum(
        len(language(code).prompts[f"recall_{ask}"]) for code in languages() for ask in ASKS
    )
    for row in made:
        ordinals = language(row["language"]).ordinals
        here = [ordinal for ordinal in ordinals if ordinal in row["question"].lower()]
        assert here == [ordinals[nth - 2] for nth in [row["facts"]["nth"]] if nth]


def test_typos_leave_ordinals_alone():
    typed = [_typo(["Which was the third word?"], number, ["third"]) for number in range(TYPOS)]
    assert all("third" in text for [text] in typed)
    assert all(_typo(["third"], number, ["third"]) == ["third"] for number in range(TYPOS))
    assert any(_typo(["third"], number, []) != ["third"] for number in range(TYPOS))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 9999), min_size=1, max_size=8, unique=True), st.integers(0, 3))
def test_a_row_is_the_same_in_any_batch(index, seed):
    task = Recall(10_000, language="en", tool="none", seed=seed)
    together = task.conversations(np.array(index), Book())
    for place, number in enumerate(index):
        alone = task.conversations(np.array([number]), Book())
        for what in ("text", "facts", "words"):
            one = (getattr(each, what).take(np.array([at])) for each, at in ((alone, 0), (together, place)))
            found, other = (
                book.strings(codes) for book, codes in zip((alone.book, together.book), one, strict=True)
            )
            assert found == other
        assert alone.column("answer")[0] == together.column("answer")[place]


def test_no_token_runs_into_a_word_of_the_answer():
    for style in ("quote-comma", "universal"):
        found = Recall(300, language="en,ja", style=style).conversations(np.arange(300), Book())
        assert not [seam for seam in unsafe_seams(found.book, found.text) if seam.matters], style


def test_where_a_word_comes_twice_nothing_is_asked_that_hangs_on_it(tmp_path: Path):
    path = tmp_path / "few.txt"
    few = [*[word for word in WORDS if not is_test_word(word)][:24], next(filter(is_test_word, WORDS))]
    path.write_text("\n".join(few) + "\n", encoding="utf-8")
    twice = 0
    for row in rows(Recall(800, language="en", lexicon=path, tool="none"), 800):
        assert not [*READER.check(row)], row["id"]
        words = [one["word"] for one in told(row)]
        if len(set(words)) < len(words):
            twice += 1
            assert row["facts"]["recall"] not in ("nth", "count")
    assert twice > 20


# Scoring.

WORD = st.text(st.sampled_from("abcxyzéñ"), min_size=1, max_size=6)
DONE = st.builds(Done, WORD, st.sampled_from(["", "a", "é"]), st.integers(0, 9).map(str))


@given(st.lists(DONE, min_size=2, max_size=6), st.sampled_from(sorted(STYLES)), st.data())
def test_answers_are_scored_right_however_they_are_written(done, style, data):
    ask, nth = data.draw(st.sampled_from(ASKS)), data.draw(st.integers(2, len(done)))
    answer = answer_to(ask, nth, done)
    written = ",".join(one.written(STYLES[style]) for one in done) if ask == "summary" else f" {answer}"
    for completion in (
        f"#### {answer}",
        f"So.\n\n####{written}",
        f"#### {answer.upper()}.",
        f"#### **{answer}**",
    ):
        assert same_items(completion, answer), completion
    other = answer_to(ask, nth, [*done[:-1], Done("other")] if ask != "count" else [*done, done[0]])
    assert same_items(f"#### {other}", answer) == (other.lower() == answer)
    assert not same_items(f"#### {answer}\n#### another", answer)
    assert not same_items(answer, answer)


def test_a_list_in_another_order_is_another(made):
    row = next(row for row in made if row["facts"]["recall"] == "list")
    words, task = row["answer"].split(", "), Recall(1)
    assert task.evaluate(row, f"#### {' , '.join(words)}") == 1
    assert task.reward(row, f"#### {', '.join(reversed(words))}") == 0.0
    assert task.evaluate(row, f"#### {', '.join(words[1:])}") == 0
    assert all(task.evaluate(row, row["turn"]) for row in made)


# What is wrong is found.


def swapped(row, old, new):
    """Change the last turn in message, parts and turn alike, as a whole wrong row would have it."""
    turn = row["turn"].replace(old, new, 1)
    assert turn != row["turn"], row["turn"]
    row["turn"], row["parts"] = turn, [("text", turn)]
    last = len(row["messages"]) - 1
    row["messages"][last] = ("assistant", turn)
    row["all_parts"] = [*(part for part in row["all_parts"] if part[0] < last), (last, "text", turn, True)]
    return row


def other_answer(row):
    return {**row, "answer": "never"}


def other_word_throughout(row):
    word = row["answer"].split(",")[0].split(":")[0]
    other = "99" if word.isdecimal() else "zzyzx"
    row = {**row, "answer": row["answer"].replace(word, other, 1), "word": row["word"] and other}
    old = row["turn"]
    while word in row["turn"]:
        row = swapped(row, word, other)
    assert row["turn"] != old
    return row


def other_final(row):
    return swapped(row, row["turn"].rpartition("#### ")[2], "zzyzx")


def earlier_word(row):
    """Change what was said earlier, and leave the answer."""
    one = told(row)[0]
    at = next(n for n, (_, content) in enumerate(row["messages"]) if one["word"] in content and n % 2)
    role, content = row["messages"][at]
    row["messages"][at] = (role, content.replace(one["word"], "zzyzx"))
    return row


def earlier_exchange_gone(row):
    at = next(
        n for n, (_, content) in enumerate(row["messages"]) if n % 2 and told(row)[0]["word"] in content
    )
    row["messages"][at] = ("assistant", "Sure.")
    return row


def exchanges_turned_round(row):
    row["messages"] = [
        *row["messages"][-4:-2],
        *row["messages"][2:-4],
        *row["messages"][:2],
        *row["messages"][-2:],
    ]
    last, first = len(row["messages"]) - 3, 1
    swap = {last: first, first: last}
    row["all_parts"] = [(swap.get(at, at), *part) for at, *part in row["all_parts"]]
    return row


def said_more(row):
    return swapped(row, "\n\n####", ' And "zzyzx" too.\n\n####')


def said_a_number(row):
    return swapped(row, "\n\n####", " That makes 77.\n\n####")


def other_question(row):
    facts = {
        **row["facts"],
        "recall": "first" if row["facts"]["recall"] in ("last", "topic") else "last",
        "nth": 0,
    }
    return {**row, "facts": facts}


# What cannot be seen where no column says which question it is: the answer is right for another one.
UNSEEN = (other_question, earlier_word, earlier_exchange_gone, exchanges_turned_round)
TAMPERED = [
    other_answer, other_word_throughout, other_final, earlier_word, earlier_exchange_gone,
    exchanges_turned_round, said_more, said_a_number, other_question,
]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "change"),
    # However exchanges are turned, there are as many words.
    [pair for pair in product(ASKS, TAMPERED) if pair != ("count", exchanges_turned_round)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_was_changed_is_found(made, ask, change):
    row = next(
        row
        for row in made
        if row["facts"]["recall"] == ask
        and row["language"] == "en"
        and not row["facts"]["system"]
        and all(isinstance(row["facts"]["earlier"][at], dict) for at in (0, -1))
        and told(row)[0]["task"] != told(row)[-1]["task"]
    )
    assert not [*READER.check(row)]
    changed = change(copy.deepcopy(row))
    assert [*READER.check(changed)], changed
    if change not in UNSEEN:
        assert [*READER.check({**changed, "facts": None})]


@pytest.mark.parametrize("dialect", ["universal", "messages"])
def test_verify_passes_what_is_exported_and_finds_one_wrong_row(tmp_path: Path, dialect):
    options = {"language": "en,ko", "lexicon": lexicon(tmp_path), "tool": "python"}
    splits = {split: [Recall(120, split, **options)] for split in ("train", "test")}
    folder = tmp_path / "export"
    export(splits, folder, dialect=Dialect(dialect), workers=1)
    report = verify(folder, KNOWN, workers=1)
    assert not report.problems
    assert report.rows == {"recall": 240}
    path = shards(folder)[0]
    table = pq.read_table(path)
    found = table.to_pylist()
    row = next(
        row for row in found if row["answer"].isalpha() and row["messages"][-1]["content"].count("\n") == 2
    )
    for messages in (row["messages"], row.get("completion", [])):
        for message in messages[-1:]:
            message["content"] = message["content"].replace(row["answer"], "zzyzx")
    row["parts"][-1]["text"] = row["messages"][-1]["content"]
    row["answer"] = "zzyzx"
    if "word" in row:
        row["word"] = "zzyzx"
    pq.write_table(pa.Table.from_pylist(found, table.schema), path)
    report = verify(folder, KNOWN, workers=1)
    wrong = [problem for problem in report.problems if row["id"] in problem]
    assert any(
        regex.search("from the messages before it is|is to no question about", problem) for problem in wrong
    )
    assert all(row["id"] in problem or "sha256" in problem for problem in report.problems)


@pytest.mark.parametrize("code", languages())
def test_golden(code):
    """Conversations that somebody has read; UPDATE_GOLDEN=1 writes them anew."""
    printed = "".join(texts(Recall(14, language=code), 14))
    path = GOLDEN / f"recall-quote-comma-{code}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(printed, "utf-8")
    assert path.exists(), f"{path} is missing; UPDATE_GOLDEN=1 writes it"
    assert printed == path.read_text("utf-8"), f"read the difference of {path} after UPDATE_GOLDEN=1"
