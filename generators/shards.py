"""One shard: some rows of a mixture, written to one Parquet file.

What a shard holds is a function of the mixture and the rows' numbers, so it can be made by any process,
again and again. Beside the file goes a record of what was written, from which the manifest is made.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generators.book import Books, Conversations
from generators.dialects import DICTIONARY, FLAT, Dialect
from generators.distinct import write_hashes
from generators.firstrows import first_rows
from generators.hashes import text_hashes
from generators.localtarget import sha256
from generators.mixture import Mixture
from generators.script import FACTS
from generators.wordlists import fold

BATCH = 10_000  # rows of a batch and of a row group
OPTIONS: dict[str, Any] = {  # of pyarrow's ParquetWriter
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": DICTIONARY,
    # The least and the largest of a list's texts help no reader to skip a page, and take time.
    "write_statistics": ["id", "task", *FLAT],
    "write_page_index": True,
    "write_page_checksum": True,
}
SHARD = 50_000  # rows of a shard
MOST = 99_999  # shards of a split: their names have five digits
COUNTED = ("language", "style", "template", *FACTS)
# What else the manifest is made of lies beside a record; of the last there is one a split.
BESIDE = (".questions.npy", ".words.npy", ".first")
ENDING = 2  # characters of a word that are its ending
ENDINGS = 100  # endings that a record keeps, the commonest


@dataclass(frozen=True)
class Job:
    """A shard to be made.

    Attributes:
        split: its split.
        number: its number in the split, from 0.
        shards: how many the split has.
        start, stop: the rows it holds, start to stop - 1 of the split's mixture.
    """

    split: str
    number: int
    shards: int
    start: int
    stop: int

    @property
    def stem(self) -> str:
        """What the files of the shard are called on the way, but for their endings."""
        return f"{self.split}-{self.number:05}"

    @property
    def file(self) -> str:
        """The shard's path in the folder, as loaders expect it."""
        return f"{self.split}/{self.split}-{self.number:05}-of-{self.shards:05}.parquet"


@dataclass
class Record:
    """What a shard holds.

    Attributes:
        file: its path in the folder.
        rows, bytes: how many.
        sha256: of the file.
        counts: rows by task, then by column, then by value.
    """

    file: str
    rows: int
    bytes: int
    sha256: str
    counts: dict[str, dict[str, dict[str, int]]]

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def jobs_of(splits: Mapping[str, int], shard_rows: int = SHARD) -> list[Job]:
    """Cut splits into shards.

    Args:
        splits: how many rows each has.
        shard_rows: the most that a shard has.

    Raises:
        ValueError: there would be too many.

    >>> [job.file for job in jobs_of({"train": 70_000})]
    ['train/train-00000-of-00002.parquet', 'train/train-00001-of-00002.parquet']
    """
    jobs = []
    for split, rows in splits.items():
        shards = -(-rows // shard_rows)
        if shards > MOST:
            raise ValueError(
                f"{rows:,} {split} rows would be {shards:,} shards of {shard_rows:,} rows, and there can be "
                f"{MOST:,}; take larger shards or fewer rows"
            )
        for number in range(shards):
            start = number * shard_rows
            jobs.append(Job(split, number, shards, start, min(start + shard_rows, rows)))
    return jobs


def make(
    job: Job,
    mixture: Mixture,
    dialect: Dialect,
    folder: Path,
    books: Books,
    progress: Callable[[int], None] = lambda rows: None,
) -> Record:
    """Make a shard and its record.

    Args:
        job: which.
        mixture: of the shard's split.
        dialect: its columns.
        folder: where its files go, under `job.stem`.
        books: keeps the book from shard to shard.
        progress: told how many rows were written, after each batch.

    Returns:
        The record. In the folder then lie the shard, the hashes of its questions and words and, for the first
        shard of a split, how varied its first rows are.
    """
    counts: dict[str, dict[str, dict[str, int]]] = {}
    questions, words = [], []
    path = folder / f"{job.stem}.parquet"
    with pq.ParquetWriter(path, dialect.schema, **OPTIONS) as writer:
        for start in range(job.start, job.stop, BATCH):
            index = np.arange(start, min(start + BATCH, job.stop))
            book = books.current()
            conversations = mixture.conversations(index, book)
            table = dialect.table(conversations)
            writer.write_table(table, row_group_size=BATCH)
            _count(conversations, table, counts)
            if start == 0:
                first = json.dumps(first_rows(conversations), ensure_ascii=False)
                (folder / f"{job.stem}.first").write_text(first, "utf-8")
            questions.append(text_hashes(conversations.questions()))
            words.append(text_hashes(folded(book.take(np.unique(conversations.words.values)))))
            progress(len(index))
            del conversations, table  # not beside the next ones: 25 MiB
    for counted in counts.values():
        common = sorted(counted["ending"].items(), key=lambda item: (-item[1], item[0]))
        counted["ending"] = dict(common[:ENDINGS])
    write_hashes(folder / f"{job.stem}.questions.npy", np.concatenate(questions))
    write_hashes(folder / f"{job.stem}.words.npy", np.unique(np.concatenate(words)))
    return Record(job.file, job.stop - job.start, path.stat().st_size, sha256(path), counts)


def folded(words: pa.StringArray) -> pa.StringArray:
    """Fold words, so that Title and UPPER forms count as the word they are of.

    >>> folded(pa.array(["fig", "Fig", "FIG"])).unique().to_pylist()
    ['fig']
    """
    # Folding keeps small letters of ASCII, which nearly all words are of: only the others are worth a loop.
    others = pc.invert(pc.and_(pc.string_is_ascii(words), pc.equal(pc.ascii_lower(words), words)))
    return pc.replace_with_mask(
        words, others, pa.array(map(fold, words.filter(others).to_pylist()), words.type)
    )


def _count(
    conversations: Conversations, table: pa.Table, counts: dict[str, dict[str, dict[str, int]]]
) -> None:
    columns, book = conversations.columns, conversations.book
    tokens = table["tokens"].to_numpy() if "tokens" in table.column_names else None
    for code in np.unique(columns["task"]):
        mine = np.flatnonzero(columns["task"] == code)
        counted = counts.setdefault(book.take(np.array([code]))[0].as_py(), {})
        for name in COUNTED:
            if name in columns:
                codes = columns[name][mine]
                low = codes.min()  # codes of one table lie close together
                rows = np.bincount(codes - low)
                found = np.flatnonzero(rows)
                _add(counted.setdefault(name, {}), book.take(found + low).to_pylist(), rows[found].tolist())
        _add(counted.setdefault("rows", {}), ["all"], [len(mine)])
        if tokens is not None:
            _add(counted.setdefault("tokens", {}), ["all"], [int(tokens[mine].sum(dtype=np.int64))])
        words = book.take(conversations.words.take(mine).values)
        ends = pc.value_counts(pc.utf8_slice_codeunits(words, start=-ENDING))
        _add(counted.setdefault("ending", {}), ends.field(0).to_pylist(), ends.field(1).to_pylist())


def _add(counts: dict[str, int], values: Sequence[str], rows: Sequence[int]) -> None:
    for value, n in zip(values, rows, strict=True):
        if value:
            counts[value] = counts.get(value, 0) + n
