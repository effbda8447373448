"""Shapes as people write them."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.shape import DEEPEST, SYSTEM, TURNS, Shape, shape_of, with_tasks
from tasks.registry import TaskError, task_class
from tasks.spellingbee import SimpleSpelling, SpellingBee


def shape(written):
    return with_tasks(written, task_class)


SHARES = st.floats(0.01, 1).map(lambda share: round(share, 3))


@given(st.dictionaries(st.integers(0, DEEPEST), SHARES, min_size=1))
def test_a_text_and_a_mapping_say_the_same(turns):
    text = "turns=" + ",".join(f"{depth}:{share}" for depth, share in turns.items())
    assert shape_of(text) == shape_of({"turns": turns}) == Shape(turns=turns)


def test_what_is_not_named_is_as_if_there_were_no_shape():
    half = shape_of("system=0.5")
    assert half.system == pytest.approx({kind: share * 5 for kind, share in SYSTEM.items()})
    assert (half.turns, half.loss) == (Shape().turns, "all")
    assert shape_of("turns=2").turns == {2: 1}
    assert shape_of("none") is None
    assert shape_of("usual").turns == shape_of("loss=last;usual").turns == TURNS
    assert shape_of("usual;turns=1").turns == {1: 1}


def test_the_usual_shares_are_those_of_midtraining():
    total = sum(TURNS.values())
    first, near, deep = (sum(TURNS[at] for at in depths) / total for depths in ((0,), (1, 2, 3), (4, 5, 6)))
    assert (round(first, 6), round(near, 6), round(deep, 6)) == (0.60, 0.25, 0.15)
    assert sum(SYSTEM.values()) == pytest.approx(0.10)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("often", "'often' is no part of a shape"),
        ("turn=0:1", "did you mean 'turns'"),
        ("turns=7:1", "turns '7'; allowed: 0 to 6"),
        ("turns=0:x", "'0' has the share 'x'"),
        ("turns=0:-1", "0 or more"),
        ("turns=0:0", "no share above 0"),
        ("turns=0:1,0:2", "'0' stands twice"),
        ("turns=0;turns=1", "a key stands twice"),
        ("system=shrt:0.1", "did you mean 'short'"),
        ("system=1.5", "at most 1"),
        ("loss=none", "loss of a shape"),
        ({"turns": {9: 1}}, "allowed: 0 to 6"),
    ],
)
def test_wrong_shapes_are_refused_in_a_sentence(wanted, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        shape_of(wanted)


def test_tasks_before_go_by_name_or_by_class():
    assert shape("turns=1;earlier=simplespelling").tasks == {"simplespelling": SimpleSpelling}
    by_class = shape_of({"turns": {1: 1.0}, "earlier": {SimpleSpelling: 1}})
    assert by_class == shape("turns=1;earlier=simplespelling")
    assert shape_of(by_class.described()).described() == by_class.described()
    with pytest.raises(TaskError, match="did you mean 'spellingbee'"):
        shape("turns=1;earlier=spelingbee")
    with pytest.raises(ValueError, match="and here by class"):
        SpellingBee(shape="turns=1;earlier=simplespelling")


def test_a_shaped_task_is_the_same_in_another_process():
    task = SpellingBee(50, language="en", tool="none", shape=shape("turns=2;earlier=simplespelling,talk"))
    again = pickle.loads(pickle.dumps(task))
    assert [again[i] for i in range(50)] == [task[i] for i in range(50)]
