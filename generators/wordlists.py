"""Where words come from: wordfreq, or a person's own file.

Everything here reads; what is kept, and how it is arranged, is `generators.wordcolumns`'s business.

>>> parse_words(b"# fruit\\nbanana\\ncherry\\t12\\nbanana\\n", "fruit.txt")
({'banana': 1.0, 'cherry': 12.0}, 1)
"""

import math
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import regex

# One letter with its marks; a word has two graphemes or more of them.
_LETTER = r"\p{L}\p{M}*"
_WORD = regex.compile(rf"(?=\X\X)(?:{_LETTER})+")
_LETTERS = regex.compile(rf"(?:{_LETTER})+")
_COMMENT = regex.compile(r"(?:^|\s)#.*")
# The forms that verify refuses in a finished conversation as well.
_CONTROL = regex.compile(
    r"<\|[^\n]*?\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<[be]os>", regex.IGNORECASE
)
_SHOWN = 5  # bad lines named in one message


class LexiconError(ValueError):
    """A lexicon cannot be opened as asked: one sentence with what was found, what is allowed."""


class Found(NamedTuple):
    """What a source gave."""

    zipf: dict[str, float]  # word -> log10 of its occurrences in a billion words, not rounded to float32
    dropped: dict[str, int]  # reason -> words left out for it
    typed: tuple[str, ...] = ()  # words with an apostrophe inside, which are no words of letters


def fold(word: str) -> str:
    """Return the form in which two words are the same word: casefolded and NFC.

    >>> fold("STRASSE") == fold("Straße"), fold("Cafe\\u0301") == "café"
    (True, True)
    """
    return word.lower() if word.isascii() else normalize("NFC", normalize("NFC", word).casefold())


@cache
def package_version(package: str) -> str:
    """Return the version of an installed package, without importing it.

    Raises:
        LexiconError: it is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version  # 0.03 s that only a lexicon needs

    try:
        return version(package)
    except PackageNotFoundError:
        raise LexiconError(f"the package {package} is not installed: run `pip install {package}`") from None


def read_bytes(path: Path) -> bytes:
    """Read a file whole.

    Raises:
        LexiconError: it is missing, a folder, or not readable.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise LexiconError(f"{path}: no such file; expected a UTF-8 text with a word a line") from None
    except IsADirectoryError:
        raise LexiconError(f"{path} is a folder; expected a UTF-8 text with a word a line") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise LexiconError(f"{path} cannot be read: {reason}") from None


