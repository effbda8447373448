"""Covers: rows that spell what a vocabulary's tokens hide, so many times for every alphabetic token.

A cover is a list of entries for each strand (see generators.deal): a text, and whether the question sets it
after a space. The first rows of a strand are dealt its entries, and all others are dealt as they would be
without it. generators/coverplan.py makes one; generators/covers.py keeps it in the cache folder.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.lexicon import Lexicon
from generators.ragged import Ragged, offsets_of
from generators.wordcolumns import spelled

Ints = npt.NDArray[np.int64]

STANDS = ("any", "bare", "spaced")  # how a question sets the word: as it likes, bare, or after a space
COVERS = ("", "word", "token")  # what a row spells for a cover: nothing, a word in some case, a token itself
_WORDS = 1 << 32  # more than a table of words can number
NAME = "cover"  # of the lexicon of other cases and tokens


@dataclass(frozen=True)
class Room:
    """The rows of a strand, for a cover's entries.

    Attributes:
        language: the number of the language asked in.
        lexicon: the number of the lexicon whose words it may ask about.
        without: the number of a lexicon whose words it may not ask about; -1 for none.
        rows: how many rows of a block of 100 it has.
        spaced: whether its questions can set the word after a space.
    """

    language: int
    lexicon: int
    without: int
    rows: int
    spaced: bool


@dataclass(frozen=True, eq=False)
class Cover:
    """What rows are dealt first.

    Attributes:
        described: plain data for the manifest: the tokenizer, its fingerprint, and how often.
        lexicon: texts that no lexicon has: other cases of words, and tokens.
        starts: (strands + 1,) the first entry of each strand.
        word: (entries,) the number of the text, in the words of the lexicons and this one, which is the last.
        stands: (entries,) the number in STANDS of how the question sets it.
        covers: (entries,) the number in COVERS.
        turn: (entries,) how often the text was set so before, in its language.
        language: (entries,) the number of the language asked in.
        shown: (entries) rows of the alphabetic tokens that each shows, as places among them.
        about: how many alphabetic tokens there are, and how many are not covered for which reason.
    """

    described: Mapping[str, Any]
    lexicon: Lexicon = field(repr=False)
    starts: Ints
    word: Ints = field(repr=False)
    stands: Ints = field(repr=False)
    covers: Ints = field(repr=False)
    turn: Ints = field(repr=False)
    language: Ints = field(repr=False)
    shown: Ragged = field(repr=False)
    about: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        plan: pa.RecordBatch,
        lexicons: Sequence[Lexicon],
        rooms: Sequence[Room],
        described: Mapping[str, Any],
    ) -> "Cover":
        """Number the texts of a plan.

        Args:
            plan: as `coverplan.make_plan` makes it.
            lexicons: that it was made for.
            rooms: one for each strand.
            described: for the manifest.
        """
        starts = offsets_of(np.bincount(plan["strand"].to_numpy(), minlength=len(rooms)))
        firsts = offsets_of([len(lexicon) for lexicon in lexicons])
        parts = []
        for strand, room in enumerate(rooms):
            texts = plan["text"].slice(starts[strand], starts[strand + 1] - starts[strand])
            parts.append(pc.add(pc.index_in(texts, lexicons[room.lexicon].words), int(firsts[room.lexicon])))
        known = pa.concat_arrays([part.cast(pa.int64()) for part in parts])
        others = pc.unique(plan["text"].filter(pc.is_null(known)))
        lexicon = _lexicon(others)
        added = pc.add(pc.index_in(plan["text"], others).cast(pa.int64()), int(firsts[-1]))
        shown = plan["shown"]
        spaced, token = (plan[name].to_numpy().astype(np.int64) for name in ("spaced", "token"))
        return cls(
            described=described,
            lexicon=lexicon,
            starts=starts,
            word=pc.coalesce(known, added).to_numpy(),
            stands=spaced + STANDS.index("bare"),
            covers=token + COVERS.index("word"),
            turn=plan["turn"].to_numpy().astype(np.int64),
            language=np.repeat([room.language for room in rooms], np.diff(starts)),
            shown=Ragged(shown.offsets.to_numpy().astype(np.int64), shown.values.to_numpy()),
            about=json.loads(plan.schema.metadata[b"about"]),
        )

    def __len__(self) -> int:
        return len(self.word)

    @cached_property
    def sizes(self) -> Ints:
        """How many entries each strand has, (strands,)."""
        return np.diff(self.starts)

    def earlier(self, language: Ints, word: Ints) -> Ints:
        """Count the entries of words in a language, by how the question sets them: (rows, len(STANDS))."""
        keys, counts = self._counts
        if not len(keys):
            return np.zeros((len(word), len(STANDS)), dtype=np.int64)
        wanted = language * _WORDS + word
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where((keys[place] == wanted)[:, None], counts[place], 0)

    @cached_property
    def _counts(self) -> tuple[Ints, Ints]:
        keys, which = np.unique(self.language * _WORDS + self.word, return_inverse=True)
        counts = np.bincount(which * len(STANDS) + self.stands, minlength=len(keys) * len(STANDS))
        return keys, counts.reshape(-1, len(STANDS))

    def report(self, dealt: Ints, rows: int) -> dict[str, Any]:
        """Say what some rows cover: plain data for the manifest.

        Args:
            dealt: (n,) the numbers of the entries that they were dealt.
            rows: how many rows it takes to be dealt all entries.
        """
        tokens, times = self.about["tokens"], self.described["times"]
        wanted = np.bincount(self.shown.values, minlength=tokens) > 0
        found = np.bincount(self.shown.take(dealt).values, minlength=tokens)
        return {
            **self.described,
            "tokens": tokens,
            "covered": int((wanted & (found >= times)).sum()),
            "too_few": int((wanted & (found > 0) & (found < times)).sum()),
            "none": int((wanted & (found == 0)).sum()),
            "uncoverable": dict(self.about["uncovered"]),
            "rows": len(dealt),
            "rows_for_all": len(self) and rows,
        }


def _lexicon(texts: pa.StringArray) -> Lexicon:
    graphemes, letters, counted = spelled(texts.to_pylist())
    n = len(texts)
    return Lexicon(
        language=NAME,
        words=texts,
        zipf=np.zeros(n, dtype=np.float32),
        test=np.zeros(n, dtype=np.bool_),
        common=np.zeros(n, dtype=np.bool_),
        graphemes=graphemes,
        alphabet=np.zeros(0, dtype=np.int32),
        letters=letters,
        once=counted["once"],
        twice=counted["twice"],
        more=counted["more"],
        fingerprint=sha256(json.dumps(texts.to_pylist()).encode()).hexdigest(),
        report={},
    )
