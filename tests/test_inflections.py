import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.inflections import ENDINGS, EXAMPLES, SHORTEST, report, said

RULES = [rule for rules in ENDINGS.values() for rule in rules.split()]
STEMS = st.text("abrtsyeió", max_size=5)
SUFFIXES = st.sampled_from(["", *(rule.lstrip("=").rpartition("-")[2] for rule in RULES)])
# Words that are apt to be relatives: few letters, the endings themselves, doubled letters, capitals.
WORDS = st.one_of(
    st.builds(str.__add__, STEMS, SUFFIXES),
    st.builds(lambda stem, suffix: stem + stem[-1:] + suffix, STEMS, SUFFIXES),
    st.builds(lambda stem, suffix: (stem + suffix).title(), STEMS, SUFFIXES),
    st.text(max_size=6),
).filter(bool)


def bases(word: str, rules: list[str]) -> set[str]:
    """Undo each ending of one word, slowly."""
    found = set()
    for rule in rules:
        if rule.startswith("="):
            ending = rule[1:]
            stem = word.removesuffix(ending) if word.endswith(ending) else ""
            if len(stem) > 1 and stem[-1] == stem[-2] and stem[-1] in "bcdfghjklmnpqrtvwxz":
                found.add(stem[:-1])
        else:
            old, ending = rule.split("-")
            if word.endswith(ending):
                found.add(word.removesuffix(ending) + old)
    return {base for base in found if len(base) >= SHORTEST}


def slowly(words: list[str], test: list[bool], language: str) -> tuple[int, list[list[str]]]:
    lower = [pc.utf8_lower(pa.scalar(word)).as_py() for word in words]
    first = {word: i for i, word in reversed(list(enumerate(lower)))}
    families = [
        {i} | {first[base] for base in bases(word, ENDINGS[language].split()) if base in first}
        for i, word in enumerate(lower)
    ]
    pairs = []
    for i, mine in enumerate(families):
        if test[i]:
            others = [j for j, theirs in enumerate(families) if not test[j] and mine & theirs]
            pairs += [[words[i], words[j]] for j in others[:1]]
    return len(pairs), pairs[:EXAMPLES]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(WORDS, st.booleans()), min_size=1, max_size=25, unique_by=lambda pair: pair[0]),
    st.sampled_from(sorted(ENDINGS)),
)
def test_relatives_are_those_of_a_slow_search(drawn: list[tuple[str, bool]], language: str):
    words, test = [word for word, _ in drawn], [of_test for _, of_test in drawn]
    found = report(pa.array(words), np.array(test), language)
    assert (found["related"], found["examples"]) == slowly(words, test, language)
    assert found["test"] == sum(test)


PAIRS = {
    "en": "strawberries strawberry, running run, boxes box, tried try, making make, biggest big, "
    "happily happy, stopped stop, lying lie, dog's dog, magically magic, gently gentle",
    "es": "meses mes, luces luz, canciones canción, comiendo comer, gatita gatito, rápidamente rápida",
    "fr": "journaux journal, heureuse heureux, petites petit, parlé parler, finissant finir, vendu vendre",
    "de": "kinder kind, lehrerinnen lehrer, macht machen, großes große, autos auto",
}


@pytest.mark.parametrize("language", sorted(ENDINGS))
def test_relatives_of_each_language(language: str):
    for pair in PAIRS[language].split(", "):
        inflected, base = pair.split()
        assert report(pa.array([inflected, base]), np.array([True, False]), language)["related"] == 1, pair
        assert report(pa.array([base, inflected]), np.array([True, False]), language)["related"] == 1, pair


def test_strangers_are_no_relatives():
    for pair in (["bus", "bu"], ["passed", "pas"], ["bottle", "bottom"], ["bring", "br"]):
        found = report(pa.array([*pair, "other"]), np.array([True, False, False]), "en")
        assert found["related"] == 0, pair


def test_a_language_without_endings_says_nothing():
    found = report(pa.array(["草莓", "苹果"]), np.array([True, False]), "zh")
    assert found == {"test": 1, "related": None, "examples": None}
    none = report(pa.array(["pear", "fig"]), np.array([True, False]), "en")
    assert none == {"test": 1, "related": 0, "examples": []}
    some = report(pa.array(["pears", "pear"]), np.array([True, False]), "en")
    told = list(said({"zh": {"relatives": found}, "fr": {"relatives": none}, "en": {"relatives": some}}))
    assert told == ["1 of 1 test words (en) have a relative among the training words: pears / pear"]
