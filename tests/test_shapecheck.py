"""A row whose earlier exchanges or system prompt were changed is found."""

import copy

import pytest

from generators.shape import with_tasks
from generators.shapecheck import check_shape
from tasks.registry import checks, task_class
from tasks.spellingbee import SpellingBee
from tests.test_opening import rows


def shape(written):
    return with_tasks(written, task_class)


KNOWN = checks(())


@pytest.fixture(scope="module")
def shaped():
    found = shape("turns=2;earlier=talk:0.5,spellingbee:0.5;system=date:0.5,cutoff:0.3")
    return rows(SpellingBee(400, language="en", shape=found), 200)


def one(found, holds):
    return copy.deepcopy(next(row for row in found if holds(row["facts"])))


def problems(row):
    return " ".join(check_shape(row, KNOWN))


def test_as_they_are_they_are_right(shaped):
    assert not any(problems(row) for row in shaped)


def test_a_message_too_few(shaped):
    row = shaped[0]
    assert "there are" in problems({**row, "messages": row["messages"][:-2]})


def test_another_answer_to_small_talk(shaped):
    row = one(shaped, lambda facts: facts["earlier"][0] == "talk")
    at = 2 if row["facts"]["system"] else 1
    row["messages"][at] = ("assistant", row["messages"][at][1] + " Indeed.")
    assert "is no small talk in en" in problems(row)


def test_another_date(shaped):
    row = one(shaped, lambda facts: facts["system"] == "date")
    row["facts"]["date"] = "2019-01-01"
    assert "is none of the system prompts" in problems(row)


def test_a_date_told_that_is_not_the_prompts(shaped):
    row = one(shaped, lambda facts: facts["system"] == "date" and "date" in facts["earlier"])
    at = 2 + 2 * row["facts"]["earlier"].index("date")
    row["messages"][at] = ("assistant", "Today is January 1, 1999.")
    assert "does not ask for the date and tell" in problems(row)


def test_a_model_that_knows_the_future(shaped):
    row = one(shaped, lambda facts: facts["system"] == "cutoff")
    row["facts"]["cutoff"] = row["facts"]["date"][:7]
    assert "what the model knows ends in" in problems(row)


def test_a_wrong_count_in_an_earlier_exchange(shaped):
    row = one(shaped, lambda facts: isinstance(facts["earlier"][1], dict))
    at = 4 if row["facts"]["system"] else 3
    count = row["facts"]["earlier"][1]["answer"]
    row["messages"][at] = ("assistant", row["messages"][at][1].replace(f"#### {count}", "#### 9"))
    assert "of spellingbee: " in problems(row)


def test_the_same_exchange_twice(shaped):
    row = one(shaped, lambda facts: facts["earlier"] == ["talk", "talk"])
    at = 1 if row["facts"]["system"] else 0
    row["messages"][at + 2 : at + 4] = row["messages"][at : at + 2]
    assert "the same exchange twice" in problems(row)
