"""Reading transcripts: plain text whose turns begin with role markers at the start of a line.

    [Human]: How many r's are in strawberry?
    [Bot]: Three:
    one after the t, and two near the end.

- The first marker of a file tells the form of all (see generators.rolemarkers); names mix, forms do not.
- A turn goes on to the next marker, over any lines; blank lines at its ends are not part of it.
- A new conversation begins at a system's marker; at any marker behind a line of dashes (`---`, `***`, `===`,
  `___`, three or more, or with a title between: `=== 2 ===`); and at a user's marker after an assistant's
  turn, where more blank lines stand before it than before the first answer of the file.
- Text behind a line of dashes could be a title or the rest of an answer: the conversation before is refused.

>>> import io
>>> found = transcripts(io.BytesIO(b"User: Hi!\\nBot: Hello.\\n\\nUser: Bye.\\nBot: Bye!\\n"), Markers())
>>> [(each.line, [turn.content for turn in each.turns]) for each in found]
[(1, ['Hi!', 'Hello.']), (4, ['Bye.', 'Bye!'])]
"""

import codecs
import re
from collections.abc import Iterator
from typing import IO

from generators.rolemarkers import Markers
from generators.turns import LONGEST, Found, Turn

_RULE = re.compile(r"([-*=_])[ \t]*\1[ \t]*\1(?:[ \t]*\1)*|([-*=_])\2{2,}[ \t][^|]*[ \t]\2{3,}")
_FENCE = re.compile(r"[ \t]*(```|~~~)(?!.*\1)")


def transcripts(stream: IO[bytes], markers: Markers) -> Iterator[Found]:
    """Read the conversations of a transcript, one at a time.

    Args:
        stream: the file, opened for reading bytes; line ends are LF or CRLF.
        markers: what the speakers are called.
    """
    reader = _Reader(markers)
    for number, line, reason, what in _lines(stream):
        if (done := reader.take(number, line, reason, what)) is not None:
            yield done
    if (done := reader.end()) is not None:
        yield done


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, str, str, str]]:
    """Read lines: number, text, and why it is refused with what was found, if it is."""
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        reason = what = ""
        if len(line) > LONGEST and not line.endswith(b"\n"):
            reason, rest = "long", line
            while rest and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST)
            line = line[:100]
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            text = line.decode("utf-8", "replace")
            column = len(line[: error.start].decode("utf-8")) + 1
            if not reason:
                reason, what = "encoding", f"byte {line[error.start]:#04x} in column {column}"
        yield number, text, reason, what


class _Reader:
    """Takes line after line; hands over each conversation when it is over."""

    def __init__(self, markers: Markers) -> None:
        self._markers = markers
        self._form: str | None = None
        self._gap: int | None = None  # blank lines before the first answer of the file
        self._found: Found | None = None
        self._turn: tuple[str, int] = ("", 0)  # role and line of the turn that is being read
        self._said: list[str] = []
        self._size = 0
        self._blanks: list[str] = []  # blank lines and lines of dashes whose meaning the next line tells
        self._rule = 0  # where a line of dashes among these is
        self._over = False  # the next marker begins a conversation

    def take(self, number: int, line: str, reason: str, what: str) -> Found | None:
        """Take a line, and why it is refused; return the conversation that it ends, if any."""
        if not line.strip():
            self._blanks.append("")
            self._bound(number)
            return None
        if self._form is None:
            self._form = self._markers.form(line)
        marker = self._markers.read(line, self._form) if self._form else None
        if marker is not None:
            done = self._speaks(number, *marker)
            if reason:
                self.refuse(number, reason, what)
            return done
        if _RULE.fullmatch(line.strip()):
            self._blanks.append(line)
            self._rule = self._rule or number
            self._bound(number)
            return None
        if reason:
            self.refuse(number, reason, what)
        self._goes_on(number, line)
        return None

    def refuse(self, number: int, reason: str, what: str = "") -> None:
        """Refuse the conversation that is being read, or what stands before the first."""
        if self._found is None:
            self._found = Found(number)
        self._found.note(reason, number, what)

    def end(self) -> Found | None:
        """Return the last conversation."""
        self._close_turn()
        found, self._found = self._found, None
        return found

    def _speaks(self, number: int, role: str, rest: str) -> Found | None:
        before, blanks = self._turn[0], len(self._blanks)
        apart = (
            self._over
            or bool(self._rule)
            or role == "system"
            or not before  # what stands before the first marker
            or (role == "user" and before == "assistant" and self._gap is not None and blanks > self._gap)
        )
        if self._gap is None and role == "assistant" and before and not apart:
            self._gap = blanks
        done = None
        if apart:
            done = self.end()
            self._size, self._over = 0, False
        else:
            self._close_turn()
        self._found = self._found or Found(number)
        self._turn, self._said = (role, number), [rest]
        self._blanks, self._rule = [], 0
        self._grow(number, len(rest))
        return done

    def _goes_on(self, number: int, line: str) -> None:
        if not self._turn[0]:
            self.refuse(number, "stray")
        elif self._rule:
            self.refuse(self._rule, "rule")
            self._over = True
        self._said += [*self._blanks, line]
        self._blanks, self._rule = [], 0
        self._grow(number, len(line))

    def _grow(self, number: int, size: int) -> None:
        self._size += size + 1
        if self._size > LONGEST:
            self.refuse(number, "long")
        if self._found is None or self._found.reason:
            self._said = []  # nobody will read it
            if self._found:
                self._found.turns = []

    def _bound(self, number: int) -> None:
        if len(self._blanks) > LONGEST:
            self.refuse(number, "long")
            self._blanks = self._blanks[-1000:]

    def _close_turn(self) -> None:
        role, line = self._turn
        self._turn = ("", 0)
        if not role or self._found is None:
            return
        if sum(1 for said in self._said if _FENCE.match(said)) % 2:
            self._found.note("fence", line)
        self._found.turns.append(Turn(role, "\n".join(self._said).strip(), line))
        self._said = []
