"""Choosing a style for a tokenizer: what `--style auto` means.

The cheapest style is taken, in tokens a conversation, of those whose every slot in the assistant's turn is
isolated on the tokenizer. One in which a letter has one form throughout is preferred if it costs little more:
` r` and `r` are different tokens, and what is learned of one must be learned again of the other.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from generators.book import Book
from generators.names import find
from generators.sheets import Sheet
from generators.styles import STYLES
from generators.taskaudit import Batch, sheet_of
from tokenizer.encoding import Encoding

AUTO = "auto"
WORDS = 150  # of each task, to choose by
CONFIRM = 5_000  # of each task and split, where the pattern does not prove what was measured
MARGIN = 1.10  # what a style with one form of each letter may cost, against the cheapest

Make = Callable[[str], Iterable[Any]]


def settle(style: str, encoding: Encoding | None, make: Make) -> tuple[str, dict[str, Any] | None]:
    """Turn what was asked for into the name of a style, with the reason where one was chosen.

    Args:
        style: a style's name, or "auto".
        encoding: of the tokenizer, if there is one.
        make: makes the tasks in a style, by its name.

    Raises:
        ValueError: there is no such style; "auto" has no tokenizer; or no style is isolated on it.
    """
    if style != AUTO:
        return find(style, (*STYLES, AUTO), "style"), None
    if encoding is None:
        raise ValueError("--style auto chooses a style for a tokenizer: name it with --tokenizer")
    return choose(make, encoding)


def choose(make: Make, encoding: Encoding) -> tuple[str, dict[str, Any]]:
    """Choose a style for a tokenizer.

    Args:
        make: makes the tasks in a style, by its name; the first words of each are looked at.
        encoding: of the tokenizer.

    Returns:
        The style's name and, as plain data for the manifest, why.

    Raises:
        ValueError: no style is isolated; says which slot of each fails, and on what.
    """
    book = Book()  # one for all: that the words enter it is much of the work
    sheets = {name: _sheet(_first_of_each(make(name)), encoding, WORDS, book) for name in STYLES}
    whole = {name: sheet for name, sheet in sheets.items() if sheet.whole}
    for name in ranked(whole):
        sheet = sheets[name]
        if not sheet.proved:
            sheet = sheets[name] = _sheet(make(name), encoding, CONFIRM, book)
        if sheet.whole:
            return name, _reason(name, sheets, encoding)
    failing = "; ".join(str(sheet) for sheet in sheets.values())
    raise ValueError(f"no style is isolated on {encoding.name}, so auto has none to choose: {failing}")


def ranked(sheets: Mapping[str, Sheet]) -> list[str]:
    """Order styles: first those with one form of a letter that cost little more than the cheapest."""
    cost = {name: sheet.tokens_a_conversation for name, sheet in sheets.items()}
    most = min(cost.values(), default=0.0) * MARGIN
    return sorted(
        sheets, key=lambda name: (len(sheets[name].forms("letter")) > 1 or cost[name] > most, cost[name])
    )


def _first_of_each(tasks: Iterable[Any]) -> list[Any]:
    """Leave out other splits of the same task: to make tasks is most of the work."""
    return list({task.name: task for task in reversed(list(tasks))}.values())[::-1]


def _sheet(tasks: Iterable[Any], encoding: Encoding, words: int, book: Book) -> Sheet:
    return sheet_of([Batch.of(task, words, book, own=True) for task in tasks], encoding)


def _reason(chosen: str, sheets: Mapping[str, Sheet], encoding: Encoding) -> dict[str, Any]:
    sheet = sheets[chosen]
    looked = sum(found["rows"] for found in sheet.tasks.values())
    how = "proved from its split pattern" if sheet.proved else "measured"
    forms = len(sheet.forms("letter"))
    where = f"in {looked:,} conversations"
    told = f"every slot of the assistant's turn is isolated on {encoding.name} {where} ({how})"
    if not sheet.told:
        told = f"no slot is marked in the assistant's turn {where}, so the cheapest is taken"
    letter = f"; a letter has {forms} form{'s' * (forms != 1)}" if forms else ""
    why = f"{told}{letter}; {sheet.tokens_a_conversation:.1f} tokens a conversation"
    return {
        "style": chosen,
        "tokenizer": {"name": encoding.name, "fingerprint": encoding.fingerprint},
        "why": why,
        "styles": {
            name: {
                "isolated": found.whole,
                "forms of a letter": len(found.forms("letter")),
                "tokens a conversation": round(found.tokens_a_conversation, 2),
                "tokens a letter": round(found.tokens_a_letter, 3),
                "found": str(found),
            }
            for name, found in sheets.items()
        },
    }
