"""What must hold for a row of any task: its columns agree, and nothing in it can break a trainer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import regex

from generators.loops import loop

# Strings that chat formats give a meaning; in content they would become control tokens, or look like them.
CONTROL = regex.compile(
    r"<\|[^|<>\n]{0,64}\|>|</?s>|\[/?INST\]|<</?SYS>>|<start_of_turn>|<end_of_turn>|<bos>|<eos>"
)
PART_TYPES = ("text", "python", "python_output")


def check_row(row: Mapping[str, Any], split: str, tool_text: str, foreign: bool = False) -> Iterator[str]:
    """Check a row; yields what is wrong.

    Args:
        row: plain data: messages (pairs of role and content), all_parts (tuples of message, type, text,
            train), and, as far as the dialect has them, prompt, completion and the flat columns.
        split: the split whose folder it is in.
        tool_text: how the exchange with the tool is written into content.
        foreign: it is a source's: others wrote it, and need not have said what a right answer comes to.
    """
    messages, parts = row["messages"], row["all_parts"]
    yield from _roles([role for role, _ in messages])
    texts = [content for _, content in messages] + [text for _, _, text, _ in parts]
    if found := CONTROL.search("\n".join(texts)):
        yield f"its text holds the control token {found[0]}"
    if not all(content for _, content in messages):
        yield "a message is empty"
    if "prompt" in row:
        sides = row["prompt"] + row["completion"]
        if sides != messages or len(row["completion"]) != 1:
            yield "prompt and completion together are not the messages"
    if not row["id"].startswith(f"{row['task']}/{split}/") or row.get("split", split) != split:
        yield f"its id or split does not say {split!r}"
    if not (row["answer"] or foreign):
        yield "it has no answer"
    by_message: dict[int, list[tuple[int, str, str, bool]]] = {}
    for part in parts:
        by_message.setdefault(part[0], []).append(part)
    for number, (role, content) in enumerate(messages):
        mine = by_message.pop(number, [])
        if role == "assistant":
            yield from _turn(content, mine, tool_text)
            if not foreign and (again := loop(content)):
                yield f"message {number} goes round in a loop: {again!r}"
        elif mine:
            yield f"message {number} is of {role!r} and has parts"
    if by_message:
        yield f"it has parts of message {min(by_message)}, and {len(messages)} messages"
    if not any(train and text for _, _, text, train in parts):
        yield "nothing in it is trained on"


def _roles(roles: Sequence[str]) -> Iterator[str]:
    turns = roles[1:] if roles[:1] == ["system"] else roles
    expected = ["user", "assistant"] * (len(turns) // 2)
    if not turns or turns != expected:
        yield f"its roles are {', '.join(roles)}; expected user and assistant in turn, a system first if any"


def _turn(content: str, parts: Sequence[tuple[int, str, str, bool]], tool_text: str) -> Iterator[str]:
    """Check one assistant turn against its parts."""
    kinds = [kind for _, kind, _, _ in parts]
    if not parts or set(kinds) - set(PART_TYPES):
        yield f"its parts are {kinds}; expected {', '.join(PART_TYPES)}"
        return
    for (_, kind, text, train), after in zip(parts, [*kinds[1:], ""], strict=True):
        if kind == "python" and after != "python_output":
            yield f"nothing answers the tool call {text!r}"
        if train and kind == "python_output":
            yield f"the tool's output {text!r} is trained on"
    whole = "".join(text for _, kind, text, _ in parts if kind == "text")
    if "python" not in kinds:
        agrees = content == whole
    elif tool_text == "fenced":
        agrees = content == fenced(parts)
    else:
        # Without the exchange: the text up to it, and the text after it, with nothing between.
        before, after_all = parts[0][2], parts[-1][2]
        rest = content[len(before) :]
        # Others' texts around a call may belong together.
        agrees = content == whole or (
            content.startswith(before) and after_all.endswith(rest) and rest[:1] in ("", "\n")
        )
    if not agrees:
        yield "its content is not what its parts say"


def fenced(parts: Sequence[tuple[int, str, str, bool]]) -> str:
    """Write a turn with the exchange as fenced code."""
    written, before = "", ""
    for _, kind, text, _ in parts:
        if kind == "text":
            written += text
        else:
            gap = "\n\n" if kind == "python_output" or before == "python_output" else ""
            written += f"{gap}```{'python' if kind == 'python' else 'output'}\n{text}\n```"
        before = kind
    return written
