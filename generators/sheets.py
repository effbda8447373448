"""Sheets: what an audit found of one style on one tokenizer, or for one split pattern.

What people type is reported and never promised: a style that claims isolation is judged by the slots of the
assistant's turn.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np

from generators.styles import STYLES
from tokenizer.verdicts import Verdict

FIRST = "first list letter"  # stands after "W:", the others after what separates them
ASKED = "asked"  # how the slots of what people type begin


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
    def told(self) -> bool:
        """Whether there is any slot in the assistant's turn to tell of."""
        return any(line.promised for line in self.lines)

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
        if not self.told:
            return f"{claim}: no slot is marked in the assistant's turn, so nothing is told of it"
        if self.whole:
            return f"{claim}: every slot of the assistant's turn is isolated {where}"
        worst = min(self.failing, key=lambda line: line.verdict.isolated / line.verdict.occurrences)
        slots, verdict = dict.fromkeys(line.slot for line in self.failing), worst.verdict
        return (
            f"{claim}: not isolated {where}: {', '.join(slots)}; the {worst.slot} of {worst.task} "
            f"({worst.language}) is isolated in {verdict.isolated:,} of {verdict.occurrences:,} places, but "
            f"not in {verdict.failures[0]}"
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


def write_json(sheets: Sequence[Sheet], file: "str | os.PathLike[str]") -> None:
    """Write sheets to a file, as JSON."""
    text = json.dumps([sheet.as_json() for sheet in sheets], ensure_ascii=False, indent=1)
    Path(file).write_text(text + "\n", encoding="utf-8")
