"""Rows that others might have written, right and wrong, and a slow and obvious reader of them."""

import json
import re
from typing import Any

from hypothesis import strategies as st

from generators.foreign import PARTS, ROLES
from generators.pieces import MARKS

CONTROL = re.compile(
    r"<\|[^|<>\n]{0,64}\|>|</?s>|\[/?INST\]|<</?SYS>>|<start_of_turn>|<end_of_turn>|<bos>|<eos>"
)
SAID = st.one_of(
    st.sampled_from(
        ["Hi!", "pear", " ", "", "naïve 日本", "<|im_start|>", "a</s>b", "1 < 2 | 3", "[INST", "\x85"]
    ),
    st.text(max_size=12).filter(lambda text: not re.search("[\ud800-\udfff]", text)),
    st.text(st.sampled_from("a\ud83d\n"), max_size=3),
)
GOOD = st.text("abc é日.\n", min_size=1, max_size=9).filter(str.strip)
PART = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "python", "python_output", "image", None]), "text": SAID}
)
CALL = st.tuples(GOOD, GOOD, st.text("12.", max_size=3), GOOD).map(
    lambda said: [
        {"type": kind, "text": text}
        for kind, text in zip(("text", "python", "python_output", "text"), said, strict=True)
    ]
)
CONTENT = st.one_of(GOOD, GOOD, SAID, st.lists(PART, max_size=4), CALL, st.just(None), st.just(7))
ROLE = st.sampled_from(["user", "assistant", "system", "User", "gpt", "human", "tool", ""])
MESSAGE = st.fixed_dictionaries({"role": ROLE, "content": CONTENT})


@st.composite
def turns(draw: Any) -> Any:
    """Return messages that are mostly right."""
    roles = ["user", "assistant"] * draw(st.integers(1, 3))
    if draw(st.booleans()):
        roles.insert(0, "system")
    content = st.one_of(GOOD, GOOD, GOOD, CONTENT)
    found = [
        {"role": role, "content": draw(CALL if role == "assistant" and draw(st.booleans()) else content)}
        for role in roles
    ]
    if draw(st.integers(0, 7)) == 0 and found:
        found.pop(draw(st.integers(0, len(found) - 1)))
    return found


ROWS = st.lists(st.one_of(turns(), turns(), st.lists(MESSAGE, max_size=4), st.just("no list")), max_size=8)


def plain(messages: Any) -> bool:
    """Say whether all contents are texts."""
    return all(isinstance(message["content"], str | None) for message in messages)


def reason(messages: Any) -> str:
    """Say why a row is refused, as refusals.REASONS name it; "" where it is taken."""
    if messages is None:
        return "columns"
    if not isinstance(messages, list):
        return "messages"
    for message in messages:
        if not isinstance(message["content"], str | list):
            return "messages"
    read = parts_of(messages)
    try:
        json.dumps(messages, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "encoding"
    found = set()
    for role, parts in read:
        for kind, _ in parts:
            if kind is None or (kind != "text" and role != "assistant"):
                found.add("part")
    roles = [role for role, _ in read]
    if None in roles:
        found.add("role")
    if roles != ["system"] * (roles[:1] == ["system"]) + ["user", "assistant"] * (len(roles) // 2) or (
        len(roles) < 2
    ):
        found.add("order")
    for _, parts in read:
        kinds = [kind for kind, _ in parts]
        for place, (kind, text) in enumerate(parts):
            if kind == "python" and (kinds[place + 1 : place + 2] != ["python_output"] or not text):
                found.add("tool")
            if kind == "python_output" and kinds[max(place - 1, 0) : place] != ["python"]:
                found.add("tool")
        content = "".join(text for kind, text in parts if kind not in ("python", "python_output"))
        if not content.strip():
            found.add("empty")
        if CONTROL.search("\n".join([content, *(text for _, text in parts)])):
            found.add("control")
    if not read:
        found.add("empty")
    order = ("part", "role", "order", "tool", "empty", "control")
    return next((why for why in order if why in found), "")


def parts_of(messages: Any) -> list[tuple[Any, list[tuple[Any, str]]]]:
    """Return roles and parts of messages; texts beside each other are one, a role or type unknown is None."""
    read = []
    for message in messages:
        number = ROLES.get(message["role"].strip().lower())
        content = message["content"]
        given = [{"type": None, "text": content}] if isinstance(content, str) else content
        parts: list[tuple[Any, str]] = []
        for part in given:
            kind = PARTS.get((part["type"] or "").strip().lower())
            named = None if kind is None else MARKS[kind]
            if named == "text" and not part["text"] and len(given) > 1:
                continue
            if named == "text" and parts and parts[-1][0] == "text":
                parts[-1] = ("text", parts[-1][1] + part["text"])
            else:
                parts.append((named, part["text"]))
        read.append((None if number is None else MARKS[number], parts))
    if read and read[0][0] == "system" and not "".join(text for _, text in read[0][1]):
        read = read[1:]
    return read


def said(conversation: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return roles and parts of a conversation of ours."""
    return [
        (
            message["role"],
            [("text", message["content"])]
            if isinstance(message["content"], str)
            else [(part["type"], part["text"]) for part in message["content"]],
        )
        for message in conversation["messages"]
    ]
