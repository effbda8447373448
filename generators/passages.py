"""Passages: what the questions of a batch are about, whatever they ask: texts, their words, and letters.

Every row has a text, words in it, and one or more letters that are asked for. How they are come by is
generators.drawn's business; here is what is counted in them, and what counts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generators.alphabet import Alphabet
from generators.asks import ASKS
from generators.columns import Column, Lines
from generators.ragged import Ragged, offsets_of
from generators.rows import Ints
from generators.styles import Style

Mask = npt.NDArray[np.bool_]
LETTER, LETTERS, DIGIT, VOWELS, ANYCASE, CASE, SENTENCE = range(len(ASKS))


@dataclass(frozen=True)
class Passage:
    """What the rows of a batch are about.

    Attributes:
        asks: (rows,) numbers in ASKS.
        text: what is asked about, a row each: words with spaces between, or one text.
        words: the words of each text.
        spelled: the letters of each of these words, numbers in the alphabet.
        asked: the letters that each row asks for, numbers in the alphabet.
        sentence: (rows,) the sentence; "" where there is none.
        alphabet: what numbers letters.
        vowel: (lexicons, letters) bool, which letters are vowels.
        source: (rows,) the number of each row's lexicon.
        has_dealt: (rows,) bool, which are about the word that they were dealt; a number is about none.
    """

    asks: Ints
    text: Lines
    words: Lines
    spelled: Ragged
    asked: Ragged
    sentence: Column
    alphabet: Alphabet
    vowel: Mask
    source: Ints
    has_dealt: Mask

    @property
    def letter(self) -> Column:
        """The letter that each row asks for, the first where there are several."""
        return self.alphabet.column(self.asked.values[self.asked.starts])

    @property
    def only_letter(self) -> Column:
        """The letter that each row asks for; "" where there are several."""
        one = self.asked.lengths == 1
        return self.alphabet.column(np.where(one, self.letter.index, len(self.alphabet.letters)))

    @property
    def letters(self) -> Lines:
        """All letters that each row asks for."""
        return Lines(self.alphabet.texts, self.asked)

    def fits(self, style: Style) -> Mask:
        """Say which rows a style can write: (rows,)."""
        fitting = self.alphabet.fits(style)
        misfits = np.concatenate(([0], np.cumsum(~fitting[self.spelled.values])))
        found = np.diff(misfits[self.spelled.offsets[self.words.rows.offsets]]) == 0
        if not fitting.all():
            bad = np.concatenate(([0], np.cumsum(~fitting[self.asked.values])))
            found &= np.diff(bad[self.asked.offsets]) == 0
        return found

    def items(self) -> "Items":
        """Return what is counted one after another: a row's words, or several letters in one word."""
        rows, several = self.words.rows, self.asks == LETTERS
        if not several.any():
            letter = rows.spread(self.asked.values[self.asked.starts])
            return Items(rows.offsets, np.arange(len(rows.values)), letter)
        sizes = np.where(several, self.asked.lengths, rows.lengths)
        items = Ragged(offsets_of(sizes), np.empty(0, dtype=np.int64))
        place, by_letter = items.places(), items.spread(several)
        word = items.spread(rows.starts) + np.where(by_letter, 0, place)
        first = items.spread(self.asked.starts)
        return Items(items.offsets, word, self.asked.values[first + np.where(by_letter, place, 0)])

    def hits(self, items: "Items", spelled: Ragged) -> Mask:
        """Say which of the letters of all items are counted: (letters,)."""
        hits: Mask = spelled.values == spelled.spread(items.letter)
        sizes = np.diff(items.offsets)
        for ask in (ANYCASE, VOWELS):
            at = np.flatnonzero(spelled.spread(np.repeat(self.asks == ask, sizes)))
            if not len(at):
                continue
            item = np.searchsorted(spelled.offsets, at, side="right") - 1
            letters = spelled.values[at]
            if ask == ANYCASE:
                uncased = self.alphabet.uncased
                hits[at] = uncased[letters] == uncased[items.letter[item]]
            else:
                hits[at] = self.vowel[np.repeat(self.source, sizes)[item], letters]
        return hits


@dataclass(frozen=True)
class Items:
    """What is counted one after another.

    Attributes:
        offsets: (rows + 1,) which items are whose.
        word: (items,) the place of each item's word among the words of the passage.
        letter: (items,) the letter counted in it, a number in the alphabet.
    """

    offsets: Ints
    word: Ints
    letter: Ints
