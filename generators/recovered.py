"""Reading the facts of a row out of its turn, for dialects that have no columns for them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import regex

from generators.counted import Counting
from generators.graphemes import graphemes
from generators.stock import words_in
from generators.styles import STYLES, Style

_ANSWER = regex.compile(r"(.*)#### ([0-9]+)", regex.DOTALL)


def recovered(row: Mapping[str, Any]) -> dict[str, Any]:
    """Read the facts of a row out of its turn.

    What the turn does not say is empty: all but the answer where that is the whole turn, and the letter
    where the turn lists hits and there are none.

    Raises:
        ValueError: the turn is none that is known.

    >>> recovered({"turn": "fig: f, i, g", "all_parts": []})["style"]
    'quote-comma'
    """
    turn: str = row["turn"]
    # A turn that leaves all to the tool looks the same in several styles, so that is thought of last.
    for read in (_spelled, _by_hand, _by_tool, _compact):
        for style in STYLES.values():
            if found := read(row, turn, style):
                return found
    if turn == f"#### {row['answer']}":
        return _with(row, "quote-comma", "", "", working="direct", form="not called")
    raise ValueError("its word and letter can't be read out of its turn")


def _with(row: Mapping[str, Any], style: str, word: str, letter: str, **facts: Any) -> dict[str, Any]:
    count = int(row["answer"]) if row["answer"].isdecimal() else None
    return {**row, "style": style, "word": word, "letter": letter, "facts": {"count": count, **facts}}


def _spelled(row: Mapping[str, Any], turn: str, style: Style) -> dict[str, Any] | None:
    """Read a turn that begins by spelling a word."""
    word = style.headed(turn.partition("\n")[0])
    letters = graphemes(word)
    spelling = style.spelling(word, letters)
    if turn == spelling:
        return {**row, "style": style.name, "word": word, "facts": {}}
    answer = _ANSWER.fullmatch(turn)
    if not word or answer is None or not turn.startswith(spelling):
        return None
    for letter in (*dict.fromkeys(letters), ""):
        if answer[1] == f"{spelling}{style.hits(letters, letter)}\n\n":
            return _with(row, style.name, word, letter, working="compact", form="not called")
    return None


def _by_hand(row: Mapping[str, Any], turn: str, style: Style) -> dict[str, Any] | None:
    """Read a turn that says in which words it counts which letters, and does; there may be calls."""
    for counting in _restated(turn, style):
        calls = _calls(row)
        if calls in ([], _called(counting, style)) and all(
            f"\n{block}\n" in turn for block, _ in counting.blocks(style)
        ):
            # Full working without a call, and working by hand, are the same turns.
            return _read(row, counting, style, working="full", form="tool" if calls else "none")
    return None


def _by_tool(row: Mapping[str, Any], turn: str, style: Style) -> dict[str, Any] | None:
    """Read a turn that says in which words letters are to be counted, and leaves that to the tool."""
    for counting in _restated(turn, style):
        if _calls(row) == _called(counting, style):
            return _read(row, counting, style, working="tool", form="tool")
    return None


def _restated(turn: str, style: Style) -> Iterator[Counting]:
    """Yield what the first line of a turn may say that it counts; words of a sentence are those spelled."""
    quoted = style.quoted_in(turn.partition("\n")[0])
    texts = [text for text in quoted if len(graphemes(text)) > 1]
    letters = [text for text in quoted if len(graphemes(text)) == 1]
    if len(texts) != 1 or not letters:
        return
    one = ("letter", "anycase") if len(letters) == 1 else ("letters", "vowels")
    for asks, of in product(one, (texts[0].split(" "), _heads(turn, style), words_in(texts[0]))):
        facts = {"asks": asks, "words": of, "letters": letters, "sentence": texts[0]}
        counting = Counting.of(facts, letters[0])
        if of and not counting.loose():
            yield counting


def _calls(row: Mapping[str, Any]) -> list[str]:
    return [text for kind, text in row["parts"] if kind == "python"]


def _called(counting: Counting, style: Style) -> list[str]:
    return [style.expression(*counting.call(number)) for number in range(counting.calls)]


def _read(row: Mapping[str, Any], counting: Counting, style: Style, **facts: Any) -> dict[str, Any]:
    facts |= {"asks": counting.asks, "words": counting.words, "letters": counting.letters}
    letter = counting.letters[0] if len(counting.letters) == 1 else ""
    return _with(row, style.name, counting.text, letter, **facts, sentence=counting.text)


def _compact(row: Mapping[str, Any], turn: str, style: Style) -> dict[str, Any] | None:
    """Read a turn that shows the hits in several words, or of several letters in one.

    Which letter is asked for is what is hit; where nothing is, the turn does not say.
    """
    words = _heads(turn, style)
    hits = regex.findall(rf"^[0-9]+{regex.escape(style.step)}(.+) hit! count=", turn, regex.MULTILINE)
    hit = list(dict.fromkeys(hits))
    summed = style.quoted_in(turn)
    for asks, letters in (("letter", hit), ("any", hit), ("letters", summed)):
        if not words or not letters:
            continue
        facts = {"asks": asks, "words": words, "letters": letters, "sentence": _asked(row, words)}
        if Counting.of(facts, letters[0]).compact(style) == turn:
            facts |= {"working": "compact", "form": "not called"}
            letter = letters[0] if len(letters) == 1 else ""
            return _with(row, style.name, words[0], letter, **facts)
    if words and not hit and Counting.of({"words": words, "asks": "any"}, "").compact(style) == turn:
        return _with(row, style.name, "", "", words=words, working="compact", form="not called")
    return None


def _asked(row: Mapping[str, Any], words: Sequence[str]) -> str:
    """Return what stands in a question from the first of some words to the last; "" where they do not."""
    between = r"[^\p{L}\p{M}\p{N}]*"
    found = regex.search(between.join(map(regex.escape, words)), row["question"])
    return found[0] if found else ""


def _heads(turn: str, style: Style) -> list[str]:
    """Return the words that a turn spells, in order."""
    found, at = [], 0
    for line in turn.split("\n"):
        word = style.headed(line)
        if word and turn.startswith(style.spelling(word, graphemes(word)), at):
            found.append(word)
        at += len(line) + 1
    return found
