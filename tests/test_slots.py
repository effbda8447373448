"""Slots read from the codes are those that an obvious reader of the text finds."""

from pathlib import Path

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book, Conversations
from generators.columns import Column, Lines
from generators.pieces import assistant, exchange, python, slot, text, user
from generators.ragged import Ragged
from generators.slots import placed, slots_in
from generators.styles import STYLES, Style
from generators.texts import Texts
from tasks.hornbook import LetterCounting, SimpleSpelling, SpellingBee

ROWS = 120
TASKS = (SpellingBee, SimpleSpelling, LetterCounting)
WORDS = """
said mist trestle strawberry Straße éclair naïve élève llama revere dada SOS ſs don señor niño
汉字 猫猫 ひらがな カタカナ 한국어 हिन्दी नमस्ते தமிழ் ไทยไทย שלום עִבְרִית سلام مُحَمَّد Ελλάδα слово ёлка երեխա
"""
# No word is only marks, or a mark on a comma: those no lexicon takes.
LETTERS = (*"strdm'’-–,:.0123½é🍓漢語あ", "कि", "e\u0301", "👩\u200d🍳")
ODD = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=5).map("".join)


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("words") / "words.txt"
    path.write_text("\n".join(WORDS.split()), encoding="utf-8")
    return path


def after(said: str, start: int, word: str) -> tuple[int, int]:
    assert said.startswith(word, start), (said, start, word)
    return start, start + len(word)


def quoted(said: str, style: Style, what: str) -> list[tuple[int, int]]:
    """Every place where something stands in the style's quotes after a space."""
    opening, closing = style.quotes
    found = regex.finditer(regex.escape(f" {opening}{what}{closing}"), said, overlapped=True)
    return [(match.start() + 1 + len(opening), match.end() - len(closing)) for match in found]


def read_turn(said: str, words: list[str], letter: str, style: Style) -> set[tuple[str, int, int]]:
    """Read a part of the assistant's turn line by line: (slot, start, stop), in characters."""
    found = {("prose", *at) for at in quoted(said, style, letter) if letter}
    phrase_ends = []
    for first, last in quoted(said, style, " ".join(words)):
        for number, word in enumerate(words):
            first, end = after(said, first, word if number == 0 else f" {word}")
            found.add(("prose", first, end))
            first = end
        phrase_ends.append(last)
    for word in words:
        found |= {("prose", *at) for at in quoted(said, style, word)}
    start = 0
    for line in said.split("\n"):
        letters, at = [], start + len(line)
        head = next(
            (word for word in words if line == style.spelling(word, regex.findall(r"\X", word))), None
        )
        if head:
            letters = regex.findall(r"\X", head)
            found.add(("word to spell", start, start + len(head)))
            at = start + len(head) + 1
            for number, each in enumerate(letters):
                at += len(style.between) if number else 0
                found.add(("list letter", at, at + len(style.first + each)))
                at += len(style.first + each)
            assert at == start + len(line)
        step = regex.fullmatch(rf"[0-9]+:({style.step}\X)(?: hit! count=[0-9]+)?", line)
        if step and not head:
            found.add(("loop letter", start + step.start(1), start + step.end(1)))
        start += len(line) + 1
    return found


def in_characters(said: str, start: int, stop: int) -> tuple[int, int]:
    return len(said.encode()[:start].decode()), len(said.encode()[:stop].decode())


def by_text(found) -> list[set[tuple[str, int, int]]]:
    texts = found.texts.to_pylist()
    sets: list[set] = [set() for _ in texts]
    names = [name for name, _ in found.strings()]
    for name, at, start, stop in zip(
        names, found.text.tolist(), found.start.tolist(), found.stop.tolist(), strict=True
    ):
        sets[at].add((name, *in_characters(texts[at], start, stop)))
    return sets


@pytest.mark.parametrize("language", ["en", "es", "zh"])
@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("cls", TASKS, ids=lambda cls: cls.name)
def test_every_style_and_task(cls, name: str, language: str, lexicon: Path) -> None:
    style, options = STYLES[name], {"style": name, "language": language}
    for task in (cls(ROWS, **options), cls(ROWS, lexicon=lexicon, tool="python", **options)):
        book = Book()
        found = placed(task.conversations(np.arange(ROWS), book))
        sets, texts = by_text(found), found.texts.to_pylist()
        for row in range(ROWS):
            conversation = task[row]
            words = conversation["facts"].get("words") or [conversation["word"]]
            check_row(
                conversation, words, style, [(texts[at], sets[at]) for at in np.flatnonzero(found.row == row)]
            )


