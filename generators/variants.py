"""Variants of a lexicon's words: each kind of words is a lexicon of its own, made from the words there are.

A variant is in the split of the word that it was made from; what was made from none, of its own. None is a
word of any lexicon, and none is in two splits.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from unicodedata import normalize, unidata_version

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from generators import makers
from generators.cache import cache_folder, prune, read_cached, write_cached
from generators.kinds import KINDS
from generators.lexicon import Lexicon
from generators.makers import CASED, MAKERS, OF_ANY_SCRIPT
from generators.offensive import PROFANITY_PACKAGES, offensive_lists
from generators.ragged import Ragged
from generators.rows import key_of
from generators.wordcolumns import is_test_word, spelled
from generators.wordlists import fold, package_version

_KEPT = 64  # sets of variants in the cache folder
_GRAPHEMES = regex.compile(r"\X")


@dataclass(frozen=True, eq=False)
class Variants:
    """The variants of one kind.

    Attributes:
        kind: one of generators.kinds.KINDS.
        base: the number of the lexicon that they were made from.
        lexicon: the variants, as a lexicon of their own.
        source: (variants,) the number of each one's source in the base lexicon; -1: none.
    """

    kind: str
    base: int
    lexicon: Lexicon
    source: npt.NDArray[np.int64]


def variants_of(lexicons: Sequence[Lexicon], kinds: Sequence[str], offensive: bool = False) -> list[Variants]:
    """Make the variants of lexicons, or read them from the cache; a kind that a lexicon lacks is left out.

    Args:
        lexicons: their words and splits.
        kinds: which.
        offensive: keep slurs that come of it.
    """
    folder = cache_folder()
    path = folder and folder / f"variants-{_key(lexicons, kinds, offensive)}.arrow"
    batch, mapped = (path and read_cached(path)) or (_made(lexicons, kinds, offensive), None)
    if path and folder and mapped is None:
        write_cached(path, batch)
        prune(folder, "variants-*.arrow", _KEPT)
    # What is of one kind and lexicon stands together.
    edges = np.flatnonzero(np.diff(batch["group"].to_numpy(), prepend=-1, append=-1))
    found = []
    for start, stop in pairwise(edges.tolist()):
        number, kind = divmod(batch["group"][start].as_py(), len(KINDS))
        mine = batch.slice(start, stop - start)
        found.append(_variants(list(KINDS)[kind], number, lexicons[number], mine))
    return found


def _key(lexicons: Sequence[Lexicon], kinds: Sequence[str], offensive: bool) -> str:
    """Hash all that decides what the variants are, this code too."""
    versions = [regex.__version__, unidata_version, *map(package_version, PROFANITY_PACKAGES)]
    code = [sha256(path.read_bytes()).hexdigest() for path in (Path(__file__), Path(makers.__file__))]
    words = [[lexicon.fingerprint, *lexicon.typed] for lexicon in lexicons]
    return sha256(json.dumps([words, list(kinds), offensive, versions, code]).encode()).hexdigest()[:24]


def _made(lexicons: Sequence[Lexicon], kinds: Sequence[str], offensive: bool) -> pa.RecordBatch:
    """Make variants: rows of group (lexicon * len(KINDS) + kind), word, source and test."""
    # What may be made, then which of it is a word already: asked of Arrow, since a set of all words in
    # Python's memory would be larger than the words.
    made_of = [
        (number, kind, list(MAKERS[kind](lexicon, key_of("variants", lexicon.language, kind))))
        for number, lexicon in enumerate(lexicons)
        for kind in (kinds if _is_cased(lexicon) else OF_ANY_SCRIPT.intersection(kinds))
    ]
    folded = pa.array([fold(word) for _, _, made in made_of for word, _ in made], pa.string())
    words = pa.chunked_array([_folded(lexicon) for lexicon in lexicons])
    is_word = iter(pc.is_in(folded, words).to_pylist())
    fold_of, known, rows = iter(folded.to_pylist()), set[str](), []
    lists = {lexicon.language: _listed(lexicon, offensive) for lexicon in lexicons}
    for number, kind, made in made_of:
        lexicon, seen = lexicons[number], set[str]()
        group, kept = number * len(KINDS) + list(KINDS).index(kind), []
        # Word by word: a few thousand, and then they are in the cache.
        for (word, source), same, old in zip(made, fold_of, is_word, strict=False):
            word = normalize("NFC", word)
            new = kind in CASED or not (old or same in known or same in lists[lexicon.language])
            if new and word not in seen and len(word if word.isascii() else _GRAPHEMES.findall(word)) > 1:
                seen.add(word)
                # None but those that differ in case only may meet in another kind or language.
                known.add(same)
                test = bool(lexicon.test[source]) if source >= 0 else is_test_word(word)
                kept.append((group, word, source, test))
        rows += _few(kept, lexicon) if kind == "misspelt" else kept
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    types = [pa.int64(), pa.string(), pa.int64(), pa.bool_()]
    arrays = [pa.array(column, type_) for column, type_ in zip(columns, types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=["group", "word", "source", "test"])


def _is_cased(lexicon: Lexicon) -> bool:
    return any(grapheme.upper() != grapheme for grapheme in lexicon.graphemes)


def _folded(lexicon: Lexicon) -> pa.StringArray:
    """Return the words of a lexicon, folded; most are in the form that they have in the list."""
    if all(fold(grapheme) == grapheme for grapheme in lexicon.graphemes):
        return lexicon.words
    return pa.array(map(fold, lexicon.words.to_pylist()), pa.string())


def _listed(lexicon: Lexicon, offensive: bool) -> frozenset[str]:
    """Return slurs and obscenities, folded, that no variant may be."""
    return frozenset() if offensive else frozenset().union(*offensive_lists(lexicon.language).values())


def _few(kept: list[tuple[int, str, int, bool]], lexicon: Lexicon) -> list[tuple[int, str, int, bool]]:
    """Keep a quarter as many of each split as the lexicon has: their right words come beside them alone."""
    few: list[tuple[int, str, int, bool]] = []
    for test in (False, True):
        most = int((lexicon.test == test).sum()) // 4
        few += [found for found in kept if found[3] == test][:most]
    return few


def _variants(kind: str, number: int, base: Lexicon, made: pa.RecordBatch) -> Variants:
    words = made["word"].to_pylist()
    graphemes, letters, counted = spelled(words)
    once, twice, more = _of_one_case(graphemes, counted, len(words))
    wanted = {base.graphemes[i] for i in base.alphabet}
    wanted = {letter.upper() for letter in wanted} if kind == "upper" else wanted
    alphabet = [i for i, grapheme in enumerate(graphemes) if grapheme in wanted]
    lexicon = Lexicon(
        language=base.language,
        words=made["word"],
        zipf=np.zeros(len(words), dtype=np.float32),
        test=made["test"].to_numpy(zero_copy_only=False),
        common=np.zeros(len(words), dtype=np.bool_),
        graphemes=graphemes,
        alphabet=np.array(alphabet or range(len(graphemes)), dtype=np.int32),
        letters=letters,
        once=once,
        twice=twice,
        more=more,
        fingerprint=f"{base.fingerprint}/{kind}",
        report={},
    )
    return Variants(kind, number, lexicon, made["source"].to_numpy())


def _of_one_case(graphemes: Sequence[str], counted: dict[str, Ragged], words: int) -> list[Ragged]:
    """Leave out what is no letter, and what a word has in both cases: asked for, it would have two counts."""
    classes = {folded: i for i, folded in enumerate(dict.fromkeys(map(fold, graphemes)))}
    of = np.array([classes[fold(grapheme)] for grapheme in graphemes])
    keys = [rows.spread(np.arange(words)) * len(classes) + of[rows.values] for rows in counted.values()]
    distinct, counts = np.unique(np.concatenate(keys), return_counts=True)
    twice = distinct[counts > 1]
    asked = np.array([grapheme[0].isalpha() for grapheme in graphemes])
    return [
        rows.where(~np.isin(key, twice) & asked[rows.values])
        for rows, key in zip(counted.values(), keys, strict=True)
    ]
