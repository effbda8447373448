"""Making conversations of transcripts and chats that lie in files.

>>> import tempfile
>>> with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
...     _ = file.write("User: Hi!\\nBot: Hello.\\nUser: And")
...     file.flush()
...     importer = Importer("transcript")
...     [json.loads(row)["messages"][1]["content"] for row in importer.rows([file.name])]
['Hello.']
>>> importer.report["taken"], importer.report["cut"]
(1, {'start': 0, 'end': 1})
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from generators.chats import FIELDS, chat, persona
from generators.jsonvalues import HEAD, json_values
from generators.names import find
from generators.rolemarkers import Markers
from generators.rolenames import ROLES
from generators.seen import Seen
from generators.transcripts import transcripts
from generators.turns import Found, Refusals, Refused, Taken, taken

FORMATS = ("transcript", *FIELDS, "persona")
PERSONALITIES = ("system", "none")
_AT_ONCE = 1_000  # conversations
_HELD = 4 << 20  # characters of these
Paths = Sequence["str | os.PathLike[str]"]
_Made = tuple[str, str, Taken]  # messages as JSON, where they stood, what they were made of


class Importer:
    """Reads conversations from files.

    Args:
        format: one of FORMATS.
        user: what the user is called there; None for the usual names.
        assistant: what the assistant is called, likewise.
        personality: "system" makes the personality of the format persona a system message, "none" leaves
            it out.

    Attributes:
        report: plain data, of what was read so far: how many conversations, or stretches of text that are
            none, were found; how many of them were taken, cut, refused and repeated; messages taken.
        refused: what was refused so far.

    Raises:
        ValueError: an option is wrong, or says nothing for this format.
    """

    def __init__(
        self,
        format: str,
        *,
        user: str | None = None,
        assistant: str | None = None,
        personality: str | None = None,
    ) -> None:
        self.format = find(format, FORMATS, "format")
        if format == "persona":
            if user is not None or assistant is not None:
                raise ValueError(f"the format persona names nobody; {' and '.join(FORMATS[:-1])} do")
            personality = find(personality or "system", PERSONALITIES, "personality")
        elif personality is not None:
            raise ValueError(f"only the format persona has personalities, and this one is {format}")
        self._markers = Markers(user, assistant)
        self._roles = dict(ROLES)
        for role, name in (("user", user), ("assistant", assistant)):
            if name is not None:
                self._roles[name.strip().lower()] = role
        self._personality = personality
        self.asked = {"format": format, "user": user, "assistant": assistant, "personality": personality}
        self.refused = Refusals()
        self._counts = {"found": 0, "taken": 0, "messages": 0, "repeated": 0}
        self._cut = {"start": 0, "end": 0}

    @property
    def report(self) -> dict[str, Any]:
        """What was found, taken, cut, refused and left out so far."""
        return {**self._counts, "cut": self._cut, "refused": self.refused.as_json()}

    def rows(
        self, paths: Paths, progress: Callable[[int, int], None] = lambda read, size: None
    ) -> Iterator[str]:
        """Yield the conversations of files that can be taken, as JSON, each once.

        Raises:
            OSError: a file can't be read.
        """
        seen = Seen()
        size = sum(os.path.getsize(path) for path in paths)
        before = 0
        for path in paths:
            with open(path, "rb", buffering=HEAD) as stream:
                name = Path(path).as_posix()
                for batch in _batches(self._made(self._found(stream), name)):
                    yield from self._new(batch, seen)
                    progress(before + (stream.tell() if stream.seekable() else 0), size)
                before += os.path.getsize(path)

    def _found(self, stream: Any) -> Iterator[Found]:
        if self.format == "transcript":
            return transcripts(stream, self._markers)
        if self.format == "persona":
            return (persona(row, self._personality == "system") for row in json_values(stream))
        return (chat(row, self.format, self._roles) for row in json_values(stream))

    def _made(self, found: Iterator[Found], file: str) -> Iterator[_Made]:
        for each in found:
            self._counts["found"] += 1
            try:
                made = taken(each, self._markers)
            except Refused as refused:
                self.refused.add(file, refused)
                continue
            messages = [{"role": turn.role, "content": turn.content} for turn in made.turns]
            yield json.dumps(messages, ensure_ascii=False), f"{file}:{made.turns[0].line}", made

    def _new(self, batch: Sequence[_Made], seen: Seen) -> Iterator[str]:
        """Yield the rows whose messages did not come before: 64 bits tell, as everywhere in Hornbook."""
        digests = b"".join(hashlib.blake2b(row[0].encode(), digest_size=8).digest() for row in batch)
        again = seen.add(np.frombuffer(digests, dtype=np.uint64))
        for (messages, place, made), repeated in zip(batch, again.tolist(), strict=True):
            if repeated:
                self._counts["repeated"] += 1
                continue
            self._counts["taken"] += 1
            self._counts["messages"] += len(made.turns)
            self._cut["start"] += made.start
            self._cut["end"] += made.end
            yield f'{{"messages": {messages}, "source": {json.dumps(place, ensure_ascii=False)}}}\n'


def _batches(made: Iterator[_Made]) -> Iterator[list[_Made]]:
    batch: list[_Made] = []
    size = 0
    for each in made:
        batch.append(each)
        size += len(each[0])
        if len(batch) == _AT_ONCE or size > _HELD:
            yield batch
            batch, size = [], 0
    yield batch
