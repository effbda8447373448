"""Our side: tasks generated and written, timed by stage, and the other things that a task is asked for.

All times are CPU time of this process, user and system, in all its threads; where the sandbox runs, its
process's time is added. A batch of other rows is made and written before the clock starts, and what is timed
goes on with its book, as every batch of an export but the first does: that the words of the lexicon enter
the book, once a process whatever the number of rows, is start-up (`start` has it), as loading its list of
words is the reference's.

Out of the time: the execution of the tool (tape.py), and what only an export does: counts and hashes for
the manifest, the file's sha256 (`shard` has these).
"""

import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import schema
from bench.tape import Recorder, Tape, calls
from bench.writer import OPTIONS, PLAIN
from generators.book import Book, Books, Conversations
from generators.dialects import Dialect
from generators.folder import Folder
from generators.mixture import Mixture
from generators.pythontool import PythonTool
from generators.shards import BATCH, Job, make
from tasks.base import Task
from tasks.spellingbee import SimpleSpelling, SpellingBee

TASKS = {"spellingbee": SpellingBee, "simplespelling": SimpleSpelling}
clock = time.process_time


def children() -> float:
    """Return the CPU time of the child processes that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _open(
    task: str, rows: int, options: dict[str, str], tape: str, record: bool
) -> tuple[Task, Callable[[], None]]:
    """Make a task whose tool is recorded or played back, and what must be done with that at the end."""
    opened = TASKS[task](rows, **options)
    if not tape:
        return opened, lambda: None
    path, contract = Path(tape), opened.tool.contract
    tool: Any = Recorder(contract) if record else Tape(contract, path)
    opened.tool = tool
    return opened, (lambda: tool.save(path)) if record else tool.check


def _columns(name: str) -> tuple[Callable[[Conversations], pa.Table], pa.Schema, dict[str, Any]]:
    if name == "reference":
        return schema.table, schema.PARTS, PLAIN
    return Dialect(name).table, Dialect(name).schema, OPTIONS


def _batches(start: int, stop: int, books: Books) -> Iterator[tuple[np.ndarray, Book]]:
    for first in range(start, stop, BATCH):
        yield np.arange(first, min(first + BATCH, stop)), books.current()


def written(
    task: str,
    columns: str,
    rows: int,
    folder: str,
    options: dict[str, str],
    tape: str = "",
    record: bool = False,
) -> dict[str, float]:
    """Generate rows and write them to one file.

    Args:
        task: one of TASKS.
        columns: a dialect, or "reference" for the reference's own schema.
        rows: how many.
        folder: for the files.
        options: of the task.
        tape: where the tool's answers are; "" where no tool is asked.
        record: write that tape.
    """
    warm = min(BATCH, rows)
    made, finish = _open(task, rows + warm, options, tape, record)
    to_table, columns_of, settings = _columns(columns)
    books = Books()

    def run(start: int, stop: int, path: Path, spent: Counter[str]) -> None:
        before = clock()
        with pq.ParquetWriter(path, columns_of, **settings) as writer:
            for index, book in _batches(start, stop, books):
                began = clock()
                conversations = made.conversations(index, book)
                generated = clock()
                table = to_table(conversations)
                tabled = clock()
                writer.write_table(table, row_group_size=BATCH)
                spent["generate"] += generated - began
                spent["table"] += tabled - generated
        spent["all"] += clock() - before

    path = Path(folder, "ours.parquet")
    run(rows, rows + warm, path, Counter())
    start, spent = clock() + children(), Counter[str]()
    run(0, rows, path, spent)
    finish()
    spent["write"] = spent["all"] - spent["generate"] - spent["table"]
    return _per_row(path, rows, start, spent)


def _per_row(path: Path, rows: int, start: float, spent: Counter[str]) -> dict[str, float]:
    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows != rows:
            raise ValueError(f"{file.metadata.num_rows:,} rows were written instead of {rows:,}")
        text = schema.text_bytes(file.read(["messages"])["messages"])
    return {"start": start, "text": text / rows, **{k: v / rows * 1e6 for k, v in spent.items()}}


def floor(
    task: str, columns: str, rows: int, folder: str, options: dict[str, str], tape: str = ""
) -> dict[str, float]:
    """Write tables that are finished before the clock starts: what pyarrow alone takes."""
    warm = min(BATCH, rows)
    made, finish = _open(task, rows + warm, options, tape, False)
    to_table, columns_of, settings = _columns(columns)
    books = Books()

    def tables(start: int, stop: int) -> list[pa.Table]:
        return [to_table(made.conversations(index, book)) for index, book in _batches(start, stop, books)]

    def run(finished: list[pa.Table], path: Path) -> None:
        with pq.ParquetWriter(path, columns_of, **settings) as writer:
            for table in finished:
                writer.write_table(table, row_group_size=BATCH)

    path = Path(folder, "floor.parquet")
    first, finished = tables(rows, rows + warm), tables(0, rows)
    finish()
    run(first, path)
    start = clock()
    run(finished, path)
    return _per_row(path, rows, start, Counter(all=clock() - start))


def shard(
    rows: int, folder: str, options: dict[str, str], tape: str, record: bool = False
) -> dict[str, float]:
    """Make a whole shard of SpellingBee as `universal`: with counts, hashes, sha256, flushed to disk."""
    warm = min(BATCH, rows)
    made, finish = _open("spellingbee", rows + warm, options, tape, record)
    mixture, here, books = Mixture([made]), Path(folder), Books()
    jobs = [Job("train", 1, 2, rows, rows + warm), Job("train", 0, 2, 0, rows)]
    out = Folder(here / "shard")
    with out.opened({}, jobs, overwrite=True):
        for job in jobs:
            start = clock()
            out.keep(job, make(job, mixture, Dialect(), out.target.workshop, books))
            spent = clock() - start
    finish()
    return {"all": spent / rows * 1e6}


def indexed(rows: int) -> dict[str, float]:
    """Read `task[i]` of SpellingBee in random order, each row once; the tool runs, and its start counts."""
    task = SpellingBee(rows + 4096)
    order = random.Random(0).sample(range(rows), rows)
    _ = task[rows + 4095]  # a page that holds none of the rows to come
    task.tool.close()
    start, wall, sandbox = clock(), time.perf_counter(), children()
    for i in order:
        task[i]
    task.tool.close()
    spent = clock() - start + children() - sandbox
    return {"all": spent / rows * 1e6, "wall": (time.perf_counter() - wall) / rows * 1e6}


def tool(tape: str, rows: int) -> dict[str, float]:
    """Run expressions in the sandbox, in batches as a task does; its start and its end are left out.

    The sandbox's own CPU time is known when it has ended. So one is started and ended with a few
    expressions, another with the same and then all the others; the difference is what those took.
    """
    expressions = pa.concat_arrays([call["expression"] for call in calls(Path(tape))])
    few, many = expressions.slice(rows), expressions.slice(0, rows)
    sandbox = PythonTool("nanochat")
    sandbox.run(few)
    sandbox.close()
    empty = children()
    sandbox.run(few)
    executed, wall, start = sandbox.executed, time.perf_counter(), clock()
    for at in range(0, len(many), BATCH):
        sandbox.run(many.slice(at, BATCH))
    here, wall = clock() - start, time.perf_counter() - wall
    sandbox.close()
    count = sandbox.executed - executed
    apart = children() - 2 * empty
    each = 1e6 / count
    return {"all": (here + apart) * each, "here": here * each, "wall": wall * each, "count": count}
