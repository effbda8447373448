"""Requests: what people add to a question to say how much working they want, as they type it.

A request stands behind the question and its ending. Where no mark ends these, a comma does, and the request
begins small; it is all small where the question is, and its full stop is left out as often as other marks.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import regex

from generators.columns import Column
from generators.pieces import Group, Mask, when
from generators.prompts import Language
from generators.ragged import offsets_of
from generators.rows import Ints
from generators.texts import Texts
from generators.working import WORKINGS, Working

_ENDED = regex.compile(r"[^\p{L}\p{M}\p{N}]\Z")


class Requests:
    """The requests of some languages, in every way of typing them.

    Args:
        languages: the languages asked in.
        full_stops: share of requests with their full stop.
    """

    def __init__(self, languages: Sequence[Language], full_stops: float) -> None:
        self._full_stops = full_stops
        groups = [lang.requests.get(kind, ()) for lang in languages for kind in WORKINGS]
        self._counts = np.array([len(group) for group in groups])  # (languages * kinds,)
        self._first = offsets_of(self._counts)
        self._languages = [lang.name for lang in languages]
        self.commas = [lang.comma.rstrip() for lang in languages]
        typed = []
        for number, group in enumerate(groups):
            lang = languages[number // len(WORKINGS)]
            typed += [text for wording in group for text in _typed(lang, wording)]
        self._texts = Texts(typed)

    def piece(self, working: Working, language: Ints, marked: Mask, lower: Mask) -> Group:
        """Set the requests of the rows that ask for their working.

        Args:
            working: of the rows.
            language: (rows,) numbers of the languages.
            marked: (rows,) a mark stands before the request, so that it begins as a sentence does.
            lower: (rows,) the question has no capitals.

        Raises:
            ValueError: a language has no request for a kind of working.
        """
        rows, asked = working.rows, working.asked
        group = language * len(WORKINGS) + working.kind.index
        counts = self._counts[group]
        if not counts[asked].all():
            lacking = int(group[asked & (counts == 0)][0])
            kind = list(WORKINGS)[lacking % len(WORKINGS)]
            raise ValueError(f"{self._languages[lacking // len(WORKINGS)]} has no request for {kind} working")
        wording = self._first[group] + rows.below("request", np.maximum(counts, 1))
        stopped = rows.chance("request stop", self._full_stops)
        way = ((wording * 2 + marked) * 2 + lower) * 2 + stopped
        return when(asked, Column(self._texts, np.where(asked, way, 0)))


def _typed(lang: Language, wording: str) -> list[str]:
    """Write a request in all ways: after a comma or a mark, then with capitals or without, then the stop."""
    space = lang.comma[len(lang.comma.rstrip()) :]
    plain = wording.removesuffix(lang.full_stop)
    begun = [plain[:1].lower() + plain[1:], plain] if lang.cased else [plain] * 2
    return [
        space + (text.lower() if lower and lang.cased else text) + stop
        for text in begun
        for lower in (False, True)
        for stop in ("", lang.full_stop)
    ]


def ends_marked(texts: Sequence[str]) -> npt.NDArray[np.int8]:
    """Say how texts end: 1 with a mark, 0 without, -1 where there is no text at all.

    >>> ends_marked(["so?", "thx", "", " :)"]).tolist()
    [1, 0, -1, 1]
    """
    return np.array([-1 if not text else bool(_ENDED.search(text)) for text in texts], dtype=np.int8)
