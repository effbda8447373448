"""Counting letters in more than a word: in phrases, sentences and numbers, several letters, vowels, cases.

Each word is spelled and counted by itself, then the counts are added up one by one, so that no step asks
for more than a small model can do at once. Whatever is asked, the answer is one number.

    python -m tasks.lettercounting      prints ten conversations
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from os import PathLike
from types import MappingProxyType
from typing import Any

import numpy as np

from generators.alphabet import Alphabet
from generators.asks import ASKS, Asks, asks_of
from generators.check import check_counting
from generators.deal import Dealt
from generators.drawn import Passages
from generators.passages import ANYCASE, LETTERS, VOWELS, Passage
from generators.prompts import language
from generators.ragged import Ragged
from generators.rows import Ints
from generators.stock import Stock, stocks
from generators.styled import Styled
from generators.texts import Texts
from tasks.base import (
    BY_HAND,
    COUNT_SHARES,
    WORKINGS,
    Column,
    Lines,
    Piece,
    Rows,
    Script,
    Task,
    ToolCall,
    Working,
    assistant,
    for_each,
    number,
    preview,
    text,
    when,
)

# What is asked and the sections of its answer have the same names; the first is the phrase.
SECTIONS = ("phrase", *list(ASKS)[1:])
_LETTER = ("phrase", "letter")
_SLOTS = dict.fromkeys(SECTIONS, _LETTER) | {"letters": ("phrase", "letters"), "vowels": ("phrase",)}
_ITEMS = 64  # of a row, at most: words of a phrase, or letters
_BY_TOOL = ("tool", *(f"{name}_tool" for name in SECTIONS[1:]))
_ASKS = Texts(list(ASKS))


class LetterCounting(Task):
    """Count letters in phrases and sentences, digits in numbers, vowels, in one case or both.

    Args:
        ask: shares of what is asked, see generators.asks: "usual", one such as "vowels", or
            "letter:0.8,digit:0.2".
        sentences: a person's own sentences in place of templates, a file with one a line; a line whose words
            are of both splits is left out.
        options: as of every task, see Task.
    """

    prompts = "phrase"
    slots = _LETTER
    others = MappingProxyType({name: _SLOTS[name] for name in SECTIONS[1:]})
    counts = COUNT_SHARES
    # The word that is dealt has the letter once, or not at all; the others bring the rest of the count.
    count_times = (0, 1, 1, 1)
    workings = tuple(WORKINGS)

    def __init__(
        self,
        size: int = 1000,
        split: str = "train",
        *,
        ask: "str | Mapping[str, float]" = "usual",
        sentences: "str | PathLike[str] | None" = None,
        **options: Any,
    ) -> None:
        super().__init__(size, split, **options)
        self.ask_shares = asks_of(ask)
        if options.get("language") in (None, "all"):
            # Languages that nobody named are asked what can be asked in them, or nothing.
            able = {
                code: share for code, share in self.languages.items() if {*self.ask_shares} & {*_known(code)}
            }
            self.languages = able or self.languages
        self._sentences = sentences
        self._holdout, self._exclude = options.get("holdout"), options.get("exclude")

    def script(self, rows: Rows) -> Script:
        """Write the question, each word's count, the sum, the check in Python and the answer."""
        dealt, working = self.deal(rows), self.work(rows)
        passage = self._passages.draw(dealt)
        if self.kinds:  # a number is of no kind of words, whatever word the row was dealt
            dealt = replace(dealt, kind=np.where(passage.has_dealt, dealt.kind, 0))
        style = Styled.where(self.style, passage.fits(self.style))
        # From here on, `each_…` has a value for each item: a word, or one of several letters in a word.
        items = passage.items()
        rows_of = Ragged(items.offsets, items.word)
        each_one = replace(
            dealt,
            rows=Rows(rows_of.spread(rows.index) * _ITEMS + rows_of.places(), rows.names),
            language=rows_of.spread(dealt.language),
            asks=rows_of.spread(passage.asks),
        )
        each_style = style.spread(rows_of)
        each_word = Column(passage.words.texts, passage.words.rows.values[items.word])
        each_letter = passage.alphabet.column(items.letter)
        each_letters = Lines(passage.alphabet.texts, passage.spelled.take(items.word))
        each_hit = passage.hits(items, each_letters.rows)
        each_steps, each_count = each_style.step_pieces(each_letters, each_hit)
        each_spelled = each_style.spelling_pieces(each_word, each_letters)
        total = np.add.reduceat(each_count, rows_of.starts)
        call = self._call(passage, style, total, working)
        working = working.settled(call.answered)

        asked: dict[str, Column | Lines] = {
            "phrase": passage.text,
            "letter": passage.letter,
            "letters": passage.letters,
        }
        count = number(total, " ")
        say = self.speaker(SECTIONS, dealt, style, **asked, count=count)
        each_slots = {"word": each_word, "letter": each_letter, "count": number(each_count, " ")}
        say_each = self.speaker(SECTIONS, each_one, each_style, **each_slots)
        # Of several letters the word is spelled once, and each count begins with its letter.
        several, summed = passage.asks == LETTERS, rows_of.lengths > 1
        again = rows_of.spread(several) & (rows_of.places() > 0)
        turns, tallies = [], [style.tally_pieces(each_word, each_count, rows_of.offsets)]
        if several.any():
            turns = [when(rows_of.spread(several), say_each("turn", before="\n\n"))]
            by_letter = style.tally_pieces(each_letter, each_count, rows_of.offsets, "letter in prose")
            tallies = [when(~several, *tallies), when(several, by_letter)]
        by_hand = for_each(
            rows_of.offsets,
            when(~again, "\n\n", *each_spelled),
            *turns,
            "\n",
            each_steps,
            when(rows_of.spread(summed), say_each("word", before="\n")),
        )
        compact: list[Piece] = []
        if working.has("compact"):
            later = ~again & (rows_of.places() > 0)
            hits = each_style.hit_pieces(each_letters, each_hit)
            shown = for_each(rows_of.offsets, when(later, "\n\n"), when(~again, *each_spelled), *hits)
            compact = [working.when(("compact",), text(shown, when(summed, "\n\n", *tallies), "\n\n####"))]
        turn = assistant(
            working.when(
                BY_HAND,
                text(
                    say("restate", after="\n\n"),
                    say("count"),
                    by_hand,
                    when(summed, say("total", before="\n\n", after="\n"), *tallies),
                    say("subtotal", before="\n\n"),
                ),
                call.exchange(say),
                say("final", before="\n\n", after="\n\n####"),
            ),
            working.when(("direct",), text("####")),
            *compact,
            *self.by_tool(working, call, dealt, style, _BY_TOOL, **asked, word=passage.text, count=count),
            count,
        )
        return Script(
            dealt,
            self.ask(dealt, working, **asked),
            turn,
            answer=number(total),
            letter=passage.only_letter,
            style=style.name,
            facts={
                "asks": Column(_ASKS, passage.asks),
                "letters": passage.letters,
                "words": passage.words,
                "sentence": passage.sentence,
                "count": total,
                "form": call.form,
            },
            words=passage.words,
        )

    def _call(self, passage: Passage, style: Styled, total: Ints, working: Working) -> ToolCall:
        """Count with Python: once in a row, or once for each letter that it asks for."""
        lower = (passage.asks == ANYCASE) | (passage.asks == VOWELS)
        calls, offsets = passage.asked, None
        phrase, letter = passage.text, passage.alphabet.column(calls.values)
        if len(calls.values) > len(calls):
            offsets, style, lower = calls.offsets, style.spread(calls), calls.spread(lower)
            phrase = Lines(phrase.texts, phrase.rows.take(calls.spread(np.arange(len(calls)))))
        pieces = style.call_pieces(phrase, letter, lower)
        return self.call(len(calls), *pieces, expected=total, where=working.calls, offsets=offsets)

    def deal(self, rows: Rows) -> Dealt:
        """Deal each row its language, its word and its letter, and what it asks."""
        dealt = super().deal(rows)
        return replace(dealt, asks=self._asks.deal(rows, dealt.language))

    @cached_property
    def _asks(self) -> Asks:
        known = {code: _known(code) for code in self.languages}
        return Asks(self.ask_shares, self._deck, known)

    @cached_property
    def _stocks(self) -> dict[str, Stock]:
        """The sentences of each lexicon, by its language."""
        return stocks(
            {lexicon.language for lexicon in self.words.lexicons},
            self.split == "test",
            *(self._sentences, self._holdout, self._exclude),
        )

    @cached_property
    def _passages(self) -> Passages:
        codes = [lexicon.language for lexicon in self.words.lexicons]
        vowels = {code: language(code).vowels for code in codes}
        more = [*"".join(vowels.values()), *(g for stock in self._stocks.values() for g in stock.letters)]
        alphabet = Alphabet.of(self.words, more)
        return Passages(alphabet, self.split == "test", self._stocks, vowels, codes)

    @property
    def asked_for(self) -> dict[str, Any]:
        """What the task was made with, by name, for the manifest; of sentences also what became of them."""
        found = {**super().asked_for, "ask": self.ask_shares}
        if self._sentences is not None:
            found["sentences"] = next(iter(self._stocks.values())).report
        return found

    def check(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Count again, and read every line of the working."""
        yield from check_counting(row)


def _known(code: str) -> list[str]:
    """Return what there are questions about in a language."""
    return [ask for ask, kind in zip(ASKS, SECTIONS, strict=True) if language(code).prompts.get(kind)]


if __name__ == "__main__":
    preview(LetterCounting)
