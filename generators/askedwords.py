"""The words whose letters a text asks for: what a test of spelling or counting is about.

A person's rows, and benchmarks, ask in words of their own. So a sentence is looked at that speaks of letters
or of spelling, or of how often there is a single letter; the words that it asks about are those in quotation
marks, else those that our own questions do not have.

>>> sorted(asked_words("How many r's are there in 'Strawberry'? Tell me about fruit."))
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

LONGEST = 60  # words of a sentence that asks
_STEMS = (
    "letter|spell|character|vowel|consonant|buchstab|letra|deletre|lettre|[ée]pel|文字|字母|字符|つづり|綴|スペル"
    "|拼写|拼法|글자|철자|스펠"
)
_HOW_MANY = (
    "how many|how often|how much|count|times|number of|wie oft|wie viele|wievie|cu[áa]nt|veces|combien|fois"
    "|몇|개수|多少|几|幾|いくつ|何"
)
_MAY_ASK = f"(?i)({_STEMS}|{_HOW_MANY})"
_SPEAKS, _COUNTS = regex.compile(_STEMS, regex.I), regex.compile(_HOW_MANY, regex.I)
_LETTER = regex.compile(r"(?<![\p{L}\p{N}])(?!(?:[aiAI]|[’']s)\s)\p{L}(?![\p{L}\p{N}])(?:['’]s)?")
_SENTENCE = regex.compile(r"[^.!?。！？\n]+[.!?。！？\n]*")
_QUOTED = regex.compile(
    r"(?<![\p{L}\p{N}])(?:\"([^\"\n]{1,60})\"|'([^'\n]{1,60})'(?!\p{L})|`([^`\n]{1,60})`|“([^”\n]{1,60})”"
    r"|‘([^’\n]{1,60})’|«\s?([^»\n]{1,60}?)\s?»|「([^」\n]{1,60})」|『([^』\n]{1,60})』|„([^“”\n]{1,60})[“”])"
)
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")
_SPACED_WORD = regex.compile(r"[^\W\d_\p{Han}\p{Hiragana}\p{Katakana}]+(?:['’-][^\W\d_]+)*")
_POSSESSIVE = regex.compile(r"['’]s$")
# Single letters in a row, such as a word that is spelled; as RE2 says it, then as it is read.
_MAY_SPELL = r"(?:^|[^\pL])\pL(?:[^\pL]{1,3}\pL){2,}(?:[^\pL]|$)"
_SPELLED = regex.compile(r"(?<!\p{L})\p{L}\p{M}*(?:[^\p{L}\p{M}]{1,3}\p{L}\p{M}*){2,}(?!\p{L})")


def may_ask(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    """Say which texts are worth being looked at for words that they ask about."""
    return pc.match_substring_regex(texts, _MAY_ASK).to_numpy(zero_copy_only=False)


def may_spell(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    """Say which texts are worth being looked at for words that they spell."""
    return pc.match_substring_regex(texts, _MAY_SPELL).to_numpy(zero_copy_only=False)


def asked_words(text: str) -> set[str]:
    """Return the words, folded, whose letters a text asks for."""
    return {word for sentence in _SENTENCE.findall(text) for word in _asked(sentence)}


def _asked(sentence: str) -> Iterator[str]:
    if not (_SPEAKS.search(sentence) or (_COUNTS.search(sentence) and _LETTER.search(sentence))):
        return
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(sentence)]
    words = [word for said in quoted for word in _WORD.findall(said) if len(word) > 1]
    if words:
        yield from map(fold, words)
        return
    words = [fold(_POSSESSIVE.sub("", word)) for word in _SPACED_WORD.findall(sentence)]
    if len(words) <= LONGEST:
        known = _vocabulary()
        yield from (word for word in words if len(word) > 1 and word not in known)


def spelled_words(text: str) -> set[str]:
    """Return the words, folded, that a text spells letter by letter and has as words too.

    >>> spelled_words("A fig is f, i, g; choose A, B or C: a-b-c.")
    {'fig'}
    """
    runs = {fold(regex.sub(r"[^\p{L}\p{M}]", "", run)) for run in _SPELLED.findall(text)}
    return runs & {fold(word) for word in _WORD.findall(text)} if runs else set()


@cache
def _vocabulary() -> frozenset[str]:
    """The words that our own questions are made of."""
    found: set[str] = set()
    for code in languages():
        lang = language(code)
        said = [text for kind in lang.prompts.values() for text in kind] + list(lang.openers)
        for text in said:
            found.update(fold(word) for word in _SPACED_WORD.findall(regex.sub(r"\{[^}]*\}", " ", text)))
    return frozenset(found)
