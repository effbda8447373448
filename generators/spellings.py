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

from generators.book import Conversations
from generators.pieces import NUMBER, SLOT, SLOT_SHIFT, SLOTS

_SPELLED = SLOTS.index("word to spell")
_WORD = np.array(["word" in name for name in SLOTS])  # (slots,) which hold words


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
    after_space = pc.starts_with(texts, " ").to_numpy(zero_copy_only=False)[which]
    encoded = pc.utf8_ltrim(texts, " ").dictionary_encode()
    words, word = encoded.dictionary, encoded.indices.to_numpy()[which]
    return counted(words, row * len(words) + word, slots[held] == _SPELLED, after_space)


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
