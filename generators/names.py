"""Looking a name up: a wrong one gets the nearest right one and the list."""

from collections.abc import Iterable
from difflib import get_close_matches


def find(name: str, allowed: Iterable[str], what: str) -> str:
    """Return a name that is allowed.

    Args:
        name: what somebody asked for.
        allowed: the names that there are.
        what: what they are names of, for the error.

    Raises:
        ValueError: the name is not allowed; says which are, the nearest first.

    >>> find("classik", ["classic", "quote-comma"], "style")
    Traceback (most recent call last):
    ValueError: there is no style 'classik'; did you mean 'classic'? There are: classic, quote-comma
    """
    names = list(allowed)
    if name in names:
        return name
    near = get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"there is no {what} {name!r}{hint} There are: {', '.join(names)}")
