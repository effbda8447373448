"""Runs: shown tokens give back the text, slots and training; and are those that shards hold."""

import json
from pathlib import Path

import numpy as np
import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.parts import Part, parts_of
from generators.plaintokens import plain
from generators.runs import UNDER, PartTokens, Reader, Run, runs_of, tokens_of
from generators.styles import STYLES
from generators.tokens import Renderer, merge_system
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.strategies import TEXTS, conversations, script_of
from tests.test_huggingface import fallback, gemma
from tokenizer.chat import ChatTokens
from tokenizer.encoding import open_encoding
from tokenizer.huggingface import HuggingFaceEncoding

SHARED = Path(__file__).resolve().parents[2] / "shared"
OWN = open_encoding(None)
SIGNS = regex.compile("[<⏎◌]")  # what shown tokens say for other things

texts = st.lists(TEXTS, max_size=8).map("".join).filter(lambda text: not SIGNS.search(text))


def said(shown: str) -> str:
    """Read shown tokens back: by the signs that stand for newlines, lone marks and bytes."""
    data = shown.replace("⏎\n", "\n").replace(UNDER, "").encode()
    return regex.sub(rb"<([0-9a-f]{2})>", lambda found: bytes.fromhex(found[1].decode()), data).decode(
        "utf-8", "replace"
    )


@st.composite
def parts(draw):
    text = draw(texts)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    slots = tuple(zip(edges[::2], edges[1::2], strict=False))
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    return Part("text", text, slots, tuple(zip(edges[::2], edges[1::2], strict=False)))


@settings(deadline=None)
@given(parts())
@example(Part("text", "a字𠀀\n\x1b[2Je\u0301", ((1, 2),), ((2, 6),)))
def test_runs_joined_give_back_text_slots_and_training(part):
    runs = runs_of(part, OWN)
    assert said("".join(run.text for run in runs)) == part.text
    assert [run.id for run in runs if run.ends] == OWN.encode(part.text)
    for number, (start, stop) in enumerate(part.slots, 1):
        assert said("".join(run.text for run in runs if run.slot == number)) == part.text[start:stop]
    trained = "".join(part.text[start:stop] for start, stop in part.trained)
    assert said("".join(run.text for run in runs if run.trained)) == trained
    # Nothing that a terminal obeys is left.
    assert not regex.search(r"[\p{Cc}\p{Cf}]", "".join(run.text for run in runs).replace("⏎\n", ""))


@pytest.mark.parametrize("form", [fallback, gemma])
@pytest.mark.parametrize("text", ["the rat", " the rat", "字 a"])
def test_tokenizers_that_put_a_space_before_texts(form, text):
    pytest.importorskip("tokenizers", reason="the extra hf is not installed")
    encoding = HuggingFaceEncoding("form", form(), "form")
    runs = runs_of(Part("text", text, ((0, 1),), ((0, len(text)),)), encoding)
    assert said("".join(run.text for run in runs)).endswith(text)
    assert said("".join(run.text for run in runs if run.slot)) == text[:1]
    assert all(run.trained for run in runs)
    assert [run.id for run in runs if run.ends] == encoding.encode(text)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("cls", [SpellingBee, SimpleSpelling, LetterCounting])
def test_the_tokens_are_those_of_shards(cls, style):
    task = cls(60, style=style, language="all")
    batch = task.conversations(np.arange(60), Book())
    rendered = Renderer(OWN, ChatTokens.of(OWN)).render(batch)
    reader = Reader(OWN)
    for row in range(60):
        codes = batch.text.take(np.array([row])).values
        tokens = tokens_of(reader.read(parts_of(batch.book, codes, task.style)))
        start, stop = rendered.offsets[row : row + 2]
        assert [id for id, _ in tokens] == rendered.ids[start:stop].tolist()
        assert [trained for _, trained in tokens] == rendered.mask[start:stop].tolist()


@settings(deadline=None, max_examples=50)
@given(conversations())
def test_system_messages_and_several_turns(turns):
    book = Book()
    codes = book.set(script_of([turns]), 1).values
    read = Reader(OWN).read(parts_of(book, merge_system(book, codes), STYLES["quote-comma"]))
    said = []
    for role, content in turns:
        if role == "assistant":
            said += [(role, []), *((part.kind, [(part.text + part.tail, True)]) for part in content)]
        else:
            said.append((role, [(content, False)]))
    ids = [id for _, part, _ in plain(OWN, ChatTokens.of(OWN), said) for id in part]
    assert [id for id, _ in tokens_of(read)] == ids


def test_a_token_over_an_edge_is_not_trained_on():
    runs = [Run("straw", 5, False, 0, True), Run("berry", 5, True, 0, False), Run("!", 6, True, 0, True)]
    assert tokens_of([PartTokens([], [], runs)]) == [(5, False), (6, True)]


def test_a_vocabulary_without_control_tokens_shows_none(tmp_path):
    source = SHARED / "vocab" / "ncfork_65k.tiktoken"
    if not source.exists():
        pytest.skip(f"no {source.name} beside the repository")
    assert not json.loads(source.with_suffix(".json").read_text()).get("special_tokens")
    encoding = open_encoding(source)
    read = Reader(encoding).read([Part("user", "poll poll", (), ()), Part("assistant", "", (), ())])
    assert [id for id, _ in tokens_of(read)] == [47947, 2478]