def check_row(conversation, words: list[str], style: Style, got) -> None:
    question, *turns = conversation["messages"]
    content = turns[-1]["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    expected = [("user", question["content"]), *((part["type"], part["text"]) for part in parts)]
    assert [said for _, said in expected if said] == [said for said, _ in got]
    letter = conversation["letter"]
    for (kind, said), (_, slots) in zip([e for e in expected if e[1]], got, strict=True):
        if kind == "user":
            check_question(said, slots, words, conversation)
        elif kind == "python":
            opening, between, closing = style.call
            at, expect = len(opening), set()
            for number, word in enumerate(words):
                start, at = after(said, at, word if number == 0 else f" {word}")
                expect.add(("tool word", start, at))
            assert said[at:] == between + letter + closing
            at += len(between)
            assert slots == expect | {("tool letter", at, at + len(letter))}
        elif kind == "text":
            merged = {("prose" if "prose" in slot else slot, start, stop) for slot, start, stop in slots}
            assert merged == read_turn(said, words, letter, style)
        else:
            assert not slots


def check_question(said: str, slots: set, words: list[str], conversation) -> None:
    facts, letter = conversation["facts"], conversation["letter"]
    asked = {
        "word": facts.get("word_quoted", facts.get("phrase_quoted")),
        "letter": facts.get("letter_quoted"),
    }
    shown = sorted(slots, key=lambda found: found[1])
    of_words = [found for found in shown if "word" in found[0]]
    assert [said[start:stop].lstrip(" ") for _, start, stop in of_words] == words
    assert [said[a:b].lstrip(" ") for name, a, b in shown if "letter" in name] == [letter] * bool(letter)
    for name, start, _ in shown:
        what, _, how = name.removeprefix("asked ").partition(", ")
        assert how == ("quoted" if asked[what] else "bare")
        assert said[start - 1 : start] != " "  # the space belongs to the slot


def test_rows_of_several_styles() -> None:
    book = Book()
    batches = [SpellingBee(40, style=name).conversations(np.arange(40), book) for name in STYLES]
    mixed = Conversations.stack(batches).take(np.random.default_rng(1).permutation(80))
    found = placed(mixed)
    alone = {name: placed(batch) for name, batch in zip(STYLES, batches, strict=True)}
    styles = mixed.column("style").to_pylist()

    def said(slots, row: int) -> list[tuple[str, str, str]]:
        mine = slots.row[slots.text] == row
        texts = slots.texts.to_pylist()
        return [
            (texts[at], *pair)
            for at, pair, here in zip(slots.text.tolist(), slots.strings(), mine, strict=True)
            if here
        ]

    for row in range(80):
        assert said(found, row) == said(alone[styles[row]], int(mixed.index[row]))


@settings(max_examples=100, deadline=None)
@given(words=st.lists(ODD, min_size=1, max_size=4), name=st.sampled_from(sorted(STYLES)))
def test_any_words_in_a_style(words: list[str], name: str) -> None:
    style = STYLES[name]
    spelled = [regex.findall(r"\X", word) for word in words]
    graphemes = sorted({letter for letters in spelled for letter in letters})
    table = Texts(graphemes)
    letters = Lines(table, Ragged.of([[graphemes.index(each) for each in word] for word in spelled]))
    letter = Column(table, np.array([graphemes.index(word[-1]) for word in spelled]))
    word = Column.of(words)
    steps, _ = style.step_pieces(letters, letter)
    pieces = [
        user("Spell", slot("asked word, bare", word)),
        assistant(
            text("so", *style.quoted(word), ":\n"),
            text(*style.spelling_pieces(word, letters), "\n"),
            text(steps),
            exchange(python(*style.call_pieces([word], letter))),
        ),
    ]
    book = Book()
    found = slots_in(book, book.set(pieces, len(words)), style.slot_in)
    sets, texts = by_text(found), found.texts.to_pylist()
    for row, (chosen, graphs) in enumerate(zip(words, spelled, strict=True)):
        _, prose, listed, loop, call = (
            (texts[at], sorted(sets[at], key=lambda found: found[1]))
            for at in np.flatnonzero(found.row == row)
        )
        assert [prose[0][a:b] for _, a, b in prose[1]] == [chosen]
        assert listed[0] == style.spelling(chosen, graphs) + "\n"
        assert [listed[0][a:b] for _, a, b in listed[1]] == [chosen, *(style.first + each for each in graphs)]
        assert loop[0] == style.steps(graphs, graphs[-1])
        assert [loop[0][a:b] for _, a, b in loop[1]] == [style.step + each for each in graphs]
        assert [call[0][a:b] for _, a, b in call[1]] == [chosen, graphs[-1]]


def test_texts_without_slots_and_no_rows() -> None:
    book = Book()
    found = slots_in(book, book.set([user("hi"), assistant(text("", "well"))], 2), STYLES["classic"].slot_in)
    assert found.texts.to_pylist() == ["hi", "well"] * 2
    assert (found.row.tolist(), found.strings()) == ([0, 0, 1, 1], [])
    none = slots_in(book, book.set([user("hi")], 0), STYLES["classic"].slot_in)
    assert (len(none.texts), len(none.slot)) == (0, 0)
