from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book, Conversations
from generators.pages import Page, Pages
from tests.strategies import FLAT, Part, Turns, batch_of, conversations, flat_of

FACTS = st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3) | st.booleans(), max_size=2)


def read(turns: Turns, facts: dict[str, Any], row: int) -> dict[str, Any]:
    """Write a conversation as nanochat's tasks do."""
    messages = []
    for role, content in turns:
        if isinstance(content, str):
            messages.append({"role": role, "content": content})
        elif [part.kind for part in content] == ["text"]:
            messages.append({"role": role, "content": content[0].text + content[0].tail})
        else:
            parts = [{"type": part.kind, "text": part.text + part.tail} for part in content]
            messages.append({"role": role, "content": parts})
    return {"messages": messages, **{name: flat_of(row, name) for name in FLAT}, "facts": facts}


@settings(deadline=None)
@given(st.lists(st.tuples(conversations(), FACTS), max_size=5))
def test_page_equals_one_row_at_a_time(batch: list[tuple[Turns, dict[str, Any]]]):
    page = Page(batch_of(Book(), [turns for turns, _ in batch], [facts for _, facts in batch]))
    wanted = [read(turns, facts, row) for row, (turns, facts) in enumerate(batch)]
    for row in [*range(len(batch)), *reversed(range(len(batch)))]:
        assert page.read(row) == wanted[row]


def numbered(index: np.ndarray, book: Book) -> Conversations:
    """Conversations that name their numbers."""
    turns: list[Turns] = [
        [("user", f"U{i}"), ("assistant", [Part("text", f"A{i}"), Part("python", "1" * (int(i) % 9))])]
        for i in index
    ]
    return batch_of(book, turns, [{"i": int(i)} for i in index], first=int(index[0]))


class Maker:
    """Makes `numbered` and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.books: list[Book] = []

    def __call__(self, index: np.ndarray, book: Book) -> Conversations:
        self.asked.append(index.tolist())
        self.books.append(book)
        return numbered(index, book)


def check(pages: Pages, i: int) -> None:
    found = pages.read(i)
    assert found["facts"] == {"i": i}
    assert found["messages"] == [
        {"role": "user", "content": f"U{i}"},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": f"A{i}"}, {"type": "python", "text": "1" * (i % 9)}],
        },
    ]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 11), st.integers(0, 40_000), st.integers(0, 2000), st.data())
def test_any_reads_in_any_order(size: int, rows: int, kept: int, book: int, data: st.DataObject):
    """However few pages are kept, and however often the book is begun anew."""
    with pytest.MonkeyPatch.context() as patch:
        few = data.draw(st.integers(1, 12))
        patch.setattr("generators.pages.FIRST", few)
        patch.setattr("generators.pages.STRETCHES", data.draw(st.integers(1, 3)))
        patch.setattr("generators.pages.ROWS", rows)
        patch.setattr("generators.pages.KEPT", kept)
        patch.setattr("generators.book.Books.LIMIT", book)
        maker = Maker()
        pages = Pages(maker, size)
        for i in data.draw(st.lists(st.integers(0, size - 1), max_size=40)):
            check(pages, i)
        for asked in maker.asked:
            # A whole page, or a stretch of one.
            first = asked[0]
            page = list(range(first, min(first + rows, size)))
            stretch = list(range(first, min(first + few, size)))
            assert (first % rows == 0 and asked == page) or (first % rows % few == 0 and asked == stretch)


def test_a_page_is_made_when_two_stretches_are_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("generators.pages.ROWS", 100)
    monkeypatch.setattr("generators.pages.FIRST", 10)
    maker = Maker()
    pages = Pages(maker, 10**9)
    for i in (555, 550, 559, 999_999_999, 560, 577, 599, 999_999_995):
        check(pages, i)
    assert [(asked[0], len(asked)) for asked in maker.asked] == [(550, 10), (999_999_990, 10), (500, 100)]


def test_pages_longest_unused_are_dropped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("generators.pages.ROWS", 10)
    maker = Maker()
    pages = Pages(maker, 100)
    check(pages, 0)
    monkeypatch.setattr("generators.pages.KEPT", 2 * Page(numbered(np.arange(10), Book())).bytes + 1000)
    for i in (10, 5, 25, 7, 11, 3):  # page 1, 0, 2 (1 goes), 0, 1 (2 goes), 0
        check(pages, i)
    assert [asked[0] // 10 for asked in maker.asked] == [0, 1, 2, 1]


def test_a_book_that_is_full_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("generators.pages.ROWS", 10)
    monkeypatch.setattr("generators.book.Books.LIMIT", 200)
    maker = Maker()
    pages = Pages(maker, 50)
    for i in (0, 10, 20, 30, 40, 0):
        check(pages, i)
    assert len(maker.asked) == 5
    assert 1 < len({id(book) for book in maker.books}) <= 5


def test_what_was_read_can_be_changed():
    pages = Pages(numbered, 3)
    pages.read(1)["messages"].clear()
    pages.read(1)["facts"]["i"] = 7
    check(pages, 1)
