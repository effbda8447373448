"""Rows of a shard as plain data, which is what checks read.

>>> batch = pa.record_batch({"id": ["a"], "messages": [[{"role": "user", "content": "Hi"}]], "parts": [[]]})
>>> [row] = rows_of(batch)
>>> row
{'id': 'a', 'messages': [('user', 'Hi')], 'parts': []}
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pyarrow as pa


def rows_of(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Read rows as plain data: lists of pairs for messages, of tuples for parts."""
    columns = []
    for name in batch.schema.names:
        column = batch[name]
        if not pa.types.is_list(column.type):
            columns.append(column.to_pylist())
            continue
        values = column.flatten()
        if pa.types.is_struct(values.type):
            fields = [values.field(i).to_pylist() for i in range(values.type.num_fields)]
            items = list(zip(*fields, strict=True))
        else:
            items = values.to_pylist()
        edges = (column.offsets.to_numpy() - column.offsets[0].as_py()).tolist()
        columns.append([items[a:b] for a, b in pairwise(edges)])
    names = batch.schema.names
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def complete(row: dict[str, Any]) -> None:
    """Add what checks want to know of a row: its facts, last turn, question, and that turn's parts."""
    facts = json.loads(row["facts"]) if "facts" in row else None
    if "facts" in row and not isinstance(facts, dict):
        raise ValueError(f"its facts are {row['facts']} and no JSON object")
    row["facts"] = facts
    messages, parts = row["messages"], row["parts"]
    last = len(messages) - 1
    row["all_parts"] = parts
    row["parts"] = [(kind, text) for message, kind, text, _ in parts if message == last]
    row["turn"] = messages[last][1]
    row["question"] = messages[last - 1][1] if last else ""
    row.setdefault("word", "")
    row.setdefault("letter", "")
