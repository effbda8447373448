"""Loops: text that repeats itself, as models do that were trained on such text.

>>> loop("I think it is so, I think it is so, I think it is so, I think it is so,")
'I think it is so, '
>>> loop("hahaha: h, a, h, a, h, a") is None
True
"""

import regex

LINE = (
    24  # characters from which a line must not come four times in a turn: a word is spelled for three letters
)
_LOOP = regex.compile(r"(?P<unit>\S.{5,60}?\s|\S{6,40}?)(?P=unit){2,}")
_WORD = regex.compile(r"\p{L}\p{M}*\p{L}")


def loop(text: str) -> str | None:
    """Return what a text says three times or more in a row, or a long line that it has four times; else None.

    A line is looked into where fewer than half of its words are distinct, as they are in any loop of words
    that makes up most of it. Letters by themselves, as in a word that is spelled, are no loop.
    """
    lines = [line for line in text.split("\n") if len(line) >= LINE]
    if len(set(lines)) < len(lines) - 2 and (again := [line for line in lines if lines.count(line) > 3]):
        return again[0]
    for line in lines:
        words = line.split(" ")
        if 2 * len(set(words)) < len(words):
            for found in _LOOP.finditer(line):
                if _WORD.search(found["unit"]):
                    return str(found["unit"])
    return None
