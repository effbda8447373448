"""The table, on a terminal or in Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

HEAD = ("what", "at least", "stretch", "measured")


@dataclass(frozen=True)
class Line:
    """What was measured, what is promised, what is hoped for, and what came out."""

    what: str
    least: str
    stretch: str
    measured: str


def plain(lines: Sequence[Line], machine: Mapping[str, str], notes: Sequence[str]) -> str:
    """Set the table in columns."""
    cells = [HEAD, *map(astuple, lines)]
    widths = [max(len(row[i]) for row in cells) for i in range(3)]
    rows = [
        " | ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in cells
    ]
    rule = "-+-".join(["-" * width for width in widths] + ["-" * len(HEAD[3])])
    about = [f"{name}: {value}" for name, value in machine.items()]
    return "\n".join([rows[0], rule, *rows[1:], "", *about, "", *notes])


def markdown(lines: Sequence[Line], machine: Mapping[str, str], notes: Sequence[str]) -> str:
    """Set the table as Markdown, for the README."""
    cells = [HEAD, ("---",) * 4, *map(astuple, lines)]
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
    about = [f"- {name}: {value}" for name, value in machine.items()]
    return "\n".join([*rows, "", *about, "", *(f"- {note}" for note in notes)])
