"""Unsafe seams: those that a slow look at every two neighbours finds, and what is said of them."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.book import Book, Conversations
from generators.columns import Column, Lines
from generators.mend import hint, told
from generators.pieces import SLOT, SLOT_SHIFT, SLOTS, UNTRAINED, assistant, slot, text, untrained, user
from generators.ragged import Ragged
from generators.seams import Seam, sort_of, unsafe_seams
from generators.styles import STYLES
from generators.tokens import Renderer
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.strategies import BATCHES, build, conversations, read_codes, script_of
from tokenizer.boundaries import safe_cut
from tokenizer.chat import ChatTokens
from tokenizer.encoding import open_encoding
from tokenizer.patterns import NAMES, pattern

PATTERNS = [pattern(name) for name in NAMES]


def slowly(book, rows):
    """Look at every two neighbours of every part."""
    found = defaultdict(lambda: (set(), set()))
    for row in range(len(rows)):
        kind, held = "", []
        for mark, piece, flags in [*read_codes(book, rows.take(np.array([row])).values), ("end", "", 0)]:
            if not mark:
                held += [(piece, flags)] if piece else []
                continue
            for (left, before), (right, after) in pairwise(held):
                unproved = {p.name for p in PATTERNS if not safe_cut(left, right, p)}
                if unproved:
                    trains = [kind in ("text", "python") and not flag & UNTRAINED for flag in (before, after)]
                    slots = tuple(SLOTS[(flag & SLOT) >> SLOT_SHIFT] for flag in (before, after))
                    key = (
                        slots[0] or sort_of(left[-1]),
                        slots[1] or sort_of(right[0]),
                        kind in ("system", "user", "assistant"),
                        trains[0] != trains[1],
                    )
                    found[key][0].add(row)
                    found[key][1].update(unproved)
            kind, held = mark, []
    return {key: (len(rows), names) for key, (rows, names) in found.items()}


def quickly(book, rows):
    seams = unsafe_seams(book, rows)
    found = {
        (
            seam.slots[0] or sort_of(seam.left[-1]),
            seam.slots[1] or sort_of(seam.right[0]),
            seam.prompt,
            seam.edge,
        ): (seam.rows, set(seam.patterns))
        for seam in seams
    }
    assert len(found) == len(seams)
    assert all(hint(seam) for seam in seams)
    return found


@given(st.lists(conversations(), min_size=1, max_size=3))
def test_conversations(batch):
    book = Book()
    rows = book.set(script_of(batch), len(batch))
    assert quickly(book, rows) == slowly(book, rows)


@given(BATCHES)
def test_any_pieces(batch):
    count, models = batch
    book = Book()
    rows = book.set([assistant(text(*build(models)))], count)
    assert quickly(book, rows) == slowly(book, rows)


# Seams of answers around newlines, where no token runs into a slot: what is left, and right, of each.
AT_NEWLINES = {
    "spellingbee": {("newline", "letter"), ("mark", "newline")},
    "simplespelling": set(),
    "lettercounting": {
        ("newline", "letter"),
        ("mark", "newline"),
        ("newline", "word to spell"),
        ("newline", "loop letter"),
        ("newline", "mark"),  # numbers are written in `universal`
    },
}
# There a word stands behind a quote, and a step behind a mark and a newline, which is safe.
UNIVERSAL = {
    "spellingbee": {("newline", "letter"), ("mark", "newline"), ("newline", "mark")},
    "simplespelling": set(),
    "lettercounting": {("newline", "letter"), ("mark", "newline"), ("newline", "loop letter")},
}
# And those where a token does.
CLASSIC = {
    "spellingbee": {("mark", "list letter"), ("apostrophe", "tool word")},
    "simplespelling": {("mark", "list letter")},
    "lettercounting": {("mark", "list letter"), ("apostrophe", "tool word")},
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("cls", [SpellingBee, SimpleSpelling, LetterCounting])
def test_our_tasks(cls, style):
    batch = cls(40, style=style, language="all").conversations(np.arange(40), Book())
    assert quickly(batch.book, batch.text) == slowly(batch.book, batch.text)
    answers = [seam for seam in unsafe_seams(batch.book, batch.text) if not seam.prompt]
    assert not any(seam.edge for seam in answers)
    found = {True: set(), False: set()}
    for seam in answers:
        sides = seam.slots[0] or sort_of(seam.left[-1]), seam.slots[1] or sort_of(seam.right[0])
        found[seam.matters].add(sides)
    assert found[True] == (CLASSIC[cls.name] if style == "classic" else set())
    expected = (UNIVERSAL if style == "universal" else AT_NEWLINES)[cls.name]
    if style == "classic":
        expected = expected - {("newline", "mark")}  # which writes all words itself
    assert found[False] == expected | ({("mark", "list letter")} if style == "lines" else set())


def rows_of(*pieces):
    book = Book()
    return book, book.set([user("Spell it."), assistant(text(*pieces))], 2)


WORD = slot("word in prose", Column.of(["strawberry", "raspberry"]))


@pytest.mark.parametrize(
    ("pieces", "advice"),
    [
        (["The word:", WORD], "begin the second with a space"),
        (["It is ", WORD], "end the first before its space"),
        (["So:", untrained("\n\nNo")], "begin the second with a space: the loss mask"),
        (["straw", WORD], "a word runs through"),
        ([WORD, "'s"], "take another quote"),
        ([WORD, "\u0301"], "keep a combining mark"),
        (["1", slot("word in prose", Column.of(["2", "3"]))], "a number runs through"),
        (["x \n", slot("word in prose", Column.of([" a", " b"]))], "keep white space"),
    ],
)
def test_hints(pieces, advice):
    book, rows = rows_of(*pieces)
    [seam] = unsafe_seams(book, rows)
    assert hint(seam).startswith(advice)
    assert seam.rows == 2


@pytest.mark.parametrize(
    "pieces", [['The word "', WORD], [" It is", slot("word in prose", Column.of([" a", " b"]))]]
)
def test_mended_ones_are_no_longer_told_of(pieces):
    book, rows = rows_of(*pieces)
    if pieces[0].endswith('"'):
        assert told(book, rows) == []
    else:
        assert unsafe_seams(book, rows) == []


def test_an_edge_that_is_told_of_is_one_that_ids_cannot_be_written_for():
    encoding = open_encoding(None)
    book, rows = rows_of("I can't count", untrained("ed it"), ".")
    seams = unsafe_seams(book, rows, [encoding.pattern])
    assert [seam.edge for seam in seams] == [True]
    assert (
        "an edge of the loss mask, so no ids can be written · nanochat"
        in told(book, rows, [encoding.pattern])[1]
    )
    none = Ragged.of([[], []])
    renderer = Renderer(encoding, ChatTokens.of(encoding))
    with pytest.raises(ValueError, match="begin the untrained piece with a space"):
        renderer.render(Conversations(book, np.arange(2), rows, none, none, {}))
    mended = rows_of("I can't count", untrained(" it"), ".")
    assert not any(seam.edge for seam in unsafe_seams(*mended))


def test_nothing_is_told_of_nothing():
    book = Book()
    assert unsafe_seams(book, Ragged.of([])) == []
    assert told(book, book.set([user("Hi")], 1)) == []


def test_lines_stay_short_and_name_the_rest():
    book, rows = rows_of("x" * 300 + ":", slot("word in prose", Column.of(["s" * 300, "t" * 300])))
    lines = told(book, rows, everything=True)
    assert max(map(len, lines)) < 200
    assert f"…{'x' * 18}:¦{'s' * 19}…   2 rows · the word in prose · cl100k, " in lines[1]


def test_kinds_are_counted_by_rows():
    letters = Lines(Column.of(["a", "b"]).texts, Ragged.of([[0, 1, 0], [1]]))
    book, rows = rows_of("W:", slot("list letter", letters))
    counts = Counter({(seam.slots): seam.rows for seam in unsafe_seams(book, rows)})
    assert counts == {("", "list letter"): 2, ("list letter", "list letter"): 1}


def test_a_seam_says_whether_it_matters():
    def seam(left, right, slots=("", ""), **more):
        return Seam(left, right, slots, 1, ("gpt2",), **{"prompt": False, "edge": False, **more})

    assert seam(":", "s", ("", "list letter")).matters
    assert seam(":", "s").matters
    assert not seam(":\n", "s", ("", "list letter")).matters
    assert not seam(":", "\n\nSo").matters
    assert seam(":\n", "s", edge=True).matters
    assert not seam(":", "s", ("", "asked word, bare"), prompt=True).matters
