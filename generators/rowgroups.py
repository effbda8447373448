"""Rows of a folder's shards by number, in any order.

Parquet is read by row groups, and one takes as long as a thousand rows. So a group that was read stays,
as Arrow has it; those longest unused are dropped when they are more than should be kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from generators.arrays import as_arrow
from generators.ragged import offsets_of
from generators.target import Target

KEPT = 1 << 30  # bytes of row groups


class RowGroups:
    """The rows of some shards, end to end.

    Args:
        target: where the shards are.
        shards: their records.
        columns: to read.
        kept: bytes to keep of what was read.
        turned: makes of a row group what is kept of it.
    """

    def __init__(
        self,
        target: Target,
        shards: Sequence[Mapping[str, Any]],
        columns: Sequence[str],
        kept: int = KEPT,
        turned: Callable[[pa.Table], pa.Table] = lambda table: table,
    ) -> None:
        self._target, self._columns, self._kept, self._turned = target, list(columns), kept, turned
        self.shards = shards
        self._edges = offsets_of(np.array([shard["rows"] for shard in shards], dtype=np.int64))
        self._groups: dict[int, npt.NDArray[np.int64]] = {}  # of each shard, by its number: their edges
        self._tables: OrderedDict[tuple[int, int], pa.Table] = OrderedDict()
        self._bytes = 0
        self.read = 0  # row groups that were read

    def __len__(self) -> int:
        return int(self._edges[-1])

    def place(self, index: int) -> tuple[pa.Table, int]:
        """Return the row group of a row, and its number there."""
        shard = int(np.searchsorted(self._edges, index, side="right")) - 1
        row = index - int(self._edges[shard])
        if shard not in self._groups:
            [path] = self._paths(shard)
            found = pq.read_metadata(path)
            sizes = [found.row_group(number).num_rows for number in range(found.num_row_groups)]
            self._groups[shard] = offsets_of(np.array(sizes, dtype=np.int64))
        edges = self._groups[shard]
        group = int(np.searchsorted(edges, row, side="right")) - 1
        return self._table(shard, group), row - int(edges[group])

    def take(self, index: npt.NDArray[np.int64]) -> pa.Table:
        """Return rows, (rows,), each row group of theirs looked up once."""
        order = np.argsort(index, kind="stable")
        tables, at = [], 0
        while at < len(order):
            table, row = self.place(int(index[order[at]]))
            first = int(index[order[at]]) - row
            stop = int(np.searchsorted(index[order], first + len(table)))
            tables.append(table.take(as_arrow(index[order[at:stop]] - first)))
            at = stop
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_tables(tables).take(as_arrow(back)).combine_chunks()

    def _paths(self, shard: int) -> list[Any]:
        name = self.shards[shard]["file"]
        found = list(self._target.fetch([name]).values())
        if not found:
            raise FileNotFoundError(2, "the manifest names a shard that is not there", name)
        return found

    def _table(self, shard: int, group: int) -> pa.Table:
        key = (shard, group)
        if (table := self._tables.get(key)) is not None:
            self._tables.move_to_end(key)
            return table
        [path] = self._paths(shard)
        with pq.ParquetFile(path) as file:
            table = self._turned(file.read_row_group(group, columns=self._columns).combine_chunks())
        self.read += 1
        self._tables[key] = table
        self._bytes += table.nbytes
        while self._bytes > self._kept and len(self._tables) > 1:
            self._bytes -= self._tables.popitem(last=False)[1].nbytes
        return table
