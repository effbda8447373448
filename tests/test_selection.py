import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.benchmark import benchmark_words, held_out
from generators.selection import LOOKED
from generators.source import Source
from generators.wordcolumns import is_test_word
from tasks.spellingbee import SpellingBee
from tests.exports import lexicon

PROSE = [
    " ".join(words) + "."
    for words in product(("red", "green"), ("fish", "birds"), ("swim", "fly"), ("now", "then"))
]


def pairs(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    path.write_text("".join(json.dumps({"prompt": a, "completion": b}) + "\n" for a, b in rows), "utf-8")
    return path


def kept(source: Source) -> list[tuple[str, str]]:
    return [tuple(message["content"] for message in row["messages"]) for row in source]


def left(source: Source) -> dict[str, int]:
    return {name: found["rows"] for name, found in source.report["left_out"].items()}


ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=12)


@settings(max_examples=20, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=3), st.sampled_from([0.0, 0.3]), st.sampled_from([41, 1 << 28]))
def test_equal_rows_are_left_out_across_sources(
    tmp_path_factory: pytest.TempPathFactory, files: list[Any], share: float, memory: int
):
    folder = tmp_path_factory.mktemp("rows")
    before: list[Source] = []
    seen: set[tuple[str, str]] = set()
    side: dict[tuple[str, str], str] = {}
    for number, rows in enumerate(files):
        expected = [row for place, row in enumerate(rows) if row not in seen and row not in rows[:place]]
        path = pairs(folder / f"{number}.jsonl", rows)
        options: dict[str, Any] = {"cache": folder, "after": before, "test": share, "memory": memory}
        if not expected:
            with pytest.raises(ValueError, match="no row is left"):
                Source(f"s{number}", path, **options)
            continue
        source = Source(f"s{number}", path, **options)
        found = {split: kept(source.of(split)) for split in ("train", "test")}
        assert sorted(found["train"] + found["test"]) == sorted(expected)
        assert [row for row in expected if row in found["train"]] == found["train"]
        assert left(source) == ({"duplicate": len(rows) - len(expected)} if expected != rows else {})
        for split, taken in found.items():
            for row in taken:
                assert side.setdefault(row, split) == split
        seen.update(rows)
        before.append(source)


def test_the_side_of_a_row_is_its_contents_alone(tmp_path: Path):
    rows = [(f"Question {n}?", f"Answer {n}.") for n in range(2000)]
    sides = []
    for name, some, seed in (("a", rows, 0), ("b", rows[::-1][:1000], 7)):
        source = Source(name, pairs(tmp_path / f"{name}.jsonl", some), cache=tmp_path, test=0.1, seed=seed)
        sides.append(set(kept(source.of("test"))))
    assert 140 < len(sides[0]) < 260
    assert sides[1] == sides[0] & set(rows[1000:])
    other = Source("a", tmp_path / "a.jsonl", cache=tmp_path, test=0.2)
    assert sides[0] < set(kept(other.of("test")))  # a larger share has all of a smaller one
    assert not len(Source("a", tmp_path / "a.jsonl", cache=tmp_path).of("test"))
    number = Source("a", tmp_path / "a.jsonl", cache=tmp_path, test=200)  # of 2,000: a tenth
    assert kept(number.of("test")) == kept(
        Source("a", tmp_path / "a.jsonl", cache=tmp_path, test=0.1).of("test")
    )


def test_rows_that_ask_what_a_task_asks_are_left_out(tmp_path: Path):
    words = lexicon(tmp_path)
    task = SpellingBee(40, lexicon=words, language="en", tool="none")
    asked = [row["messages"][0]["content"] for row in task]
    rows = [(question, "I don't know.") for question in asked[:10]] + [("Who are you?", "A model.")]
    path = pairs(tmp_path / "rows.jsonl", rows)
    with_task = Source("mine", path, cache=tmp_path, after=[task])
    assert kept(with_task) == rows[10:]
    assert left(with_task) == {"asked": 10}
    assert len(Source("mine", path, cache=tmp_path, after=[task[10:]])) == 11
    large = SpellingBee(LOOKED + 1, lexicon=words, language="en", tool="none")
    source = Source("mine", path, cache=tmp_path, after=[large])
    assert len(source) == 11
    assert source.report["questions_not_looked_for"] == ["spellingbee"]


def test_rows_on_test_words_are_left_out(tmp_path: Path):
    names = [
        "rabbit",
        "turtle",
        "window",
        "garden",
        "silver",
        "basket",
        "candle",
        "pillow",
        "marble",
        "ticket",
    ]
    names += [f"{a}{b}" for a in names for b in names]
    tested = [word for word in names if is_test_word(word)]
    trained = [word for word in names if not is_test_word(word)]
    assert len(tested) > 2
    asks = ["How many t's are in {}?", 'Spell "{}" for me.', "Tell me a story of a {}.", "Who?"]
    answers = ["I see.", "I see.", "I see.", "It is {} and {}."]
    for words, gone in ((tested, 3), (trained[: len(tested)], 0)):
        rows = [
            (ask.format(word), answer.format(word, "-".join(word)))
            for word in words
            for ask, answer in zip(asks, answers, strict=True)
        ]
        source = Source("mine", pairs(tmp_path / "rows.jsonl", rows), cache=tmp_path / str(gone))
        assert left(source) == ({"test word": gone * len(words)} if gone else {})
        if gone:
            assert all(question.startswith("Tell") for question, _ in kept(source))
    # A word that a task holds out is one too.
    held = trained[0]
    (tmp_path / "held.txt").write_text(f"{held}\n")
    (tmp_path / "words.txt").write_text("\n".join(names) + "\n")
    task = SpellingBee(5, lexicon=tmp_path / "words.txt", holdout=tmp_path / "held.txt", language="en")
    path = pairs(tmp_path / "held.jsonl", [(f"Spell {held}.", "No."), (f"Spell {trained[1]}.", "No.")])
    assert [question for question, _ in kept(Source("mine", path, cache=tmp_path, after=[task]))] == [
        f"Spell {trained[1]}."
    ]
    assert len(Source("mine", path, cache=tmp_path)) == 2


