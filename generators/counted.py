"""What a row counts, from its facts alone and in plain strings: for checks, which use nothing of the script.

>>> counting = Counting.of({"words": ["Fig", "giga"], "asks": "anycase", "letters": ["g"]}, "g")
>>> counting.counts, counting.total, counting.call(0)
([1, 2], 3, ('Fig giga', 'g', True))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

import regex

from generators.graphemes import graphemes
from generators.styles import Style

_PLAIN = regex.compile(r"[\p{L}\p{M}\p{N}]")
_ANY = "any"  # asked where a turn does not say what: all that it hits
_LIGATURES = {"œ": "oe", "æ": "ae"}


@dataclass(frozen=True)
class Counting:
    """What a row counts, and in what.

    Attributes:
        asks: what is asked, see generators.asks.
        text: what is counted in: a word, words with spaces between, or a sentence.
        words: its words, in order.
        letters: what is asked for.
        items: what is counted one after another: the word, which of its letters count, and what the sum
            names: the word, or of several letters in one word the letter.
    """

    asks: str
    text: str
    words: tuple[str, ...]
    letters: tuple[str, ...]
    items: tuple[tuple[str, frozenset[str], str], ...]

    @classmethod
    def of(cls, facts: Mapping[str, Any], letter: str, word: str = "") -> "Counting":
        """Read the facts of a row.

        Args:
            facts: of the row.
            letter, word: its columns.
        """
        words, asks = tuple(facts.get("words") or [word]), facts.get("asks", "letter")
        letters = tuple(facts.get("letters") or [letter])
        every = frozenset(g for word in words for g in graphemes(word))
        if asks == "letters":
            items = [(words[0], frozenset([asked]), asked) for asked in letters]
        else:
            counted = frozenset(g for g in every if _counts(g, asks, letters))
            items = [(word, counted, word) for word in words]
        return cls(asks, facts.get("sentence") or " ".join(words), words, letters, tuple(items))

    @property
    def counts(self) -> list[int]:
        """How often each item is counted."""
        return [sum(letter in counted for letter in graphemes(word)) for word, counted, _ in self.items]

    @property
    def total(self) -> int:
        """The answer."""
        return sum(self.counts)

    @property
    def calls(self) -> int:
        """How many calls of Python count it."""
        return len(self.letters) if self.asks in ("letters", "vowels") else 1

    def call(self, number: int) -> tuple[str, str, bool]:
        """Return the text and the letter of a call, and whether it counts in small letters."""
        return self.text, self.letters[number], self.asks in ("anycase", "vowels")

    def output(self, number: int) -> int:
        """Return what Python says to a call."""
        text, letter, lower = self.call(number)
        return (text.lower() if lower else text).count(letter)

    def loose(self) -> str:
        """Return letters and digits of the text that stand in none of its words; it must have none."""
        rest, at = "", 0
        for word in self.words:
            start = self.text.find(word, at)
            if start < 0:
                return word
            rest, at = rest + self.text[at:start], start + len(word)
        return "".join(_PLAIN.findall(rest + self.text[at:]))

    def blocks(self, style: Style) -> list[tuple[str, str]]:
        """Return the lines of the working, and what they are: spellings, steps and, of several, the sum."""
        found = []
        for place, (word, counted, _) in enumerate(self.items):
            letters = graphemes(word)
            if not place or self.asks != "letters":
                found.append((style.spelling(word, letters), "line"))
            found.append((style.steps(letters, counted), "steps"))
        return [*found, (self.tally(style), "sum")] if len(self.items) > 1 else found

    def tally(self, style: Style) -> str:
        """Return the lines of the sum."""
        return style.tally([name for _, _, name in self.items], self.counts)

    def compact(self, style: Style) -> str:
        """Return the whole turn where it shows the hits alone."""
        lines: list[str] = []
        for place, (word, counted, _) in enumerate(self.items):
            letters = graphemes(word)
            hits = style.hits(letters, counted)
            if place and self.asks == "letters":
                lines[-1] += hits
            else:
                lines.append(style.spelling(word, letters) + hits)
        summed = [self.tally(style)] if len(self.items) > 1 else []
        return "\n\n".join([*lines, *summed, f"#### {self.total}"])


def _counts(letter: str, asks: str, asked: Sequence[str]) -> bool:
    if asks == "vowels":
        return normalize("NFD", _LIGATURES.get(letter.lower(), letter.lower()))[0] in asked
    if asks == "anycase":
        return letter.casefold() == asked[0].casefold()
    return letter in asked if asks == _ANY else letter == asked[0]
