"""The words of one or more lexicons as one table, numbered through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.columns import Column, Lines
from generators.lexicon import Lexicon
from generators.ragged import Ragged, offsets_of
from generators.rows import below
from generators.texts import Texts

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
    _holders: dict[tuple[int, bool], Ragged] = field(default_factory=dict, repr=False)
    _marked: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict, repr=False)
    _shared: dict[tuple[int, int], npt.NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, lexicons: Sequence[Lexicon]) -> "Words":
        """Put lexicons together."""
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
            alphabets=tuple(m[lexicon.alphabet] for lexicon, m in zip(lexicons, maps, strict=True)),
            test=np.concatenate([lexicon.test for lexicon in lexicons]),
            common=np.concatenate([lexicon.common for lexicon in lexicons]),
        )
        for lexicon in lexicons:
            lexicon.release()
        return words

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

    def count(self, numbers: npt.NDArray[np.int64], letters: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Count a letter in a word, for each row: (rows,)."""
        spelled = self.letters.take(numbers)
        hits = np.concatenate(([0], np.cumsum(spelled.values == spelled.spread(letters))))
        return np.diff(hits[spelled.offsets])

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


_made: dict[tuple[str, ...], Words] = {}


def words_of(lexicons: Sequence[Lexicon]) -> Words:
    """Return the words of lexicons, which all tasks of a process share: the table of the last few sets."""
    key = tuple(lexicon.fingerprint for lexicon in lexicons)
    if key not in _made:
        while len(_made) >= _SETS:
            _made.pop(next(iter(_made)))
        _made[key] = Words.of(lexicons)
    return _made[key]
