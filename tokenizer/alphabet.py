"""The alphabetic tokens of a vocabulary: those that hide letters, which a model has to learn one by one.

A token is alphabetic if its bytes are UTF-8 of letters and the marks that follow them, with perhaps one
space before: ` straw`, `berry`, `AR`. Bare and after a space are different tokens, and so are cases.

>>> from tokenizer.encoding import open_encoding
>>> encoding = open_encoding(None)  # the vocabulary that comes with Hornbook
>>> alphabet = Alphabet.of(encoding)
>>> shown = alphabet.shown([" strawberry", "banana, bananas"])
>>> [alphabet.forms[place] for place in shown.places[: shown.offsets[1]]]
[' st', 'ber', 'ry', 'raw']
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt
import regex

from tokenizer.encoding import Encoding

Ints = npt.NDArray[np.int64]

_ALPHABETIC = regex.compile(r" ?(?:\p{L}\p{M}*)+")
CASES = ("lower", "Title", "UPPER", "other")
"""Of a token's letters; one capital alone is Title, and other are mixed cases and scripts without cases."""


@dataclass(frozen=True)
class Shown:
    """The alphabetic tokens of some texts.

    Attributes:
        offsets: (texts + 1,) where each text's tokens start.
        places: (offsets[-1],) places in the alphabet, rising and each once in a text.
    """

    offsets: Ints
    places: Ints


@dataclass(frozen=True)
class Alphabet:
    """The alphabetic tokens of a vocabulary, by rising id, which in BPE is their rank by frequency.

    Attributes:
        encoding: whose they are.
        ids: (tokens,) int64.
        forms: (tokens,) their texts, with the space if they have one.
    """

    encoding: Encoding
    ids: Ints
    forms: tuple[str, ...]

    @classmethod
    def of(cls, encoding: Encoding) -> "Alphabet":
        """Find the alphabetic tokens of a vocabulary."""
        found = {}
        for id, data in encoding.vocabulary():
            try:
                text = data.decode()
            except UnicodeDecodeError:
                continue
            if _ALPHABETIC.fullmatch(text):
                found[id] = text
        return cls(encoding, np.fromiter(found, np.int64, len(found)), tuple(found.values()))

    def __len__(self) -> int:
        return len(self.forms)

    @cached_property
    def spaced(self) -> npt.NDArray[np.bool_]:
        """Which tokens begin with a space, (tokens,)."""
        return np.fromiter((form[0] == " " for form in self.forms), np.bool_, len(self))

    @cached_property
    def cases(self) -> Ints:
        """The number in CASES of each token, (tokens,).

        >>> from tokenizer.encoding import open_encoding
        >>> sorted({CASES[case] for case in Alphabet.of(open_encoding(None)).cases})
        ['Title', 'UPPER', 'lower', 'other']
        """
        return np.fromiter(map(case_of, self.forms), np.int64, len(self))

    @cached_property
    def _place(self) -> Ints:
        """The place of each id of the vocabulary; -1 for one that is not alphabetic."""
        place = np.full(self.encoding.n_vocab, -1, dtype=np.int64)
        place[self.ids] = np.arange(len(self))
        return place

    def shown(self, texts: Sequence[str]) -> Shown:
        """Encode texts, each by itself, and find the alphabetic tokens of each."""
        encoded = self.encoding.encode_batch(texts)
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        places = self._place[np.fromiter(chain.from_iterable(encoded), np.int64, int(lengths.sum()))]
        text = np.repeat(np.arange(len(encoded)), lengths)
        each = max(1, len(self))
        keys = np.unique((text * each + places)[places >= 0])
        text, places = np.divmod(keys, each)
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum(np.bincount(text, minlength=len(encoded)), out=offsets[1:])
        return Shown(offsets, places)


def case_of(text: str) -> int:
    """Return the number in CASES of a text's letters.

    >>> [CASES[case_of(text)] for text in ("fig", " Fig", "FIG", "F", "iPhone", "中")]
    ['lower', 'Title', 'UPPER', 'Title', 'other', 'other']
    """
    letters = text.strip()
    if letters.upper() == letters.lower():
        return 3
    if letters == letters.lower():
        return 0
    if letters == letters.capitalize():
        return 1
    return 2 if letters == letters.upper() else 3
