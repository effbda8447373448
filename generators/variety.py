"""How varied conversations are: distinct templates, lead-ins and wordings, and distinct-3.

Distinct-3 is the share of distinct ones among all trigrams of a text (Li et al. 2016, "A diversity-promoting
objective function for neural conversation models", there of one and two words). It falls as there is more
text, so compare it on samples of one size.

>>> distinct_3(["how many r", "how many r in it"])
0.75
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import regex

from generators.book import Conversations
from generators.graphemes import graphemes
from generators.prompts import language, languages
from generators.styles import STYLES

SAMPLE = 2_000  # rows of a split that the manifest's distinct-3 is of: its first
_UNSPACED = ("ja", "zh")  # what has no spaces between words: there characters are counted
_WORKING = regex.compile(r"[0-9]+(?::|->)|####|$")
_QUOTED = regex.compile(r"(?<= )([\"']).+?\1")


def distinct_3(texts: Iterable[str], unspaced: bool = False) -> float:
    """Return the share of distinct trigrams among all.

    Args:
        texts: any number; no trigram reaches from one into the next.
        unspaced: of characters, not of words.

    Returns:
        From 0 to 1; 1 where there is no trigram at all.
    """
    found: set[tuple[str, ...]] = set()
    total = 0
    for text in texts:
        words = list("".join(text.split())) if unspaced else text.split()
        grams = list(zip(words, words[1:], words[2:], strict=False))
        found.update(grams)
        total += len(grams)
    return round(len(found) / total, 4) if total else 1.0


def variety(conversations: Conversations) -> dict[str, dict[str, dict[str, Any]]]:
    """Measure distinct-3 of questions and answers, the exchange with the tool included.

    Args:
        conversations: a batch; what is measured is its first SAMPLE rows.

    Returns:
        By task, then by language: rows, and distinct-3 of "prompts" and of "answers".
    """
    sample = conversations.take(np.arange(min(SAMPLE, len(conversations))))
    prompts = sample.questions().to_pylist()
    whole = sample.book.strings(sample.text).to_pylist()
    groups: dict[tuple[str, str], list[int]] = {}
    pairs = zip(sample.column("task").to_pylist(), sample.column("language").to_pylist(), strict=True)
    for row, pair in enumerate(pairs):
        groups.setdefault(pair, []).append(row)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for (task, code), rows in sorted(groups.items()):
        unspaced = code in _UNSPACED
        found.setdefault(task, {})[code] = {
            "rows": len(rows),
            "prompts": distinct_3((prompts[row] for row in rows), unspaced),
            "answers": distinct_3((whole[row][len(prompts[row]) :] for row in rows), unspaced),
        }
    return found


def glance(conversations: Sequence[Mapping[str, Any]]) -> str:
    """Say in a line how varied some conversations are.

    Args:
        conversations: as task[i] gives them.
    """
    templates = {conversation["template"] for conversation in conversations}
    openers = {opener for opener in map(_opener, conversations) if opener}
    wordings = {wording for conversation in conversations for wording in _wordings(conversation)}
    said = [
        f"{len(found):,} {what}{'s' * (len(found) != 1)}"
        for found, what in ((conversations, "conversation"), (templates, "template"), (openers, "lead-in"))
    ]
    workings = {conversation.get("facts", {}).get("working") for conversation in conversations}
    if len(workings) > 1:
        said.append(f"{len(workings)} kinds of working")
    if wordings:
        said.append(f"{len(wordings):,} wording{'s' * (len(wordings) != 1)} in the answers")
    return f"{said[0]}: {', '.join(said[1:])}"


def _opener(conversation: Mapping[str, Any]) -> str:
    """Return the lead-in of a question, if it has one."""
    question, code = conversation["messages"][0]["content"].casefold(), conversation["language"]
    openers = language(code).openers if code in languages() else ()
    return max((opener for opener in openers if question.startswith(opener.casefold())), key=len, default="")


def _wordings(conversation: Mapping[str, Any]) -> set[str]:
    """Return the sentences of an answer, without what stands in their slots."""
    content = conversation["messages"][-1]["content"]
    if not isinstance(content, str):
        content = "".join(part["text"] for part in content if part["type"] == "text")
    about = {conversation.get("word", ""), *conversation.get("facts", {}).get("words", ())} - {""}
    heads = [style.headed for style in STYLES.values()]
    letters = {letter for word in about for letter in graphemes(word)}
    lines = (line for line in content.split("\n") if not _WORKING.match(line) and line not in letters)
    return {
        regex.sub("[0-9]+", "0", _QUOTED.sub("_", line))
        for line in lines
        if about.isdisjoint(headed(line) for headed in heads)
    }
