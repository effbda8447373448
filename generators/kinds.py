"""Kinds of words beside the dictionary's: as people type them, misspell them and make them up.

>>> kinds_of("usual")["misspelt"], kinds_of("upper:0.05"), kinds_of("none")
(0.01, {'upper': 0.05}, {})
"""

from collections.abc import Mapping

from generators.names import find

KINDS = {
    "upper": "STRAWBERRY",
    "title": "Strawberry",
    "camel": "bigStrawberry",
    "apostrophe": "don't: the word list's own",
    "hyphen": "well-known",
    "digits": "covid19, b2b",
    "misspelt": "strrawberry: a letter doubled, dropped or swapped; as many rows again have the right word",
    "invented": "made up of parts of words, so that it can be said",
    "random": "letters by lot",
}
RIGHT = "right"  # the kind of the right words beside misspelt ones
USUAL = dict.fromkeys(KINDS, 0.01) | {"upper": 0.02, "title": 0.02}
# What costs next to nothing, since it is made of letters alone: 4 rows of 100, 3 % of the time to make rows
# and 10 MiB. Words with digits, apostrophes and hyphens go to the style `universal`, which costs 25 %.
FEW = {"upper": 0.01, "title": 0.01, "misspelt": 0.01}
_MIXES = {"none": dict[str, float](), "few": FEW, "usual": USUAL}
MOST = 0.9  # of all rows
PARTS = 1000  # a share is held in so many rows


def kinds_of(wanted: "str | Mapping[str, float]") -> dict[str, float]:
    """Read shares of kinds.

    Args:
        wanted: kinds with shares such as "upper:0.02,random:0.01", "none", "few", "usual", or a mapping.

    Raises:
        ValueError: a kind is not known or stands twice, or the shares are too small or too large.
    """
    if isinstance(wanted, str):
        if wanted in _MIXES:
            return dict(_MIXES[wanted])
        parts = [part.partition(":") for part in wanted.split(",")]
        names = [find(name.strip(), (*KINDS, *_MIXES), "kind of words") for name, _, _ in parts]
        if len(set(names)) < len(names):
            raise ValueError(f"a kind of words stands twice in {wanted!r}")
        try:
            wanted = {name: float(share) for name, (_, _, share) in zip(names, parts, strict=True)}
        except ValueError:
            raise ValueError(f"{wanted!r} holds no shares of kinds such as upper:0.02,random:0.01") from None
    for name, share in wanted.items():
        find(name, KINDS, "kind of words")
        if not 1 / PARTS <= share <= 1:
            raise ValueError(f"the share of {name} words is {share}, and must be from {1 / PARTS} to 1")
    total = sum(wanted.values()) + wanted.get("misspelt", 0)
    if total > MOST + 1e-9:
        raise ValueError(
            f"kinds of words have a share of {total:.3g} of all rows, misspelt ones twice theirs for the "
            f"right words beside them, and can have {MOST}"
        )
    return {name: wanted[name] for name in KINDS if name in wanted}
