r"""Boundaries: where a split pattern is bound to cut, whatever stands around.

A *safe cut* is an offset where the pattern always cuts, and where what stands on one side changes nothing
on the other. Tokens of a concatenation are there the concatenation of tokens, for every vocabulary trained
with that pattern. What `cuts` and `isolated` say holds for one text; what `safe_cut`, `safe_cuts` and
`always_isolated` say is proved for every text around it. False means "not proved".

>>> from tokenizer.patterns import pattern
>>> [safe_cut(left, right, pattern("nanochat")) for left, right in ((":", " s"), (", ", "s"), (",", "o"))]
[True, False, False]

Run: python -m doctest tokenizer/boundaries.py

`audit` looks at templates of your own with many values, and measures what holds for one vocabulary alone (a
comma that its merge table happens never to glue).
"""

from itertools import accumulate

from tokenizer.audit import audit
from tokenizer.patterns import SplitPattern, pretokens
from tokenizer.proofs import begins, safe_cut, safe_cuts

__all__ = ["always_isolated", "audit", "cuts", "isolated", "safe_cut", "safe_cuts"]


def cuts(text: str, pattern: SplitPattern) -> list[int]:
    """Offsets of the pre-token edges of this text, its two ends included.

    >>> from tokenizer.patterns import pattern
    >>> cuts("1: s", pattern("nanochat"))
    [0, 1, 2, 4]
    """
    return list(accumulate(map(len, pretokens(pattern, text)), initial=0))


def isolated(prefix: str, slot: str, suffix: str, pattern: SplitPattern) -> bool:
    """Whether the tokens that cover the slot in this very text are those of the slot alone.

    True where both edges of the slot are pre-token edges of `prefix + slot + suffix` and the pre-tokens
    between them are those of the slot. False may yet be true of one vocabulary, by its merges.

    Raises ValueError for an empty slot.

    >>> from tokenizer.patterns import pattern
    >>> isolated("the word '", "pollocks", "'.", pattern("nanochat"))
    True
    >>> isolated("'", "strawberry", "'.count('r')", pattern("nanochat"))  # 's is cut off as in "it's"
    False
    """
    if not slot:
        raise ValueError("the slot is empty; give the word or letter that stands between prefix and suffix")
    start, end = len(prefix), len(prefix) + len(slot)
    edges = cuts(prefix + slot + suffix, pattern)
    inside = [edge - start for edge in edges if start <= edge <= end]
    return inside == cuts(slot, pattern)


def always_isolated(prefix: str, slot: str, suffix: str, pattern: SplitPattern) -> bool:
    r"""Whether the slot is proved isolated in any text that contains `prefix + slot + suffix`.

    An empty prefix or suffix proves nothing: anything may stand there.

    Raises ValueError for an empty slot.

    >>> from tokenizer.patterns import pattern
    >>> always_isolated('("', "strawberry", '").count("', pattern("o200k"))
    True
    >>> [always_isolated("1:", slot, "\n", pattern("o200k")) for slot in (" s", "s")]
    [True, False]
    """
    if not slot:
        raise ValueError("the slot is empty; give the word or letter that stands between prefix and suffix")
    return begins(prefix, slot, pattern) and safe_cut(slot, suffix, pattern)
