"""The words of one language, as columns, and which of them are test words.

A lexicon is opened once and read by row: `lexicon.words[i]` is spelled by the graphemes
`lexicon.letters`, and `once`, `twice` and `more` say which of them it holds how often. Training and test
words are disjoint by a hash of the word under a key of the project, so that data made with any seed, for
any task, shares no test word.

>>> lexicon = open_lexicon("en", script="Latin", alphabet="abcdefghijklmnopqrstuvwxyz", cache=False)
>>> row = lexicon.words.to_pylist().index("strawberry")
>>> [lexicon.graphemes[i] for i in lexicon.more.take([row]).values], bool(lexicon.test[row])
(['r'], False)

Run `python -m doctest generators/lexicon.py` from the repository.
"""

import json
import math
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from mmap import MADV_DONTNEED, mmap
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import regex

from generators.cache import cache_folder, prune, read_cached, write_cached
from generators.offensive import PROFANITY_PACKAGES
from generators.ragged import Ragged
from generators.wordcolumns import COMMON_ZIPF, Ints, build, is_test_word
from generators.wordlists import LexiconError, package_version, read_bytes

__all__ = ["COMMON_ZIPF", "Lexicon", "LexiconError", "Ragged", "is_test_word", "open_lexicon"]

_KEPT = 64  # lexicons in the cache folder
_FORMAT = 6  # of the cache; a higher number for any change to what is stored, or to how it is made


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The words of one language; n of them, G graphemes. To be read, never written to."""

    language: str
    words: pa.StringArray = field(repr=False)  # (n,), NFC, distinct, by falling zipf, then by word
    zipf: npt.NDArray[np.float32] = field(repr=False)  # (n,), log10 of occurrences in a billion words
    test: npt.NDArray[np.bool_] = field(repr=False)  # (n,), the word belongs to the test split
    common: npt.NDArray[np.bool_] = field(repr=False)  # (n,), zipf >= 4
    graphemes: list[str] = field(repr=False)  # (G,), of all words, sorted; a grapheme's id is its index
    alphabet: Ints = field(repr=False)  # grapheme ids, rising, that may be asked for though absent
    letters: Ragged = field(repr=False)  # n rows: each word's grapheme ids, in order
    once: Ragged = field(repr=False)  # n rows: distinct ids held once, by first occurrence
    twice: Ragged = field(repr=False)  # n rows: … twice
    more: Ragged = field(repr=False)  # n rows: … three times and more
    fingerprint: str  # sha256 of language, words, zipf, split, graphemes and alphabet
    report: dict[str, Any] = field(repr=False)  # JSON for the manifest: sources, words kept and dropped

    typed: Sequence[str] = field(default=(), repr=False)  # words with apostrophes, which are none of `words`
    _mapped: mmap | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.words)

    def release(self) -> None:
        """Give the memory of a cached lexicon back; what is read again comes from the file."""
        if self._mapped is not None and hasattr(self._mapped, "madvise"):
            self._mapped.madvise(MADV_DONTNEED)


def open_lexicon(
    language: str,
    *,
    script: str,
    alphabet: str = "",
    file: "str | os.PathLike[str] | None" = None,
    holdout: "str | os.PathLike[str] | None" = None,
    exclude: "str | os.PathLike[str] | None" = None,
    min_zipf: float = 2.0,
    offensive: bool = False,
    cache: bool = True,
) -> Lexicon:
    """Open the words of a language.

    Args:
        language: a code such as "en".
        script: the script of its words as Unicode names it ("Latin", "Han Hiragana Katakana"); asked where no
            alphabet is.
        alphabet: its letters in lower case, or "" for none.
        file: a person's own words instead of wordfreq's (see `wordlists.parse_words`); then neither script,
            alphabet nor `min_zipf` keeps a word out.
        holdout: words, in the form of `file`, that are test words whatever the hash says.
        exclude: words, in the form of `file`, to leave out. Like `holdout`, whatever their case.
        min_zipf: the rarest of wordfreq's words; 2 is once in ten million. At 0 much is no word at all.
        offensive: True keeps slurs and obscenities.
        cache: False neither reads nor writes the cache folder: `$HORNBOOK_CACHE` (none where that is empty),
            else `hornbook` in `$XDG_CACHE_HOME` or `~/.cache`. A second opening takes milliseconds.

    Raises:
        LexiconError: bad files (see `wordlists`), no such language or script, no word left, or no word of
            one of the splits.

    >>> short = open_lexicon("en", script="Latin", alphabet="aeinst", cache=False)
    >>> short.words[:3].to_pylist(), len(short), short.graphemes, int(short.test.sum())
    (['in', 'is', 'it'], 722, ['a', 'e', 'i', 'n', 's', 't'], 39)
    """
    if not regex.fullmatch(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*", language):
        raise LexiconError(f"the language {language!r} is no language code; expected one such as 'en'")
    if not math.isfinite(min_zipf):
        raise LexiconError(f"the least zipf is {min_zipf}; expected a number, 2 say")
    named = {"file": file, "holdout": holdout, "exclude": exclude}
    files = {role: (Path(path), read_bytes(Path(path))) for role, path in named.items() if path is not None}
    asked = {
        "language": language,
        "script": script,
        "alphabet": unicodedata.normalize("NFC", alphabet),
        "min_zipf": float(min_zipf),
        "offensive": bool(offensive),
    }
    folder = cache_folder() if cache else None
    if folder is None:
        return _lexicon(build(asked, files))
    versions = [package_version(package) for package in ("wordfreq", *PROFANITY_PACKAGES)]
    unicode = [unicodedata.unidata_version, regex.__version__]
    digests = {role: (path.name, sha256(data).hexdigest()) for role, (path, data) in files.items()}
    key = sha256(json.dumps([_FORMAT, asked, digests, versions, unicode]).encode()).hexdigest()[:24]
    if (opened := _opened.get(key)) is not None:
        return opened
    path = folder / f"lexicon-{language}-{key}.arrow"
    batch, mapped = read_cached(path) or (build(asked, files), None)
    if mapped is None:
        write_cached(path, batch)
        prune(folder, "lexicon-*.arrow", _KEPT)
    lexicon = _opened[key] = _lexicon(batch, mapped)
    return lexicon


# Tasks of one process share a lexicon while one of them has it: each mapping of the file counts as memory.
_opened: WeakValueDictionary[str, "Lexicon"] = WeakValueDictionary()


def _lexicon(batch: pa.RecordBatch, mapped: mmap | None = None) -> Lexicon:
    """Look at a record batch as a lexicon; the arrays are views of its buffers."""
    about = json.loads(batch.schema.metadata[b"about"])

    def ragged(name: str) -> Ragged:
        return Ragged(batch[name].offsets.to_numpy(), batch[name].values.to_numpy())

    zipf = batch["zipf"].to_numpy()
    return Lexicon(
        language=batch.schema.metadata[b"language"].decode(),
        words=batch["words"],
        zipf=zipf,
        test=batch["test"].to_numpy().view(np.bool_),
        common=zipf >= COMMON_ZIPF,
        graphemes=about["graphemes"],
        alphabet=np.array(about["alphabet"], np.int32),
        letters=ragged("letters"),
        once=ragged("once"),
        twice=ragged("twice"),
        more=ragged("more"),
        fingerprint=about["fingerprint"],
        report=about["report"],
        typed=about["typed"],
        _mapped=mapped,
    )
