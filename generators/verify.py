"""Verifying a folder: every row is read back and derived again from its facts.

Each shard is one job, for as many processes as there are cores. What is wrong is said with file, row and
reason; what was checked, in numbers.
"""

import gc
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from generators.dialects import schema_of
from generators.folder import SCRATCH, Folder, FolderError
from generators.hashes import text_hashes
from generators.pythontool import PythonTool
from generators.rowcheck import check_row
from generators.shards import sha256
from generators.verifytokens import Checked, TokenCheck, tokenizer_of
from generators.wordlists import fold
from generators.workers import run
from tokenizer.chosen import Tokenizer

Check = Callable[[Mapping[str, Any]], Iterator[str]]
SHOWN = 20  # problems kept of each shard
_BATCH = 5_000


@dataclass
class Report:
    """What was checked, and what is wrong.

    Attributes:
        rows: by task.
        calls: how many tool calls were run again.
        trained: parts that are trained on.
        problems: lines with file, row and reason, the first of each shard.
        wrong: how many problems there are in all.
        words: by split, folded.
        ids: hashes of the ids of each batch, with its file and first row.
        conversations: hashes of all messages.
        unchecked: rows by task whose own check was not at hand.
        tokens: how many there are in rows whose ids were read back, or whose number was counted again.
        uncounted: why the number of tokens was not counted again; empty where it was, or there is none.
    """

    rows: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    trained: int = 0
    problems: list[str] = field(default_factory=list)
    wrong: int = 0
    words: dict[str, set[str]] = field(default_factory=dict)
    ids: list[tuple[str, int, Any]] = field(default_factory=list)
    conversations: list[Any] = field(default_factory=list)
    unchecked: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    uncounted: str = ""

    def add(self, problem: str) -> None:
        """Note a problem of a shard."""
        self.wrong += 1
        if len(self.problems) < SHOWN:
            self.problems.append(problem)

    def add_first(self, problem: str) -> None:
        """Note a problem of the whole folder, before those of its shards."""
        self.wrong += 1
        self.problems.insert(0, problem)

    def merge(self, other: "Report") -> None:
        """Add another report to this one."""
        self.rows += other.rows
        self.calls += other.calls
        self.trained += other.trained
        self.problems += other.problems
        self.wrong += other.wrong
        for split, words in other.words.items():
            self.words.setdefault(split, set()).update(words)
        self.ids += other.ids
        self.conversations += other.conversations
        self.unchecked += other.unchecked
        self.tokens += other.tokens

    @property
    def duplicates(self) -> int:
        """How many rows are equal to an earlier one."""
        return _repeats(self.conversations)


def _repeats(hashes: Sequence[Any]) -> int:
    every = np.concatenate(hashes) if hashes else np.empty(0)
    return len(every) - len(np.unique(every))


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
    if not folder.path.is_dir():
        raise FolderError(f"there is no folder {folder.path}")
    manifest = folder.manifest()
    if manifest is None:
        if (folder.path / SCRATCH).exists():
            raise FolderError(f"{folder.path} is not finished; run its export again")
        raise FolderError(f"{folder.path} has no manifest.json, so it is not an export of Hornbook's")
    asked = manifest["asked"]
    contracts = {task["task"]: task["options"].get("tool", "nanochat") for task in asked["tasks"]}
    found = tokenizer_of(manifest, tokenizer, pattern)
    opened = found if isinstance(found, Tokenizer) else None
    schema = schema_of(asked["dialect"], found is not None)
    work = _Work(folder.path, asked["dialect"], asked["tool_text"], dict(checks), contracts, schema, opened)
    report, rows, done = Report(), sum(record["rows"] for record in manifest["shards"]), 0
    for record, part in run(work, manifest["shards"], workers, lambda n: progress(n, rows)):
        report.merge(part)
        done += record["rows"]
    report.uncounted = found if isinstance(found, str) else ""
    _whole(report, manifest, folder)
    return report


def _whole(report: Report, manifest: Mapping[str, Any], folder: Folder) -> None:
    """Check what only the folder as a whole can show."""
    for problem in _repeated_ids(report.ids):
        report.add_first(problem)
    if len(report.words) > 1:
        train, test = report.words.values()
        if shared := sorted(train & test):
            report.add_first(f"{len(shared):,} words are in train and in test, such as {shared[0]!r}")
    expected = Counter[str]()
    for split in manifest["splits"].values():
        for task, counts in split["tasks"].items():
            expected[task] += counts["rows"]["all"]
    if expected != report.rows:
        report.add_first(f"the manifest says {dict(expected)} rows, the shards have {dict(report.rows)}")
    known = {record["file"] for record in manifest["shards"]}
    for file in sorted(set(folder.files()) - known):
        report.add_first(f"{file} is not in the manifest, and loaders would read it")


