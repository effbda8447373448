"""Counting a letter in a word: the reference's turn byte for byte, and the truth in every style."""

import json
from fractions import Fraction

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators.prompts import languages
from generators.styles import STYLES
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests import written
from tests.words_strategies import files, letters, words

every_style = pytest.mark.parametrize("style", sorted(STYLES))
every_tool = pytest.mark.parametrize("tool", ["nanochat", "python", "none"])
every_language = pytest.mark.parametrize("language", languages())


def reference_parts(word, letter):
    """The assistant's turn of nanochat's SpellingBee, as it stands at 950a1dc^, written out."""
    graphemes = letters(word)
    lines, count = "", 0
    for place, each in enumerate(graphemes, 1):
        if each == letter:
            count += 1
            lines += f"{place}:{each} hit! count={count}\n"
        else:
            lines += f"{place}:{each}\n"
    by_hand = (
        f"We are asked to find the number '{letter}' in the word '{word}'. "
        "Let me try a manual approach first.\n"
        "\n"
        "First spell the word out:\n"
        f"{word}:{','.join(graphemes)}\n"
        "\n"
        f"Then count the occurrences of '{letter}':\n"
        f"{lines}"
        "\n"
        f"This gives us {count}."
    )
    return [
        {"type": "text", "text": by_hand},
        {"type": "text", "text": "\n\nLet me double check this using Python:\n\n"},
        {"type": "python", "text": f"'{word}'.count('{letter}')"},
        {"type": "python_output", "text": str(count)},
        {"type": "text", "text": f"\n\nPython gives us {count}.\n\nMy final answer is:\n\n#### {count}"},
    ]


def test_classic_is_the_reference_byte_for_byte():
    for conversation in SpellingBee(size=3000, language="en", style="classic", tool="python"):
        word, letter = conversation["word"], conversation["letter"]
        assert conversation["messages"][1]["content"] == reference_parts(word, letter)


@pytest.fixture(scope="module")
def train():
    return SpellingBee(size=100_000, language="en", style="classic", tool="python")


@given(index=st.integers(0, 99_999))
@settings(max_examples=60, deadline=None)
def test_classic_is_the_reference_at_any_row(train, index):
    conversation = train.get_example(index)
    assert conversation["messages"][1]["content"] == reference_parts(
        conversation["word"], conversation["letter"]
    )


@given(word=words("Latin", "contractions", "accents", "few"))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_classic_is_the_reference_for_any_word(tmp_path, word):
    folder = tmp_path
    task = SpellingBee(
        size=20,
        language="en",
        style="classic",
        tool="python",
        offensive=True,
        **files(folder, word, "fig", "plum"),
    )
    for conversation in task:
        word, letter = conversation["word"], conversation["letter"]
        assert conversation["messages"][1]["content"] == reference_parts(word, letter)


def truth(conversation, style, tool):
    """Recompute all that a turn says from its word and letter alone."""
    word, letter, facts = conversation["word"], conversation["letter"], conversation["facts"]
    if style not in ("classic", conversation["style"]):
        assert conversation["style"] == "universal"
        assert written.needs_universal(word + letter)
        style = "universal"
    spelled = letters(word)
    count = sum(each == letter for each in spelled)
    assert facts["count"] == count
    assert conversation["answer"] == str(count)
    content = conversation["messages"][1]["content"]
    parts = [("text", content)] if isinstance(content, str) else [(p["type"], p["text"]) for p in content]
    text = "".join(text for kind, text in parts if kind == "text")
    assert f"\n{written.spelled(style, word, spelled)}\n\n" in text
    steps = written.steps(style, spelled, letter)
    assert "\n" + "\n".join(steps) + "\n\n" in text
    assert regex.findall(r"####.*", text) == [f"#### {count}"]
    assert text.endswith(f"\n\n#### {count}")
    assert written.quoted(style, word) in text.split("\n")[0]
    assert written.quoted(style, letter) in text.split("\n")[0]
    prose = text.replace("\n".join(steps), "").replace(written.spelled(style, word, spelled), "")
    prose = prose.replace(written.quoted(style, word), "")
    assert {int(n) for n in regex.findall(r"\p{N}+", prose)} == {count}
    calls = [part for part in parts if part[0] != "text"]
    if facts["form"] == "tool":
        expression = written.called(style, word, letter)
        assert calls == [("python", expression), ("python_output", str(count))]
        assert [kind for kind, _ in parts] == ["text", "text", "python", "python_output", "text"]
    else:
        assert calls == []
        assert len(parts) == 1
        assert facts["form"] == ("no tool" if tool == "none" else "refused")
        assert "Python" not in text
    prompt = conversation["messages"][0]["content"]
    assert word in prompt
    assert letter in prompt
    assert [message["role"] for message in conversation["messages"]] == ["user", "assistant"]
    assert "<<" not in text
    assert not text.startswith((" ", "\n"))
    assert all("\n\n\n" not in text for _, text in parts)


