"""The rows of an exported folder, whatever its dialect, as messages and parts."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from generators.dialects import SCHEMAS, TOKENS
from generators.folder import Folder
from generators.layout import MESSAGE, PART
from generators.readback import Reader
from generators.rowgroups import KEPT, RowGroups
from generators.verifytokens import tokenizer_of
from tokenizer.chosen import Tokenizer
from tokenizer.encoding import EncodingError

__all__ = ["KEPT", "folder_rows"]

_SAID_TWICE = ("prompt", "completion", "tokens")  # what is in other columns, too


def folder_rows(
    folder: Folder,
    manifest: Mapping[str, Any],
    split: str,
    tokenizer: str | None = None,
    pattern: str | None = None,
    kept: int = KEPT,
) -> RowGroups:
    """Return the rows of a split; those of ids are read back as messages and parts.

    Args:
        folder: an export.
        manifest: of the folder.
        split: one that it has.
        tokenizer, pattern: of the ids, see tokenizer_of; None for the one that is recorded.
        kept: bytes of rows to keep in memory.

    Raises:
        FolderError: its ids can't be read.
        ValueError: its rows are no conversations.
    """
    dialect = manifest["asked"]["dialect"]
    if dialect not in (*SCHEMAS, "tokens"):
        raise ValueError(f"{folder} is in the dialect {dialect}, which has no messages to read back")
    shards = [shard for shard in manifest["shards"] if shard["file"].startswith(f"{split}/")]
    if dialect != "tokens":
        names = [name for name in SCHEMAS[dialect].names if name not in _SAID_TWICE]
        return RowGroups(folder.target, shards, names, kept)
    found = tokenizer_of(manifest, tokenizer, pattern)
    if not isinstance(found, Tokenizer):
        raise ValueError(f"{folder} has ids, and names no tokenizer that made them")
    names = [name for name in TOKENS.names if name not in _SAID_TWICE]
    return RowGroups(
        folder.target, shards, names, kept, partial(_read_back, Reader(found.encoding, found.chat))
    )


def _read_back(reader: Reader, table: pa.Table) -> pa.Table:
    """Put messages and parts in place of ids and mask.

    Raises:
        EncodingError: ids make no conversation.
    """
    messages, parts = [], []
    for row in reader.read_batch(table["ids"].combine_chunks(), table["mask"].combine_chunks()):
        if isinstance(row, EncodingError):
            raise row
        messages.append([{"role": role, "content": content} for role, content in row.messages])
        parts.append([dict(zip(_PARTS, part, strict=True)) for part in row.parts])
    kept = table.drop_columns(["ids", "mask"])
    kept = kept.append_column("messages", pa.array(messages, pa.list_(MESSAGE)))
    return kept.append_column("parts", pa.array(parts, pa.list_(PART)))


_PARTS = [field.name for field in PART]
