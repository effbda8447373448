"""Which rows of a source are taken: not those that come again, nor those that give a test away.

What was read lies in the cache once; a selection of its rows is two files of row numbers, one a split.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.arrays import as_arrow
from generators.askedwords import asked_words, may_ask, may_spell, spelled_words
from generators.benchmark import gram_hashes
from generators.book import Books
from generators.duplicates import Repeats
from generators.hashes import Hashes, among, text_hashes
from generators.localtarget import write_whole
from generators.manifest import code_hash
from generators.near import Near
from generators.ngrams import grams
from generators.ragged import any_of
from generators.rows import key_of, mix
from generators.sourcefiles import File, Paths, find_files
from generators.sourcestore import Slice, Store, alone
from generators.wordcolumns import is_test_word
from generators.wordlists import fold

SCHEME = 1
LOOKED = 2_000_000  # rows of a task whose questions are looked for in a source, at most
LEFT_OUT = {  # why a row is left out, of several reasons the first
    "": "",
    "duplicate": "it stands before, here or in an earlier source",
    "asked": "a task of the mixture asks the same",
    "test word": "it asks for, or spells, the letters of a test word",
    "benchmark": "it has a run of words in common with a benchmark",
    "test row": "it has a run of words in common with a question of the source's own test split",
    "near": "it is nearly an earlier row",
}
NUMBER = {name: number for number, name in enumerate(LEFT_OUT)}
_SIDES = key_of("source", "test")  # of the project, never the seed: an equal row is on one side for ever
_BATCH = 10_000


@dataclass(frozen=True)
class Choice:
    """All that decides a selection.

    Attributes:
        test: share of the rows that are the test split.
        sources: earlier ones, whose rows may not come again.
        tasks: of the same mixture.
        against: files of benchmarks.
        ngram: words of a run that may not be in common with them.
        near: the least similarity of near-duplicates; None: they are not looked for.
        seed: of their signatures.
    """

    test: float = 0.0
    sources: tuple[Any, ...] = ()
    tasks: tuple[Any, ...] = ()
    against: tuple[File, ...] = ()
    ngram: int = 13
    near: float | None = None
    seed: int = 0

    @classmethod
    def of(cls, after: Sequence[Any], against: Paths, **options: Any) -> "Choice":
        """Make a choice of what somebody asks for: see Source.

        Raises:
            SourceError: a benchmark is not there.
        """
        sources = tuple(member for member in after if hasattr(member, "chosen"))
        tasks = tuple(member for member in after if not hasattr(member, "chosen"))
        some = isinstance(against, str | os.PathLike) or len(against)
        files = tuple(find_files(against)) if some else ()
        return cls(sources=sources, tasks=tasks, against=files, **options)

    def described(self) -> dict[str, Any]:
        """Return plain data, without what depends on where things lie."""
        found: dict[str, Any] = {"test": self.test, "ngram": self.ngram, "near_duplicates": self.near}
        found["after"] = sorted({member.name for member in (*self.sources, *self.tasks)})
        found["against"] = [file.name for file in self.against]
        return found

    @property
    def key(self) -> str:
        """What the selection is called in the cache."""
        parts: list[Any] = [SCHEME, self.test, self.ngram, self.near, self.seed]
        parts.append([str(source.chosen) for source in self.sources])
        parts.append([(file.place, file.stamp) for file in self.against])
        parts.append([_identity(task) for task in self.tasks] + [code_hash()] * bool(self.tasks))
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _identity(task: Any) -> Any:
    """Return what decides a task's questions and test words, but for the code."""
    words = [(lexicon.language, lexicon.fingerprint) for lexicon in task.lexicons]
    return task.name, task.seed, task.view, sorted(map(repr, task.asked_for.items())), words


