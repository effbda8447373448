"""A style for each row: the one that was asked for, and `universal` where that cannot isolate a word.

Its methods are those of generators.styles.Style, over the same columns: a script does not see the
difference. Where one style does for all rows of a batch, what they return is that style's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from generators.columns import Column, Lines
from generators.deal import Dealt
from generators.pieces import Group, Mask, Nested, Piece, when
from generators.ragged import Ragged, offsets_of
from generators.styles import STYLES, Counts, Style
from generators.texts import Texts

UNIVERSAL = STYLES["universal"]


@dataclass(frozen=True)
class Styled:
    """The styles of a batch.

    Attributes:
        style: of most rows.
        apart: (rows,) bool, those that `universal` writes; None where there is none.
    """

    style: Style
    apart: Mask | None = None

    @classmethod
    def of(cls, style: Style, dealt: Dealt, phrases: Ragged | None = None) -> "Styled":
        """Find the rows that a style cannot write.

        Args:
            style: what was asked for.
            dealt: the words and letters of the rows.
            phrases: the numbers of all words of each row, where they are more than the one dealt.
        """
        fitting = dealt.words.letters_where(style.name, style.fits)
        if fitting.all():
            return cls(style)
        every = Ragged(np.arange(len(dealt) + 1), dealt.word_number) if phrases is None else phrases
        letters = dealt.words.letters.take(every.values)
        asked = [fitting[dealt.letter_number]] if len(dealt.letter_number) else []
        return cls.where(style, np.logical_and.reduce([_all(fitting, letters, every.offsets), *asked]))

    @classmethod
    def where(cls, style: Style, fits: Mask) -> "Styled":
        """Return a style for the rows that it can write, (rows,) bool, and `universal` for the others."""
        return cls(style) if fits.all() else cls(style, ~fits)

    def spread(self, rows: Ragged) -> "Styled":
        """Return the styles of the items of rows, such as the words of phrases."""
        return self if self.apart is None else Styled(self.style, rows.spread(self.apart))

    @property
    def styles(self) -> tuple[Style, ...]:
        """The styles that there can be."""
        return (self.style,) if self.apart is None else (self.style, UNIVERSAL)

    @property
    def name(self) -> "Column | str":
        """The name of each row's style, (rows,)."""
        return self.style.name if self.apart is None else Column(_NAMES[self.style.name], self.apart * 1)

    def _either(self, write: Callable[[Style], list[Piece]]) -> list[Piece]:
        if self.apart is None:
            return write(self.style)
        return [when(~self.apart, *write(self.style)), when(self.apart, *write(UNIVERSAL))]

    def inside(self, words: "Column | Lines") -> list[Piece]:
        """Set a word or letter, or the words of a phrase, as they stand between quotes and in a call."""
        return self._either(lambda style: [style.inside(words)])

    def quoted(self, column: Column, after: str = "") -> list[Piece]:
        """Set a word or letter in prose, with the space that its quote needs, and a mark after it."""
        return self._either(lambda style: style.quoted(column, after))

    def listed_pieces(self, letter: Column, later: Mask) -> list[Piece]:
        """Set each of several letters in prose; see Style.listed_pieces."""
        return self._either(lambda style: style.listed_pieces(letter, later))

    def spelling_pieces(self, word: Column, letters: Lines) -> list[Piece]:
        """Set a word and its letters."""
        return self._either(lambda style: style.spelling_pieces(word, letters))

    def call_pieces(
        self, words: "Column | Lines", letter: Column, lower: "Mask | None" = None
    ) -> list[Piece]:
        """Set the call of the Python tool that counts a letter; see Style.call_pieces."""
        return self._either(lambda style: style.call_pieces(words, letter, lower))

    def step_pieces(self, letters: Lines, letter: "Column | Mask") -> tuple[Group, Counts]:
        """Set the running count of a letter; see Style.step_pieces."""
        if self.apart is None:
            return self.style.step_pieces(letters, letter)
        lines, total = [], np.zeros(len(letters.rows), dtype=np.int64)
        for style, mask in ((self.style, ~self.apart), (UNIVERSAL, self.apart)):
            mine = letters.where(mask)
            counted = letter if isinstance(letter, Column) else letter[letters.rows.spread(mask)]
            steps, count = style.step_pieces(mine, counted)
            lines.append(steps)
            total += count
        return Group(tuple(lines)), total

    def hit_pieces(self, letters: Lines, letter: "Column | Mask") -> list[Piece]:
        """Set the lines of the running count that are hits; see Style.hit_pieces."""
        return self._either(lambda style: style.hit_pieces(letters, letter))

    def tally_pieces(
        self, items: Column, counts: Counts, offsets: Counts, name: str = "word in prose"
    ) -> "Nested | Group":
        """Set the sum of the counts of each row's words, or letters; see Style.tally_pieces."""
        if self.apart is None:
            return self.style.tally_pieces(items, counts, offsets, name)
        rows = Ragged(offsets, counts)
        tallies = []
        for style, mask in ((self.style, ~self.apart), (UNIVERSAL, self.apart)):
            mine = rows.spread(mask)
            kept = offsets_of(rows.lengths * mask)
            some = Column(items.texts, items.index[mine])
            tallies.append(style.tally_pieces(some, counts[mine], kept, name))
        return Group(tuple(tallies))


def _all(fitting: Mask, letters: Ragged, offsets: Any) -> Mask:
    """Say of which rows all letters of all words fit: letters by word, offsets (rows + 1,) into words."""
    misfits = np.concatenate(([0], np.cumsum(~fitting[letters.values])))
    found: Mask = np.diff(misfits[letters.offsets[offsets]]) == 0
    return found


_NAMES = {name: Texts([name, UNIVERSAL.name]) for name in STYLES}
