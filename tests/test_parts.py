"""Reading codes as parts: the same texts, slots and training as a reader of single codes finds."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.book import Book
from generators.parts import parts_of, writes
from generators.pieces import MARKS, SLOT, UNTRAINED
from generators.styles import STYLES
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SpellingBee
from tests import written
from tests.strategies import conversations, read_codes, script_of


@given(st.lists(conversations(), min_size=1, max_size=3))
def test_parts_say_what_the_codes_say(batch):
    book = Book()
    rows = book.set(script_of(batch), len(batch))
    for row in range(len(batch)):
        codes = rows.take(np.array([row])).values
        expected = []
        kept = []
        for mark, text, flags in read_codes(book, codes):
            kept.append(False)
            if mark:
                expected.append([mark, "", ""])
                continue
            expected[-1][1] += text
            if expected[-1][0] in ("text", "python") and not flags & UNTRAINED:
                expected[-1][2] += text
                kept[-1] = True
        found = parts_of(book, codes, STYLES["quote-comma"])
        assert [part.kind for part in found] == [kind for kind, *_ in expected]
        assert [part.text for part in found] == [text for _, text, _ in expected]
        for part, (_, _, trained) in zip(found, expected, strict=True):
            assert "".join(part.text[start:stop] for start, stop in part.trained) == trained
            edges = [edge for span in part.trained for edge in span]
            assert sorted(set(edges)) == edges  # in order, none empty, none touching
        assert writes(codes).tolist() == kept


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("cls", [SpellingBee, LetterCounting], ids=lambda cls: cls.name)
def test_slots_are_the_words_and_letters(cls, name):
    batch = cls(20, style=name, language="en").conversations(np.arange(20), Book())
    for row in range(20):
        codes = batch.text.take(np.array([row])).values
        parts = parts_of(batch.book, codes, STYLES[name])
        assert sum((codes & SLOT) != 0) == sum(len(part.slots) for part in parts)
        if cls is LetterCounting:
            continue
        word, letter = batch.column("word")[row].as_py(), batch.column("letter")[row].as_py()
        answer = [part for part in parts if part.kind not in MARKS[:3]]
        said = Counter(part.text[start:stop] for part in answer for start, stop in part.slots)
        spelled, steps = written.spelled(name, word, word), "\n".join(written.steps(name, word, letter))
        # Once each: the word and the letters of the list, and those of the loop.
        said.subtract(spelled[start:stop] for start, stop in written.in_spelled(name, word, word))
        said.subtract(steps[start:stop] for start, stop in written.in_steps(name, word, letter))
        assert min(said.values()) >= 0
        quoted = [(each, written.quoted(name, each)) for each in (word, letter)]
        assert set(+said) == {
            text[start:stop] for each, text in quoted for start, stop in written.in_quoted(name, [each])
        }
