"""Covers: what is promised is there when it is read back, and nothing else has changed."""

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.cover import COVERS, STANDS
from generators.covers import asked_of
from generators.graphemes import graphemes
from generators.lexicon import is_test_word
from generators.styles import STYLES
from generators.wordlists import fold
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import ROOT, contents, environment, hornbook, lexicon, manifest, says, shards
from tokenizer.alphabet import Alphabet
from tokenizer.encoding import open_encoding
from tokenizer.patterns import pattern
from tokenizer.ranks import RankEncoding
from tokenizer.tiktokenfile import save

SIZE = 2000  # tokens: the first of the embedded vocabulary, so that what covers them is soon made
TIMES = 3
ROWS = 6_000
OTHERS = "Straße\nstraße\nniño\nthe\nquestion\nPhiladelphia\nmississippi\nὀδός\nκόσμος\nıssız"


def smaller(path: Path) -> Path:
    """Write a vocabulary of fewer merges: where the last ones are left out, the others merge as before."""
    whole = open_encoding(None)
    ranks = {data: id for id, data in whole.vocabulary() if id < SIZE}
    save(RankEncoding("small", ranks, pattern("nanochat"), {}), path, "the embedded vocabulary, in part")
    return path


FOLDER = tempfile.TemporaryDirectory()  # for as long as the tests run
VOCABULARY = smaller(Path(FOLDER.name) / "small.tiktoken")
ENCODING = open_encoding(VOCABULARY)
ALPHABET = Alphabet.of(ENCODING)
COVER = f"{VOCABULARY}:{TIMES}"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("words")
    words = lexicon(folder)
    words.write_text(words.read_text(encoding="utf-8") + OTHERS, encoding="utf-8")
    (folder / "holdout.txt").write_text("Mississippi\nberry\ntion\nbane\n", encoding="utf-8")
    (folder / "exclude.txt").write_text("ought\nbati\n", encoding="utf-8")
    return {"lexicon": words, "holdout": folder / "holdout.txt", "exclude": folder / "exclude.txt"}


def options(own: dict[str, Path]) -> list[Any]:
    return [part for name, path in own.items() for part in (f"--{name}", path)]