def parse_words(data: bytes, name: str, *, weights: bool = True) -> tuple[dict[str, float], int]:
    """Read a person's own list: UTF-8, a word a line, `#` comments, blank lines, optional tab and weight.

    A word is NFC after reading, letters of any script with their marks, two graphemes or more; its case is
    kept. A weight is a positive number in any unit; a line without one weighs 1. A word that comes twice
    keeps its first weight.

    Args:
        data: the bytes of the file; a byte order mark is skipped.
        name: what messages call the file.
        weights: False ignores whatever stands behind a tab.

    Returns:
        word -> weight in the order of the file, and how many lines repeat a word.

    Raises:
        LexiconError: not UTF-8; lines that are no words; weights that are no positive number; no word at all.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind the byte order mark.
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        at_line = len(data[:start].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
        raise LexiconError(
            f"{name} is not UTF-8: byte 0x{data[start]:02x} at offset {start}, line {at_line}; "
            "save it as UTF-8"
        ) from None
    words: dict[str, float] = {}
    repeats = 0
    no_words: list[tuple[int, str]] = []
    no_weights: list[tuple[int, str]] = []
    control: list[tuple[int, str]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        entry = _COMMENT.sub("", line)
        head, tab, tail = entry.partition("\t")
        if not entry.strip():
            continue
        word = normalize("NFC", head.strip())
        if not _WORD.fullmatch(word):
            no_words.append((number, head.strip()))
            control += [(number, token.group()) for token in _CONTROL.finditer(entry)]
            continue
        weight = _weight(tail) if tab and weights else 1.0
        if weight is None:
            no_weights.append((number, tail.strip()))
        elif word in words:
            repeats += 1
        else:
            words[word] = weight
    if no_words:
        also = f"; it holds control tokens: {_lines(control)}" if control else ""
        raise LexiconError(
            f"{name} has {_count(no_words, 'that is no word', 'that are no words')}: "
            f"{_lines(no_words)}{also}; a line is a word of two letters or more and nothing but letters, "
            "then, if wanted, a tab and a weight"
        )
    if no_weights:
        wrong = _count(
            no_weights, "whose weight is no positive number", "whose weights are no positive numbers"
        )
        raise LexiconError(
            f"{name} has {wrong}: {_lines(no_weights)}; a weight is a count or a frequency above 0"
        )
    if not words:
        raise LexiconError(f"{name} is empty: it holds no word; expected a UTF-8 text with a word a line")
    return words, repeats


def weighed(words: dict[str, float], repeats: int = 0) -> Found:
    """Turn weights into zipf: log10 of the share of the total, plus 9.

    >>> weighed({"aa": 3.0, "bb": 1.0}).zipf == {"aa": 9 + math.log10(3 / 4), "bb": 9 + math.log10(1 / 4)}
    True
    """
    most = max(words.values())
    # Over the largest, so that no sum overflows; fsum, so that the order of the lines is no matter.
    total = math.log10(most) + math.log10(math.fsum(weight / most for weight in words.values()))
    return Found(
        {word: math.log10(weight) - total + 9 for word, weight in words.items()}, {"repeated": repeats}
    )


def frequent_words(language: str, *, script: str, alphabet: str, min_zipf: float) -> Found:
    """Read wordfreq's best list of a language, whose words go down to about zipf 1.

    A word is kept whose zipf is at least `min_zipf`, that is letters only and two graphemes or more, and
    whose graphemes all stand in `alphabet`, or, without one, whose letters are all of `script`, which may
    name several with spaces between.

    Source: Robyn Speer, wordfreq 3 (data CC BY-SA 4.0); bin i of its list is frequency 10 ** (-i / 100).

    Raises:
        LexiconError: wordfreq has no such language, or there is no such script.
    """
    own = own_words(script=script, alphabet=alphabet)
    wordfreq = import_module("wordfreq")  # 0.1 s
    if language not in wordfreq.available_languages():
        raise LexiconError(
            f"there is no word list for the language {language!r}; wordfreq has "
            f"{', '.join(sorted(wordfreq.available_languages()))}; for others give a file of words"
        )
    zipf: dict[str, float] = {}
    typed: list[str] = []
    dropped = Counter({"zipf": 0, "letters": 0, "short": 0, "script": 0, "repeated": 0})
    for index, words in enumerate(wordfreq.get_frequency_list(language, "best")):
        frequency = round(9 - index / 100, 2)
        if frequency < min_zipf:
            dropped["zipf"] += len(words)
            continue
        for word in words:
            word = normalize("NFC", word)
            if not own(word):
                letters = _LETTERS.fullmatch(word)
                if "'" in word and alphabet and all(map(_LETTERS.fullmatch, word.split("'"))):
                    typed.append(word)
                dropped["letters" if not letters else "script" if _WORD.fullmatch(word) else "short"] += 1
            elif word in zipf:
                dropped["repeated"] += 1
            else:
                zipf[word] = frequency
    wordfreq.get_frequency_list.cache_clear()  # 320,000 words that nobody asks for again
    return Found(zipf, dict(dropped), tuple(dict.fromkeys(typed)))


def own_words(*, script: str, alphabet: str) -> Callable[[str], object]:
    """Return a test for the words of a language: true for two graphemes or more, all of them its own.

    >>> own = own_words(script="Latin", alphabet="abc")
    >>> bool(own("cab")), bool(own("cat")), bool(own("a"))
    (True, False, False)
    >>> own = own_words(script="Han Hiragana Katakana", alphabet="")
    >>> bool(own("ゲーム")), bool(own("食べる")), bool(own("Tシャツ"))
    (True, True, False)

    Raises:
        LexiconError: Unicode has no such script.
    """
    graphemes = sorted(regex.findall(r"\X", normalize("NFC", alphabet)), key=len, reverse=True)
    # V1 for the intersection; a mark may be of the script "Inherited", so only letters are asked. By the
    # extensions ー, which Unicode counts as common, is of Hiragana and Katakana.
    scripts = "".join(rf"\p{{Script_Extensions={name}}}" for name in script.split())
    unit = "|".join(map(regex.escape, graphemes)) or rf"[\p{{L}}&&[{scripts}]]\p{{M}}*"
    if graphemes and len(graphemes[0]) == 1:
        unit = "[" + "".join(map(regex.escape, graphemes)) + "]"
    try:
        pattern = regex.compile(rf"(?=\X\X)(?:{unit})+", regex.V1)
    except regex.error:
        raise LexiconError(
            f"there is no script {script!r}; a script is as Unicode names it: Latin, Han; several have "
            "spaces between"
        ) from None
    return pattern.fullmatch  # type: ignore[no-any-return, unused-ignore]


def _weight(text: str) -> float | None:
    try:
        weight = float(text)
    except ValueError:
        return None
    return weight if 0 < weight < math.inf else None


def _count(lines: list[tuple[int, str]], one: str, many: str) -> str:
    return f"1 line {one}" if len(lines) == 1 else f"{len(lines):,} lines {many}"


def _lines(lines: list[tuple[int, str]]) -> str:
    named = [
        f"line {number} {text[:40] + '…' if len(text) > 40 else text!r}" for number, text in lines[:_SHOWN]
    ]
    return ", ".join(named) + (f" and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else "")
