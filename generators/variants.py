"""Variants of a lexicon's words: each kind of words is a lexicon of its own, made from the words there are.

A variant is in the split of the word that it was made from; what was made from none, of its own. None is a
word of any lexicon, and none is in two splits.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from unicodedata import normalize

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import regex

from generators.lexicon import Lexicon
from generators.offensive import offensive_lists
from generators.ragged import Ragged, offsets_of
from generators.rows import below, key_of, mix, permute
from generators.wordcolumns import is_test_word, spelled
from generators.wordlists import fold

_MOST = 4096  # variants of a kind
_SOURCES = 40_000  # they are made from so many of the commonest words: rarer ones nobody types in capitals
_LONGEST = 8  # letters of a word that is joined to another
_CASED = {"upper", "title"}  # other forms of the same word
_OF_ANY_SCRIPT = {"random"}  # the others are about letters that have case, and words with spaces around
_VOWELS = "aeiouyàâáäãåæèéêëìíîïòóôöõøùúûüœ"
_GRAPHEMES = regex.compile(r"\X")
_PARTED = regex.compile(rf"(.{{1,5}}?[{_VOWELS}])([^{_VOWELS}].*[{_VOWELS}].*)")

# From a lexicon and hashes to (variant, number of its source; -1: none).
Made = Iterator[tuple[str, int]]


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
    """Make the variants of lexicons; where a lexicon has none of a kind, that is left out.

    Args:
        lexicons: their words and splits.
        kinds: which.
        offensive: keep slurs that come of it.
    """
    # All at once: a line break joins nothing.
    known = set(
        fold("\n".join(word for lexicon in lexicons for word in lexicon.words.to_pylist())).split("\n")
    )
    found = []
    for number, lexicon in enumerate(lexicons):
        words = lexicon.words.to_pylist()
        is_cased = any(grapheme.upper() != grapheme for grapheme in lexicon.graphemes)
        listed: frozenset[str] = frozenset()
        if not offensive:
            listed = frozenset().union(*offensive_lists(lexicon.language).values())
        for kind in kinds if is_cased else _OF_ANY_SCRIPT.intersection(kinds):
            seen: set[str] = set()
            kept: list[tuple[str, int, bool]] = []
            for word, source in _MAKERS[kind](lexicon, key_of("variants", lexicon.language, kind)):
                word = normalize("NFC", word)
                folded = fold(word)
                cased = kind in _CASED and folded == fold(words[source])
                new = cased or (folded not in known and folded not in listed)
                if new and word not in seen and len(word if word.isascii() else _GRAPHEMES.findall(word)) > 1:
                    seen.add(word)
                    # None but those that differ in case only may meet in another kind or language.
                    known.add(folded)
                    kept.append(
                        (word, source, bool(lexicon.test[source]) if source >= 0 else is_test_word(word))
                    )
            if kind == "misspelt":
                kept = _few(kept, lexicon)
            if kept:
                found.append(_lexicon(kind, number, lexicon, kept))
    return found


def _few(kept: Sequence[tuple[str, int, bool]], lexicon: Lexicon) -> list[tuple[str, int, bool]]:
    """Keep a quarter as many of each split as the lexicon has: their right words come beside them alone."""
    few: list[tuple[str, int, bool]] = []
    for test in (False, True):
        most = int((lexicon.test == test).sum()) // 4
        few += [found for found in kept if found[2] == test][:most]
    return few


def _lexicon(kind: str, number: int, base: Lexicon, kept: Sequence[tuple[str, int, bool]]) -> Variants:
    words = [word for word, _, _ in kept]
    graphemes, letters, counted = spelled(words)
    once, twice, more = _of_one_case(graphemes, counted, len(words))
    wanted = {base.graphemes[i] for i in base.alphabet}
    wanted = {letter.upper() for letter in wanted} if kind == "upper" else wanted
    alphabet = [i for i, grapheme in enumerate(graphemes) if grapheme in wanted]
    lexicon = Lexicon(
        language=base.language,
        words=pa.array(words, pa.string()),
        zipf=np.zeros(len(words), dtype=np.float32),
        test=np.array([test for _, _, test in kept]),
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
    return Variants(kind, number, lexicon, np.array([source for _, source, _ in kept], dtype=np.int64))


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


# The kinds. Each maker yields at most _MOST variants, of words in an order by lot.


def _drawn(lexicon: Lexicon, key: np.uint64, longest: int = 99) -> Iterator[tuple[str, int, int]]:
    """Draw words, with their numbers and 64 bits each."""
    most = min(len(lexicon), _SOURCES)
    order = permute(np.arange(min(most, _MOST)), most, key)
    words = lexicon.words.take(pa.array(order)).to_pylist()
    for word, number, drawn in zip(words, order.tolist(), mix(key, order).tolist(), strict=True):
        if len(word) <= longest:
            yield word, number, drawn


def _below(drawn: int, n: int, shift: int = 32) -> int:
    """Draw a number below n by 32 of the bits, as rows.below does for arrays."""
    return ((drawn >> shift) & 0xFFFFFFFF) * n >> 32


def _changed(change: Callable[[str], str], lexicon: Lexicon, key: np.uint64) -> Made:
    """Change each word; what is no other form of the same word is left out."""
    for word, number, _ in _drawn(lexicon, key):
        changed = change(word)
        if changed != word and fold(changed) == fold(word):
            yield changed, number


def _title(word: str) -> str:
    return word[:1].upper() + word[1:]


def _joined(join: Callable[[str, str], str], lexicon: Lexicon, key: np.uint64) -> Made:
    """Join each word to the next one of its split."""
    waiting: dict[bool, tuple[str, int]] = {}
    for word, number, _ in _drawn(lexicon, key, _LONGEST):
        before = waiting.get(bool(lexicon.test[number]))
        waiting[bool(lexicon.test[number])] = word, number
        if before and (joined := join(before[0], word)) not in (before[0] + word, word):
            yield joined, before[1]


def _camel(a: str, b: str) -> str:
    return a + _title(b)


def _hyphen(a: str, b: str) -> str:
    return f"{a}-{b}"


def _apostrophe(lexicon: Lexicon, key: np.uint64) -> Made:
    numbers = {word: number for number, word in enumerate(lexicon.words.to_pylist())} if lexicon.typed else {}
    for word in lexicon.typed[:_MOST]:
        yield word, numbers.get(word.partition("'")[0], -1)


def _digits(lexicon: Lexicon, key: np.uint64) -> Made:
    for word, number, drawn in _drawn(lexicon, key):
        digits = _below(drawn, 98) + 2
        short = len(word) < 5 and drawn & 1
        yield (f"{word[0]}{'24'[digits % 2]}{word[-1]}" if short else f"{word}{digits}"), number


def _misspelt(lexicon: Lexicon, key: np.uint64) -> Made:
    for word, number, drawn in _drawn(lexicon, key):
        letters = _GRAPHEMES.findall(word)
        if len(letters) < 4:
            continue
        at, how = _below(drawn, len(letters) - 2) + 1, _below(drawn, 3, 0)
        middle = ([letters[at]] * 2, [], [letters[at + 1], letters[at]])[how]
        yield "".join([*letters[:at], *middle, *letters[at + (2 if how == 2 else 1) :]]), number


def _invented(lexicon: Lexicon, key: np.uint64) -> Made:
    """Put the head of a word, up to a vowel, before the tail of another, from a consonant."""
    head = ""
    for word, _, _ in _drawn(lexicon, key):
        if (parted := _PARTED.fullmatch(word)) is None:
            continue
        if head and len(parted[2]) < _LONGEST:
            yield head + parted[2], -1
        head = parted[1]


def _random(lexicon: Lexicon, key: np.uint64) -> Made:
    letters = [lexicon.graphemes[i] for i in lexicon.alphabet]
    sizes = below(mix(key, np.arange(_MOST)), 7) + 4
    places = below(mix(mix(key, 1), np.arange(sizes.sum())), len(letters)).tolist()
    for start, size in zip(offsets_of(sizes).tolist(), sizes.tolist(), strict=False):
        yield "".join(letters[place] for place in places[start : start + size]), -1


_MAKERS: dict[str, Callable[[Lexicon, np.uint64], Made]] = {
    "upper": partial(_changed, str.upper),
    "title": partial(_changed, _title),
    "camel": partial(_joined, _camel),
    "apostrophe": _apostrophe,
    "hyphen": partial(_joined, _hyphen),
    "digits": _digits,
    "misspelt": _misspelt,
    "invented": _invented,
    "random": _random,
}