@pytest.fixture(scope="module", params=["quote-comma", "classic"])
def folder(
    request: pytest.FixtureRequest, own: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("cover") / request.param
    asked = (
        f"simplespelling:{ROWS}",
        "spellingbee:500",
        "--language",
        "en:0.8,es:0.2",
        "--style",
        request.param,
    )
    done = hornbook("export", *asked, "--cover", COVER, *options(own), "--out", path, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert f"alphabetic tokens of {ENCODING.name} spelled {TIMES} times or more" in done.stdout
    return path


def rows_of(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    found = [
        row for file in shards(folder) if file.parent.name == split for row in pq.read_table(file).to_pylist()
    ]
    return [{**row, "facts": json.loads(row["facts"])} for row in found]


def within(ids: list[int], others: list[int]) -> bool:
    return any(others[i : i + len(ids)] == ids for i in range(len(others)))


def tokens_of(row: dict[str, Any]) -> set[int]:
    """The tokens of the row's word, as question and answer really have them, if the answer spells it."""
    word, turn = row["word"], row["completion"][0]["content"]
    line = STYLES[row["style"]].spelling(word, graphemes(word))
    if line not in turn.split("\n"):
        return set()
    ids = ENCODING.encode(word)
    assert within(ids, ENCODING.encode(turn))
    found = set(ids)
    question = row["prompt"][0]["content"]
    if regex.search(rf" {regex.escape(word)}(?![\p{{L}}\p{{M}}\p{{N}}])", question):
        spaced = ENCODING.encode(f" {word}")
        assert within(spaced, ENCODING.encode(question))
        found |= set(spaced)
    return found


def test_every_token_that_can_be_covered_is_spelled_so_often(folder: Path, own: dict[str, Path]):
    times: Counter[int] = Counter()
    for row in rows_of(folder):
        times.update(tokens_of(row))
    report = manifest(folder)["covered"]["simplespelling"]
    few = {ALPHABET.forms[i]: times[id] for i, id in enumerate(ALPHABET.ids.tolist()) if times[id] < TIMES}
    held = set(map(fold, own["holdout"].read_text().split()))
    excluded = set(map(fold, own["exclude"].read_text().split()))
    barred = {"one letter hides nothing", "its own text is a test word", "its own text is excluded"}
    unable = [form for form in few if len(graphemes(form.strip())) > 1 and not is_test_word(form.strip())]
    unable = [form for form in unable if fold(form.strip()) not in held | excluded]
    assert set(report["uncoverable"]) <= barred | {"its own text offends"}
    assert len(unable) <= report["uncoverable"].get("its own text offends", 0)
    # A few may have been spelled by rows that do not cover.
    assert 0 <= sum(report["uncoverable"].values()) - len(few) <= 5
    assert report["covered"] + sum(report["uncoverable"].values()) == report["tokens"] == len(ALPHABET)
    assert (report["too_few"], report["none"], report["times"]) == (0, 0, TIMES)
    assert report["covered"] > 0.5 * len(ALPHABET)
    assert report["rows"] <= report["rows_for_all"] <= ROWS


def test_rows_say_what_they_cover(folder: Path, own: dict[str, Path]):
    words = set(own["lexicon"].read_text(encoding="utf-8").split())
    rows = [row for row in rows_of(folder) if row["task"] == "simplespelling"]
    counts = Counter(row["facts"]["cover"] for row in rows)
    assert set(counts) == set(COVERS)
    asked = manifest(folder)["splits"]["train"]["tasks"]["simplespelling"]
    assert asked["cover"] == {name: counts[name] for name in COVERS if name}
    assert counts["word"] + counts["token"] == manifest(folder)["covered"]["simplespelling"]["rows"]
    tokens = {form.strip() for form in ALPHABET.forms}
    folded = set(map(fold, words))
    for row in rows:
        kind, word = row["facts"]["cover"], row["word"]
        if kind == "token":
            assert word in tokens
        elif kind == "word":
            assert fold(word) in folded
            assert word in words or any(word in (known.title(), known.upper()) for known in words)
            assert "SS" not in word
        else:
            assert word in words
    assert {row["word"] for row in rows if row["facts"]["cover"] == "word"} - words  # other cases


def test_train_and_test_share_no_word_in_any_case(folder: Path):
    train, test = ({fold(row["word"]) for row in rows_of(folder, split)} for split in ("train", "test"))
    assert not train & test
    assert "mississippi" in test
    assert not any(is_test_word(word) for word in train)
    assert not train & {"mississippi", "berry", "tion", "bane", "ought", "bati"}
    assert not any(row["facts"].get("cover") for row in rows_of(folder, "test"))


def test_verify_finds_no_fault_and_no_row_twice(folder: Path):
    done = hornbook("verify", folder)
    assert done.returncode == 0, done.stderr
    assert "0 rows equal to an earlier one" in done.stdout


def test_shares_of_languages_hold_in_every_block(own: dict[str, Path]):
    task = SimpleSpelling(1, cover=COVER, language="en:0.8,es:0.2", **own)
    dealt = task.deal(_rows(task, np.arange(20_000)))
    assert set(dealt.language.reshape(-1, 100).sum(axis=1).tolist()) == {20}
    assert set(dealt.covers[:1000].tolist()) == {1, 2}
    assert not dealt.covers[-100:].any()


def test_what_does_not_cover_is_dealt_as_without(own: dict[str, Path]):
    plain = SimpleSpelling(1, language="en", **own)
    task = SimpleSpelling(1, cover=COVER, language="en", **own)
    rows = -(-len(task.cover) // 100) * 100 + 5000  # whole blocks: only they hold the first so many words
    found = task.deal(_rows(task, np.arange(rows)))
    rest = np.flatnonzero(found.covers == 0)
    assert len(rest) == rows - len(task.cover)
    expected = plain.deal(_rows(plain, np.arange(rows)))
    several = [
        Counter(zip(dealt.word_number[which].tolist(), dealt.turn[which].tolist(), strict=True))
        for dealt, which in ((found, rest), (expected, slice(None)))
    ]
    assert not several[0] - several[1]


def _rows(task: Any, index: Any) -> Any:
    from generators.rows import Rows

    return Rows.of(index, seed=task.seed, task=task.name, split=task.split)


@pytest.fixture(scope="module")
def task(own: dict[str, Path]) -> SimpleSpelling:
    return SimpleSpelling(ROWS, cover=COVER, language="en:0.8,zh:0.2", **own)


@given(st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=20))
@settings(max_examples=20, deadline=None)
def test_a_row_is_the_same_alone_in_any_batch_and_in_a_larger_task(task: SimpleSpelling, index: list[int]):
    from generators.book import Book

    larger = pickle.loads(pickle.dumps(SimpleSpelling(2 * ROWS, **task._made[1])))
    several = [
        made.conversations(np.array(numbers), book)
        for made, numbers, book in ((task, index, Book()), (larger, index[::-1], Book()))
    ]
    texts = [batch.book.strings(batch.text).to_pylist() for batch in several]
    facts = [batch.book.strings(batch.facts).to_pylist() for batch in several]
    assert texts[0] == texts[1][::-1]
    assert facts[0] == facts[1][::-1]


def test_questions_set_the_word_as_it_must_stand(task: SimpleSpelling):
    dealt = task.deal(_rows(task, np.arange(ROWS)))
    stands = np.array(STANDS)[dealt.stands]
    seen = Counter()
    for i in range(0, ROWS, 7):
        row = task[i]
        question, word = row["messages"][0]["content"], row["word"]
        after_space = regex.search(rf" {regex.escape(word)}(?![\p{{L}}\p{{M}}\p{{N}}])", question)
        seen[stands[i], row["language"]] += 1
        if stands[i] == "spaced":
            assert after_space, question
            assert not row["facts"]["word_quoted"]
        elif stands[i] == "bare":
            quoted_or_not_after_a_space = row["facts"]["word_quoted"] or not after_space
            assert quoted_or_not_after_a_space, question
        assert word in question
    # One Chinese template in eight sets a word after a space: too few for all that must stand so.
    assert not seen["spaced", "zh"]
    assert seen["spaced", "en"]
    assert seen["bare", "zh"]


def test_where_no_other_language_can_the_few_templates_serve(own: dict[str, Path]):
    chinese = SimpleSpelling(100, cover=COVER, language="zh", **own)
    assert "spaced" in np.array(STANDS)[chinese.deal(_rows(chinese, np.arange(100))).stands]


def test_no_two_questions_are_equal_while_there_are_others(own: dict[str, Path], tmp_path: Path):
    """Few words come often: the rows that cover and the later ones about the same words differ."""
    few = tmp_path / "few.txt"
    few.write_text("strawberry\nbanana\nnana\nonion\n", encoding="utf-8")
    held = tmp_path / "held.txt"
    held.write_text("onion\n", encoding="utf-8")
    cover = f"{VOCABULARY}:20"
    first = SimpleSpelling(10, cover=cover, language="en", lexicon=few, holdout=held)
    start = len(first.cover)
    task = SimpleSpelling(start + 6000, cover=cover, language="en", lexicon=few, holdout=held)
    words = {"strawberry", "banana", "nana"}
    covering = np.flatnonzero(np.isin(task.cover.word, np.arange(len(task.lexicons[0]))))
    index = np.concatenate((covering, np.arange(start, start + 6000)))
    from generators.book import Book

    made = task.conversations(index, Book())
    questions = made.questions().to_pylist()
    about = made.column("word").to_pylist()
    mine = [question for question, word in zip(questions, about, strict=True) if word in words]
    assert len(mine) > 5900
    assert len(set(mine)) == len(mine)


# Too few rows.


def test_with_too_few_rows_the_most_frequent_tokens_come_first(own: dict[str, Path], tmp_path: Path):
    asked = ("simplespelling:1000", "--language", "en", "--cover", COVER, *options(own))
    done = hornbook("export", *asked, "--out", tmp_path / "out", "--workers", 1, "--split", "train")
    assert done.returncode == 0, done.stderr
    report = manifest(tmp_path / "out")["covered"]["simplespelling"]
    assert report["rows"] == 1000
    assert report["none"] > 0
    assert f"simplespelling:{report['rows_for_all']} has rows" in done.stdout
    times: Counter[int] = Counter()
    for row in rows_of(tmp_path / "out"):
        times.update(tokens_of(row))
    often = np.array([times[id] >= TIMES for id in ALPHABET.ids.tolist()])
    assert report["covered"] == often.sum()
    assert report["too_few"] + report["none"] + report["covered"] <= report["tokens"]


# The same everywhere.


PLAN = """
import hashlib, pickle, sys
from tasks.spellingbee import SimpleSpelling
task = SimpleSpelling(1, cover=sys.argv[1], language="en", lexicon=sys.argv[2])
cover = task.cover
arrays = (cover.word, cover.stands, cover.covers, cover.turn, cover.starts, cover.shown.values)
print(hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest())
"""


def test_the_plan_is_the_same_in_any_process_and_from_the_cache(own: dict[str, Path], tmp_path: Path):
    found = set()
    for seed, cache in (("0", ""), ("1", ""), ("2", str(tmp_path)), ("3", str(tmp_path))):
        done = subprocess.run(
            [sys.executable, "-c", PLAN, COVER, str(own["lexicon"])],
            cwd=ROOT,
            env=environment(PYTHONHASHSEED=seed, HORNBOOK_CACHE=cache),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1
    assert len(list(tmp_path.glob("cover-*.arrow"))) == 1


def test_workers_and_hash_seed_change_no_byte(own: dict[str, Path], tmp_path: Path):
    asked = ("simplespelling:3000", "spellingbee:300", "--cover", COVER, "--shard-rows", 1000, *options(own))
    for name, workers, seed in (("one", 1, "1"), ("three", 3, "2")):
        done = hornbook("export", *asked, "--out", tmp_path / name, "--workers", workers, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "one") == contents(tmp_path / "three")


def test_the_manifest_names_the_tokenizer_and_not_its_place(own: dict[str, Path], tmp_path: Path):
    moved = tmp_path / "elsewhere" / VOCABULARY.name
    moved.parent.mkdir()
    for file in (VOCABULARY, VOCABULARY.with_suffix(".json")):
        (moved.parent / file.name).write_bytes(file.read_bytes())
    tasks = [SimpleSpelling(10, cover=f"{path}:2", language="en", **own) for path in (VOCABULARY, moved)]
    first, second = (task.asked_for["cover"] for task in tasks)
    assert first == second == {"tokenizer": ENCODING.name, "fingerprint": ENCODING.fingerprint, "times": 2}
    assert SimpleSpelling(10).asked_for["cover"] is None


# What is refused.


@pytest.mark.parametrize("cover", ["", "5", ":5", "a:", "a:0", "a:-1", "a:x", "a:1.5", "a:²", "a:99999", "a"])
def test_what_is_no_cover(cover: str):
    with pytest.raises(ValueError, match=r"write T:K.*cl100k_base:5"):
        asked_of(cover)
    with pytest.raises(ValueError, match="write T:K"):
        SimpleSpelling(10, cover=cover)


def test_a_path_may_have_colons():
    assert asked_of("C:/a:b.tiktoken:12") == ("C:/a:b.tiktoken", 12)


def test_tasks_that_cannot():
    with pytest.raises(ValueError, match="spellingbee can't cover"):
        SpellingBee(10, cover=COVER)
    assert not SpellingBee.takes("cover")
    assert SimpleSpelling.takes("cover")


def test_the_command_refuses_what_would_do_nothing(tmp_path: Path, own: dict[str, Path]):
    out = ("--out", tmp_path / "out", *options(own))
    says(hornbook("export", "spellingbee:10", "--cover", COVER, *out), 2, "can't cover", "simplespelling")
    says(hornbook("export", "simplespelling:10", "--cover", "x", *out), 2, "T:K")
    says(hornbook("export", "simplespelling:10", "--cover", "nosuch:2", *out), 2, "nosuch")
    says(
        hornbook("export", "simplespelling:10", "--cover", COVER, "--split", "test", *out),
        2,
        "training split",
    )
    assert not os.path.exists(tmp_path / "out")
