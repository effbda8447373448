"""Cases of words come back, letter for letter."""

from hypothesis import example, given

from generators.casing import cased
from generators.wordlists import fold
from tests.words_strategies import words


@given(words())
@example("straße")
@example("ŉab")
@example("ıstanbul")
@example("istanbul")
@example("οδος")
@example("ὀδός")
@example("ǆep")
@example("ﬁg")
@example("ᾳα")
def test_a_case_is_the_same_word_and_comes_back(word: str):
    for variant in cased(word):
        assert variant != word
        assert fold(variant) == fold(word)
        assert len(variant) == len(word)
        if word == word.lower():
            assert "".join(letter.lower() for letter in variant) == word


def test_the_usual_cases():
    assert cased("strawberry") == ["Strawberry", "STRAWBERRY"]
    assert cased("niño") == ["Niño", "NIÑO"]
    assert cased("λόγος") == ["Λόγος"]
    assert cased("中国") == []
