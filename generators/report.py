"""What verify found: what was checked, in numbers, and what is wrong, in lines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SHOWN = 20  # problems kept of each shard


@dataclass
class Report:
    """What was checked, and what is wrong.

    Attributes:
        rows: by task.
        calls: how many tool calls were run again.
        trained: parts that are trained on.
        turns, ended: how many turns the assistant has, and how many of their ends are trained on: without
            them a model learns to go on for ever.
        problems: lines with file, row and reason, the first of each shard.
        wrong: how many problems there are in all.
        words: by split, folded.
        ids: hashes of the ids of each batch, with its file and first row.
        conversations: hashes of all messages.
        unchecked: rows by task whose own check was not at hand.
        tokens: how many there are in rows whose ids were read back, or whose number was counted again.
        uncounted: why the number of tokens was not counted again; empty where it was, or there is none.
    """

    rows: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    trained: int = 0
    turns: int = 0
    ended: int = 0
    problems: list[str] = field(default_factory=list)
    wrong: int = 0
    words: dict[str, set[str]] = field(default_factory=dict)
    ids: list[tuple[str, int, Any]] = field(default_factory=list)
    conversations: list[Any] = field(default_factory=list)
    unchecked: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    uncounted: str = ""

    def add(self, problem: str) -> None:
        """Note a problem of a shard."""
        self.wrong += 1
        if len(self.problems) < SHOWN:
            self.problems.append(problem)

    def add_first(self, problem: str) -> None:
        """Note a problem of the whole folder, before those of its shards."""
        self.wrong += 1
        self.problems.insert(0, problem)

    def merge(self, other: "Report") -> None:
        """Add another report to this one."""
        self.rows += other.rows
        self.calls += other.calls
        self.trained += other.trained
        self.turns += other.turns
        self.ended += other.ended
        self.problems += other.problems
        self.wrong += other.wrong
        for split, words in other.words.items():
            self.words.setdefault(split, set()).update(words)
        self.ids += other.ids
        self.conversations += other.conversations
        self.unchecked += other.unchecked
        self.tokens += other.tokens

    @property
    def duplicates(self) -> int:
        """How many rows are equal to an earlier one."""
        return _repeats(self.conversations)


def _repeats(hashes: Sequence[Any]) -> int:
    every = np.concatenate(hashes) if hashes else np.empty(0)
    return len(every) - len(np.unique(every))


def repeated_ids(ids: Sequence[tuple[str, int, Any]]) -> Iterator[str]:
    """Say which ids stand more than once: file, first row and hashes of each batch."""
    hashes = np.concatenate([batch for _, _, batch in ids]) if ids else np.empty(0)
    order = np.argsort(hashes, kind="stable")
    again = np.flatnonzero(np.diff(hashes[order].astype(np.uint64)) == 0)
    if not len(again):
        return
    starts = np.cumsum([0] + [len(batch) for _, _, batch in ids])

    def where(place: int) -> str:
        number = int(np.searchsorted(starts, place, side="right")) - 1
        file, first, _ = ids[number]
        return f"{file} row {first + place - int(starts[number]):,}"

    first, second = sorted(order[again[0] : again[0] + 2].tolist())
    yield f"{where(second)}: its id stands in {where(first)} too; {len(again):,} ids stand more than once"
