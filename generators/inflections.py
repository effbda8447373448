"""Test words with a relative among the training words: strawberries, where strawberry is trained on.

A report and no filter. Whoever knows how strawberry is spelled knows most of strawberries, so a score on such
words says less than one on the others. Two words are relatives where one is the other with an ending, or
where both are a third word of the lexicon with endings; the few endings of each language stand below, so
the report is about right and not exact.

>>> words = pa.array(["running", "strawberry", "runs", "string", "run", "strawberries", "bus"])
>>> test = np.array([True, False, False, True, True, True, True])
>>> report(words, test, "en")
{'test': 5, 'related': 3, 'examples': [['running', 'runs'], ['run', 'runs'], ['strawberries', 'strawberry']]}
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SHORTEST = 3  # letters of a word that endings are put to
EXAMPLES = 5
_DOUBLED = pa.array(list("bcdfghjklmnpqrtvwxz"))  # no s: "passed" does not come from "pas"

# What is at a word's end, "-", and what takes its place; "=" is a consonant that is doubled before it.
# Chinese does not inflect; for Japanese and Korean, whose words wordfreq cuts into morphemes, there are none.
ENDINGS: Mapping[str, str] = {
    "en": "-s -es y-ies -ed e-ed =ed y-ied -ing e-ing =ing ie-ying -er e-er =er y-ier -ers e-ers =ers "
    "y-iers -est e-est =est y-iest -ly e-y y-ily ic-ically -'s",
    "es": "-s -es z-ces ón-ones ín-ines án-anes és-eses -mente o-a o-as o-amente o-ito a-ita ar-a ar-an "
    "ar-ando ar-ado ar-ada ar-ados ar-adas ar-ó ar-aron er-e er-en er-iendo er-ido er-ida er-ió "
    "er-ieron ir-e ir-en ir-iendo ir-ido ir-ida ir-ió ir-ieron",
    "fr": "-s -x al-aux -e -es -ment -ement er-e er-es er-ez er-ent er-ons er-ant er-ait er-é er-ée er-és "
    "er-ées ir-i ir-it ir-ie ir-is ir-issant re-s re-t re-u re-ue eur-euse eux-euse if-ive",
    "de": "-e -n -en -er -es -s -em -st -in -innen e-er e-es e-em en-e en-t en-st en-te en-ten en-end",
}  # fmt: skip


def report(words: pa.StringArray, test: npt.NDArray[np.bool_], language: str) -> dict[str, Any]:
    """Say how many test words have a relative among the training words.

    Args:
        words: (n,) of a lexicon, the most frequent first.
        test: (n,) which are test words.
        language: of the words.

    Returns:
        JSON: how many test words there are; how many are related, and the first of them with their most
        frequent relatives, or None for both where there are no endings for the language.
    """
    found: dict[str, Any] = {"test": int(test.sum()), "related": None, "examples": None}
    if language not in ENDINGS:
        return found
    word, base = _families(pc.utf8_lower(words), ENDINGS[language].split())
    none = len(words)
    # The most frequent training word of each family, then the most frequent of each word's families.
    first = np.full(none, none)
    np.minimum.at(first, base[~test[word]], word[~test[word]])
    relative = np.full(none, none)
    np.minimum.at(relative, word, first[base])
    related = np.flatnonzero(test & (relative < none))
    shown = (words.take(pa.array(of[:EXAMPLES])).to_pylist() for of in (related, relative[related]))
    return {**found, "related": len(related), "examples": [list(pair) for pair in zip(*shown, strict=True)]}


def _families(
    words: pa.StringArray, endings: list[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pair each word with itself and with every word of the lexicon that it is an ending away from.

    Returns:
        Indices of words, and of the words that they come from.
    """
    numbers, bases = zip(*_undone(words, endings), strict=True)
    base = pc.index_in(pa.concat_arrays(bases), words)
    known = pc.is_valid(base).to_numpy(zero_copy_only=False)
    itself = np.arange(len(words))
    word = np.concatenate([itself, np.concatenate(numbers)[known]])
    return word, np.concatenate([itself, base.drop_null().to_numpy().astype(np.int64)])


def _undone(
    words: pa.StringArray, endings: list[str]
) -> Iterator[tuple[npt.NDArray[np.int64], pa.StringArray]]:
    """Undo each ending, where a word has it: numbers of words, and what stands before with its old end."""
    for rule in endings:
        doubled = rule.startswith("=")
        old, ending = ("", rule[1:]) if doubled else rule.split("-")
        number = np.flatnonzero(pc.ends_with(words, ending).to_numpy(zero_copy_only=False))
        stem = pc.utf8_slice_codeunits(words.take(pa.array(number)), 0, -len(ending))
        if doubled:
            last = pc.utf8_slice_codeunits(stem, -1)
            stem = pc.utf8_slice_codeunits(stem, 0, -1)
            twice = pc.and_(pc.equal(last, pc.utf8_slice_codeunits(stem, -1)), pc.is_in(last, _DOUBLED))
            stem, number = stem.filter(twice), number[twice.to_numpy(zero_copy_only=False)]
        base = pc.binary_join_element_wise(stem, old, "")
        long = pc.greater_equal(pc.utf8_length(base), SHORTEST)
        yield number[long.to_numpy(zero_copy_only=False)], base.filter(long)


def said(lexicons: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Say the reports of a manifest's lexicons, in a line each."""
    for language, lexicon in lexicons.items():
        found = lexicon["relatives"]
        if found["related"]:
            example = " / ".join(found["examples"][0])
            yield (
                f"{found['related']:,} of {found['test']:,} test words ({language}) have a relative "
                f"among the training words: {example}"
            )
