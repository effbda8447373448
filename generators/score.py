"""Reading the final answer out of what a model wrote. Nothing here evaluates a model's text.

>>> finals("It has three.\\n\\n#### **1,024**."), finals("#### 2 or #### 3")
(['1024'], ['2', '3'])
"""

from collections.abc import Sequence

import regex

from generators.wordlists import fold

# An answer runs to the end of its line, or to the next mark; what models write around it is taken off.
_FINAL = regex.compile(r"#{4,}+[ \t]*+((?:(?!####)[^\r\n])*+)")
_AROUND = " \t\u00a0*_`\"'“”‘’«»「」$:=()[]"
_STOPS = ".。,，;；!！"
_BOX = regex.compile(r"\\(?:boxed|text|textbf|mathbf)\{([^{}]*+)\}")
_DIGITS = r"[0-9]{1,3}(?:[, \u00a0\u202f'_][0-9]{3})++(?![0-9])|[0-9]++"
_NUMBER = regex.compile(rf"([+\-−]?)({_DIGITS})(?:\.0++(?![0-9]))?")


def finals(completion: str) -> list[str]:
    """Return the distinct final answers in a text, those after `####`, in order."""
    found = (normal(match[1]) for match in _FINAL.finditer(completion))
    return list(dict.fromkeys(answer for answer in found if answer))


def normal(answer: str) -> str:
    """Take off what models write around an answer: bold marks, quotes, a final full stop, thousands commas.

    A number may have words behind it, but no other number: "3 or 4" answers nothing.

    >>> [normal(text) for text in ("**3**.", "1,024", "3.0", "007", "`r`", "3 letters", "-0", "3 or 4")]
    ['3', '1024', '3', '7', 'r', '3', '0', '3 or 4']
    """
    if (plain := answer.strip()).isascii() and plain.isdecimal():
        return plain.lstrip("0") or "0"
    text = _BOX.sub(r"\1", answer).lstrip(_AROUND).rstrip(_AROUND + _STOPS)
    number = _NUMBER.match(text)
    if number is None or regex.match(r"[\p{Latin}_%°/^]", text[number.end() :]):
        return text  # "3rd" and "3%" are no counts
    value = _value(number)
    rest = _NUMBER.finditer(text, number.end())
    return value if all(_value(other) == value for other in rest) else text


def _value(number: "regex.Match[str]") -> str:
    digits = regex.sub("[^0-9]", "", number[2]).lstrip("0") or "0"
    return digits if number[1] in ("", "+") or digits == "0" else "-" + digits


def same_answer(completion: str, answer: str) -> bool:
    """Say whether a text gives this answer and no other.

    >>> same_answer("#### 3", "3"), same_answer("#### 2\\n#### 3", "3"), same_answer("three", "3")
    (True, False, False)
    """
    return finals(completion) == [normal(answer)]


_EDGES = _AROUND + _STOPS + "『』{}"
_LIST = regex.compile(r"[,;、，；]")
_TOLD = regex.compile(r"[\s:：=]+")


def same_items(completion: str, answer: str) -> bool:
    """Say whether a text gives this list as its final answer, in this order and in any case, and no other.

    Items stand between commas; what is told of one stands behind a colon. Quotes count for nothing.

    >>> [same_items(text, "fig, pear: r = 1") for text in ('#### "Fig", "pear": "r" = 1', "#### fig, pear")]
    [True, False]
    """
    found = {tuple(_items(given)) for given in finals(completion)}
    return found == {tuple(_items(answer))}


def _items(text: str) -> list[tuple[str, ...]]:
    items = []
    for item in _LIST.split(fold(text)):
        told = (part.strip(_EDGES) for part in _TOLD.split(item))
        items.append(tuple(part for part in told if part))
    return items


# A letter is a grapheme, as in the lexicon: several code points in some scripts, even several letters.
_LETTER = r"(?:(?=\p{L})\X)"
_LETTERS = regex.compile(
    rf"(?<![\p{{L}}\p{{M}}\p{{N}}])(?<!\p{{L}}['’]){_LETTER}"  # no "t" of "don't"
    rf"(?:[\s,.;·|/*_`\"'“”‘’、，；\-–—]{{1,6}}{_LETTER}(?![\p{{L}}\p{{M}}\p{{N}}]|['’]\p{{L}}))+"
)


def spelled_out(completion: str) -> list[list[str]]:
    """Return the distinct spellings in a text: runs of two or more single letters, folded.

    >>> spelled_out("fig: f, i, g"), spelled_out("**F-I-G**"), spelled_out("fig")
    ([['f', 'i', 'g']], [['f', 'i', 'g']], [])
    """
    found: dict[tuple[str, ...], None] = {}
    for run in _LETTERS.findall(completion):
        found[tuple(map(_folded, regex.findall(_LETTER, run)))] = None
    return [list(letters) for letters in found]


def _folded(letter: str) -> str:
    # Longer than any letter is only what was written to be slow: it need not be folded.
    return letter if len(letter) > 32 else fold(letter)


_IS_LETTER = regex.compile(_LETTER)
_SEPARATORS = (" ", ", ", "\n", ",", "-", " - ", ". ", "|", "/", ".")


def same_spelling(completion: str, letters: Sequence[str]) -> bool:
    """Say whether a text spells these letters, in order and in any case, and spells nothing else.

    A hyphen or an apostrophe parts the letters of most words, and is one of the letters of others: these
    are looked for as a list with one separator throughout.

    >>> same_spelling("fig: f-i-g", ["f", "i", "g"]), same_spelling("f, i, g or g, i, f", ["f", "i", "g"])
    (True, False)
    >>> same_spelling("don't: d o n ' t", [*"don't"]), same_spelling("d o n t", [*"don't"])
    (True, False)
    """
    right = [fold(letter) for letter in letters]
    if all(map(_IS_LETTER.fullmatch, letters)):
        return spelled_out(completion) == [right]
    if len(completion) > _MOST:
        return False
    text = fold(completion)
    lists = [separator.join(right) for separator in _SEPARATORS]
    found = [
        match
        for separator, listed in zip(_SEPARATORS, lists, strict=True)
        for match in regex.finditer(regex.escape(listed), text)
        if _alone(*_around(text, match), separator)
    ]
    if not found:
        return False
    # What is left, without the word itself, may spell nothing.
    edges = sorted([0, *(edge for match in found for edge in match.span()), len(text)])
    left = _NOTHING.join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
    return not spelled_out(left.replace("".join(right), _NOTHING))


_MOST = 10_000  # characters: to fold more may take long, and no word is as long
_NOTHING = "#" * 7  # no letters, and nothing that parts letters
_NEAR = 34  # characters: more than any letter has, and a separator
_BEFORE = regex.compile(r"(?:^|.*[\s:,])\X", regex.DOTALL)
_BEHIND = regex.compile(r"\X(?:[\s,.!?。]|$)")


def _around(text: str, match: "regex.Match[str]") -> tuple[str, str]:
    start, end = match.span()
    return text[max(0, start - _NEAR) : start], text[end : end + _NEAR]


def _alone(before: str, behind: str, separator: str) -> bool:
    """Say whether a list begins and ends where it was found: no further letter, and no part of a word."""
    if before.endswith(separator) and _BEFORE.fullmatch(before[: -len(separator)]):
        return False
    if behind.startswith(separator) and _BEHIND.match(behind[len(separator) :]):
        return False
    return not regex.search(r"[^\s:,*`(]$", before) and not regex.match(r"[^\s.,!?。)*`]", behind)
