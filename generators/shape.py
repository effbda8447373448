"""Shapes: how often a task's exchange has others before it, and a system prompt above it.

A model that only ever met a skill in the first exchange does not find it in the third.

>>> shape_of("turns=0:0.5,3:0.5;system=0.2").turns
{0: 0.5, 3: 0.5}
>>> shape_of("usual").system["short"], shape_of("none") is None
(0.03, True)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from generators.names import find
from generators.talk import SYSTEMS

DEEPEST = 6  # exchanges before the task's
TALK = "talk"
LOSSES = ("all", "last")
KEYS = ("turns", "earlier", "system", "loss")
# Of the default midtraining recipe: 60 % in the first turn, 25 % in turns 2 to 4, 15 % deeper.
TURNS = {0: 0.60, 1: 0.10, 2: 0.08, 3: 0.07, 4: 0.06, 5: 0.05, 6: 0.04}
EARLIER = {TALK: 0.7, "simplespelling": 0.2, "spellingbee": 0.1}
SYSTEM = {"short": 0.03, "long": 0.02, "persona": 0.02, "date": 0.02, "cutoff": 0.01}


@dataclass(frozen=True)
class Shape:
    """How conversations of a task are shaped.

    Attributes:
        turns: shares of the rows that have so many exchanges before the task's.
        earlier: shares of what those exchanges are: "talk" for small talk, or tasks by name.
        system: shares of the rows that have a system prompt of each kind, see talk.SYSTEMS.
        loss: "all" trains on the assistant's earlier turns too, "last" on the task's alone.
        least: how many of the exchanges before are of tasks at least; for a task that asks about them.
    """

    turns: Mapping[int, float] = field(default_factory=lambda: {0: 1.0})
    earlier: Mapping[str, float] = field(default_factory=lambda: {TALK: 1.0})
    system: Mapping[str, float] = field(default_factory=dict)
    loss: str = "all"
    least: int = 0

    @property
    def companions(self) -> tuple[str, ...]:
        """The names of the tasks whose exchanges stand before."""
        return tuple(name for name in self.earlier if name != TALK) if max(self.turns) else ()


def shape_of(wanted: "str | Mapping[str, Any]") -> Shape | None:
    """Read a shape.

    Args:
        wanted: "none", "usual", or keys and values such as "turns=0:0.6,2:0.4;system=0.1"; the same as a
            mapping. What is not named is as if there were no shape.

    Raises:
        ValueError: a key, a kind or a share is wrong; says what is allowed.
    """
    if isinstance(wanted, str):
        if wanted in ("none", "usual"):
            return Shape(TURNS, EARLIER, SYSTEM) if wanted == "usual" else None
        parts = [part.partition("=") for part in wanted.split(";") if part.strip()]
        if bad := [key for key, equals, _ in parts if not equals]:
            raise ValueError(
                f"{bad[0]!r} is no part of a shape; write usual, none, or keys with values such as "
                f"turns=0:0.6,2:0.4;system=0.1"
            )
        keys = [key.strip() for key, _, _ in parts]
        if len(set(keys)) < len(keys):
            raise ValueError(f"a key stands twice in the shape {wanted!r}")
        wanted = dict(zip(keys, (value.strip() for _, _, value in parts), strict=True))
    for key in wanted:
        find(key, KEYS, "key of a shape")
    given: dict[str, Any] = {}
    if "turns" in wanted:
        shares = _shares("turns", wanted["turns"])
        given["turns"] = {_depth(name): share for name, share in shares.items()}
    if "earlier" in wanted:
        given["earlier"] = _shares("earlier", wanted["earlier"])
    if "system" in wanted:
        given["system"] = _system(wanted["system"])
    if "loss" in wanted:
        given["loss"] = find(str(wanted["loss"]), LOSSES, "loss of a shape")
    return Shape(**given)


def _depth(name: str) -> int:
    if name not in map(str, range(DEEPEST + 1)):
        raise ValueError(f"a shape has turns {name!r}; allowed: 0 to {DEEPEST} exchanges before the task's")
    return int(name)


def _system(wanted: Any) -> dict[str, float]:
    """Read shares of system prompts: by kind, or one number that is shared out as it usually is."""
    try:
        share = float(wanted)
    except (TypeError, ValueError):
        found = _shares("system", wanted)
        for kind in found:
            find(kind, SYSTEMS, "system prompt")
    else:
        found = {kind: share * part / sum(SYSTEM.values()) for kind, part in SYSTEM.items()}
    if sum(found.values()) > 1 + 1e-9:
        raise ValueError(f"system prompts have a share of {sum(found.values()):.3g} of the rows; at most 1")
    return {kind: share for kind, share in found.items() if share}


def _shares(key: str, wanted: Any) -> dict[str, float]:
    """Read names with shares: "a:0.5,b:0.5", or a mapping."""
    pairs: Iterable[tuple[str, Any]]
    if isinstance(wanted, Mapping):
        pairs = [(str(name), share) for name, share in wanted.items()]
    else:
        split = [part.partition(":") for part in str(wanted).split(",")]
        pairs = [(name.strip(), share if colon else 1) for name, colon, share in split]
    found: dict[str, float] = {}
    for name, share in pairs:
        try:
            value = float(share)
        except (TypeError, ValueError):
            value = -1.0
        if name in found or not 0 <= value < float("inf"):
            problem = (
                "stands twice" if name in found else f"has the share {share!r}, and it must be 0 or more"
            )
            raise ValueError(f"in the {key} of a shape {name!r} {problem}")
        found[name] = value
    if not sum(found.values()):
        raise ValueError(f"the {key} of a shape have no share above 0")
    return found
