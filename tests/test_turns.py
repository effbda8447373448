from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.rolemarkers import Markers
from generators.rowcheck import check_row
from generators.turns import LONGEST, REASONS, Found, Refusals, Refused, Turn, taken
from tests.strategies import TEXTS

MARKERS = Markers()
ROLES = st.sampled_from(["user", "assistant", "user", "assistant", "system", "tool"])
CONTENTS = st.one_of(
    TEXTS, st.sampled_from(["<|im_end|>", "Human: x", " ", "\ud800", "User: y\nz", "ok", "fine"])
)
TURNS = st.lists(st.tuples(ROLES, CONTENTS), max_size=7)
ALTERNATING = st.lists(CONTENTS, min_size=2, max_size=6).map(
    lambda texts: [(("user", "assistant")[i % 2], text) for i, text in enumerate(texts)]
)


def found(turns: Any) -> Found:
    return Found(1, [Turn(role, content, 10 * place + 1) for place, (role, content) in enumerate(turns)])


def refusal(turns: Any) -> tuple[str, int, str]:
    with pytest.raises(Refused) as refused:
        taken(found(turns), MARKERS)
    reason, line, what = refused.value.args
    return reason, line, what


@settings(deadline=None)
@given(TURNS | ALTERNATING)
def test_what_is_taken_is_a_row_and_the_rest_has_a_reason(turns: Any):
    """What is taken passes the check of every row of a shard; what could have passed it was not refused."""
    try:
        made = taken(found(turns), MARKERS)
    except Refused as refused:
        reason, line, _ = refused.args
        assert reason in REASONS
        assert line in range(1, 100)
        begun = turns[turns[0][0] == "assistant" :] if turns else []
        assert problems(begun) or any(MARKERS.inside(content) for _, content in begun)
        return
    kept = [turn[:2] for turn in made.turns]
    assert not problems(kept)
    led = [turn for turn in turns[:1] if turn[0] == "system"]
    rest = turns[len(led) :]
    blank = bool(led) and not led[0][1].strip()
    assert kept == [*(led if not blank else []), *rest[made.start : len(rest) - made.end]]
    assert made.start == (rest[0][0] == "assistant")
    assert made.end == (rest[-1][0] == "user")


def problems(turns: Any) -> list[str]:
    if any(not content.strip() for _, content in turns):
        return ["empty"]
    if any("\ud800" in content for _, content in turns):
        return ["encoding"]
    row = {
        "id": "x/train/1", "task": "x", "messages": turns, "answer": "x",
        "all_parts": [(n, "text", text, True) for n, (role, text) in enumerate(turns) if role == "assistant"],
    }  # fmt: skip
    return list(check_row(row, "train", "none"))


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([], ("short", 1, "")),
        ([("user", "a")], ("short", 1, "")),
        ([("assistant", "a")], ("short", 1, "")),
        ([("assistant", "a"), ("user", "b")], ("short", 1, "")),
        ([("system", "a")], ("short", 1, "")),
        ([("user", "a"), ("user", "b"), ("assistant", "c")], ("order", 11, "user after user")),
        ([("user", "a"), ("assistant", "b"), ("assistant", "c")], ("order", 21, "assistant after assistant")),
        ([("user", "a"), ("system", "b"), ("assistant", "c")], ("order", 11, "system after user")),
        ([("system", "a"), ("system", "b"), ("user", "c")], ("order", 11, "system after system")),
        ([("user", "a"), ("tool", "b"), ("assistant", "c")], ("role", 11, "'tool'")),
        ([("user", "a"), ("assistant", " \n")], ("empty", 11, "")),
        ([("user", "a"), ("assistant", "b</s>")], ("control", 11, "'</s>'")),
        ([("user", "a\nBot: b"), ("assistant", "c")], ("marker", 1, "'Bot:'")),
        ([("user", "a"), ("assistant", "b\udcff")], ("encoding", 11, r"'\udcff'")),
        ([("user", "a"), ("assistant", "b" * LONGEST)], ("long", 1, "")),
    ],
)  # fmt: skip
def test_refusals(turns: Any, expected: tuple[str, int, str]):
    assert refusal(turns) == expected


def test_what_is_cut_need_not_be_whole():
    turns = [("assistant", ""), ("user", "a"), ("assistant", "b"), ("user", "</s>")]
    made = taken(found(turns), MARKERS)
    assert [turn.content for turn in made.turns] == ["a", "b"]
    assert (made.start, made.end) == (True, True)


def test_the_first_refusals_are_shown():
    refusals = Refusals()
    for line in range(1, 31):
        refusals.add(
            "a.txt", Refused(("empty", "order", "order")[line % 3], line, "x after y" * (line % 3 > 0))
        )
    shown = refusals.as_json()
    assert list(shown) == ["order", "empty"]
    assert shown["order"]["rows"] == 20
    assert shown["empty"]["first"] == [f"a.txt:{line}" for line in range(3, 31, 3)]
    assert len(refusals.shown) == 10
    assert refusals.shown[0] == f"a.txt:1: {REASONS['order']} (x after y)"
    assert refusals.shown[2] == "a.txt:3: a turn is empty"
