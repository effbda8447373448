"""Counting a letter in a phrase of two to six words.

Each word is spelled and counted by itself, then the counts are added up one by one, so that no step asks
for more than a small model can do at once.

    python -m tasks.lettercounting      prints ten conversations
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.check import check_counting
from generators.columns import Lines
from generators.deal import Dealt
from generators.pieces import for_each
from generators.ragged import Ragged, offsets_of
from generators.rows import Ints, below, mix
from tasks.base import (
    COUNT_SHARES,
    Rows,
    Script,
    Task,
    assistant,
    number,
    preview,
    text,
)

MOST = 6  # words of a phrase
_TRIES = 64


class LetterCounting(Task):
    """Count a letter in a phrase of two to six words."""

    prompts = "phrase"
    slots = ("phrase", "letter")
    counts = COUNT_SHARES
    # The word that is dealt has the letter once, or not at all; the others bring the rest of the count.
    count_times = (0, 1, 1, 1)

    def script(self, rows: Rows) -> Script:
        """Write the question, each word's count, the sum, the check in Python and the answer."""
        dealt = self.deal(rows)
        phrase = self._phrases(dealt)
        style = self.styled(dealt, phrase)
        # From here on, `each_…` has a value for each word of each phrase.
        each_one = replace(
            dealt,
            rows=Rows(phrase.spread(rows.index) * MOST + phrase.places(), rows.names),
            language=phrase.spread(dealt.language),
            word_number=phrase.values,
            letter_number=phrase.spread(dealt.letter_number),
        )
        each_letters = dealt.words.spelled(phrase.values)
        each_style = style.spread(phrase)
        each_steps, each_count = each_style.step_pieces(each_letters, each_one.letter)
        total = np.add.reduceat(each_count, phrase.starts)

        words = Lines(dealt.words.texts, phrase)
        letter = dealt.letter
        call = self.call(len(rows), *style.call_pieces(words, letter), expected=total)
        slots = {"letter": letter, "count": number(total, " ")}
        say = self.speaker("phrase", dealt, style, phrase=words, **slots)
        each_slots = {"word": each_one.word, "count": number(each_count, " ")}
        say_each = self.speaker("phrase", each_one, each_style, **each_slots)
        turn = assistant(
            text(
                say("restate", after="\n\n"),
                say("count"),
                for_each(
                    phrase.offsets,
                    *("\n\n", *each_style.spelling_pieces(each_one.word, each_letters), "\n", each_steps),
                    say_each("word", before="\n"),
                ),
                say("total", before="\n\n", after="\n"),
                style.tally_pieces(each_one.word, each_count, phrase.offsets),
                say("subtotal", before="\n\n"),
            ),
            call.exchange(say),
            say("final", before="\n\n", after="\n\n####"),
            number(total, " "),
        )
        return Script(
            dealt,
            self.ask(dealt, phrase=words, letter=letter),
            turn,
            answer=number(total),
            letter=letter,
            style=style.name,
            facts={"words": words, "count": total, "form": call.form},
            words=words,
        )

    def _phrases(self, dealt: Dealt) -> Ragged:
        """Choose the words of each phrase, so that together they have the letter as often as was dealt."""
        rows, n = dealt.rows, len(dealt)
        # Class 3 stands for 3 and more: 3, 4 or 5.
        count = dealt.count_class + (dealt.count_class == 3) * rows.choose("count", (5, 3, 2))
        others = np.maximum(count - 1, 0)  # hits in the words beside the one that was dealt
        # The hits fall on the other words at random, at most two on one; there must be words enough.
        twice = self._held(dealt, 2)
        size = np.maximum(rows.below("size", MOST - 1) + 2, 1 + np.where(twice > 0, -(-others // 2), others))
        hits = np.zeros((n, MOST), dtype=np.int64)
        hits[:, 0] = count > 0
        for hit in range(int(others.max(initial=0))):
            place = 1 + rows.below(f"hit {hit}", size - 1)
            most = np.where(twice > 0, 2, 1)
            for _ in range(MOST):
                full = hits[np.arange(n), place] >= most
                place = np.where(full, place % (size - 1) + 1, place)
            hits[np.arange(n), place] += hit < others
        chosen = np.empty((n, MOST), dtype=np.int64)
        chosen[:, 0] = dealt.word_number
        for at in range(1, MOST):
            chosen[:, at] = self._another(dealt, chosen[:, :at], hits[:, at], at)
        # The dealt word changes places with one of the others.
        swap = rows.below("place", size)
        every = np.arange(n)
        chosen[every, swap], chosen[every, 0] = chosen[every, 0], chosen[every, swap].copy()
        return Ragged(offsets_of(size), chosen[np.arange(MOST) < size[:, None]])

    def _held(self, dealt: Dealt, times: int) -> Ints:
        """Return how many words of the row's lexicon and split have its letter so many times."""
        holders = dealt.words.holders(times, self.split == "test")
        return holders.lengths[self._holder(dealt)]

    def _holder(self, dealt: Dealt) -> Ints:
        source = dealt.words.source[dealt.word_number].astype(np.int64)
        return source * len(dealt.words.graphemes) + dealt.letter_number

    def _another(self, dealt: Dealt, have: npt.NDArray[np.int64], hits: Ints, place: int) -> Ints:
        """Draw each phrase another word that has the letter so often, and that it does not have yet."""
        words, split = dealt.words, self.split == "test"
        hashes = dealt.rows.hash(f"word {place}")
        found = np.empty(len(dealt), dtype=np.int64)
        for times in np.unique(hits).tolist():
            left = np.flatnonzero(hits == times)
            for attempt in range(_TRIES):
                drawn = mix(hashes[left], attempt)
                if times:
                    pool = words.holders(times, split)
                    row = self._holder(dealt)[left]
                    word = pool.values[pool.starts[row] + below(drawn, pool.lengths[row])].astype(np.int64)
                    bad = np.zeros(len(left), dtype=np.bool_)
                else:
                    word = words.draw(words.source[dealt.word_number[left]], split, drawn)
                    bad = words.count(word, dealt.letter_number[left]) > 0
                found[left] = word
                left = left[bad | (have[left] == word[:, None]).any(axis=1)]
                if not len(left):
                    break
        return found

    def check(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Count again, and read every line of the working."""
        yield from check_counting(row)


if __name__ == "__main__":
    preview(LetterCounting)
