"""The folder that `hornbook import` writes: conversations of a person's own files, a source for recipes.

DIR/conversations.jsonl    {"messages": [{"role": …, "content": …}, …], "source": "FILE:LINE"}, one a line
DIR/import.json            what was asked, found, taken, cut, refused and left out; written last

The folder is whole, or an import that was stopped and has no import.json; where nothing can be taken it is
not made.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from generators import __version__
from generators.folder import FolderError
from generators.importing import Importer, Paths
from generators.localtarget import write_whole
from generators.turns import told

ROWS, REPORT = "conversations.jsonl", "import.json"


class NothingImported(Exception):
    """Nothing can be imported; the message says why."""


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
