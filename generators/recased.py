"""Words in capitals, for questions in which case matters, or is said not to.

>>> recased("banana", "a", 0, UPPER), recased("Banana", "a", 0, UPPER), recased("banana", "b", 1, UPPER)
('BANANA', 'Banana', 'BANANA')
"""

from functools import lru_cache

from generators.casing import cased

# What becomes of a word: any form; or one in which its letter is small, or large, wherever it stands.
ANY, LOWER, UPPER = range(3)


@lru_cache(maxsize=1 << 14)
def _forms(word: str, letter: str) -> tuple[tuple[str, ...], ...]:
    """Return the forms of a word: any, those in which a letter is always small, and always large."""
    every = (word, *cased(word)) if word == word.lower() else (word,)
    large = letter.upper() if len(letter.upper()) == len(letter) else letter
    small = tuple(form for form in every if large == letter or large not in form)
    return every, small or every, tuple(form for form in every if letter not in form) or every


def recased(word: str, letter: str, lot: int, wanted: int) -> str:
    """Write a word in one of its forms: small, Title or UPPER; a word with capitals stays as it is.

    Args:
        word: with the letter or without.
        letter: a small one.
        lot: decides between forms.
        wanted: ANY, LOWER or UPPER.
    """
    forms = _forms(word, letter)[wanted]
    return forms[lot % len(forms)]
