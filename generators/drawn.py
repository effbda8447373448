"""Drawing passages: the texts, words and letters that the rows of a batch are about (generators.passages).

Words of a lexicon stay numbers; texts that are of none are written by generators.ownwords, and both are put
together in one table of the batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from generators.alphabet import Alphabet
from generators.arrays import as_arrow
from generators.chosenletters import letter_of, letters_of
from generators.columns import Column, Lines
from generators.deal import Dealt
from generators.ownwords import Own, in_cases, in_sentences, numbers
from generators.passages import ANYCASE, CASE, DIGIT, LETTERS, SENTENCE, VOWELS, Mask, Passage
from generators.phrases import draw_phrases
from generators.ragged import Ragged, offsets_of
from generators.rows import Ints, below
from generators.stock import Stock
from generators.texts import Texts
from generators.words import Words

_BESIDE = 0.67  # share of the questions of one case whose words have the letter in the other case as well
_VOWEL_WORDS = 3  # at most


class Passages:
    """Draws passages.

    Args:
        alphabet: numbers all letters that can come.
        test: of the test split, or else of the training split.
        stocks: the sentences of each lexicon, by its language.
        vowels: the vowels of each lexicon, by its language.
        languages: of each lexicon of the words that are dealt.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        test: bool,
        stocks: Mapping[str, Stock],
        vowels: Mapping[str, str],
        languages: Sequence[str],
    ) -> None:
        self._alphabet, self._test = alphabet, test
        self._stocks = [stocks[code] for code in languages]
        self._vowel = np.array([alphabet.vowels(vowels[code]) for code in languages])
        self._vowels = [[alphabet.number[vowel] for vowel in vowels[code]] for code in languages]

    def draw(self, dealt: Dealt) -> Passage:
        """Draw what the rows of a batch are about."""
        n, words, rows = len(dealt), dealt.words, dealt.rows
        asks = np.zeros(n, dtype=np.int64) if dealt.asks is None else dealt.asks
        source = words.source[dealt.word_number].astype(np.int64)
        # A word alone can be asked for its vowels but once: one of the tail, in one of the classes of counts.
        alone = (dealt.count_class == 1) & ~words.common[dealt.word_number]
        sizes = np.where(asks == VOWELS, 2 - alone + rows.below("words", _VOWEL_WORDS - 1), 0)
        sizes[(asks == LETTERS) | (asks == DIGIT)] = 1
        at = np.flatnonzero(asks == SENTENCE)
        stocks = [self._stocks[number].frames for number in source[at].tolist()]
        which = below(rows[at].hash("sentence"), np.array([len(stock) for stock in stocks], dtype=np.int64))
        frames = [stock[number] for stock, number in zip(stocks, which.tolist(), strict=True)]
        sizes[at] = [max(1, frame.slots) for frame in frames]
        has_dealt = asks != DIGIT
        has_dealt[at] = [frame.slots > 0 for frame in frames]
        beside = (asks == CASE) & rows.chance("both cases", _BESIDE)
        phrases = draw_phrases(dealt, self._test, sizes, beside)
        own = Own.joined(
            [
                numbers(dealt, np.flatnonzero(asks == DIGIT), self._test),
                in_cases(
                    dealt,
                    np.flatnonzero((asks == ANYCASE) | (asks == CASE)),
                    phrases,
                    asks == CASE,
                    self._alphabet,
                ),
                in_sentences(dealt, at, phrases, frames),
            ]
        )
        written = _Written.of(phrases.words, own, words, self._alphabet)
        asked = self._asked(dealt, asks, source, written, own)
        sentence = Column(_NOTHING, np.zeros(n, dtype=np.int8))
        if len(at):
            names = np.full(n, len(written.texts) - 1)  # of ""
            names[at] = written.text.values[written.text.starts[at]]
            sentence = Column(written.texts, names)
        return Passage(
            asks,
            Lines(written.texts, written.text),
            Lines(written.texts, written.words),
            written.spelled,
            asked,
            sentence,
            self._alphabet,
            self._vowel,
            source,
            has_dealt,
        )

    def _asked(self, dealt: Dealt, asks: Ints, source: Ints, written: "_Written", own: Own) -> Ragged:
        """Return the letters that each row asks for."""
        several = np.flatnonzero((asks == LETTERS) | (asks == SENTENCE))
        keys = dealt.rows[several].hash("letters")
        chosen: dict[int, list[int]] = {}
        for row, letter in zip(own.row.tolist(), own.asked, strict=True):
            if letter:
                chosen[row] = [self._alphabet.number[letter]]
        uncased, of = self._alphabet.uncased, written.words.offsets
        # Row by row: a letter is chosen by all letters of the row's text.
        for row, key in zip(several.tolist(), keys.tolist(), strict=True):
            text = written.spelled.values[
                written.spelled.offsets[of[row]] : written.spelled.offsets[of[row + 1]]
            ].tolist()
            given = (int(dealt.count_class[row]), uncased, dealt.words.alphabets[source[row]], key)
            chosen[row] = letters_of(text, *given) if asks[row] == LETTERS else [letter_of(text, *given)]
        for row in np.flatnonzero(asks == VOWELS).tolist():
            chosen[row] = self._vowels[source[row]]
        lengths = np.ones(len(dealt), dtype=np.int64)
        lengths[list(chosen)] = [len(letters) for letters in chosen.values()]
        found = Ragged(offsets_of(lengths), np.repeat(dealt.letter_number, lengths))
        for row, letters in chosen.items():
            found.values[found.offsets[row] : found.offsets[row + 1]] = letters
        return found


@dataclass(frozen=True)
class _Written:
    """Texts and words of all rows, over one table.

    Attributes:
        texts: the table; where it is of the batch alone, the last is "".
        text, words: of each row, numbers in it; a text may be several words.
        spelled: the letters of each of `words`.
    """

    texts: Texts
    text: Ragged
    words: Ragged
    spelled: Ragged

    @classmethod
    def of(cls, known: Ragged, own: Own, words: Words, alphabet: Alphabet) -> "_Written":
        """Put words of lexicons, by row, and texts of none together; those have what row they have."""
        if not len(own.row):
            return cls(words.texts, known, known, words.letters.take(known.values))
        mine = np.zeros(len(known), dtype=np.bool_)
        mine[own.row] = True
        kept, place = np.unique(known.values[~known.spread(mine)], return_inverse=True)
        number: dict[str, int] = {}
        of_words = [[number.setdefault(word, len(number)) for word in every] for every in own.words]
        spelled = Ragged.concat([words.letters.take(kept), alphabet.spelled(list(number))])
        strings = pa.array([*number, *own.texts, ""], pa.string())
        lexicon = words.texts.slice(0, len(words.texts)).take(as_arrow(kept))
        texts = Texts(pa.concat_arrays([lexicon, strings]))
        first = len(kept)
        each_word = _merged(known, mine, place, [[first + n for n in every] for every in of_words])
        first += len(number)
        whole = _merged(known, mine, place, [[first + n] for n in range(len(own.texts))])
        return cls(texts, whole, each_word, spelled.take(each_word.values))


def _merged(known: Ragged, mine: Mask, place: Ints, own: Sequence[Sequence[int]]) -> Ragged:
    """Put rows together: those that are `mine` from own, in order, the others from place."""
    lengths = known.lengths
    lengths[mine] = [len(row) for row in own]
    offsets = offsets_of(lengths)
    values = np.empty(offsets[-1], dtype=np.int64)
    spread = np.repeat(mine, lengths)
    values[~spread] = place
    values[spread] = [number for row in own for number in row]
    return Ragged(offsets, values)


_NOTHING = Texts([""])
