"""The options that shards are written with, asked of the code that writes them rather than repeated here."""

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq

from generators.dialects import Dialect
from generators.shards import Job, make

PLAIN = {"compression": "zstd"}  # as one would write the reference's rows


class _Seen(Exception):
    pass


def shard_options() -> dict[str, Any]:
    """Let a shard be begun, see what its ParquetWriter is given, and go no further."""
    seen: dict[str, Any] = {}

    def begin(path: Any, schema: Any, **options: Any) -> None:
        seen.update(options)
        raise _Seen

    nothing: Any = None
    with tempfile.TemporaryDirectory() as folder, patch.object(pq, "ParquetWriter", begin):
        try:
            make(Job("train", 0, 1, 0, 1), nothing, Dialect(), Path(folder), Path(folder))
        except _Seen:
            return seen
    raise RuntimeError("shards are no longer written with pyarrow's ParquetWriter")
