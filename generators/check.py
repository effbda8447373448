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
    """Check the answer that counts a letter in a word, or in the words of a phrase; yields what is wrong."""
    row = recovered(row) if row["facts"] is None else row
    words, working = row["facts"].get("words") or [row["word"]], row["facts"].get("working", "full")
    yield from check_request(row, working)
    if not row["letter"]:
        yield from _unsaid(row, words[0], working)
        return
    style, letter, phrase = style_of(row["style"]), row["letter"], " ".join(words)
    counts = [graphemes(word).count(letter) for word in words]
    total = sum(counts)
    if row["facts"]["count"] != total:
        yield f"the facts say {row['facts']['count']}; {letter!r} stands {total} times in {phrase!r}"
    if row["answer"] != str(total):
        yield f"the answer is {row['answer']!r}; {letter!r} stands {total} times in {phrase!r}"
    for text, what in ((phrase, "words"), (letter, "letter")):
        if text not in row["question"]:
            yield f"the question {row['question']!r} lacks the {what} {text!r}"
    form = row["facts"]["form"]
    called = form == "tool"
    if called and phrase.count(letter) != total:
        yield f"the tool is called, and would count {phrase.count(letter)} of {letter!r} in {phrase!r}"
    allowed = {"full": form != "not called", "tool": called}.get(working, form in ("not called", "none"))
    if not allowed:
        yield f"the facts say {working!r} working, and of the call {form!r}"
    texts = "".join(text for kind, text in row["parts"] if kind == "text")
    # A turn that shows the exchange as fenced code: its prose is that of all text parts.
    shown = called and "```" in row["turn"]
    if working in ("compact", "direct"):
        expected = _short(style, words, letter, working)
        if row["turn"] != expected:
            yield f"the turn is {row['turn']!r}, expected {expected!r}"
    else:
        turn, by_hand = texts if shown else row["turn"], working != "tool"
        yield from _working(turn, style, words, letter, counts, shown, by_hand)
    calls = [text for kind, text in row["parts"] if kind == "python"]
    outputs = [text for kind, text in row["parts"] if kind == "python_output"]
    if calls != ([style.expression(phrase, letter)] if called else []):
        yield f"the tool is called with {calls}; the facts say {row['facts']['form']!r}"
    if outputs != ([str(total)] if called else []):
        yield f"the tool's outputs are {outputs}; {letter!r} stands {total} times in {phrase!r}"
    around = _said_around_tool(row)
    if shown:
        return
    if around is None or (around and not called):
        yield f"the parts {row['parts']} do not hold the turn {row['turn']!r}"
    elif _NUMBER.findall(_unquoted(around, style, [*words, phrase, letter])) != [str(total)] * called:
        yield f"beside the tool it says {around!r}; the count is {total}"


def _short(style: Style, words: Sequence[str], letter: str, working: str) -> str:
    """Write the whole turn where it has no sentences."""
    spelled = [(word, graphemes(word)) for word in words]
    lines = [style.spelling(word, letters) + style.hits(letters, letter) for word, letters in spelled]
    counts = [letters.count(letter) for _, letters in spelled]
    summed = [style.tally(words, counts)] if len(words) > 1 else []
    return "\n\n".join([*([*lines, *summed] if working == "compact" else []), f"#### {sum(counts)}"])


def _unsaid(row: Mapping[str, Any], word: str, working: str) -> Iterator[str]:
    """Check a turn that does not say which letter is asked for, in a dialect that has no facts."""
    expected = f"#### {row['answer']}"
    if working == "compact":
        expected = f"{style_of(row['style']).spelling(word, graphemes(word))}\n\n#### 0"
    if row["turn"] != expected:
        yield f"the turn is {row['turn']!r}, expected {expected!r}"
    if finals(row["turn"]) != [row["answer"]]:
        yield f"the answer is {row['answer']!r}, the turn says {finals(row['turn'])}"
    if [tuple(part) for part in row["parts"]] != [("text", expected)]:
        yield f"the parts are {row['parts']}, expected the text {expected!r}"
    if word not in row["question"]:
        yield f"the question {row['question']!r} lacks the word {word!r}"


def _unquoted(text: str, style: Style, quoted: Sequence[str]) -> str:
    """Leave out the words and letters that a text quotes: they may hold digits."""
    for value in sorted(quoted, key=len, reverse=True):
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


def _working(
    turn: str,
    style: Style,
    words: Sequence[str],
    letter: str,
    counts: Sequence[int],
    shown: bool,
    by_hand: bool,
) -> Iterator[str]:
    """Find every line of the working where it must stand, and no other; then look at what is left."""
    blocks = []
    for word in words if by_hand else ():
        letters = graphemes(word)
        blocks += [(style.spelling(word, letters), "line"), (style.steps(letters, letter), "steps")]
    total, tally = sum(counts), style.tally(words, counts)
    summed = by_hand and (len(words) > 1 or f"\n{tally}\n" in turn)
    if summed:
        blocks.append((tally, "sum"))
    prose, start = "", 0
    for block, what in blocks:
        at = turn.find(f"\n{block}\n", start)
        if at < 0:
            yield f"the turn lacks the {what} {block!r}"
            continue
        prose += turn[start:at] + "\n"
        start = at + len(block) + 1  # the newline behind may be the one before the next
    prose += turn[start:]
    spellings = (line for line in prose.split("\n") if style.headed(line) in words)
    for line in [*_WORKING.findall(prose), *spellings]:
        yield f"the turn has the line {line!r} beside its working"
    quoted = style.quote(" ".join(words))
    if quoted not in turn.partition("\n")[0]:
        yield f"the turn does not begin by restating{quoted}"
    # Every number of the prose is a result: of each word if they are summed, then of all, then the final.
    prose = _unquoted(prose, style, [*words, " ".join(words), letter])
    numbers = [int(number) for number in _NUMBER.findall(prose)]
    if numbers != [*(counts if summed else ()), *[total] * (1 + by_hand + shown)]:
        yield f"the numbers of the prose are {numbers}; the counts are {list(counts)}, together {total}"
    if finals(turn) != [str(total)] or turn.count("####") != 1:
        yield f"the final answers are {finals(turn)}, expected {total}"
