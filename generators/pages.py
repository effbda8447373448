"""Reading conversations one by one, in any order, at the price of making them in batches.

A trainer indexes a task at random, row by row. A batch of one costs almost as much as a batch of a
thousand, so a page of neighbouring rows is made at once and kept as bytes. Who reads but one row of a page,
as of a billion, waits for a few rows beside it alone: the page is made when more of it is asked for.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from generators.book import Book, Books, Conversations
from generators.pieces import ASSISTANT, FIRST_PART, MARKS, NUMBER, TEXT

ROWS = 8192  # rows of a page
FIRST = 64  # rows of the stretch of a page that is made before the page
STRETCHES = 256  # to keep
KEPT = 256 << 20  # bytes of pages to keep

FLAT = ("task", "split", "answer", "word", "letter", "language", "style", "template")


class Page:
    """Some conversations, ready to be read.

    Args:
        conversations: to keep, as bytes and offsets: a few hundred bytes a row.
    """

    def __init__(self, conversations: Conversations) -> None:
        rows, book = conversations.text, conversations.book
        marks = np.flatnonzero((rows.values & NUMBER) < len(MARKS))
        texts = book.take(rows.values)
        ends = np.frombuffer(texts.buffers()[1], dtype=np.int32)
        self._text = texts.buffers()[2].to_pybytes() if texts.buffers()[2] else b""
        self._kinds = (rows.values[marks] & NUMBER).tolist()
        self._edges = ends[np.append(marks, len(rows.values))].tolist()
        self._first = np.searchsorted(marks, rows.offsets).tolist()
        facts = book.strings(conversations.facts).to_pylist()
        self._facts = json.loads(f"[{','.join(facts)}]")  # all at once: a tenth of the calls' time
        columns = [conversations.column(name).to_pylist() for name in FLAT]
        self._flat = list(zip(*columns, strict=True))
        self.bytes = len(self._text) + 64 * len(self._kinds) + 1200 * len(conversations)

    def read(self, row: int) -> dict[str, Any]:
        """Return a conversation as nanochat's tasks do, with its facts beside the messages."""
        messages: list[dict[str, Any]] = []
        for i in range(self._first[row], self._first[row + 1]):
            kind, content = self._kinds[i], self._text[self._edges[i] : self._edges[i + 1]].decode()
            if kind < FIRST_PART:
                messages.append({"role": MARKS[kind], "content": [] if kind == ASSISTANT else content})
            else:
                messages[-1]["content"].append({"type": MARKS[kind], "text": content})
        for message in messages:
            content = message["content"]
            if message["role"] == "assistant" and len(content) == 1 and content[0]["type"] == MARKS[TEXT]:
                message["content"] = content[0]["text"]
        found = dict(zip(FLAT, self._flat[row], strict=True))
        found["messages"], found["facts"] = messages, dict(self._facts[row])
        return found


class Pages:
    """The pages of a task, made when they are first needed; those longest unused are dropped.

    Args:
        make: makes the conversations of rows, from their numbers and a book.
        size: how many rows there are.
    """

    def __init__(self, make: Callable[[Any, Book], Conversations], size: int) -> None:
        self._make, self._size = make, size
        self._pages: OrderedDict[int, Page] = OrderedDict()
        self._stretches: OrderedDict[int, tuple[int, Page]] = OrderedDict()  # by page: its number, and it
        self._bytes = 0
        self._books = Books()

    def read(self, index: int) -> dict[str, Any]:
        """Return the conversation of a row."""
        number, row = divmod(index, ROWS)
        page = self._pages.get(number)
        if page is None:
            if ROWS > FIRST and (found := self._stretch(number, row // FIRST)):
                return found.read(row % FIRST)
            page = self._new(number * ROWS, ROWS)
            self._stretches.pop(number, None)
            self._pages[number] = page
            self._bytes += page.bytes
            while self._bytes > KEPT and len(self._pages) > 1:
                self._bytes -= self._pages.popitem(last=False)[1].bytes
        else:
            self._pages.move_to_end(number)
        return page.read(row)

    def _new(self, start: int, rows: int) -> Page:
        index = np.arange(start, min(start + rows, self._size), dtype=np.int64)
        return Page(self._make(index, self._books.current()))

    def _stretch(self, page: int, number: int) -> Page | None:
        """Return a stretch of a page, which is made if it is the page's first; None if another one was."""
        if page not in self._stretches:
            self._stretches[page] = number, self._new(page * ROWS + number * FIRST, FIRST)
            if len(self._stretches) > STRETCHES:
                self._stretches.popitem(last=False)
        made, found = self._stretches[page]
        return found if made == number else None
