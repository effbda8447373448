from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book, Conversations, gather
from generators.columns import Column, Lines
from generators.pieces import (
    EXCHANGE,
    MARKS,
    NUMBER,
    UNTRAINED,
    Nested,
    exchange,
    text,
    untrained,
    user,
    when,
)
from generators.ragged import Ragged
from generators.texts import Texts
from tests.strategies import (
    BATCHES,
    TEXTS,
    Model,
    backwards,
    batch_of,
    build,
    conversations,
    merged,
    read_codes,
    spoken,
)


def check(book: Book, found: Ragged, models: list[Model], rows: int) -> None:
    """Compare what codes say with what an interpreter of one row at a time says."""
    assert len(found) == rows
    assert found.values.dtype == np.int32
    wanted = [spoken(models, row) for row in range(rows)]
    for row in range(rows):
        assert merged(read_codes(book, found.take(np.array([row])).values)) == merged(wanted[row])
    assert book.strings(found).to_pylist() == ["".join(text for _, text, _ in row) for row in wanted]


@settings(max_examples=200, deadline=None)
@given(BATCHES)
def test_set_equals_one_row_at_a_time(batch: tuple[int, list[Model]]):
    rows, models = batch
    book = Book()
    check(book, book.set(build(models), rows), models, rows)


@settings(max_examples=40, deadline=None)
@given(st.lists(BATCHES, min_size=2, max_size=5))
def test_codes_stay_what_they_are_while_the_book_grows(batches: list[tuple[int, list[Model]]]):
    book = Book()
    found = [book.set(build(models), rows) for rows, models in batches]
    again = [book.set(build(models), rows) for rows, models in batches]
    for (rows, models), first, second in zip(batches, found, again, strict=True):
        check(book, first, models, rows)
        check(book, second, models, rows)


@settings(max_examples=60, deadline=None)
@given(BATCHES, st.data())
def test_rows_do_not_know_their_neighbours(batch: tuple[int, list[Model]], data: st.DataObject):
    """The rows of a batch, in any order, are the rows of the batch in order."""
    rows, models = batch
    book = Book()
    whole = book.set(build(models), rows)
    order = np.array(data.draw(st.permutations(range(rows))), dtype=np.int64)
    wanted = [book.strings(whole).to_pylist()[row] for row in order]
    assert book.strings(whole.take(order)).to_pylist() == wanted


def test_groups_inside_groups():
    """A mask inside a mask holds where both do, and flags add up, in lines and items too."""
    book = Book()
    outer, inner = np.array([True, True, False, False]), np.array([True, False, True, False])
    two = Column.of(["a", "b", "c", "d"])
    lines = Lines(two.texts, Ragged.of([[0], [1, 1], [2], [3]]))
    items = Nested(np.array([0, 1, 1, 3, 4]), (two, exchange("!")))
    for piece, said in (
        ("x", ["x"] * 4),
        (two, ["a", "b", "c", "d"]),
        (lines, ["a", "bb", "c", "d"]),
        (items, ["a!", "", "b!c!", "d!"]),
    ):
        found = book.set([when(outer, untrained(when(inner, exchange(piece)), piece), "."), piece], 4)
        assert book.strings(found).to_pylist() == [
            said[0] * 2 + "." + said[0],
            said[1] + "." + said[1],
            said[2],
            said[3],
        ]
        first = merged(read_codes(book, found.take(np.array([0])).values))
        assert [flags for _, _, flags in first][:2] == [
            UNTRAINED | EXCHANGE,
            UNTRAINED,
        ]


def test_neighbouring_constants_are_one_text():
    book = Book()
    rows = book.set(["a", "b", user("c", "d"), "e"], 2)
    assert book.take(rows.take(np.array([1])).values).to_pylist() == ["ab", "", "cde"]
    rows = book.set(["a", untrained("b", untrained("c")), when(np.array([True, False]), "d")], 2)
    assert book.take(rows.values).to_pylist() == ["a", "bc", "d", "a", "bc"]


