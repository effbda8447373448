"""Rows of two styles in one batch: each row says what its own style says, and verify knows both."""

import numpy as np
import pytest

from generators.book import Book
from generators.dialects import Dialect
from generators.export import export
from generators.styles import STYLES
from generators.verify import verify
from tasks.lettercounting import LetterCounting
from tasks.registry import checks
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests import written
from tests.composing import composed, encoded
from tests.words_strategies import files

TASKS = [SpellingBee, SimpleSpelling, LetterCounting]
WORDS = [
    "fig",
    "plum",
    "banana",
    "apple",
    "हिन्दी",
    "नदी",
    "कखग",
    "αβγ",
    "cherry",
    "x\u0331a\u0331",
    "mm",
    "melon",
]
STYLED = sorted({*STYLES} - {"classic", "universal"})
every_task = pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.name)


@pytest.fixture
def options(tmp_path):
    return {"language": "en:0.5,zh:0.5", "offensive": True, **files(tmp_path, *WORDS, test="onion")}


@every_task
@pytest.mark.parametrize("name", STYLED)
def test_each_row_is_what_its_own_style_makes_of_it(kind, name, options):
    """The same rows all in one style, and all in universal, are those of the mixed batch."""
    options = options | ({"ask": "letter"} if kind is LetterCounting else {})
    made = {style: kind(300, style=style, **options) for style in (name, "universal", "classic")}
    met = set()
    for i in range(300):
        row = made[name].get_example(i)
        apart = any(
            map(written.needs_universal, [*row["facts"].get("words", [row["word"]]), row["letter"] or "a"])
        )
        assert row["style"] == ("universal" if apart else name)
        met.add(row["style"])
        if apart:
            assert row == made["universal"].get_example(i)
        else:
            words = row["facts"].get("words", [row["word"]])
            turn = row["messages"][1]["content"]
            text = turn if isinstance(turn, str) else "".join(part["text"] for part in turn)
            for word in words:
                assert f"{written.spelled(name, word, word)}\n" in text + "\n"
        assert made["classic"].get_example(i)["style"] == "classic"
    assert met == {name, "universal"}


@every_task
def test_a_row_is_the_same_alone_and_in_any_batch(kind, options):
    task = kind(200, style="lines", **options)
    whole = task.conversations(np.arange(200), Book())
    texts = whole.book.strings(whole.text).to_pylist()
    for i in range(0, 200, 17):
        alone = task.conversations(np.array([i]), Book())
        assert alone.book.strings(alone.text).to_pylist() == [texts[i]]


@every_task
def test_ids_are_composed(kind, options):
    conversations = kind(200, style="spaced", **options).conversations(np.arange(200), Book())
    assert composed(conversations) == encoded(conversations)


@pytest.mark.parametrize("dialect", [Dialect(), Dialect("messages"), Dialect("universal", "fenced")])
@pytest.mark.parametrize("name", STYLED)
def test_verify_reads_both(tmp_path, options, dialect, name):
    tasks = {
        split: [kind(40, split, style=name, tool="python", **options) for kind in TASKS]
        for split in ("train",)
    }
    done = export(tasks, tmp_path / "out", dialect=dialect, workers=1)
    report = verify(tmp_path / "out", checks([]), workers=1)
    assert (report.problems, report.wrong) == ([], 0)
    counts = done.manifest["splits"]["train"]["tasks"]["spellingbee"]["style"]
    assert set(counts) == {name, "universal"}


MARKED = ["x\u0331ax\u0331", "abx\u0331x", "हिन्दी", "नदीनद", "fig", "axa"]


@pytest.mark.parametrize("kind", [SpellingBee, LetterCounting], ids=lambda kind: kind.name)
@pytest.mark.parametrize("tool", ["nanochat", "python"])
@pytest.mark.parametrize("name", sorted(STYLES))
def test_no_tool_is_called_that_would_count_otherwise(tmp_path, kind, tool, name):
    """A mark makes another letter of its letter, and Python counts the letter in it all the same."""
    options = files(tmp_path, *MARKED, test="onion")
    options |= {"ask": "letter"} if kind is LetterCounting else {}
    forms = {}
    for row in kind(300, style=name, tool=tool, language="en", offensive=True, **options):
        phrase = " ".join(row["facts"].get("words") or [row["word"]])
        differs = phrase.count(row["letter"]) != row["facts"]["count"]
        forms.setdefault(differs, set()).add(row["facts"]["form"])
        content = row["messages"][1]["content"]
        assert isinstance(content, str) == (row["facts"]["form"] != "tool")
    expected = {"refused", "tool"} if tool == "nanochat" else {"tool"}
    assert forms[False] == expected
    assert forms[True] == ({"refused"} if tool == "nanochat" else {"differs"})
