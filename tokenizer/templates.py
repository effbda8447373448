r"""Templates with slots in braces, filled with values: the texts whose boundaries are looked at.

>>> pieces = parse("the word {word}.")
>>> pieces, list(filled(pieces, ["pear"]))
(['the word ', 'word', '.'], [['the word ', 'pear', '.']])

Run: python -m doctest tokenizer/templates.py
"""

from collections.abc import Iterable, Iterator, Mapping

import regex

Value = str | Mapping[str, str]  # fills a template: one text for every slot, or a text by the name of each

_SLOT = regex.compile(r"\{([^\W\d]\w*)\}")  # other braces stand for themselves


def parse(template: str) -> list[str]:
    """Cut a template at its slots: literals, with the name of a slot after each but the last.

    >>> parse("{word}: {1}")
    ['', 'word', ': {1}']
    """
    return _SLOT.split(template)


def slots_of(pieces: list[str]) -> list[str]:
    """The names of the slots of a template that `parse` has cut, in order."""
    return pieces[1::2]


def filled(pieces: list[str], values: Iterable[Value]) -> Iterator[list[str]]:
    """Fill a template that `parse` has cut with each value; yields its pieces, to be joined.

    Raises ValueError where a value lacks a slot of the template.
    """
    for value in values:
        fill = dict.fromkeys(slots_of(pieces), value) if isinstance(value, str) else value
        if missing := [name for name in slots_of(pieces) if name not in fill]:
            has = ", ".join(f"{{{name}}}" for name in fill) or "none"
            raise ValueError(f"a value has no text for the slot {{{missing[0]}}}; it has texts for {has}")
        yield [fill[piece] if at % 2 else piece for at, piece in enumerate(pieces)]
