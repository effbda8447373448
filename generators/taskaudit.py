"""The audit of tasks: which slots of a style are their own tokens, on a tokenizer or for a split pattern."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from generators.book import Book, Conversations
from generators.pieces import SLOTS
from generators.sheets import FIRST, Line, Sheet
from generators.slots import Placed, placed
from generators.styles import STYLES
from tokenizer.cutting import Tokenizer
from tokenizer.measure import Slots, measure
from tokenizer.patterns import SplitPattern
from tokenizer.verdicts import judge

_KINDS = (*SLOTS, FIRST)
_ORDER = ("word to spell", FIRST, "list letter", "loop letter", "word in prose", "letter in prose")
ORDER = (*_ORDER, *(slot for slot in SLOTS if slot and slot not in _ORDER))
_PROBE = 250  # rows from which to tell how many words a row has


@dataclass(frozen=True)
class Batch:
    """Conversations of one task in one style, with their slots placed.

    Attributes:
        task: its name.
        style: the name of its style.
        rows, words: how many rows, and how many distinct words they are about.
        placed: the slots in the texts.
        language: (rows,) number of each row's language among `languages`.
        languages: their codes.
    """

    task: str
    style: str
    rows: int
    words: int
    placed: Placed
    language: npt.NDArray[np.int64]
    languages: tuple[str, ...]

    @classmethod
    def of(cls, task: Any, words: int, book: Book | None = None, own: bool = False) -> "Batch":
        """Make the first rows of a task: so many that they deal about so many words.

        Args:
            task: a Task of at least `words` rows.
            words: how many; a word that comes again counts again.
            book: numbers their texts; where several batches share one, their words enter it once.
            own: leave out slots of rows in another style, since the task's can't isolate their words.
        """
        book, index = Book() if book is None else book, np.array(task.view)
        probe = task.conversations(index[: min(words, _PROBE)], book)
        rows = max(1, round(words / max(1.0, probe.words.lengths.mean())))
        made = probe.take(np.arange(rows)) if rows <= len(probe) else task.conversations(index[:rows], book)
        codes, language = np.unique(made.columns["language"], return_inverse=True)
        return cls(
            task=task.name,
            style=task.style.name,
            rows=len(made),
            words=len(np.unique(made.words.values)),
            placed=_own(made, task.style.name) if own else placed(made),
            language=language.astype(np.int64),
            languages=tuple(made.book.take(codes).to_pylist()),
        )


def _own(made: Conversations, style: str) -> Placed:
    """Find the slots of rows that are written in a style; the texts are those of all."""
    found = placed(made)
    mine = pc.equal(made.column("style"), style).to_numpy(zero_copy_only=False)
    kept = mine[found.row[found.text]]
    names = ("slot", "text", "start", "stop", "begin")
    return replace(found, **{name: getattr(found, name)[kept] for name in names})


def sheets_of(
    make: Callable[[str], Sequence[Any]], tokenizers: Sequence[Tokenizer], styles: Sequence[str], words: int
) -> list[Sheet]:
    """Look at tasks in several styles with several tokenizers.

    Args:
        make: makes the tasks in a style, by its name; each has at least `words` rows.
        tokenizers: of models, or split patterns.
        styles: their names; without any all styles there are.
        words: about how many to look at in each task.

    Returns a sheet for each style and tokenizer, tokenizer by tokenizer.
    """
    book = Book()
    made = {
        name: [Batch.of(task, words, book) for task in make(name)] for name in dict.fromkeys(styles or STYLES)
    }
    return [sheet_of(batches, tokenizer) for tokenizer in tokenizers for batches in made.values()]


def sheet_of(batches: Sequence[Batch], tokenizer: Tokenizer) -> Sheet:
    """Look at batches of one style with one tokenizer, or for one split pattern."""
    is_pattern = isinstance(tokenizer, SplitPattern)
    pattern = tokenizer if isinstance(tokenizer, SplitPattern) else tokenizer.pattern
    tasks: dict[str, dict[str, int]] = {}
    lines: dict[tuple[str, str, str], Line] = {}
    for batch in batches:
        found, tokens = _lines(batch, tokenizer)
        counts = {"rows": batch.rows, "words": batch.words, "tokens": tokens}
        # A task may come twice, as its two splits do.
        before = tasks.get(batch.task, {})
        tasks[batch.task] = {name: count + before.get(name, 0) for name, count in counts.items()}
        for line in found:
            key = (line.task, line.slot, line.language)
            more = [lines[key].verdict] if key in lines else []
            lines[key] = replace(line, verdict=reduce(add, [*more, line.verdict]))
    name = pattern.name if pattern else ""
    return Sheet(tokenizer.name, name, not is_pattern, batches[0].style, tasks, tuple(lines.values()))


def _lines(batch: Batch, tokenizer: Tokenizer) -> tuple[list[Line], int]:
    """Judge the slots of a batch by slot and language; beside it the number of its tokens."""
    found, languages = batch.placed, len(batch.languages)
    listed = found.slot == SLOTS.index("list letter")
    later = np.append(False, listed[:-1] & (np.diff(found.text) == 0))[: len(listed)]
    kind = np.where(listed & ~later, _KINDS.index(FIRST), found.slot)
    language = batch.language[found.row[found.text]]
    # Rows share texts, such as the sentence before a call: each is looked at once.
    texts = found.texts.dictionary_encode()
    number = texts.indices.to_numpy().astype(np.int64)
    slots = Slots(number[found.text], found.start, found.stop, found.begin, kind * languages + language)
    measured = measure(texts.dictionary, slots, tokenizer)
    verdicts = judge(texts.dictionary, slots, measured, tokenizer, len(_KINDS) * languages)
    tokens = np.diff(measured.cut.first)[number].sum()
    lines = [
        Line(batch.task, slot, code, verdict)
        for slot in ORDER
        for at, code in enumerate(batch.languages)
        if (verdict := verdicts[_KINDS.index(slot) * languages + at]).occurrences
    ]
    return lines, int(tokens)
