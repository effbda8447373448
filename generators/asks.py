"""What a question asks for, in shares of every 100 rows.

>>> asks_of("letter:0.8,digit:0.2"), asks_of("vowels")
({'letter': 0.8, 'digit': 0.2}, {'vowels': 1.0})
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.deal import Deck, largest_remainder, quotas
from generators.names import find
from generators.ragged import spread
from generators.rows import Ints, Rows, mix, permute

ASKS = {
    "letter": "how often a letter is in two to six words",
    "letters": "two or three letters at once, in one word",
    "digit": "a digit in a number",
    "vowels": "the vowels of one to three words",
    "anycase": "a letter in words with capitals, of either case",
    "case": "a letter in words with capitals, of one case alone",
    "sentence": "a letter in a sentence",
}
USUAL = dict.fromkeys(ASKS, 0.1) | {"letter": 0.5, "anycase": 0.05, "case": 0.05}


def asks_of(wanted: "str | Mapping[str, float]") -> dict[str, float]:
    """Read shares of what is asked.

    Args:
        wanted: one of ASKS, some with shares such as "letter:0.8,digit:0.2", "usual", or a mapping.

    Raises:
        ValueError: one is not known or stands twice, or a share is not above 0.
    """
    if isinstance(wanted, str):
        if wanted == "usual":
            return dict(USUAL)
        parts = [part.partition(":") for part in wanted.split(",")]
        names = [find(name.strip(), (*ASKS, "usual"), "kind of question") for name, _, _ in parts]
        if len(set(names)) < len(names):
            raise ValueError(f"a kind of question stands twice in {wanted!r}")
        try:
            shares = [float(share if colon else 1) for _, colon, share in parts]
        except ValueError:
            raise ValueError(
                f"{wanted!r} holds no shares of questions such as letter:0.8,digit:0.2"
            ) from None
        wanted = dict(zip(names, shares, strict=True))
    for name, share in wanted.items():
        find(name, ASKS, "kind of question")
        if not 0 < share < float("inf"):
            raise ValueError(f"the share of the question {name!r} is {share}, and must be above 0")
    return {name: float(wanted[name]) for name in ASKS if name in wanted}


class Asks:
    """Deals what each row asks, in shares of every block of 100 rows and of every language.

    Args:
        shares: of what is asked, by name.
        deck: deals the rows their languages.
        possible: for each of the deck's languages, what can be asked in it.

    Raises:
        ValueError: a language has nothing that can be asked, or a share comes to no row of a block.
    """

    def __init__(
        self, shares: Mapping[str, float], deck: Deck, possible: Mapping[str, Sequence[str]]
    ) -> None:
        self._deck = deck
        names = list(ASKS)
        rows = np.bincount(deck.language_of_place, minlength=len(possible))
        largest_remainder(list(shares.values()))  # says which share is too small
        can = np.zeros((len(possible), len(names)))
        for number, (code, asked) in enumerate(possible.items()):
            can[number, [names.index(name) for name in shares if name in asked]] = 1
            if rows[number] and not can[number].any():
                raise ValueError(
                    f"there are no questions about {' or '.join(shares)} in {code!r}; "
                    f"allowed there: {', '.join(asked)}"
                )
        kept, columns = np.flatnonzero(rows), np.array([names.index(name) for name in shares])
        quota = np.zeros((len(possible), len(names)), dtype=np.int64)
        quota[np.ix_(kept, columns)] = quotas(
            rows[kept].tolist(), list(shares.values()), can[np.ix_(kept, columns)]
        )
        self.quota = quota
        self._edges = np.cumsum(quota, axis=1)

    @cached_property
    def _rank(self) -> Ints:
        """The rank of each place of a block among those of its language, (100,)."""
        language = self._deck.language_of_place
        order = np.argsort(language, kind="stable")
        sizes = np.bincount(language)
        rank = np.empty(len(language), dtype=np.int64)
        rank[order] = spread(np.zeros(len(sizes), dtype=np.int64), sizes)
        return rank

    def deal(self, rows: Rows, language: npt.NDArray[Any]) -> Ints:
        """Return the number in ASKS of what each row asks: (rows,)."""
        block, place = self._deck.places(rows)
        key = mix(mix(rows.key("asks"), language), block)
        at = permute(self._rank[place], self._edges[language, -1], key)
        found: Ints = (at[:, None] >= self._edges[language]).sum(axis=1)
        return found