def test_rows_with_a_run_of_a_benchmarks_words_are_left_out(tmp_path: Path):
    long = "It was the best of times, it was the worst of times, it was the age of wisdom."
    short = "What is the capital of France?"
    table = pa.table(
        {"question": [long, short, "Yes."], "choices": [["A", PROSE[0]], [], None], "n": [1, 2, 3]}
    )
    pq.write_table(table, tmp_path / "bench.parquet")
    (tmp_path / "bench.jsonl").write_text(json.dumps({"a": {"b": [{"text": "one two three four five six"}]}}))
    rows = [
        ("Continue!", "He said: IT WAS the best of times - it was the worst of times, it was"),
        ("It was the best of times, it was the worst", "of times"),
        (short.lower().replace("?", " ?"), "Paris."),
        ("Tell me, what is the capital of France?", "Paris."),
        ("One, two, three, four, five, six!", "Seven."),
        ("Yes.", "Yes."),
    ]
    path = pairs(tmp_path / "rows.jsonl", rows)
    against = [tmp_path / "bench.parquet", tmp_path / "bench.jsonl"]
    source = Source("mine", path, cache=tmp_path, against=against)
    assert kept(source) == [rows[1], rows[3], rows[5]]
    assert left(source) == {"benchmark": 3}
    assert kept(Source("mine", path, cache=tmp_path, against=against, ngram=6)) == [rows[5]]
    assert source.described()["options"]["against"] == ["bench.parquet", "bench.jsonl"]


def test_the_test_split_of_a_source_is_not_trained_on(tmp_path: Path):
    rows = [(f"{number} {' '.join(PROSE[number % 16 : number % 16 + 4])}", "Right.") for number in range(16)]
    again = [(f"Please answer this: {question}", "Right, sir.") for question, _ in rows]
    source = Source("mine", pairs(tmp_path / "rows.jsonl", rows + again), cache=tmp_path, test=0.3)
    tested = {question.removeprefix("Please answer this: ") for question, _ in kept(source.of("test"))}
    assert tested
    trained = kept(source)
    assert left(source)["test row"] + len(trained) + len(source.of("test")) == 32
    for question, _ in trained:
        assert question.removeprefix("Please answer this: ") not in tested


def test_near_duplicates_are_left_out(tmp_path: Path):
    pytest.importorskip("rensa")
    rng = np.random.default_rng(1)
    words = np.array([f"word{n}" for n in range(500)])
    texts = [list(rng.choice(words, 120)) for _ in range(200)]
    rows = [(f"Say {n}.", " ".join(text)) for n, text in enumerate(texts)]
    alike = [(f"Say {n}!", " ".join([*text[:-1], "end"])) for n, text in enumerate(texts[:100])]
    halves = [(f"Half {n}.", " ".join(text[:60] + texts[-n - 1][:60])) for n, text in enumerate(texts[:100])]
    path = pairs(tmp_path / "rows.jsonl", [*rows, *alike, *halves])
    source = Source("mine", path, cache=tmp_path, near_duplicates=0.8)
    assert left(source) == {"near": 100}
    assert kept(source) == [*rows, *halves]
    assert len(Source("mine", path, cache=tmp_path)) == 400
    # The same in another process's place, in little memory, and across sources.
    again = Source("mine", path, cache=tmp_path / "other", near_duplicates=0.8, memory=1000)
    assert kept(again) == kept(source)
    first = Source("first", pairs(tmp_path / "first.jsonl", rows), cache=tmp_path)
    second = Source(
        "second",
        pairs(tmp_path / "second.jsonl", [*alike, *halves]),
        cache=tmp_path,
        after=[first],
        near_duplicates=0.8,
    )
    assert left(second) == {"near": 100}


def test_the_words_of_benchmarks_can_be_held_out(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"question": "How many r's are in strawberry?", "answer": "3"})
        + "\n"
        + json.dumps({"question": "Who wrote “Hamlet”?"})
        + "\n"
    )
    (tmp_path / "b.txt").write_text("Mississippi\n\ntwo words\ndon't\n")
    against = [tmp_path / "a.jsonl", tmp_path / "b.txt"]
    assert benchmark_words(against) == ["mississippi", "strawberry"]
    (tmp_path / "own.txt").write_text("banana\n")
    held = held_out(against, tmp_path / "held", tmp_path / "own.txt")
    assert held == held_out(against, tmp_path / "held", tmp_path / "own.txt")
    assert held
    task = SpellingBee(5, holdout=held, language="en")
    lexicon = task.lexicons[0]
    for word in ("mississippi", "strawberry", "banana"):
        assert lexicon.test[lexicon.words.to_pylist().index(word)]
    (tmp_path / "c.txt").write_text("A benchmark of something else.\n")
    assert held_out(tmp_path / "c.txt", tmp_path / "held") is None
