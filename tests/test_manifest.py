import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from generators import __version__
from generators.export import export
from generators.manifest import asked, code_hash
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import lexicon, manifest

CLASSES = (SpellingBee, SimpleSpelling, LetterCounting)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = lexicon(tmp_path_factory.mktemp("words"))
    # Words whose calls nanochat's tool refuses.
    path.write_text(path.read_text() + "important\nprofile\ndirect\nopening\nevaluate\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, words: Path) -> Path:
    path = tmp_path_factory.mktemp("export")
    splits = {
        split: [cls(rows, split, language="en", lexicon=words, seed=4) for cls in CLASSES]
        for split, rows in (("train", 800), ("test", 40))
    }
    export(splits, path, shard_rows=500, workers=1, seed=4)
    return path


def test_counts_add_up_to_rows(folder: Path):
    found = manifest(folder)
    assert [found["splits"][split]["rows"] for split in ("train", "test")] == [2400, 120]
    for split, by in found["splits"].items():
        records = [record for record in found["shards"] if record["file"].startswith(f"{split}/")]
        assert sum(record["rows"] for record in records) == by["rows"]
        assert sum(record["bytes"] for record in records) == by["bytes"]
        assert sum(counts["rows"]["all"] for counts in by["tasks"].values()) == by["rows"]
        for name, counts in by["tasks"].items():
            rows = counts["rows"]["all"]
            columns = ["language", "lexicon", "style"] + ["count", "form"] * (name != "simplespelling")
            for column in columns:
                assert sum(counts[column].values()) == rows, (name, column)


def test_counts_are_those_of_the_rows(folder: Path):
    found = manifest(folder)
    for split in ("train", "test"):
        table = pq.read_table(folder / split).to_pylist()
        by = found["splits"][split]
        assert by["words"] > 0
        for cls in CLASSES:
            mine = [row for row in table if row["task"] == cls.name]
            counts = by["tasks"][cls.name]
            if cls.counts:
                for count, rows in counts["count"].items():
                    assert sum(row["answer"] == count for row in mine) == rows
                assert list(counts["count"]) == sorted(counts["count"], key=int)
            called = sum(any(part["type"] == "python" for part in row["parts"]) for row in mine)
            assert called == counts.get("form", {}).get("tool", 0)
        questions = [row["messages"][0]["content"] for row in table]
        assert by["repeated_questions"] == len(questions) - len(set(questions))


def test_tool_calls_are_run_or_refused(folder: Path):
    found = manifest(folder)
    calls = found["tool_calls"]
    assert calls["no tool"] == 0
    assert calls["refused"] > 0
    assert calls["tool"] + calls["refused"] == 2 * 840
    assert found["words_shared_by_splits"] == 0
    lexicon = found["lexicons"]["en"]
    assert lexicon["relatives"]["test"] == lexicon["test"] > lexicon["relatives"]["related"]


def test_hashes_are_those_of_the_files(folder: Path):
    for record in manifest(folder)["shards"]:
        data = (folder / record["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (record["bytes"], record["sha256"])


def test_what_was_asked_is_written_down(folder: Path, words: Path):
    found = manifest(folder)["asked"]
    assert [task["task"] for task in found["tasks"]] == [cls.name for cls in CLASSES]
    assert found["tasks"][0]["rows"] == {"train": 800, "test": 40}
    options = found["tasks"][0]["options"]
    assert (options["lexicon"], options["seed"], options["style"]) == ("words.txt", 4, "quote-comma")
    assert str(words.parent) not in (folder / "manifest.json").read_text()
    assert found["versions"]["hornbook"] == __version__
    assert {"pyarrow", "numpy", "wordfreq", "pydantic-monty"} <= found["versions"].keys()
    assert (folder / "manifest.json").read_bytes().endswith(b"}\n")


def test_the_fingerprint_is_of_everything():
    def of(tasks: Any = (), lexicons: Any = None, **options: Any) -> str:
        return str(asked(list(tasks), lexicons or {}, **options)["fingerprint"])

    ways = [
        of(),
        of(seed=1),
        of(seed=2),
        of([{"task": "a"}]),
        of(lexicons={"en": "x"}),
        of(dialect="messages"),
    ]
    assert len(set(ways)) == len(ways)
    assert of(seed=1, dialect="a") == of(dialect="a", seed=1)
    assert len(code_hash()) == 64
