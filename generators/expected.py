"""What a recipe comes to: rows, tokens and bytes of each member, measured on rows that are really made."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from generators.book import Books
from generators.dialects import Dialect
from generators.hashes import text_hashes
from generators.members import Members
from generators.recipe import Recipe
from generators.shards import OPTIONS
from tokenizer.chosen import Tokenizer

ROWS = 5_000  # of each member, made to measure it


@dataclass(frozen=True)
class Expected:
    """A member, and what is expected of it.

    Attributes:
        name: of the member.
        rows: by split.
        tokens: of a row.
        bytes: of a row, written.
        seconds: that a row takes one process: made, counted and written.
        epochs: how often each row comes, of a source.
    """

    name: str
    rows: Mapping[str, int]
    tokens: float
    bytes: float
    seconds: float
    epochs: float | None


@dataclass(frozen=True)
class Resolved:
    """A recipe, resolved and measured.

    Attributes:
        recipe: what was asked.
        dialect: how it is written.
        tokenizer: the name of the one that tokens are of.
        members: in order.
    """

    recipe: Recipe
    dialect: Dialect
    tokenizer: str
    members: Sequence[Expected]

    def rows(self, split: str) -> int:
        """Return the rows of a split."""
        return sum(member.rows.get(split, 0) for member in self.members)

    def total(self, what: str) -> float:
        """Return the tokens, bytes or seconds of all rows."""
        return sum(getattr(member, what) * sum(member.rows.values()) for member in self.members)


def measured(recipe: Recipe, opened: Members) -> Resolved:
    """Make some rows of each member, and measure them.

    Args:
        recipe: what was asked.
        opened: its members.
    """
    dialect = opened.dialect
    counting = dialect
    if not dialect.tokenizer:
        counting = Dialect(dialect.name, dialect.tool_text, Tokenizer.opened(), dialect.chat)
    found = []
    for members in zip(*opened.splits.values(), strict=True):
        by_split = dict(zip(opened.splits, members, strict=True))
        shown = max(members, key=len)
        tokens, size, seconds = _measure(shown, dialect, counting)
        rows = {split: len(member) for split, member in by_split.items()}
        over = shown.described().get("passes_over")
        found.append(Expected(shown.name, rows, tokens, size, seconds, len(shown) / over if over else None))
    name = counting.tokenizer.encoding.name if counting.tokenizer else ""
    return Resolved(recipe, dialect, name, found)


def _measure(member: Any, dialect: Dialect, counting: Dialect) -> tuple[float, float, float]:
    """Return tokens, bytes and seconds of a row, of rows spread evenly over the member."""
    number = min(ROWS, len(member))
    view = member.view
    places = view.start + np.linspace(0, len(view) - 1, 2 * number).astype(np.int64) * view.step
    books = Books()
    member.conversations(places[1::2], books.current())  # the first batch pays for what all share
    start = time.perf_counter()
    conversations = member.conversations(places[::2], books.current())
    table = dialect.table(conversations)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, dialect.schema, **OPTIONS) as writer:
        empty = sink.tell()
        writer.write_table(table, row_group_size=dialect.group(number))
    text_hashes(conversations.questions())
    seconds = time.perf_counter() - start
    tokens = int(counting.count(conversations).sum(dtype=np.int64))
    return tokens / number, (len(sink.getvalue()) - empty) / number, seconds / number


def table(found: Resolved, asked: Recipe) -> Iterator[str]:
    """Say what a recipe comes to, a line a member.

    Args:
        found: what was measured.
        asked: the recipe, with the sources that nobody has said a path of.
    """
    recipe = found.recipe
    splits = [split for split in ("train", "test") if found.rows(split)]
    totals = " and ".join(f"{found.rows(split):,} rows in {split}" for split in splits)
    order, seed = recipe.value("order"), recipe.value("seed")
    yield f"{totals}; order {order}, seed {seed}, dialect {found.dialect.name}"
    width = max(len(member.name) for member in found.members)
    in_tokens = recipe.value("tokens") is not None  # then shares are of tokens
    heads = ["", *splits, "share", "tokens a row", "tokens", "bytes a row", "bytes"]
    yield "  ".join([f"{heads[0]:<{width}}", *(f"{head:>12}" for head in heads[1:])])
    base = sum(member.rows[splits[0]] * (member.tokens if in_tokens else 1) for member in found.members)
    for member in found.members:
        rows = sum(member.rows.values())
        cells = [
            *(f"{member.rows[split]:,}" for split in splits),
            f"{member.rows[splits[0]] * (member.tokens if in_tokens else 1) / base:.1%}".replace("%", " %"),
            f"{member.tokens:.1f}",
            f"{member.tokens * rows:,.0f}",
            f"{member.bytes:.0f}",
            f"{member.bytes * rows:,.0f}",
        ]
        epochs = "" if member.epochs is None else f"  {member.epochs:g} epochs"
        yield "  ".join([f"{member.name:<{width}}", *(f"{cell:>12}" for cell in cells)]) + epochs
    for entry in asked.entries:
        if not entry.filled:
            sizes = (f"{entry.size(key):,} {key}" for key in ("rows", "share", "epochs") if entry.size(key))
            size_of = next(sizes, "1 epoch")
            yield f"{entry.name:<{width}}  no path is said ({size_of}): --source {entry.name}=PATH"
    tokens, size = found.total("tokens"), found.total("bytes") / 1e6
    yield f"{tokens:,.0f} tokens of {found.tokenizer} and {size:,.1f} MB in all"
