"""Exporting: a folder of shards from tasks, made by several processes, finished where it was left off."""

import hashlib
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from generators.book import Book, Books
from generators.card import card
from generators.dialects import Dialect, ids
from generators.folder import Folder, FolderError
from generators.inflections import report
from generators.manifest import asked as write_asked
from generators.manifest import manifest as write_manifest
from generators.mixture import Mixture
from generators.plaintokens import check
from generators.shards import SHARD, Job, Record, jobs_of, make
from generators.target import Target
from generators.tokens import Renderer
from generators.workers import Engine, alone, run, trim

Progress = Callable[[int, int], None]
UNIVERSAL = Dialect("universal")
FILES = ("lexicon", "holdout", "exclude")  # options that name a file: what it holds counts, not its place
ROWS = ("size", "split", "start", "stop", "step")  # options that choose rows
CHECKED = 1000  # rows of an export, at least, whose ids are made in both ways before the first is written


@dataclass(frozen=True)
class Exported:
    """What an export did.

    Attributes:
        manifest: of the folder.
        made, kept: the shards that were written, and those that were whole already.
        damaged: those written in place of others of the same name, whose bytes were not those recorded.
    """

    manifest: Mapping[str, Any]
    made: tuple[str, ...]
    kept: tuple[str, ...]
    damaged: tuple[str, ...] = ()


