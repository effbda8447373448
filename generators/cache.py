"""The cache folder: what takes seconds to make is kept there, named by the hash of all that decides it."""

import os
import tempfile
import zlib
from contextlib import suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pyarrow as pa


def cache_folder() -> Path | None:
    """Return `$HORNBOOK_CACHE` (None if empty), else `hornbook` in `$XDG_CACHE_HOME` or `~/.cache`."""
    own = os.environ.get("HORNBOOK_CACHE")
    if own is not None:
        return Path(own) if own else None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base, "hornbook") if os.path.isabs(base) else None  # no home: "~" stays as it is


def prune(folder: Path, pattern: str, kept: int) -> None:
    """Remove the files longest unused, such as those of words that have changed since."""
    with suppress(OSError):
        files = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime)
        for path in files[:-kept]:
            path.unlink(missing_ok=True)


def read_cached(path: Path) -> tuple[pa.RecordBatch, mmap] | None:
    """Map a cached batch into memory; None where there is none, or it is not as it was written.

    The file is an Arrow stream, and behind it four bytes: its CRC, which a stream's reader never reaches.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
        data = memoryview(mapped)
        if zlib.crc32(data[:-4]).to_bytes(4, "little") != bytes(data[-4:]):
            return None
        batch = pa.ipc.open_stream(pa.py_buffer(mapped)).read_next_batch()
    except (OSError, ValueError, pa.ArrowException):
        return None
    return batch, mapped


def write_cached(path: Path, batch: pa.RecordBatch) -> None:
    """Put a batch into the cache, whole or not at all; a folder that cannot be written is no error."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data = sink.getvalue()
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f"{path.stem}-", suffix=".tmp", dir=path.parent)
        with open(descriptor, "wb") as file:
            file.write(data)
            file.write(zlib.crc32(data).to_bytes(4, "little"))
        os.replace(temporary, path)
    except OSError:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
