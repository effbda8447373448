"""The pools of words that a deck deals beside the lexicons' own, one for each kind."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.kinds import PARTS, RIGHT
from generators.rows import Ints
from generators.words import Words


class KindPools:
    """The kinds of words that a deck deals beside the lexicons' own, numbered from 1.

    Args:
        words: with the variants.
        shares: of the kinds; misspelt words bring their right ones with them, as a kind of their own.
    """

    def __init__(self, words: Words, shares: Mapping[str, float]) -> None:
        self.words = words
        self.names = [*shares, *([RIGHT] if "misspelt" in shares else [])]
        wanted = [shares[name if name != RIGHT else "misspelt"] for name in self.names]
        self.quotas = [round(share * PARTS) for share in wanted]
        self._first = len(words.lexicons) - len(words.variants)

    def __len__(self) -> int:
        return len(self.names)

    def right_words(self, lexicon: int) -> Ints:
        """Return the words of a lexicon that stand beside misspellings."""
        for variants in self.words.variants if RIGHT in self.names else ():
            if (variants.kind, variants.base) == ("misspelt", lexicon):
                return variants.source
        return np.empty(0, dtype=np.int64)

    def pools(self, lexicon: int, fits: "Callable[[int], npt.NDArray[np.bool_]]") -> dict[int, Any]:
        """Return the words of each kind of a lexicon that fit, as numbers of the table.

        Args:
            lexicon: the number of the lexicon that they are variants of.
            fits: says which words of a lexicon do.
        """
        found: dict[int, Any] = {}
        for number, variants in enumerate(self.words.variants, self._first):
            if variants.base != lexicon:
                continue
            which = fits(number)
            if variants.kind == "misspelt":
                # In pairs: both must fit, so that both pools have the same order.
                which &= fits(lexicon)[variants.source]
                right = self.words.starts[lexicon] + variants.source[which]
                found[1 + self.names.index(RIGHT)] = right.astype(np.int32)
            chosen = self.words.starts[number] + np.flatnonzero(which)
            found[1 + self.names.index(variants.kind)] = chosen.astype(np.int32)
        return found

    def twin(self, kinds: Ints) -> Ints:
        """Return kinds by number, right words as the misspelt ones: dealt alike, they stand together."""
        if RIGHT not in self.names:
            return kinds
        return np.where(kinds == len(self.names), 1 + self.names.index("misspelt"), kinds)
