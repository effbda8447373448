"""The reference's columns: one, `messages`, whose contents are lists of typed parts.

nanochat's rows hold a string where a user speaks and a list of parts where the assistant does. A Parquet
column has one type, so the user's string is written as one text part, on both sides alike. It is the
reference's schema and no dialect of ours, so it stands here.
"""

import numpy as np
import pyarrow as pa

from generators.book import Conversations, gather
from generators.pieces import ASSISTANT, FIRST_PART, MARKS, NUMBER, TEXT

PART = pa.struct([("type", pa.string()), ("text", pa.string())])
MESSAGE = pa.struct([("role", pa.string()), ("content", pa.list_(PART))])
PARTS = pa.schema([("messages", pa.list_(MESSAGE))])
# SimpleSpelling's contents are strings on both sides.
STRINGS = pa.schema([("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])))])


def table(conversations: Conversations) -> pa.Table:
    """Turn a batch of ours into the reference's rows."""
    rows, names = conversations.text, pa.array(MARKS, pa.string())
    marks = np.flatnonzero((rows.values & NUMBER) < len(MARKS))
    kinds = rows.values[marks] & NUMBER
    is_message, is_part = kinds < FIRST_PART, kinds != ASSISTANT  # a user's mark opens its one part too
    texts = gather(conversations.book.take(rows.values), np.append(marks[is_part], len(rows.values)))
    types = names.take(pa.array(np.maximum(kinds[is_part], TEXT)))
    parts = pa.StructArray.from_arrays([types, texts], fields=list(PART))
    parts_before = np.append(0, np.cumsum(is_part))
    content = _list(parts_before[np.append(np.flatnonzero(is_message), len(marks))], parts)
    roles = names.take(pa.array(kinds[is_message]))
    messages = pa.StructArray.from_arrays([roles, content], fields=list(MESSAGE))
    messages_before = np.append(0, np.cumsum(is_message))
    column = _list(messages_before[np.searchsorted(marks, rows.offsets)], messages)
    return pa.Table.from_arrays([column], schema=PARTS)


def _list(offsets: np.ndarray, values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def text_bytes(column: pa.ChunkedArray) -> int:
    """Count the bytes of all strings in a column, however deep."""
    return sum(_bytes(chunk) for chunk in column.chunks)


def _bytes(array: pa.Array) -> int:
    if pa.types.is_list(array.type):
        return _bytes(array.flatten())
    if pa.types.is_struct(array.type):
        return sum(map(_bytes, array.flatten()))
    return int(pa.compute.sum(pa.compute.binary_length(array)).as_py() or 0)
