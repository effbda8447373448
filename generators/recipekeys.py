"""What a value of a recipe must be: small checks, each of which returns the value or says what is allowed.

>>> amount(least=1)("tokens", "10M"), a_share_or_rows("test", 0.05)
(10000000, 0.05)
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from generators.names import find

Check = Callable[[str, Any], Any]
MOST = 10**15
_AMOUNT = re.compile(r"(\d[\d,_]{0,30}(?:\.\d{1,9})?)\s*([kKMGBT]?)")
_TIMES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}


def text(key: str, value: Any) -> str:
    """Take a string."""
    if not isinstance(value, str):
        raise ValueError(f"{key} is {value!r}, and must be a string")
    return value


def texts(key: str, value: Any) -> tuple[str, ...]:
    """Take strings, or a table of them as "name=value"."""
    if isinstance(value, dict):
        value = [f"{name}={text(name, one)}" for name, one in value.items()]
    if not (isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)):
        raise ValueError(f"{key} is {value!r}, and must be a list of strings")
    return tuple(value)


def whole() -> Check:
    """Take a whole number."""

    def check(key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{key} is {value!r}, and must be a whole number")
        return value

    return check


def amount(least: int) -> Check:
    """Take a whole number, or one written short: "10M", "1.5B", "80,000"."""

    def check(key: str, value: Any) -> int:
        number = value
        if isinstance(value, str) and (found := _AMOUNT.fullmatch(value.strip())):
            digits = re.sub("[,_]", "", found[1])
            scaled = float(digits) * _TIMES[found[2].upper()]
            number = int(scaled) if "." in digits else int(digits) * _TIMES[found[2].upper()]
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= MOST:
            raise ValueError(
                f'{key} is {value!r}, and must be a whole number from {least:,} to {MOST:,}, such as "10M"'
            )
        return number

    return check


def a_number(least: float, most: float, *words: str) -> Check:
    """Take a number above least and not above most, or one of some words."""

    def check(key: str, value: Any) -> Any:
        if value in words:
            return value
        if not isinstance(value, int | float) or isinstance(value, bool) or not least < value <= most:
            others = "".join(f", or {word!r}" for word in words)
            raise ValueError(
                f"{key} is {value!r}, and must be a number above {least:g}, at most {most:,g}{others}"
            )
        return float(value)

    return check


def a_share_or_rows(key: str, value: Any) -> float | int:
    """Take a share below 1, or a whole number of rows."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
        return value
    if isinstance(value, float) and 0 <= value < 1:
        return value
    raise ValueError(f"{key} is {value!r}, and must be a share below 1 or a whole number of rows")


def one_of(what: str, allowed: Sequence[str]) -> Check:
    """Take one of some names."""
    return lambda key, value: find(value, allowed, what)
