"""Opening a cover: made once for a tokenizer and some words, then read from the cache folder.

>>> asked_of("vocab/my:own.tiktoken:5")
('vocab/my:own.tiktoken', 5)
"""

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

import regex

from generators.cache import cache_folder, prune, read_cached, write_cached
from generators.cover import Cover, Room
from generators.coverplan import make_plan
from generators.lexicon import Lexicon, is_test_word
from generators.offensive import PROFANITY_PACKAGES, inflected, offensive_lists
from generators.wordlists import fold, package_version, parse_words, read_bytes
from generators.words import words_of
from tokenizer.alphabet import Alphabet
from tokenizer.encoding import open_encoding

MOST = 1000  # times that a token can be spelled
_FORMAT = 1  # of the cache; a higher number for any change to what is stored, or to how it is made
_KEPT = 8  # covers in the cache folder


def asked_of(cover: object) -> tuple[str, int]:
    """Read T:K, a tokenizer and how often each of its tokens must be spelled.

    Raises:
        ValueError: it is something else.
    """
    tokenizer, _, times = str(cover).rpartition(":")
    if not tokenizer or not (times.isascii() and times.isdecimal()) or not 1 <= int(times) <= MOST:
        raise ValueError(
            f"the cover is {cover!r}; write T:K, a tokenizer and how often each of its tokens must be "
            f"spelled, 1 to {MOST:,} times, such as cl100k_base:5"
        )
    return tokenizer, int(times)


def open_cover(
    asked: str,
    lexicons: Sequence[Lexicon],
    rooms: Sequence[Room],
    *,
    holdout: "str | PathLike[str] | None" = None,
    exclude: "str | PathLike[str] | None" = None,
    offensive: bool = False,
) -> Cover:
    """Open the cover of the training split.

    Args:
        asked: T:K.
        lexicons: whose words are dealt.
        rooms: one for each strand.
        holdout, exclude: files of words that must be test words, and that must not come: no token is spelled
            by itself that is such a word.
        offensive: spell tokens that are slurs and obscenities, too.

    Raises:
        ValueError: asked is no T:K, or T is no tokenizer (an EncodingError says why).
    """
    tokenizer, times = asked_of(asked)
    encoding = open_encoding(tokenizer)
    described = {"tokenizer": encoding.name, "fingerprint": encoding.fingerprint, "times": times}
    files = [None if path is None else read_bytes(Path(path)) for path in (holdout, exclude)]

    def make() -> Any:
        barred = _barred([lexicon.language for lexicon in lexicons], files, offensive)
        return make_plan(Alphabet.of(encoding), words_of(lexicons), rooms, times, barred)

    folder = cache_folder()
    if folder is None:
        plan = make()
    else:
        key = {
            "format": _FORMAT,
            "described": described,
            "lexicons": [lexicon.fingerprint for lexicon in lexicons],
            "rooms": [asdict(room) for room in rooms],
            "files": [None if data is None else sha256(data).hexdigest() for data in files],
            "offensive": offensive,
            "packages": [package_version(name) for name in PROFANITY_PACKAGES],
            "unicode": [unicodedata.unidata_version, regex.__version__],
        }
        digest = sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:24]
        path = folder / f"cover-{digest}.arrow"
        found = read_cached(path)
        plan = found[0] if found else make()
        if not found:
            write_cached(path, plan)
            prune(folder, "cover-*.arrow", _KEPT)
    return Cover.of(plan, lexicons, rooms, described)


def _barred(languages: Sequence[str], files: Sequence[bytes | None], offensive: bool) -> Callable[[str], str]:
    """Return what says why a token may not be spelled by itself in the training split: "" where it may."""
    held, excluded = (
        {fold(word) for word in parse_words(data, "", weights=False)[0]} if data else set() for data in files
    )
    listed: frozenset[str] = frozenset()
    if not offensive:
        for language in dict.fromkeys(languages):
            listed = listed.union(*offensive_lists(language).values())
    forms = inflected(listed)
    reasons: Mapping[str, Callable[[str], bool]] = {
        "one letter hides nothing": lambda text: len(regex.findall(r"\X", text)) < 2,
        "its own text is not NFC": lambda text: unicodedata.normalize("NFC", text) != text,
        "its own text is a test word": lambda text: is_test_word(text) or fold(text) in held,
        "its own text is excluded": lambda text: fold(text) in excluded,
        "its own text offends": lambda text: fold(text) in listed or fold(text) in forms,
    }

    def barred(text: str) -> str:
        return next((reason for reason, holds in reasons.items() if holds(text)), "")

    return barred
