"""Where an export is written: a folder of this machine, or any URL that fsspec knows.

Both are one small interface. A folder can rename, so a shard gets its own name when it is whole, and it can
lock. An object store can do neither: there a file is put whole under its own name, its record after it, and
the manifest alone makes shards count.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

SCRATCH = ".hornbook"  # of a target: what is needed until the export is whole


class FolderError(Exception):
    """An output folder can't be used as asked; the message says why and what can be done."""


class Target(Protocol):
    """A place for files, whose names are relative to it, with `/` between folders.

    It is pickled for other processes, which open it for themselves.
    """

    place: str
    """As a person names it."""
    shared: bool
    """Whether other processes see what this one writes."""

    @property
    def workshop(self) -> Path:
        """A folder of this process alone, to make files in; a file made there can be put."""

    def exists(self) -> bool:
        """Say whether anything is there, and is no file."""

    def is_file(self) -> bool:
        """Say whether a file is there instead of a folder."""

    def listing(self, folder: str = "") -> dict[str, int]:
        """Return what lies directly in a folder, by name: bytes of files, 0 of folders."""

    def read(self, name: str) -> bytes | None:
        """Return a small file; None where there is none."""

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return those of some small files that are there."""

    def write(self, name: str, data: bytes, new: bool = False) -> None:
        """Write a small file, whole or not at all.

        Raises:
            FileExistsError: it should be new, and is not, where no lock holds others off.
        """

    def put(self, made: Path, name: str) -> None:
        """Move a file from the workshop to its place."""

    def put_shard(self, made: Path, name: str, record: Mapping[str, Any], beside: str) -> None:
        """Move a shard to its place, and write its record, in such an order that a kill harms nothing."""

    def intact(self, records: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return the names of those files that have the bytes that are recorded."""

    def fetch(self, names: Iterable[str]) -> dict[str, Path]:
        """Return where on this machine those of some files lie that are there."""

    def opened(self, name: str) -> AbstractContextManager[Path]:
        """Return where on this machine a file lies while it is looked at."""

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep others off, where that can be done.

        Raises:
            FolderError: somebody else does, or nothing can be written there.
        """

    def sweep(self) -> None:
        """Remove what processes that were killed have left half made."""

    def clean(self, empty: Iterable[str] = ()) -> None:
        """Remove what was only needed on the way, and such of some folders as are empty."""
