"""Reading the final answer out of what a model wrote. Nothing here evaluates a model's text.

>>> finals("It has three.\\n\\n#### **1,024**."), finals("#### 2 or #### 3")
(['1024'], ['2', '3'])
"""

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
        # Longer than any letter is only what was written to be slow: it need not be folded.
        letters = regex.findall(_LETTER, run)
        found[tuple(letter if len(letter) > 32 else fold(letter) for letter in letters)] = None
    return [list(letters) for letters in found]
