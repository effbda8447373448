"""Re-deriving what stands before a task's exchange: one row at a time, from its facts and the talk files.

Nothing here uses what set it (generators.opening): texts are looked for among all that there could be.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from generators.talk import talk, written_cutoff, written_date

Check = Callable[[Mapping[str, Any]], Iterator[str]]


def earlier_tasks(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the exchanges of tasks that stand before a row's own, as its facts have them."""
    return [told for told in facts.get("earlier", ()) if isinstance(told, dict)]


def check_shape(row: Mapping[str, Any], checks: Mapping[str, Check]) -> Iterator[str]:
    """Check a system prompt and earlier exchanges against the facts of a row; yields what is wrong.

    Args:
        row: as verify completed it: messages, all_parts, language, and facts (None in a dialect without,
            where only what any row must be can be checked).
        checks: for each task, what checks a row of it.
    """
    facts = row["facts"]
    if facts is None:
        return
    messages = row["messages"]
    prompt = facts.get("system", "")
    expected = bool(prompt) + 2 * facts.get("turns", 0) + 2
    if len(messages) != expected:
        yield f"it has {len(messages)} messages; with what its facts say of its shape there are {expected}"
        return
    date, cutoff = facts.get("date", ""), facts.get("cutoff", "")
    if bool(date) != (prompt in ("date", "cutoff")) or bool(cutoff) != (prompt == "cutoff"):
        yield f"its facts say the date {date!r} and the cutoff {cutoff!r} of a system prompt {prompt!r}"
        return
    if cutoff and cutoff >= date[:7]:
        yield f"what the model knows ends in {cutoff}, and today is {date}"
    if prompt and messages[0][1] not in _prompts(row["language"], prompt, date, cutoff):
        yield f"{messages[0][1]!r} is none of the system prompts of the kind {prompt!r} in {row['language']}"
    told = facts.get("earlier", [])
    if len(told) != facts.get("turns", 0):
        yield f"its facts tell {len(told)} earlier exchanges of {facts.get('turns', 0)}"
        return
    first = int(bool(prompt))
    pairs = [(messages[at][1], messages[at + 1][1]) for at in range(first, len(messages) - 2, 2)]
    for number, (what, pair) in enumerate(zip(told, pairs, strict=True)):
        if isinstance(what, dict):
            yield from _task(row, what, first + 2 * number + 1, checks)
        elif what == "talk" and pair not in _exchanges(row["language"]):
            yield f"{pair} is no small talk in {row['language']}"
        elif what == "date" and pair not in _dates(row["language"], date):
            yield f"{pair} does not ask for the date and tell {date or 'that none is known'!r}"
    if len(set(pairs)) < len(pairs):
        yield "it has the same exchange twice"


def _task(
    row: Mapping[str, Any], told: Mapping[str, Any], message: int, checks: Mapping[str, Check]
) -> Iterator[str]:
    """Check an exchange of a task by what checks the rows of that task."""
    if told["task"] not in checks:
        return
    parts = [(kind, text) for number, kind, text, _ in row["all_parts"] if number == message]
    inner = {
        **told,
        "question": row["messages"][message - 1][1],
        "turn": row["messages"][message][1],
        "parts": parts,
    }
    for problem in checks[told["task"]](inner):
        yield f"in message {message}, of {told['task']}: {problem}"


@lru_cache(maxsize=64)
def _exchanges(code: str) -> frozenset[tuple[str, str]]:
    return frozenset(talk(code).exchanges)


@lru_cache(maxsize=4096)
def _prompts(code: str, kind: str, date: str, cutoff: str) -> frozenset[str]:
    one = talk(code)
    return frozenset(
        text.format(current_date=today, cutoff=written_cutoff(one, cutoff) if cutoff else "")
        if date
        else text
        for text in one.systems[kind]
        for today in _written(code, date)
    )


@lru_cache(maxsize=4096)
def _dates(code: str, date: str) -> frozenset[tuple[str, str]]:
    one = talk(code)
    answers: Sequence[str] = one.unknown
    if date:
        answers = [text.format(current_date=today) for text in one.answer for today in _written(code, date)]
    return frozenset((asked, answer) for asked in one.ask for answer in answers)


def _written(code: str, date: str) -> list[str]:
    """Return a date in all forms of a language; one empty text for none."""
    one = talk(code)
    return [written_date(one, form, date) for form in range(len(one.date_forms))] if date else [""]
