"""Re-deriving a conversation from its facts, one row at a time and in the most obvious way.

Nothing here uses columns, codes or the book: what generators set in batches is checked against plain
strings. A row is a mapping with question and turn (the last user message and the assistant's answer),
parts (pairs of type and text), answer, word, letter, style, and facts (a mapping; None where the dialect
has none).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import regex

from generators.checkrequests import check_request
from generators.counted import Counting
from generators.graphemes import graphemes
from generators.recovered import recovered
from generators.score import finals
from generators.styles import Style
from generators.styles import style as style_of

_WORKING = regex.compile(r"^\p{N}+(?::|->).*$", regex.MULTILINE)
_NUMBER = regex.compile(r"[0-9]+")


def check_spelling(row: Mapping[str, Any]) -> Iterator[str]:
    """Check the answer that spells a word; yields what is wrong."""
    row = recovered(row) if row["facts"] is None else row
    word = row["word"]
    letters = graphemes(word)
    expected = style_of(row["style"]).spelling(word, letters)
    if row["turn"] != expected:
        yield f"the turn is {row['turn']!r}, expected {expected!r}"
    if [tuple(part) for part in row["parts"]] != [("text", expected)]:
        yield f"the parts are {row['parts']}, expected the text {expected!r}"
    if row["answer"] != " ".join(letters):
        yield f"the answer is {row['answer']!r}, expected {' '.join(letters)!r}"
    if word not in row["question"]:
        yield f"the question {row['question']!r} lacks the word {word!r}"


def check_counting(row: Mapping[str, Any]) -> Iterator[str]:
    """Check the answer that counts letters in a word, or in several; yields what is wrong."""
    row = recovered(row) if row["facts"] is None else row
    facts, working = row["facts"], row["facts"].get("working", "full")
    yield from check_request(row, working)
    if not row["letter"] and not facts.get("letters"):
        yield from _unsaid(row, facts.get("words") or [row["word"]], working)
        return
    style, counting = style_of(row["style"]), Counting.of(facts, row["letter"], row["word"])
    total, text, letters = counting.total, counting.text, counting.letters
    said = f"{', '.join(map(repr, letters))} in {text!r}: {total}"
    if row["letter"] != (letters[0] if len(letters) == 1 else ""):
        yield f"the letter is {row['letter']!r}; the facts say {', '.join(map(repr, letters))}"
    if facts["count"] != total:
        yield f"the facts say {facts['count']}; {said}"
    if row["answer"] != str(total):
        yield f"the answer is {row['answer']!r}; {said}"
    if loose := counting.loose():
        yield f"{text!r} has {loose!r} outside of the words {', '.join(counting.words)}"
    for asked, what in ((text, "words"), *((letter, "letter") for letter in letters)):
        if asked not in row["question"] and not (what == "letter" and counting.asks == "vowels"):
            yield f"the question {row['question']!r} lacks the {what} {asked!r}"
    called = facts["form"] == "tool"
    made = range(counting.calls) if called else ()
    answers = [counting.output(number) for number in made]
    if called and sum(answers) != total:
        yield f"the tool is called, and would count {sum(answers)}; {said}"
    form = facts["form"]
    allowed = {"full": form != "not called", "tool": called}.get(working, form in ("not called", "none"))
    if not allowed:
        yield f"the facts say {working!r} working, and of the call {form!r}"
    texts = "".join(text for kind, text in row["parts"] if kind == "text")
    # A turn that shows the exchange as fenced code: its prose is that of all text parts.
    shown = called and "```" in row["turn"]
    if working in ("compact", "direct"):
        expected = counting.compact(style) if working == "compact" else f"#### {total}"
        if row["turn"] != expected:
            yield f"the turn is {row['turn']!r}, expected {expected!r}"
    else:
        turn, by_hand = texts if shown else row["turn"], working != "tool"
        yield from _working(turn, style, counting, shown, by_hand)
    calls = [text for kind, text in row["parts"] if kind == "python"]
    outputs = [text for kind, text in row["parts"] if kind == "python_output"]
    if calls != [style.expression(*counting.call(number)) for number in made]:
        yield f"the tool is called with {calls}; the facts say {form!r}"
    if outputs != list(map(str, answers)):
        yield f"the tool's outputs are {outputs}, expected {answers}; {said}"
    around = _said_around_tool(row)
    if shown:
        return
    if around is None or (around and not called):
        yield f"the parts {row['parts']} do not hold the turn {row['turn']!r}"
    elif _NUMBER.findall(_unquoted(around, style, counting)) != [str(total)] * called:
        yield f"beside the tool it says {around!r}; the count is {total}"


def _unsaid(row: Mapping[str, Any], words: Sequence[str], working: str) -> Iterator[str]:
    """Check a turn that does not say which letter is asked for, in a dialect that has no facts."""
    expected = f"#### {row['answer']}"
    if working == "compact":
        nothing = {"words": words, "asks": "any"}  # what it asks for is in none of its words
        expected = Counting.of(nothing, "").compact(style_of(row["style"]))
    if row["turn"] != expected:
        yield f"the turn is {row['turn']!r}, expected {expected!r}"
    if finals(row["turn"]) != [row["answer"]]:
        yield f"the answer is {row['answer']!r}, the turn says {finals(row['turn'])}"
    if [tuple(part) for part in row["parts"]] != [("text", expected)]:
        yield f"the parts are {row['parts']}, expected the text {expected!r}"
    for word in words:
        if word not in row["question"]:
            yield f"the question {row['question']!r} lacks the word {word!r}"


def _unquoted(text: str, style: Style, counting: Counting) -> str:
    """Leave out the words and letters that a text quotes: they may hold digits."""
    for value in sorted({counting.text, *counting.words, *counting.letters}, key=len, reverse=True):
        text = text.replace(style.quote(value), "")
    return text


def _said_around_tool(row: Mapping[str, Any]) -> str | None:
    """Return the text of the parts that the turn's plain content leaves out; None if they disagree."""
    texts = [text for kind, text in row["parts"] if kind == "text"]
    turn, whole = row["turn"], "".join(texts)
    if not texts or not turn.startswith(texts[0]) or len(whole) < len(turn):
        return None
    rest = turn[len(texts[0]) :]
    return whole[len(texts[0]) : len(whole) - len(rest)] if whole.endswith(rest) else None


