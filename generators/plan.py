"""What an export of a recipe would take: hours, shards, memory, bytes and requests of an object store.

Nothing here is a constant that was measured elsewhere: a shard of the recipe is really made, on this machine,
and some hashes are counted. What is assumed is said in the lines.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.filesize import decimal

from generators.book import Books
from generators.distinct import AT_ONCE, count_distinct, write_hashes
from generators.expected import Resolved
from generators.members import Members
from generators.mixture import Mixture
from generators.shards import MOST, Job, Record, make

ROWS = 20_000  # of the shard that is made
HASHES = 1 << 20  # that are counted
PART = 50 << 20  # bytes that are sent in one request: fsspec's block for S3
LARGE = 10 << 20  # bytes of a manifest that is better made smaller
_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


@dataclass(frozen=True)
class Measured:
    """A shard that was made.

    Attributes:
        rate: rows a second, of one process.
        record: bytes of its record in the manifest.
        hashes: bytes of hashes beside it, a row.
        memory: bytes that this process had at most.
        counting: seconds in which a hash is counted.
        opening: seconds in which a file of hashes is looked into.
    """

    rate: float
    record: int
    hashes: float
    memory: int
    counting: float
    opening: float


def measure(opened: Members, seed: int) -> Measured:
    """Make a shard in a folder that is removed again, and see what it takes."""
    split, members = next(iter(opened.splits.items()))
    mixture, books = Mixture(members, seed), Books()
    rows = min(ROWS, len(mixture))
    with tempfile.TemporaryDirectory(prefix="hornbook-plan-") as name:
        folder = Path(name)
        for part in (split, "text"):
            (folder / part).mkdir(exist_ok=True)

        def shard(number: int, start: int) -> Record:
            job = Job(split, number, 2, start, start + rows)
            return make(job, mixture, opened.dialect, folder, books)

        shard(1, len(mixture) - rows)  # what all shards of a process share
        for file in folder.glob("*.npy"):
            file.unlink()
        start = time.perf_counter()
        record = shard(0, 0)
        rate = rows / (time.perf_counter() - start)
        beside = sum(file.stat().st_size for file in folder.glob("*.npy"))
        counting = _counted(folder, 4, HASHES // 4, AT_ONCE) / HASHES
        opening = _counted(folder, 64, 100, 400) / (64 * 16)  # 16 ranges of few hashes
    size = len(json.dumps(record.as_json(), ensure_ascii=False, indent=1).encode())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
    return Measured(rate, size, beside / rows, peak, counting, opening)


def _counted(folder: Path, files: int, hashes: int, at_once: int) -> float:
    """Return the CPU seconds in which hashes of files are counted, the better of two times."""
    random = np.random.default_rng(0)
    paths = [folder / f"{number}.npy" for number in range(files)]
    for path in paths:
        write_hashes(path, random.integers(0, 2**64, hashes, dtype=np.uint64))
    seconds = []
    for _ in range(2):
        start = time.process_time()
        count_distinct({"train": paths}, at_once)
        seconds.append(time.process_time() - start)
    return min(seconds)


def planned(found: Resolved, measured: Measured, workers: int) -> Iterator[str]:
    """Say what an export takes, a line each.

    Args:
        found: the recipe, with what a row of each member takes.
        measured: a shard of it.
        workers: how many processes there are to be.
    """
    shard_rows = found.recipe.value("shard_rows")
    rows = sum(found.rows(split) for split in ("train", "test"))
    shards = -(-found.rows("train") // shard_rows)
    shards += 1 if found.dialect.name == "text" else -(-found.rows("test") // shard_rows)
    size, busy = found.total("bytes"), min(workers, shards)
    seconds = rows / measured.rate / busy
    yield f"planned for {workers:,} processes, from {ROWS:,} rows made here: {measured.rate:,.0f} rows/s each"
    idle = f"; {workers - busy:,} have nothing to do" if busy < workers else ""
    taken = f"{seconds / 3600:,.1f} hours" if seconds > 3600 else f"{seconds:,.1f} s"
    yield f"  time      {taken}, start-up apart{idle}"
    a_shard = size / max(rows, 1) * min(shard_rows, rows)
    yield f"  shards    {shards:,} of {shard_rows:,} rows and {decimal(int(a_shard))}"
    if shards > MOST:
        least = -(-rows // MOST)
        yield f"            more than the {MOST:,} that there can be: set shard_rows to {least:,} or more"
    memory, all_of = measured.memory / 2**20, measured.memory * busy / 2**30
    yield f"  memory    {memory:,.0f} MiB a process, whatever the rows; {all_of:,.1f} GiB for all"
    beside = decimal(int(measured.hashes * rows))
    yield f"  bytes     {decimal(int(size))} of shards; {beside} of hashes beside them until the end"
    sends = max(1, -(-int(a_shard) // PART))
    sends = sends + 2 if sends > 1 else 1
    puts = shards * (sends + 3) + 3
    yield (
        f"  requests  {puts:,} writes to an object store: of each shard {sends} (parts of {PART >> 20} MiB), "
        f"its record and two files of hashes; {3 * shards:,} reads at the end"
    )
    manifest = shards * measured.record
    yield f"  manifest  {decimal(manifest)}: {measured.record:,} bytes a shard, however many rows it has"
    checks = f"{AT_ONCE:,} at once ({AT_ONCE * 8 >> 20} MiB), in {_checking(measured, rows, shards):,.1f} s"
    yield f"  checks    equal questions and shared words are counted from their hashes, {checks}"
    if manifest > LARGE:
        better = shard_rows * -(-manifest // LARGE)
        fewer = -(-rows // better)
        each, all_of = decimal(int(size / rows * better)), decimal(fewer * measured.record)
        yield (
            f"            shard_rows = {better:,} makes {fewer:,} shards of {each}, a manifest of {all_of}, "
            f"and counts in {_checking(measured, rows, fewer):,.1f} s"
        )
    if found.recipe.value("order") != "shuffle":
        yield f"  order     {decimal(10 * rows)} of files on each machine: a curriculum is sorted there first"


def _checking(measured: Measured, rows: int, shards: int) -> float:
    """Return the seconds that hashes are counted in: each once, and each range of them in each file."""
    hashes = measured.hashes * rows / 8
    ranges = -(-hashes // AT_ONCE)
    return hashes * measured.counting + shards * ranges * measured.opening
