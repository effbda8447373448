"""Dealing: which language, word and letter a row has, each a function of the row's number alone.

Shares that must come out are quotas, not chances: every block of 100 rows holds each language and
each class of counts (0, 1, 2, 3 and more) exactly so many times, in an order of its own. Each class
deals its words like a deck of cards. A pass over the deck has every common word (zipf 4 and more) and
as many others, so that the tail comes once while the common words come again; what comes again takes
another letter or another form of the question, so no two rows are equal while distinct ones remain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.columns import Column
from generators.cover import Cover
from generators.kindpools import KindPools
from generators.kinds import PARTS
from generators.ragged import Ragged, offsets_of, spread
from generators.rows import Ints, Rows, below, divide, key_of, mix, permute
from generators.words import Words

BLOCK = 100
COUNT_SHARES = (0.10, 0.35, 0.35, 0.20)
_ORDERS, _KIND_ORDERS = 1024, 128
_EMPTY = np.empty(0, dtype=np.int32)
_ABSENT = 32  # how many letters that a word lacks are considered for it


@cache
def _orders() -> npt.NDArray[np.int64]:
    """Make the orders that a block can have: (orders, 100), each row a permutation."""
    keys = mix(key_of("orders"), np.arange(_ORDERS * BLOCK)).reshape(_ORDERS, BLOCK)
    return np.argsort(keys, axis=1)


@cache
def _kind_orders() -> npt.NDArray[np.int16]:
    """Make the orders that 1,000 rows of a class can have: (orders, 1000), each row a permutation."""
    keys = mix(key_of("kind orders"), np.arange(_KIND_ORDERS * PARTS)).reshape(_KIND_ORDERS, PARTS)
    return np.argsort(keys, axis=1).astype(np.int16)


def places_in_blocks(rows: Rows, field: str) -> tuple[Ints, Ints]:
    """Return the block of 100 that each row is in, and its place there, in an order of the block's own.

    Args:
        rows: which.
        field: what is shared out by places; the orders for another field are others.
    """
    block, place = np.divmod(rows.index, BLOCK)
    # Each block has one of many orders, by lot.
    return block, _orders()[below(mix(rows.key(field), block), _ORDERS), place]


@dataclass(frozen=True)
class Strand:
    """Questions in one language about the words of one lexicon.

    Attributes:
        language: the number of the language asked in.
        lexicon: the number of the lexicon asked about.
        share: of the rows.
        without: the number of a lexicon whose words another strand of this language asks about.
    """

    language: int
    lexicon: int
    share: float
    without: int | None = None


@dataclass(frozen=True)
class Dealt:
    """What the rows of a batch were dealt.

    Attributes:
        rows: the rows.
        language: (rows,) the number of the language asked in.
        words: the table that word and letter number.
        word_number: (rows,) of the word.
        letter_number: (rows,) of the letter, where counts were dealt; else empty.
        turn: (rows,) how often the row's word and letter came before, in this task, split and language.
        count_class: (rows,) which class of counts the row belongs to.
        kind: (rows,) the number of the row's kind of words; 0 for the lexicon's own.
        stands: (rows,) the number in STANDS of how the question must set the word; None: as it likes.
        covers: (rows,) the number in `cover.COVERS` of what the row covers; None where nothing is covered.
        earlier: (rows, len(STANDS)) how often rows that cover asked about the row's word in its language,
            by how the question set it; None where nothing is covered.
        asks: (rows,) which of the task's kinds of question each row asks; None: the first in all of them.
    """

    rows: Rows
    language: Ints
    words: Words
    word_number: Ints
    letter_number: Ints
    turn: Ints
    count_class: Ints
    kind: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    stands: Ints | None = None
    covers: Ints | None = None
    earlier: Ints | None = None
    asks: Ints | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_words(self) -> bool:
        """Whether a word was dealt; not so for a task that asks about the exchanges before its own."""
        return bool(len(self.words.texts))

    @property
    def word(self) -> Column:
        """The words, (rows,)."""
        return self.words.word(self.word_number)

    @property
    def origin(self) -> Column:
        """The words that those of other kinds were made from, (rows,); "" where there is none."""
        origin = self.words.origin(self.word_number)
        return Column(origin.texts, np.where(self.kind > 0, origin.index, 0))  # 0 is ""

    @property
    def letter(self) -> Column:
        """The letters, (rows,)."""
        return self.words.letter(self.letter_number)


def undealt(rows: Rows, shares: Sequence[float]) -> Dealt:
    """Deal rows nothing but their languages.

    Args:
        rows: the rows.
        shares: of the languages, held in every block of 100 rows.
    """
    quota, (_, place) = largest_remainder(shares), places_in_blocks(rows, "block")
    language, nothing = np.repeat(np.arange(len(quota)), quota)[place], np.empty(0, dtype=np.int64)
    return Dealt(rows, language, Words.none(), nothing, nothing, np.zeros_like(language), nothing)


@lru_cache(maxsize=8)
def deck_of(
    words: Words,
    test: bool,
    strands: tuple[Strand, ...],
    counts: tuple[float, ...] | None,
    times: tuple[int, ...],
    cover: Cover | None,
    kinds: tuple[tuple[str, float], ...],
) -> "Deck":
    """Return a deck, one for all tasks of a process that deal alike, in whatever style."""
    return Deck(words, test, strands, counts, times, cover, dict(kinds))


class Deck:
    """Deals the words of a split by strand and, if asked, by how often they have a letter.

    Args:
        words: what is dealt.
        test: of the test split, or else of the training split.
        strands: languages and lexicons with their shares.
        counts: shares of the classes 0, 1, 2, 3 and more; None deals words without a letter.
        times: how often the word of each class has its letter: 0, 1, 2 or 3 (three and more); a task whose
            count is not that of one word deals others.
        cover: what the first rows of each strand are dealt instead; only where no letters are dealt.
        kinds: shares of kinds of words beside the lexicons' own, of the rows of each class.

    Raises:
        ValueError: a share is too small for a block of 100 rows.
    """

    def __init__(
        self,
        words: Words,
        test: bool,
        strands: Sequence[Strand],
        counts: Sequence[float] | None = None,
        times: Sequence[int] = (0, 1, 2, 3),
        cover: Cover | None = None,
        kinds: Mapping[str, float] | None = None,
    ) -> None:
        self.cover = cover
        self.words, self.strands = words, tuple(strands)
        self.kinds = KindPools(words, kinds or {})
        self.times = np.array([-1] if counts is None else times)
        self.classes = len(self.times)
        cells = [(strand, t) for strand in strands for t in self.times.tolist()]
        pools = [self._pool(test, strand, t) for strand, t in cells]
        fill = np.array([len(common) + len(tail) for common, tail in pools], dtype=np.float64)
        self.quotas = quotas([s.share for s in strands], counts or (1.0,), fill.reshape(-1, self.classes))
        self.with_letters = counts is not None
        sizes = self.quotas.ravel()
        self._class = np.repeat(np.arange(len(sizes)), sizes)  # (100,) the class of each place of a block
        self._rank = spread(np.zeros(len(sizes), dtype=np.int64), sizes)  # (100,) its place in that class
        self._quota = sizes.astype(np.int64)
        self._strand_of, self._count_of = np.divmod(np.arange(len(sizes)), self.classes)
        # Behind the pools of the lexicons' own words come those of each kind, cell by cell.
        self._kind_quota = np.zeros((len(cells), 1 + len(self.kinds)), dtype=np.int64)
        for cell, (strand, t) in enumerate(cells):
            mine = (
                self.kinds.pools(strand.lexicon, partial(self._fits, test, t))
                if strand.without is None
                else {}
            )
            for kind in range(1, 1 + len(self.kinds)):
                pool = mine.get(kind, _EMPTY)
                pools.append((_EMPTY, pool))
                self._kind_quota[cell, kind] = self.kinds.quotas[kind - 1] * (len(pool) > 0)
        edges = np.cumsum(self._kind_quota, axis=1)
        self._kind_quota[:, 0] = PARTS - edges[:, -1]
        # Of 1,000 rows of a cell the first are those of the kinds in turn, and the last those of own words.
        self._kind_of = (np.arange(PARTS) >= edges[:, :, None]).sum(axis=1) % (1 + len(self.kinds))
        self._kind_first = np.concatenate((edges[:, -1:], edges[:, :-1]), axis=1)
        self._common = np.array([len(common) for common, _ in pools])
        self._tail = np.array([len(tail) for _, tail in pools])
        # In a pass, as many of the tail as of the common words; where one is empty, all of the other.
        self._slice = np.where(self._common > 0, np.minimum(self._tail, self._common), self._tail)
        self._start = offsets_of([len(pool) for pair in pools for pool in pair])[::2]
        self._cards = np.concatenate([pool for pair in pools for pool in pair])

    def _pool(self, test: bool, strand: Strand, times: int) -> tuple[Any, Any]:
        """Return the common words that a class deals, and the others."""
        words = self.words
        start, stop = words.starts[strand.lexicon], words.starts[strand.lexicon + 1]
        fits = self._fits(test, times, strand.lexicon)
        if strand.without is not None:
            fits &= ~words.shared(strand.lexicon, strand.without)
        else:
            fits[self.kinds.right_words(strand.lexicon)] = False  # those come beside their misspellings
        common = words.common[start:stop]
        return tuple((start + np.flatnonzero(fits & which)).astype(np.int32) for which in (common, ~common))

    def _fits(self, test: bool, times: int, lexicon: int) -> npt.NDArray[np.bool_]:
        """Say which words of a lexicon a class could deal."""
        words = self.words
        start, stop = words.starts[lexicon], words.starts[lexicon + 1]
        fits = words.test[start:stop] == test
        if times > 0:
            fits &= words.by_count[times - 1].slice(start, stop).lengths > 0
        elif times == 0:
            # Some letter of the alphabet must be missing from the word, in either case.
            alphabet = words.alphabets[lexicon]
            inside = np.zeros(len(words.graphemes), dtype=np.int32)
            inside[np.isin(words.uncased, words.uncased[alphabet])] = 1
            held = np.zeros(stop - start, dtype=np.int64)
            for rows in words.distinct(lexicon):
                held += np.diff(np.concatenate(([0], np.cumsum(inside[rows.values])))[rows.offsets])
            fits &= held < min(len(alphabet), _ABSENT)
        return fits

    def deal(self, rows: Rows) -> Dealt:
        """Deal the rows of a batch."""
        cell, order = self._places(rows)
        if self.cover is not None:
            covering = np.flatnonzero(order < self.cover.sizes[cell])
            entry = self.cover.starts[cell[covering]] + order[covering]
            order = np.maximum(order - self.cover.sizes[cell], 0)
        kind = cell
        kinds, keys = np.empty(0, dtype=np.int64), cell
        if len(self.kinds):
            kinds, order = self._kinds(rows, cell, order)
            kind = np.where(kinds, len(self._quota) + cell * len(self.kinds) + kinds - 1, cell)
            keys = np.where(kinds, self.kinds.twin(kinds) * PARTS + cell, cell)
        common, tail, slice_ = self._common[kind], self._tail[kind], self._slice[kind]
        turn, at = divide(order, common + slice_)
        key = mix(rows.key("deck"), keys)
        at = permute(at, common + slice_, mix(key, turn))
        is_tail = at >= common
        if is_tail.any():
            past = (turn * slice_ + at - common)[is_tail]
            turn[is_tail], past = divide(past, tail[is_tail])
            shuffle = mix(key_of("tail") ^ key[is_tail], turn[is_tail])
            at[is_tail] = common[is_tail] + permute(past, tail[is_tail], shuffle)
        word = self._cards[self._start[kind] + at].astype(np.int64)
        strand, count = self._strand_of[cell], self._count_of[cell]
        letter = np.empty(0, dtype=np.int64)
        if self.with_letters:
            letter, turn = self._letters(rows, word, self.times[count], turn)
        dealt = Dealt(rows, self._languages[strand], self.words, word, letter, turn, count, kinds)
        return dealt if self.cover is None else _covering(dealt, self.cover, covering, entry)

    def _places(self, rows: Rows) -> tuple[Ints, Ints]:
        """Return the class of each row, and how many rows of that class came before."""
        block, place = self.places(rows)
        kind = self._class[place]
        # Whole blocks hold exactly its quota.
        return kind, block * self._quota[kind] + self._rank[place]

    def places(self, rows: Rows) -> tuple[Ints, Ints]:
        """Return each row's block, and its place in what every block holds."""
        return places_in_blocks(rows, "block")

    @cached_property
    def language_of_place(self) -> Ints:
        """The number of the language of each place of a block, (100,)."""
        return self._languages[self._strand_of[self._class]]

    def entries(self, rows: Rows) -> Ints:
        """Return the entries of the cover that rows are dealt: (covering rows,)."""
        if self.cover is None:
            return np.zeros(0, dtype=np.int64)
        kind, order = self._places(rows)
        covering = order < self.cover.sizes[kind]
        return self.cover.starts[kind[covering]] + order[covering]

    @property
    def rows_to_cover(self) -> int:
        """After how many rows every entry of the cover has been dealt."""
        if self.cover is None:
            return 0
        sizes = self.cover.sizes
        return int((-(-sizes // np.maximum(self._quota, 1))).max(initial=0)) * BLOCK

    def _kinds(self, rows: Rows, cell: Ints, order: Ints) -> tuple[Ints, Ints]:
        """Share the rows of each class out to kinds: of every 1,000 so many, in an order by lot.

        Returns:
            Each row's kind, and how many rows of its class and kind came before.
        """
        before, place = divide(order, np.int64(PARTS))
        key = rows.key("kinds") + cell.astype(np.uint64)
        shuffled = _kind_orders()[below(mix(key, before), _KIND_ORDERS), place]
        kind = self._kind_of[cell, shuffled]
        return kind, before * self._kind_quota[cell, kind] + shuffled - self._kind_first[cell, kind]

    @cached_property
    def _languages(self) -> Ints:
        return np.array([strand.language for strand in self.strands], dtype=np.int64)

    def _letters(self, rows: Rows, word: Ints, count: Ints, turn: Ints) -> tuple[Ints, Ints]:
        """Choose each row's letter of those that its word has so often, another one at each turn."""
        letter = np.empty(len(word), dtype=np.int64)
        first = mix(rows.key("letter"), word)
        for times in np.unique(self.times).tolist():
            here = np.flatnonzero(count == times)
            if times == 0:
                offered = self._absent(word[here], first[here])
            else:
                offered = self.words.by_count[times - 1].take(word[here])
            many = offered.lengths
            letter[here] = offered.values[offered.starts + (below(first[here], many) + turn[here]) % many]
            turn[here] //= many
        return letter, turn

    def _absent(self, word: Ints, hashes: Any) -> Ragged:
        """Offer each word up to 32 letters of its lexicon's alphabet that it does not have."""
        which = self._alphabet_of[self.words.source[word]]
        first, size = self._alphabets.starts[which], self._alphabets.lengths[which]
        window = np.minimum(size, _ABSENT)
        start = below(hashes << np.uint64(7), size)
        spelled = self.words.letters.take(word)
        at = self._in_alphabet[spelled.spread(which), self.words.uncased[spelled.values]]
        shift = (at - spelled.spread(start)) % spelled.spread(size)
        seen = (at >= 0) & (shift < spelled.spread(window))
        absent = np.arange(_ABSENT) < window[:, None]
        absent[spelled.spread(np.arange(len(word)))[seen], shift[seen]] = False
        row, place = np.nonzero(absent)
        letters = self._alphabets.values[first[row] + (start[row] + place) % size[row]]
        return Ragged(offsets_of(absent.sum(axis=1)), letters)

    @cached_property
    def _alphabet_of(self) -> Ints:
        """For each lexicon the number of its alphabet: variants have those of their words."""
        number: dict[bytes, int] = {}
        found = [number.setdefault(alphabet.tobytes(), len(number)) for alphabet in self.words.alphabets]
        return np.array(found, dtype=np.int64)

    @cached_property
    def _alphabets(self) -> Ragged:
        """The letters of each distinct alphabet."""
        _, first = np.unique(self._alphabet_of, return_index=True)
        alphabets = [self.words.alphabets[lexicon] for lexicon in first.tolist()]
        return Ragged(offsets_of([len(alphabet) for alphabet in alphabets]), np.concatenate(alphabets))

    @cached_property
    def _in_alphabet(self) -> npt.NDArray[np.int32]:
        """Where each letter stands in each alphabet, whatever its case; -1: nowhere."""
        alphabets = self._alphabets
        found = np.full((len(alphabets), len(self.words.graphemes)), -1, dtype=np.int32)
        row = alphabets.spread(np.arange(len(alphabets)))
        found[row, self.words.uncased[alphabets.values]] = alphabets.places()
        return found


def _covering(dealt: Dealt, cover: Cover, rows: Ints, entry: Ints) -> Dealt:
    """Put entries of a cover in place of what some rows were dealt."""
    word, turn = dealt.word_number.copy(), dealt.turn.copy()
    stands, covers = np.zeros(len(word), dtype=np.int64), np.zeros(len(word), dtype=np.int64)
    earlier = cover.earlier(dealt.language, word)
    earlier[rows] = 0  # their turns count each other
    word[rows], turn[rows] = cover.word[entry], cover.turn[entry]
    stands[rows], covers[rows] = cover.stands[entry], cover.covers[entry]
    kind = dealt.kind.copy()
    if len(kind):
        kind[rows] = 0
    return replace(
        dealt, word_number=word, turn=turn, kind=kind, stands=stands, covers=covers, earlier=earlier
    )


def quotas(
    strands: Sequence[float], counts: Sequence[float], fill: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Share out a block of 100 rows over strands and counts.

    Strands get exactly their rounded shares. So do counts, as far as there are words for them: where a
    strand has no word with a count, other strands take its part. `fill` also steers: a strand with few
    such words gets fewer of those rows.

    Args:
        strands: (strands,) shares.
        counts: (classes,) shares.
        fill: (strands, classes) how many words there are.

    Returns:
        (strands, classes) rows of a block; the sum is 100.

    Raises:
        ValueError: a strand has a share of less than half a row, or no word at all.

    >>> quotas([0.8, 0.2], [0.5, 0.5], np.array([[10.0, 10.0], [10.0, 0.0]])).tolist()
    [[30, 50], [20, 0]]
    """
    rows = largest_remainder(strands)
    columns = largest_remainder(counts)
    if (fill.sum(axis=1)[rows > 0] == 0).any():
        raise ValueError("a lexicon has no word to deal in this split")
    # Iterative proportional fitting (Deming and Stephan 1940) to the two margins.
    fitted = fill / np.maximum(fill.sum(axis=1, keepdims=True), 1)
    for _ in range(500):
        fitted *= (rows / np.maximum(fitted.sum(axis=1), 1e-12))[:, None]
        fitted *= columns / np.maximum(fitted.sum(axis=0), 1e-12)
    fitted *= (rows / np.maximum(fitted.sum(axis=1), 1e-12))[:, None]
    cells = np.floor(fitted + 1e-9).astype(np.int64)
    possible = fill > 0
    while (short := rows - cells.sum(axis=1)).any():
        wanted = columns - cells.sum(axis=0)
        # The cell that lost most by rounding down, in a column that still wants rows if there is one.
        score = np.where(possible & (short > 0)[:, None], fitted - cells + 10.0 * (wanted > 0), -np.inf)
        cells[np.unravel_index(np.argmax(score), score.shape)] += 1
    return _settle(cells, columns, possible)


def _settle(cells: Any, columns: Any, possible: Any) -> Any:
    """Move rows within strands until the counts have their shares, directly or through a third count."""
    while (off := columns - cells.sum(axis=0)).any():
        paths = [
            (over, via, under)
            for over in np.flatnonzero(off < 0)
            for under in np.flatnonzero(off > 0)
            for via in [under, *range(len(columns))]
            if via != over
            and ((cells[:, over] > 0) & possible[:, via]).any()
            and (via == under or ((cells[:, via] > 0) & possible[:, under]).any())
        ]
        if not paths:
            return cells  # as far as the words allow
        over, via, under = paths[0]
        for source, target in ((over, via), (via, under)):
            if source != target:
                strand = np.argmax(np.where(possible[:, target], cells[:, source], -1))
                cells[strand, source] -= 1
                cells[strand, target] += 1
    return cells


def largest_remainder(shares: Sequence[float]) -> npt.NDArray[np.int64]:
    """Round shares to whole rows of a block of 100.

    Raises:
        ValueError: a share that is not 0 comes to no row.

    >>> largest_remainder([1, 1, 1]).tolist()
    [34, 33, 33]
    """
    exact = np.asarray(shares, dtype=np.float64) / np.sum(shares) * BLOCK
    cells = np.floor(exact + 1e-9).astype(np.int64)
    cells[np.argsort(cells - exact, kind="stable")[: BLOCK - cells.sum()]] += 1
    if lost := [share for share, rows in zip(shares, cells.tolist(), strict=True) if share > 0 and not rows]:
        raise ValueError(f"shares are held in every {BLOCK} rows; {lost[0]:.3g} comes to none of them")
    return cells


def strands_of(
    shares: Sequence[float], own_words: Sequence[float], lexicons: Sequence[tuple[int, int]]
) -> list[Strand]:
    """Split each language's share into questions about its own words and about English ones.

    Args:
        shares: of the languages.
        own_words: for each language, the share of its questions that is about its own words.
        lexicons: for each language, the numbers of its own lexicon and of the English one.

    >>> strands = strands_of([0.8, 0.2], [1.0, 0.5], [(0, 0), (1, 0)])
    >>> [(strand.language, strand.lexicon, strand.share) for strand in strands]
    [(0, 0, 0.8), (1, 1, 0.1), (1, 0, 0.1)]
    """
    strands = []
    rows = largest_remainder(shares).tolist()
    for number, (total, share, (own, english)) in enumerate(zip(rows, own_words, lexicons, strict=True)):
        mine = total if own == english else round(total * share)
        strands += [Strand(number, own, mine / BLOCK)] if mine else []
        # A word of both languages is dealt as the language's own, or its questions would come twice.
        without = own if mine else None
        strands += [Strand(number, english, (total - mine) / BLOCK, without)] if mine < total else []
    return strands
