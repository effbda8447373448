"""Columns of texts: one text a row, or any number of them.

A column is kept as numbers into a table of distinct texts, so that work on text is done once for each
distinct text and everything else is arithmetic on integers.

>>> word = Column.of(["pear", "fig", "pear"])
>>> word.map(str.upper).strings(), len(word.texts)
(['PEAR', 'FIG', 'PEAR'], 2)
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from types import FunctionType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.ragged import Ragged
from generators.texts import Growing, Index, Texts


@dataclass(frozen=True)
class Column:
    """One text a row.

    Attributes:
        texts: the table that index numbers.
        index: (rows,) integers.
    """

    texts: Texts
    index: Index

    @classmethod
    def of(cls, strings: "Sequence[str] | pa.StringArray") -> "Column":
        """Build from strings, one a row."""
        texts = strings if isinstance(strings, pa.Array) else pa.array(strings, pa.string())
        encoded = texts.dictionary_encode()
        return cls(Texts(encoded.dictionary), encoded.indices.to_numpy())

    def __len__(self) -> int:
        return len(self.index)

    def strings(self) -> list[str]:
        """Return the texts, one a row."""
        return self.texts.take(self.index)

    def map(self, function: Callable[[str], str]) -> "Column":
        """Apply a function once for each distinct text.

        >>> Column.of(["pear", "fig", "pear"]).map(str.upper).strings()
        ['PEAR', 'FIG', 'PEAR']
        """
        return each(function, self)


@dataclass(frozen=True)
class Lines:
    """Any number of texts a row: the letters of a word, the steps of a count.

    Attributes:
        texts: the table that the numbers are of.
        rows: the numbers, a row each.
    """

    texts: Texts
    rows: Ragged

    def where(self, mask: "npt.NDArray[np.bool_]") -> "Lines":
        """Return the texts of the rows where mask, (rows,) bool, holds; the others have none."""
        return Lines(self.texts, self.rows.where(self.rows.spread(mask)))


def affixed(before: str, column: Column, after: str = "") -> Column:
    """Return the column with something before and after every text."""
    return Column(column.texts.affixed(before, after), column.index)


def spaced(piece: "str | Column") -> "str | Column":
    """Put a space before: ` W` is one form of a word, `W` another, and their tokens differ.

    The space belongs to the piece that it precedes, since a cut before a space is always a cut
    between tokens, and a cut after one never is.
    """
    return " " + piece if isinstance(piece, str) else affixed(" ", piece)


@lru_cache(maxsize=64)
def _digits(before: str, stop: int) -> Texts:
    return Texts([f"{before}{i}" for i in range(stop)])


def number(values: Index, before: str = "") -> Column:
    """Write integers, (rows,), in digits, with something before each.

    >>> number(np.array([3, 11]), before=" ").strings()
    [' 3', ' 11']
    """
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if low >= 0 and high < 1024:
        # Small tables keep the tables that each() makes of their combinations small.
        return Column(_digits(before, max(16, 1 << high.bit_length())), values)
    distinct, index = np.unique(values, return_inverse=True)
    return Column(Texts([f"{before}{i}" for i in distinct.tolist()]), index)


def joined(lines: Lines, between: str, before: str = "", after: str = "") -> Lines:
    """Set something between the texts of each row, and around each text.

    What stands between belongs to the text that follows it, so that ", r" is one piece.

    >>> words = Lines(Texts(["fig", "pear"]), Ragged.of([[1, 0]]))
    >>> lines = joined(words, ", ", '"', '"')
    >>> lines.texts.take(lines.rows.values)
    ['"pear"', ', "fig"']
    """
    table, rows = lines.texts.joined(between, before, after), lines.rows
    return Lines(table, Ragged(rows.offsets, rows.values + len(lines.texts) * (rows.places() > 0)))


def each(function: Callable[..., str], *columns: Column) -> Column:
    """Call a function once for each distinct combination of texts.

    Args:
        function: of as many strings as there are columns. What it returns is remembered under its
            code, so it may not capture variables, which could change.
        columns: of equally many rows.

    Raises:
        ValueError: the function captures variables.

    >>> each(lambda a, b: a + b, Column.of(["x", "y"]), Column.of(["1", "2"])).strings()
    ['x1', 'y2']
    """
    if getattr(function, "__closure__", None):
        captured = ", ".join(function.__code__.co_freevars)
        raise ValueError(
            f"a function for each() or map() may not capture variables, since its results are remembered; "
            f"{function.__name__} captures {captured}: pass them as columns"
        )
    first, *others = columns
    # The code alone says what a function returns only where no default or object is bound to it.
    bound = not isinstance(function, FunctionType) or function.__defaults__ or function.__kwdefaults__
    # Not id(): a table that is gone must not lend its number to another. The key keeps them alive.
    key = (function if bound else function.__code__, *(column.texts for column in others))
    radices = _radices([column.texts for column in columns])
    grown = first.texts._derived.get(key)
    if grown is None:
        tables = [column.texts for column in columns]

        def make(keys: Index) -> list[str]:
            arguments = []
            for texts, radix in zip(reversed(tables), reversed(radices), strict=True):
                keys, index = np.divmod(keys, radix)
                arguments.append(texts.take(index))
            return [function(*values) for values in zip(*reversed(arguments), strict=True)]

        grown = first.texts._derived[key] = Growing(prod(radices), make)
    if not isinstance(grown, Growing):
        raise TypeError(f"{key} names a table that is not made by a function")
    keys = first.index.astype(np.int64)
    for column, radix in zip(others, radices[1:], strict=True):
        keys = keys * radix + column.index
    return Column(grown, grown.find(keys))


def concat(*texts: str) -> str:
    """Put texts together, for `each`.

    >>> each(concat, Column.of(["x", "y"]), Column.of(["1", "2"])).strings()
    ['x1', 'y2']
    """
    return "".join(texts)


def _radices(tables: Sequence[Texts]) -> list[int]:
    """Give each table its room in keys of 63 bits; tables that grow share what the others leave."""
    fixed = prod(len(texts) for texts in tables if not texts.grows)
    room = 1 << max(0, min(31, (63 - fixed.bit_length()) // max(1, sum(t.grows for t in tables))))
    radices = [room if texts.grows else len(texts) for texts in tables]
    if fixed >= 1 << 63 or any(len(t) > radix for t, radix in zip(tables, radices, strict=True)):
        sizes = " x ".join(f"{len(texts):,}" for texts in tables)
        raise ValueError(f"each() can't number the combinations of {sizes} texts; join some columns first")
    return radices


def as_json(text: str) -> str:
    """Write a text as a JSON string."""
    return json.dumps(text, ensure_ascii=False)


def quoted(texts: Texts) -> Texts:
    """Write a table as JSON strings. Words need no escapes, and tables of them are large: look first."""
    key = ("json", len(texts))
    if key not in texts._derived:
        whole = texts.slice(0, len(texts))
        plain = not pc.any(pc.match_substring_regex(whole, r'["\\\x00-\x1f]')).as_py()
        quoted = texts.affixed('"', '"') if plain else Texts([as_json(text) for text in whole.to_pylist()])
        texts._derived[key] = quoted
    return texts._derived[key]
