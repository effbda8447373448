"""Exporting: a folder of shards from tasks, made by several processes, finished where it was left off."""

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
    order: str = "shuffle",
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
        splits: the members of each split, "train" and "test": tasks and sources, the same in each, of which
            one may have no rows there.
        out: the folder, a path or a URL. What it lacks of the same export is finished, what is whole is kept.
        seed: of the order.
        order: how the members are mixed, see generators.mixture.
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
    mixtures = {split: Mixture(tasks, seed, order) for split, tasks in splits.items()}
    rows = {split: len(mixture) for split, mixture in mixtures.items()}
    jobs = jobs_of(rows, shard_rows, text=dialect.name == "text")
    lexicons = {
        lexicon.language: lexicon for tasks in splits.values() for task in tasks for lexicon in task.lexicons
    }
    described = _described(splits)
    _refuse_texts(described, dialect)
    asked = write_asked(
        described,
        {language: lexicon.fingerprint for language, lexicon in lexicons.items()},
        seed=seed,
        order=order,
        dialect=dialect.name,
        tool_text=dialect.tool_text,
        **({"chat": dialect.chat} if dialect.name == "text" else {}),
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
        have, total = sum(record.rows for record in records.values()), sum(rows.values())
        progress(have, total)
        missing = [job for job in jobs if job.file not in records]
        there = folder.files()
        damaged = tuple(job.file for job in missing if job.file in there)
        whole = folder.manifest()
        for mixture in mixtures.values() if missing else ():
            mixture.prepare()
        task = _Work(mixtures, dialect, folder)
        for job, record in engine(task, missing, workers, lambda done: progress(have + done, total)):
            records[job.file] = record
        covered = {task.name: task.covered for task in splits.get("train", ()) if task.covered}
        more: dict[str, Any] = {} if style_choice is None else {"style_choice": dict(style_choice)}
        members = [member for members in splits.values() for member in members]
        if read := {member.name: dict(member.report) for member in members if member.report}:
            more["sources"] = read
        manifest = _finish(folder, whole, asked, jobs, records, lexicons, covered, dialect, more)
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
    more: Mapping[str, Any],
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
        manifest |= more
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
    """Describe each member, with its rows in each split."""
    described = []
    for members in zip(*splits.values(), strict=True):
        by_split = dict(zip(splits, members, strict=True))
        rows = {split: len(member) for split, member in by_split.items()}
        view = {split: [member.view.start, member.view.step] for split, member in by_split.items()}
        described.append({**members[0].described(), "rows": rows, "view": view})
    return described


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
            raise ValueError(
                f"{task.name} is asked for twice; ask for it once, with all its rows, or with another seed"
            )


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
