"""Reading rows of JSON: one a line, or all in one array, as the first files of Alpaca and ShareGPT are.

>>> import io
>>> [(row.line, row.value, row.broken) for row in json_rows(io.BytesIO(b'{"a": 1}\\n\\n{"a"\\n'))]
[(1, {'a': 1}, ''), (3, None, 'json')]
"""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

_BLOCK = 1 << 20
_LONGEST = 1 << 27  # characters of a row of an array
_BOM = b"\xef\xbb\xbf"
_SPACE = " \t\r\n"


class Stream(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """Read up to so many bytes; none at the end."""


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes:
        line: where it begins, from 1.
        value: an object, or a list that is all of the row; None where it is broken.
        bytes: how long it is, about.
        broken: why it could not be read: "json", "encoding" or "csv"; "" where it could.
    """

    line: int
    value: Any
    bytes: int
    broken: str = ""


def json_rows(stream: Stream) -> Iterator[Row]:
    """Read rows of JSON from a stream; blank lines are none."""
    head = b""
    while (len(head) < _BLOCK or head.isspace()) and (more := stream.read(_BLOCK)):  # a store gives less
        head += more
    head = head.removeprefix(_BOM)
    if _is_array(head):
        yield from _of_array(stream, head)
    else:
        for number, line in _lines(stream, head):
            if line and not line.isspace():
                yield _row(number, line)


def _is_array(head: bytes) -> bool:
    """Say whether a file is one array of rows: a line that is a list of messages is a row itself."""
    text = head.decode("utf-8", "replace").lstrip()
    if not text.startswith("["):
        return False
    inner = text[1:].lstrip()
    try:
        first, _ = json.JSONDecoder().raw_decode(inner)
    except (ValueError, RecursionError):
        first = None  # longer than what was read
        if not inner.startswith(("{", "[")):
            return False
        head_line = inner[:200]
        return not any(f'"{name}"' in head_line for name in ("role", "from"))
    return not (isinstance(first, dict) and ("role" in first or "from" in first))


def _lines(stream: Stream, head: bytes) -> Iterator[tuple[int, bytes]]:
    number, block = 1, head
    pieces: list[bytes] = []
    while block:
        lines = block.split(b"\n")
        for line in lines[:-1]:
            yield number, b"".join([*pieces, line]) if pieces else line
            pieces = []
            number += 1
        if lines[-1]:
            pieces.append(lines[-1])
        block = stream.read(_BLOCK)
    if pieces:
        yield number, b"".join(pieces)


def _row(number: int, line: bytes) -> Row:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Row(number, None, len(line), "encoding")
    except (ValueError, RecursionError):
        return Row(number, None, len(line), "json")
    if not isinstance(value, dict | list):
        return Row(number, None, len(line), "json")
    return Row(number, value, len(line))


def _of_array(stream: Stream, head: bytes) -> Iterator[Row]:
    """Read the rows of one array, one after another: it need not fit into memory."""
    # What is no UTF-8 becomes surrogates, which no row may hold.
    unpack = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    decoder = json.JSONDecoder()
    text = unpack.decode(head)
    at = text.index("[") + 1
    line = 1 + text.count("\n", 0, at)
    ended = False
    while True:
        skipped = at
        while at < len(text) and text[at] in _SPACE + ",":
            at += 1
        line += text.count("\n", skipped, at)
        if at < len(text) and text[at] == "]":
            return
        try:
            if at == len(text) and not ended:
                raise ValueError
            value, stop = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            block = b"" if ended else stream.read(max(_BLOCK, len(text) - at))
            if ended or len(text) - at > _LONGEST:  # what is no JSON would be read to its end
                if at < len(text):
                    yield Row(line, None, len(text) - at, "json")
                return
            ended = not block
            text, at = text[at:] + unpack.decode(block, final=ended), 0
            continue
        broken = "" if isinstance(value, dict | list) else "json"
        yield Row(line, None if broken else value, stop - at, broken)
        line += text.count("\n", at, stop)
        at = stop


def messages_of(found: Any, role: str, content: str) -> list[dict[str, Any]] | None:
    """Return a list of messages with their contents as lists of parts; None if it is no such list.

    >>> messages_of([{"from": "human", "value": "Hi"}], "from", "value")
    [{'role': 'human', 'content': [{'type': None, 'text': 'Hi'}]}]
    """
    if not isinstance(found, list):
        return None
    messages = []
    for message in found:
        if not isinstance(message, dict) or not isinstance(message.get(role), str):
            return None
        said = message.get(content)
        if isinstance(said, str):
            said = [{"type": None, "text": said}]
        elif not isinstance(said, list) or not all(map(_is_part, said)):
            return None
        messages.append({"role": message[role], "content": said})
    return messages


def _is_part(part: Any) -> bool:
    return (
        isinstance(part, dict)
        and isinstance(part.get("text"), str)
        and isinstance(part.get("type"), str | None)
    )
