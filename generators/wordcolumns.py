"""Makes the columns of a lexicon: filters the words of a source, splits them, spells them.

Everything is one Arrow record batch of n rows, so that it can be kept in a file and looked at without a
copy; what has another length (graphemes, alphabet, report) is JSON in its metadata. `generators.lexicon`
reads it.

>>> graphemes, letters, counted = spelled(["abba", "cab"])
>>> graphemes, letters.tolist()
(['a', 'b', 'c'], [[0, 1, 1, 0], [2, 0, 1]])
>>> counted["once"].tolist(), counted["twice"].tolist()
([[], [2, 0, 1]], [[0, 1], []])
"""

import json
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import regex

from generators.offensive import inflected, obscene_characters, offensive_lists
from generators.ragged import Ragged
from generators.wordlists import (
    Found,
    LexiconError,
    fold,
    frequent_words,
    package_version,
    parse_words,
    weighed,
)

Ints = npt.NDArray[np.int32]

COMMON_ZIPF = 4.0  # ten times in a million words, and more
_SPLIT_KEY = b"hornbook split 1"  # never the seed: two exports must share no test word
_TEST_BELOW = 2**64 * 5 // 100


def is_test_word(word: str) -> bool:
    """Say whether a word is a test word: about one in twenty, by a keyed hash of its folded form.

    It knows nothing of a holdout file; `Lexicon.test` does.

    >>> [word for word in ("apple", "Zebra", "strawberry", "mississippi", "window") if is_test_word(word)]
    []
    >>> is_test_word("Straße") == is_test_word("STRASSE")
    True
    """
    digest = blake2b(fold(word).encode(), digest_size=8, key=_SPLIT_KEY).digest()
    return int.from_bytes(digest, "little") < _TEST_BELOW


def build(asked: dict[str, Any], files: dict[str, tuple[Path, bytes]]) -> pa.RecordBatch:
    """Make the columns of a lexicon.

    Args:
        asked: language, script, alphabet, min_zipf and offensive, as in `lexicon.open_lexicon`.
        files: path and bytes of the person's own files: "file", "holdout", "exclude", or none of them.

    Returns:
        n rows of words (string), zipf (float32), test (uint8), letters, once, twice, more (lists of int32);
        metadata "language", and "about": JSON of fingerprint, graphemes, alphabet and report.

    Raises:
        LexiconError: see `generators.lexicon.open_lexicon`.
    """
    others = {
        role: parse_words(data, str(path), weights=False)[0]
        for role, (path, data) in files.items()
        if role != "file"
    }
    own_file = files.get("file")
    if own_file:
        path, data = own_file
        found = weighed(*parse_words(data, str(path)))
        source = {"file": path.name, "sha256": sha256(data).hexdigest()}
    else:
        found = frequent_words(
            **{name: asked[name] for name in ("language", "script", "alphabet", "min_zipf")}
        )
        source = {"package": "wordfreq", "version": package_version("wordfreq"), "list": "best"}
    kept, report, typed = _filtered(found, asked, others, compounds=not own_file)
    if not kept:
        dropped = ", ".join(f"{count:,} {reason}" for reason, count in report["dropped"].items() if count)
        raise LexiconError(f"no word of the language {asked['language']!r} is left (dropped: {dropped})")

    zipf_of = np.fromiter(kept.values(), np.float32, len(kept)).tolist()
    order = sorted(zip((-zipf for zipf in zipf_of), kept, strict=True))
    words = [word for _, word in order]
    zipf = -np.array([minus for minus, _ in order], np.float32)  # (n,)
    held = {fold(word) for word in others.get("holdout", ())}
    folded = [fold(word) for word in words] if held else words
    test = np.fromiter(map(is_test_word, words), bool, len(words))  # (n,)
    by_hash = int(test.sum())
    if held:
        test |= np.fromiter((word in held for word in folded), bool, len(words))
    if test.all() or not test.any():
        missing, where = ("train", "outside") if test.any() else ("test", "in")
        raise LexiconError(
            f"the lexicon has no {missing} word: it has {len(words):,} words, of which about 5 % are test "
            f"words by hash; give more words, or some {where} a holdout file"
        )
    graphemes, letters, counted = spelled(words)
    common = zipf >= COMMON_ZIPF
    alphabet = _absent(graphemes, asked["alphabet"], letters, common)
    report = {
        "language": asked["language"],
        "source": source,
        "words": len(words),
        "common": int(common.sum()),
        "test": int(test.sum()),
        "test_by_hash": by_hash,
        **report,
        "holdout": {"words": len(held), "found": len(held.intersection(folded))},
    }
    strings = pa.array(words, pa.string())
    digest = sha256(json.dumps([asked["language"], words, graphemes, alphabet]).encode())
    digest.update(zipf.astype("<f4").tobytes() + test.tobytes())
    about = {
        "fingerprint": digest.hexdigest(),
        "graphemes": graphemes,
        "alphabet": alphabet,
        "typed": typed,
        "report": report,
    }
    columns = {"words": strings, "zipf": pa.array(zipf), "test": pa.array(test.view(np.uint8))}
    for name, rows in {"letters": letters, **counted}.items():
        columns[name] = pa.ListArray.from_arrays(pa.array(rows.offsets), pa.array(rows.values))
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    return batch.replace_schema_metadata({"language": asked["language"], "about": json.dumps(about)})


