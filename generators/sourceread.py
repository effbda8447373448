"""Reading the files of a source: some of their columns, batch by batch, with the line of every row.

Parquet is read by Arrow. JSON and CSV are read row by row in Python, once for a source's life in the cache:
so a row that can't be read is refused by itself, with its line, and rows need not be alike.

A list of messages is read as one of `role` and `content`, content being a list of `type` and `text`, of which
a plain text is one without a type.
"""

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from generators.sourcefiles import File, SourceError
from generators.sourceformats import Columns, Format
from generators.sourcejson import Row, json_rows, messages_of

AT_ONCE = 1_000  # rows of a batch, at most: they may be long
BYTES = 8 << 20  # of a batch that is read row by row, about
SEEN = 100  # rows that columns are told from, where nothing else says them
PARTS = pa.list_(pa.struct([("type", pa.string()), ("text", pa.string())]))
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", PARTS)]))


@dataclass(frozen=True)
class Raw:
    """Some rows as they were read.

    Attributes:
        columns: by what they are, see generators.sourceformats; (rows,) each.
        lines: (rows,) int64, each row's line in a text, or its number in a Parquet file, from 1.
        broken: (rows,) why a row could not be read; "" where it could.
    """

    columns: dict[str, pa.Array]
    lines: npt.NDArray[np.int64]
    broken: list[str] = field(default_factory=list)


def columns_of(file: File) -> Columns:
    """Return the columns of a file; for each that is a list of messages, their fields.

    Raises:
        SourceError: the file can't be read.
    """
    with told(file):
        if file.kind == "parquet":
            with file.open(packed=False) as stream:
                schema = pq.read_schema(stream)
            return {name: _fields(schema.field(name).type) for name in schema.names}
        found: dict[str, tuple[str, ...] | None] = {}
        for row in islice((row for row in rows_of(file) if not row.broken), SEEN):
            value = {"": row.value} if isinstance(row.value, list) else row.value
            for name, inner in value.items():
                fields = _seen(inner)
                found[name] = fields if fields else found.get(name, fields)  # some row may be odd
    return found


def read(file: File, format: Format) -> Iterator[Raw]:
    """Read the rows of a file.

    Raises:
        SourceError: the file can't be read, or lacks columns.
    """
    with told(file):
        yield from _parquet(file, format) if file.kind == "parquet" else _by_row(file, format)


@contextmanager
def told(file: File) -> Iterator[None]:
    """Say of an error in reading which file it was."""
    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise SourceError(f"{file.place} can't be read: {reason}") from None


def _fields(kind: pa.DataType) -> tuple[str, ...] | None:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = kind.value_type
        return tuple(field.name for field in inner) if pa.types.is_struct(inner) else ()
    return () if pa.types.is_nested(kind) else None


def _seen(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, list):
        return tuple(value[0]) if value and isinstance(value[0], dict) else ()
    return () if isinstance(value, dict) else None


def _parquet(file: File, format: Format) -> Iterator[Raw]:
    with file.open(packed=False) as stream, pq.ParquetFile(stream, pre_buffer=False) as parquet:
        names = list(format.columns.values())
        if missing := set(names) - set(parquet.schema_arrow.names):
            raise SourceError(f"{file.place} lacks the column {min(missing)!r}, which other files have")
        first = 1
        for batch in parquet.iter_batches(AT_ONCE, columns=names):
            columns = {what: batch[name] for what, name in format.columns.items()}
            yield Raw(columns, np.arange(first, first + len(batch)))
            first += len(batch)


def _by_row(file: File, format: Format) -> Iterator[Raw]:
    held: list[Row] = []
    size = 0
    for row in rows_of(file):
        held.append(row)
        size += row.bytes
        if len(held) == AT_ONCE or size > BYTES:
            yield _batch(held, format)
            held, size = [], 0
    if held:
        yield _batch(held, format)


def rows_of(file: File) -> Iterator[Row]:
    """Read a file of JSON, CSV or text row by row."""
    with file.open() as stream:
        if file.kind == "json":
            yield from json_rows(stream)
            return
        # What is no UTF-8 is kept as surrogates, so that its rows can be refused and counted.
        text = io.TextIOWrapper(io.BufferedReader(stream), "utf-8-sig", "surrogateescape", newline="")
        if file.kind == "text":
            for number, line in enumerate(text, 1):
                if line.strip():
                    yield Row(number, {"text": line.rstrip("\r\n")}, len(line))
            return
        yield from _csv_rows(text, "\t" if file.kind == "tsv" else ",")


def _csv_rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[Row]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        reader = csv.reader(text, delimiter=delimiter)
        names: list[str] | None = None
        while True:
            line = reader.line_num + 1
            try:
                values = next(reader, None)
            except csv.Error:
                yield Row(line, None, 0, "csv")
                continue
            if values is None:
                return
            if not values:
                continue
            if names is None:
                names = values
            elif len(values) != len(names):
                yield Row(line, None, 0, "csv")
            else:
                yield Row(line, dict(zip(names, values, strict=True)), sum(map(len, values)))
    finally:
        csv.field_size_limit(before)


def _batch(rows: Sequence[Row], format: Format) -> Raw:
    broken = [row.broken for row in rows]
    columns: dict[str, pa.Array] = {}
    for what, name in format.columns.items():
        values: list[Any] = []
        for number, row in enumerate(rows):
            value: Any = None
            if not broken[number]:
                found = {"": row.value} if isinstance(row.value, list) else row.value
                value = found.get(name)
                if format.lists and value is not None:
                    value = messages_of(value, format.role, format.content)
                    broken[number] = "messages" if value is None else ""
                elif isinstance(value, dict | list):
                    value, broken[number] = None, "columns"
                elif value is not None and not isinstance(value, str):
                    value = json.dumps(value)
            values.append(value)
        columns[what] = _array(values, MESSAGES if format.lists else pa.string(), broken)
    return Raw(columns, np.array([row.line for row in rows], dtype=np.int64), broken)


def _array(values: list[Any], kind: pa.DataType, broken: list[str]) -> pa.Array:
    """Make an array; a row that is no Unicode, or of another kind, is noted among the broken ones."""
    try:
        return pa.array(values, kind)
    except (UnicodeError, pa.ArrowException, TypeError):
        for number, value in enumerate(values):
            try:
                pa.array([value], kind)
            except UnicodeError:
                values[number], broken[number] = None, "encoding"
            except (pa.ArrowException, TypeError):
                values[number], broken[number] = None, broken[number] or "columns"
        return pa.array(values, kind)
