"""A source: rows that others wrote, as conversations like any other.

    chat = Source("chat", "rows/*.parquet", test=0.01)

Rows are read once, checked, and kept in the cache as a memory-mapped Arrow file: any row is then found by
its number, and no more than a batch is ever in memory. A row becomes codes in the book, so everything that is
done with a task's conversations is done with a source's.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from operator import index as whole
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.book import Book, Conversations
from generators.cache import cache_folder
from generators.names import find
from generators.pages import Pages
from generators.pieces import ASSISTANT, EXCHANGE, OUTPUT, PYTHON, UNTRAINED
from generators.ragged import Ragged, offsets_of
from generators.refusals import told
from generators.selection import Choice, Selection, selected
from generators.sourcefiles import Paths, SourceError, find_files
from generators.sourceformats import tell
from generators.sourceread import columns_of
from generators.sourcestore import Reading, Slice, Store, stored

SPLITS = ("train", "test")
LONGEST = 100_000  # bytes of a row: a batch has ten thousand of them
AROUND = 64 << 10  # bytes of the file that are mapped for a row: its page, and those around it
_NAME = re.compile(r"[\w.-]+")
_FLAGS = np.zeros(OUTPUT + 1, dtype=np.int32)  # by mark
_FLAGS[PYTHON], _FLAGS[OUTPUT] = EXCHANGE, EXCHANGE | UNTRAINED


class Source:
    """A sequence of conversations that others wrote.

    Args:
        name: what its rows' `task` and ids say.
        path: a file, a glob, a folder, a URL, or a list of these; see generators.sourcefiles.
        split: "train" or "test": the rows that this one shows.
        format: one of generators.sourceformats; None tells it from the columns.
        columns: names of columns, by what they are: {"prompt": "question"}.
        cache: a folder for what was read; None takes the cache folder of Hornbook. Nothing is removed there.
        test: share of the rows that are the test split, or about how many there are to be. A row's content
            decides, never its place or a seed, so equal rows are on one side, here and in other sources.
        longest: bytes of text that a row may have; None for any.
        after: tasks and sources of the same mixture. A row that stands in one of these sources, asks what a
            row of these tasks asks, or asks for the letters of one of their test words is left out.
        against: files of benchmarks, found as `path` is: a row that has `ngram` words in a row of one is
            left out.
        ngram: how many words; 13 as in GPT-3 (Brown et al. 2020, appendix C), of at most 13.
        near_duplicates: rows whose sets of words in fives are this similar (Jaccard, by MinHash) to an
            earlier row's are left out; None for no such look. Needs the extra `clean`.
        seed: of MinHash.
        memory: bytes to take for finding duplicates, about.
        progress: told how many rows were read, bit by bit, where they are not in the cache.

    Raises:
        SourceError: there is no such file, its columns can't be told, or no row is left; says why.
        ValueError: an option is wrong.
        OSError: the cache can't be written.
    """

    lexicons: ClassVar[tuple[Any, ...]] = ()
    covered: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self,
        name: str,
        path: Paths,
        *,
        split: str = "train",
        format: str | None = None,
        columns: Mapping[str, str] | None = None,
        cache: "str | PathLike[str] | None" = None,
        test: float = 0.0,
        longest: int | None = LONGEST,
        after: Sequence[Any] = (),
        against: Paths = (),
        ngram: int = 13,
        near_duplicates: float | None = None,
        seed: int = 0,
        memory: int = 256 << 20,
        progress: Callable[[int], None] = lambda rows: None,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a source is called {name!r}; a name has letters, digits, '.', '_' and '-'")
        if not (0 <= test < 1 or (test >= 1 and test == int(test))):
            raise ValueError(
                f"test of {name} is {test}, and must be a share from 0 to below 1 or a number of rows"
            )
        if near_duplicates is not None and not 0 < near_duplicates < 1:
            raise ValueError(f"near_duplicates is {near_duplicates}, and must be between 0 and 1")
        self.name, self.split, self.seed = name, find(split, SPLITS, "split"), seed
        folder = cache_folder() if cache is None else Path(cache)
        if folder is None:
            raise SourceError(f"{name} is read into a cache, and there is none; name a folder with cache")
        files = find_files(path)
        reading = Reading(tuple(files), tell(columns_of(files[0]), files[0].name, format, columns), longest)
        store = stored(reading, folder / "sources", progress)
        if not len(store):
            why = told(store.report["refused"])
            raise SourceError(
                f"{name}: none of {store.report['rows']:,} rows can be taken; {why or 'there is none'}"
            )
        if test >= 1:
            if test >= len(store):
                raise SourceError(f"{name} has {len(store):,} rows, and {test:,} are to be its test split")
            test = test / len(store)
        choice = Choice.of(after, against, test=test, ngram=ngram, near=near_duplicates, seed=seed)
        self._folder = store.folder
        self.chosen = selected(store, choice, memory)
        self._options = {"longest": longest, **choice.described()}
        self.size = len(self._rows)
        self.view = range(self.size)
        if not sum(len(self._selection.rows(split)) for split in SPLITS):
            raise SourceError(f"{name}: no row is left; {json.dumps(self.report['left_out'])}")

    # Its rows.

    @cached_property
    def _store(self) -> Store:
        return Store(self._folder)

    @cached_property
    def _selection(self) -> Selection:
        return Selection(self.chosen)

    @property
    def _rows(self) -> npt.NDArray[np.int64]:
        return self._selection.rows(self.split)

    def of(self, split: str) -> "Source":
        """Return the same source's rows of a split."""
        other = copy(self)
        other.split = find(split, SPLITS, "split")
        other.size = len(other._rows)
        other.view = range(other.size)
        return other

    @property
    def report(self) -> dict[str, Any]:
        """What happened on reading: rows, those taken, refused by reason with the first lines, left out."""
        return {**self._store.report, **self._selection.report}

    def described(self) -> dict[str, Any]:
        """What decides its rows, as plain data: what its files hold, not where they lie."""
        read = self._store.report
        kept = {name: read[name] for name in ("format", "columns", "files", "content")}
        chosen = self._selection.report["chosen"]
        return {"task": self.name, "kind": "source", **kept, "chosen": chosen, "options": self._options}

    def hashes(self) -> Iterator[npt.NDArray[np.uint64]]:
        """Yield the hashes of the conversations of both splits, many at a time; see generators.selection."""
        for split in SPLITS:
            rows = self._selection.rows(split)
            cuts = np.searchsorted(rows, self._store.edges)
            for number, (first, hashes) in enumerate(self._store.numbers("hash")):
                mine = rows[cuts[number] : cuts[number + 1]]
                yield hashes[mine - first]

    def slices(self) -> Iterator[Slice]:
        """Yield the rows of both splits, some at a time."""
        taken = np.zeros(len(self._store), dtype=np.bool_)
        for split in SPLITS:
            taken[self._selection.rows(split)] = True
        for part in self._store.slices():
            mine = np.flatnonzero(taken[part.first : part.first + len(part)])
            if len(mine):
                yield part.take(mine)

    def conversations(self, index: npt.NDArray[np.int64], book: Book) -> Conversations:
        """Make the conversations of some rows.

        Args:
            index: (rows,) their numbers, each from 0 to size - 1, in any order.
            book: numbers their texts; they stay in it until it is done with, see generators.book.Books.
        """
        n, store = len(index), self._store
        rows = np.asarray(self._rows[index])
        order = np.argsort(rows)  # near each other in the file: fewer pages of it are read
        rows = rows[order]
        cuts = np.searchsorted(rows, store.edges)
        texts, facts = [], []
        for number in np.flatnonzero(np.diff(cuts)).tolist():
            mine = rows[cuts[number] : cuts[number + 1]] - store.edges[number]
            batch = store.batches[number]
            texts.append(_codes(book, batch.column("segments").take(as_arrow(mine))))
            facts.append(_facts(book, batch, mine, self._files))
            store.touched(len(mine) * AROUND)
        back = np.empty(n, dtype=np.int64)
        back[order] = np.arange(n)
        said = {"name": f"{self.name}/{self.split}", "task": self.name, "split": self.split}
        empty = ("style", "language", "template", "answer", "word", "letter")
        columns = {**said, **dict.fromkeys(empty, "")}
        nothing = Ragged.of([])
        return Conversations(
            book,
            np.asarray(index, dtype=np.int64),
            Ragged.concat(texts).take(back) if texts else nothing,
            Ragged(np.arange(n + 1), np.concatenate(facts)[back]) if facts else nothing,
            Ragged(np.zeros(n + 1, dtype=np.int64), np.empty(0, dtype=np.int32)),
            {name: np.full(n, book.constant(text), dtype=np.int32) for name, text in columns.items()},
        )

    @cached_property
    def _files(self) -> pa.StringArray:
        """What facts begin with, by file."""
        names = self._store.report["files"]
        return pa.array([f'{{"file": {json.dumps(name, ensure_ascii=False)}, "line": ' for name in names])

    # A sequence of conversations.

    @cached_property
    def _pages(self) -> Pages:
        return Pages(self.conversations, self.size)

    def num_examples(self) -> int:
        """Return how many conversations there are, before any slice."""
        return self.size

    def get_example(self, index: int) -> dict[str, Any]:
        """Return conversation `index`, counted before any slice."""
        if not 0 <= index < self.size:
            raise IndexError(f"conversation {index} of a source of {self.size:,}")
        return self._pages.read(index)

    def __len__(self) -> int:
        return len(self.view)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> "Source": ...
    def __getitem__(self, index: "int | slice") -> "dict[str, Any] | Source":
        if not isinstance(index, slice):
            return self.get_example(self.view[whole(index)])
        shown = self.view[index]
        if shown.step < 0:
            raise ValueError(f"a view of a source can't run backwards, got step {index.step}")
        part = copy(self)
        part.view = shown
        return part

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[i] for i in range(len(self)))

    def __getstate__(self) -> dict[str, Any]:
        opened = ("_store", "_selection", "_files", "_pages")
        return {name: value for name, value in self.__dict__.items() if name not in opened}

    def __copy__(self) -> "Source":
        other = object.__new__(type(self))
        other.__dict__.update(self.__getstate__())
        return other


