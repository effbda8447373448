"""What each language file holds, and what it lacks beside English."""

from dataclasses import dataclass

from generators.lexicon import open_lexicon
from generators.prompts import Language, language, languages


@dataclass(frozen=True)
class Inventory:
    """What one language has.

    Attributes:
        code, name: of the language.
        templates: how many questions, by kind.
        wordings: the fewest that any sentence of the answer has.
        words: of its lexicon, as rare as its file says.
        lacks: what English has more of, or alone, a few words each.
    """

    code: str
    name: str
    templates: dict[str, int]
    wordings: int
    words: int
    lacks: tuple[str, ...]


def inventory() -> list[Inventory]:
    """Look at every language file, and open every lexicon: seconds, where none is cached yet."""
    english = language("en")
    return [_inventory(language(code), english) for code in languages()]


def _inventory(lang: Language, english: Language) -> Inventory:
    words = open_lexicon(lang.code, script=lang.script, alphabet=lang.alphabet, min_zipf=lang.min_zipf)
    has, all_of_english = _counts(lang), _counts(english)
    # What a language asks nothing about, as Chinese does about vowels, it needs no sentences for.
    never = [kind for kind in english.prompts if kind not in lang.prompts]
    kinds = {what: what.partition(".")[0].removesuffix("_tool") for what in all_of_english}
    return Inventory(
        lang.code,
        lang.name,
        {kind: len(templates) for kind, templates in lang.prompts.items()},
        min(len(wordings) for section in lang.answers.values() for wordings in section.values()),
        len(words),
        (
            *(f"no {kind}" for kind in never),
            *(
                f"{what} {has.get(what, 0)} of {count}"
                for what, count in all_of_english.items()
                if has.get(what, 0) < count and kinds[what] not in never
            ),
        ),
    )


def _counts(lang: Language) -> dict[str, int]:
    """Count everything that a language file can have more or less of."""
    return {
        **{kind: len(templates) for kind, templates in lang.prompts.items()},
        **{
            f"{section}.{name}": len(wordings)
            for section, sentences in lang.answers.items()
            for name, wordings in sentences.items()
        },
        **{f"requests.{kind}": len(wordings) for kind, wordings in lang.requests.items()},
        "sentences": len(lang.sentences),
        "openers": len(lang.openers),
        "endings": len(lang.endings),
    }
