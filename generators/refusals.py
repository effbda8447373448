"""Why rows of a source are refused, counted, with the first lines where it is so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

# Of several reasons that hold for a row the first is given; 0 is none.
REASONS = {
    "": "",
    "json": "it is no row of JSON",
    "csv": "it has more or fewer fields than the header",
    "columns": "a column is missing or empty",
    "messages": "its messages are no list of role and content, a text or parts of type and text",
    "encoding": "it is not UTF-8",
    "part": "a part's type is none of text, python and python_output, or a user's is not text",
    "role": "a role is none of system, user and assistant",
    "order": "its roles are not user and assistant in turn, a system first if any, the assistant last",
    "tool": "a tool call has no output, or an output no call",
    "empty": "a message is empty",
    "control": "its text holds a control token",
    "long": "it is longer than the longest that is asked for",
}
NAMES = tuple(REASONS)
SHOWN = 5  # lines of each reason


@dataclass
class Refusals:
    """Refused rows.

    Attributes:
        rows: how many, by reason.
        first: the first of each, as file:line.
    """

    rows: dict[str, int] = field(default_factory=dict)
    first: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reasons: npt.NDArray[np.int8], file: str, lines: npt.NDArray[np.int64]) -> None:
        """Count rows: places in NAMES, (rows,), 0 where a row is taken; and their lines in a file."""
        for number in np.unique(reasons[reasons > 0]).tolist():
            found = lines[reasons == number]
            name = NAMES[number]
            self.rows[name] = self.rows.get(name, 0) + len(found)
            shown = self.first.setdefault(name, [])
            shown += [f"{file}:{line}" for line in found[: SHOWN - len(shown)].tolist()]

    def as_json(self) -> dict[str, Any]:
        """Return plain data: by reason, what it means, how many rows, and the first lines."""
        return {
            name: {"rows": self.rows[name], "why": REASONS[name], "first": self.first[name]}
            for name in NAMES
            if name in self.rows
        }


def told(refused: Mapping[str, Any]) -> str:
    """Say in a sentence why rows were refused, the commonest first.

    >>> told({"empty": {"rows": 2, "why": "a message is empty", "first": ["a.csv:3", "a.csv:9"]}})
    '2: a message is empty (a.csv:3)'
    """
    ordered = sorted(refused.values(), key=lambda found: -found["rows"])
    return "; ".join(f"{found['rows']:,}: {found['why']} ({found['first'][0]})" for found in ordered[:3])
