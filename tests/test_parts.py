"""Reading codes as parts: the same texts, slots and training as a reader of single codes finds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generators.book import Book
from generators.parts import parts_of, writes
from generators.pieces import MARKS, SLOT, UNTRAINED
from generators.styles import STYLES
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SpellingBee
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


def test_slots_are_the_words_and_letters():
    for cls in (SpellingBee, LetterCounting):
        for style in STYLES.values():
            task = cls(30, style=style.name, language="en")
            batch = task.conversations(np.arange(30), Book())
            for row in range(30):
                word = batch.column("word")[row].as_py()
                letter = batch.column("letter")[row].as_py()
                codes = batch.text.take(np.array([row])).values
                parts = parts_of(batch.book, codes, style)
                slots = [part.text[start:stop] for part in parts for start, stop in part.slots]
                assert sum((codes & SLOT) != 0) == len(slots)
                if cls is SpellingBee:
                    once = [word, letter] if style.name == "classic" else []
                    # The letters of the list, and those of the loop.
                    spelled = [style.first + each for each in word] + [style.step + each for each in word]
                    answer = [part for part in parts if part.kind not in MARKS[:3]]
                    said = [part.text[start:stop] for part in answer for start, stop in part.slots]
                    for each in [*once, *spelled]:
                        assert each in said
                    assert set(said) <= {word, letter, *spelled}
