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
from generators.styles import STYLES
from generators.texts import Texts
from tasks.hornbook import LetterCounting, SimpleSpelling, SpellingBee
from tests import written

ROWS = 60
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


def found_at(text: str, what: str) -> list[int]:
    """Every place where something stands in a text."""
    return [match.start() for match in regex.finditer(regex.escape(what), text, overlapped=True)]


def read_turn(said: str, words: list[str], letter: str, style: str) -> set[tuple[str, int, int]]:
    """Read a part of the assistant's turn: (slot, start, stop), in characters."""
    found = set()
    for named in ([letter] if letter else [], words, *([word] for word in words)):
        for at in found_at(said, written.quoted(style, " ".join(named))) if named else ():
            found |= {("prose", at + a, at + b) for a, b in written.in_quoted(style, named)}
    # What spells and counts stands in whole lines, in the order of the words.
    lines, start = f"\n{said}\n", 0
    for word in words:
        letters = regex.findall(r"\X", word)
        blocks = [(written.spelled(style, word, letters), written.in_spelled(style, word, letters))]
        if letter:
            steps = "\n".join(written.steps(style, letters, letter))
            blocks.append((steps, written.in_steps(style, letters, letter)))
        for number, (block, slots) in enumerate(blocks):
            at = lines.find(f"\n{block}\n", start)
            if at < 0:
                continue
            start = at + len(block)
            first = "loop letter" if number else "word to spell"
            names = [first, *["loop letter" if number else "list letter"] * (len(slots) - 1)]
            found |= {(name, at + a, at + b) for name, (a, b) in zip(names, slots, strict=True)}
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


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("cls", TASKS, ids=lambda cls: cls.name)
def test_every_style_and_task(cls, name: str, lexicon: Path) -> None:
    styles, options = set(), {"style": name, "language": "all"}
    if cls is LetterCounting:
        options["ask"] = "letter"  # tests/test_styles.py reads all that it asks
    for task in (cls(ROWS, **options), cls(ROWS, lexicon=lexicon, tool="python", **options)):
        book = Book()
        found = placed(task.conversations(np.arange(ROWS), book))
        sets, texts = by_text(found), found.texts.to_pylist()
        for row in range(ROWS):
            conversation = task[row]
            styles.add(conversation["style"])
            words = conversation["facts"].get("words") or [conversation["word"]]
            got = [(texts[at], sets[at]) for at in np.flatnonzero(found.row == row)]
            check_row(conversation, words, conversation["style"], got)
    assert styles == ({"classic"} if name == "classic" else {name, "universal"})


def check_row(conversation, words: list[str], style: str, got) -> None:
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
            assert said == written.called(style, " ".join(words), letter)
            names = [*["tool word"] * len(words), "tool letter"]
            places = written.in_called(style, words, letter)
            assert slots == {(name, *place) for name, place in zip(names, places, strict=True)}
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
    book, count = Book(), 24
    batches = [SpellingBee(count, style=name).conversations(np.arange(count), book) for name in STYLES]
    every = len(STYLES) * count
    order = np.random.default_rng(1).permutation(every)
    mixed = Conversations.stack(batches).take(order)

    def said(slots) -> list[list[tuple[str, str, str]]]:
        rows: list[list] = [[] for _ in range(slots.row[-1] + 1)]
        texts = slots.texts.to_pylist()
        for at, pair in zip(slots.text.tolist(), slots.strings(), strict=True):
            rows[slots.row[at]].append((texts[at], *pair))
        return rows

    alone = [row for batch in batches for row in said(placed(batch))]
    assert said(placed(mixed)) == [alone[at] for at in order]


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
            exchange(python(*style.call_pieces(word, letter))),
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
        asked = graphs[-1]
        for (said, slots), text_said, places in (
            (prose, f"so{written.quoted(name, chosen)}:\n", shifted(2, written.in_quoted(name, [chosen]))),
            (listed, written.spelled(name, chosen, graphs) + "\n", written.in_spelled(name, chosen, graphs)),
            (loop, "\n".join(written.steps(name, graphs, asked)), written.in_steps(name, graphs, asked)),
            (call, written.called(name, chosen, asked), written.in_called(name, [chosen], asked)),
        ):
            assert said == text_said
            assert [place for _, *place in slots] == [[*place] for place in places]


def shifted(by: int, places):
    return [(start + by, stop + by) for start, stop in places]


def test_texts_without_slots_and_no_rows() -> None:
    book = Book()
    found = slots_in(book, book.set([user("hi"), assistant(text("", "well"))], 2), STYLES["classic"].slot_in)
    assert found.texts.to_pylist() == ["hi", "well"] * 2
    assert (found.row.tolist(), found.strings()) == ([0, 0, 1, 1], [])
    none = slots_in(book, book.set([user("hi")], 0), STYLES["classic"].slot_in)
    assert (len(none.texts), len(none.slot)) == (0, 0)
