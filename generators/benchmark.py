"""The texts of benchmarks: what training data may not hold, whatever shape a file has."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generators.askedwords import asked_words, may_ask
from generators.hashes import Hashes
from generators.localtarget import write_whole
from generators.ngrams import grams
from generators.sourcefiles import File, Paths, find_files
from generators.sourceread import AT_ONCE, rows_of, told
from generators.wordlists import fold, is_word, parse_words, read_bytes


def texts_of(file: File) -> Iterator[pa.StringArray]:
    """Yield every text of a file, of any column and however deep, some at a time.

    Raises:
        SourceError: the file can't be read.
    """
    with told(file):
        if file.kind == "parquet":
            with file.open(packed=False) as stream, pq.ParquetFile(stream, pre_buffer=False) as parquet:
                for batch in parquet.iter_batches(AT_ONCE):
                    for column in batch.columns:
                        yield from _inside(column)
            return
        held: list[str] = []
        for row in rows_of(file):
            held += _strings(row.value)
            if len(held) >= AT_ONCE:
                yield _array(held)
                held = []
        yield _array(held)


def _inside(column: pa.Array) -> Iterator[pa.StringArray]:
    kind = column.type
    if pa.types.is_struct(kind):
        for inner in column.flatten():
            yield from _inside(inner)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _inside(column.flatten())
    elif pa.types.is_dictionary(kind):
        yield from _inside(column.dictionary)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        yield pc.cast(column.drop_null(), pa.string())


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def _array(texts: Iterable[str]) -> pa.StringArray:
    """Make an array; what is no Unicode has marks in its place."""
    return pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.string())


def gram_hashes(files: Iterable[File], n: int) -> Hashes:
    """Return the hashes of all runs of n words of files, distinct and rising; see generators.ngrams."""
    found = [np.unique(grams(texts, n).values) for file in files for texts in texts_of(file)]
    return np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *found]))


def benchmark_words(paths: Paths) -> list[str]:
    """Return the words whose letters the texts of benchmarks ask for, folded and sorted.

    A line of text that is one word is one that is asked for too: a list of words may be a benchmark.

    Raises:
        SourceError: a file is not there, or can't be read.
    """
    found: set[str] = set()
    for file in find_files(paths):
        for texts in texts_of(file):
            if file.kind == "text":
                found.update(fold(text.strip()) for text in texts.to_pylist())
            asking = texts.filter(pa.array(may_ask(texts)))
            found.update(word for text in asking.to_pylist() for word in asked_words(text))
    return sorted(word for word in found if is_word(word))


def held_out(
    against: Paths, folder: "str | PathLike[str]", holdout: "str | PathLike[str] | None" = None
) -> Path | None:
    """Write the words that benchmarks ask about to a file, for the `holdout` of tasks.

    Args:
        against: the benchmarks.
        folder: where to; the file is named by what it holds.
        holdout: a file of a person's own, whose words are to be held out too.

    Returns:
        The file; None where there is nothing to hold out.

    Raises:
        SourceError: a benchmark is not there, or can't be read.
        LexiconError: the person's own file is wrong.
    """
    words = dict.fromkeys(benchmark_words(against))
    if holdout is not None:
        words |= dict.fromkeys(parse_words(read_bytes(Path(holdout)), str(holdout), weights=False)[0])
    if not words:
        return None
    text = "\n".join(words) + "\n"
    path = Path(folder) / f"holdout-{sha256(text.encode()).hexdigest()[:16]}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return path
