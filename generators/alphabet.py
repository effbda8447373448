"""The letters of a task that counts in more than the words of a lexicon: capitals and digits beside theirs.

The letters of the lexicons keep their numbers, so that a word's letters need no translation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from generators.columns import Column
from generators.graphemes import graphemes
from generators.ragged import Ragged
from generators.styles import Style
from generators.texts import Texts
from generators.wordlists import fold
from generators.words import Words

DIGITS = "0123456789"
_LIGATURES = {"œ": "o", "æ": "a"}


def is_vowel(letter: str, vowels: str) -> bool:
    """Say whether a letter is one of some vowels, with an accent or without, in either case.

    >>> [is_vowel(letter, "aeiou") for letter in "aÉœyñ"]
    [True, True, True, False, False]
    """
    base = normalize("NFD", fold(letter))[:1]
    return _LIGATURES.get(base, base) in vowels if base else False


@dataclass(frozen=True, eq=False)
class Alphabet:
    """Letters by number.

    Attributes:
        letters: those of the lexicons first, under their numbers there; then what else is needed.
        texts: the same as a table, with "" behind them.
    """

    letters: tuple[str, ...]
    texts: Texts
    _fits: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, words: Words, more: Sequence[str] = ()) -> "Alphabet":
        """Put the letters of words together with their capitals, digits, and others."""
        own = words.graphemes.slice(0, len(words.graphemes)).to_pylist()
        every = [*own, *more]
        cases = [c for g in every for c in (g.lower(), g.upper(), g.title()) if len(graphemes(c)) == 1]
        letters = tuple(dict.fromkeys([*every, *cases, *DIGITS]))
        return cls(letters, Texts([*letters, ""]))

    @cached_property
    def number(self) -> dict[str, int]:
        """The number of each letter."""
        return {letter: number for number, letter in enumerate(self.letters)}

    @cached_property
    def uncased(self) -> npt.NDArray[np.int64]:
        """For each letter the number of the first that is the same but for its case, (letters,)."""
        first: dict[str, int] = {}
        return np.array([first.setdefault(fold(g), i) for i, g in enumerate(self.letters)], np.int64)

    def spelled(self, texts: Sequence[str]) -> Ragged:
        """Return the numbers of the letters of texts, a row each."""
        return Ragged.of([[self.number[g] for g in graphemes(text)] for text in texts])

    def column(self, numbers: npt.NDArray[np.int64]) -> Column:
        """Return letters by number, (rows,)."""
        return Column(self.texts, numbers)

    def vowels(self, vowels: str) -> npt.NDArray[np.bool_]:
        """Say which letters are vowels, (letters,); see is_vowel."""
        return np.array([is_vowel(letter, vowels) for letter in self.letters], dtype=np.bool_)

    def fits(self, style: Style) -> npt.NDArray[np.bool_]:
        """Say which letters a style can isolate, (letters,); see Style.fits."""
        if style.name not in self._fits:
            self._fits[style.name] = np.array([style.fits(letter) for letter in self.letters], np.bool_)
        return self._fits[style.name]
