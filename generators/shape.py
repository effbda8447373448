"""Shapes: how often a task's exchange has others before it, and a system prompt above it.

A model that only ever met a skill in the first exchange does not find it in the third.

>>> shape_of("turns=0:0.5,3:0.5;system=0.2").turns
{0: 0.5, 3: 0.5}
>>> shape_of("usual").system["short"], shape_of("none") is None
(0.03, True)
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from generators.names import find
from generators.talk import SYSTEMS

DEEPEST = 6  # exchanges before the task's
TALK = "talk"
LOSSES = ("all", "last")
KEYS = ("turns", "earlier", "system", "loss")
# Of the default midtraining recipe: 60 % in the first turn, 25 % in turns 2 to 4, 15 % deeper.
TURNS = {0: 0.60, 1: 0.10, 2: 0.08, 3: 0.07, 4: 0.06, 5: 0.05, 6: 0.04}
SYSTEM = {"short": 0.03, "long": 0.02, "persona": 0.02, "date": 0.02, "cutoff": 0.01}


@dataclass(frozen=True)
class Shape:
    """How conversations of a task are shaped.

    Attributes:
        turns: shares of the rows that have so many exchanges before the task's.
        earlier: shares of what those exchanges are: "talk" for small talk, or tasks by name.
        tasks: the classes of those tasks; who reads a shape from text finds them (tasks.registry).
        system: shares of the rows that have a system prompt of each kind, see talk.SYSTEMS.
        loss: "all" trains on the assistant's earlier turns too, "last" on the task's alone.
        least: how many of the exchanges before are of tasks at least; for a task that asks about them.
    """

    turns: Mapping[int, float] = field(default_factory=lambda: {0: 1.0})
    earlier: Mapping[str, float] = field(default_factory=lambda: {TALK: 1.0})
    system: Mapping[str, float] = field(default_factory=dict)
    loss: str = "all"
    tasks: Mapping[str, Any] = field(default_factory=dict)
    least: int = 0

    @property
    def companions(self) -> tuple[str, ...]:
        """The names of the tasks whose exchanges stand before."""
        return tuple(name for name in self.earlier if name != TALK) if max(self.turns) else ()

    def described(self) -> dict[str, Any]:
        """Return plain data, from which shape_of reads the same."""
        turns = {str(depth): share for depth, share in self.turns.items()}
        return {"turns": turns, "earlier": dict(self.earlier), "system": dict(self.system), "loss": self.loss}


def shape_of(wanted: "str | Mapping[str, Any] | Shape") -> Shape | None:
    """Read a shape.

    Args:
        wanted: "none"; or keys and values such as "turns=0:0.6,2:0.4;system=0.1", among them "usual" for what
            midtraining usually takes where no key says otherwise; or keys and values as a mapping, in which
            classes of tasks can stand for their names. What is not named is as if there were no shape.

    Raises:
        ValueError: a key, a kind or a share is wrong; says what is allowed.
    """
    if isinstance(wanted, Shape):
        return wanted
    given: dict[str, Any] = {}
    if isinstance(wanted, str):
        if wanted == "none":
            return None
        parts = [part.strip() for part in wanted.split(";") if part.strip()]
        given = {"turns": TURNS, "system": SYSTEM} if "usual" in parts else {}
        pairs = [part.partition("=") for part in parts if part != "usual"]
        if bad := [key for key, equals, _ in pairs if not equals]:
            raise ValueError(
                f"{bad[0]!r} is no part of a shape; write usual, none, or keys with values such as "
                f"turns=0:0.6,2:0.4;system=0.1"
            )
        keys = [key.strip() for key, _, _ in pairs]
        if len(set(keys)) < len(keys):
            raise ValueError(f"a key stands twice in the shape {wanted!r}")
        wanted = dict(zip(keys, (value.strip() for _, _, value in pairs), strict=True))
    for key in wanted:
        find(key, KEYS, "key of a shape")
    if "turns" in wanted:
        shares = _shares("turns", wanted["turns"])
        given["turns"] = {_depth(name): share for name, share in shares.items()}
    if "earlier" in wanted:
        earlier = wanted["earlier"]
        if isinstance(earlier, Mapping):
            given["tasks"] = {what.name: what for what in earlier if not isinstance(what, str)}
            earlier = {getattr(what, "name", what): share for what, share in earlier.items()}
        given["earlier"] = _shares("earlier", earlier)
    if "system" in wanted:
        given["system"] = _system(wanted["system"])
    if "loss" in wanted:
        given["loss"] = find(str(wanted["loss"]), LOSSES, "loss of a shape")
    return Shape(**given)


def with_tasks(wanted: "str | Mapping[str, Any] | Shape", task_class: Callable[[str], Any]) -> Shape | None:
    """Read a shape, see shape_of, and find the classes of the tasks that it names.

    Args:
        wanted: as shape_of takes it.
        task_class: finds the class of a task by its name.
    """
    found = shape_of(wanted)
    return found and replace(
        found, tasks={name: found.tasks.get(name) or task_class(name) for name in found.companions}
    )


def _depth(name: str) -> int:
    if name not in map(str, range(DEEPEST + 1)):
        raise ValueError(f"a shape has turns {name!r}; allowed: 0 to {DEEPEST} exchanges before the task's")
    return int(name)


def _system(wanted: Any) -> dict[str, float]:
    """Read shares of system prompts: by kind, or one number that is shared out as it usually is."""
    if isinstance(wanted, Mapping) and not wanted:
        return {}
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
