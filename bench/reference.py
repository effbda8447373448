"""What we compare with: nanochat's own tasks, as they were before they were deleted, or reasoning-gym's.

Nothing of nanochat is kept here: the person names a checkout, and its two files are read from there into
a temporary folder. What they would download, a list of words, is replaced by our English lexicon, so that
both sides draw words from the same list (each by its own rule). Rows are made one by one, as they are in
nanochat, in batches of 10,000, and written by Table.from_pylist, which infers the schema (an explicit one
would save it 2 microseconds a row), and ParquetWriter.write_table with zstd.

reasoning-gym's letter_counting and spell_backward are the nearest that PyPI has. They write a question
and a bare answer, no working: much less to do.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

COMMIT = "950a1dc^"
FILES = ("tasks/spellingbee.py", "tasks/common.py")
CLASSES = {"spellingbee": "SpellingBee", "simplespelling": "SimpleSpelling"}
NEAREST = {"spellingbee": "letter_counting", "simplespelling": "spell_backward"}
BATCH = 10_000


def fetch(checkout: str, folder: Path) -> str:
    """Put nanochat's two files into a folder; returns where they are from.

    Raises:
        ValueError: they are not there.
    """
    (folder / "tasks").mkdir(parents=True)
    try:
        for file in FILES:
            text = _git(checkout, "show", f"{COMMIT}:{file}")
            (folder / file).write_text(text, encoding="utf-8")
        return f"nanochat at {COMMIT} ({_git(checkout, 'rev-parse', '--short', COMMIT).strip()})"
    except (OSError, subprocess.CalledProcessError):
        pass
    for file in FILES:
        path = Path(checkout, file)
        if not path.is_file():
            raise ValueError(f"NANOCHAT={checkout} has neither the commit {COMMIT} nor the file {file}")
        (folder / file).write_bytes(path.read_bytes())
    return f"nanochat, the files in the work tree {checkout}"


def _git(checkout: str, *command: str) -> str:
    done = subprocess.run(["git", "-C", checkout, *command], capture_output=True, check=True)
    return done.stdout.decode()


def nanochat(task: str, rows: int, source: str, words: str, folder: str) -> dict[str, float]:
    """Generate rows of one of nanochat's tasks and write them to one file.

    Args:
        task: one of CLASSES.
        rows: how many.
        source: the folder of nanochat's files.
        words: the file that stands for its download.
        folder: for the files.
    """
    common = ModuleType("nanochat.common")
    common.download_file_with_lock = lambda url, name: words  # type: ignore[attr-defined]
    sys.modules |= {"nanochat": ModuleType("nanochat"), "nanochat.common": common}
    sys.path.insert(0, source)  # before ours: both have a namespace package `tasks`
    import tasks.spellingbee as theirs

    if not Path(str(theirs.__file__)).is_relative_to(source):
        raise ImportError(f"{theirs.__file__} is not the reference")
    made = getattr(theirs, CLASSES[task])(size=2 * rows)
    _check(task, [made[i] for i in range(min(rows, 1_000))])
    return _written(task, made.__getitem__, rows, folder, parts=task == "spellingbee")


def _check(task: str, rows: list[dict[str, Any]]) -> None:
    """See that rowbyrow writes the same, as it does for our rows: then both sides write the same."""
    from bench.rowbyrow import TASKS, as_parts

    for row in rows:
        asked, answered = (message["content"] for message in row["messages"])
        if task == "spellingbee":
            _, word, _, letter, _ = answered[2]["text"].split("'")
        else:
            word, letter = answered.partition(":")[0], ""
        if as_parts(row) != as_parts(TASKS[task][0](asked, word, letter)):
            raise ValueError(f"the reference writes other rows than ours, such as {row}")


def gym(task: str, rows: int, folder: str) -> dict[str, float]:
    """Generate rows of the nearest task of reasoning-gym and write them to one file."""
    from reasoning_gym import create_dataset

    made = create_dataset(NEAREST[task], size=2 * rows, seed=0)

    def row(index: int) -> dict[str, Any]:
        entry = made[index]
        asked = {"role": "user", "content": entry["question"]}
        return {"messages": [asked, {"role": "assistant", "content": entry["answer"]}]}

    return _written(task, row, rows, folder, parts=False)


def _written(
    task: str, row: Callable[[int], dict[str, Any]], rows: int, folder: str, parts: bool
) -> dict[str, float]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bench import schema
    from bench.rowbyrow import as_parts
    from bench.writer import PLAIN

    def run(start: int, stop: int, path: Path) -> None:
        writer = None
        for first in range(start, stop, BATCH):
            made = [row(i) for i in range(first, min(first + BATCH, stop))]
            if parts:
                made = [as_parts(conversation) for conversation in made]
            table = pa.Table.from_pylist(made)
            writer = writer or pq.ParquetWriter(path, table.schema, **PLAIN)
            writer.write_table(table)
        if writer:
            writer.close()

    path = Path(folder, "reference.parquet")
    run(rows, rows + min(BATCH, rows), path)
    start = time.process_time()
    run(0, rows, path)
    spent = time.process_time() - start
    with pq.ParquetFile(path) as file:
        text = schema.text_bytes(file.read(["messages"])["messages"])
    return {"start": start, "all": spent / rows * 1e6, "text": text / rows}
