"""Showing conversations to a person."""

import io
from pathlib import Path

import numpy as np
import pytest
import regex

from generators.book import Book
from generators.parts import parts_of
from generators.preview import preview
from generators.sheet import written
from generators.styles import STYLES
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tokenizer.encoding import open_encoding

GOLDEN = Path(__file__).with_name("golden")
ESCAPE = regex.compile(r"\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def texts(task, n):
    """Write conversations as text, straight from their codes."""
    batch = task.conversations(np.arange(n), Book())
    languages = batch.column("language").to_pylist()
    for row, language in enumerate(languages):
        codes = batch.text.take(np.array([row])).values
        rule = f"── {task.name} {row} · {language} ".ljust(78, "─")
        yield f"{rule}\n{written(parts_of(batch.book, codes, task.style))}\n\n"


def shown(*args, terminal=False, **options):
    out = Terminal() if terminal else io.StringIO()
    preview(*args, out=out, **options)
    return out.getvalue()


def test_in_a_pipe_the_first_has_one_line_of_tokens_and_the_others_are_text():
    task = SpellingBee(size=50, language="en")
    printed = shown(task, 5)
    first, *others = texts(task, 5)
    body = first.split("\n", 1)[1].rstrip("\n")
    head, line = printed[: printed.index(others[0])].rstrip("\n").rsplit("\n", 1)
    assert head.endswith(body)
    assert regex.match(r"── spellingbee 0 · en · \d+ tokens of hornbook_8k, \d+ trained on ─", head)
    assert regex.fullmatch(r"tokens     ‹\w.*›", line)
    assert regex.sub("[|‹›]", "", line.removeprefix("tokens").strip()) in body
    conversations, said = printed[:-1].rsplit("\n", 1)
    assert conversations.endswith("".join(others)[:-1])
    assert regex.fullmatch(r"5 conversations: \d templates?, \d lead-ins?, \d+ wordings in the answers", said)
    assert "\x1b" not in printed


@pytest.mark.parametrize("style", sorted(STYLES))
def test_named_a_tokenizer_all_are_tokens(style):
    task = SpellingBee(size=50, style=style)
    encoding = open_encoding(None)
    printed = shown(task, 4, encoding=encoding, ids=True)
    assert printed.count(" tokens of hornbook_8k, ") == 4
    # Ids stand after their tokens: in order they are the tokenizer's own, and decode to the conversation.
    small = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
    for block in regex.split("^── .*\n", printed, flags=regex.MULTILINE)[1:]:
        ids = [int(found.translate(small)) for found in regex.findall("[₀-₉]+", block)]
        assert ids[0] == encoding.special_tokens["<|bos|>"]
        assert ids[-1] == encoding.special_tokens["<|assistant_end|>"]
        assert regex.search(r"<\|user_start\|>[A-Za-z]", encoding.decode(ids))


def test_a_class_and_a_short_task():
    printed = shown(SimpleSpelling, 2) + shown(SimpleSpelling(size=1), 10)
    assert printed.count("── simplespelling ") == 3
    assert shown(SimpleSpelling(size=50)[7:9], 10).count("── simplespelling ") == 2


def test_many_are_shown_in_batches(monkeypatch):
    monkeypatch.setattr("generators.preview.ROWS", 7)
    task = SimpleSpelling(size=30)
    printed = shown(task, 20)
    conversations, said = printed[:-1].rsplit("\n", 1)
    assert conversations.endswith("".join(list(texts(task, 20))[1:])[:-1])
    assert said.startswith("20 conversations: 1")


def test_colours_on_a_terminal():
    plain, painted = shown(SpellingBee, 3), shown(SpellingBee, 3, terminal=True)
    assert "\x1b[38;5;16;48;5;153m" in painted
    assert "\x1b[4;38;5;16;48;5;223m" in painted
    # The first is tokens, the others are text.
    assert ESCAPE.sub("", painted).split("── spellingbee 1")[1] == plain.split("── spellingbee 1")[1]
    first = ESCAPE.sub("", painted).split("── spellingbee 1")[0]
    said = plain.split("── spellingbee 1")[0].split("\ntokens ")[0]
    assert "⏎" in first
    kept = regex.sub(r"<\|\w+\|>|⏎|\n +trained on.*", "", first)
    kept = regex.sub(" *\n", "\n", kept)
    shown_bytes = regex.sub("<([0-9a-f]{2})>", lambda found: f"\\x{found[1]}", kept)
    if "\\x" not in shown_bytes:
        assert kept.strip() == regex.sub(" *\n", "\n", said).strip()


@pytest.mark.parametrize(
    ("terminal", "environment", "coloured"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_who_gets_colours(monkeypatch, terminal, environment, coloured):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    printed = shown(SimpleSpelling, 1, terminal=terminal)
    assert ("\x1b[" in printed) == coloured
    assert ("\ntokens     " in printed) != coloured


def test_sixteen_colours_set_ground_and_letters_both(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    printed = shown(SpellingBee, 1, terminal=True)
    looks = set(regex.findall(r"\x1b\[([\d;]+)m", printed)) - {"0", "1", "2", "4", "35"}
    # 30 is black; a ground of 4x never comes without it.
    assert looks == {"30;46", "30;43", "30;47", "4;30;46", "4;30;43", "4;30;47"}


def test_it_prints_to_standard_output(capsys):
    preview(SimpleSpelling, n=1)
    assert "assistant  " in capsys.readouterr().out


def test_seams_that_matter_are_told_of_and_others_only_when_asked():
    quiet = shown(SpellingBee, 2)
    assert "\nseams  " not in quiet
    asked = shown(SpellingBee, 2, seams=True)
    assert asked.count("── spellingbee ") == 2
    assert "no token runs into a word, a letter or untrained text in the answers of 1,000 rows" in asked
    assert "other kinds where no cut is proved safe" in asked
    classic = shown(SpellingBee(size=10, style="classic", language="en"), 10)
    assert regex.search(r":¦\w   10 rows · the list letter · cl100k, ", classic)
    on_gpt2 = shown(SpellingBee(size=10, style="classic"), 1, encoding=open_encoding(None))
    assert regex.search(r":¦\w   1 row · the list letter · nanochat\n", on_gpt2)
