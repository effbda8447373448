"""Facts read out of turns: what the turn says, and what it does not say left empty."""

import pytest

from generators.recovered import recovered
from generators.styles import STYLES
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.test_working import Many
from tests.words_strategies import letters


@pytest.mark.parametrize("style", sorted(STYLES))
def test_what_a_turn_says_is_read(style):
    for row in Many(style).rows:
        found, facts = recovered({**row, "word": "", "letter": "", "style": "", "facts": None}), row["facts"]
        said = facts["working"]
        assert found["facts"]["working"] == ("full" if said == "hand" else said)
        assert found["facts"]["count"] == facts["count"]
        # The letter stands in the list of hits, if there are any; nothing stands in a direct answer.
        assert found["word"] == (row["word"] if said != "direct" else "")
        silent = said == "direct" or (said == "compact" and facts["count"] == 0)
        assert found["letter"] == ("" if silent else row["letter"])
        if said in ("full", "hand", "compact") and len(letters(row["word"])) > 1:
            assert found["style"] == style


@pytest.mark.parametrize("style", sorted(STYLES))
def test_spellings_are_read(style):
    for row in SimpleSpelling(50, style=style, language="all"):
        turn = row["messages"][1]["content"]
        found = recovered({"turn": turn, "parts": [("text", turn)], "answer": row["answer"]})
        assert (found["word"], found["style"], found["facts"]) == (row["word"], row["style"], {})


OTHERS = ["", "3", "#### 4", "#### 3 ", "fig: f, i, g\n\n#### x", "fig: f, i\n\n#### 3"]


@pytest.mark.parametrize("turn", OTHERS)
def test_other_turns_are_refused(turn):
    with pytest.raises(ValueError, match="can't be read out of its turn"):
        recovered({"turn": turn, "parts": [("text", turn)], "answer": "3"})


def test_the_letter_of_hits_is_the_one_that_is_listed_so_often():
    row = next(row for row in SpellingBee(300, language="en", working="compact") if row["answer"] == "2")
    turn = row["messages"][1]["content"]
    for answer in ("1", "3"):
        other = turn[:-1] + answer
        found = recovered({"turn": other, "parts": [("text", other)], "answer": answer})
        assert found["letter"] == row["letter"]