def _working(turn: str, style: Style, counting: Counting, shown: bool, by_hand: bool) -> Iterator[str]:
    """Find every line of the working where it must stand, and no other; then look at what is left."""
    blocks = counting.blocks(style) if by_hand else []
    prose, start = "", 0
    for block, what in blocks:
        at = turn.find(f"\n{block}\n", start)
        if at < 0:
            yield f"the turn lacks the {what} {block!r}"
            continue
        prose += turn[start:at] + "\n"
        start = at + len(block) + 1  # the newline behind may be the one before the next
    prose += turn[start:]
    spellings = (line for line in prose.split("\n") if style.headed(line) in counting.words)
    for line in [*_WORKING.findall(prose), *spellings]:
        yield f"the turn has the line {line!r} beside its working"
    for quoted in map(style.quote, (counting.text, *counting.letters)):
        if quoted not in turn.partition("\n")[0]:
            yield f"the turn does not begin by restating{quoted}"
    # Every number of the prose is a result: of each item if they are summed, then of all, then the final.
    numbers = [int(number) for number in _NUMBER.findall(_unquoted(prose, style, counting))]
    counts = counting.counts if by_hand and len(counting.items) > 1 else []
    if numbers != [*counts, *[counting.total] * (1 + by_hand + shown)]:
        yield f"the numbers of the prose are {numbers}; the counts are {counts}, together {counting.total}"
    if finals(turn) != [str(counting.total)] or turn.count("####") != 1:
        yield f"the final answers are {finals(turn)}, expected {counting.total}"
