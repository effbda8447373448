"""An output folder: whose it is, what is in it already, and what is still missing.

DIR/manifest.json      written last: the folder is whole
DIR/README.md          the dataset card
DIR/train/, DIR/test/  shards, each under its own name only when it is whole
DIR/.hornbook/         while an export is under way: what was asked, records, what is not yet whole
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from generators.distinct import read_hashes
from generators.shards import Job, Record, hash_file, sha256, write_whole

MANIFEST, CARD, SCRATCH, ASKED = "manifest.json", "README.md", ".hornbook", "asked.json"
FOLDERS = ("train", "test", "text")  # a folder a split; that of texts holds all, as nanochat reads them
_SHARD = re.compile(r"(train|test)/\1-[0-9]{5}-of-[0-9]{5}\.parquet|text/shard_[0-9]{5}\.parquet")


class FolderError(Exception):
    """An output folder can't be used as asked; the message says why and what can be done."""


class Folder:
    """A folder for shards.

    Args:
        path: of the folder, which need not exist.
    """

    def __init__(self, path: "str | os.PathLike[str]") -> None:
        self.path = Path(path)
        self.scratch = self.path / SCRATCH

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest; None where the folder is not whole.

        Raises:
            FolderError: the manifest can't be read.
        """
        return self._read(self.path / MANIFEST)

    def asked(self) -> dict[str, Any] | None:
        """Return what was asked of the folder, whether it is whole or under way; None if nothing."""
        manifest = self.manifest()
        return manifest["asked"] if manifest else self._read(self.scratch / ASKED)

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise FolderError(f"{path} can't be read: {error}") from None
        if not isinstance(found, dict) or (path.name == MANIFEST and not _is_manifest(found)):
            raise FolderError(f"{path} is not a manifest of Hornbook's")
        return found

    @contextmanager
    def opened(self, asked: Mapping[str, Any], jobs: Sequence[Job], overwrite: bool) -> Iterator[None]:
        """Take the folder for an export; another process that wants it meanwhile is refused.

        Args:
            asked: what is asked: must be what was asked before, if anything was.
            jobs: its shards.
            overwrite: replace what was asked before.

        Raises:
            FolderError: the folder is a file, can't be written, is taken, holds something else, or holds
                what was asked differently; then it says in which keys.
        """
        if self.path.exists() and not self.path.is_dir():
            raise FolderError(f"{self.path} is a file; --out must be a folder")
        if self.asked() is None:
            self._refuse_strangers()
        with self._locked():
            before = self.asked()
            replacing = before not in (None, asked)
            try:
                self._agree(before, asked, overwrite)
                self._refuse_files(jobs, replacing)
            except FolderError:
                if not (self.scratch / ASKED).exists():
                    shutil.rmtree(self.scratch)
                raise
            if replacing:
                self._clear(asked)
            else:
                write_whole(self.scratch / ASKED, _as_json(asked))
            for name in FOLDERS:
                (self.path / name).mkdir(exist_ok=True)
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.scratch / "lock"
        while True:
            try:
                self.scratch.mkdir(parents=True, exist_ok=True)
                lock = path.open("a+")
            except OSError as error:
                raise FolderError(f"{self.path} can't be written: {error.strerror}") from None
            with lock:
                self._take(lock)
                # Whoever held it may have finished meanwhile, and removed it: then it locks nothing.
                if path.exists() and os.path.samestat(path.stat(), os.fstat(lock.fileno())):
                    lock.truncate(0)
                    lock.write(str(os.getpid()))
                    lock.flush()
                    yield
                    return

    def _take(self, lock: TextIO) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()  # empty until it has written who it is
            named = f"process {holder}" if holder else "another process"
            raise FolderError(f"{self.path} is being written by {named}") from None

    def _refuse_strangers(self) -> None:
        if not self.path.is_dir():
            return
        ours = {SCRATCH}
        strangers = sorted(item.name for item in self.path.iterdir() if item.name not in ours)
        if strangers:
            shown = ", ".join(strangers[:3]) + (" …" if len(strangers) > 3 else "")
            raise FolderError(f"{self.path} holds something else ({shown}); choose an empty or a new folder")

    def _agree(self, before: Mapping[str, Any] | None, asked: Mapping[str, Any], overwrite: bool) -> None:
        if before is None or before == asked:
            return
        if not overwrite:
            differences = "; ".join(_differences(before, asked))
            raise FolderError(
                f"{self.path} holds another export, which differs in {differences}; "
                f"choose another folder, or replace it with --overwrite"
            )

    def _refuse_files(self, jobs: Sequence[Job], replacing: bool) -> None:
        """Refuse files in the split folders that are no shards of ours: a loader would read them."""
        expected = {job.file for job in jobs}
        for file in self.files():
            if file not in expected and not (replacing and _SHARD.fullmatch(file)):
                raise FolderError(f"{self.path} holds a file that loaders would read as a shard: {file}")

    def files(self) -> list[str]:
        """Return what is in the split folders."""
        folders = [self.path / split for split in FOLDERS]
        return sorted(f"{f.name}/{item.name}" for f in folders if f.is_dir() for item in f.iterdir())

    def _clear(self, asked: Mapping[str, Any]) -> None:
        """Remove another export, in such an order that this can be stopped anywhere.

        Records go first: none may speak for a shard of another export. Until the end the folder says
        that it holds the other one.
        """
        for item in self.scratch.iterdir():
            if item.name not in ("lock", ASKED):
                item.unlink()
        for file in self.files():
            (self.path / file).unlink()
        write_whole(self.scratch / ASKED, _as_json(asked))
        (self.path / MANIFEST).unlink(missing_ok=True)

    def done(self, jobs: Sequence[Job]) -> dict[str, Record]:
        """Return the records of the shards that are whole: there, with the bytes that were recorded."""
        manifest = self.manifest()
        known = {record["file"]: Record(**record) for record in manifest["shards"]} if manifest else {}
        for job in jobs:
            path = self.scratch / f"{job.split}-{job.number:05}.json"
            with suppress(FileNotFoundError, ValueError, TypeError):
                known[job.file] = Record(**json.loads(path.read_text(encoding="utf-8")))
        whole = {}
        for job in jobs:
            record, path = known.get(job.file), self.path / job.file
            if (
                record
                and path.is_file()
                and path.stat().st_size == record.bytes
                and sha256(path) == record.sha256
                and (manifest or self._has_hashes(job))
            ):
                whole[job.file] = record
        return whole

    def _has_hashes(self, job: Job) -> bool:
        """Say whether what the manifest is to be made of is there for a shard too."""
        try:
            for what in ("questions", "words"):
                read_hashes(hash_file(self.scratch, job, what))
        except (OSError, ValueError):
            return False
        return True

    def finish(self, manifest: Mapping[str, Any], card: str) -> None:
        """Write the card and, last, the manifest; remove what was only needed on the way.

        In a folder that was whole both stay as they are.
        """
        for split in FOLDERS:
            with suppress(OSError):
                (self.path / split).rmdir()  # of a split that was not asked for
        whole = self.manifest() == manifest
        if not (whole and (self.path / CARD).exists()):
            write_whole(self.path / CARD, card)
        if not whole:
            write_whole(self.path / MANIFEST, _as_json(manifest) + "\n")
        shutil.rmtree(self.scratch)


def _as_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)


def _is_manifest(found: Mapping[str, Any]) -> bool:
    """Say whether it has all that is read from it."""
    try:
        for shard in found["shards"]:
            Record(**shard)
        return {"tasks", "dialect", "tool_text"} <= found["asked"].keys() and "splits" in found
    except (AttributeError, KeyError, TypeError):
        return False


def _differences(before: Any, asked: Any, name: str = "") -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(asked, Mapping):
        path = f"{name}." if name else ""
        keys = dict.fromkeys([*before, *asked])
        found = [
            line
            for key in keys
            if key != "fingerprint"
            for line in _differences(before.get(key), asked.get(key), f"{path}{key}")
        ]
        # A fingerprint of what else differs says nothing more; of two things of one name it says all.
        old, new = before.get("fingerprint"), asked.get("fingerprint")
        yield from found or _differences(old, new, f"{path}fingerprint")
    elif isinstance(before, list) and isinstance(asked, list) and len(before) == len(asked):
        for place, (old, new) in enumerate(zip(before, asked, strict=True)):
            yield from _differences(old, new, f"{name}[{place}]")
    elif before != asked:
        yield f"{name} ({_short(before)}, now {_short(asked)})"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
