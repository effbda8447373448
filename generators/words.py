"""The words of one or more lexicons as one table, numbered through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.columns import Column, Lines
from generators.lexicon import Lexicon
from generators.ragged import Ragged, offsets_of
from generators.rows import below
from generators.texts import Texts
from generators.variants import Variants, variants_of
from generators.wordlists import fold

Ints = npt.NDArray[np.int32]
_SETS = 4  # kept, of tens of megabytes each


@dataclass(frozen=True, eq=False)
class Words:
    """Words of several lexicons end to end, their letters numbered in one table.

    Attributes:
        lexicons: where they come from, in order.
        starts: (lexicons + 1,) the number of each lexicon's first word.
        texts: the words.
        graphemes: the letters.
        letters: each word's letters, in order.
        by_count: each word's distinct letters that it has once, twice, three times or more.
        alphabets: for each lexicon, the letters that may be asked for though absent.
        variants: the lexicons behind the first ones that hold variants of their words.
    """

    lexicons: tuple[Lexicon, ...]
    starts: Ints
    texts: Texts
    graphemes: Texts
    letters: Ragged
    by_count: tuple[Ragged, Ragged, Ragged]
    alphabets: tuple[Ints, ...]
    test: npt.NDArray[np.bool_]
    common: npt.NDArray[np.bool_]
    variants: tuple[Variants, ...] = ()
    _holders: dict[tuple[int, bool], Ragged] = field(default_factory=dict, repr=False)
    _marked: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict, repr=False)
    _shared: dict[tuple[int, int], npt.NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, lexicons: Sequence[Lexicon], variants: Sequence[Variants] = ()) -> "Words":
        """Put lexicons together, and variants of their words behind them."""
        lexicons = [*lexicons, *(variant.lexicon for variant in variants)]
        number: dict[str, int] = {}
        maps = [
            np.array([number.setdefault(g, len(number)) for g in lexicon.graphemes], dtype=np.int32)
            for lexicon in lexicons
        ]

        def stack(name: str) -> Ragged:
            parts = []
            for lexicon, renumber in zip(lexicons, maps, strict=True):
                rows = getattr(lexicon, name)
                parts.append(Ragged(rows.offsets, renumber[rows.values]))
            return parts[0] if len(parts) == 1 else Ragged.concat(parts)

        words = cls(
            lexicons=tuple(lexicons),
            starts=offsets_of([len(lexicon) for lexicon in lexicons]).astype(np.int32),
            texts=Texts(pa.concat_arrays([lexicon.words for lexicon in lexicons])),
            graphemes=Texts(list(number)),
            letters=stack("letters"),
            by_count=(stack("once"), stack("twice"), stack("more")),
            # One case of each letter, where a person's own words have both.
            alphabets=tuple(m[_one_case(lexicon)] for lexicon, m in zip(lexicons, maps, strict=True)),
            test=np.concatenate([lexicon.test for lexicon in lexicons]),
            common=np.concatenate([lexicon.common for lexicon in lexicons]),
            variants=tuple(variants),
        )
        for lexicon in lexicons:
            lexicon.release()
        return words

    @classmethod
    def none(cls) -> "Words":
        """Return a table without a word."""
        rows, numbers, flags = Ragged.of([]), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.bool_)
        starts = np.zeros(1, dtype=np.int32)
        return cls((), starts, Texts([]), Texts([]), rows, (rows, rows, rows), (numbers,), flags, flags)

    @cached_property
    def source(self) -> Ints:
        """The number of each word's lexicon, (words,)."""
        return np.repeat(np.arange(len(self.lexicons), dtype=np.int32), np.diff(self.starts))

    def shared(self, lexicon: int, other: int) -> npt.NDArray[np.bool_]:
        """Say which words of a lexicon are also in another: (words of the lexicon,)."""
        if (lexicon, other) not in self._shared:
            mine, others = self.lexicons[lexicon].words, self.lexicons[other].words
            self._shared[lexicon, other] = pc.is_in(mine, others).to_numpy(zero_copy_only=False)
        return self._shared[lexicon, other]

    def word(self, numbers: npt.NDArray[np.int64]) -> Column:
        """Return words by number, (rows,)."""
        return Column(self.texts, numbers)

    def letter(self, numbers: npt.NDArray[np.int64]) -> Column:
        """Return letters by number, (rows,)."""
        return Column(self.graphemes, numbers)

    def spelled(self, numbers: npt.NDArray[np.int64]) -> Lines:
        """Return the letters of words, (rows,)."""
        return Lines(self.graphemes, self.letters.take(numbers))

    def spaced_out(self, numbers: npt.NDArray[np.int64]) -> Column:
        """Return words as their letters with spaces between, (rows,): "f i g"."""
        return Column(self._spaced_out, numbers)

    @cached_property
    def _spaced_out(self) -> Texts:
        graphemes = self.graphemes.slice(0, len(self.graphemes))
        letters = graphemes.take(pa.array(self.letters.values))
        rows = pa.ListArray.from_arrays(pa.array(self.letters.offsets, pa.int32()), letters)
        return Texts(pc.binary_join(rows, " "))

    def letters_where(self, name: str, test: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """Say of which letters something holds, asked once for each: (graphemes,).

        Args:
            name: of the test, under which its answers are kept.
            test: of a letter.
        """
        if name not in self._marked:
            letters = self.graphemes.slice(0, len(self.graphemes)).to_pylist()
            self._marked[name] = np.fromiter(map(test, letters), np.bool_, len(letters))
        return self._marked[name]

    @cached_property
    def uncased(self) -> npt.NDArray[np.int64]:
        """For each letter the number of the first that is the same but for its case, (graphemes,)."""
        first: dict[str, int] = {}
        letters = self.graphemes.slice(0, len(self.graphemes)).to_pylist()
        return np.array([first.setdefault(fold(letter), i) for i, letter in enumerate(letters)], np.int64)

    def count(self, numbers: npt.NDArray[np.int64], letters: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Count a letter in a word, in either case, for each row: (rows,)."""
        spelled = self.letters.take(numbers)
        same = self.uncased[spelled.values] == spelled.spread(self.uncased[letters])
        hits = np.concatenate(([0], np.cumsum(same)))
        return np.diff(hits[spelled.offsets])

    def distinct(self, lexicon: int) -> list[Ragged]:
        """Return the letters of a lexicon's words, each once, in parts; of variants in one case."""
        start, stop = self.starts[lexicon], self.starts[lexicon + 1]
        if lexicon < len(self.lexicons) - len(self.variants):
            return [rows.slice(start, stop) for rows in self.by_count]
        rows = self.letters.slice(start, stop)
        size = len(self.graphemes)
        keys = np.unique(rows.spread(np.arange(len(rows))) * size + self.uncased[rows.values])
        word, letter = np.divmod(keys, size)
        return [Ragged(offsets_of(np.bincount(word, minlength=len(rows))), letter)]

    def origin(self, numbers: npt.NDArray[np.int64]) -> Column:
        """Return the words that variants were made from, (rows,); "" for what was made from none."""
        return Column(self._origins[0], self._origins[1][numbers])

    @cached_property
    def _origins(self) -> tuple[Texts, Ints]:
        found = [np.array([-1], dtype=np.int64)]
        for variant in self.variants:
            found.append(np.where(variant.source < 0, -1, self.starts[variant.base] + variant.source))
        distinct, index = np.unique(np.concatenate(found), return_inverse=True)
        texts = ["", *self.texts.take(distinct[1:])]
        origin = np.zeros(len(self.texts), dtype=np.int32)  # the lexicons' own words have none
        if len(index) > 1:
            origin[-len(index) + 1 :] = index[1:]
        return Texts(texts), origin

    def holders(self, times: int, test: bool) -> Ragged:
        """For each lexicon and letter, the words of a split that have the letter so many times.

        Args:
            times: 1, 2 or 3 (three or more).
            test: of the test split, or else of the training split.

        Returns:
            Row `lexicon * len(graphemes) + letter` has the numbers of the words.
        """
        if (times, test) not in self._holders:
            rows = self.by_count[times - 1]
            word = rows.spread(np.arange(len(rows), dtype=np.int32))
            keep = self.test[word] == test
            word, letter = word[keep], rows.values[keep]
            key = self.source[word].astype(np.int64) * len(self.graphemes) + letter
            order = np.argsort(key, kind="stable")
            sizes = np.bincount(key, minlength=len(self.lexicons) * len(self.graphemes))
            self._holders[times, test] = Ragged(offsets_of(sizes), word[order])
        return self._holders[times, test]

    def draw(self, source: Ints, test: bool, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Draw any word of a lexicon and split for each row, half of them common ones.

        Args:
            source: (rows,) numbers of the lexicons.
            test: of the test split, or else of the training split.
            hashes: (rows,) random bits.
        """
        common = (hashes & np.uint64(1)).astype(np.bool_)
        row = (source * 2 + test) * 2
        pools = self._pools
        row = row + (common & (pools.lengths[row + 1] > 0))
        return pools.values[pools.starts[row] + below(hashes, pools.lengths[row])].astype(np.int64)

    @cached_property
    def _pools(self) -> Ragged:
        """Row (lexicon * 2 + test) * 2 has all words of a split, the next one its common words."""
        rows = []
        for lexicon in range(len(self.lexicons)):
            for test in (False, True):
                mine = (self.source == lexicon) & (self.test == test)
                rows += [np.flatnonzero(mine), np.flatnonzero(mine & self.common)]
        return Ragged(offsets_of([len(row) for row in rows]), np.concatenate(rows).astype(np.int32))


def _one_case(lexicon: Lexicon) -> Ints:
    first: dict[str, int] = {}
    for letter in lexicon.alphabet.tolist():
        first.setdefault(fold(lexicon.graphemes[letter]), letter)
    return np.array(list(first.values()), dtype=np.int32)


_made: dict[tuple[Any, ...], Words] = {}


def words_of(
    lexicons: Sequence[Lexicon],
    kinds: Sequence[str] = (),
    offensive: bool = False,
    others: Sequence[Lexicon] = (),
) -> Words:
    """Return the words of lexicons, which all tasks of a process share: the table of the last few sets.

    Args:
        lexicons: where the words come from.
        kinds: which variants of them come too, see generators.kinds.
        offensive: keep slurs among the variants.
        others: more words, which have no variants.
    """
    every = (*lexicons, *others)
    key = (*(lexicon.fingerprint for lexicon in every), *kinds, offensive)
    if key not in _made:
        while len(_made) >= _SETS:
            _made.pop(next(iter(_made)))
        _made[key] = Words.of(every, variants_of(lexicons, kinds, offensive) if kinds else ())
    return _made[key]
