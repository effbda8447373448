"""How words of each kind are made from a lexicon's, by lot: see generators.kinds.

>>> from generators.lexicon import open_lexicon
>>> from generators.rows import key_of
>>> short = open_lexicon("en", script="Latin", alphabet="aeinst", cache=False)
>>> [word for word, _ in MAKERS["upper"](short, key_of("example"))][:2]
['ANTE', 'SATES']
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex

from generators.lexicon import Lexicon
from generators.ragged import offsets_of
from generators.rows import below, mix, permute
from generators.wordlists import fold

_MOST = 4096  # variants of a kind
_SOURCES = 40_000  # they are made from so many of the commonest words: rarer ones nobody types in capitals
_LONGEST = 8  # letters of a word that is joined to another
CASED = {"upper", "title"}  # other forms of the same word
OF_ANY_SCRIPT = {"random"}  # the others are about letters that have case, and words with spaces around
_VOWELS = "aeiouyàâáäãåæèéêëìíîïòóôöõøùúûüœ"
_GRAPHEMES = regex.compile(r"\X")
_PARTED = regex.compile(rf"(.{{1,5}}?[{_VOWELS}])([^{_VOWELS}].*[{_VOWELS}].*)")

# From a lexicon and hashes to (variant, number of its source; -1: none).
Made = Iterator[tuple[str, int]]


# Each maker yields at most _MOST variants, of words in an order by lot.


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
    typed = lexicon.typed[:_MOST]
    heads = pa.array([word.partition("'")[0] for word in typed], pa.string())
    yield from zip(typed, pc.fill_null(pc.index_in(heads, lexicon.words), -1).to_pylist(), strict=True)


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


MAKERS: dict[str, Callable[[Lexicon, np.uint64], Made]] = {
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
