"""Texts that are of no lexicon: numbers, sentences, and words in other cases, written row by row.

A number's split is a hash of its text, and a sentence or a phrase in capitals is a string that no other row
has: so there is nothing here that could be done once for many rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generators.alphabet import Alphabet
from generators.deal import Dealt
from generators.numbers import draw_numbers
from generators.phrases import Phrases
from generators.recased import ANY, LOWER, UPPER, recased
from generators.rows import Ints, mix_one
from generators.stock import Frame

_CAPITAL = 0.7  # share of the sentences that begin with a capital


@dataclass(frozen=True)
class Own:
    """What some rows are about.

    Attributes:
        row: (own,) which rows, rising.
        texts: of each.
        words: of each text, in order.
        asked: the letter that is asked for; "" where another will be chosen.
    """

    row: Ints
    texts: Sequence[str]
    words: Sequence[Sequence[str]]
    asked: Sequence[str]

    @classmethod
    def joined(cls, parts: "Sequence[Own]") -> "Own":
        """Put the rows of several together, in order."""
        found = [
            item
            for own in parts
            for item in zip(own.row.tolist(), own.texts, own.words, own.asked, strict=True)
        ]
        found.sort(key=lambda item: item[0])
        rows = np.array([row for row, *_ in found], dtype=np.int64)
        return cls(rows, [i[1] for i in found], [i[2] for i in found], [i[3] for i in found])


def numbers(dealt: Dealt, row: Ints, test: bool) -> Own:
    """Write numbers that have a digit as often as was dealt; class 3 stands for 3, 4 or 5."""
    rows = dealt.rows[row]
    count = dealt.count_class[row]
    count = count + (count == 3) * rows.choose("more digits", (5, 3, 2))
    digit = rows.below("digit", 10)
    texts = draw_numbers(rows, digit, count, test)
    return Own(row, texts, [[text] for text in texts], list(map(str, digit.tolist())))


def in_cases(
    dealt: Dealt, row: Ints, phrases: Phrases, one_case: npt.NDArray[np.bool_], alphabet: Alphabet
) -> Own:
    """Write phrases in words of several cases.

    Args:
        dealt: what the rows were dealt.
        row: which rows.
        phrases: of all rows.
        one_case: (rows,) bool, where the letter is asked for in one case, and the words that have it have it
            in that case, but for the one that has it beside them.
        alphabet: of all letters.
    """
    rows = dealt.rows[row]
    large = rows.chance("large", 0.5)
    lots = rows.hash("cases").tolist()
    strings, first = _strings(dealt, row, phrases)
    letters = [letter.lower() for letter in dealt.words.letter(dealt.letter_number[row]).strings()]
    texts, words, asked = [], [], []
    for place, (number, small) in enumerate(zip(row.tolist(), letters, strict=True)):
        capital = small.upper()
        if not one_case[number] or capital not in alphabet.number:
            capital = small
        wanted = UPPER if large[place] and capital != small else LOWER
        written = []
        for at, word in enumerate(strings[first[place] : first[place + 1]]):
            how = ANY
            if one_case[number] and small in word:
                how = LOWER + UPPER - wanted if at == phrases.beside[number] else wanted
            written.append(recased(word, small, mix_one(lots[place], at) >> 33, how))
        texts.append(" ".join(written))
        words.append(written)
        asked.append(capital if wanted == UPPER else small)
    return Own(row, texts, words, asked)


def in_sentences(dealt: Dealt, row: Ints, phrases: Phrases, frames: Sequence[Frame]) -> Own:
    """Write sentences: frames, (rows,) those of the rows, with the words of the phrases put into them."""
    capital = dealt.rows[row].chance("capital", _CAPITAL)
    texts, words = [], []
    strings, first = _strings(dealt, row, phrases)
    for place, (frame, big) in enumerate(zip(frames, capital.tolist(), strict=True)):
        given = strings[first[place] : first[place + 1]] if frame.slots else []
        text, every = frame.written(given, big and frame.slots > 0)
        texts.append(text)
        words.append(every)
    return Own(row, texts, words, [""] * len(texts))


def _strings(dealt: Dealt, row: Ints, phrases: Phrases) -> tuple[list[str], list[int]]:
    """Return the words of some rows' phrases, and where each row's begin: (rows + 1,)."""
    of = phrases.words.take(row)
    return dealt.words.texts.take(of.values), of.offsets.tolist()