@every_tool
@every_language
@every_style
def test_the_truth_of_thousands_of_rows(style, language, tool):
    task = SpellingBee(size=1500, language=language, style=style, tool=tool)
    for conversation in task:
        truth(conversation, style, tool)
        assert conversation["style"] == style  # the lexicons have nothing that a style can't isolate
        assert conversation["language"] == language
    refused = sum(row["facts"]["form"] == "refused" for row in task)
    assert (refused > 0) == (tool == "nanochat")  # "important", "niño", "中国"


def test_the_tool_refuses_what_nanochat_would(tmp_path):
    task = SpellingBee(size=300, language="en", **files(tmp_path, "important", "piñata", "melon"))
    forms = {}
    for row in task:
        forms.setdefault(row["word"], set()).add(row["facts"]["form"])
        truth(row, "quote-comma", "nanochat")
    # An absent letter with an accent is refused too, but English has none.
    assert forms == {"important": {"refused"}, "piñata": {"refused"}, "melon": {"tool"}}


@given(word=words())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_truth_of_any_word(tmp_path, word):
    options = files(tmp_path, word, "fig", "plum")
    for style in STYLES:
        task = SpellingBee(size=12, language="es", style=style, tool="none", offensive=True, **options)
        for conversation in task:
            truth(conversation, style, "none")


def test_answers_in_another_language_than_the_question():
    task = SpellingBee(size=200, language="zh", answer_language="en")
    for conversation in task:
        content = conversation["messages"][1]["content"]
        text = content if isinstance(content, str) else "".join(part["text"] for part in content)
        text = text.replace(conversation["word"], "").replace(conversation["letter"], "")
        assert not regex.search(r"\p{Han}", regex.sub(r"(?m)^\d+:.*|^:.*", "", text))
        assert regex.search(r"\p{Han}", conversation["messages"][0]["content"])
        assert conversation["language"] == "zh"


def test_an_answer_is_scored_by_its_final_number():
    task = SpellingBee(size=50)
    for conversation in task:
        count = conversation["facts"]["count"]
        assert task.evaluate(conversation, f"… #### {count}") == 1
        assert task.evaluate(conversation, f"#### **{count}**.") == 1
        assert task.evaluate(conversation, f"#### {count + 1}") == 0
        assert task.evaluate(conversation, f"#### {count}\n#### {count + 1}") == 0
        assert task.evaluate(conversation, str(count)) == 0
        assert task.reward(conversation, f"#### {count}") == 1.0
        assert json.loads(json.dumps(conversation)) == conversation


def test_a_constant_answer_scores_no_more_than_its_share():
    task = SpellingBee(size=10_000, tool="none")
    rows = [task.get_example(i) for i in range(10_000)]
    best = max(Fraction(sum(task.evaluate(row, f"#### {n}") for row in rows), 10_000) for n in range(8))
    assert best == Fraction(35, 100)


@every_language
@every_style
def test_spelling(style, language):
    for conversation in SimpleSpelling(size=1500, language=language, style=style):
        word = conversation["word"]
        spelled = letters(word)
        question, turn = conversation["messages"]
        assert turn == {"role": "assistant", "content": written.spelled(style, word, spelled)}
        assert question["content"].count(word) >= 1
        assert conversation["answer"] == " ".join(spelled)
        assert conversation["letter"] == ""
