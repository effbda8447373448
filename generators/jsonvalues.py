"""Reading JSON values one after another from a file of any length, with the line where each begins.

A file has one of these shapes (see generators.jsonshape):

- JSON lines: a value a line; a line that is no JSON is refused by itself;
- one array of values;
- an object of arrays by split, as {"train": [...], "valid": [...]}: the values of all;
- values over several lines each, one behind the other.

In the last three, nothing behind the first fault can be read.

>>> import io
>>> lines = io.BufferedReader(io.BytesIO(b'{"a": 1}\\n\\n{"a": }\\n'))
>>> [(found.line, found.value, found.fault) for found in json_values(lines)]
[(1, {'a': 1}, ''), (3, None, 'line 3, column 7: Expecting value')]
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

from generators.jsonshape import SPACE, shape_of

HEAD = 1 << 20  # bytes that tell what a file is; open it with a buffer of as many
LONGEST = 1 << 27  # bytes or characters of a value
_TAIL = 12  # characters: a literal or an escape that the end of what was read cuts off
_decoder = json.JSONDecoder()
# What may stand behind a number that is cut off: of "1." Python takes the 1, and leaves the rest.
_MAY_GO_ON = re.compile(r"(?:[.eE][+-]?)?\Z")


@dataclass(frozen=True)
class Value:
    """A value.

    Attributes:
        line: where it begins, from 1.
        value: of JSON; None where it is broken.
        fault: what is wrong, with line and column; "" where nothing is.
        encoded: whether it is UTF-8; False where that is what is wrong.
        size: its length in bytes or characters, about.
    """

    line: int
    value: Any
    fault: str = ""
    encoded: bool = True
    size: int = 0


def json_values(stream: BufferedReader, at_once: int = HEAD) -> Iterator[Value]:
    """Read the values of a file.

    Args:
        stream: the file, opened for reading bytes with a buffer of HEAD.
        at_once: how many bytes to read on, at least, where values are not one a line.
    """
    head = stream.peek(HEAD)
    if head.startswith(codecs.BOM_UTF8):
        stream.read(len(codecs.BOM_UTF8))
        head = head[len(codecs.BOM_UTF8) :]
    shape = shape_of(head.decode("utf-8", "replace"))
    if shape == "lines":
        yield from _lines(stream)
        return
    text = _Text(stream, at_once)
    try:
        yield from _splits(text) if shape == "splits" else _values(text, array=shape == "array")
        text.skip()
        if text.at < len(text.text):
            raise _Broken(text.place(text.at), "more follows the end")
    except _Broken as broken:
        (line, column), what = broken.args
        yield Value(line, None, f"line {line}, column {column}: {what}; nothing behind it is read")


def _lines(stream: BufferedReader) -> Iterator[Value]:
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST)
            yield Value(number, None, f"line {number} is longer than {LONGEST:,} bytes")
        elif not line.isspace():
            yield _of_line(number, line)


def _of_line(number: int, line: bytes) -> Value:
    try:
        return Value(number, json.loads(line.decode("utf-8").rstrip("\r\n")), size=len(line))
    except UnicodeDecodeError as error:
        column = len(line[: error.start].decode("utf-8")) + 1
        return Value(number, None, f"line {number}, column {column}: byte {line[error.start]:#04x}", False)
    except json.JSONDecodeError as error:
        column, what = error.colno, error.msg
    except (ValueError, RecursionError):
        column, what = 1, "numbers too long or lists too deep"
    return Value(number, None, f"line {number}, column {column}: {what}")


class _Broken(Exception):
    """A place (line, column) and what is wrong there."""


class _Text:
    """The text of a file: what of it was read and not yet taken."""

    def __init__(self, stream: BufferedReader, at_once: int) -> None:
        self._stream, self._at_once, self._ended = stream, at_once, False
        self._line, self._column = 1, 1  # where `at` is in the file
        # What is no UTF-8 becomes surrogates, which no conversation may hold.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text, self.at = "", 0

    def more(self) -> bool:
        """Read on, as much as there is now; False at the end."""
        if self._ended:
            return False
        held = self.text[self.at :]
        if len(held) > LONGEST:
            raise _Broken((self._line, self._column), f"a value is longer than {LONGEST:,} characters")
        block = self._stream.read(max(self._at_once, len(held)))
        self._ended = not block
        self.text, self.at = held + self._decoder.decode(block, final=self._ended), 0
        return True

    def place(self, at: int) -> tuple[int, int]:
        """Return line and column of a place that is not yet taken."""
        lines = self.text.count("\n", self.at, at)
        return self._line + lines, at - self.text.rfind("\n", 0, at) if lines else self._column + at - self.at

    def take(self, at: int) -> None:
        self._line, self._column = self.place(at)
        self.at = at

    def skip(self) -> str:
        """Skip spaces; return the character that follows, "" at the end."""
        while True:
            at = self.at
            while at < len(self.text) and self.text[at] in SPACE:
                at += 1
            self.take(at)
            if at < len(self.text):
                return self.text[at]
            if not self.more():
                return ""

    def mark(self, allowed: str) -> str:
        """Take a mark of punctuation."""
        found = self.skip()
        if not found or found not in allowed:
            raise _Broken(self.place(self.at), f"expecting {' or '.join(allowed)}")
        self.take(self.at + 1)
        return found

    def value(self) -> Value:
        """Take a value."""
        self.skip()
        while True:
            try:
                found, stop = _decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self.text) - _TAIL or error.msg.startswith("Unterminated")
                if not (cut and self.more()):
                    raise _Broken(self.place(error.pos), error.msg) from None
            except (ValueError, RecursionError):
                what = "numbers too long or lists too deep"
                raise _Broken(self.place(self.at), what) from None
            else:
                may_go_on = not isinstance(found, dict | list) and _MAY_GO_ON.match(self.text, stop)
                if not (may_go_on and self.more()):
                    value = Value(self._line, found, size=stop - self.at)
                    self.take(stop)
                    return value


def _values(text: _Text, array: bool) -> Iterator[Value]:
    """Take the values of an array, or all that there are."""
    if not array:
        while text.skip():
            yield text.value()
        return
    text.mark("[")
    if text.skip() == "]":
        text.mark("]")
        return
    while True:
        yield text.value()
        if text.mark(",]") == "]":
            return


def _splits(text: _Text) -> Iterator[Value]:
    text.mark("{")
    while True:
        if text.skip() != '"':
            raise _Broken(text.place(text.at), 'expecting "')
        text.value()
        text.mark(":")
        if text.skip() == "[":
            yield from _values(text, array=True)
        else:
            text.value()
        if text.mark(",}") == "}":
            return
