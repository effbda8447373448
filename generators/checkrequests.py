"""Finding out of a question alone which working it asks for.

>>> asked_for("how many r in fig, just the number", "en"), asked_for("How many r in fig? Thanks!", "en")
({'direct'}, set())
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import regex

from generators.prompts import language, languages

_PARTED = regex.compile(r"[^\p{L}\p{M}\p{N}\s]\s*\Z")  # a mark, or else a comma, stands before a request


def asked_for(question: str, code: str) -> set[str]:
    """Return the kinds of working that a question in a language asks for at its end."""
    text = question.casefold().removesuffix(language(code).full_stop)
    every, wordings = _wordings(code)
    if not text.endswith(every):
        return set()
    return {
        kind for wording, kind in wordings if text.endswith(wording) and _PARTED.search(text[: -len(wording)])
    }


@cache
def _wordings(code: str) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    lang = language(code)
    pairs = [
        (wording.removesuffix(lang.full_stop).casefold(), kind)
        for kind, wordings in lang.requests.items()
        for wording in wordings
    ]
    return tuple(wording for wording, _ in pairs), pairs


def check_request(row: Mapping[str, Any], working: str) -> Iterator[str]:
    """Check that a question asks for the working of its row where the facts say so, and for no other."""
    codes = [row["language"]] if row.get("language") in languages() else languages()
    found = set().union(*(asked_for(row["question"], code) for code in codes))
    asked = row["facts"].get("working_asked")
    if asked is None:  # facts that are read out of the turn
        wrong = found - {working} - ({"hand"} if working == "full" else set())
    else:
        wrong = found ^ ({working} if asked else set())
    if wrong:
        yield (
            f"the question {row['question']!r} asks for {' and '.join(sorted(found)) or 'no'} working; "
            f"the facts say {working!r}, asked for: {asked}"
        )
