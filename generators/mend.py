"""The unsafe seams of a script, told to its author: where they are, and how to mend them.

The rules behind the hints: the space and the opening quote belong to the slot, the closing quote and what
comes after it to what follows, a blank line to the line before it, and no literal ends in a space.

>>> from generators.book import Book
>>> from generators.columns import Column
>>> from generators.pieces import assistant, text, untrained
>>> book = Book()
>>> rows = book.set([assistant(text("I can't count", untrained("ed it."), " So:"))], 1)
>>> print("\\n".join(told(book, rows)))
seams      1 kind in the answers of 1 row where a token may run into a word, a letter or untrained text:
             I can't count¦ed it.   1 row · an edge of the loss mask, so no ids can be written · all patterns
               begin the second with a space: the loss mask can't change inside a token
"""

from collections.abc import Iterator, Sequence

from generators.book import Book
from generators.ragged import Ragged
from generators.seams import Seam, sort_of, unsafe_seams
from tokenizer.patterns import NAMES, SplitPattern

_SIDE = 20  # characters of a piece to show

# How to mend a seam, by what stands on its two sides; the first that fits. "" is anything.
_HINTS = (
    ("space", "space", "keep white space that stands together in one piece"),
    ("newline", "", "no token runs through: this costs a little time, and nothing else"),
    ("space", "", "end the first before its space, and begin the second with it"),
    ("", "newline", "end the first with the newline: a mark takes it into its token"),
    (
        "mark",
        "letter",
        "begin the second with a space, or put a space before the mark, or another mark",
    ),
    ("letter", "apostrophe", "take another quote, or put a space before it: 's may be one token"),
    ("", "accent", "keep a combining mark in the piece of its letter"),
    ("letter", "letter", "a word runs through: put a space between, or write both as one piece"),
    ("digit", "digit", "a number runs through: put a space between, or write both as one piece"),
    ("", "", "write both as one piece"),
)


def hint(seam: Seam) -> str:
    """Say how to mend a seam."""
    if seam.edge:
        return "begin the second with a space: the loss mask can't change inside a token"
    sides = sort_of(seam.left[-1]), sort_of(seam.right[0])
    return next(hint for *wanted, hint in _HINTS if all(map(_fits, wanted, sides)))


def _fits(wanted: str, sort: str) -> bool:
    """Whether a sort is the one that a hint is for; a newline is white space too, an apostrophe a mark."""
    return wanted in ("", sort, {"newline": "space", "apostrophe": "mark"}.get(sort))


def told(
    book: Book, rows: Ragged, patterns: Sequence[SplitPattern] = (), everything: bool = False
) -> list[str]:
    """Tell of the unsafe seams of conversations, in lines.

    Args:
        book: what the codes number.
        rows: the codes of the conversations.
        patterns: on which a cut must be safe; all that Hornbook knows, unless given.
        everything: tell of the seams too at which no token runs into a slot of an answer, and of prompts.
    """
    seams = unsafe_seams(book, rows, patterns)
    answers = [seam for seam in seams if not seam.prompt]
    crossed = [seam for seam in answers if seam.matters]
    where = f"in the answers of {_many(len(rows), 'row')}"
    lines = [
        f"seams      no cut is proved safe on a split pattern that Hornbook does not know: {known.source}"
        for known in patterns
        if known.name == "custom"
    ]
    if crossed:
        lines.append(
            f"seams      {_many(len(crossed), 'kind')} {where} where a token may run into a word, a letter "
            "or untrained text:"
        )
        lines += [line for seam in crossed for line in _lines(seam, len(patterns) or len(NAMES))]
    if everything:
        others = [seam for seam in answers if not seam.matters]
        if not crossed:
            lines.append(f"seams      no token runs into a word, a letter or untrained text {where}")
        if others:
            lines.append(f"           {_many(len(others), 'other kind')} where no cut is proved safe:")
            lines += [line for seam in others for line in _lines(seam, len(patterns) or len(NAMES))]
        if asked := [seam for seam in seams if seam.prompt]:
            lines.append(
                f"           {_many(len(asked), 'kind')} in prompts, the commonest in "
                f"{_many(max(seam.rows for seam in asked), 'row')}: people type so, and models only read it"
            )
    return lines


def _lines(seam: Seam, patterns: int) -> Iterator[str]:
    slots = " and ".join(f"the {slot}" for slot in seam.slots if slot)
    edge = "an edge of the loss mask, so no ids can be written" if seam.edge else ""
    on = "all patterns" if len(seam.patterns) == patterns > 1 else ", ".join(seam.patterns)
    facts = " · ".join(filter(None, (_many(seam.rows, "row"), slots, edge, on)))
    left, right = seam.left.replace("\n", "⏎"), seam.right.replace("\n", "⏎")
    left = f"…{left[1 - _SIDE :]}" if len(left) > _SIDE else left
    right = f"{right[: _SIDE - 1]}…" if len(right) > _SIDE else right
    yield f"             {left}¦{right}   {facts}"
    yield f"               {hint(seam)}"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
