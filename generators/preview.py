"""Showing conversations to a person: as text, and as the tokens that a model sees.

The first conversation is shown in the tokens of the vocabulary that comes with Hornbook, the others as text;
where a tokenizer is named, all are shown in its tokens. In a pipe the first is text too, and one line of its
tokens stands below it.
"""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from generators.book import Books, Conversations
from generators.pages import Page
from generators.parts import parts_of
from generators.styles import style
from generators.variety import glance

if TYPE_CHECKING:
    from rich.text import Text

    from tokenizer.encoding import Encoding

LONGEST = 100  # characters of the one line of tokens
ROWS = 1000  # whose seams are looked at


def preview(
    task: Any,
    n: int = 10,
    out: TextIO | None = None,
    *,
    encoding: "Encoding | None" = None,
    ids: bool = False,
    seams: bool = False,
) -> None:
    """Print the first conversations of a task, and at which seams a token may run into a word or letter.

    Args:
        task: a task, or the class of one.
        n: how many.
        out: where to; standard output.
        encoding: of the tokenizer whose tokens are shown; None shows those of Hornbook's own vocabulary, and
            only of the first conversation.
        ids: show the tokens' ids too.
        seams: look at the seams of 1,000 conversations, not only of those shown, and list them all.
    """
    out = out or sys.stdout
    task = task(size=max(n, ROWS if seams else 1)) if isinstance(task, type) else task
    try:
        for text in _Preview(out, encoding, ids).pages(task, n, seams):
            out.write(text)
        out.flush()
    except BrokenPipeError:
        if out is not sys.stdout:
            raise
        # Whoever read us has seen enough; what is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


class _Preview:
    """Conversations made ready for one place to write to."""

    def __init__(self, out: TextIO, encoding: "Encoding | None", ids: bool) -> None:
        # Here and not above: they take a tenth of a second, and whoever imports a task may never show it.
        from rich.console import Console

        from generators.runs import Reader
        from generators.sheet import Paint
        from tokenizer.encoding import open_encoding

        self._console = Console(file=out, soft_wrap=True)
        if self._console.no_color:  # rich would go on underlining; who says so wants no escapes
            self._console = Console(file=out, soft_wrap=True, color_system=None)
        colours = {None: 0, "standard": 16, "windows": 16}.get(self._console.color_system, 256)
        self._first_only = encoding is None
        self._patterns = [encoding.pattern] if encoding and encoding.pattern else []
        self._reader, self._paint = Reader(encoding or open_encoding(None)), Paint(colours, ids)

    def pages(self, task: Any, n: int, seams: bool) -> Iterator[str]:
        """Yield what to write, bit by bit."""
        from generators.mend import told

        lines: list[str] = []
        shown: list[Any] = []
        books, view = Books(), np.array(task.view, dtype=np.int64)
        for first in range(0, min(n, len(view)), ROWS):
            wanted = ROWS if seams else min(ROWS, n - first)
            batch = task.conversations(view[first : first + wanted], books.current())
            for row in range(min(len(batch), n - first)):
                yield self._conversation(batch, row, first + row)
            page = Page(batch.take(np.arange(min(len(batch), n - first))))
            shown += [page.read(row) for row in range(min(len(batch), n - first))]
            if not first:
                lines = told(batch.book, batch.text, self._patterns, seams)
        yield "".join(f"{line}\n" for line in (glance(shown), *lines))

    def _conversation(self, batch: Conversations, row: int, number: int) -> str:
        from rich.text import Text

        from generators.runs import tokens_of
        from generators.sheet import MARGIN, written
        from generators.tokens import merge_system

        name, language, style_name = (
            batch.book.take(batch.columns[column][row : row + 1])[0].as_py()
            for column in ("task", "language", "style")
        )
        codes = batch.text.take(np.array([row])).values
        written_in = style(style_name or "quote-comma")  # a source's rows have no style, and no slots
        parts = parts_of(batch.book, codes, written_in)
        title, shown = f"── {name} {number} · {language} ", [written(parts)]
        if not (number and self._first_only):
            # A model reads a system message as the head of the user's.
            parts = parts_of(batch.book, merge_system(batch.book, codes), written_in)
            read = self._reader.read(parts)
            tokens = tokens_of(read)
            trained = sum(kept for _, kept in tokens)
            title += f"· {len(tokens):,} tokens of {self._reader.encoding.name}, {trained:,} trained on "
            painted = written(parts, read, self._paint)
            if self._paint.colours or not self._first_only:
                shown = [painted] if number else [painted, Text(), self._paint.legend()]
            else:
                shown.append(Text(f"{'tokens':<{MARGIN}}{_one_line(painted.plain)}"))
        return self._rendered(Text(title.ljust(78, "─"), "dim"), *shown, Text())

    def _rendered(self, *texts: "Text") -> str:
        with self._console.capture() as captured:
            for text in texts:
                self._console.print(text)
        return captured.get()


def _one_line(painted: str) -> str:
    """Choose the line of the last turn that has the most slots, for a pipe, which gets the rest as text."""
    from generators.sheet import BAR, MARGIN, SLOT

    turn = painted[painted.rfind("\nassistant ") + 1 :]
    lines = [line[MARGIN:].removeprefix(BAR) for line in turn.split("\n")]
    line = max(lines, key=lambda line: line.count(SLOT[0])).removesuffix("⏎").removesuffix(BAR)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
