"""A conversation as one string, for pretraining: who speaks is said in the text.

`plain` says it in words. Control tokens would be worth nothing there: a pretraining loader encodes a text as
ordinary text (nanochat's does), so that `<|user_start|>` becomes the signs < | u s …, which no chat ever has
again. `chatml` writes them all the same, for loaders that read them as tokens.

>>> messages = [("user", "Spell fig."), ("assistant", "fig: f, i, g")]
>>> one_text(messages, "plain")
'User: Spell fig.\\n\\nAssistant: fig: f, i, g'
>>> messages_of(one_text(messages, "chatml"), "chatml") == messages
True
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.layout import Turns, as_list
from generators.names import find
from generators.pieces import FIRST_PART, MARKS

ROLES = MARKS[:FIRST_PART]  # by the numbers of their marks


@dataclass(frozen=True)
class Format:
    """How turns are written: heads by role, what ends a turn, and what stands between turns."""

    heads: dict[str, str]
    end: str
    between: str


_FORMATS = {
    "plain": Format({role: f"{role.capitalize()}: " for role in ROLES}, "", "\n\n"),
    "chatml": Format({role: f"<|im_start|>{role}\n" for role in ROLES}, "<|im_end|>", "\n"),
}
CHATS = tuple(_FORMATS)


def texts_of(turns: Turns, chat: str) -> pa.StringArray:
    """Write the conversations of a batch, (rows,); one of a single turn is a text, and stands as it is.

    Args:
        turns: their messages.
        chat: one of CHATS.
    """
    found = _FORMATS[find(chat, CHATS, "chat format")]
    lengths = np.diff(turns.offsets)
    is_alone = np.repeat(lengths == 1, lengths)
    heads = pa.array([*(found.heads[role] for role in ROLES), ""], pa.string())
    ends = pa.array([found.end, ""], pa.string())
    each = pc.binary_join_element_wise(
        heads.take(as_arrow(np.where(is_alone, len(ROLES), turns.roles))),
        turns.content,
        ends.take(as_arrow(is_alone.astype(np.int8))),
        "",
    )
    return pc.binary_join(as_list(turns.offsets, each), found.between)


def one_text(messages: Sequence[tuple[str, str]], chat: str) -> str:
    """Write one conversation, pairs of role and content."""
    roles: Any = np.array([ROLES.index(role) for role, _ in messages])
    content = pa.array([content for _, content in messages], pa.string())
    return str(texts_of(Turns(np.array([0, len(messages)]), roles, content), chat)[0].as_py())


def messages_of(text: str, chat: str) -> list[tuple[str, str]]:
    """Read a conversation back, pairs of role and content; none where it does not begin with a turn.

    In `plain` a turn in which somebody writes a head of his own is read as two.
    """
    found = _FORMATS[find(chat, CHATS, "chat format")]
    messages: list[tuple[str, str]] = []
    # Only a head ends the turn before it: a turn may end with a newline of its own.
    heads = "|".join(map(re.escape, found.heads.values()))
    between = re.compile(f"{re.escape(found.end + found.between)}(?={heads})")
    for piece in between.split(text):
        role = next((role for role in ROLES if piece.startswith(found.heads[role])), None)
        if role is None:
            return []
        messages.append((role, piece.removeprefix(found.heads[role])))
    if found.end and messages:
        messages[-1] = (messages[-1][0], messages[-1][1].removesuffix(found.end))
    return messages
