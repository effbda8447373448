"""The options that a class takes, read from its signature, and whether values are of their types."""

import inspect
from collections.abc import Mapping
from os import PathLike
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from generators.described import ROWS
from generators.located import Said


def options_of(cls: Any) -> dict[str, Any]:
    """Return the options that a class takes, each with the types of its values; () where they are not said.

    >>> class Base:
    ...     def __init__(self, size: int, *, seed: int = 0) -> None: ...
    >>> class Own(Base):
    ...     def __init__(self, *args: int, shape: str = "one", **options: int) -> None: ...
    >>> options_of(Own)
    {'shape': (<class 'str'>,), 'seed': (<class 'int'>,)}
    """
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        try:
            hints = get_type_hints(base.__init__)
        except (NameError, TypeError):
            hints = {}
        for name, parameter in list(inspect.signature(base.__init__).parameters.items())[1:]:
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) and name not in ROWS:
                found.setdefault(name, _types(hints.get(name)))
    return found


def _types(hint: Any) -> tuple[type, ...]:
    if get_origin(hint) in (Union, UnionType):
        return tuple(dict.fromkeys(one for part in get_args(hint) for one in _types(part)))
    kind = get_origin(hint) or hint
    if not isinstance(kind, type):
        return ()
    return (float, int) if kind is float else (kind,)


def fitting(said: Mapping[str, Said], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options.

    Args:
        said: the options.
        known: the types of each, as options_of returns them.

    Raises:
        RecipeError: a value has another type; says where.
    """
    for key, one in said.items():
        types = known[key]
        fits = not types or isinstance(one.value, types)
        if not fits or (isinstance(one.value, bool) and types and bool not in types):
            names = " or ".join(t.__name__ for t in types if t not in (type(None), PathLike))
            raise one.wrong(f"{key} is {one.value!r}, and must be {names}")
    return {key: one.value for key, one in said.items()}
