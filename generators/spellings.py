"""Which words are spelled out in conversations, and whether they are shown after a space too.

A spelling is a word that a conversation spells letter by letter. It shows the word bare, where its letters
are listed, and perhaps after a space as well: in the question, or as a later word of a phrase. Here it is
read from the codes of conversations; generators/spelledlines.py reads it from text.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from generators.book import Conversations
from generators.pieces import NUMBER, SLOT, SLOT_SHIFT, SLOTS
from generators.ragged import Ragged, offsets_of

_SPELLED = SLOTS.index("word to spell")
_WORD = np.array(["word" in name for name in SLOTS])  # (slots,) which hold words
_AFTER_SPACE = regex.compile(r"(?<= )[^ ]+")
# Where a word may end: of "don't." a word is what stands before any of its marks.
_END = regex.compile(r"(?<=.)(?![\p{L}\p{M}\p{N}])")


@dataclass(frozen=True)
class Spellings:
    """Distinct words, and how often each is spelled out.

    Attributes:
        words: (n,) string.
        total: (n,) how many conversations spell the word.
        spaced: (n,) how many of them show it after a space too.
    """

    words: pa.StringArray
    total: npt.NDArray[np.int64]
    spaced: npt.NDArray[np.int64]

    @classmethod
    def merged(cls, parts: "Iterable[Spellings]") -> "Spellings":
        """Add up the counts of each word."""
        schema = pa.schema([("word", pa.string()), ("total", pa.int64()), ("spaced", pa.int64())])
        tables = [
            pa.Table.from_arrays([p.words, pa.array(p.total), pa.array(p.spaced)], schema=schema)
            for p in parts
        ]
        whole = pa.concat_tables([schema.empty_table(), *tables])
        # In one thread words keep the order in which they were first met: the same at every call.
        sums = whole.group_by("word", use_threads=False).aggregate([("total", "sum"), ("spaced", "sum")])
        return cls(sums["word"].combine_chunks(), sums["total_sum"].to_numpy(), sums["spaced_sum"].to_numpy())


def spellings(conversations: Conversations) -> Spellings:
    """Find what a batch spells out, from the slots of its codes."""
    rows = conversations.text
    slots = (rows.values & SLOT) >> SLOT_SHIFT
    held = np.flatnonzero(_WORD[slots])
    row = rows.spread(np.arange(len(rows)))[held]
    numbers, which = np.unique(rows.values[held] & NUMBER, return_inverse=True)
    texts = conversations.book.take(numbers)
    strings, shown, after_space = _words(texts)
    encoded = strings.dictionary_encode()
    words, word = encoded.dictionary, encoded.indices.to_numpy()
    shown = shown.take(which)
    keys = shown.spread(row) * len(words) + word[shown.values]
    return counted(words, keys, shown.spread(slots[held] == _SPELLED), after_space[shown.values])


def _words(texts: pa.StringArray) -> tuple[pa.StringArray, Ragged, npt.NDArray[np.bool_]]:
    """Return strings, which of them each text shows, and which of these stand after a space.

    A text shows itself, without the space that it begins with; of several words, each that follows a space.
    """
    bare, led = pc.utf8_ltrim(texts, " "), pc.starts_with(texts, " ").to_numpy(zero_copy_only=False)
    # One by one: such are phrases in several cases and sentences, each once in a batch.
    several = np.flatnonzero(pc.match_substring(bare, " ").to_numpy(zero_copy_only=False))
    inside = [_inside(text) for text in texts.take(pa.array(several)).to_pylist()]
    strings = pa.concat_arrays([bare, pa.array([word for words in inside for word in words], pa.string())])
    of = np.concatenate((np.arange(len(texts)), np.repeat(several, [len(words) for words in inside])))
    shown = Ragged(offsets_of(np.bincount(of, minlength=len(texts))), np.argsort(of, kind="stable"))
    return strings, shown, np.append(led, np.ones(len(strings) - len(texts), dtype=np.bool_))


def _inside(text: str) -> list[str]:
    return [run[: end.start()] for run in _AFTER_SPACE.findall(text) for end in _END.finditer(run)]


def counted(
    words: pa.StringArray,
    keys: npt.NDArray[np.int64],
    spelled: npt.NDArray[np.bool_],
    spaced: npt.NDArray[np.bool_],
) -> Spellings:
    """Count the words that are spelled, and of these the ones that stand after a space somewhere.

    Args:
        words: distinct.
        keys: (mentions,) conversation * len(words) + word.
        spelled, spaced: (mentions,) the mention is a spelling; it stands after a space.
    """
    n = len(words)
    found = np.unique(keys[spelled])
    shown = np.intersect1d(found, np.unique(keys[spaced]), assume_unique=True)
    total = np.bincount(found % n, minlength=n) if n else np.zeros(0, dtype=np.int64)
    both = np.bincount(shown % n, minlength=n) if n else np.zeros(0, dtype=np.int64)
    kept = np.flatnonzero(total)
    return Spellings(words.take(pa.array(kept)), total[kept], both[kept])
