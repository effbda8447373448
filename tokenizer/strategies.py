r"""Token boundaries in a test suite of your own: hypothesis strategies, and an assertion (extra `testing`).

>>> from tokenizer.encoding import open_encoding
>>> assert_isolated('the word "{word}".', pattern("cl100k"))  # for drawn words, and every vocabulary
>>> assert_isolated("{word}: s, t", open_encoding(None))  # measured on this one
>>> assert_isolated("'{word}'.count('r')", pattern("cl100k"), values=["strawberry"])
Traceback (most recent call last):
AssertionError: {word} is not isolated with the pattern cl100k
  text        "'strawberry'.count('r')"
  pre-tokens  "'s" | 'trawberry' | "'."
  slot alone  'strawberry'

Run: python -m doctest tokenizer/strategies.py
"""

import random
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate
from typing import Literal

import regex

from tokenizer.boundaries import isolated
from tokenizer.cutting import Token, Tokenizer
from tokenizer.encoding import Encoding
from tokenizer.patterns import NAMES, SplitPattern, pattern, pretokens
from tokenizer.templates import Value, filled, parse, slots_of
from tokenizer.train import train

try:
    from hypothesis import errors, find, settings
    from hypothesis import strategies as st
except ImportError:
    raise ImportError("tokenizer.strategies needs an extra: pip install 'hornbook[testing]'") from None

SCRIPTS = {
    "Latin": ("az AZ Àɏ Ḁỿ", "\u0300\u036f"),
    "Cyrillic": ("ая АЯ Ѐԯ", "\u0300\u036f"),
    "Greek": ("αω ΑΩ Ͱϼ ἀῼ", "\u0300\u036f"),
    "Han": ("一龥 㐀䶵 𠀀𠃿", ""),
    "Hangul": ("가깋 까힣", ""),
    "kana": ("あん ァー", "\u3099\u309a"),
    "Arabic": ("اي ءۓ", "\u064b\u065f"),
    "Hebrew": ("אי כת", "\u0591\u05c7"),
    "Devanagari": ("अऔ कह", "\u0900\u0963"),
    "Thai": ("กา เๆ", "\u0e31\u0e4e"),
}
"""By script: ranges of letters, two or more so that all shrink to "a", and of marks that stand on them."""

# How words begin that a pattern may take, after an apostrophe, for the end of "it's".
_HEADS = ("s", "t", "d", "m", "re", "ve", "ll", "S", "T", "RE", "Ve", "ſ")
# What patterns let stand with a word in one pre-token, or what a merge may glue to it.
_GLUE = [*" '\"’‘“”`´«»„,.:;-—/\\()[]<>=#*_|!?…、。「」\n\r\t\u00a0\u3000sStaéя字17½\u200d🍓"]
_GLUE += [' "', " '", '("', "('", ", ", ": ", "\n\n", ".\n/", "'s", '","']
_ONE_STAGE = tuple(name for name in NAMES if not pattern(name).then)  # what rustbpe can train with
_ALL = tuple(SCRIPTS)

Values = Iterable[Value] | st.SearchStrategy[Value]


def letters(scripts: Iterable[str] = _ALL, *, marks: bool = False) -> st.SearchStrategy[str]:
    """Single graphemes of some of `SCRIPTS`, in NFC: a letter, on which marks may stand.

    >>> find(letters(["Greek"]), str.isupper), find(letters(["Thai"]), lambda letter: True)
    ('Α', 'ก')
    """
    drawn = []
    for script in scripts:
        if script not in SCRIPTS:
            raise ValueError(f"no script is named {script!r}; there are {', '.join(SCRIPTS)}")
        letter, mark = _of(SCRIPTS[script][0], "L"), _of(SCRIPTS[script][1], "M")
        both = st.tuples(letter, st.text(mark, max_size=2)).map("".join) if marks else letter
        drawn.append(both.map(partial(unicodedata.normalize, "NFC")))
    return st.one_of(drawn)


