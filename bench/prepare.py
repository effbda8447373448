"""What must be there before the first timer starts: words, recorded answers, facts; and that all agrees."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench import ours, rowbyrow, schema
from generators.book import Book
from generators.shards import BATCH


def prepare(
    folder: str,
    rows: dict[str, int],
    facts: dict[str, int],
    shard_rows: int,
    options: dict[str, Any],
    classic: dict[str, Any],
) -> dict[str, Any]:
    """Write words.txt, the tapes, and the facts for rowbyrow; check that rowbyrow's rows are ours.

    Args:
        folder: where to.
        rows: how many are measured, by task.
        facts: how many rows, by task, rowbyrow is given and checked for; a batch is added to warm up on.
        shard_rows: how many in a shard.
        options: of the tasks in the dialects.
        classic: of the tasks where the reference's own rows are written.
    """
    here = Path(folder)
    bee = {"task": "spellingbee", "rows": rows["spellingbee"], "folder": folder, "record": True}
    ours.written(columns="reference", options=classic, tape=str(here / "classic.tape"), **bee)
    ours.written(columns="messages", options=options, tape=str(here / "default.tape"), **bee)
    ours.shard(shard_rows, folder, options, str(here / "shard.tape"), record=True)
    for name, count in facts.items():
        _facts(name, count, here, classic)
    english = ours.SpellingBee(1, language="en").words.lexicons[0]
    (here / "words.txt").write_text("\n".join(english.words.to_pylist()) + "\n", encoding="utf-8")
    lexicons = ours.SpellingBee(1, **options).words.lexicons
    return {"lexicon": ", ".join(f"{lexicon.language} {len(lexicon):,} words" for lexicon in lexicons)}


def _facts(name: str, rows: int, here: Path, classic: dict[str, Any]) -> None:
    """Write what rowbyrow is given, and check that its rows are exactly ours."""
    size = rows + min(BATCH, rows)
    task, batches = ours.TASKS[name](size, **classic), []
    write_row, _ = rowbyrow.TASKS[name]
    for start in range(0, size, BATCH):
        made = task.conversations(np.arange(start, min(start + BATCH, size)), Book())
        columns = [made.questions(), made.column("word"), made.column("letter")]
        batches.append(pa.record_batch(columns, ["question", "word", "letter"]))
        theirs = [rowbyrow.as_parts(write_row(**row)) for row in batches[-1].to_pylist()]
        if pa.Table.from_pylist(theirs, schema=schema.PARTS) != schema.table(made).combine_chunks():
            raise ValueError(f"rows of {name} written one by one are not ours")
    file = str(here / f"{name}.facts")
    with pa.OSFile(file, "wb") as sink, pa.ipc.new_file(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
