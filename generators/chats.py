"""Reading conversations from rows of JSON, in the forms in which they are published.

| format | a row |
|---|---|
| messages | `{"messages": [{"role": …, "content": …}, …]}`, or the list alone |
| sharegpt | `{"conversations": [{"from": …, "value": …}, …]}`, or the list alone |
| persona | `{"personality": […], "utterances": [{"history": […], "candidates": […]}, …]}` |

`content` is a text, or a list of parts of type text. A `system` beside the list is a system message.

In PersonaChat each utterance has all that was said before it as `history`, and its last candidate is what was
said: so the last utterance is the whole conversation. Where the other one says nothing at first,
`__ SILENCE __` stands (Zhang et al. 2018; ParlAI's ConvAI2).

>>> utterance = {"history": ["hi !"], "candidates": ["bye !", "hello ."]}
>>> row = {"personality": ["i knit ."], "utterances": [utterance]}
>>> [(turn.role, turn.content) for turn in persona(Value(1, row), True).turns]
[('system', 'Your persona:\\ni knit .'), ('user', 'hi !'), ('assistant', 'hello .')]
"""

from collections.abc import Mapping
from typing import Any

from generators.jsonvalues import Value
from generators.turns import Found, Turn

# The names of the list in a row, and of the fields of its messages.
FIELDS = {
    "messages": (("messages", "conversation", "conversations"), "role", "content"),
    "sharegpt": (("conversations", "conversation", "messages"), "from", "value"),
}
SILENCE = "__ SILENCE __"
_SAID = ("history", "candidates")
PERSONA = "Your persona:"


def chat(row: Value, format: str, roles: Mapping[str, str]) -> Found:
    """Read a row of the format messages or sharegpt.

    Args:
        row: as it was read.
        format: one of FIELDS.
        roles: role by what it is called, in lower case; a role that is called otherwise is left as it is.
    """
    found = _begun(row)
    if found.reason:
        return found
    lists, role, content = FIELDS[format]
    turns = row.value
    if isinstance(row.value, dict):
        name = next((name for name in lists if name in row.value), "")
        turns = row.value.get(name)
        system = row.value.get("system")
        if isinstance(system, str):
            found.turns.append(Turn("system", system, row.line))
    if not isinstance(turns, list):
        found.note("messages", row.line, f"there is no {lists[0]}")
        return found
    for turn in turns:
        who, said = (turn.get(role), _said(turn.get(content))) if isinstance(turn, dict) else (None, None)
        if not isinstance(who, str) or said is None:
            found.note("messages", row.line, f"expecting {role} and {content}")
            return found
        who = roles.get(who.strip().lower(), who)
        found.turns.append(Turn(who, said, row.line))
    if len(found.turns) > 1 and found.turns[0] == found.turns[1] and found.turns[0].role == "system":
        del found.turns[0]  # it stood beside the list and in it
    return found


def persona(row: Value, system: bool) -> Found:
    """Read a row of PersonaChat.

    Args:
        row: as it was read.
        system: make the personality a system message; else leave it out.
    """
    found = _begun(row)
    if found.reason:
        return found
    value = row.value if isinstance(row.value, dict) else {}
    utterances = value.get("utterances")
    last = utterances[-1] if isinstance(utterances, list) and utterances else None
    traits = _texts(value.get("personality"))
    history, candidates = (_texts(last.get(name)) if isinstance(last, dict) else None for name in _SAID)
    if traits is None or history is None or not candidates:
        found.note("persona", row.line)
        return found
    if system and traits:
        found.turns.append(Turn("system", "\n".join([PERSONA, *traits]), row.line))
    said = [*history, candidates[-1]]
    roles = ("assistant", "user")
    turns = [Turn(roles[(len(said) - 1 - place) % 2], text, row.line) for place, text in enumerate(said)]
    silent = turns[0].content.strip() == SILENCE
    found.turns += turns[silent:]
    return found


def _begun(row: Value) -> Found:
    found = Found(row.line)
    if row.fault:
        found.note("json" if row.encoded else "encoding", row.line, row.fault)
    return found


def _said(content: Any) -> str | None:
    """Return the text of a message; None if it is none."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts = _texts(
        [
            part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
            for part in content
        ]
    )
    return None if texts is None else "".join(texts)


def _texts(found: Any) -> list[str] | None:
    return found if isinstance(found, list) and all(isinstance(text, str) for text in found) else None
