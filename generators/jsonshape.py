"""How JSON values lie in a file: one a line, in one array, in an array a split, or over several lines each.

>>> shape_of('{"a": 1}\\n{"a": 2}'), shape_of('[{"a": 1}, {"a": 2}]'), shape_of('{"train": [{"a": 1}]}')
('lines', 'array', 'splits')

A list of messages is one value, and not an array of them:

>>> shape_of('[{"role": "user", "content": "Hi!"}]'), shape_of('{\\n "a": 1\\n}')
('lines', 'documents')
"""

import json
import re

SPACE = " \t\r\n"
_SPLITS = re.compile(r'\s*\{\s*"(train|valid|validation|dev|test|data)"\s*:\s*\[')
_FIRST_KEY = re.compile(r'\{\s*"([^"\\]*)"')
_OF_MESSAGES = {"role", "content", "from", "value"}  # what a message may begin with


def shape_of(head: str) -> str:
    """Tell "lines", "array", "splits" or "documents" from the beginning of a file.

    Args:
        head: so much of it as can be had; if that is less than the first value, its first key decides.
    """
    text = head.lstrip(SPACE)
    if _SPLITS.match(text):
        return "splits"
    if text.startswith("[") and not _is_message(text[1:].lstrip(SPACE)):
        return "array"
    line, newline, rest = text.partition("\n")
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        # A line that ends too early goes on in the next, unless that one begins a value as well.
        early = newline and error.pos >= len(line.rstrip())
        if early and (line.strip() in ("[", "{") or not rest.startswith(("{", "["))):
            return "documents"
    except (ValueError, RecursionError):
        pass
    return "lines"


def _is_message(inner: str) -> bool:
    """Say whether the first item of a list is a message: then the list is a conversation, not one of many."""
    if not inner.startswith("{"):
        return False
    try:
        first, _ = json.JSONDecoder().raw_decode(inner)
    except (ValueError, RecursionError):  # longer than what was read
        key = _FIRST_KEY.match(inner)
        return bool(key and key[1] in _OF_MESSAGES)
    return "role" in first or "from" in first
