"""Talk: small talk, system prompts and dates, one file a language in generators/talk/.

What stands around a task's exchange so that it is not always the first. en.toml says how a file is written.

>>> talk("en").months[0], written_date(talk("en"), 0, "2026-03-01")
('January', 'March 1, 2026')
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from generators.names import find

FOLDER = Path(__file__).with_name("talk")
SYSTEMS = ("short", "long", "persona", "date", "cutoff")


@dataclass(frozen=True)
class Talk:
    """What a language's file of talk holds.

    Attributes:
        code: of the language.
        exchanges: pairs of what a person says and what the assistant answers, each fit for any place.
        systems: system prompts by kind, see SYSTEMS; "date" has the slot {current_date}, "cutoff" that and
            {cutoff}.
        date_forms: how people write a date; the slots are {day}, {month}, {year} and {iso}.
        months: as these forms need them.
        first: the first day of a month.
        cutoff_form: a month and a year.
        ask, answer: the question for today's date, and what is answered to it, with {current_date}.
        unknown: what is answered where no date is known.
    """

    code: str
    exchanges: tuple[tuple[str, str], ...]
    systems: dict[str, tuple[str, ...]]
    date_forms: tuple[str, ...]
    months: tuple[str, ...]
    first: str
    cutoff_form: str
    ask: tuple[str, ...]
    answer: tuple[str, ...]
    unknown: tuple[str, ...]


def talks() -> list[str]:
    """Return the codes of the languages that have a file of talk."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@lru_cache(maxsize=64)
def talk(code: str) -> Talk:
    """Read a language's file of talk.

    Raises:
        ValueError: there is none; names the nearest and lists them.
    """
    find(code, talks(), "language with small talk")
    with (FOLDER / f"{code}.toml").open("rb") as file:
        data = tomllib.load(file)
    date, system = data["date"], data["system"]
    return Talk(
        code=code,
        exchanges=tuple((exchange["user"], exchange["assistant"]) for exchange in data["exchange"]),
        systems={kind: tuple(system[kind]) for kind in SYSTEMS},
        date_forms=tuple(date["forms"]),
        months=tuple(date["months"]),
        first=date["first"],
        cutoff_form=system["cutoff_form"],
        ask=tuple(date["ask"]),
        answer=tuple(date["answer"]),
        unknown=tuple(date["unknown"]),
    )


def written_date(talk: Talk, form: int, iso: str) -> str:
    """Write a date in one of a language's forms.

    Args:
        talk: of the language.
        form: the number of the form.
        iso: the date as YYYY-MM-DD.
    """
    return _written(talk, talk.date_forms[form], iso)


def written_cutoff(talk: Talk, iso: str) -> str:
    """Write the month in which what a model knows ends, given as YYYY-MM."""
    return _written(talk, talk.cutoff_form, f"{iso}-02")


def _written(talk: Talk, form: str, iso: str) -> str:
    year, month, day = map(int, iso.split("-"))
    shown = talk.first if day == 1 else str(day)
    return form.format(day=shown, month=talk.months[month - 1], year=year, iso=iso)