def _repeated_ids(ids: Sequence[tuple[str, int, Any]]) -> Iterator[str]:
    hashes = np.concatenate([batch for _, _, batch in ids]) if ids else np.empty(0)
    order = np.argsort(hashes, kind="stable")
    again = np.flatnonzero(np.diff(hashes[order].astype(np.uint64)) == 0)
    if not len(again):
        return
    starts = np.cumsum([0] + [len(batch) for _, _, batch in ids])

    def where(place: int) -> str:
        number = int(np.searchsorted(starts, place, side="right")) - 1
        file, first, _ = ids[number]
        return f"{file} row {first + place - int(starts[number]):,}"

    first, second = sorted(order[again[0] : again[0] + 2].tolist())
    yield f"{where(second)}: its id stands in {where(first)} too; {len(again):,} ids stand more than once"


@dataclass(frozen=True)
class _Work:
    folder: Path
    dialect: str
    tool_text: str
    checks: Mapping[str, Check]
    contracts: Mapping[str, str]
    schema: pa.Schema
    tokenizer: Tokenizer | None

    @cached_property
    def _tokens(self) -> TokenCheck | None:
        return TokenCheck(self.tokenizer, self.dialect) if self.tokenizer else None

    def make(self, record: Mapping[str, Any], progress: Callable[[int], None]) -> Report:
        """Check one shard."""
        report, name = Report(), record["file"]
        path = self.folder / name
        if not path.is_file():
            report.add(f"{name} is missing")
            return report
        if sha256(path) != record["sha256"]:
            report.add(f"{name} is not the file that the manifest describes (sha256 differs)")
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                if not file.schema_arrow.equals(self.schema):
                    report.add(f"{name} has other columns than the dialect {self.dialect!r}")
                    return report
                start = 0
                for batch in file.iter_batches(_BATCH):
                    with _no_gc():
                        self._batch(batch, name, start, report)
                    start += len(batch)
                    progress(len(batch))
        except (OSError, ValueError, pa.ArrowException) as error:
            report.add(f"{name} can't be read: {str(error).splitlines()[0]}")
            return report
        if start != record["rows"]:
            report.add(f"{name} has {start:,} rows, the manifest says {record['rows']:,}")
        return report

    def _batch(self, batch: pa.RecordBatch, name: str, start: int, report: Report) -> None:
        split = name.partition("/")[0]
        words = report.words.setdefault(split, set())
        calls: dict[str, list[tuple[int, str, str]]] = {}
        # Ids and mask are read for the whole batch at once.
        rows = list(_rows(batch.select([name for name in batch.schema.names if name not in ("ids", "mask")])))
        tokens = self._tokens.check(batch, rows) if self._tokens else []
        for place, row in enumerate(rows):
            where = f"{name} row {start + place:,} ({row['id']})"
            task = row["task"]
            report.rows[task] += 1
            if task not in self.checks:
                report.unchecked[task] += 1
            try:
                problems = _of_tokens(row, tokens[place]) if tokens else []
                report.tokens += row["tokens"] if tokens else 0
                _complete(row)
                # Ids have the exchange with the tool where it stood, as fenced code has.
                problems += check_row(row, split, "fenced" if self.dialect == "tokens" else self.tool_text)
                if task in self.checks:
                    problems += self.checks[task](row)
                facts = row["facts"] or {}
                words.update(_fold(word) for word in facts.get("words", [row["word"]] if row["word"] else []))
                if facts.get("source"):
                    words.add(_fold(facts["source"]))  # what a variant was made from is of its split
                report.trained += sum(trained for _, _, _, trained in row["all_parts"])
                for (_, kind, text, _), (_, after, output, _) in pairwise(row["all_parts"]):
                    if kind == "python" and after == "python_output":
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


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Read rows as plain data: lists of pairs for messages, of tuples for parts."""
    columns = []
    for name in batch.schema.names:
        column = batch[name]
        if not pa.types.is_list(column.type):
            columns.append(column.to_pylist())
            continue
        values = column.flatten()
        if pa.types.is_struct(values.type):
            fields = [values.field(i).to_pylist() for i in range(values.type.num_fields)]
            items = list(zip(*fields, strict=True))
        else:
            items = values.to_pylist()
        edges = (column.offsets.to_numpy() - column.offsets[0].as_py()).tolist()
        columns.append([items[a:b] for a, b in pairwise(edges)])
    names = batch.schema.names
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _complete(row: dict[str, Any]) -> None:
    """Add what checks want to know of a row: its facts, last turn, question, and that turn's parts."""
    facts = json.loads(row["facts"]) if "facts" in row else None
    if "facts" in row and not isinstance(facts, dict):
        raise ValueError(f"its facts are {row['facts']} and no JSON object")
    row["facts"] = facts
    messages, parts = row["messages"], row["parts"]
    last = len(messages) - 1
    row["all_parts"] = parts
    row["parts"] = [(kind, text) for message, kind, text, _ in parts if message == last]
    row["turn"] = messages[last][1]
    row["question"] = messages[last - 1][1] if last else ""
    row.setdefault("word", "")
    row.setdefault("letter", "")
