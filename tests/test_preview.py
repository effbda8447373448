"""Showing conversations; and the golden files, conversations of each task and style.

`UPDATE_GOLDEN=1 python -m pytest tests/test_preview.py` writes the golden files anew. Read the difference
before you commit it: it is what models will be trained on.
"""

import io
import os
from pathlib import Path

import pytest

from generators.preview import preview, render
from generators.styles import STYLES
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee

GOLDEN = Path(__file__).with_name("golden")
CALL = {
    "messages": [
        {"role": "user", "content": "How many?"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "One\n\ntwo:"},
                {"type": "python", "text": "1+1"},
                {"type": "python_output", "text": "2"},
                {"type": "text", "text": "\n\n#### 2"},
            ],
        },
    ]
}


def test_render():
    assert render(CALL) == (
        "user       How many?\nassistant  One\n\n           two:<<1+1=2>>\n\n           #### 2"
    )


def test_render_in_colour_says_the_same():
    import regex

    coloured = render(CALL, colour=True)
    assert coloured != render(CALL)
    assert regex.sub(r"\x1b\[\d+m", "", coloured) == render(CALL)
    assert coloured.count("\x1b[0m") == coloured.count("\x1b[") // 2


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_preview_prints_the_first_conversations():
    out = io.StringIO()
    preview(SimpleSpelling(size=50, language="en"), n=3, out=out)
    printed = out.getvalue()
    assert printed.count("── simplespelling ") == 3
    for conversation in SimpleSpelling(size=50, language="en")[:3]:
        assert render(conversation) in printed
    assert "\x1b" not in printed


def test_preview_of_a_class_and_of_a_short_task():
    out = io.StringIO()
    preview(SimpleSpelling, n=2, out=out)
    preview(SimpleSpelling(size=1), n=10, out=out)
    assert out.getvalue().count("── simplespelling ") == 3


def test_colour_on_a_terminal_unless_the_person_says_no(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    preview(SimpleSpelling, n=1, out=(coloured := Terminal()))
    assert "\x1b[" in coloured.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    preview(SimpleSpelling, n=1, out=(plain := Terminal()))
    assert "\x1b[" not in plain.getvalue()


def test_preview_prints_to_standard_output(capsys):
    preview(SimpleSpelling, n=1)
    assert "assistant  " in capsys.readouterr().out


# The default in every language; what other styles change is seen in one, and in one without spaces.
READ = {
    **{("quote-comma", code): 20 for code in ("en", "es", "zh")},
    **{("classic", code): 20 for code in ("en", "es", "zh")},
    **{(style, "en"): 10 for style in ("lines", "spaced", "universal")},
    ("universal", "zh"): 10,
}


def test_every_style_is_read():
    assert {style for style, _ in READ} == set(STYLES)


@pytest.mark.parametrize(("style", "language"), sorted(READ))
@pytest.mark.parametrize("task", [SpellingBee, SimpleSpelling, LetterCounting], ids=lambda task: task.name)
def test_golden(task, style, language):
    out, n = io.StringIO(), READ[style, language]
    preview(task(size=n, style=style, language=language), n=n, out=out)
    path = GOLDEN / f"{task.name}-{style}-{language}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(out.getvalue(), "utf-8")
    assert path.exists(), f"{path} is missing; UPDATE_GOLDEN=1 writes it"
    assert out.getvalue() == path.read_text("utf-8"), (
        "the conversations differ from those that somebody has read; if that is meant, run the tests with "
        f"UPDATE_GOLDEN=1 and read the difference of {path}"
    )