def words(
    scripts: Iterable[str] = _ALL, min_size: int = 1, max_size: int = 12, *, marks: bool = False
) -> st.SearchStrategy[str]:
    """Words of so many graphemes of one script each, in NFC and any casing. The simplest is "a".

    No pattern proves a word that ends in a mark before punctuation, so marks only come when asked for.

    >>> find(words(), lambda word: True), find(words(["Thai"], min_size=2), lambda word: True)
    ('a', 'กก')
    """
    names = list(scripts)
    each = [st.lists(letters([name], marks=marks), min_size=min_size, max_size=max_size) for name in names]
    if "Latin" in names:
        headed = st.tuples(st.sampled_from(_HEADS), each[names.index("Latin")])
        each += [headed.map(lambda both: [*both[0], *both[1]][:max_size]) for _ in range(4)]  # more often
    # Where a script joins consonants, two letters may come to be one grapheme.
    return st.one_of(each).map("".join).filter(lambda word: len(regex.findall(r"\X", word)) >= min_size)


def templates(slots: Iterable[str] = ("word",)) -> st.SearchStrategy[str]:
    """Templates that have each slot once, in any order, amid characters that like to join words.

    >>> find(templates(["word", "letter"]), lambda template: True)
    '{word}{letter}'
    """
    glue = st.lists(st.sampled_from(_GLUE), max_size=3).map("".join)
    order = st.permutations([f"{{{slot}}}" for slot in slots])
    pieces = order.flatmap(lambda named: st.tuples(glue, *(glue.map(slot.__add__) for slot in named)))
    return pieces.map("".join)


def split_patterns() -> st.SearchStrategy[SplitPattern]:
    """One of the patterns of `tokenizer.patterns`.

    >>> find(split_patterns(), lambda known: bool(known.then)).name
    'deepseek'
    """
    return st.sampled_from([pattern(name) for name in NAMES])


def encodings(names: Iterable[str] = _ONE_STAGE, *, seeds: int = 4) -> st.SearchStrategy[Encoding]:
    """Vocabularies of 700 that glue much of what their pattern lets them: so many for each pattern named.

    Each is trained once in a process, in 20 ms, with the extra `train`.

    >>> find(encodings(["cl100k"]), lambda known: len(known.encode(",s")) == 1).name
    'cl100k-0'
    """
    return st.builds(_trained, st.sampled_from(list(names)), st.integers(0, seeds - 1))


@dataclass(frozen=True)
class Failure:
    """A slot that is not isolated: text[start:end], the tokens that touch it, and its tokens alone."""

    what: str
    text: str
    start: int
    end: int
    tokens: list[Token]
    alone: list[Token]

    def __str__(self) -> str:
        first, last = max(0, self.start - 30), self.end + 30
        text = "…" * (first > 0) + self.text[first:last] + "…" * (last < len(self.text))
        kind = "pre-tokens" if self.alone[0][1] is None else "tokens"
        tokens, alone = (" | ".join(map(_shown, some)) for some in (self.tokens, self.alone))
        return f"{self.what}\n  text        {text!r}\n  {kind:10}  {tokens}\n  slot alone  {alone}"


def isolation_failures(
    template: str, tokenizer: Tokenizer, values: Iterable[Value], slot: str = "word"
) -> list[Failure]:
    """Fill a template with each value and list where the slot is not isolated, as `assert_isolated` does.

    >>> [len(isolation_failures("1:{letter}", pattern(name), "abc", "letter")) for name in ("gpt2", "o200k")]
    [0, 3]
    """
    pieces, found = parse(template), []
    if slot not in slots_of(pieces):
        raise ValueError(
            f"the template {template!r} has no slot {{{slot}}}; its slots are {slots_of(pieces)}"
        )
    what = f"{{{slot}}} is not isolated with "
    what += "the pattern " * isinstance(tokenizer, SplitPattern) + tokenizer.name
    for parts in filled(pieces, values):
        text, edges = "".join(parts), [0, *accumulate(map(len, parts))]
        tokens = _cut(tokenizer, text)
        ends = [*accumulate(len(token) for token, _ in tokens)]  # in bytes
        spans = [*zip([0, *ends], ends, tokens, strict=False)]
        for start, end in (edges[at : at + 2] for at in range(1, len(parts), 2) if pieces[at] == slot):
            alone = _cut(tokenizer, text[start:end])
            first, last = len(text[:start].encode()), len(text[:end].encode())
            holds = [token for a, b, token in spans if a < last and b > first] == alone
            if isinstance(tokenizer, SplitPattern):
                holds = isolated(text[:start], text[start:end], text[end:], tokenizer)
            if not holds:
                touching = [token for a, b, token in spans if a <= last and b >= first]
                found.append(Failure(what, text, start, end, touching, alone))
    return found


