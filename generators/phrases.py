"""Phrases: words that have nothing to do with each other, drawn so that they have a letter so often."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generators.deal import Dealt
from generators.ragged import Ragged, offsets_of
from generators.rows import Ints, below, mix

MOST = 6  # words that together have the letter as often as was dealt
PLACES = MOST + 1  # and one that may have it beside them
FREE = -1  # a word that may have the letter as often as it likes
_TRIES = 64


@dataclass(frozen=True)
class Phrases:
    """The words of the phrases of a batch.

    Attributes:
        words: the numbers of each row's words.
        beside: (rows,) the place of a word that has the letter beside those dealt; -1 where there is none.
    """

    words: Ragged
    beside: Ints


def draw_phrases(dealt: Dealt, test: bool, sizes: Ints, beside: npt.NDArray[np.bool_]) -> Phrases:
    """Choose the words of each phrase, the dealt one among them.

    Args:
        dealt: what the rows were dealt; its count class 3 stands for 3, 4 or 5.
        test: of the test split, or else of the training split.
        sizes: (rows,) how many words a phrase has that may have the letter or not; 0: two to six that
            together have it as often as was dealt.
        beside: (rows,) bool, which phrases have one word more, that has the letter beside that count.
    """
    rows, n = dealt.rows, len(dealt)
    count = dealt.count_class + (dealt.count_class == 3) * rows.choose("count", (5, 3, 2))
    others = np.where(sizes == 0, np.maximum(count - 1, 0), 0)  # hits in the words beside the one dealt
    # The hits fall on the other words at random, at most two on one; there must be words enough.
    holders = dealt.words.holders(2, test)
    twice = holders.lengths[_holder(dealt)]
    least = 1 + np.where(twice > 0, -(-others // 2), others)
    size = np.where(sizes, sizes, np.maximum(rows.below("size", MOST - 1) + 2, least))
    hits = np.zeros((n, PLACES), dtype=np.int64)
    for hit in range(int(others.max(initial=0))):
        # Free phrases have no hits to place, and may have a single word.
        room = np.maximum(size - 1, 1)
        place = 1 + rows.below(f"hit {hit}", room)
        most = np.where(twice > 0, 2, 1)
        for _ in range(MOST):
            full = hits[np.arange(n), place] >= most
            place = np.where(full, place % room + 1, place)
        hits[np.arange(n), place] += hit < others
    hits[sizes > 0] = FREE
    every = np.arange(n)
    hits[every[beside], size[beside]] = 1
    size = size + beside
    chosen = np.empty((n, PLACES), dtype=np.int64)
    chosen[:, 0] = dealt.word_number
    for at in range(1, PLACES):
        here = np.flatnonzero(size > at)
        if len(here):
            chosen[here, at] = _another(dealt, test, here, chosen[here, :at], hits[here, at], at)
    # The dealt word changes places with one of the others, and so does the one beside.
    swap = rows.below("place", size)
    chosen[every, swap], chosen[every, 0] = chosen[every, 0], chosen[every, swap].copy()
    other = np.full(n, -1, dtype=np.int64)
    if beside.any():
        last, mine = np.where(swap == size - 1, 0, size - 1)[beside], every[beside]
        other[mine] = rows.below("beside", size)[beside]
        chosen[mine, last], chosen[mine, other[mine]] = chosen[mine, other[mine]], chosen[mine, last].copy()
    return Phrases(Ragged(offsets_of(size), chosen[np.arange(PLACES) < size[:, None]]), other)


def _holder(dealt: Dealt) -> Ints:
    source = dealt.words.source[dealt.word_number].astype(np.int64)
    return source * len(dealt.words.graphemes) + dealt.letter_number


def _another(
    dealt: Dealt, test: bool, rows: Ints, have: npt.NDArray[np.int64], hits: Ints, place: int
) -> Ints:
    """Draw some phrases another word that has the letter so often, and that they do not have yet."""
    words = dealt.words
    hashes = dealt.rows.hash(f"word {place}")[rows]
    letter, source = dealt.letter_number[rows], words.source[dealt.word_number[rows]]
    holder = source.astype(np.int64) * len(words.graphemes) + letter
    found = np.empty(len(rows), dtype=np.int64)
    for times in np.unique(hits).tolist():
        left = np.flatnonzero(hits == times)
        for attempt in range(_TRIES):
            drawn = mix(hashes[left], attempt)
            bad = np.zeros(len(left), dtype=np.bool_)
            if times > 0:
                pool = words.holders(times, test)
                row = holder[left]
                # No word may have a letter that only others of its lexicon lack: then any will do.
                lengths = pool.lengths[row]
                at = pool.starts[row] + below(drawn, np.maximum(lengths, 1))
                word = pool.values[np.minimum(at, len(pool.values) - 1)].astype(np.int64)
                if not lengths.all():
                    word = np.where(lengths > 0, word, words.draw(source[left], test, drawn))
            else:
                word = words.draw(source[left], test, drawn)
                if times == 0:
                    bad = words.count(word, letter[left]) > 0
            found[left] = word
            left = left[bad | (have[left] == word[:, None]).any(axis=1)]
            if not len(left):
                break
    return found
