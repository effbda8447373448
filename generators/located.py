"""TOML with places: on which line of its file a key stands, for errors that say where.

tomllib tells the place of a wrong sign, and of nothing else. But a TOML file that is cut off behind a line is
TOML again just where a statement ends, for whatever goes on over several lines is not closed there. So the
line of a key is found by reading more and more of the file until the key is in it: with the same parser, and
with no grammar of our own. It takes as long as the square of the file's lines, once, for an error.

>>> text = '''seed = 1
... [[task]]
... name = "spellingbee"
... rows = 10
... '''
>>> line_of(text, ("task", 0, "rows")), line_of(text, ("task", 0)), line_of(text, ("tasks",))
(4, 2, None)
"""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]  # keys of tables and places in arrays, from the top
_AT = re.compile(r" \(at line (\d+), column (\d+)\)$| \(at end of document\)$")


class RecipeError(ValueError):
    """A recipe is wrong; the message says on which line of which file, and what is allowed."""


@dataclass(frozen=True)
class Place:
    """Where something is said.

    Attributes:
        file: as the person named it.
        text: all of it.
        path: of the key, or of the table.
    """

    file: str
    text: str
    path: Path = ()

    def __str__(self) -> str:
        line = line_of(self.text, self.path) if self.path else None
        return f"{self.file}:{line}" if line else self.file

    def __truediv__(self, key: str | int) -> "Place":
        return Place(self.file, self.text, (*self.path, key))


@dataclass(frozen=True)
class Said:
    """A value, and where it was said; no place: on the command line."""

    value: Any
    place: Place | None = None

    def wrong(self, problem: object) -> RecipeError:
        """Return an error that says where."""
        return wrong(self.place, problem)


def wrong(place: Place | None, problem: object) -> RecipeError:
    """Return an error that says where it is, if that is in a file."""
    return RecipeError(f"{place}: {problem}" if place else str(problem))


def read_toml(text: str, file: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        RecipeError: it is none; says on which line.

    >>> read_toml("rows = 10\\nseed = one", "mine.toml")
    Traceback (most recent call last):
    generators.located.RecipeError: mine.toml:2: Invalid value, in column 8
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = _AT.search(said)
        if at is None or at[1] is None:
            line, column = len(text.splitlines()) or 1, "at the end of the file"
        else:
            line, column = int(at[1]), f"in column {at[2]}"
        raise RecipeError(f"{file}:{line}: {_AT.sub('', said)}, {column}") from None


def line_of(text: str, path: Path) -> int | None:
    """Return the line, from 1, on which the statement begins that first says something; None: none does.

    Args:
        text: a whole TOML file.
        path: of a key or a table, such as ("task", 0, "rows").
    """
    start, lines = 1, text.split("\n")
    for stop in range(1, len(lines) + 1):
        try:
            found = tomllib.loads("\n".join(lines[:stop]) + "\n")
        except tomllib.TOMLDecodeError:
            continue  # a statement goes on
        if _has(found, path):
            return start
        start = stop + 1
    return None


def _has(found: Any, path: Path) -> bool:
    for key in path:
        try:
            found = found[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True