def _codes(book: Book, segments: pa.ListArray) -> Ragged:
    """Set marks and texts: each mark's code, and behind it, but for an assistant's, its text's."""
    offsets = offsets_of(pc.list_value_length(segments).to_numpy())
    flat = segments.flatten()
    marks, texts = flat.field(0).to_numpy(), flat.field(1)
    first = book.add(texts)
    codes = np.empty((len(marks), 2), dtype=np.int32)
    flags = _FLAGS[marks]
    np.bitwise_or(marks, flags, out=codes[:, 0])
    np.bitwise_or(np.arange(first, first + len(marks), dtype=np.int32), flags, out=codes[:, 1])
    kept = np.ones(codes.shape, dtype=np.bool_)
    kept[:, 1] = marks != ASSISTANT
    total = np.concatenate(([0], np.cumsum(1 + kept[:, 1])))
    return Ragged(total[offsets], codes[kept])


def _facts(book: Book, batch: pa.RecordBatch, rows: npt.NDArray[np.int64], files: pa.StringArray) -> Any:
    file = as_arrow(batch.column("file").to_numpy()[rows])
    line = pc.cast(as_arrow(batch.column("line").to_numpy()[rows]), pa.string())
    first = book.add(pc.binary_join_element_wise(files.take(file), line, "}", ""))
    return np.arange(first, first + len(rows), dtype=np.int32)