def export(
    splits: Mapping[str, Sequence[Any]],
    out: "str | os.PathLike[str] | Target",
    *,
    seed: int = 0,
    dialect: Dialect = UNIVERSAL,
    shard_rows: int = SHARD,
    workers: int | None = None,
    engine: Engine = run,
    overwrite: bool = False,
    style_choice: Mapping[str, Any] | None = None,
    progress: Progress = lambda done, rows: None,
) -> Exported:
    """Write tasks to a folder of Parquet shards.

    Args:
        splits: the tasks of each split, "train" and "test"; they are mixed in one seeded order.
        out: the folder, a path or a URL. What it lacks of the same export is finished, what is whole is kept.
        seed: of the order.
        dialect: the columns.
        shard_rows: rows of a shard.
        workers: processes; None takes as many as there are cores, 1 stays in this one.
        engine: what does the jobs, see generators.workers; no part of what is asked, the bytes are the same.
        overwrite: replace another export in the folder.
        style_choice: why the tasks have their style, for the manifest; see generators.stylechoice.
        progress: told how many rows are done, of how many.

    Raises:
        FolderError: the folder can't be used; see Folder.opened.
        ValueError: an option is wrong, or train and test share a word.
        EncodingError: composed ids are not the tokenizer's own; nothing is written.
        OSError: the disk is full, say; what is whole is kept.
    """
    for tasks in splits.values():
        _refuse_repeats(tasks)
    mixtures = {split: Mixture(tasks, seed) for split, tasks in splits.items()}
    jobs = jobs_of({split: len(mixture) for split, mixture in mixtures.items()}, shard_rows)
    lexicons = {
        lexicon.language: lexicon for tasks in splits.values() for task in tasks for lexicon in task.lexicons
    }
    described = _described(splits)
    _refuse_texts(described, dialect)
    asked = write_asked(
        described,
        {language: lexicon.fingerprint for language, lexicon in lexicons.items()},
        seed=seed,
        dialect=dialect.name,
        tool_text=dialect.tool_text,
        shard_rows=shard_rows,
        tokenizer=None if dialect.tokenizer is None else dialect.tokenizer.described(),
    )
    _check_tokens(dialect, mixtures)
    folder = Folder(out)
    if not folder.target.shared:
        workers = alone(engine, workers, str(folder))
    with _told(str(folder)), folder.opened(asked, jobs, overwrite):
        records = folder.done(jobs)
        kept = tuple(records)
        rows = sum(record.rows for record in records.values())
        total = sum(len(mixture) for mixture in mixtures.values())
        progress(rows, total)
        missing = [job for job in jobs if job.file not in records]
        there = folder.files()
        damaged = tuple(job.file for job in missing if job.file in there)
        whole = folder.manifest()
        task = _Work(mixtures, dialect, folder)
        for job, record in engine(task, missing, workers, lambda done: progress(rows + done, total)):
            records[job.file] = record
        covered = {task.name: task.covered for task in splits.get("train", ()) if task.covered}
        manifest = _finish(folder, whole, asked, jobs, records, lexicons, covered, dialect, style_choice)
        return Exported(manifest, tuple(job.file for job in missing), kept, damaged)


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Say of an error in writing where it was, and what to do."""
    try:
        yield
    except OSError as error:
        elsewhere = error.filename is not None and not Path(error.filename).is_relative_to(place)
        if elsewhere or error.errno is None:
            raise
        reason = os.strerror(error.errno)  # Arrow's own text says more, of which a person needs nothing
        raise OSError(
            f"{place} can't be written: {reason}; what is whole is kept, run the same command again to finish"
        ) from None


def _finish(
    folder: Folder,
    whole: Mapping[str, Any] | None,
    asked: Mapping[str, Any],
    jobs: Sequence[Job],
    records: Mapping[str, Record],
    lexicons: Mapping[str, Any],
    covered: Mapping[str, Any],
    dialect: Dialect,
    style_choice: Mapping[str, Any] | None,
) -> Mapping[str, Any]:
    """Write the manifest, or, where a whole folder was only mended, see that it is as it was."""
    ordered = [records[job.file] for job in jobs]
    if whole is not None:
        if whole["shards"] != [record.as_json() for record in ordered]:
            raise FolderError(f"{folder} was mended, but its shards differ from its manifest")
        manifest = whole
    else:
        counted = {what: folder.count_distinct(jobs, what) for what in ("questions", "words")}
        reports = {
            language: {**lexicon.report, "relatives": report(lexicon.words, lexicon.test, language)}
            for language, lexicon in lexicons.items()
        }
        manifest = write_manifest(
            asked, ordered, counted["questions"], counted["words"], reports, folder.first_rows(jobs), covered
        )
        if dialect.tokenizer is not None:
            # Where it lay: for whoever reads the folder on the same machine, and no part of what was asked.
            manifest["tokenizer"] = {"source": dialect.tokenizer.source, "pattern": dialect.tokenizer.pattern}
        if manifest["words_shared_by_splits"]:
            raise ValueError(f"train and test share {manifest['words_shared_by_splits']} words")
        if style_choice is not None:
            manifest["style_choice"] = dict(style_choice)
    folder.finish(manifest, card(manifest))
    return manifest


def _check_tokens(dialect: Dialect, mixtures: Mapping[str, Mixture]) -> None:
    """Make some rows of every split both ways, composed and plain; all if they are few."""
    if dialect.renderer is None:
        return
    renderer = Renderer(dialect.renderer.encoding, dialect.renderer.chat)  # forgotten with what it learns
    book, total = Book(), sum(map(len, mixtures.values()))
    for mixture in mixtures.values():
        count = min(len(mixture), -(-CHECKED * len(mixture) // total))
        rows = np.linspace(0, len(mixture) - 1, count).astype(np.int64)
        conversations = mixture.conversations(rows, book)
        check(renderer, conversations, ids(conversations).to_pylist())
    trim()


def _described(splits: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    described = []
    for tasks in zip(*splits.values(), strict=True):
        first = tasks[0]
        rows = {split: len(task) for split, task in zip(splits, tasks, strict=True)}
        view = {split: _view(task) for split, task in zip(splits, tasks, strict=True)}
        if hasattr(first, "described"):
            described.append({**first.described(), "rows": rows, "view": view})
            continue
        # Of a view what is shown counts, not how it was made.
        given = {k: v for k, v in first.asked_for.items() if k not in ROWS}
        options = {k: Path(v).name if k in FILES and v else v for k, v in given.items()}
        source = _source(type(first))
        described.append(
            {
                "task": first.name,
                "class": f"{source.stem}:{type(first).__qualname__}",
                "rows": rows,
                "view": view,
                "options": options,
                "source": hashlib.sha256(source.read_bytes()).hexdigest(),
            }
        )
    return described


def _source(cls: type) -> Path:
    """Return the file of a class, by its functions: its module may go by several names."""
    functions = [item for item in vars(cls).values() if inspect.isfunction(item)]
    return Path(inspect.getfile(functions[0] if functions else cls))


def _view(task: Any) -> list[int]:
    return [task.view.start, task.view.step]


def _refuse_texts(described: Sequence[Mapping[str, Any]], dialect: Dialect) -> None:
    """Refuse sources of texts, in which nobody asks and nobody answers, where conversations are written."""
    texts = [entry["task"] for entry in described if entry.get("format") == "text"]
    if texts and dialect.name != "text":
        raise ValueError(
            f"{texts[0]} has texts and no conversations, which the dialect text alone holds, and this is "
            f"{dialect.name}"
        )


def _refuse_repeats(tasks: Sequence[Any]) -> None:
    """Refuse rows that come twice: they would have the same ids."""
    for task, other in combinations(tasks, 2):
        a, b = task.view, other.view
        meet = (a.start - b.start) % gcd(a.step, b.step) == 0 and max(a.start, b.start) < min(a.stop, b.stop)
        if meet and (task.name, task.seed) == (other.name, other.seed):
            raise ValueError(f"{task.name} is asked for twice; ask for it once, with all its rows")


@dataclass(frozen=True)
class _Work:
    """All that a worker needs to make any shard."""

    mixtures: Mapping[str, Mixture]
    dialect: Dialect
    folder: Folder
    books: Books = field(default_factory=Books)

    def make(self, job: Job, progress: Callable[[int], None]) -> Record:
        self.folder.refuse_lost()
        workshop = self.folder.target.workshop
        record = make(job, self.mixtures[job.split], self.dialect, workshop, self.books, progress)
        self.folder.keep(job, record)
        return record
