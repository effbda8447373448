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


# Where the words and letters stand in these strings: (start, stop) of each, in characters. A space before one
# is part of it.


def spots(pieces):
    """Where every second piece stands in all of them together."""
    found, text = [], ""
    for before, piece in zip(pieces[::2], pieces[1::2], strict=True):
        text += before
        found.append((len(text) - text.endswith(" "), len(text) + len(piece)))
        text += piece
    return found


def in_quoted(style, words):
    """The words of a phrase, or a single word or letter."""
    opening = {"classic": " '", "universal": ' " '}.get(style, ' "')
    return spots([opening, words[0], *(piece for word in words[1:] for piece in (" ", word))])


def in_spelled(style, word, letters):
    """The word, then the letters."""
    before, first, later = {
        "classic": ("", ":", ","),
        "quote-comma": ("", ": ", ", "),
        "spaced": ("", ": ", " "),
        "lines": ("", ":\n", "\n"),
        "universal": ('" ', ' ": ', " "),
    }[style]
    listed = [piece for letter in letters[1:] for piece in (later, letter)]
    return spots([before, word, first, letters[0], *listed])


def in_steps(style, letters, letter):
    """The letters of a running count."""
    between = {"classic": ":", "lines": "->"}.get(style, ": ")
    pieces, behind = [], ""
    for place, (each, line) in enumerate(zip(letters, steps(style, letters, letter), strict=True), 1):
        pieces += [f"{behind}{place}{between}", each]
        behind = line[len(f"{place}{between}{each}") :] + "\n"
    return spots(pieces)


def in_called(style, words, letter):
    """The words, then the letter."""
    opening, between = {
        "classic": ("'", "'.count('"),
        "universal": ('(" ', ' ").count(" '),
    }.get(style, ('("', '").count("'))
    later = [piece for word in words[1:] for piece in (" ", word)]
    return spots([opening, words[0], *later, between, letter])
