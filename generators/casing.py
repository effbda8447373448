"""The other cases of a word: Title and UPPER, where they are the same word and no letter is lost."""


def cased(word: str) -> list[str]:
    """Return a word's Title and UPPER forms, as far as each letter comes back when it is made small again.

    So ß (upper SS), ŉ, dotless ı (upper I) and the final ς (upper Σ, of which the small letter is σ) have
    no other case.

    >>> cased("fig"), cased("straße"), cased("ıssız"), cased("中"), cased("Fig")
    (['Fig', 'FIG'], ['Straße'], [], [], ['FIG'])
    """
    variants = (word[:1].title() + word[1:], word.upper())
    return [v for v in dict.fromkeys(variants) if v != word and _returns(v, word)]


def _returns(variant: str, word: str) -> bool:
    if len(variant) != len(word):
        return False
    pairs = zip(variant, word, strict=True)
    return all(a == b or (a.lower() == b and a.casefold() == b.casefold()) for a, b in pairs)
