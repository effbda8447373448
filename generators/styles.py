"""Styles: how words and letters are written, so that their tokens are the same everywhere.

A style is data: what stands around a word in prose, between the letters of a list, in a step of the
count and in the tool call. Each is defined here and nowhere else; the columns that set it and the
strings that check it are made from the same fields.

`quote-comma` isolates every slot of the assistant's turn on every split pattern that we know
(tests/test_styles.py proves it); `classic` is the reference's turn, byte for byte, and does not.

>>> STYLES["quote-comma"].spelling("fig", "fig"), STYLES["classic"].spelling("fig", "fig")
('fig: f, i, g', 'fig:f,i,g')
>>> STYLES["quote-comma"].steps("fig", "i")
'1: f\\n2: i hit! count=1\\n3: g'
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import regex

from generators.columns import LISTED, Column, Lines, affixed, concat, each, joined, number
from generators.names import find
from generators.pieces import Group, Mask, Nested, Piece, for_each, slot, when
from generators.ragged import Ragged
from generators.texts import Texts

Counts = npt.NDArray[np.int64]


# Graphemes that begin and end with a letter; marks may stand between, as in Devanagari.
_LETTERS = regex.compile(r"(?=[\p{L}\p{M}]+\Z)(?:(?=\p{L})\X(?<=\p{L}))+")


@dataclass(frozen=True)
class Style:
    """How words and letters are written.

    Attributes:
        name: as in --style.
        quotes: around a word or letter in prose. A space stands before the first, always: with it the
            quote is a token of its own, without it `'s` at the head of 'strawberry' is one.
        first: what stands before the first letter of a spelled word, after its head.
        between: what stands before each further letter, beside `first`.
        step: what stands between the number of a step and its letter.
        call: what stands before the word, before the letter and after it, in a call of the tool.
        isolates: whether every slot of the assistant's turn is isolated on every split pattern.
        inner: what a word or letter begins with between quotes, at a head and in a call: with a space there,
            and one behind, it is isolated whatever it is.
        head: around a word before its letters.
        counted: whether the number of letters stands behind them.
        miss: what stands behind the letter of a step that is not counted.
        sentences: wordings of the answer that this style brings, by language and section; a language
            that it lacks has its own.
    """

    name: str
    quotes: tuple[str, str]
    first: str
    between: str
    step: str
    call: tuple[str, str, str]
    isolates: bool
    inner: str = ""
    head: tuple[str, str] = ("", ":")
    counted: bool = False
    miss: str = ""
    sentences: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]] = field(default_factory=dict)

    def fits(self, text: str) -> bool:
        """Say whether this style isolates a word, or a letter, on every split pattern.

        All but `universal` set letters beside punctuation and newlines, so they take letters alone, in
        NFC, as qwen2 reads them. A letter may not end in a combining mark: in six of the patterns that is
        punctuation, and runs on into the quote, comma or newline behind it. Digits would do, but go with
        the rest: beside the numbers of the steps they are read more easily where `universal` sets them
        apart. `classic` isolates nothing, and so refuses nothing.

        >>> style = STYLES["spaced"]
        >>> [style.fits(word) for word in ("naïve", "nai\u0308ve", "don't", "x²", "中国")]
        [True, False, False, False, True]
        """
        if not self.isolates or self.inner:
            return True
        return unicodedata.is_normalized("NFC", text) and bool(_LETTERS.fullmatch(text))

    # As strings, for one word: what the columns below must equal.

    def quote(self, text: str) -> str:
        """Write a word or letter in prose, with the space before it."""
        return f" {self.quotes[0]}{self.inner}{text}{self.quotes[1]}"

    def quoted_in(self, line: str) -> list[str]:
        """Find the words and letters that stand in a line of prose."""
        opening, closing = (regex.escape(mark) for mark in self.quotes)
        return regex.findall(f" {opening}{self.inner}(.+?){closing}", line)

    def spelling(self, word: str, letters: Iterable[str]) -> str:
        """Write a word and its letters."""
        return f"{self.head[0]}{self.inner}{word}{self.head[1]}{self.listed(letters)}"

    def headed(self, line: str) -> str:
        """Find the word at the head of a line that may spell it; "" where there is none."""
        before, after = self.head[0] + self.inner, self.head[1]
        return line[len(before) : line.index(after)] if line.startswith(before) and after in line else ""

    def listed(self, letters: Iterable[str]) -> str:
        """Write letters as they stand after the head."""
        letters = list(letters)
        behind = f" ({len(letters)})" if self.counted else ""
        return self.first + (self.between + self.first).join(letters) + behind

    def steps(self, letters: Iterable[str], counted: "str | Collection[str]") -> str:
        """Write the running count of a letter, or of any of several, a line for each letter."""
        lines, count = [], 0
        asked = (counted,) if isinstance(counted, str) else counted
        for place, each_letter in enumerate(letters, 1):
            hit = each_letter in asked
            count += hit
            lines.append(f"{place}{self.step}{each_letter}" + (f" hit! count={count}" if hit else self.miss))
        return "\n".join(lines)

    def hits(self, letters: Sequence[str], counted: "str | Collection[str]") -> str:
        """Write the lines of the running count that are hits, each on a new line."""
        asked = (counted,) if isinstance(counted, str) else counted
        places = [place for place, letter in enumerate(letters, 1) if letter in asked]
        return "".join(
            f"\n{place}{self.step}{letters[place - 1]} hit! count={count}"
            for count, place in enumerate(places, 1)
        )

    def expression(self, text: str, letter: str, lower: bool = False) -> str:
        """Write the call of the Python tool that counts a letter in a text, or in its small letters."""
        between = self.call[1].replace(".count", f"{_LOWER}.count") if lower else self.call[1]
        return f"{self.call[0]}{self.inner}{text}{between}{self.inner}{letter}{self.call[2]}"

    def tally(self, words: Sequence[str], counts: Sequence[int]) -> str:
        """Write the sum of the counts of several words, one addition a line."""
        lines, total = [], 0
        for place, (word, count) in enumerate(zip(words, counts, strict=True), 1):
            total += count
            lines.append(f"{place}:{self.quote(word)} {count} sum={total}")
        return "\n".join(lines)

    def slot_in(self, slot: str, text: str) -> tuple[int, int]:
        """Return where a slot starts and stops in a piece that holds it, in characters.

        >>> STYLES["quote-comma"].slot_in("loop letter", "\\n3: r hit! count=1")
        (3, 5)
        """
        start, stop = 0, len(text)
        if slot == "list letter":
            later = self.between + self.first
            start = len(later if text.startswith(later) and text != later else self.first)
        elif slot == "loop letter" and (line := self._line.fullmatch(text)):
            start, stop = line.span(1)
        elif slot.startswith("asked letter") and text.startswith(LISTED) and text != LISTED:
            start = len(LISTED)
        # A space before a letter is part of its slot.
        return start - text[:start].endswith(" "), stop

    @cached_property
    def _line(self) -> "regex.Pattern[str]":
        behind = f" hit! count=[0-9]+|{regex.escape(self.miss)}"
        return regex.compile(f"\\n?[0-9]+{regex.escape(self.step)}(.+?)(?:{behind})", regex.DOTALL)

    # As pieces over columns, for a batch.

    def inside(self, words: "Column | Lines") -> "Column | Lines":
        """Set a word or letter, or the words of a phrase, as they stand between quotes and in a call."""
        if isinstance(words, Column):
            return affixed(self.inner, words)
        return joined(words, "" if self.inner else " ", self.inner)

    def quoted(self, column: Column, after: str = "") -> list[Piece]:
        """Set a word or letter in prose, with the space that its quote needs, and a mark after it."""
        return [f" {self.quotes[0]}", slot("word in prose", self.inside(column)), self.quotes[1] + after]

    def listed_pieces(self, letter: Column, later: Mask) -> list[Piece]:
        """Set each of several letters in prose, between the quotes of the first and of the last.

        Args:
            letter: the letters of all rows, (letters,).
            later: (letters,) bool, which follow another.
        """
        # One piece: no cut between a quote and a comma is safe.
        between = f"{self.quotes[1]}{LISTED} {self.quotes[0]}"
        return [when(later, between), slot("letter in prose", self.inside(letter))]

    def spelling_pieces(self, word: Column, letters: Lines) -> list[Piece]:
        """Set a word and its letters."""
        listed = joined(letters, self.between, self.first)
        behind: list[Piece] = [number(letters.rows.lengths, " ("), ")"] if self.counted else []
        before, after = self.head
        return [before, slot("word to spell", self.inside(word)), after, slot("list letter", listed), *behind]

    def step_pieces(self, letters: Lines, letter: "Column | Mask") -> tuple[Group, Counts]:
        """Set the running count of a letter.

        Args:
            letters: of each row's word.
            letter: what is counted, (rows,), of the same table; or of each of the letters whether it is.

        Returns:
            The lines, and how often each row's letter was hit, (rows,).
        """
        rows = letters.rows
        hits = rows.values == rows.spread(letter.index) if isinstance(letter, Column) else letter
        total = np.concatenate(([0], np.cumsum(hits)))
        count = (total[1:] - rows.spread(total[rows.starts])) * hits
        places = rows.places() + 1
        spaced = Column(letters.texts.affixed(self.step), rows.values)
        lines = each(_step_or_no if self.miss else _step, spaced, number(places), number(count))
        found = Lines(lines.texts, Ragged(rows.offsets, lines.index))
        return slot("loop letter", found), np.diff(total[rows.offsets])

    def hit_pieces(self, letters: Lines, letter: "Column | Mask") -> list[Piece]:
        """Set the lines of the running count that are hits, each on a new line; see step_pieces."""
        hits = (
            letters.rows.values == letters.rows.spread(letter.index) if isinstance(letter, Column) else letter
        )
        places, rows = letters.rows.places()[hits] + 1, letters.rows.where(hits)
        spaced = Column(letters.texts.affixed(self.step), rows.values)
        lines = each(_hit, spaced, number(places), number(rows.places() + 1))
        return [slot("loop letter", Lines(lines.texts, Ragged(rows.offsets, lines.index)))]

    def tally_pieces(
        self, items: Column, counts: Counts, offsets: Counts, name: str = "word in prose"
    ) -> Nested:
        """Set the sum of the counts of each row's words, or letters.

        Args:
            items: words or letters of all rows, (items,).
            counts: how often each word has the letter, or each letter is in the word, (items,).
            offsets: (rows + 1,) which items are whose.
            name: of the slot that each item stands in.
        """
        rows = Ragged(offsets, counts)
        total = np.concatenate(([0], np.cumsum(counts)))
        running = total[1:] - rows.spread(total[rows.starts])
        place = affixed("", number(rows.places() + 1), f": {self.quotes[0]}").map(_on_new_line)
        items = affixed(self.inner, items)
        sums = affixed(self.quotes[1] + " ", number(counts), " sum=")
        return for_each(offsets, place, slot(name, items), each(concat, sums, number(running)))

    def call_pieces(
        self, words: "Column | Lines", letter: Column, lower: "Mask | None" = None
    ) -> list[Piece]:
        """Set the call of the Python tool that counts a letter in a word, or in the words of a phrase.

        Args:
            words: what is counted in.
            letter: what is counted, (rows,).
            lower: (rows,) bool, where the small letters of all letters are counted; None: nowhere.
        """
        opening, between, closing = self.call
        word, asked = slot("tool word", self.inside(words)), slot("tool letter", self.inside(letter))
        if lower is None or not lower.any():
            return [opening, word, between, asked, closing]
        # One piece: no cut before a dot is safe.
        marks = Texts([between, between.replace(".count", f"{_LOWER}.count")])
        return [opening, word, Column(marks, lower.astype(np.int8)), asked, closing]


def _step(letter: str, place: str, count: str) -> str:
    # A newline belongs to the step that it precedes: after a letter or digit it is always cut off.
    line = f"{place}{letter}" + (f" hit! count={count}" if count != "0" else "")
    return line if place == "1" else "\n" + line


def _hit(letter: str, place: str, count: str) -> str:
    return f"\n{place}{letter} hit! count={count}"


_MISS = " no"
_LOWER = ".lower()"


def _step_or_no(letter: str, place: str, count: str) -> str:
    return _step(letter, place, count) + (_MISS if count == "0" else "")


def _on_new_line(line: str) -> str:
    return line if line.startswith("1:") else "\n" + line


_CLASSIC = {
    "restate": (
        "We are asked to find the number {letter} in the word {word}. Let me try a manual approach first.",
    ),
    "spell": ("First spell the word out:",),
    "count": ("Then count the occurrences of {letter}:",),
    "subtotal": ("This gives us {count}.",),
    "check": ("Let me double check this using Python:",),
    "verdict": ("Python gives us {count}.",),
    "final": ("My final answer is:",),
}

STYLES = {
    style.name: style
    for style in (
        Style(
            name="quote-comma",
            quotes=('"', '"'),
            first=" ",
            between=",",
            step=": ",
            call=('("', '").count("', '")'),
            isolates=True,
        ),
        Style(
            name="spaced",
            quotes=('"', '"'),
            first=" ",
            between="",
            step=": ",
            call=('("', '").count("', '")'),
            isolates=True,
        ),
        Style(
            name="lines",
            quotes=('"', '"'),
            first="\n",
            between="",
            step="->",
            call=('("', '").count("', '")'),
            isolates=True,
        ),
        Style(
            name="universal",
            quotes=('"', ' "'),
            first=" ",
            between="",
            step=": ",
            call=('("', ' ").count("', ' ".strip())'),
            isolates=True,
            inner=" ",
            head=('"', ' ":'),
            counted=True,
            miss=_MISS,
        ),
        Style(
            name="classic",
            quotes=("'", "'"),
            first="",
            between=",",
            step=":",
            call=("'", "'.count('", "')"),
            isolates=False,
            sentences={"en": {"counting": _CLASSIC}},
        ),
    )
}


def style(name: str) -> Style:
    """Return the style of a name.

    Raises:
        ValueError: there is none; names the nearest and lists them.
    """
    return STYLES[find(name, STYLES, "style")]
