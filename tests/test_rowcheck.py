from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.book import Book
from generators.dialects import Dialect
from generators.rowcheck import CONTROL, check_row, fenced
from tasks.spellingbee import SpellingBee
from tests.exports import WORDS, lexicon
from tests.strategies import TEXTS

PARTS = [
    (1, "text", "Let me see.", True),
    (1, "python", "1+1", True),
    (1, "python_output", "2", False),
    (1, "text", "\n\nTwo.", True),
]


def row(**changes: Any) -> dict[str, Any]:
    messages = [("user", "What is it?"), ("assistant", "It is fig.")]
    found = {
        "id": "t/train/0/1",
        "task": "t",
        "messages": messages,
        "prompt": messages[:1],
        "completion": messages[1:],
        "all_parts": [(1, "text", "It is fig.", True)],
        "answer": "fig",
        "split": "train",
    }
    return {**found, **changes}


def problems(tool_text: str = "none", split: str = "train", **changes: Any) -> list[str]:
    return list(check_row(row(**changes), split, tool_text))


def said(content: str, parts: list[Any], tool_text: str = "none", question: str = "What?") -> list[str]:
    messages = [("user", question), ("assistant", content)]
    sides = {"prompt": messages[:1], "completion": messages[1:]}
    return problems(tool_text, messages=messages, all_parts=parts, **sides)


def test_a_right_row_has_no_problem():
    assert problems() == []
    short = {name: value for name, value in row().items() if name not in ("prompt", "completion", "split")}
    assert list(check_row(short, "train", "none")) == []
    assert said("Let me see.\n\nTwo.", PARTS) == []
    assert said(fenced(PARTS), PARTS, "fenced") == []


def test_a_system_message_and_earlier_turns_are_right():
    messages = [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hi!")]
    messages += [("user", "a"), ("assistant", "b")]
    parts = [(2, "text", "Hi!", True), (4, "text", "b", True)]
    assert problems(messages=messages, prompt=messages[:4], completion=messages[4:], all_parts=parts) == []


@pytest.mark.parametrize(
    "roles",
    [["user"], ["assistant"], ["user", "user"], ["user", "assistant", "user"], ["system"], [], ["tool"]],
)
def test_roles_stand_in_turn(roles: list[str]):
    messages = [(role, "It is fig.") for role in roles]
    found = problems(messages=messages, prompt=messages[:-1], completion=messages[-1:])
    assert any("its roles are" in problem for problem in found)


TOKENS = st.one_of(
    st.sampled_from(["<s>", "</s>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"]),
    st.sampled_from(["<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>"]),
    st.text("abcXYZ_ 09-", max_size=40).map(lambda name: f"<|{name}|>"),
)


@given(TOKENS, TEXTS, TEXTS)
def test_control_tokens_are_found_anywhere(token: str, before: str, after: str):
    text = f"{before}{token}{after}"
    assert any("control token" in problem for problem in said(text, [(1, "text", text, True)]))
    assert any("control token" in problem for problem in said("a", [(1, "text", "a", True)], question=text))
    parts = [*PARTS[:1], (1, "python", text, True), *PARTS[2:]]
    assert any("control token" in problem for problem in said("Let me see.\n\nTwo.", parts))


@given(st.text("<>|[]/ sabeotINS_", max_size=30))
def test_a_control_token_is_what_the_list_says(text: str):
    listed = [
        "<s>",
        "</s>",
        "[INST]",
        "[/INST]",
        "<<SYS>>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<bos>",
        "<eos>",
    ]
    holds = any(token in text for token in [*listed, "<</SYS>>"])
    inner = [rest.partition("|>")[0] for rest in text.split("<|")[1:] if "|>" in rest]
    holds |= any(not set(name) & set("<>|") for name in inner)
    assert bool(CONTROL.search(text)) == holds


@given(st.sampled_from(WORDS), TEXTS)
def test_words_are_no_control_tokens(word: str, text: str):
    assert not CONTROL.search(f'How many "{word}" are in <{word}>, [{word}], |{word}|? #### 3 {word}')


def test_columns_agree():
    assert any("prompt and completion" in problem for problem in problems(prompt=[]))
    assert any(
        "prompt and completion" in problem for problem in problems(completion=[("assistant", "It is pear.")])
    )
    assert any("its id or split" in problem for problem in problems(split="test"))
    assert any("its id or split" in problem for problem in problems(id="t/test/0/1"))
    assert any("its id or split" in problem for problem in problems(id="u/train/0/1"))
    assert problems(answer="") == ["it has no answer"]
    assert any("nothing in it is trained on" in problem for problem in said("a", [(1, "text", "a", False)]))
    assert any("a message is empty" in problem for problem in said("", [(1, "text", "", True)]))
    assert any("parts" in problem for problem in said("a", []))
    assert any("parts" in problem for problem in said("a", [(0, "text", "a", True), (1, "text", "a", True)]))


def test_the_exchange_with_the_tool():
    assert any(
        "is trained on" in p
        for p in said("Let me see.\n\nTwo.", [*PARTS[:2], (1, PARTS[2][1], "2", True), PARTS[3]])
    )
    assert any("nothing answers" in p for p in said("Let me see.\n\nTwo.", [*PARTS[:2], PARTS[3]]))
    for content in ("Let me see.\n\nTwo", "Let me see", "\n\nTwo.", "Let me see. 2\n\nTwo."):
        assert said(content, PARTS) == ["its content is not what its parts say"]
    assert said("Let me see.\n\nTwo.", PARTS, "fenced") == ["its content is not what its parts say"]
    assert said(fenced(PARTS), PARTS) == ["its content is not what its parts say"]


@pytest.mark.parametrize("tool_text", ["none", "fenced"])
def test_what_tasks_write_is_right(tmp_path: Path, tool_text: str):
    task = SpellingBee(300, language="en", lexicon=lexicon(tmp_path))
    table = Dialect("universal", tool_text).table(task.conversations(np.arange(300), Book()))
    for found in table.to_pylist():
        plain = {
            name: [tuple(message.values()) for message in found[name]]
            for name in ("messages", "prompt", "completion")
        }
        parts = [tuple(part.values()) for part in found["parts"]]
        assert list(check_row({**found, **plain, "all_parts": parts}, "train", tool_text)) == []
        if tool_text == "fenced":
            assert plain["messages"][-1][1] == fenced(parts)
