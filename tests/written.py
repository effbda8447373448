"""What each style writes, once more and in the plainest way: a string for each place, and nothing shared.

Tests compare generators.styles with this; the two must never look at one another.
"""

import unicodedata

import regex


def needs_universal(text):
    """Whether something in the text is no letter, or ends a letter with a combining mark."""
    ends = [grapheme[-1] for grapheme in regex.findall(r"\X", text)]
    return any(unicodedata.category(end)[0] != "L" for end in ends)


def quoted(style, text):
    """A word or letter in prose, with the space before it."""
    return {"classic": f" '{text}'", "universal": f' " {text} "'}.get(style, f' "{text}"')


def spelled(style, word, letters):
    """A word and its letters."""
    if style == "classic":
        return f"{word}:" + ",".join(letters)
    if style == "quote-comma":
        return f"{word}: " + ", ".join(letters)
    if style == "spaced":
        return f"{word}: " + " ".join(letters)
    if style == "lines":
        return "\n".join([f"{word}:", *letters])
    assert style == "universal"
    return f'" {word} ": ' + " ".join(letters) + f" ({len(letters)})"


def steps(style, letters, letter):
    """The lines of a running count."""
    between = {"classic": ":", "lines": "->"}.get(style, ": ")
    lines, count = [], 0
    for place, each in enumerate(letters, 1):
        if each == letter:
            count += 1
            lines.append(f"{place}{between}{each} hit! count={count}")
        else:
            lines.append(f"{place}{between}{each}" + (" no" if style == "universal" else ""))
    return lines


def called(style, text, letter):
    """The call of the Python tool."""
    if style == "classic":
        return f"'{text}'.count('{letter}')"
    if style == "universal":
        return f'(" {text} ").count(" {letter} ".strip())'
    return f'("{text}").count("{letter}")'


def summed(style, words, counts):
    """The lines that add up the counts of several words."""
    return [
        f"{place}:{quoted(style, word)} {count} sum={sum(counts[:place])}"
        for place, (word, count) in enumerate(zip(words, counts, strict=True), 1)
    ]
