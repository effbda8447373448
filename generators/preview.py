"""Showing conversations to a person."""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from generators.variety import glance

# Colours that read on dark and on light grounds alike.
_DIM, _BOLD, _CYAN, _GREEN, _END = "\x1b[2m", "\x1b[1m", "\x1b[36m", "\x1b[32m", "\x1b[0m"


def render(conversation: Mapping[str, Any], colour: bool = False) -> str:
    """Write a conversation as text: tool calls as <<expression=output>>, as the model will see them run.

    >>> print(render({"messages": [{"role": "user", "content": "Spell fig."}]}))
    user       Spell fig.
    """

    def paint(code: str, text: str) -> str:
        return f"{code}{text}{_END}" if colour else text

    def part(kind: str, text: str) -> str:
        if kind == "python":
            return paint(_CYAN, f"<<{text}=")
        return paint(_GREEN, f"{text}>>") if kind == "python_output" else text

    lines = []
    for message in conversation["messages"]:
        content = message["content"]
        if not isinstance(content, str):
            content = "".join(part(piece["type"], piece["text"]) for piece in content)
        first, *others = content.split("\n")
        lines.append(f"{paint(_BOLD, message['role'].ljust(10))} {first}")
        lines += [" " * 11 + line if line else "" for line in others]
    return "\n".join(lines)


def preview(task: Any, n: int = 10, out: TextIO | None = None) -> None:
    """Print the first conversations of a task.

    Args:
        task: a task, or the class of one.
        n: how many.
        out: where to; standard output.
    """
    out = out or sys.stdout
    sequence: Iterable[Any] = task(size=n) if isinstance(task, type) else task
    shown: list[Any] = []
    colour = out.isatty() and not os.environ.get("NO_COLOR")
    try:
        for number, conversation in zip(range(n), sequence, strict=False):
            rule = f"── {conversation['task']} {number} · {conversation['language']} "
            rule = rule.ljust(78, "─")
            print(f"{_DIM}{rule}{_END}" if colour else rule, file=out)
            print(render(conversation, colour), end="\n\n", file=out)
            shown.append(conversation)
        print(glance(shown), file=out)
        out.flush()
    except BrokenPipeError:
        if out is not sys.stdout:
            raise
        # Whoever read us has seen enough; what is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
