"""Finding the files of a source: a path, a glob, a folder, a URL, or a list of these.

What is on this machine needs nothing; URLs such as `s3://bucket/rows/*.parquet` and
`hf://datasets/owner/name/data` are opened by fsspec, of the extra `hub`.
"""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

KINDS = {
    ".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv",
    ".tsv": "tsv", ".txt": "text",
}  # fmt: skip
PACKED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
BESIDE = ("manifest.json", "import.json")  # what our own folders have beside their rows
# What stores say of a file that changes with its content: S3, Google, the Hub, local and in memory.
_TAGS = (
    "size",
    "ETag",
    "etag",
    "md5Hash",
    "crc32c",
    "blob_id",
    "mtime",
    "LastModified",
    "updated",
    "created",
)
Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


class SourceError(ValueError):
    """A source can't be read, or has nothing to take; the message says why."""


@dataclass(frozen=True)
class File:
    """A file of a source.

    Attributes:
        place: its absolute path, or its URL.
        name: what it is called in reports: its path below the folder or glob that was named.
        kind: one of the values of KINDS.
        stamp: its size and when it changed, or what a store has instead: another one is another content.
    """

    place: str
    name: str
    kind: str
    stamp: str

    def open(self, packed: bool = True) -> pa.NativeFile:
        """Open for reading from the start, unpacked where the name ends in .gz, .zst or .bz2.

        Raises:
            OSError: it can't be opened.
        """
        if "://" in self.place:
            system, path = _system(self.place)
            raw = pa.PythonFile(system.open(path, "rb"), mode="r")
        else:
            raw = pa.OSFile(self.place)
        codec = PACKED.get(Path(self.place).suffix)
        return pa.CompressedInputStream(raw, codec) if codec and packed else raw


def find_files(paths: Paths) -> list[File]:
    """Find the files of a source, each once, in the order in which they are named and then by name.

    Args:
        paths: a file, a glob, a folder (all files in it that can be read), a URL of these, or a list.

    Raises:
        SourceError: something that is named is not there or has no file that can be read; or a URL is
            named, and fsspec or what it needs for that is not installed.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not several:
        raise SourceError("a source needs a path, and the list of its paths is empty")
    found: dict[str, File] = {}
    for path in several:
        name = os.fspath(path)
        files = _of_one_kind(name, list(_remote(name) if "://" in name else _local(name)))
        if not files:
            raise SourceError(f"{name} has no files that can be read: they end in {_endings()}")
        found.update({file.place: file for file in files if file.place not in found})
    return list(found.values())


def _of_one_kind(path: str, files: list[File]) -> list[File]:
    """Leave out what lies beside Parquet files, such as a manifest.json; refuse other medleys."""
    kinds = sorted({file.kind for file in files})
    if len(kinds) < 2:
        return files
    if "parquet" not in kinds:
        raise SourceError(
            f"{path} has files of several kinds, {', '.join(kinds)}; name those of one as a glob"
        )
    return [file for file in files if file.kind == "parquet"]


def _endings() -> str:
    return f"{', '.join(KINDS)}, or one of these and {', '.join(PACKED)}"


def _kind(path: str) -> str | None:
    if os.path.basename(path) in BESIDE:
        return None
    stem, ending = os.path.splitext(path)
    if ending in PACKED:
        ending = os.path.splitext(stem)[1]
    return KINDS.get(ending)


def _local(path: str) -> Iterator[File]:
    path = os.path.expanduser(path)
    if os.path.isfile(path):
        names, base = [path], os.path.dirname(path)
        if _kind(path) is None:
            raise SourceError(f"{path} is of no kind that can be read: they end in {_endings()}")
    elif os.path.isdir(path):
        if os.path.exists(os.path.join(path, "manifest.json")) and os.path.isdir(os.path.join(path, "train")):
            raise SourceError(
                f"{path} is an export with a folder for each split; name that of one, such as {path}/train"
            )
        # Hidden folders hold what is not whole: .hornbook, .cache of huggingface_hub.
        names, base = glob.glob(os.path.join(glob.escape(path), "**", "*"), recursive=True), path
    elif glob.has_magic(path):
        names, base = glob.glob(path, recursive=True), os.path.dirname(_fixed(path))
    else:
        raise SourceError(f"there is no file, folder or glob {path}")
    for name in sorted(names):
        kind = _kind(name)
        if kind and os.path.isfile(name):
            stat = os.stat(name)
            stamp = f"{stat.st_size} {stat.st_mtime_ns}"
            yield File(os.path.abspath(name), os.path.relpath(name, base or "."), kind, stamp)


def _fixed(pattern: str) -> str:
    """Return what of a glob stands before its first part that is one."""
    parts = pattern.split("/")
    fixed = next((n for n, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return "/".join([*parts[:fixed], ""])


def _remote(url: str) -> Iterator[File]:
    system, path = _system(url)
    try:
        if glob.has_magic(path):
            names, base = system.glob(path), _fixed(path)
        elif system.isdir(path):
            names, base = system.find(path), path
        else:
            names, base = [path] if system.exists(path) else [], os.path.dirname(path)
        for name in sorted(names):
            kind = _kind(name)
            if kind and system.isfile(name):
                info: dict[str, Any] = system.info(name)
                tags = [info.get(key) for key in _TAGS]
                stamp = " ".join(str(tag) for tag in tags if tag is not None)
                yield File(system.unstrip_protocol(name), _below(name, base), kind, stamp)
    except Exception as error:  # every store has errors of its own
        raise SourceError(f"{url} can't be read: {type(error).__name__}: {error}") from None


def _below(name: str, base: str) -> str:
    return os.path.relpath("/" + name.strip("/"), "/" + base.strip("/"))


def _system(url: str) -> Any:
    """Return the file system of a URL, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise SourceError(f"{url} is read by fsspec: pip install 'hornbook[hub]'") from None
    try:
        return url_to_fs(url)
    except (ImportError, ValueError) as error:  # s3fs, gcsfs are packages of their own
        raise SourceError(f"{url} can't be read: {error}") from None
