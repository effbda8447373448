"""Our own rows, written one by one: what most people would write first, and what we compare with where no
nanochat is at hand.

It is given the question, the word and the letter, and writes the rest in plain Python; the prompt's many
forms are out of its time, so it does less than we do. `prepare` checks, before anything is timed, that its
rows are exactly ours (style classic, in English).
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench import schema
from bench.writer import PLAIN

BATCH = 10_000
Row = dict[str, Any]


def counted(question: str, word: str, letter: str) -> Row:
    """Write the row that counts a letter in a word."""
    count = 0
    steps = []
    for place, each in enumerate(word, 1):
        if each == letter:
            count += 1
            steps.append(f"{place}:{each} hit! count={count}")
        else:
            steps.append(f"{place}:{each}")
    lines = "\n".join(steps)
    by_hand = (
        f"We are asked to find the number '{letter}' in the word '{word}'. "
        "Let me try a manual approach first.\n\n"
        f"First spell the word out:\n{word}:{','.join(word)}\n\n"
        f"Then count the occurrences of '{letter}':\n{lines}\n\nThis gives us {count}."
    )
    parts = [
        {"type": "text", "text": by_hand},
        {"type": "text", "text": "\n\nLet me double check this using Python:\n\n"},
        {"type": "python", "text": f"'{word}'.count('{letter}')"},
        {"type": "python_output", "text": str(count)},
        {"type": "text", "text": f"\n\nPython gives us {count}.\n\nMy final answer is:\n\n#### {count}"},
    ]
    return _row(question, parts)


def spelled(question: str, word: str, letter: str) -> Row:
    """Write the row that spells a word."""
    return _row(question, f"{word}:{','.join(word)}")


def _row(asked: Any, answered: Any) -> Row:
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]}


def as_parts(row: Row) -> Row:
    """Make a string one text part, as the reference's schema has it; changes the row."""
    for message in row["messages"]:
        if isinstance(message["content"], str):
            message["content"] = [{"type": "text", "text": message["content"]}]
    return row


TASKS: dict[str, tuple[Callable[[str, str, str], Row], pa.Schema]] = {
    "spellingbee": (counted, schema.PARTS),
    "simplespelling": (spelled, schema.STRINGS),
}


def written(task: str, facts: str, rows: int, folder: str) -> dict[str, float]:
    """Write rows from their facts, a file of question, word and letter."""
    write_row, columns = TASKS[task]
    with pa.memory_map(facts) as source, pa.ipc.open_file(source) as file:
        known = [tuple(row.values()) for row in file.read_all().to_pylist()]

    def run(given: list[tuple[str, str, str]], path: Path) -> None:
        with pq.ParquetWriter(path, columns, **PLAIN) as writer:
            for at in range(0, len(given), BATCH):
                made = [write_row(*row) for row in given[at : at + BATCH]]
                if columns is schema.PARTS:
                    made = [as_parts(row) for row in made]
                writer.write_table(pa.Table.from_pylist(made, schema=columns))

    path = Path(folder, "rowbyrow.parquet")
    run(known[rows:], path)
    start = time.process_time()
    run(known[:rows], path)
    return {"start": start, "all": (time.process_time() - start) / rows * 1e6}
