"""Making conversations of transcripts and chats that lie in files: `hornbook import`.

DIR/conversations.jsonl    {"messages": [{"role": …, "content": …}, …], "source": "FILE:LINE"}, one a line
DIR/import.json            what was asked, read, taken, cut, refused and left out; written last

The folder is whole or not there. What it holds is a source for recipes, of the format messages.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from generators import __version__
from generators.chats import FIELDS, chat, persona
from generators.folder import FolderError
from generators.jsonvalues import HEAD, json_values
from generators.names import find
from generators.rolemarkers import Markers
from generators.rolenames import ROLES
from generators.seen import Seen
from generators.shards import write_whole
from generators.transcripts import transcripts
from generators.turns import Found, Refusals, Refused, Taken, taken, told

FORMATS = ("transcript", *FIELDS, "persona")
PERSONALITIES = ("system", "none")
ROWS, REPORT = "conversations.jsonl", "import.json"
_AT_ONCE = 1_000  # conversations
_HELD = 4 << 20  # characters of these
Paths = Sequence["str | os.PathLike[str]"]
_Made = tuple[str, str, Taken]  # messages as JSON, where they stood, what they were made of


class NothingImported(Exception):
    """Nothing can be imported; the message says why."""


class Importer:
    """Reads conversations from files.

    Args:
        format: one of FORMATS.
        user: what the user is called there; None for the usual names.
        assistant: what the assistant is called, likewise.
        personality: "system" makes the personality of the format persona a system message, "none" leaves
            it out.

    Attributes:
        report: plain data: what was read so far.
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


def import_files(
    paths: Paths,
    out: "str | os.PathLike[str]",
    importer: Importer,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda read, size: None,
) -> dict[str, Any]:
    """Write the conversations of files to a folder, and what was refused to its report, which is returned.

    Args:
        paths: the files.
        out: the folder: new, empty, or an earlier import of the same.
        importer: how they are read.
        overwrite: replace another import.
        progress: told how many bytes of how many were read.

    Raises:
        FolderError: the folder holds something else.
        NothingImported: no conversation can be taken; then nothing is written.
        OSError: a file can't be read or written.
    """
    folder = Path(out)
    asked = {"files": [Path(path).as_posix() for path in paths], **importer.asked}
    _refuse_others(folder, asked, overwrite)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    temporary = folder / f"{ROWS}.tmp"
    digest = hashlib.sha256()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            for row in importer.rows(paths, progress):
                data = row.encode("utf-8")
                digest.update(data)
                file.write(data)
            _flush(file)
        report = importer.report
        if not report["taken"]:
            why = told(report["refused"])
            raise NothingImported(
                f"none of {report['found']:,} conversations can be taken" + (why and f"; {why}")
            )
        (folder / REPORT).unlink(missing_ok=True)  # what it says holds no longer
        os.replace(temporary, folder / ROWS)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
            for path in made:
                path.rmdir()
        raise
    report = {"hornbook": __version__, "asked": asked, **report, "sha256": digest.hexdigest()}
    write_whole(folder / REPORT, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return report


def lines(out: "str | os.PathLike[str]", report: Mapping[str, Any]) -> Iterator[str]:
    """Say what an import did, line by line."""
    yield f"{Path(out) / ROWS}: {report['taken']:,} conversations, {report['messages']:,} messages"
    cut = report["cut"]
    if any(cut.values()):
        yield f"  cut      {cut['start']:,} began with the assistant, {cut['end']:,} ended with the user"
    if report["repeated"]:
        yield f"  repeats  {report['repeated']:,} left out"
    for refused in report["refused"].values():
        yield f"  refused  {refused['rows']:,}: {refused['why']} ({refused['first'][0]})"


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _refuse_others(folder: Path, asked: dict[str, Any], overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderError(f"{folder} is a file; --out must be a folder")
    ours = {name + ending for name in (ROWS, REPORT) for ending in ("", ".tmp")}
    there = sorted(item.name for item in folder.iterdir())
    if strangers := [name for name in there if name not in ours]:
        shown = ", ".join(strangers[:3]) + (" …" if len(strangers) > 3 else "")
        raise FolderError(f"{folder} holds something else ({shown}); choose an empty or a new folder")
    if overwrite or not {ROWS, REPORT} & set(there):
        return
    try:
        before = json.loads((folder / REPORT).read_text(encoding="utf-8"))["asked"]
    except (OSError, ValueError, KeyError, TypeError):
        before = None
    if before != asked:
        raise FolderError(
            f"{folder} holds another import, or one that was stopped; choose another folder, "
            f"or replace it with --overwrite"
        )
