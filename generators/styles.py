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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import regex

from generators.columns import Column, Lines, affixed, each, joined, number
from generators.names import find
from generators.pieces import Group, Nested, Piece, for_each, slot
from generators.ragged import Ragged

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Style:
    """How words and letters are written.

    Attributes:
        name: as in --style.
        quotes: around a word or letter in prose. A space stands before the first, always: with it the
            quote is a token of its own, without it `'s` at the head of 'strawberry' is one.
        first: what stands before the first letter of a spelled word, after "W:".
        between: what stands before each further letter, beside `first`.
        step: what stands between the number of a step and its letter.
        call: what stands before the word, before the letter and after it, in a call of the tool.
        isolates: whether every slot of the assistant's turn is isolated on every split pattern.
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
    sentences: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]] = field(default_factory=dict)

    # As strings, for one word: what the columns below must equal.

    def spelling(self, word: str, letters: Iterable[str]) -> str:
        """Write a word and its letters."""
        return f"{word}:{self.listed(letters)}"

    def listed(self, letters: Iterable[str]) -> str:
        """Write letters as they stand after the word."""
        return self.first + (self.between + self.first).join(letters)

    def steps(self, letters: Iterable[str], letter: str) -> str:
        """Write the running count of a letter, a line for each letter."""
        lines, count = [], 0
        for place, each_letter in enumerate(letters, 1):
            hit = each_letter == letter
            count += hit
            lines.append(f"{place}:{self.step}{each_letter}" + (f" hit! count={count}" if hit else ""))
        return "\n".join(lines)

    def expression(self, text: str, letter: str) -> str:
        """Write the call of the Python tool that counts a letter in a text."""
        return f"{self.call[0]}{text}{self.call[1]}{letter}{self.call[2]}"

    def tally(self, words: Sequence[str], counts: Sequence[int]) -> str:
        """Write the sum of the counts of several words, one addition a line."""
        opening, closing = self.quotes
        lines, total = [], 0
        for place, (word, count) in enumerate(zip(words, counts, strict=True), 1):
            total += count
            lines.append(f"{place}: {opening}{word}{closing} {count} sum={total}")
        return "\n".join(lines)

    def slot_in(self, slot: str, text: str) -> tuple[int, int]:
        """Return where a slot starts and stops in a piece that holds it, in characters.

        >>> STYLES["quote-comma"].slot_in("loop letter", "\\n3: r hit! count=1")
        (3, 5)
        """
        if slot == "list letter":
            letter = text.removeprefix(self.between)
            if letter.startswith(self.first) and letter != self.first:
                return len(text) - len(letter), len(text)
        if slot == "loop letter" and (line := _LOOP_LINE.fullmatch(text)):
            return line.span(1)
        return 0, len(text)

    # As pieces over columns, for a batch.

    def quoted(self, column: Column) -> list[Piece]:
        """Set a word or letter in prose, with the space that its quote needs."""
        return [f" {self.quotes[0]}", slot("word in prose", column), self.quotes[1]]

    def spelling_pieces(self, word: Column, letters: Lines) -> list[Piece]:
        """Set a word and its letters."""
        listed = joined(letters, self.between, self.first)
        return [slot("word to spell", word), ":", slot("list letter", listed)]

    def step_pieces(self, letters: Lines, letter: Column) -> tuple[Group, Counts]:
        """Set the running count of a letter.

        Args:
            letters: of each row's word.
            letter: what is counted, (rows,); it numbers the same table.

        Returns:
            The lines, and how often each row's letter was hit, (rows,).
        """
        rows = letters.rows
        hits = rows.values == rows.spread(letter.index)
        total = np.concatenate(([0], np.cumsum(hits)))
        count = (total[1:] - rows.spread(total[rows.starts])) * hits
        places = rows.places() + 1
        spaced = Column(letters.texts.affixed(self.step), rows.values)
        lines = each(_step, spaced, number(places), number(count))
        found = Lines(lines.texts, Ragged(rows.offsets, lines.index))
        return slot("loop letter", found), np.diff(total[rows.offsets])

    def tally_pieces(self, words: Column, counts: Counts, offsets: Counts) -> Nested:
        """Set the sum of the counts of each row's words.

        Args:
            words: of all rows, (items,).
            counts: how often each has the letter, (items,).
            offsets: (rows + 1,) which words are whose.
        """
        rows = Ragged(offsets, counts)
        total = np.concatenate(([0], np.cumsum(counts)))
        running = total[1:] - rows.spread(total[rows.starts])
        place = affixed("", number(rows.places() + 1), f": {self.quotes[0]}").map(_on_new_line)
        sums = affixed(self.quotes[1] + " ", number(counts), " sum=")
        return for_each(offsets, place, slot("word in prose", words), each(_join, sums, number(running)))

    def call_pieces(self, text: Sequence[Piece], letter: Column) -> list[Piece]:
        """Set the call of the Python tool that counts a letter in a text."""
        opening, between, closing = self.call
        return [opening, slot("tool word", *text), between, slot("tool letter", letter), closing]


_LOOP_LINE = regex.compile(r"\n?[0-9]+:(.+?)(?: hit! count=[0-9]+)?", regex.DOTALL)


def _step(letter: str, place: str, count: str) -> str:
    # A newline belongs to the step that it precedes: after a letter or digit it is always cut off.
    line = f"{place}:{letter}" + (f" hit! count={count}" if count != "0" else "")
    return line if place == "1" else "\n" + line


def _on_new_line(line: str) -> str:
    return line if line.startswith("1:") else "\n" + line


def _join(a: str, b: str) -> str:
    return a + b


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
            step=" ",
            call=('("', '").count("', '")'),
            isolates=True,
        ),
        Style(
            name="classic",
            quotes=("'", "'"),
            first="",
            between=",",
            step="",
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
