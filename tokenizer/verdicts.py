r"""Verdicts on many slots: what was measured and what is proved, by kind, with the commonest failures.

>>> from tokenizer.patterns import pattern
>>> slots = Slots.of([(0, 2, 3), (0, 4, 5)])
>>> print(verdicts(pa.array(["W:s,t"]), slots, pattern("cl100k"), 1)[0])
isolated 0 of 2, proved 0; 1 times "W" | ":s" | ",t"

Run: python -m doctest tokenizer/verdicts.py
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from tokenizer.cutting import Ints, Token, Tokenizer, buffer_of
from tokenizer.measure import Measured, Slots, measure
from tokenizer.patterns import SplitPattern
from tokenizer.proofs import has_proofs
from tokenizer.proved import proved

EXAMPLES = 3  # of failures that a verdict shows


@dataclass(frozen=True)
class Failure:
    """A way in which slots are not isolated.

    Attributes:
        count: how often.
        glued: the tokens that stand across an edge of the slot; none where its merges differ within.
        slot: the text of one such slot.
        tokens: those that cover it, and one on each side.
        alone: its tokens by itself.
    """

    count: int
    glued: tuple[Token, ...]
    slot: str
    tokens: tuple[Token, ...]
    alone: tuple[Token, ...]

    def __str__(self) -> str:
        return " | ".join(map(written, self.tokens))

    def as_json(self) -> dict[str, Any]:
        """Return plain data; bytes that are no UTF-8 stand as \\xNN."""
        names = ("glued", "tokens", "alone")
        tokens = {name: [_plain(token) for token in getattr(self, name)] for name in names}
        return {"count": self.count, "slot": self.slot, **tokens}


@dataclass(frozen=True)
class Verdict:
    """What was found of one kind of slot.

    Attributes:
        occurrences: how often it stands in the texts.
        isolated: how often its tokens were those of the slot alone.
        proved: how often that is so for every vocabulary that has the tokenizer's split pattern; None where
            nothing is known of it.
        spaced: how often it began with a space; ` r` and `r` are two forms, with tokens of their own.
        spent: the tokens from where it begins, with what separates it from the one before, to its end.
        failures: the commonest ways to fail.
    """

    occurrences: int
    isolated: int
    proved: int | None
    spaced: int
    spent: int
    failures: tuple[Failure, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms in which it stands: "spaced" and "bare", or one of them."""
        return ("spaced",) * (self.spaced > 0) + ("bare",) * (self.spaced < self.occurrences)

    def __add__(self, other: "Verdict") -> "Verdict":
        ways: dict[Any, Failure] = {}
        for failure in (*self.failures, *other.failures):
            way = failure.glued or failure.slot
            more = ways[way].count if way in ways else 0
            ways[way] = replace(ways.get(way, failure), count=failure.count + more)
        known = self.proved is not None and other.proved is not None
        return Verdict(
            self.occurrences + other.occurrences,
            self.isolated + other.isolated,
            (self.proved or 0) + (other.proved or 0) if known else None,
            self.spaced + other.spaced,
            self.spent + other.spent,
            tuple(sorted(ways.values(), key=lambda failure: -failure.count)[:EXAMPLES]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        counts = {name: getattr(self, name) for name in ("occurrences", "isolated", "proved", "spaced")}
        failures = [failure.as_json() for failure in self.failures]
        return {**counts, "forms": list(self.forms), "tokens": self.spent, "failures": failures}

    def __str__(self) -> str:
        proved = "" if self.proved is None else f", proved {self.proved:,}"
        shown = "".join(f"; {failure.count:,} times {failure}" for failure in self.failures[:1])
        return f"isolated {self.isolated:,} of {self.occurrences:,}{proved}{shown}"


def verdicts(texts: pa.StringArray, slots: Slots, tokenizer: Tokenizer, kinds: int) -> list[Verdict]:
    """Judge slots by kind, 0 to kinds - 1.

    Args:
        texts: each stands by itself.
        slots: where slots stand in them.
        tokenizer: of a model, or a split pattern.
        kinds: how many kinds there are.
    """
    return judge(texts, slots, measure(texts, slots, tokenizer), tokenizer, kinds)


def judge(
    texts: pa.StringArray, slots: Slots, measured: Measured, tokenizer: Tokenizer, kinds: int
) -> list[Verdict]:
    """Put together what was measured and what is proved, by kind; see `verdicts`."""
    pattern = provable(tokenizer)
    safe = None if pattern is None else proved(texts, slots, pattern)
    spaced = _starts_with_space(texts, slots)

    def count(of: Any) -> list[int]:
        found: list[int] = np.bincount(slots.kind, weights=of, minlength=kinds).astype(np.int64).tolist()
        return found

    all_, isolated, forms = count(np.ones(len(slots))), count(measured.isolated), count(spaced)
    sure = [None] * kinds if safe is None else count(safe)
    spent = count(measured.spent)
    failed = np.flatnonzero(~measured.isolated)
    return [
        Verdict(
            occurrences=all_[kind],
            isolated=isolated[kind],
            proved=sure[kind],
            spaced=forms[kind],
            spent=spent[kind],
            failures=_failures(texts, slots, measured, failed[slots.kind[failed] == kind]),
        )
        for kind in range(kinds)
    ]


def provable(tokenizer: Tokenizer) -> SplitPattern | None:
    """The split pattern from which something can be proved of a tokenizer, if there is one."""
    if isinstance(tokenizer, SplitPattern):
        pattern: SplitPattern | None = tokenizer
    else:
        pattern = tokenizer.pattern if tokenizer.concatenates else None
    return pattern if pattern is not None and has_proofs(pattern) else None


def _failures(texts: pa.StringArray, slots: Slots, measured: Measured, failed: Ints) -> tuple[Failure, ...]:
    """Group failures by the tokens that stand on an edge of the slot, or else by the slot."""
    if not len(failed):
        return ()
    ids = np.append(measured.cut.ids, -1)
    left = np.where(measured.before[failed], ids[measured.first[failed]], -1)
    right = np.where(measured.after[failed], ids[measured.last[failed] - 1], -1)
    inside = np.where((left < 0) & (right < 0), measured.alone[failed], -1)
    ways = np.stack([left, right, inside])
    _, first, counts = np.unique(ways, axis=1, return_index=True, return_counts=True)
    found = []
    for way in np.argsort(-counts, kind="stable")[:EXAMPLES].tolist():
        slot = int(failed[first[way]])
        text = texts[int(slots.text[slot])].as_py().encode()
        found.append(
            Failure(
                count=int(counts[way]),
                glued=measured.glued(slot),
                slot=text[slots.start[slot] : slots.stop[slot]].decode(),
                tokens=tuple(measured.tokens(slot)),
                alone=tuple(measured.forms.tokens(int(measured.alone[slot]))),
            )
        )
    return tuple(found)


def _starts_with_space(texts: pa.StringArray, slots: Slots) -> Any:
    data, offsets = buffer_of(texts)
    return data[offsets[slots.text] + slots.start] == ord(" ")


def written(token: Token) -> str:
    """Write a token for people: in quotes, with its id if it has one.

    >>> print(written((b",r", 11)), written((b"'", None)))
    ",r" 11 "'"
    """
    text = token[0].decode("utf-8", "backslashreplace")
    return quoted(text) + ("" if token[1] is None else f" {token[1]}")


def quoted(text: str) -> str:
    """Write a text in quotes, what can't be seen escaped."""
    escaped = "".join(char if char.isprintable() or char == " " else repr(char)[1:-1] for char in text)
    return f"'{escaped}'" if '"' in escaped else f'"{escaped}"'


def _plain(token: Token) -> dict[str, Any]:
    return {"text": token[0].decode("utf-8", "backslashreplace"), "id": token[1]}
