"""Re-deriving rows: what generators write passes, and any one character that is changed is found."""

import copy

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generators.graphemes import graphemes
from generators.prompts import languages
from generators.styles import STYLES
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.words_strategies import letters, words

TASKS = [SpellingBee, SimpleSpelling, LetterCounting]
every_task = pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.name)
every_style = pytest.mark.parametrize("style", sorted(STYLES))
SIZE = 60


def as_row(conversation, plain):
    """A row as verify reads it. Its turn is without the exchange: what the same row says without a tool."""
    content = conversation["messages"][1]["content"]
    parts = [("text", content)] if isinstance(content, str) else [(p["type"], p["text"]) for p in content]
    return {
        **{name: conversation[name] for name in ("answer", "word", "letter", "style", "facts")},
        "question": conversation["messages"][0]["content"],
        "turn": plain["messages"][1]["content"],
        "parts": parts,
        "all_parts": [(1, kind, text, True) for kind, text in parts],
    }


def rows_of(kind, style, tool="nanochat", size=SIZE, **options):
    task, plain = (kind(size=size, style=style, tool=t, **options) for t in (tool, "none"))
    return task, [as_row(task[i], plain[i]) for i in range(size)]


@pytest.mark.parametrize("tool", ["nanochat", "python", "none"])
@every_style
@every_task
def test_every_conversation_passes(kind, style, tool):
    for language in languages():
        task, rows = rows_of(kind, style, tool, size=60, language=language, seed=2)
        for row in rows:
            assert list(task.check(row)) == [], row


@pytest.fixture(scope="module", params=[(kind, style) for kind in TASKS for style in sorted(STYLES)])
def made(request):
    kind, style = request.param
    return Made(*rows_of(kind, style, "python", seed=4))


class Made:
    """A task and rows of it, which hypothesis need not print."""

    def __init__(self, task, rows):
        self.task, self.rows = task, rows


def places(text):
    """Where a digit stands, or a letter of the working: every one of them is checked."""
    start = 0
    for line in text.split("\n"):
        working = regex.match(r"\p{N}+(:|->)|(\" )?[\p{L}\p{M}]+( \")?:.*\w|\X$", line)
        for at, char in enumerate(line):
            if char.isdigit() or (working and char.isalpha()):
                yield start + at
        start += len(line) + 1


numbers = st.integers(0, 10**6)
new = st.sampled_from([*"0123456789xeñ国я", "", "twice"])


def spoiled(text, at, new):
    """The text with one character changed, left out or doubled."""
    changed = text[:at] + (text[at] * 2 if new == "twice" else new) + text[at + 1 :]
    assume(changed != text)
    return changed


@given(number=st.integers(0, SIZE - 1), place=numbers, new=new)
@settings(max_examples=80, deadline=None)
def test_any_changed_digit_or_letter_of_the_turn_is_found(made, number, place, new):
    row = made.rows[number]
    found = list(places(row["turn"]))
    changed = spoiled(row["turn"], found[place % len(found)], new)
    assert list(made.task.check({**row, "turn": changed})), changed


@given(number=st.integers(0, SIZE - 1), part=st.integers(0, 4), place=numbers, new=new)
@settings(max_examples=80, deadline=None)
def test_any_changed_digit_or_letter_of_the_parts_is_found(made, number, part, place, new):
    """Of a tool call, its output, and of the prose around them."""
    row = made.rows[number]
    part %= len(row["parts"])
    kind, text = row["parts"][part]
    found = list(places(text)) if kind == "text" else list(range(len(text)))
    assume(found)
    changed = spoiled(text, found[place % len(found)], new)
    parts = [*row["parts"][:part], (kind, changed), *row["parts"][part + 1 :]]
    assert list(made.task.check({**row, "parts": parts})), changed


@given(
    number=st.integers(0, SIZE - 1),
    name=st.sampled_from(["answer", "count", "letter", "form", "word"]),
    at=numbers,
    new=st.sampled_from("0123456789xeñ国я"),
    off=st.integers(-3, 3).filter(bool),
)
@settings(max_examples=60, deadline=None)
def test_a_changed_fact_is_found(made, number, name, at, new, off):
    row = copy.deepcopy(made.rows[number])
    if name in ("count", "letter", "form"):
        assume("count" in row["facts"])
    if name == "count":
        row["facts"]["count"] += off
    elif name == "form":
        row["facts"]["form"] = "tool" if row["facts"]["form"] != "tool" else "refused"
    elif name == "word" and "words" in row["facts"]:
        row["facts"]["words"][at % len(row["facts"]["words"])] += new
    else:
        at %= len(row[name]) + 1
        row[name] = row[name][:at] + new + row[name][at:]
    assert list(made.task.check(row)), name


@pytest.mark.parametrize("kind", [SpellingBee, LetterCounting])
@every_style
def test_a_call_that_is_lost_or_invented_is_found(kind, style):
    task, rows = rows_of(kind, style, "python", language="en")
    _, plain = rows_of(kind, style, "none", language="en")
    for with_call, without in zip(rows, plain, strict=True):
        assert list(task.check({**with_call, "parts": without["parts"]}))
        assert list(task.check({**without, "parts": with_call["parts"]}))
        calls = [part for part in with_call["parts"] if part[0] != "text"]
        assert list(task.check({**with_call, "parts": with_call["parts"] + calls}))


@every_style
@every_task
def test_a_line_too_many_or_too_few_is_found(kind, style):
    task, rows = rows_of(kind, style, language="en")
    for row in rows[:8]:
        lines = row["turn"].split("\n")
        for at, line in enumerate(lines):
            if not regex.match(r'\d+(:|->)|(" )?[a-z]+( ")?:.*([a-z]|\))$|[a-z]$|#### ', line):
                continue
            for changed in (lines[:at] + lines[at + 1 :], [*lines[:at], line, *lines[at:]]):
                text = "\n".join(changed)
                if text.strip() != row["turn"].strip():
                    assert list(task.check({**row, "turn": text})), (line, text)


@every_style
@every_task
def test_another_question_or_style_is_found(kind, style):
    task, rows = rows_of(kind, style, size=12)
    other = next(name for name in STYLES if name != style)
    for row, another in zip(rows, rows[1:] + rows[:1], strict=True):
        assert list(task.check({**row, "style": other}))
        assert list(task.check({**row, "turn": another["turn"]}))
        assert list(task.check({**row, "question": "How many?"}))


@pytest.mark.parametrize("tool", ["python", "none"])
def test_text_before_or_behind_in_the_parts_alone_is_found(tool):
    task, rows = rows_of(SpellingBee, "quote-comma", tool)
    for row in rows:
        for at in (0, -1):
            for changed in ("So. " + row["parts"][at][1], row["parts"][at][1] + " So."):
                parts = list(row["parts"])
                parts[at] = ("text", changed)
                if tool == "none" or (at, changed[:3]) != (-1, "So."):  # that is beside the tool
                    assert list(task.check({**row, "parts": parts})), parts[at]


@given(word=words())
@settings(max_examples=200)
def test_graphemes(word):
    assert list(graphemes(word)) == letters(word)
    assert "".join(graphemes(word)) == word