class Selection:
    """Rows that were selected.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
        self._rows = {split: np.load(folder / f"{split}.npy", mmap_mode="r") for split in ("train", "test")}

    def rows(self, split: str) -> npt.NDArray[np.int64]:
        """Return the numbers of a split's rows in the store, rising, mapped into memory."""
        return self._rows[split]


def selected(store: Store, choice: Choice, memory: int) -> Path:
    """Select rows of a store, unless that was done before; returns the folder of the selection.

    Args:
        store: what was read.
        choice: what of it is wanted.
        memory: bytes to take for finding duplicates, about.

    Raises:
        SourceError: a benchmark can't be read, or rensa is not installed.
    """
    folder = store.folder / choice.key
    if not (folder / "report.json").exists():
        folder.mkdir(exist_ok=True)
        with alone(folder / "lock"):
            if not (folder / "report.json").exists():
                _Selecting(store, choice, memory, folder).write()
    return folder


class _Selecting:
    """A selection under way: a number for each row, why it is left out."""

    def __init__(self, store: Store, choice: Choice, memory: int, folder: Path) -> None:
        self._store, self._choice, self._memory, self._folder = store, choice, memory, folder
        rows = max(1, len(store))
        with tempfile.TemporaryFile(dir=folder) as scratch:  # in a file: it need not fit into memory
            scratch.truncate(rows)
            self._left: Any = np.memmap(scratch, np.uint8, "r+", shape=(rows,))

    def write(self) -> None:
        """Look for all that is to be left out, and write what is not."""
        self._duplicates()
        self._asked()
        self._texts()
        if self._choice.near is not None:
            self._near(self._choice.near)
        digest, rows = hashlib.sha256(), {}
        for split, is_test in (("train", False), ("test", True)):
            rows[split] = _save(self._folder / f"{split}.npy", self._kept(is_test), digest)
        counts = np.bincount(self._left[: len(self._store)], minlength=len(LEFT_OUT)).tolist()
        left = {
            name: {"rows": count, "why": why}
            for (name, why), count in zip(LEFT_OUT.items(), counts, strict=True)
            if name and count
        }
        report = {"left_out": left, **rows, "chosen": digest.hexdigest()}
        passed = [task.name for task in self._choice.tasks if len(task) > LOOKED]
        if passed:
            report["questions_not_looked_for"] = passed
        write_whole(self._folder / "report.json", json.dumps(report, ensure_ascii=False))

    def _mark(self, rows: npt.NDArray[np.int64], why: str) -> None:
        self._left[rows[self._left[rows] == 0]] = NUMBER[why]

    def _is_test(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        return mix(_SIDES, hashes) < np.uint64(self._choice.test * 2**64)

    def _kept(self, is_test: bool) -> Iterator[npt.NDArray[np.int64]]:
        for first, hashes in self._store.numbers("hash"):
            taken = self._left[first : first + len(hashes)] == 0
            yield first + np.flatnonzero(taken & (self._is_test(hashes) == is_test))

    def _duplicates(self) -> None:
        with tempfile.TemporaryFile(dir=self._folder) as scratch:
            found = Repeats(scratch, self._memory)
            for source in self._choice.sources:
                for hashes in source.hashes():
                    found.add(hashes, np.full(len(hashes), -1))
            for first, hashes in self._store.numbers("hash"):
                found.add(hashes, np.arange(first, first + len(hashes)))
            for pairs in found.repeated():
                self._mark(pairs[:, 0], "duplicate")

    def _asked(self) -> None:
        """Leave out rows that ask what a task asks."""
        asked = [_questions(task) for task in self._choice.tasks if len(task) <= LOOKED]
        if not asked:
            return
        every = np.unique(np.concatenate(asked))
        for first, hashes in self._store.numbers("question"):
            self._mark(first + np.flatnonzero(among(hashes, every)), "asked")

    def _texts(self) -> None:
        """Leave out rows for what they say: one reading for all."""
        held = _held(self._choice.tasks)
        barred = gram_hashes(self._choice.against, self._choice.ngram)
        tested = [np.empty(0, dtype=np.uint64)]
        for part in self._store.slices():
            self._mark(part.first + np.flatnonzero(_on_test_words(part, held)), "test word")
            if len(barred):
                found = grams(part.texts, self._choice.ngram)
                inside = any_of(any_of(among(found.values, barred), found.offsets), part.offsets)
                self._mark(part.first + np.flatnonzero(inside), "benchmark")
            if self._choice.test:
                mine = self._is_test(part.hashes)
                mine &= self._left[part.first : part.first + len(part)] == 0
                said = part.of_users(mine)
                tested.append(np.unique(grams(said, self._choice.ngram).values))
        questions = np.unique(np.concatenate(tested))
        for part in self._store.slices() if len(questions) else ():
            found = grams(part.texts, self._choice.ngram)
            inside = any_of(any_of(among(found.values, questions), found.offsets), part.offsets)
            self._mark(part.first + np.flatnonzero(inside & ~self._is_test(part.hashes)), "test row")

    def _near(self, threshold: float) -> None:
        with tempfile.TemporaryFile(dir=self._folder) as scratch:
            near = Near(scratch, self._folder, threshold, self._choice.seed, self._memory)
            for source in self._choice.sources:
                for part in source.slices():
                    near.add(part.whole(), np.full(len(part), -1))
            for part in self._store.slices():
                kept = np.flatnonzero(self._left[part.first : part.first + len(part)] == 0)
                near.add(part.whole().take(kept), part.first + kept)
            for rows in near.repeated():
                self._mark(rows[rows >= 0], "near")


def _held(tasks: Sequence[Any]) -> frozenset[str]:
    """Return the test words of tasks, folded: of those that files hold out a hash says nothing."""
    lexicons = {lexicon.fingerprint: lexicon for task in tasks for lexicon in task.lexicons}
    return frozenset(
        fold(word)
        for lexicon in lexicons.values()
        for word in lexicon.words.take(np.flatnonzero(lexicon.test)).to_pylist()
    )


def _on_test_words(part: Slice, held: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Say which rows ask for, or spell, a test word. Python looks at those alone that may."""
    found = np.zeros(len(part.marks), dtype=np.bool_)
    users = np.flatnonzero(part.users)
    asking = users[may_ask(part.texts.take(as_arrow(users)))]
    for read, places in ((asked_words, asking), (spelled_words, np.flatnonzero(may_spell(part.texts)))):
        for place, text in zip(places.tolist(), part.texts.take(as_arrow(places)).to_pylist(), strict=True):
            found[place] |= any(word in held or is_test_word(word) for word in read(text))
    return any_of(found, part.offsets)


def _questions(task: Any) -> Hashes:
    """Return the hashes of what a task's rows ask."""
    books, view = Books(), task.view
    if hasattr(task, "without_tool"):  # what is asked is the same, and nothing has to be run
        task = task.without_tool()
    found = []
    for first in range(0, len(view), _BATCH):
        some = view[first : first + _BATCH]
        conversations = task.conversations(np.array(some, dtype=np.int64), books.current())
        found.append(text_hashes(conversations.questions()))
    return np.concatenate([np.empty(0, dtype=np.uint64), *found])


def _save(path: Path, parts: Iterator[npt.NDArray[np.int64]], digest: Any) -> int:
    """Write row numbers as numpy does, part by part; returns how many there are."""
    temporary, rows = path.with_suffix(".tmp"), 0
    with temporary.open("wb") as file:
        for _ in range(2):  # the head says how many, and has one length whatever it says
            file.seek(0)
            head = {"descr": "<i8", "fortran_order": False, "shape": (rows,)}
            np.lib.format.write_array_header_1_0(file, head)
            if rows:
                break
            for part in parts:
                data = part.astype("<i8").tobytes()
                digest.update(data)
                file.write(data)
                rows += len(part)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    return rows
