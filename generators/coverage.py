"""Coverage: how often each alphabetic token of a vocabulary is spelled out in some data.

A token is spelled out where a conversation shows a word of which it is a token, and spells that word: the
word as it stands in the question, bare or after a space, and as the answer lists its letters, bare. A word
of one letter counts bare alone: any list that has this letter shows it after a space, and spells no word.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generators.book import Books
from generators.folder import FolderError
from generators.graphemes import graphemes
from generators.layout import MESSAGE
from generators.spelledlines import spelled_lines, word_of
from generators.spellings import Spellings, spellings
from generators.workers import run
from tokenizer.alphabet import CASES, Alphabet

Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]

ENOUGH = 5
BATCH = 10_000  # rows made or read at once


@dataclass(frozen=True)
class Kind:
    """The tokens of one kind, such as those of small letters after a space.

    Attributes:
        name: "bare" or "spaced", and one of `tokenizer.alphabet.CASES`.
        tokens: how many there are.
        never, seldom, enough: how many are spelled out never, fewer than 5 times, 5 times and more.
    """

    name: str
    tokens: int
    never: int
    seldom: int
    enough: int


@dataclass(frozen=True)
class Coverage:
    """What some data spells out of a vocabulary.

    Attributes:
        alphabet: the alphabetic tokens.
        times: (tokens,) how often each is spelled out.
        rows: conversations.
        words: distinct words that are spelled.
        spelled: how often any word is spelled.
    """

    alphabet: Alphabet
    times: Ints
    rows: int
    words: int
    spelled: int

    @classmethod
    def of(cls, alphabet: Alphabet, found: Spellings, rows: int) -> "Coverage":
        """Count for each token the spellings that show it: once each, whether bare or after a space."""
        words = found.words.to_pylist()
        n = max(1, len(alphabet))
        bare = alphabet.shown(words)
        shown = np.array(
            [i for i in np.flatnonzero(found.spaced) if len(graphemes(words[i])) > 1], dtype=np.int64
        )
        spaced = alphabet.shown([f" {words[i]}" for i in shown.tolist()])
        bare_keys = np.repeat(np.arange(len(words)), np.diff(bare.offsets)) * n + bare.places
        spaced_keys = np.repeat(shown, np.diff(spaced.offsets)) * n + spaced.places
        spaced_keys = spaced_keys[~np.isin(spaced_keys, bare_keys)]
        times = np.zeros(len(alphabet), dtype=np.int64)
        for keys, weights in ((bare_keys, found.total), (spaced_keys, found.spaced)):
            np.add.at(times, keys % n, weights[keys // n])
        return cls(alphabet, times, rows, len(words), int(found.total.sum()))

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of tokens that there are."""
        found = []
        for spaced, where in ((False, "bare"), (True, "spaced")):
            for case, name in enumerate(CASES):
                mine = (self.alphabet.spaced == spaced) & (self.alphabet.cases == case)
                if mine.any():
                    found.append(_kind(f"{where} {name}", self.times[mine]))
        return tuple(found)

    @property
    def all(self) -> Kind:
        """All alphabetic tokens as one kind."""
        return _kind("all", self.times)

    @property
    def missed(self) -> Ints:
        """The places in the alphabet of tokens that are never spelled out, by rank."""
        return np.flatnonzero(self.times == 0)

    def as_json(self) -> dict[str, Any]:
        """Return plain data: the numbers, and for every token its id, text and count."""
        encoding, alphabet = self.alphabet.encoding, self.alphabet
        ids, times = alphabet.ids.tolist(), self.times.tolist()
        return {
            "tokenizer": {"name": encoding.name, "fingerprint": encoding.fingerprint},
            "rows": self.rows,
            "words": self.words,
            "spelled": self.spelled,
            "kinds": [vars(kind) for kind in (*self.kinds, self.all)],
            "missed": [{"id": ids[i], "text": alphabet.forms[i]} for i in self.missed.tolist()],
            "tokens": [
                {"id": id, "text": form, "times": n}
                for id, form, n in zip(ids, alphabet.forms, times, strict=True)
            ],
        }


def _kind(name: str, times: Ints) -> Kind:
    never, below = int((times == 0).sum()), int((times < ENOUGH).sum())
    return Kind(name, len(times), never, below - never, len(times) - below)


def of_tasks(
    alphabet: Alphabet, tasks: Sequence[Any], progress: Progress = lambda done, rows: None
) -> Coverage:
    """Report what tasks spell out; their conversations are set, and neither laid out nor written."""
    rows = sum(map(len, tasks))
    return Coverage.of(alphabet, Spellings.merged(_set(tasks, lambda done: progress(done, rows))), rows)


def _set(tasks: Sequence[Any], progress: Callable[[int], None]) -> Iterator[Spellings]:
    books, done = Books(), 0
    for task in tasks:
        for start in range(0, len(task), BATCH):
            index = np.array(task.view[start : start + BATCH], dtype=np.int64)
            yield spellings(task.conversations(index, books.current()))
            done += len(index)
            progress(done)


def of_folder(
    alphabet: Alphabet,
    folder: "str | Path",
    workers: int | None = None,
    progress: Progress = lambda done, rows: None,
) -> Coverage:
    """Report what the shards of a folder spell out: those of its train split, or all that lie in it.

    Args:
        alphabet: of the vocabulary.
        folder: as an export makes it, or with Parquet files in it that have messages.
        workers: processes; None takes as many as there are cores.
        progress: told how many rows are read, of how many.

    Raises:
        FolderError: there are none, or they have no messages, or can't be read.
    """
    path = Path(folder)
    files = sorted((path / "train").glob("*.parquet")) or sorted(path.glob("*.parquet"))
    if not files:
        raise FolderError(f"there are no Parquet files in {path} or in {path}/train")
    rows = sum(map(_rows, files))
    found = run(_Read(), files, workers, lambda done: progress(done, rows))
    # In the order of the files, not in the order in which processes end.
    lines = Spellings.merged(part for _, part in sorted(found, key=lambda pair: files.index(pair[0])))
    # Each distinct line is looked at once; several styles may spell one word.
    words = pa.array([word_of(line) for line in lines.words.to_pylist()], pa.string())
    spelled = np.flatnonzero(pc.not_equal(words, "").to_numpy(zero_copy_only=False))
    chosen = Spellings(words.take(pa.array(spelled)), lines.total[spelled], lines.spaced[spelled])
    return Coverage.of(alphabet, Spellings.merged([chosen]), rows)


@dataclass(frozen=True)
class _Read:
    """Reads shards, each in whichever process."""

    def make(self, file: Path, progress: Callable[[int], None]) -> Spellings:
        parts = []
        with _opened(file) as shard:
            for batch in shard.iter_batches(BATCH, columns=["messages"]):
                parts.append(spelled_lines(batch["messages"]))
                progress(len(batch))
        return Spellings.merged(parts)


def _rows(file: Path) -> int:
    with _opened(file) as shard:
        if "messages" not in shard.schema_arrow.names:
            names = ", ".join(shard.schema_arrow.names)
            raise FolderError(f"{file} has no column of messages to read; it has {names}")
        found = shard.schema_arrow.field("messages").type
        if not found.equals(pa.list_(MESSAGE)):
            raise FolderError(f"{file}: its messages are {found}; expected lists of role and content")
        return int(shard.metadata.num_rows)


@contextmanager
def _opened(file: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(file) as shard:
            yield shard
    except (OSError, pa.ArrowException) as error:
        raise FolderError(f"{file} can't be read: {str(error).splitlines()[0]}") from None
