"""Sources: a mixture with half its rows from a Parquet file, against pyarrow copying that file; duplicates.

The file has rows of a question and an answer, in words drawn as often as people use them: about a kilobyte a
row. Times are CPU time of this process, after a batch of other rows; reading the source into the cache, which
comes once in its life, has a number of its own.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from wordfreq import top_n_list, zipf_frequency

from bench.writer import OPTIONS
from generators.book import Books
from generators.dialects import Dialect
from generators.duplicates import Repeats
from generators.hashes import text_hashes
from generators.layout import MESSAGE
from generators.mixture import Mixture
from generators.shards import BATCH
from generators.source import Source
from tasks.spellingbee import SpellingBee

clock = time.process_time


def prepared(rows: int, folder: str) -> dict[str, float]:
    """Write the file that is copied and mixed."""
    words = np.array(top_n_list("en", 20_000))
    often = 10 ** np.array([zipf_frequency(word, "en") for word in words])
    rng = np.random.default_rng(0)
    path = _file(folder)
    with pq.ParquetWriter(path, pa.schema([("messages", pa.list_(MESSAGE))]), **_written()) as writer:
        for first in range(0, rows, BATCH):
            found = []
            for _ in range(min(BATCH, rows - first)):
                asked, answered = rng.integers(5, 60), rng.integers(30, 250)
                said = words[rng.choice(len(words), asked + answered, p=often / often.sum())]
                turns = (("user", said[:asked], "?"), ("assistant", said[asked:], "."))
                found.append([{"role": who, "content": " ".join(text) + end} for who, text, end in turns])
            writer.write_table(pa.table({"messages": found}, schema=writer.schema), row_group_size=BATCH)
    start = time.perf_counter()
    source = Source("source", path, cache=folder)
    return {"bytes": path.stat().st_size, "read": time.perf_counter() - start, "rows": len(source)}


def _file(folder: str) -> Path:
    return Path(folder, "source.parquet")


def _written() -> dict[str, object]:
    """Return how the file is written: as ours are, where that says nothing of columns."""
    return {**OPTIONS, "use_dictionary": False, "write_statistics": False}


def copied(folder: str) -> dict[str, float]:
    """Copy the file with pyarrow, batch by batch."""
    start = clock()
    with (
        pq.ParquetFile(_file(folder)) as file,
        tempfile.TemporaryFile(dir=folder) as copy,
        pq.ParquetWriter(copy, file.schema_arrow, **_written()) as writer,
    ):
        for batch in file.iter_batches(BATCH):
            writer.write_batch(batch, row_group_size=BATCH)
    return {"all": clock() - start}


def mixed(folder: str, columns: str) -> dict[str, float]:
    """Mix all rows of the file with as many of SpellingBee, without the tool, and write them."""
    source = Source("source", _file(folder), cache=folder)
    mixture = Mixture([source, SpellingBee(len(source), tool="none")])
    dialect, books, spent = Dialect(columns), Books(), {"make": 0.0, "all": 0.0}
    with (
        tempfile.TemporaryFile(dir=folder) as file,
        pq.ParquetWriter(file, dialect.schema, **OPTIONS) as writer,
    ):
        for first in range(-BATCH, len(mixture), BATCH):  # the first of them is to warm up on
            rows = np.arange(first, min(first + BATCH, len(mixture))) % len(mixture)
            start = clock()
            conversations = mixture.conversations(rows, books.current())
            text_hashes(conversations.questions())
            table = dialect.table(conversations)
            made = clock()
            writer.write_table(table, row_group_size=BATCH)
            if first >= 0:
                spent["make"] += made - start
                spent["all"] += clock() - start
            del conversations, table
    return spent


def duplicates(rows: int, memory: int) -> dict[str, float]:
    """Look for what comes again among so many hashes, one in ten of which does."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, rows, dtype=np.uint64)
    hashes[rng.integers(0, rows, rows // 10)] = hashes[0]
    with tempfile.TemporaryFile() as scratch:
        start = time.perf_counter()
        found = Repeats(scratch, memory)
        for first in range(0, rows, 1 << 16):
            part = hashes[first : first + (1 << 16)]
            found.add(part, np.arange(first, first + len(part)))
        repeated = sum(map(len, found.repeated()))
        return {"wall": time.perf_counter() - start, "found": repeated}