def _filtered(
    found: Found, asked: dict[str, Any], others: dict[str, dict[str, float]], compounds: bool
) -> tuple[dict[str, float], dict[str, Any], list[str]]:
    """Leave out what offends and what the person excludes; say how many.

    Compounds of obscene characters are found by the other words: a language's, not those of a person's file.
    """
    excluded = {fold(word) for word in others.get("exclude", ())}
    lists = {} if asked["offensive"] else offensive_lists(asked["language"])
    listed: frozenset[str] = frozenset().union(*lists.values())
    forms: frozenset[str] = inflected(listed) if asked["alphabet"] else frozenset()
    dropped = {name: {"words": len(words), "dropped": 0} for name, words in lists.items()}
    kept: dict[str, float] = {}
    inflections = offended = out = 0
    for word, zipf in found.zipf.items():
        folded = fold(word)
        if folded in listed:
            offended += 1
            for name, words in lists.items():
                dropped[name]["dropped"] += folded in words
        elif folded in forms:
            inflections += 1
        elif folded in excluded:
            out += 1
        else:
            kept[word] = zipf
    obscene = obscene_characters(listed, kept) if compounds else frozenset()
    joined = [word for word in kept if not obscene.isdisjoint(word)] if obscene else []
    for word in joined:
        del kept[word]
    offensive = {
        "kept": asked["offensive"],
        "lists": dropped,
        "inflections": inflections,
        "compounds": len(joined),
    }
    report = {
        "dropped": {**found.dropped, "offensive": offended + inflections + len(joined), "excluded": out},
        "offensive": offensive,
        "exclude": {"words": len(excluded), "dropped": out},
    }
    out_of = listed | forms | excluded
    typed = [word for word in found.typed if not out_of.intersection([fold(word), *fold(word).split("'")])]
    return kept, report, typed


def spelled(words: list[str]) -> tuple[list[str], Ragged, dict[str, Ragged]]:
    """Number the graphemes, spell every word, and sort its graphemes by how often it holds them.

    Returns:
        The graphemes, sorted; each word's ids in order; and by "once", "twice" and "more" each word's
        distinct ids in the order of their first occurrence.
    """
    # One pass over all words: a line break never joins its neighbours. Nor do letters of the grapheme
    # break class "Other", so where there are no others, graphemes are code points (0.15 s less).
    text = "\n".join([*words, ""])
    plain = regex.fullmatch(r"[\p{GCB=Other}\n]*", text)
    found: list[str] = list(text) if plain else regex.findall(r"\X", text)
    graphemes = sorted(set(found) - {"\n"})
    ids = {"\n": -1, **{grapheme: i for i, grapheme in enumerate(graphemes)}}
    flat = np.fromiter(map(ids.__getitem__, found), np.int32, len(found))
    ends = flat < 0
    word_of: npt.NDArray[np.int64] = (np.cumsum(ends) - ends)[~ends]  # (letters,), index into words
    values = flat[~ends]  # (letters,) int32
    _, first, count = np.unique(word_of * len(graphemes) + values, return_index=True, return_counts=True)
    counted = {}
    for name, chosen in (("once", count == 1), ("twice", count == 2), ("more", count > 2)):
        at = np.sort(first[chosen])  # positions rise with the word, then with the first occurrence
        counted[name] = Ragged(_offsets(word_of[at], len(words)), values[at])
    return graphemes, Ragged(_offsets(word_of, len(words)), values), counted


def _offsets(row_of: npt.NDArray[np.int64], rows: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(row_of, minlength=rows))]).astype(np.int32)


def _absent(graphemes: list[str], alphabet: str, letters: Ragged, common: npt.NDArray[np.bool_]) -> list[int]:
    own = set(regex.findall(r"\X", alphabet))
    ids = [i for i, grapheme in enumerate(graphemes) if grapheme in own]
    if ids:
        return ids
    of_common = np.unique(letters.values[letters.spread(common)])
    return of_common.tolist() if len(of_common) else list(range(len(graphemes)))
