"""Letters as readers count them."""

from functools import lru_cache

import regex

_GRAPHEMES = regex.compile(r"\X")


@lru_cache(maxsize=1 << 16)
def graphemes(word: str) -> tuple[str, ...]:
    """Return a word's letters as readers count them: extended grapheme clusters (UAX 29).

    >>> graphemes("niño")
    ('n', 'i', 'ñ', 'o')
    """
    return tuple(word) if word.isascii() and "\r" not in word else tuple(_GRAPHEMES.findall(word))
