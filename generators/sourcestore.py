"""A source in the cache: read once, checked, and kept as a memory-mapped Arrow file.

A folder of the cache holds one reading: `rows.arrow`, whose rows are lists of marks and texts with hashes,
file and line; and `report.json`, written last, which says that the reading is whole. A process that wants
what another is reading waits for it; one that is killed leaves nothing that counts.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, MADV_DONTNEED, mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators import __version__
from generators.arrays import as_arrow
from generators.book import gather
from generators.foreign import Foreign, foreign
from generators.foreigncheck import refused
from generators.hashes import Hashes, text_hashes
from generators.layout import as_list
from generators.localtarget import write_whole
from generators.pieces import ASSISTANT, USER
from generators.ragged import offsets_of
from generators.refusals import Refusals
from generators.rows import mix
from generators.sourcefiles import File
from generators.sourceformats import Format
from generators.sourceread import read

SCHEME = 1  # of what is kept: another one is read anew
BATCH = 64 << 20  # bytes of text of a batch of the file
TOUCHED = 64 << 20  # bytes of the file to keep mapped, about
SLICE = 1_000  # rows to look at together
SEGMENT = pa.struct([("mark", pa.int8()), ("text", pa.string())])
SCHEMA = pa.schema(
    [
        pa.field("segments", pa.list_(SEGMENT)),  # what stands from each mark to the next
        pa.field("hash", pa.uint64()),  # of the whole conversation
        pa.field("question", pa.uint64()),  # of what stands before the last answer
        pa.field("file", pa.int32()),  # its number in the report's list
        pa.field("line", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Reading:
    """All that decides what is read.

    Attributes:
        files: in their order.
        format: of their columns.
        longest: bytes that a row may have; None for any.
    """

    files: tuple[File, ...]
    format: Format
    longest: int | None = None

    @property
    def key(self) -> str:
        """What the reading is called in the cache."""
        parts = [SCHEME, __version__, pa.__version__, repr(self.format), self.longest]
        parts += [(file.place, file.name, file.stamp) for file in self.files]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


class Store:
    """A reading that lies in the cache.

    Args:
        folder: of the reading.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
        with (folder / "rows.arrow").open("rb") as file:
            self._mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
        reader = pa.ipc.open_file(pa.py_buffer(self._mapped))
        self.batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        self._touched = 0
        self.edges = offsets_of([len(batch) for batch in self.batches])  # each batch's first row

    def __len__(self) -> int:
        return int(self.edges[-1])

    def touched(self, size: int) -> None:
        """Note that so many bytes were read; what was is given back to the system in time.

        It stays in the system's own cache, as far as there is room; but it is no part of this process.
        """
        self._touched += size
        if self._touched > TOUCHED and hasattr(self._mapped, "madvise"):
            self._mapped.madvise(MADV_DONTNEED)
            self._touched = 0

    def numbers(self, name: str) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Yield a column of numbers, batch by batch, each with its first row."""
        for first, batch in zip(self.edges.tolist(), self.batches, strict=False):
            yield first, batch[name].to_numpy()
            self.touched(8 * len(batch))

    def slices(self) -> Iterator["Slice"]:
        """Yield the rows, some at a time."""
        for start, batch in zip(self.edges.tolist(), self.batches, strict=False):
            for first in range(0, len(batch), SLICE):
                yield Slice(start + first, batch.slice(first, SLICE))
            self.touched(batch.nbytes)


class Slice:
    """Some rows of a store.

    Args:
        first: the number of the first.
        batch: the rows.
    """

    def __init__(self, first: int, batch: pa.RecordBatch) -> None:
        self.first, self._batch, segments = first, batch, batch["segments"]
        self.hashes: Hashes = batch["hash"].to_numpy()
        self.offsets = offsets_of(pc.list_value_length(segments).to_numpy())  # (rows + 1,)
        flat = segments.flatten()
        self.marks, self.texts = flat.field(0).to_numpy(), flat.field(1)  # (offsets[-1],) each
        self.users = self.marks == USER

    def __len__(self) -> int:
        return len(self.hashes)

    def take(self, rows: npt.NDArray[np.int64]) -> "Slice":
        """Return some of the rows, by their places here."""
        return Slice(self.first, self._batch.take(as_arrow(rows)))

    def of_users(self, rows: npt.NDArray[np.bool_]) -> pa.StringArray:
        """Return what users say in some of the rows."""
        return self.texts.filter(as_arrow(self.users & np.repeat(rows, np.diff(self.offsets))))

    def whole(self) -> pa.StringArray:
        """Return all texts of each row as one."""
        return gather(self.texts, self.offsets + self.texts.offset)


def stored(reading: Reading, cache: Path, progress: Callable[[int], None] = lambda rows: None) -> Store:
    """Return a reading from the cache, reading it first where it is not there.

    Args:
        reading: what.
        cache: the folder of all sources.
        progress: told how many rows were read.

    Raises:
        SourceError: a file can't be read.
        OSError: the cache can't be written.
    """
    folder = cache / reading.key
    if not (folder / "report.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder / "lock"):
            if not (folder / "report.json").exists():
                _read(reading, folder, progress)
    return Store(folder)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other process does the same; the system gives up the lock of one that is killed."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(reading: Reading, folder: Path, progress: Callable[[int], None]) -> None:
    temporary = folder / "rows.arrow.tmp"
    refusals, digest = Refusals(), hashlib.sha256()
    seen = taken = held_bytes = 0
    held: list[pa.RecordBatch] = []
    bare = reading.format.format == "text"
    try:
        with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as writer:

            def write() -> None:
                if held:
                    writer.write_batch(pa.concat_batches(held))
                    held.clear()

            for number, file in enumerate(reading.files):
                for raw in read(file, reading.format):
                    rows = foreign(raw, reading.format)
                    reasons = refused(rows, bare, reading.longest)
                    refusals.add(reasons, file.name, raw.lines)
                    batch = _batch(rows, reasons == 0, raw.lines, number)
                    digest.update(batch["hash"].to_numpy().tobytes())
                    seen, taken = seen + len(rows), taken + len(batch)
                    progress(len(rows))
                    if held_bytes + batch.nbytes > BATCH:
                        write()
                        held_bytes = 0
                    held.append(batch)
                    held_bytes += batch.nbytes
            write()
        with temporary.open("rb") as file_written:
            os.fsync(file_written.fileno())
        os.replace(temporary, folder / "rows.arrow")
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    report = {
        "files": [file.name for file in reading.files],
        "format": reading.format.format,
        "columns": dict(reading.format.columns),
        "rows": seen,
        "taken": taken,
        "refused": refusals.as_json(),
        "content": digest.hexdigest(),
    }
    write_whole(folder / "report.json", json.dumps(report, ensure_ascii=False, indent=1))


def _batch(
    rows: Foreign, kept: npt.NDArray[np.bool_], lines: npt.NDArray[np.int64], file: int
) -> pa.RecordBatch:
    """Set rows as marks and texts: an assistant's turn is a mark without text, and then its parts."""
    speaks = rows.roles == ASSISTANT
    starts = rows.parts[:-1]
    # Where a turn begins stands a text more, which is empty: an edge twice, and no text is copied.
    at = starts[speaks]
    edges = np.frombuffer(rows.texts.buffers()[1], dtype=np.int32)[
        rows.texts.offset : rows.texts.offset + len(rows.kinds) + 1
    ]
    edges = np.insert(edges, at, edges[at])
    of_part = np.repeat(rows.roles, np.diff(rows.parts))
    marks = np.where(of_part == ASSISTANT, rows.kinds, of_part).astype(np.int8)
    marks = np.insert(marks, at, np.int8(ASSISTANT))
    data = rows.texts.buffers()[2] or pa.py_buffer(b"")
    texts = pa.StringArray.from_buffers(len(marks), pa.py_buffer(edges), data)
    added = np.concatenate(([0], np.cumsum(speaks)))
    offsets = (rows.parts + added)[rows.messages]
    struct = pa.StructArray.from_arrays([pa.array(marks), texts], fields=list(SEGMENT))
    segments = as_list(offsets, struct).filter(as_arrow(kept))
    n = len(segments)
    files = np.full(n, file, dtype=np.int32)
    columns = [segments, *hashed(segments), files, lines[kept]]
    arrays = [column if isinstance(column, pa.Array) else as_arrow(column) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def hashed(segments: pa.ListArray) -> tuple[Hashes, Hashes]:
    """Hash conversations, (rows,): all of each, and what stands before its last answer.

    The second is text_hashes of Conversations.questions, so a source's rows can be looked for in a task's.
    """
    n = len(segments)
    if not n:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint64)
    offsets = offsets_of(pc.list_value_length(segments).to_numpy())
    flat = segments.flatten()
    marks, texts = flat.field(0).to_numpy(), flat.field(1)
    place = np.arange(len(marks)) - np.repeat(offsets[:-1], np.diff(offsets))
    whole = np.add.reduceat(mix(text_hashes(texts), 16 * place + marks), offsets[:-1])
    last = np.zeros(n, dtype=np.int64)
    turns = np.flatnonzero(marks == ASSISTANT)
    last[np.searchsorted(offsets, turns, side="right") - 1] = turns
    # What stands before the answer is end to end: of each row the edges of its first and last text.
    ends = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset :]
    data = texts.buffers()[2] or pa.py_buffer(b"")
    both = np.column_stack([ends[offsets[:-1]], ends[last]]).ravel()
    both = np.append(both, both[-1])
    pairs = pa.StringArray.from_buffers(2 * n, pa.py_buffer(np.ascontiguousarray(both)), data)
    return whole, text_hashes(pairs)[::2]
