"""The answer's sentences: every wording of every language, in every style."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import regex

from generators.book import Book
from generators.columns import Column, Lines
from generators.prompts import Template, language, languages
from generators.ragged import Ragged
from generators.rows import Rows
from generators.sentences import Sentences, sentences
from generators.styles import STYLES
from generators.texts import Texts
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SpellingBee
from tests import written

VALUES = {"word": "ΞΨ", "phrase": "ΞΨ ΨΞ", "letter": "Ж", "count": " 1204"}
LETTERS = ["Ж", "Ы", "Э"]
SENTENCES = [
    (code, section, name)
    for code in languages()
    for section, named in language(code).answers.items()
    for name in named
]
every_sentence = pytest.mark.parametrize(("code", "section", "name"), SENTENCES)
every_style = pytest.mark.parametrize("style", sorted(STYLES))


def rows(n, seed=0):
    return Rows.of(range(n), seed=seed, task="sentences", split="train")


def said(code, section, name, style, n=400, **around):
    """All wordings that n rows say."""
    slots = {slot: Column.of([value] * n) for slot, value in VALUES.items()}
    slots["letters"] = Lines(Texts(LETTERS), Ragged.of([range(3)] * n))
    numbers = np.zeros(n, dtype=np.int64)
    pieces = sentences((code,), section, style).say(name, rows(n), numbers, slots, **around)
    book = Book()
    return book.strings(book.set(pieces, n)).to_pylist()


def wordings(code, section, name, style):
    own = STYLES[style].sentences.get(code, {}).get(section, {})
    return own.get(name) or language(code).answers[section][name]


def resolved(wording):
    """A wording with what stands beside slots of which nobody knows how they sound."""
    neutral = {
        "은": "은(는)",
        "이": "이(가)",
        "을": "을(를)",
        "과": "과(와)",
        "이라는": "(이)라는",
        "으로": "(으)로",
    }
    return regex.sub(r"\{([^{}|]+)\|([^{}]+)\}", lambda m: neutral[m[1]], wording)


@every_style
@every_sentence
def test_every_wording_is_said_with_its_slots_in_quotes(code, section, name, style):
    expected = set()
    for wording in wordings(code, section, name, style):
        wording = resolved(wording)
        for slot in ("word", "phrase", "letter"):
            wording = wording.replace(f" {{{slot}}}", written.quoted(style, VALUES[slot]))
        listed = ",".join(written.quoted(style, letter) for letter in LETTERS)
        wording = wording.replace(" {letters}", listed)
        expected.add(wording.replace("{count}", "1204"))
    found = said(code, section, name, style)
    assert set(found) == expected
    # About as often each: none hides behind the others.
    least = min(found.count(wording) for wording in expected)
    assert least > 400 / len(expected) / 2


@every_sentence
def test_no_digit_stands_in_a_wording(code, section, name):
    """So every number of a turn is a count, which is how verify reads the prose."""
    for wording in language(code).answers[section][name]:
        assert not regex.search(r"\p{N}", wording), wording


@every_style
def test_no_digit_stands_in_a_wording_of_a_style(style):
    for named in STYLES[style].sentences.values():
        for wording in chain.from_iterable(chain.from_iterable(s.values() for s in named.values())):
            assert not regex.search(r"\p{N}", wording), wording


@every_sentence
def test_a_slot_has_a_space_before_it_and_nothing_that_joins_it_behind(code, section, name):
    for wording in language(code).answers[section][name]:
        for before, after in regex.findall(r"(^|.)\{\w+\}\{?(.|$)", wording):
            assert before == " ", wording
            # A particle may: no letter of its script joins what stands in quotes.
            particle = r"(?!\p{Hangul})[\p{L}\p{N}\"'’”]" if code == "ko" else r"[\p{L}\p{N}\"'’”]"
            assert not regex.match(particle, after), wording


@every_sentence
def test_blank_lines_stand_around(code, section, name):
    plain = said(code, section, name, "quote-comma", n=50)
    around = said(code, section, name, "quote-comma", n=50, before="\n\n", after="\n")
    assert around == [f"\n\n{text}\n" for text in plain]


def test_languages_are_mixed_row_by_row():
    n = 300
    codes = ("zh", "en", "es")
    numbers = np.arange(n) % 3
    slots = {slot: Column.of([f"{value}{i}" for i in range(n)]) for slot, value in VALUES.items()}
    pieces = sentences(codes, "counting", "quote-comma").say("restate", rows(n), numbers, slots)
    book = Book()
    for i, text in enumerate(book.strings(book.set(pieces, n)).to_pylist()):
        filled = [
            wording.replace("{word}", f'"{VALUES["word"]}{i}"').replace(
                "{letter}", f'"{VALUES["letter"]}{i}"'
            )
            for wording in language(codes[i % 3]).answers["counting"]["restate"]
        ]
        assert text in filled


def test_a_wording_without_the_space_is_refused():
    sentences = {"en": {"counting": {"final": ("So({count}):",)}}}
    broken = replace(STYLES["quote-comma"], name="broken", sentences=sentences)
    say = Sentences(["en"], "counting", broken)
    with pytest.raises(ValueError, match="space before its slot"):
        say.say("final", rows(1), np.array([0]), {"count": Column.of([" 3"])})


@pytest.mark.parametrize("task", [SpellingBee, LetterCounting])
def test_wordings_go_with_one_another_in_all_combinations(task):
    """Wordings are drawn one by one: no pair of them never meets."""
    own = {"ask": "letter"} if task is LetterCounting else {}
    made = task(size=3000, language="en", tool="python", **own)
    heads = {"restate": 0, "final": -2}
    met = set()
    for conversation in made:
        blocks = "".join(part["text"] for part in conversation["messages"][1]["content"]).split("\n\n")
        texts = [regex.sub(r'"[^"]*"', "_", blocks[at]) for at in heads.values()]
        met.add(tuple(texts))
    answers = language("en").answers["phrase" if task is LetterCounting else "counting"]
    assert len(met) == len(answers["restate"]) * len(answers["final"])
    assert all(Template.parse(wording, VALUES) for wording in answers["restate"])


def test_words_of_a_sentence_agree_with_their_slots():
    words, letters = ["책", "나무", "pear"], ["r", "가", "é"]
    slots = {"word": Column.of(words * 40), "letter": Column.of(letters * 40)}
    numbers = np.zeros(120, dtype=np.int64)
    pieces = sentences(("ko",), "counting", "quote-comma").say("restate", rows(120), numbers, slots)
    book = Book()
    found = book.strings(book.set(pieces, 120)).to_pylist()
    particles = {"r": '"r"이', "가": '"가"가', "é": '"é"이(가)'}
    for text, letter in zip(found, letters * 40, strict=True):
        others = {"r": '"r"을', "가": '"가"를', "é": '"é"을(를)', "of": f'"{letter}"의'}
        assert particles[letter] in text or others[letter] in text or others["of"] in text
    assert sum(particles["r"] in text for text in found) > 10
    assert sum(particles["é"] in text for text in found) > 10