def assert_isolated(
    template: str, tokenizer: Tokenizer, slot: str = "word", values: Values | None = None
) -> None:
    r"""Assert that the tokens that cover the slot are those of its text alone, wherever it stands.

    On an encoding that is measured; of a pattern it is proved, for every vocabulary that has the pattern.

    The template is a whole text, its ends are edges. Values, or a strategy for them, fill it: a space that
    belongs to the slot stands in them, " s". None draws letters for slots named "letter" and words for the
    rest, as many as hypothesis is set to, and shows the simplest that fails; in a test that is itself given
    something by hypothesis, have it give the values too. ValueError for a tokenizer that does not keep text
    as it is, such as one that puts a space first.

    >>> assert_isolated("1:{letter}\n", pattern("o200k"), "letter", values=[" s", " t"])
    """
    if values is None:
        named = slots_of(parse(template))
        values = st.fixed_dictionaries({name: letters() if name == "letter" else words() for name in named})
    failures = partial(isolation_failures, template, tokenizer, slot=slot)
    if isinstance(values, st.SearchStrategy):
        failures([])  # refuses a slot that is not there
        quiet = settings(deadline=None, database=None)
        try:
            values = [find(values, lambda value: bool(failures([value])), settings=quiet)]
        except errors.NoSuchExample:
            return
    if found := failures(values):
        raise AssertionError(f"{found[0]}" + f"\n  and {len(found) - 1:,} more" * (len(found) > 1))


def _of(ranges: str, kind: Literal["L", "M"]) -> st.SearchStrategy[str]:
    ends = [(ord(few[0]), ord(few[-1])) for few in ranges.split()]
    return st.one_of([st.characters(min_codepoint=a, max_codepoint=b, categories=[kind]) for a, b in ends])


def _shown(token: Token) -> str:
    return repr(token[0].decode("utf-8", "backslashreplace")) + ("" if token[1] is None else f" {token[1]}")


def _cut(tokenizer: Tokenizer, text: str) -> list[Token]:
    if not text:
        raise ValueError("a slot is filled with nothing; give it a text")
    if isinstance(tokenizer, SplitPattern):
        return [(piece.encode(), None) for piece in pretokens(tokenizer, text)]
    tokens: list[Token] = [(tokenizer.token_bytes(id), id) for id in tokenizer.encode(text)]
    said = b"".join(token for token, _ in tokens)
    if said != text.encode():
        shown = said.decode("utf-8", "replace")
        raise ValueError(f"{tokenizer.name} makes {shown!r} of {text!r}; no slot can be placed in it")
    return tokens


@lru_cache(maxsize=256)
def _trained(name: str, seed: int) -> Encoding:
    draw = random.Random(seed)
    # Few characters, so that each stands beside each often enough to be merged.
    glue, few = [*draw.sample(_GLUE, 8), *" ',:\""], [*draw.sample("strdmlveaoniu", 6), *"sS"]
    mixed = [draw.choice(kind) for _ in range(3000) for kind in (glue, glue + few, few, glue + few, few)]
    return train(["".join(mixed)], 700, pattern(name), name=f"{name}-{seed}", special_tokens=())
