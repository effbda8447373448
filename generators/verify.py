"""Verifying a folder: every row is read back and derived again from its facts.

Each shard is one job, for as many processes as there are cores. What is wrong is said with file, row and
reason; what was checked, in numbers.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generators.dialects import schema_of
from generators.folder import Folder
from generators.hashes import text_hashes
from generators.localtarget import sha256
from generators.plainrows import complete, rows_of
from generators.pythontool import PythonTool
from generators.report import Report, repeated_ids
from generators.rowcheck import check_row
from generators.shapecheck import check_shape, earlier_tasks
from generators.target import Target
from generators.verifytext import check_texts
from generators.verifytokens import Checked, TokenCheck, tokenizer_of
from generators.wordlists import fold
from generators.workers import run
from tokenizer.chosen import Tokenizer

Check = Callable[[Mapping[str, Any]], Iterator[str]]
_BATCH = 5_000


def verify(
    path: "str | Path",
    checks: Mapping[str, Check],
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, rows: None,
    tokenizer: str | None = None,
    pattern: str | None = None,
) -> Report:
    """Check a folder.

    Args:
        path: of the folder.
        checks: for each task, what checks a row of it (see Task.check); a task without is checked in
            general.
        workers: processes; None takes as many as there are cores.
        progress: told how many rows are done, of how many.
        tokenizer, pattern: of the tokens, see tokenizer_of; None for the one that is recorded.

    Raises:
        FolderError: there is no folder of ours there, it is not finished, or its ids can't be read.
    """
    folder = Folder(path)
    manifest = folder.whole()
    asked = manifest["asked"]
    contracts = {task["task"]: task.get("options", {}).get("tool", "nanochat") for task in asked["tasks"]}
    found = tokenizer_of(manifest, tokenizer, pattern)
    opened = found if isinstance(found, Tokenizer) else None
    schema = schema_of(asked["dialect"], found is not None)
    sources = frozenset(task["task"] for task in asked["tasks"] if task.get("kind") == "source")
    work = _Work(
        folder.target,
        asked["dialect"],
        asked["tool_text"],
        dict(checks),
        contracts,
        schema,
        opened,
        None if sources else asked.get("chat"),  # of a source nobody knows whether its texts are turns
        sources,
    )
    report, rows, done = Report(), sum(record["rows"] for record in manifest["shards"]), 0
    for record, part in run(work, manifest["shards"], workers, lambda n: progress(n, rows)):
        report.merge(part)
        done += record["rows"]
    report.sources = sources
    report.uncounted = found if isinstance(found, str) else ""
    _whole(report, manifest, folder)
    return report


def _whole(report: Report, manifest: Mapping[str, Any], folder: Folder) -> None:
    """Check what only the folder as a whole can show."""
    for problem in repeated_ids(report.ids):
        report.add_first(problem)
    if len(report.words) > 1:
        train, test = report.words.values()
        if shared := sorted(train & test):
            report.add_first(f"{len(shared):,} words are in train and in test, such as {shared[0]!r}")
    expected = Counter[str]()
    for split in manifest["splits"].values():
        for task, counts in split["tasks"].items():
            expected[task] += counts["rows"]["all"]
    if report.texts:  # which say no task
        if expected.total() != report.texts:
            report.add_first(f"the manifest says {expected.total():,} rows, the shards have {report.texts:,}")
    elif expected != report.rows:
        report.add_first(f"the manifest says {dict(expected)} rows, the shards have {dict(report.rows)}")
    known = {record["file"] for record in manifest["shards"]}
    for file in sorted(set(folder.files()) - known):
        report.add_first(f"{file} is not in the manifest, and loaders would read it")


@dataclass(frozen=True)
class _Work:
    target: Target
    dialect: str
    tool_text: str
    checks: Mapping[str, Check]
    contracts: Mapping[str, str]
    schema: pa.Schema
    tokenizer: Tokenizer | None
    chat: str | None
    sources: frozenset[str] = frozenset()  # whose rows others wrote: they are checked in general

    @cached_property
    def _tokens(self) -> TokenCheck | None:
        return TokenCheck(self.tokenizer, self.dialect) if self.tokenizer else None

    def make(self, record: Mapping[str, Any], progress: Callable[[int], None]) -> Report:
        """Check one shard."""
        report = Report()
        with self.target.opened(record["file"]) as path:
            if path.is_file():
                self._file(path, record, report, progress)
            else:
                report.add(f"{record['file']} is missing")
        return report

    def _file(
        self, path: Path, record: Mapping[str, Any], report: Report, progress: Callable[[int], None]
    ) -> None:
        name = record["file"]
        check = self._texts if self.dialect == "text" else self._batch
        if sha256(path) != record["sha256"]:
            report.add(f"{name} is not the file that the manifest describes (sha256 differs)")
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                if not file.schema_arrow.equals(self.schema):
                    report.add(f"{name} has other columns than the dialect {self.dialect!r}")
                    return
                start = 0
                for batch in file.iter_batches(_BATCH):
                    with _no_gc():
                        check(batch, name, start, report)
                    start += len(batch)
                    progress(len(batch))
        except (OSError, ValueError, pa.ArrowException) as error:
            report.add(f"{name} can't be read: {str(error).splitlines()[0]}")
            return
        if start != record["rows"]:
            report.add(f"{name} has {start:,} rows, the manifest says {record['rows']:,}")

    def _texts(self, batch: pa.RecordBatch, name: str, start: int, report: Report) -> None:
        report.texts += len(batch)
        for row, problem in check_texts(batch, self.chat, self.tokenizer):
            report.add(f"{name} row {start + row:,}: {problem}")
        if self.tokenizer and "tokens" in batch.schema.names:
            report.tokens += int(pc.sum(batch["tokens"]).as_py() or 0)
        report.conversations.append(text_hashes(batch["text"]))

    def _batch(self, batch: pa.RecordBatch, name: str, start: int, report: Report) -> None:
        split = name.partition("/")[0]
        words = report.words.setdefault(split, set())
        calls: dict[str, list[tuple[int, str, str]]] = {}
        # Ids and mask are read for the whole batch at once.
        rows = list(
            rows_of(batch.select([name for name in batch.schema.names if name not in ("ids", "mask")]))
        )
        tokens = self._tokens.check(batch, rows) if self._tokens else []
        for place, row in enumerate(rows):
            where = f"{name} row {start + place:,} ({row['id']})"
            task = row["task"]
            report.rows[task] += 1
            foreign = task in self.sources
            if task not in self.checks and not foreign:
                report.unchecked[task] += 1
            try:
                problems = _of_tokens(row, tokens[place]) if tokens else []
                report.tokens += row["tokens"] if tokens else 0
                complete(row)
                # Ids have the exchange with the tool where it stood, as fenced code has.
                shown = "fenced" if self.dialect == "tokens" else self.tool_text
                problems += check_row(row, split, shown, foreign)
                if task in self.checks and not foreign:
                    problems += check_shape(row, self.checks)
                    problems += self.checks[task](row)
                facts = row["facts"] or {}
                for about in (row, *earlier_tasks(facts)):
                    own = [about["word"]] if about["word"] else []
                    words.update(_fold(word) for word in (about["facts"] or {}).get("words", own))
                    if source := (about["facts"] or {}).get("source"):
                        words.add(_fold(source))  # what a variant was made from is of its split
                report.trained += sum(trained for _, _, _, trained in row["all_parts"])
                # A turn's end is trained on where what it says last is.
                ends = {message: trained for message, _, _, trained in row["all_parts"]}
                report.turns += len(ends)
                report.ended += sum(ends.values())
                for (_, kind, text, _), (_, after, output, _) in pairwise(row["all_parts"]):
                    if kind == "python" and after == "python_output" and not foreign:
                        calls.setdefault(task, []).append((start + place, text, output))
            except Exception as error:  # a row so wrong that nothing here understands it
                problems = [f"it makes no sense: {type(error).__name__}: {error}"]
            for problem in problems:
                report.add(f"{where}: {problem}")
        for task, made in calls.items():
            answers = _tool(self.contracts.get(task, "python")).run(pa.array([text for _, text, _ in made]))
            report.calls += len(made)
            for (row_number, text, output), answer in zip(made, answers.to_pylist(), strict=True):
                if answer != output:
                    report.add(f"{name} row {row_number:,}: {text} gives {answer!r}, the row says {output!r}")
        report.ids.append((name, start, text_hashes(batch["id"])))
        report.conversations.append(_conversation_hashes(batch))


def _of_tokens(row: dict[str, Any], found: Checked | Exception) -> list[str]:
    """Say what is wrong with a row's tokens; one that has ids gets the messages and parts that they say."""
    if isinstance(found, Exception):
        raise found
    if found.read:
        row["messages"], row["parts"] = found.read.messages, found.read.parts
    wrong = row["tokens"] != found.count
    return [*found.problems, *([f"it says {row['tokens']} tokens and has {found.count}"] if wrong else [])]


@contextmanager
def _no_gc() -> Iterator[None]:
    """Pause the garbage collector: rows are thousands of small objects, and none refers to itself."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


_fold = lru_cache(maxsize=1 << 17)(fold)
_tools: dict[str, PythonTool] = {}


def _tool(contract: str) -> PythonTool:
    if contract not in _tools:
        _tools[contract] = PythonTool(contract)
    return _tools[contract]


def _conversation_hashes(batch: pa.RecordBatch) -> Any:
    """Hash all messages of each row, or its ids."""
    if "ids" in batch.schema.names:
        ids = batch["ids"]
        edges = pa.py_buffer(ids.offsets.to_numpy() * np.int32(4))
        return text_hashes(pa.StringArray.from_buffers(len(ids), edges, ids.values.buffers()[1]))
    messages = batch["messages"]
    hashes = text_hashes(messages.flatten().field("content"))
    offsets = messages.offsets.to_numpy() - messages.offsets[0].as_py()
    # Each message's hash, turned by its place, so that their order counts.
    places = np.arange(len(hashes)) - np.repeat(offsets[:-1], np.diff(offsets))
    return np.add.reduceat(hashes * (2 * places.astype(np.uint64) + np.uint64(3)), offsets[:-1])
