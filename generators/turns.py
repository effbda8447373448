"""Conversations as they were found in a file, and why one is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from generators.rolemarkers import Markers
from generators.rowcheck import CONTROL

# Of several reasons the first that is found is given.
REASONS = {
    "json": "it is no JSON",
    "encoding": "it is not UTF-8",
    "long": "it is longer than {longest:,} characters",
    "stray": "text stands before the first role marker",
    "rule": "a line of dashes is followed by text, not by a role marker",
    "fence": "a role marker stands inside fenced code, or the fence is not closed",
    "messages": "its messages are no list of roles and texts",
    "persona": "it has no personality, or no utterances with history and candidates",
    "role": "a role is none of system, user and assistant",
    "order": "its roles are not user and assistant in turn, a system first if any",
    "short": "no question of a user's with an answer is in it",
    "empty": "a turn is empty",
    "control": "a turn holds a control token",
    "marker": "a turn holds a role marker",
}
LONGEST = 1 << 20  # characters of a conversation
SHOWN = 10  # refusals that are kept, of each reason


class Turn(NamedTuple):
    """What somebody says: a role of ours or a foreign one, the text, the line where it begins."""

    role: str
    content: str
    line: int


@dataclass
class Found:
    """A conversation in a file.

    Attributes:
        line: where it begins, from 1.
        turns: in their order.
        reason: why it can't be read, one of REASONS; "" where it can.
        fault: the line where that is so, and what was found there.
    """

    line: int
    turns: list[Turn] = field(default_factory=list)
    reason: str = ""
    fault: tuple[int, str] = (0, "")

    def note(self, reason: str, line: int, what: str = "") -> None:
        """Say why it is refused, unless that is known already."""
        if not self.reason:
            self.reason, self.fault = reason, (line, what)


class Refused(Exception):
    """A conversation is refused: a reason, the line, and what was found."""


class Taken(NamedTuple):
    """A conversation that is taken: its turns, and whether it was cut at its start and its end."""

    turns: Sequence[Turn]
    start: bool
    end: bool


def taken(found: Found, markers: Markers) -> Taken:
    """Check a conversation; cut an assistant's turn off its start and a user's off its end.

    What holds then is what a source asks of a row, and that no turn holds a role marker.

    Raises:
        Refused: it can't be taken.

    >>> greeted = [Turn("assistant", "Hello!", 1), Turn("user", "Hi!", 2), Turn("assistant", "Yes?", 3)]
    >>> [turn.content for turn in taken(Found(1, greeted), Markers()).turns]
    ['Hi!', 'Yes?']
    """
    if found.reason:
        raise Refused(found.reason, *found.fault)
    turns = found.turns
    if sum(len(turn.content) for turn in turns) > LONGEST:
        raise Refused("long", found.line, "")
    for turn in turns:
        if turn.role not in ("system", "user", "assistant"):
            raise Refused("role", turn.line, repr(turn.role))
    led = turns[:1] if turns and turns[0].role == "system" else []
    said = turns[len(led) :]
    for before, turn in zip([None, *said], said, strict=False):
        if turn.role == "system" or (before and before.role == turn.role):
            what = f"{turn.role} after {before.role}" if before else "system after system"
            raise Refused("order", turn.line, what)
    start = bool(said) and said[0].role == "assistant"
    end = len(said) > start and said[-1].role == "user"
    said = said[start : len(said) - end]
    if not said:
        raise Refused("short", found.line, "")
    if led and not led[0].content.strip():
        led = []  # many rows have one that says nothing
    for turn in (*led, *said):
        _check(turn, markers)
    return Taken([*led, *said], start, end)


def _check(turn: Turn, markers: Markers) -> None:
    try:
        turn.content.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Refused("encoding", turn.line, ascii(turn.content[error.start])) from None
    if not turn.content.strip():
        raise Refused("empty", turn.line, "")
    if control := CONTROL.search(turn.content):
        raise Refused("control", turn.line, repr(control[0]))
    if marker := markers.inside(turn.content):
        raise Refused("marker", turn.line, repr(marker))


@dataclass
class Refusals:
    """What was refused.

    Attributes:
        rows: how many, by reason.
        first: the first of each reason, as (file:line, what was found).
        shown: the first of all, as sentences.
    """

    rows: dict[str, int] = field(default_factory=dict)
    first: dict[str, list[str]] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)

    def add(self, file: str, refused: Refused) -> None:
        """Count one."""
        reason, line, what = refused.args
        place = f"{file}:{line}"
        self.rows[reason] = self.rows.get(reason, 0) + 1
        first = self.first.setdefault(reason, [])
        if len(first) < SHOWN:
            first.append(place)
        if len(self.shown) < SHOWN:
            self.shown.append(f"{place}: {why(reason)}" + (f" ({what})" if what else ""))

    def as_json(self) -> dict[str, Any]:
        """Return plain data: by reason, the commonest first, what it means, how many, the first places."""
        ordered = sorted(self.rows, key=lambda reason: (-self.rows[reason], reason))
        return {
            name: {"rows": self.rows[name], "why": why(name), "first": self.first[name]} for name in ordered
        }


def why(reason: str) -> str:
    """Say a reason in words."""
    return REASONS[reason].format(longest=LONGEST)


def told(refused: Mapping[str, Any]) -> str:
    """Say in a sentence why conversations were refused, the commonest reason first.

    >>> told({"empty": {"rows": 2, "why": "a turn is empty", "first": ["a.txt:3", "a.txt:9"]}})
    '2: a turn is empty (a.txt:3)'
    """
    return "; ".join(f"{found['rows']:,}: {found['why']} ({found['first'][0]})" for found in refused.values())
