import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.chats import FIELDS, chat, persona
from generators.jsonvalues import Value
from generators.rolenames import ROLES
from generators.turns import Found
from tests.strategies import TEXTS

TURNS = st.lists(st.tuples(st.sampled_from(sorted(ROLES)), TEXTS), max_size=6)


def said(found: Found) -> list[tuple[str, str]]:
    assert not found.reason, found
    return [turn[:2] for turn in found.turns]


@settings(deadline=None)
@given(st.sampled_from(sorted(FIELDS)), TURNS, st.integers(0, 3), st.booleans(), st.integers(1, 10**9))
def test_lists_of_messages_are_read(format: str, turns: Any, place: int, parts: bool, line: int):
    names, role, content = FIELDS[format]
    messages: Any = [
        {"id": 1, role: name.title(), content: [{"type": "text", "text": text}] if parts else text}
        for name, text in turns
    ]
    row = {"id": "x", names[place]: messages} if place < 3 else messages
    found = chat(Value(line, json.loads(json.dumps(row))), format, ROLES)
    expected = [(ROLES[name], text) for name, text in turns]
    if len(expected) > 1 and expected[0] == expected[1] and expected[0][0] == "system":
        del expected[0]
    assert said(found) == expected
    assert {turn.line for turn in found.turns} <= {line}


def test_foreign_roles_are_left_as_they_are():
    row = [{"role": "tool", "content": "4"}, {"role": "Anna", "content": "hi"}]
    assert said(chat(Value(1, row), "messages", {**ROLES, "anna": "user"})) == [("tool", "4"), ("user", "hi")]


def test_a_system_beside_the_list_is_a_message():
    row: dict[str, Any] = {"system": "be", "messages": [{"role": "user", "content": "hi"}]}
    assert said(chat(Value(1, row), "messages", ROLES)) == [("system", "be"), ("user", "hi")]
    row["messages"].insert(0, {"role": "system", "content": "be"})
    assert said(chat(Value(1, row), "messages", ROLES)) == [("system", "be"), ("user", "hi")]
    row["system"] = None
    assert said(chat(Value(1, row), "messages", ROLES)) == [("system", "be"), ("user", "hi")]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({}, "there is no messages"),
        ({"text": "hi"}, "there is no messages"),
        ({"messages": "hi"}, "there is no messages"),
        (3, "there is no messages"),
        (None, "there is no messages"),
        (["hi"], "expecting role and content"),
        ([{"role": "user"}], "expecting role and content"),
        ([{"role": "user", "content": None}], "expecting role and content"),
        ([{"role": None, "content": "hi"}], "expecting role and content"),
        ([{"from": "human", "value": "hi"}], "expecting role and content"),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}],
            "expecting role and content",
        ),
        ([{"role": "user", "content": [{"type": "text", "text": None}]}], "expecting role and content"),
        ([{"role": "user", "content": ["hi"]}], "expecting role and content"),
    ],
)
def test_what_is_no_list_of_messages_is_refused(row: Any, what: str):
    found = chat(Value(7, row), "messages", ROLES)
    assert (found.reason, found.fault) == ("messages", (7, what))


def test_broken_rows_are_refused():
    for format in FIELDS:
        assert chat(Value(2, None, "line 2, column 3: x"), format, ROLES).reason == "json"
    found = persona(Value(2, None, "line 2, column 3: byte 0xff", False), True)
    assert (found.reason, found.fault) == ("encoding", (2, "line 2, column 3: byte 0xff"))


@settings(deadline=None)
@given(
    st.lists(TEXTS, min_size=2, max_size=9),
    st.lists(TEXTS, max_size=4),
    st.lists(TEXTS, max_size=3),
    st.booleans(),
)
def test_the_last_utterance_of_a_persona_chat_is_all_of_it(
    said_by_turns: list[str], traits: list[str], others: list[str], system: bool
):
    """Written as PersonaChat is: an utterance for each turn of the one whose personality it is."""
    ends = range(len(said_by_turns) % 2 + 1, len(said_by_turns), 2)
    utterances = [
        {"history": said_by_turns[:end], "candidates": [*others, said_by_turns[end]]} for end in ends
    ]
    found = persona(Value(5, {"personality": traits, "utterances": utterances}), system)
    roles = ["assistant", "user"] * len(said_by_turns)
    expected = list(zip(reversed(roles[: len(said_by_turns)]), said_by_turns, strict=True))
    if system and traits:
        expected.insert(0, ("system", "\n".join(["Your persona:", *traits])))
    assert said(found) == expected


def test_silence_is_no_turn():
    row = {"personality": [], "utterances": [{"history": ["__ SILENCE __", "hi", "ho"], "candidates": ["x"]}]}
    assert said(persona(Value(1, row), True)) == [("assistant", "hi"), ("user", "ho"), ("assistant", "x")]


@pytest.mark.parametrize(
    "row",
    [
        {}, [], None, 1, {"personality": ["a"]}, {"personality": ["a"], "utterances": []},
        {"personality": ["a"], "utterances": ["b"]},
        {"personality": ["a"], "utterances": [{"history": ["b"]}]},
        {"personality": ["a"], "utterances": [{"history": ["b"], "candidates": []}]},
        {"personality": ["a"], "utterances": [{"history": "b", "candidates": ["c"]}]},
        {"personality": "a", "utterances": [{"history": ["b"], "candidates": ["c"]}]},
        {"utterances": [{"history": ["b"], "candidates": ["c"]}]},
        {"personality": ["a"], "utterances": [{"history": ["b"], "candidates": [1]}]},
    ],
)  # fmt: skip
def test_what_is_no_persona_chat_is_refused(row: Any):
    assert persona(Value(1, row), True).reason == "persona"
