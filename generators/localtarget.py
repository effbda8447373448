"""A target that is a folder of this machine, or one that several machines mount.

A file is made in a workshop of its process's own, below DIR/.hornbook, flushed, and renamed: under its own
name it is whole, whenever a process is killed.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from json import dumps
from pathlib import Path
from typing import Any, TextIO

from generators.target import SCRATCH, FolderError

_WORKSHOP = "making-"


class LocalTarget:
    """A folder.

    Args:
        path: of the folder, which need not exist.
    """

    shared = True

    def __init__(self, path: "str | os.PathLike[str]") -> None:
        self.path = Path(path)
        self.place = str(self.path)
        self._workshop: Path | None = None

    def __reduce__(self) -> Any:
        return LocalTarget, (self.path,)

    @property
    def workshop(self) -> Path:
        """A folder of this process alone: two never write one file, though one believes the other dead."""
        if self._workshop is None or not self._workshop.exists():
            self._workshop = Path(tempfile.mkdtemp(prefix=_WORKSHOP, dir=self.path / SCRATCH))
        return self._workshop

    def exists(self) -> bool:
        """Say whether there is such a folder."""
        return self.path.is_dir()

    def is_file(self) -> bool:
        """Say whether something else is there."""
        return self.path.exists() and not self.path.is_dir()

    def listing(self, folder: str = "") -> dict[str, int]:
        """Return what lies directly in a folder, by name."""
        path = self.path / folder
        items = path.iterdir() if path.is_dir() else ()
        return {item.name: item.stat().st_size if item.is_file() else 0 for item in items}

    def read(self, name: str) -> bytes | None:
        """Return a small file; None where there is none."""
        with suppress(FileNotFoundError, NotADirectoryError):
            return (self.path / name).read_bytes()
        return None

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return those of some small files that are there."""
        found = {name: self.read(name) for name in names}
        return {name: data for name, data in found.items() if data is not None}

    def write(self, name: str, data: bytes, new: bool = False) -> None:
        """Write a small file, whole or not at all; `new` says nothing here, where a lock keeps others off."""
        write_whole(self.path / name, data)

    def put(self, made: Path, name: str) -> None:
        """Move a file from the workshop to its place."""
        flush(made)
        os.replace(made, self.path / name)

    def put_shard(self, made: Path, name: str, record: Mapping[str, Any], beside: str) -> None:
        """Move a shard to its place, its record first: under its own name it has one, whatever is killed."""
        flush(made)
        write_whole(self.path / beside, dumps(record, ensure_ascii=False).encode())
        place = self.path / name
        place.parent.mkdir(exist_ok=True)
        os.replace(made, place)
        flush(place.parent)

    def intact(self, records: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return the names of those files that have the bytes that are recorded."""
        found = set()
        for name, record in records.items():
            path = self.path / name
            if path.is_file() and path.stat().st_size == record["bytes"] and sha256(path) == record["sha256"]:
                found.add(name)
        return found

    def fetch(self, names: Iterable[str]) -> dict[str, Path]:
        """Return where those of some files lie that are there."""
        return {name: self.path / name for name in names if (self.path / name).exists()}

    @contextmanager
    def opened(self, name: str) -> Iterator[Path]:
        """Return where a file lies."""
        yield self.path / name

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        (self.path / name).unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes off, by a lock that ends with this one."""
        scratch = self.path / SCRATCH
        path = scratch / "lock"
        while True:
            try:
                scratch.mkdir(parents=True, exist_ok=True)
                lock = path.open("a+")
            except OSError as error:
                raise FolderError(f"{self.place} can't be written: {error.strerror}") from None
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
            raise FolderError(f"{self.place} is being written by {named}") from None

    def sweep(self) -> None:
        """Remove the workshops of processes that were killed."""
        for left in (self.path / SCRATCH).glob(f"{_WORKSHOP}*"):
            shutil.rmtree(left, ignore_errors=True)

    def clean(self, empty: Iterable[str] = ()) -> None:
        """Remove what was only needed on the way, and such of these folders as are empty."""
        for folder in empty:
            with suppress(OSError):
                (self.path / folder).rmdir()
        shutil.rmtree(self.path / SCRATCH)


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, data: "bytes | str") -> None:
    """Write a file, text as UTF-8; it is there whole or not at all, whenever the process is killed."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(data.encode() if isinstance(data, str) else data)
    flush(temporary)
    os.replace(temporary, path)
    flush(path.parent)


def flush(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
