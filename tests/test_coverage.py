"""Coverage, against a count that reads one conversation after the other."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.coverage import Coverage, of_folder, of_tasks
from generators.folder import FolderError
from generators.graphemes import graphemes
from generators.spelledlines import spelled_lines, word_of
from generators.spellings import Spellings
from generators.styles import STYLES
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.example_task import FirstLetter
from tests.exports import hornbook, lexicon, says
from tests.words_strategies import words
from tokenizer.alphabet import Alphabet
from tokenizer.encoding import EMBEDDED, open_encoding

ENCODING = open_encoding(None)
ALPHABET = Alphabet.of(ENCODING)
TASKS = (SpellingBee, SimpleSpelling, LetterCounting)


def spelled_in(turn: str, style: str) -> list[str]:
    """The words that a turn spells, in its style or the one that words fall back to."""
    found = []
    lines = turn.split("\n")
    for at, line in enumerate(lines):
        for known in {style, "universal"}:
            word = STYLES[known].headed(line)
            spelled = STYLES[known].spelling(word, graphemes(word)).split("\n")
            is_step = len(word) == 1 and word.isdigit()  # "1: 1"
            if word and not is_step and lines[at : at + len(spelled)] == spelled:
                found.append(word)
    return found


def counted(conversations: Any, style: str) -> Counter[int]:
    """Count the spellings that show each token, slowly."""
    times: Counter[int] = Counter()
    for messages in conversations:
        whole = "\n".join(message["content"] for message in messages)
        for word in set(spelled_in(messages[-1]["content"], style)):
            ids = set(ENCODING.encode(word))
            if len(graphemes(word)) > 1 and regex.search(
                rf" {regex.escape(word)}(?![\p{{L}}\p{{M}}\p{{N}}])", whole
            ):
                ids |= set(ENCODING.encode(f" {word}"))
            times.update(ids)
    return times


def by_id(found: Coverage) -> dict[int, int]:
    times = zip(ALPHABET.ids.tolist(), found.times.tolist(), strict=True)
    return {id: count for id, count in times if count}


def alphabetic(times: Counter[int]) -> dict[int, int]:
    known = set(ALPHABET.ids.tolist())
    return {id: count for id, count in times.items() if id in known}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lexicon(tmp_path_factory.mktemp("words"))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dialect", ["universal", "messages"])
def test_a_folder_and_its_tasks_against_one_row_at_a_time(
    tmp_path: Path, own: Path, style: str, dialect: str
):
    options = ("--style", style, "--dialect", dialect, "--language", "en:0.5,zh:0.5", "--lexicon", own)
    asked = ("spellingbee:300", "simplespelling:600", "lettercounting:200")
    done = hornbook(
        "export", *asked, "--out", tmp_path / "out", "--shard-rows", 400, "--workers", 1, *options
    )
    assert done.returncode == 0, done.stderr
    found = of_folder(ALPHABET, tmp_path / "out", workers=1)
    rows = [
        row
        for file in sorted((tmp_path / "out" / "train").glob("*"))
        for row in pq.read_table(file).to_pylist()
    ]
    assert found.rows == len(rows) == 1100
    slow = counted([row["messages"] for row in rows], style)
    assert by_id(found) == alphabetic(slow)
    assert 0 < len(by_id(found)) < len(ALPHABET)
    # The same from the codes, before anything is written.
    made = [
        cls(size, style=style, language="en:0.5,zh:0.5", lexicon=own)
        for cls, size in zip(TASKS, (300, 600, 200), strict=True)
    ]
    codes = of_tasks(ALPHABET, made)
    assert by_id(codes) == by_id(found)
    assert (codes.rows, codes.words, codes.spelled) == (found.rows, found.words, found.spelled)
    # Processes change nothing.
    assert of_folder(ALPHABET, tmp_path / "out", workers=2).times.tolist() == found.times.tolist()


def test_fenced_content_and_default_words_count_alike(tmp_path: Path):
    """Words of templates may be the word that is spelled, and in text a Korean particle runs on from one."""
    done = hornbook(
        "export", "spellingbee:1500", "--tool-text", "fenced", "--out", tmp_path / "out", "--workers", 1
    )
    assert done.returncode == 0, done.stderr
    text, codes = of_folder(ALPHABET, tmp_path / "out", workers=1), of_tasks(ALPHABET, [SpellingBee(1500)])
    assert (text.words, text.spelled) == (codes.words, codes.spelled)
    assert abs(text.times - codes.times).sum() <= 0.005 * codes.times.sum()


def test_a_task_that_shows_words_and_spells_none_covers_nothing(own: Path):
    found = of_tasks(ALPHABET, [FirstLetter(100, lexicon=own)])
    assert (found.rows, found.words, found.spelled, int(found.times.sum())) == (100, 0, 0, 0)
    assert len(found.missed) == len(ALPHABET)


def test_a_view_counts_what_it_shows(own: Path):
    task = SimpleSpelling(1000, lexicon=own)
    whole, part, rest = (of_tasks(ALPHABET, [t]) for t in (task, task[100:700:3], task[:100]))
    assert (whole.rows, part.rows, rest.rows) == (1000, 200, 100)
    assert (part.times <= whole.times).all()
    one = [of_tasks(ALPHABET, [task[i : i + 1]]).times for i in range(0, 100, 1)]
    assert sum(one).tolist() == rest.times.tolist()


def test_kinds_add_up(own: Path):
    found = of_tasks(ALPHABET, [SimpleSpelling(500, lexicon=own)])
    for kind in (*found.kinds, found.all):
        assert kind.tokens == kind.never + kind.seldom + kind.enough
    assert sum(kind.tokens for kind in found.kinds) == found.all.tokens == len(ALPHABET)
    assert found.all.never == len(found.missed) == int((found.times == 0).sum())
    assert found.all.enough == int((found.times >= 5).sum())
    data = json.loads(json.dumps(found.as_json()))
    assert [token["times"] for token in data["tokens"]] == found.times.tolist()
    assert [token["id"] for token in data["missed"]] == sorted(ALPHABET.ids[found.missed].tolist())


one_word = words().filter(lambda word: len(word.encode()) > 1)
around = st.sampled_from(["", " ", "“", "'", "x", "é", "中", ".", "\n", "\u0301", "1", "  "])


@given(st.lists(st.tuples(one_word, around, around, st.sampled_from(sorted(STYLES))), min_size=1, max_size=5))
@settings(deadline=None, max_examples=150)
def test_a_word_after_a_space_is_found_in_any_text(rows):
    conversations = []
    for word, before, after, style in rows:
        spelled = STYLES[style].spelling(word, graphemes(word))
        conversations.append(
            [
                {"role": "user", "content": f"Spell{before}{word}{after}"},
                {"role": "assistant", "content": f"So: here.\n{spelled}\n1: {word[:1]}\n\n#### 2"},
            ]
        )
    found = spelled_lines(pa.array([[], *conversations])[1:])
    expected: Counter[str] = Counter()
    spaced: Counter[str] = Counter()
    for (word, *_, style), messages in zip(rows, conversations, strict=True):
        line = STYLES[style].spelling(word, graphemes(word))
        expected[line] += 1
        question = messages[0]["content"]
        after_space = rf" {regex.escape(word)}(?![\p{{L}}\p{{M}}\p{{N}}])"
        spaced[line] += bool(regex.search(after_space, f"{question}\n{line}"))
    lines = zip(found.words.to_pylist(), found.total.tolist(), found.spaced.tolist(), strict=True)
    counts = {line: (total, shown) for line, total, shown in lines if word_of(line)}
    assert counts == {line: (total, spaced[line]) for line, total in expected.items()}


def test_words_are_added_up():
    part = Spellings(pa.array(["fig", "pear"]), *(pa.array(n).to_numpy() for n in ([2, 1], [1, 0])))
    whole = Spellings.merged([part, part])
    assert (whole.words.to_pylist(), whole.total.tolist(), whole.spaced.tolist()) == (
        ["fig", "pear"],
        [4, 2],
        [2, 0],
    )
    assert not len(Spellings.merged([]).words)


# What is refused.


def test_a_folder_without_shards_or_messages(tmp_path: Path):
    with pytest.raises(FolderError, match="no Parquet files"):
        of_folder(ALPHABET, tmp_path)
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(FolderError, match=r"no column of messages.*it has text"):
        of_folder(ALPHABET, tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(FolderError, match="can't be read"):
        of_folder(ALPHABET, tmp_path)
    pq.write_table(pa.table({"messages": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(FolderError, match="messages are string"):
        of_folder(ALPHABET, tmp_path)


def test_the_command(tmp_path: Path, own: Path):
    out = tmp_path / "all.json"
    done = hornbook("coverage", "simplespelling:500", "--lexicon", own, "--json", out)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "bare lower" in done.stdout
    assert "never spelled out" in done.stdout
    data = json.loads(out.read_text(encoding="utf-8"))
    assert data["rows"] == 500
    assert len(data["tokens"]) == len(ALPHABET)
    again = hornbook("coverage", "simplespelling:500", "--lexicon", own, "--tokenizer", EMBEDDED)
    assert again.stdout.split("\n")[1:] == done.stdout.split("\n")[1:]
    says(hornbook("coverage", tmp_path), 2, "no Parquet files")
    says(hornbook("coverage", "simplespeling:5"), 2, "simplespelling")
    says(hornbook("coverage", "simplespelling:5", "--tokenizer", "cl10k_base"), 2, "cl100k_base")