def test_equal_texts_of_a_table_have_one_code():
    book, word = Book(), Column.of(["pear", "fig", "pear"])
    rows = book.set([word, "x", word, "x"], 3)
    codes = [row.tolist() for row in np.split(rows.values, 3)]
    assert codes[0] == codes[2]
    assert codes[0][:2] == codes[0][2:]
    size = len(book)
    book.set([word, "x"], 3)
    assert len(book) == size


# FAILS with 0 rows, and so do the tests that draw empty batches: Book.codes of a table without texts
# finds no run, and `runs[-1]` raises IndexError; `if not runs: return np.empty(0, dtype=np.int32)`.
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_empty_batches(rows: int):
    book = Book()
    empty = Column.of([""] * rows)
    for pieces in (
        [],
        [""],
        [empty],
        [when(np.zeros(rows, bool), "x", empty)],
        [Nested(np.zeros(rows + 1, int), ("x",))],
    ):
        found = book.set(pieces, rows)
        assert len(found) == rows
        assert book.strings(found).to_pylist() == [""] * rows
    assert book.take(np.empty(0, np.int32)).to_pylist() == []


THREE = Column.of(["a", "b", "c"])
WRONG = {
    "column": THREE,
    "column of none": Column.of([]),
    "column of one": Column.of(["a"]),
    "lines": Lines(THREE.texts, Ragged.of([[0], [1], [2]])),
    "nested": Nested(np.array([0, 1, 2, 3]), ("x",)),
    "inside nested": Nested(np.array([0, 1, 2]), (THREE,)),
    "in a group": text(user(THREE)),
    "masked column": when(np.array([True, False]), THREE),
    "masked lines": when(np.array([True, False]), Lines(THREE.texts, Ragged.of([[0], [1], [2]]))),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_another_number_of_rows(wrong: str):
    with pytest.raises(ValueError, match=r"a piece has \d rows, the batch 2"):
        Book().set(["x", WRONG[wrong]], 2)


def test_a_mask_of_another_number_of_rows():
    for size in (0, 3):
        with pytest.raises(ValueError, match=r"row|shape|broadcast"):
            Book().set([when(np.ones(size, bool), "x")], 2)


@given(st.lists(st.lists(TEXTS, max_size=5), min_size=1, max_size=4))
def test_add_arrow_arrays(batches: list[list[str]]):
    """Slices have offsets, and arrays of empty texts may have no data at all."""
    book, codes, wanted = Book(), [], []
    for strings in batches:
        for array in (
            pa.array(strings, pa.string()),
            pa.array(["é", *strings, "after"], pa.string()).slice(1, len(strings)),
            pa.array(["", *strings], pa.string())[1:],
        ):
            first = book.add(array)
            assert first == len(book) - len(strings)
            codes += range(first, len(book))
            wanted += strings
    assert book.take(np.array(codes, dtype=np.int32)).to_pylist() == wanted
    assert book.bytes == sum(len(text.encode()) for text in wanted)
    # The data of what is taken lies end to end, whatever was taken.
    taken = book.take(np.array(codes[::-1], dtype=np.int32))
    assert taken.to_pylist() == wanted[::-1]
    assert gather(taken, np.array([0, len(wanted)])).to_pylist() == ["".join(wanted[::-1])]


def test_book_grows_past_its_room():
    book, strings = Book(), []
    for size in (1, 70_000, 5, 200_000):
        added = [f"{size}:{i}" for i in range(size)]
        assert book.add(pa.array(added)) == len(MARKS) + len(strings)
        strings += added
    long = "x" * (3 << 20)
    assert book.take(np.array([book.constant(long)])).to_pylist() == [long]
    codes = np.arange(len(MARKS), len(MARKS) + len(strings))[::101]
    assert book.take(codes).to_pylist() == strings[::101]
    assert len(book) == len(MARKS) + len(strings) + 1
    assert book.bytes == sum(map(len, strings)) + len(long)


def test_what_was_taken_outlives_the_book():
    book = Book()
    taken = book.take(np.array([book.constant("kept")] * 3))
    book.add(pa.array(["y" * (4 << 20)]))
    del book
    assert taken.to_pylist() == ["kept"] * 3


def test_take_does_not_look_at_flags():
    book = Book()
    code = book.constant("a")
    assert (
        book.take(
            np.array([code, code | UNTRAINED, code | EXCHANGE, code | UNTRAINED | EXCHANGE])
        ).to_pylist()
        == ["a"] * 4
    )


def test_a_table_that_grows_between_batches():
    book, words = Book(), Texts([f"word {i}" for i in range(50)])
    kept = []
    for batch in range(10):
        index = (np.arange(7) * (batch + 1)) % 50
        column = Column(words, index).map(backwards)
        rows = book.set([column, Column(column.texts.affixed("<", ">"), column.index)], 7)
        kept.append((rows, [f"{w}<{w}>" for w in (f"word {i}"[::-1] for i in index)]))
    for rows, wanted in kept:
        assert book.strings(rows).to_pylist() == wanted
    # The codes of a table are kept once, not once for each time that it grew.
    assert all(run.lookup is None for runs in book._runs.values() for run in runs[:-1])
    assert max(len(runs) for runs in book._runs.values()) > 2
    # Each text was added once, as it is and in brackets.
    distinct = len({i for batch in range(10) for i in ((np.arange(7) * (batch + 1)) % 50).tolist()})
    assert len(book) == len(MARKS) + 2 * distinct


@given(st.lists(st.lists(TEXTS, max_size=4), max_size=5))
def test_gather(runs: list[list[str]]):
    flat = pa.array([text for run in runs for text in run], pa.string()).take(
        pa.array(np.arange(sum(map(len, runs))))
    )
    offsets = np.cumsum([0, *map(len, runs)])
    assert gather(flat, offsets).to_pylist() == ["".join(run) for run in runs]


# Conversations


def said_by(batch: Conversations) -> list[tuple]:
    n = len(batch)
    texts = [merged(read_codes(batch.book, batch.text.take(np.array([row])).values)) for row in range(n)]
    columns = {name: batch.column(name).to_pylist() for name in sorted(batch.columns)}
    return [
        (
            int(batch.index[row]),
            texts[row],
            batch.book.strings(batch.facts).to_pylist()[row],
            batch.book.strings(batch.words).to_pylist()[row],
            {name: values[row] for name, values in columns.items()},
        )
        for row in range(n)
    ]


BATCH = st.lists(conversations(), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(BATCH, BATCH, st.data())
def test_take_and_stack(one: list, other: list, data: st.DataObject):
    book = Book()
    first = batch_of(book, one, [{"n": i} for i in range(len(one))])
    second = batch_of(book, other, [{"m": [i]} for i in range(len(other))], first=100)
    less = {name: codes for name, codes in second.columns.items() if name != "letter"}
    less["form"] = second.columns["word"]
    second = replace(second, columns=less)
    stacked = Conversations.stack([first, second])
    assert len(stacked) == len(one) + len(other)
    wanted = [(*row[:-1], {**row[-1], "form": ""}) for row in said_by(first)]
    wanted += [(*row[:-1], {**row[-1], "letter": ""}) for row in said_by(second)]
    assert said_by(stacked) == wanted
    order = data.draw(st.lists(st.integers(0, len(stacked) - 1), max_size=6))
    assert said_by(stacked.take(np.array(order, dtype=np.int64))) == [wanted[i] for i in order]
    assert said_by(Conversations.stack([first])) == said_by(first)


@settings(max_examples=40, deadline=None)
@given(st.lists(conversations(), max_size=4))
def test_questions(turns: list):
    """What stands before the last turn: of earlier turns everything, the exchange with the tool too."""
    book = Book()
    asked = batch_of(book, turns, [{}] * len(turns)).questions().to_pylist()
    wanted = []
    for row in turns:
        texts = [c if isinstance(c, str) else "".join(p.text + p.tail for p in c) for _, c in row[:-1]]
        wanted.append("".join(texts))
    assert asked == wanted


def test_stack_of_two_books():
    one, other = (batch_of(Book(), [[("user", "u")]], [{}]) for _ in range(2))
    with pytest.raises(ValueError, match="different books"):
        Conversations.stack([one, other])


def test_a_code_has_room_for_its_flags():
    book = Book()
    rows = book.set([untrained(user("a"))], 1)
    assert (rows.values & UNTRAINED).all()
    assert ((rows.values & NUMBER) < len(book)).all()
    assert rows.values.min() >= 0
