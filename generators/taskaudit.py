"""The audit of tasks: which slots of a style are their own tokens, on a tokenizer or for a split pattern.

What people type is reported and never promised: a style that claims isolation is judged by the slots of the
assistant's turn.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.book import Book
from generators.pieces import SLOTS
from generators.slots import Placed, placed
from generators.styles import STYLES
from tokenizer.audit import Verdict, judge
from tokenizer.cutting import Tokenizer
from tokenizer.measure import Slots, measure
from tokenizer.patterns import SplitPattern

FIRST = "first list letter"  # stands after "W:", the others after what separates them
ASKED = "asked"  # how the slots of what people type begin
_KINDS = (*SLOTS, FIRST)
_ORDER = ("word to spell", FIRST, "list letter", "loop letter", "word in prose", "letter in prose")
ORDER = (*_ORDER, *(slot for slot in SLOTS if slot and slot not in _ORDER))
_PROBE = 100  # rows from which to tell how many words a row has


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
    def of(cls, task: Any, words: int) -> "Batch":
        """Make the first rows of a task: so many that they deal about so many words.

        Args:
            task: a Task of at least `words` rows.
            words: how many; a word that comes again counts again.
        """
        book, index = Book(), np.array(task.view)
        probe = task.conversations(index[:_PROBE], book)
        rows = max(1, round(words / max(1.0, probe.words.lengths.mean())))
        made = task.conversations(index[:rows], book)
        codes, language = np.unique(made.columns["language"], return_inverse=True)
        return cls(
            task=task.name,
            style=task.style.name,
            rows=len(made),
            words=len(np.unique(made.words.values)),
            placed=placed(made),
            language=language.astype(np.int64),
            languages=tuple(made.book.take(codes).to_pylist()),
        )


@dataclass(frozen=True)
class Line:
    """What was found of one slot of one task in one language."""

    task: str
    slot: str
    language: str
    verdict: Verdict

    @property
    def promised(self) -> bool:
        """Whether the slot is one of the assistant's turn."""
        return not self.slot.startswith(ASKED)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"task": self.task, "slot": self.slot, "language": self.language, **self.verdict.as_json()}


@dataclass(frozen=True)
class Sheet:
    """What was found of one style on one tokenizer, or for one split pattern.

    Attributes:
        tokenizer: the name of the tokenizer or the pattern.
        pattern: the name of the split pattern, "" where there is none.
        measured: on a tokenizer; else for every one that has the pattern.
        style: the name of the style.
        tasks: by task, how many rows were looked at, the distinct words they are about, and their tokens
            without control tokens.
        lines: by task, slot and language.
    """

    tokenizer: str
    pattern: str
    measured: bool
    style: str
    tasks: dict[str, dict[str, int]]
    lines: tuple[Line, ...]

    @property
    def claims(self) -> bool:
        """Whether the style claims that every slot of the assistant's turn is isolated."""
        return STYLES[self.style].isolates

    @cached_property
    def failing(self) -> tuple[Line, ...]:
        """The lines of the assistant's turn that are not isolated throughout."""
        return tuple(
            line for line in self.lines if line.promised and line.verdict.isolated < line.verdict.occurrences
        )

    @property
    def whole(self) -> bool:
        """Whether every slot of the assistant's turn is isolated."""
        return not self.failing

    @property
    def short(self) -> bool:
        """Whether the style claims what does not hold."""
        return self.claims and not self.whole

    @property
    def tokens_a_letter(self) -> float:
        """Tokens from one letter of a list to the next, separators and all; 0 where there is no list."""
        found = self.total(line for line in self.lines if line.slot in (FIRST, "list letter"))
        return found.spent / found.occurrences if found else 0.0

    @property
    def tokens_a_conversation(self) -> float:
        """Tokens of a conversation, without control tokens: the mean over tasks."""
        return float(np.mean([found["tokens"] / found["rows"] for found in self.tasks.values()]))

    @property
    def proved(self) -> bool:
        """Whether every slot of the assistant's turn is proved isolated, for any words like these."""
        return all(line.verdict.proved == line.verdict.occurrences for line in self.lines if line.promised)

    def forms(self, what: str) -> dict[str, tuple[str, ...]]:
        """Return the forms in which "word" or "letter" stands in the turn, with the slots of each."""
        found: dict[str, dict[str, None]] = {}
        for line in self.lines:
            if line.promised and what in line.slot.split():
                for form in line.verdict.forms:
                    found.setdefault(form, {})[line.slot] = None
        return {form: tuple(slots) for form, slots in found.items()}

    @staticmethod
    def total(lines: Iterable[Line]) -> Verdict | None:
        """Add up the verdicts of lines; None where there is none."""
        verdicts = [line.verdict for line in lines]
        return reduce(add, verdicts) if verdicts else None

    def __str__(self) -> str:
        """Say in one sentence what was found."""
        where = f"on {self.tokenizer}" if self.measured else f"for the pattern {self.tokenizer}"
        claim = f"{self.style} (claims {'isolation' if self.claims else 'nothing'})"
        if self.whole:
            return f"{claim}: every slot of the assistant's turn is isolated {where}"
        worst = min(self.failing, key=lambda line: line.verdict.isolated / line.verdict.occurrences)
        slots, verdict = dict.fromkeys(line.slot for line in self.failing), worst.verdict
        return (
            f"{claim}: not isolated {where}: {', '.join(slots)}; the {worst.slot} of {worst.task} "
            f"({worst.language}) is so in {verdict.isolated:,} of {verdict.occurrences:,} places, and not in "
            f"{verdict.failures[0]}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "tokenizer": self.tokenizer,
            "pattern": self.pattern or None,
            "measured": self.measured,
            "style": self.style,
            "claims isolation": self.claims,
            "isolated": self.whole,
            "tokens a letter": self.tokens_a_letter,
            "tokens a conversation": self.tokens_a_conversation,
            "forms of a letter": {form: list(slots) for form, slots in self.forms("letter").items()},
            "forms of a word": {form: list(slots) for form, slots in self.forms("word").items()},
            "tasks": self.tasks,
            "slots": [line.as_json() for line in self.lines],
        }


def share(part: int, whole: int) -> str:
    """Write a share in percent, rounded down, so that 100 means every one.

    >>> share(3, 3), share(2999, 3000), share(0, 3)
    ('100', '99.9', '0.0')
    """
    return "100" if part == whole else f"{part * 1000 // whole / 10:.1f}"


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
    made = {name: [Batch.of(task, words) for task in make(name)] for name in dict.fromkeys(styles or STYLES)}
    return [sheet_of(batches, tokenizer) for tokenizer in tokenizers for batches in made.values()]


def write_json(sheets: Sequence[Sheet], file: "str | os.PathLike[str]") -> None:
    """Write sheets to a file, as JSON."""
    text = json.dumps([sheet.as_json() for sheet in sheets], ensure_ascii=False, indent=1)
    Path(file).write_text(text + "\n", encoding="utf-8")


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
