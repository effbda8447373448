import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.book import Book
from generators.columns import Column, Lines
from generators.pieces import (
    EXCHANGE,
    MARKS,
    NUMBER,
    SLOT,
    SLOT_SHIFT,
    SLOTS,
    UNTRAINED,
    Piece,
    assistant,
    exchange,
    for_each,
    json_object,
    output,
    pick,
    python,
    system,
    text,
    untrained,
    user,
    when,
)
from generators.ragged import Ragged, offsets_of
from tests.strategies import TEXTS, column_of, merged, read_codes


def said(pieces: list[Piece], rows: int = 1) -> list[list[tuple[str, str, int]]]:
    book = Book()
    found = book.set(pieces, rows)
    return [merged(read_codes(book, found.take(np.array([row])).values)) for row in range(rows)]


def test_bits_do_not_overlap():
    assert NUMBER ^ SLOT ^ EXCHANGE ^ UNTRAINED == NUMBER | SLOT | EXCHANGE | UNTRAINED == 2**31 - 1
    assert len(SLOTS) <= SLOT >> SLOT_SHIFT
    assert len(MARKS) == 6


def test_messages_and_parts():
    found = said(
        [
            system("S"),
            user("U"),
            assistant(text("a"), exchange(python("b"), output("c"), text("d", untrained("e"))), text("f")),
        ]
    )
    assert found == [
        [
            ("system", "", 0),
            ("", "S", 0),
            ("user", "", 0),
            ("", "U", 0),
            ("assistant", "", 0),
            ("text", "", 0),
            ("", "a", 0),
            ("python", "", EXCHANGE),
            ("", "b", EXCHANGE),
            ("python_output", "", EXCHANGE | UNTRAINED),
            ("", "c", EXCHANGE | UNTRAINED),
            ("text", "", EXCHANGE),
            ("", "d", EXCHANGE),
            ("", "e", EXCHANGE | UNTRAINED),
            ("text", "", 0),
            ("", "f", 0),
        ]
    ]


def test_when_and_pick():
    mask = np.array([True, False, True])
    pieces = [
        when(mask, "a", when(~mask, "never"), when(mask[::-1], "b")),
        pick(np.array([1, 0, 1]), ["x", "y"]),
    ]
    assert [row[0][1] for row in said(pieces, 3)] == ["aby", "x", "aby"]
    column = Column.of(["1", "2", "3"])
    assert [row[0][1] for row in said([pick(np.array([2, 0, 2]), ["x", "y", column])], 3)] == ["1", "x", "3"]


def test_pick_of_a_number_without_a_choice_sets_nothing():
    assert said([pick(np.array([5, 0]), ["x"])], 2) == [[], [("", "x", 0)]]


def test_for_each():
    offsets = np.array([0, 2, 2, 3])
    items = Column.of(["a", "b", "c"])
    pieces = ["<", for_each(offsets, items, when(np.array([True, False, True]), "!"), ","), ">"]
    assert [row[0][1] for row in said(pieces, 3)] == ["<a!,b,>", "<>", "<c!,>"]


def unread(pieces: list[Piece], rows: int) -> list[object]:
    book = Book()
    return [json.loads(line) for line in book.strings(book.set(pieces, rows)).to_pylist()]


@given(
    st.lists(
        st.tuples(TEXTS, TEXTS, st.lists(TEXTS, max_size=3), st.booleans(), st.integers(-(2**62), 2**62)),
        max_size=5,
    ),
    st.sampled_from(["of", "table", "sliced", "affixed", "mapped"]),
)
def test_json_object(rows: list[tuple[str, str, list[str], bool, int]], how: str):
    values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(5)]
    lines = Column.of([text for row in values[2] for text in row])
    columns = {
        "text": column_of(values[0], how),
        "other": column_of(values[1], "of"),
        "lines": Lines(lines.texts, Ragged(offsets_of([len(row) for row in values[2]]), lines.index)),
        "yes": np.array(values[3], dtype=bool),
        "number": np.array(values[4], dtype=np.int64),
    }
    assert unread(json_object(columns), len(rows)) == [dict(zip(columns, row, strict=True)) for row in rows]
    assert unread(json_object({}), 2) == [{}, {}]


def exclaimed(word: str) -> str:
    return word + "!"


@pytest.mark.parametrize("before", ["", "<"])
def test_json_object_of_tables_that_grow(before: str):
    words = Column.of(["pear", 'f"ig', "plum"])
    for numbers in ([0], [0, 1], [2, 1, 0]):
        grown = Column(words.texts, np.array(numbers)).map(exclaimed)
        column = Column(grown.texts.affixed(before), grown.index)
        wanted = [before + ["pear", 'f"ig', "plum"][i] + "!" for i in numbers]
        lines = Lines(column.texts, Ragged(np.array([0, len(numbers)]), column.index))
        assert unread(json_object({"a": column}), len(numbers)) == [{"a": text} for text in wanted]
        assert unread(json_object({"a": lines}), 1) == [{"a": wanted}]
