"""Reading the final answer out of what a model wrote. Nothing here evaluates a model's text.

>>> finals("It has three.\\n\\n#### **1,024**."), finals("#### 2 or #### 3")
(['1024'], ['2', '3'])
"""

import regex

# An answer runs to the end of its line, or to the next mark; what models write around it is taken off.
_FINAL = regex.compile(r"####[ \t]*((?:(?!####)[^\r\n])*)")
_AROUND = " \t\u00a0*_`\"'“”‘’«»「」$:=()[]"
_STOPS = ".。,，;；!！"
_GROUPED = regex.compile(r"[+-]?[0-9]{1,3}(?:[,  \u00a0\u202f'_][0-9]{3})+")
_NUMBER = regex.compile(r"([+-]?)0*([0-9]+)(?:\.0+)?")


def finals(completion: str) -> list[str]:
    """Return the distinct final answers in a text, those after `####`, in order."""
    found = (normal(match[1]) for match in _FINAL.finditer(completion))
    return list(dict.fromkeys(answer for answer in found if answer))


def normal(answer: str) -> str:
    """Take off what models write around an answer: bold marks, quotes, a final full stop, thousands commas.

    >>> [normal(text) for text in ("**3**.", "1,024", "3.0", "007", "`r`", "3 letters", "-0")]
    ['3', '1024', '3', '7', 'r', '3', '0']
    """
    text = answer
    while (shorter := text.strip(_AROUND).rstrip(_STOPS)) != text:
        text = shorter
    if _GROUPED.fullmatch(text):
        text = regex.sub(r"[^0-9+-]", "", text)
    head = text.split(maxsplit=1)
    if head and _NUMBER.fullmatch(tail := head[0].strip(_AROUND).rstrip(_STOPS)):
        text = tail  # "3 letters" answers 3
    if number := _NUMBER.fullmatch(text):
        digits = number[2]
        return digits if number[1] in ("", "+") or digits == "0" else "-" + digits
    return text


def same_answer(completion: str, answer: str) -> bool:
    """Say whether a text gives this answer and no other.

    >>> same_answer("#### 3", "3"), same_answer("#### 2\\n#### 3", "3"), same_answer("three", "3")
    (True, False, False)
    """
    return finals(completion) == [normal(answer)]


_LETTERS = regex.compile(
    r"(?<![\p{L}\p{M}\p{N}'’])(?:\p{L}\p{M}*)(?:[\s,.;·|/*_`\"'“”‘’\-–—]{1,4}(?:\p{L}\p{M}*)(?![\p{L}\p{M}\p{N}'’]))+"
)


def spelled_out(completion: str) -> list[list[str]]:
    """Return the distinct spellings in a text: runs of two or more single letters, casefolded.

    >>> spelled_out("fig: f, i, g"), spelled_out("**F-I-G**"), spelled_out("fig")
    ([['f', 'i', 'g']], [['f', 'i', 'g']], [])
    """
    found = []
    for run in _LETTERS.findall(completion):
        letters = [letter.casefold() for letter in regex.findall(r"\p{L}\p{M}*", run)]
        if letters not in found:
            found.append(letters)
    return found
