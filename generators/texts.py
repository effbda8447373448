"""Tables of distinct texts, numbered, so that work on text is done once for each and never for each row."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow

Index = npt.NDArray[Any]


class Texts:
    """A table of texts, numbered from 0; subclasses may grow, but never change a text they have."""

    grows = False

    def __init__(self, texts: "pa.StringArray | Sequence[str]") -> None:
        self._array = texts if isinstance(texts, pa.Array) else pa.array(list(texts), pa.string())
        self._derived: dict[Any, Texts] = {}

    def __len__(self) -> int:
        return len(self._array)

    def slice(self, start: int, stop: int) -> pa.StringArray:
        """Return the texts numbered start to stop - 1."""
        return self._array.slice(start, stop - start)

    def take(self, index: Index) -> list[str]:
        """Return the texts of these numbers."""
        return self._array.take(as_arrow(index)).to_pylist()

    def affixed(self, before: str, after: str = "") -> "Texts":
        """Return the table with something before and after every text, made once."""
        if not before and not after:
            return self
        key = ("affixed", before, after)
        if key not in self._derived:
            self._derived[key] = _Affixed(self, before, after)
        return self._derived[key]

    def joined(self, between: str, before: str = "", after: str = "") -> "Texts":
        """Return the texts as they stand first in a list, then again as they stand later in it."""
        key = ("joined", between, before, after, len(self))  # a table that grows needs another one then
        if key not in self._derived:
            both = (self.affixed(before, after), self.affixed(between + before, after))
            self._derived[key] = _Joined(*both, len(self))
        return self._derived[key]


class _Affixed(Texts):
    def __init__(self, source: Texts, before: str, after: str) -> None:
        self._source, self._before, self._after = source, before, after
        self.grows = source.grows
        self._derived = {}

    def __len__(self) -> int:
        return len(self._source)

    def slice(self, start: int, stop: int) -> pa.StringArray:
        # With "" for a separator this is concatenation, in one pass of Arrow.
        return pc.binary_join_element_wise(self._before, self._source.slice(start, stop), self._after, "")

    def take(self, index: Index) -> list[str]:
        return [self._before + text + self._after for text in self._source.take(index)]


class _Joined(Texts):
    """The first `size` texts of two tables; of a lexicon they are megabytes, so a book alone keeps them."""

    def __init__(self, first: Texts, later: Texts, size: int) -> None:
        self._first, self._later, self._half = first, later, size
        self._derived = {}

    def __len__(self) -> int:
        return 2 * self._half

    def slice(self, start: int, stop: int) -> pa.StringArray:
        edges = np.array([start, stop])
        first, later = np.minimum(edges, self._half), np.maximum(edges - self._half, 0)
        return pa.concat_arrays([self._first.slice(*first.tolist()), self._later.slice(*later.tolist())])

    def take(self, index: Index) -> list[str]:
        found = np.empty(len(index), dtype=object)
        is_first = index < self._half
        found[is_first] = self._first.take(index[is_first])
        found[~is_first] = self._later.take(index[~is_first] - self._half)
        return found.tolist()


class Growing(Texts):
    """Texts made when they are first needed: `make` is called once for each key, a number."""

    grows = True

    def __init__(self, size: int, make: Callable[[Index], Sequence[str]]) -> None:
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._make = make
        # The number of a key's text plus 1. A dense table is the fastest look-up, and what is not touched
        # of zeros takes no memory; where even that is too large, a dictionary serves, once for each
        # distinct key of a batch.
        self._table = np.zeros(size, dtype=np.int32) if size <= 1 << 26 else None
        self._known: dict[int, int] = {}
        self._derived = {}

    def __len__(self) -> int:
        return len(self._texts)

    def slice(self, start: int, stop: int) -> pa.StringArray:
        """Return the texts numbered start to stop - 1."""
        return pa.array(self._texts[start:stop], pa.string())

    def take(self, index: Index) -> list[str]:
        """Return the texts of these numbers."""
        return [self._texts[i] for i in index.tolist()]

    def find(self, keys: Index) -> Index:
        """Return the numbers of the texts of these keys, making those that are new."""
        if self._table is not None:
            found = self._table[keys]
            if not found.all():
                new = np.unique(keys[found == 0])
                self._table[new] = np.array(self._add(self._make(new))) + 1
                found = self._table[keys]
            return found - 1
        distinct, back = np.unique(keys, return_inverse=True)
        new = np.array([key for key in distinct.tolist() if key not in self._known], dtype=np.int64)
        if len(new):
            self._known.update(zip(new.tolist(), self._add(self._make(new)), strict=True))
        return np.array([self._known[key] for key in distinct.tolist()], dtype=np.int32)[back]

    def _add(self, texts: Sequence[str]) -> list[int]:
        for text in texts:
            if text not in self._numbers:
                self._numbers[text] = len(self._texts)
                self._texts.append(text)
        return [self._numbers[text] for text in texts]
