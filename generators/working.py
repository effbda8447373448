"""How much working an answer shows, and whether the question asks for it.

>>> workings_of("full:0.8,direct:0.2"), workings_of("full")
({'full': (0.8, 0.1), 'direct': (0.2, 1.0)}, {'full': (1.0, 0.0)})
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from generators.columns import Column
from generators.deal import largest_remainder, places_in_blocks
from generators.names import find
from generators.pieces import Group, Mask, Piece, when
from generators.rows import Ints, Rows
from generators.texts import Texts

WORKINGS = {
    "full": "all steps by hand, then the tool",
    "compact": "the letters and the hits, then the answer",
    "direct": "the answer alone",
    "tool": "the tool alone; where it refuses the call, by hand",
    "hand": "all steps by hand, without the tool",
}
BY_HAND = ("full", "hand")
# Share of the questions that ask for it. A model that is asked for nothing should learn one thing: to work
# the answer out. So what shows less comes where it is asked for, and the answer alone nowhere else.
ASKED = {"full": 0.1, "compact": 0.75, "direct": 1.0, "tool": 0.75, "hand": 0.75}
_NAMES = Texts(list(WORKINGS))
_NUMBER = {name: number for number, name in enumerate(WORKINGS)}

Shares = dict[str, tuple[float, float]]


def workings_of(
    wanted: "str | Mapping[str, float | tuple[float, float]]",
    known: Sequence[str] = tuple(WORKINGS),
    task: str = "the task",
) -> Shares:
    """Read shares of kinds of working.

    Args:
        wanted: a kind; kinds with shares such as "full:0.8,direct:0.2", each with the share of its
            questions that ask for it behind if that is not to be ASKED: "direct:0.2:0.5"; or a mapping.
        known: the kinds that the task can show.
        task: its name.

    Returns:
        By kind: its share of the rows, and how many of its questions ask for it. Where there is nothing but
        full working, none does.

    Raises:
        ValueError: a kind is not known or stands twice, or a share makes no sense.
    """
    if isinstance(wanted, str):
        parts = [part.strip().split(":") for part in wanted.split(",")]
        names = [find(part[0].strip(), WORKINGS, "kind of working") for part in parts]
        if len(set(names)) < len(names):
            raise ValueError(f"a kind of working stands twice in {wanted!r}")
        if len(parts) == 1 and len(parts[0]) == 1:
            parts = [[names[0], "1"]]
        try:
            numbers = [[float(number) for number in part[1:]] for part in parts]
        except ValueError:
            numbers = []
        if not numbers or any(len(part) not in (1, 2) for part in numbers):
            raise ValueError(f"{wanted!r} holds no shares of kinds of working such as full:0.8,direct:0.2")
        pairs = {name: (part[0], part[1:]) for name, part in zip(names, numbers, strict=True)}
    else:
        pairs = {
            find(name, WORKINGS, "kind of working"): (part[0], list(part[1:]))
            if isinstance(part, tuple)
            else (part, [])
            for name, part in wanted.items()
        }
    if unknown := [name for name in pairs if name not in known]:
        raise ValueError(f"{task} has no {unknown[0]} working; it can show: {', '.join(known)}")
    found = {}
    for name, (share, asked) in pairs.items():
        usual = 0.0 if [*pairs] == ["full"] else ASKED[name]
        found[name] = float(share), float(asked[0]) if asked else usual
        if not (0 < found[name][0] < float("inf") and 0 <= found[name][1] <= 1):
            raise ValueError(
                f"{name} working has the share {share} and is asked for in {found[name][1]} of its rows; "
                f"the first must be above 0, the second from 0 to 1"
            )
    if not found:
        raise ValueError(f"no kind of working is wanted; there are: {', '.join(known)}")
    largest_remainder([share for share, _ in found.values()])  # raises where one comes to no row
    return {name: found[name] for name in WORKINGS if name in found}


@dataclass(frozen=True)
class Working:
    """How much working each row of a batch shows.

    Attributes:
        rows: of the batch.
        shares: what the task was asked for, as `workings_of` reads it.
        number: (rows,) of each row's kind in WORKINGS; None where all rows are of the only kind.
    """

    rows: Rows
    shares: Shares
    number: Ints | None = None

    @classmethod
    def dealt(cls, rows: Rows, shares: Shares) -> "Working":
        """Deal each row its working: every block of 100 rows has exactly the shares of each kind."""
        if len(shares) == 1 and "tool" not in shares:
            return cls(rows, shares)
        quota = largest_remainder([share for share, _ in shares.values()])
        of_place = np.repeat([_NUMBER[name] for name in shares], quota)
        return cls(rows, shares, of_place[places_in_blocks(rows, "working")[1]])

    def __len__(self) -> int:
        return len(self.rows)

    def settled(self, answered: Mask) -> "Working":
        """Return the working after the tool was called: what it refuses to count is counted by hand."""
        if self.number is None or "tool" not in self.shares:
            return self
        refused = (self.number == _NUMBER["tool"]) & ~answered
        return replace(self, number=np.where(refused, _NUMBER["full"], self.number))

    def has(self, *kinds: str) -> bool:
        """Say whether rows of these kinds can be."""
        return any(kind in self.shares for kind in kinds) or ("full" in kinds and "tool" in self.shares)

    def where(self, *kinds: str) -> Mask:
        """Return which rows are of these kinds: (rows,) bool."""
        if self.number is None:
            return np.full(len(self.rows), self.has(*kinds))
        return np.isin(self.number, [_NUMBER[kind] for kind in kinds])

    def when(self, kinds: Sequence[str], *pieces: Piece) -> Group:
        """Set pieces only in the rows of these kinds."""
        if self.number is None:
            return Group(pieces if self.has(*kinds) else ())
        return when(self.where(*kinds), *pieces)

    @property
    def calls(self) -> Mask | None:
        """The rows that call the tool, (rows,) bool; None where all do."""
        every = self.number is None and self.has("full")
        return None if every else self.where("full", "tool")

    @property
    def kind(self) -> Column:
        """The name of each row's kind, (rows,)."""
        if self.number is not None:
            return Column(_NAMES, self.number)
        [only] = self.shares
        return Column(_NAMES, np.full(len(self.rows), _NUMBER[only]))

    @property
    def asked(self) -> npt.NDArray[np.bool_]:
        """Which questions ask for the row's working, (rows,) bool."""
        if not self.asks:
            return np.zeros(len(self.rows), dtype=np.bool_)
        # What is counted by hand for want of a tool is asked for no more than other full working.
        shares = np.array([self.shares.get(name, (0.0, 0.0))[1] for name in WORKINGS])[self.kind.index]
        drawn = (self.rows.hash("working asked") >> np.uint64(11)) * 2.0**-53
        return np.asarray(drawn < shares)

    @property
    def asks(self) -> bool:
        """Whether any question can ask for its working."""
        return any(asked > 0 for _, asked in self.shares.values())
