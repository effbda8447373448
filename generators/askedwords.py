"""The words whose letters a text asks for: what a test of spelling or counting is about.

A person's rows, and benchmarks, ask in words of their own. So what speaks of letters or of spelling, quotes a
single letter, or asks how often there is one is looked at, a short text as a whole and of a long one each
sentence by itself. The words that it asks about are those in quotation marks, else those that our own
questions do not have. Of Chinese, Japanese and Korean, where no space parts a word from the next or from its
particle, only quoted words are seen.

>>> sorted(asked_words("How many r's are there in 'Strawberry'?"))
['strawberry']
>>> asked_words("Write a story of a strawberry.")
set()
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from generators.prompts import language, languages
from generators.wordlists import fold

LONGEST = 40  # words of what asks without quotation marks
_STEMS = (
    "letter|spell|character|vowel|consonant|buchstab|schreibt man|letra|deletre|lettre|[ée]pel"
    "|文字|字母|字符|つづり|綴|スペル|拼写|拼法|글자|철자|스펠"
)
_HOW_MANY = (
    "how many|how often|how much|count|times|number of|wie oft|wie viele|wievie|häufig|anzahl|zähl"
    "|cu[áa]nt|cuent|veces|n[úu]mero|combien|fois|nombre|compte|summe|addi|suma|somme|total"
    "|몇|개수|多少|几|幾|いくつ|何"
)
_QUOTED_LETTER = r"[\"'`“‘„‚«»「『]\s?\pL\pM*\s?[\"'`”’“‘»«」』]"
_MAY_ASK = f"(?i)({_STEMS}|{_HOW_MANY}|{_QUOTED_LETTER})"
_SPEAKS, _COUNTS = regex.compile(_STEMS, regex.I), regex.compile(_HOW_MANY, regex.I)
_ANY_LETTER = regex.compile(r"(?<![\p{L}\p{N}])\p{L}(?![\p{L}\p{N}])")
_LETTER = regex.compile(r"(?<![\p{L}\p{N}])(?!(?:[aiAI]|[’']s)\s)\p{L}(?![\p{L}\p{N}])(?:['’]s)?")
_QUOTES_LETTER = regex.compile(_QUOTED_LETTER)
_SENTENCE = regex.compile(r"[^.!?。！？\n]+[.!?。！？\n]*")
_QUOTED = regex.compile(
    r"(?<![\p{L}\p{N}])(?:\"([^\"\n]{1,60})\"|'([^'\n]{1,60})'(?!\p{L})|`([^`\n]{1,60})`)"
    r"|“([^”\n]{1,60})”|‘([^’\n]{1,60})’|«\s?([^»\n]{1,60}?)\s?»|「([^」\n]{1,60})」|『([^』\n]{1,60})』"
    r"|„([^“”\n]{1,60})[“”]|‚([^‘\n]{1,60})‘|»([^«\n]{1,60})«"
)
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")
_SPACED_WORD = regex.compile(
    r"[\p{Latin}\p{M}]+(?:['’-][\p{Latin}\p{M}]+)*|[^\W\d_\p{Latin}\p{Han}\p{Hiragana}\p{Katakana}]+"
)
_AFFIX = regex.compile(r"['’]s$|^(?:[cdjlmnst]|qu)['’]", regex.I)  # a possessive, an elided article
# Single letters in a row, such as a word that is spelled; as RE2 says it, then as it is read.
_MAY_SPELL = r"(?:^|[^\pL])\pL(?:[^\pL]{1,3}\pL){2,}(?:[^\pL]|$)"
_BETWEEN = regex.compile(r"[^\p{L}\p{M}]+")
_SPELLED = regex.compile(r"(?<!\p{L})\p{L}\p{M}*(?:[^\p{L}\p{M}]{1,3}\p{L}\p{M}*){2,}(?!\p{L})")


def may_ask(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    """Say which texts are worth being looked at for words that they ask about."""
    return pc.match_substring_regex(texts, _MAY_ASK).to_numpy(zero_copy_only=False)


def may_spell(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    """Say which texts are worth being looked at for words that they spell."""
    return pc.match_substring_regex(texts, _MAY_SPELL).to_numpy(zero_copy_only=False)


def asked_words(text: str) -> set[str]:
    """Return the words, folded, whose letters a text asks for."""
    short = len(text) < 10 * LONGEST and len(text.split()) <= LONGEST
    return {word for said in ([text] if short else _SENTENCE.findall(text)) for word in _asked(said)}


def _asked(sentence: str) -> Iterator[str]:
    speaks = _SPEAKS.search(sentence) or _QUOTES_LETTER.search(sentence)
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(sentence)]
    words = [word for said in quoted for word in _WORD.findall(said) if len(word) > 1]
    letter = _ANY_LETTER if words else _LETTER  # "a" and "I" are words, unless a word is quoted beside them
    if not (speaks or (_COUNTS.search(sentence) and letter.search(sentence))):
        return
    if words:
        yield from map(fold, words)
        return
    words = _plain(sentence)
    if len(words) <= LONGEST:
        known = _vocabulary()
        yield from (word for word in words if len(word) > 1 and word not in known)


def _plain(text: str) -> list[str]:
    """Return the words of a text that spaces part, without what is elided before them or added behind."""
    return [fold(_AFFIX.sub("", word)) for word in _SPACED_WORD.findall(text)]


def spelled_words(text: str) -> set[str]:
    """Return the words, folded, that a text spells letter by letter and has as words too.

    >>> spelled_words("A fig is f, i, g; choose A, B or C: a-b-c.")
    {'fig'}
    """
    runs = {fold(_BETWEEN.sub("", run)) for run in _SPELLED.findall(text)}
    whole = fold(text) if runs else ""
    return {run for run in runs if regex.search(rf"(?<!\p{{L}}){regex.escape(run)}(?!\p{{L}})", whole)}


@cache
def _vocabulary() -> frozenset[str]:
    """The words that our own questions are made of."""
    found: set[str] = set()
    for code in languages():
        lang = language(code)
        said = [text for kind in lang.prompts.values() for text in kind] + list(lang.openers)
        for text in said:
            found.update(_plain(regex.sub(r"\{[^}]*\}", " ", text)))
    return frozenset(found)
