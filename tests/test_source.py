import gzip
import json
import os
import pickle
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.dialects import Dialect, ids
from generators.export import export
from generators.plaintokens import check
from generators.preview import preview
from generators.source import Source
from generators.sourcefiles import SourceError
from generators.tokens import Renderer
from generators.verify import verify
from tasks.registry import checks
from tasks.spellingbee import SpellingBee
from tests.exports import ROOT, environment, lexicon, python, waits
from tests.rowsources import GOOD, PART, ROWS, SAID, parts_of, plain, reason, said, turns
from tokenizer.chosen import Tokenizer

TURNS = [
    [("user", "Hi!"), ("assistant", "Hello, naïve 日本.")],
    [("system", "Be brief."), ("user", "Fig?"), ("assistant", "A fruit.\n\nSweet.")],
    [("user", "One"), ("assistant", "Two"), ("user", "Three"), ("assistant", "Four")],
]
PAIRS = [(f'What is "{i}", a\nfruit?', f"It is {i}, yes.") for i in range(5)]


def messages(turns: list[tuple[str, str]], role: str = "role", content: str = "content") -> Any:
    return [{role: who, content: text} for who, text in turns]


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def read(path: Any, cache: Path, **options: Any) -> list[list[tuple[str, str]]]:
    source = Source("mine", path, cache=cache, **options)
    return [[(m["role"], m["content"]) for m in row["messages"]] for row in source]


# What is read, against a slow reader.


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_rows_are_read_as_a_slow_reader_reads_them(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]):
    folder = tmp_path_factory.mktemp("rows")
    path = lines(
        folder / "rows.jsonl", [{"messages": row} for row in rows] + [{"messages": messages(TURNS[0])}]
    )
    why = [reason(row) for row in rows] + [""]
    source = Source("mine", path, cache=folder, format="messages")
    refused = source.report["refused"]
    assert {name: found["rows"] for name, found in refused.items()} == Counter(filter(None, why))
    for name, found in refused.items():
        assert found["first"] == [f"rows.jsonl:{n}" for n, w in enumerate(why, 1) if w == name][:5]
    expected: dict[str, int] = {}  # equal rows come once
    for number, row in enumerate([*rows, messages(TURNS[0])], 1):
        if not why[number - 1]:
            expected.setdefault(json.dumps(parts_of(row)), number)
    read_back = list(source)
    assert [json.dumps(said(row)) for row in read_back] == list(expected)
    assert [row["facts"]["line"] for row in read_back] == list(expected.values())
    # Alone, and in any order, each row is the same.
    index = np.arange(len(source))[::-1]
    table = Dialect().table(source.conversations(index, Book())).to_pylist()
    for place in index.tolist():
        one = Dialect().table(source.conversations(np.array([place]), Book())).to_pylist()[0]
        assert one == table[len(index) - 1 - place]
        assert one["id"] == f"mine/train/{place}"


@settings(max_examples=20, deadline=None)
@given(ROWS)
def test_ids_are_those_of_each_part_encoded_by_itself(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any]
):
    folder = tmp_path_factory.mktemp("rows")
    path = lines(folder / "rows.jsonl", [{"messages": row} for row in [messages(TURNS[1]), *rows]])
    source = Source("mine", path, cache=folder)
    chosen = Tokenizer.opened()
    conversations = source.conversations(np.arange(len(source)), Book())
    check(Renderer(chosen.encoding, chosen.chat), conversations, ids(conversations).to_pylist())


SIMPLE = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "system", "x", None]),
            "content": st.none() | GOOD | SAID,
        }
    ),
    max_size=4,
)
TYPED = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant"]), "content": st.none() | st.lists(PART, max_size=3)}
    ),
    max_size=4,
)


def as_json(rows: list[Any]) -> Any:
    """Return rows without halves of characters, which no Arrow array holds."""
    return json.loads(re.sub("[\ud800-\udfff]", "?", json.dumps(rows, ensure_ascii=False)))


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.lists(st.none() | SIMPLE | turns().filter(plain), max_size=8),
        st.lists(st.none() | TYPED, max_size=6),
    ),
    st.sampled_from([pa.list_, pa.large_list]),
)
def test_rows_of_parquet_are_those_of_json(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], of: Any
):
    folder = tmp_path_factory.mktemp("rows")
    rows = as_json([*rows, messages(TURNS[0])])
    is_typed = any(isinstance(m["content"], list) for row in rows for m in row or ())
    if is_typed:
        rows = [
            row
            and [
                {
                    **m,
                    "content": [{"type": "text", "text": m["content"]}]
                    if isinstance(m["content"], str)
                    else m["content"],
                }
                for m in row
            ]
            for row in rows
        ]
    part = pa.struct([("text", pa.string()), ("type", pa.string())])
    message = pa.struct([("role", pa.string()), ("content", of(part) if is_typed else pa.large_string())])
    pq.write_table(
        pa.table({"messages": pa.array(rows, of(message))}), folder / "rows.parquet", row_group_size=3
    )
    lines(folder / "rows.jsonl", [{"messages": row} for row in rows])
    found = [
        Source("mine", folder / name, cache=folder, format="messages")
        for name in ("rows.parquet", "rows.jsonl")
    ]
    assert [row["messages"] for row in found[0]] == [row["messages"] for row in found[1]]
    for key in ("rows", "taken", "content", "left_out"):
        assert found[0].report[key] == found[1].report[key]
    by_line = [
        {
            name: [place.rpartition(":")[2] for place in one["first"]]
            for name, one in source.report["refused"].items()
        }
        for source in found
    ]
    assert by_line[0] == by_line[1]


# Formats and files.


def test_a_source_has_the_same_rows_from_every_kind_of_file(tmp_path: Path):
    rows = [{"messages": messages(turns)} for turns in TURNS]
    lines(tmp_path / "a.jsonl", rows)
    data = (tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(data))
    with pa.output_stream(tmp_path / "c.jsonl.zst", "zstd") as stream:
        stream.write(data)
    (tmp_path / "d.json").write_text(json.dumps(rows, indent=2))
    (tmp_path / "e.json").write_text(json.dumps(rows))
    lines(tmp_path / "f.jsonl", [messages(turns) for turns in TURNS])  # as nanochat's CustomJSON
    lines(tmp_path / "g.json", [{"conversations": messages(turns, "from", "value")} for turns in TURNS])
    (tmp_path / "h.jsonl").write_bytes(b"\xef\xbb\xbf\n" + data.replace(b"\n", b"\r\n\r\n"))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "i.parquet", row_group_size=2)
    pq.write_table(
        pa.Table.from_pylist([{"conversations": messages(t, "from", "value"), "x": 1} for t in TURNS]),
        tmp_path / "j.parquet",
    )
    parts = [
        [
            {"role": who, "content": [{"type": "text", "text": text[:2]}, {"type": "text", "text": text[2:]}]}
            for who, text in turns
        ]
        for turns in TURNS
    ]
    pq.write_table(pa.table({"messages": parts}), tmp_path / "k.parquet")
    large = pa.large_list(
        pa.struct([("content", pa.large_string()), ("role", pa.dictionary(pa.int8(), pa.string()))])
    )
    pq.write_table(
        pa.table({"chat": pa.array([row["messages"] for row in rows], large)}), tmp_path / "l.parquet"
    )
    for path in sorted(tmp_path.glob("?.*")):
        columns = {"messages": "chat"} if path.name == "l.parquet" else None
        assert read(path, tmp_path / "cache", columns=columns) == TURNS, path
    # Of files and globs, each file once.
    # Of several files the first may be empty.
    (tmp_path / "0.jsonl").write_text("")
    assert read(tmp_path / "[0a].jsonl", tmp_path / "cache") == TURNS
    several = [tmp_path / "a.jsonl", str(tmp_path / "[ai].*"), f"file://{tmp_path}/a.jsonl"]
    assert len(read(several, tmp_path / "cache")) == 3
    assert Source("mine", several, cache=tmp_path / "cache").report["left_out"]["duplicate"]["rows"] == 6


def test_questions_and_answers_come_in_many_columns(tmp_path: Path):
    expected = [[("user", asked), ("assistant", answered)] for asked, answered in PAIRS]
    table = pa.table({"id": range(5), "prompt": [a for a, _ in PAIRS], "completion": [b for _, b in PAIRS]})
    pq.write_table(table, tmp_path / "a.parquet")
    lines(tmp_path / "b.jsonl", table.to_pylist())
    quoted = [",".join('"' + x.replace('"', '""') + '"' for x in pair) for pair in PAIRS]
    (tmp_path / "c.csv").write_text("\ufeffquestion,answer\r\n" + "\r\n".join(quoted) + "\r\n", "utf-8")
    (tmp_path / "d.tsv").write_text(
        "response\tprompt\n"
        + "\n".join("\t".join('"' + x.replace('"', '""') + '"' for x in reversed(pair)) for pair in PAIRS)
    )
    both = [{"prompt": messages([("user", a)]), "completion": messages([("assistant", b)])} for a, b in PAIRS]
    lines(tmp_path / "e.jsonl", both)
    pq.write_table(pa.Table.from_pylist(both), tmp_path / "f.parquet")
    lines(tmp_path / "g.jsonl", [{"instruction": a, "input": "", "output": b} for a, b in PAIRS])
    for path in sorted(tmp_path.glob("?.*")):
        assert read(path, tmp_path / "cache") == expected, path
    split = [
        {"instruction": a.partition("\n")[0], "input": a.partition("\n")[2], "output": b} for a, b in PAIRS
    ]
    lines(tmp_path / "alpaca.json", split)
    assert read(tmp_path / "alpaca.json", tmp_path / "cache")[0][0][1] == 'What is "0", a\n\nfruit?'
    lines(tmp_path / "own.jsonl", [{"q": a, "a": b, "prompt": 1, "completion": 2} for a, b in PAIRS])
    assert (
        read(tmp_path / "own.jsonl", tmp_path / "cache", columns={"prompt": "q", "completion": "a"})
        == expected
    )


def test_a_line_of_csv_that_is_wrong_is_refused_by_its_number(tmp_path: Path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b'prompt,completion\n"two\nlines",yes\nshort\n\xff\xfe,bad\nlast,ok\n,\n')
    source = Source("mine", path, cache=tmp_path)
    assert len(source) == 2
    assert [row["facts"]["line"] for row in source] == [2, 6]
    assert {name: found["first"] for name, found in source.report["refused"].items()} == {
        "csv": ["rows.csv:4"], "encoding": ["rows.csv:5"], "empty": ["rows.csv:7"],
    }  # fmt: skip


def test_parquet_with_what_is_no_utf8_is_refused_by_row(tmp_path: Path):
    texts = pa.array([b"good", b"\xff\xff", b"fine", None], pa.binary())
    bad = pa.StringArray.from_buffers(4, *texts.buffers()[1:], texts.buffers()[0])
    pq.write_table(pa.table({"prompt": bad, "completion": ["a", "b", "c", "d"]}), tmp_path / "rows.parquet")
    source = Source("mine", tmp_path / "rows.parquet", cache=tmp_path / "cache")
    assert [row["messages"][0]["content"] for row in source] == ["good", "fine"]
    assert {name: found["first"] for name, found in source.report["refused"].items()} == {
        "columns": ["rows.parquet:4"], "encoding": ["rows.parquet:2"],
    }  # fmt: skip


def test_texts_are_no_conversations(tmp_path: Path):
    (tmp_path / "a.txt").write_text("One line.\n\nAnother.\n")
    source = Source("books", tmp_path / "a.txt", cache=tmp_path / "cache")
    with pytest.raises(
        ValueError, match="books has texts and no conversations, which the dialect text alone"
    ):
        export({"train": [source]}, tmp_path / "out", workers=1)
    assert [row["messages"] for row in source] == [
        [{"role": "assistant", "content": "One line."}], [{"role": "assistant", "content": "Another."}],
    ]  # fmt: skip


def test_urls_are_read_as_files_are(tmp_path: Path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in ("a", "b"):
        rows = [{"prompt": f"{name} {question}", "completion": answer} for question, answer in PAIRS]
        memory.pipe(f"/rows/{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    pq.write_table(pa.table({"prompt": ["x"], "completion": ["y"]}), tmp_path / "p.parquet")
    memory.pipe("/packed/p.parquet", (tmp_path / "p.parquet").read_bytes())
    for path, expected in (
        ("memory://rows", 10),
        ("memory://rows/*.jsonl", 10),
        ("memory://rows/a.jsonl", 5),
        ("memory://packed", 1),
    ):
        assert len(read(path, tmp_path / "cache")) == expected
    assert Source("mine", "memory://rows", cache=tmp_path).report["files"] == ["a.jsonl", "b.jsonl"]
    with pytest.raises(SourceError, match="memory://nothing has no files that can be read"):
        Source("mine", "memory://nothing", cache=tmp_path)
    with pytest.raises(SourceError, match="nosuch://rows can't be read"):
        Source("mine", "nosuch://rows", cache=tmp_path)


# What goes wrong.


def test_what_can_not_be_read_is_said(tmp_path: Path):
    cache = tmp_path / "cache"
    ok = lines(tmp_path / "ok.jsonl", [{"prompt": a, "completion": b} for a, b in PAIRS])
    (tmp_path / "odd.bin").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "no.parquet").write_bytes(b"PAR1 no")
    lines(tmp_path / "other.jsonl", [{"body": "x", "lang": "en"}])
    lines(tmp_path / "bad.jsonl", [{"prompt": "a", "completion": ""}, {"prompt": "a"}])
    (tmp_path / "empty.jsonl").write_text("")
    for path, options, phrase in (
        (tmp_path / "nothing.jsonl", {}, "there is no file, folder or glob"),
        (tmp_path / "odd.bin", {}, "odd.bin is of no kind that can be read: they end in .parquet"),
        (tmp_path / "folder", {}, "folder has no files that can be read"),
        ([], {}, "the list of its paths is empty"),
        (tmp_path / "no.parquet", {}, "no.parquet can't be read: "),
        (tmp_path / "other.jsonl", {}, "has the columns body, lang, of which no conversation can be made"),
        (tmp_path / "other.jsonl", {"columns": {"text": "bodi"}}, "what would fit: text: 'bodi'"),
        (
            tmp_path / "bad.jsonl",
            {},
            "none of 2 rows can be taken; 1: a column is missing or empty (bad.jsonl:2)",
        ),
        (tmp_path / "empty.jsonl", {}, "empty.jsonl has the columns none"),
        (ok, {"format": "promt"}, "there is no format 'promt'; did you mean 'prompt'?"),
        (ok, {"columns": {"promt": "x"}}, "did you mean 'prompt'?"),
        (ok, {"format": "alpaca"}, "what would fit: alpaca: 'instruction', 'output'"),
        (ok, {"test": 1.5}, "test of mine is 1.5, and must be a share from 0 to below 1 or a number of rows"),
        (ok, {"test": 5}, "mine has 5 rows, and 5 are to be its test split"),
        (ok, {"ngram": 0}, "ngram is 0, and must be at least 1"),
        (
            ok,
            {"after": [Source("first", ok, cache=cache)]},
            "no row is left; 5: it stands before, here or in",
        ),
        (ok, {"near_duplicates": 2}, "near_duplicates is 2, and must be between 0 and 1"),
        (ok, {"split": "tset"}, "did you mean 'test'?"),
        (ok, {"against": tmp_path / "nowhere"}, "there is no file, folder or glob"),
    ):
        with pytest.raises(ValueError, match=re.escape(phrase)) as caught:
            Source("mine", path, cache=cache, **options)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="a source is called 'a/b'"):
        Source("a/b", ok, cache=cache)


def test_without_a_cache_folder_it_asks_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = lines(tmp_path / "ok.jsonl", [{"prompt": a, "completion": b} for a, b in PAIRS])
    monkeypatch.setenv("HORNBOOK_CACHE", "")
    with pytest.raises(SourceError, match="name a folder with cache"):
        Source("mine", path)
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "own"))
    assert len(Source("mine", path)) == 5


def test_a_file_that_changed_is_read_anew(tmp_path: Path):
    path = lines(tmp_path / "ok.jsonl", [{"prompt": "a", "completion": "b"}])
    first = Source("mine", path, cache=tmp_path / "cache")
    assert Source("mine", path, cache=tmp_path / "cache").described() == first.described()
    lines(path, [{"prompt": "a", "completion": "c"}])
    os.utime(path, ns=(1, 1))
    again = Source("mine", path, cache=tmp_path / "cache")
    assert again[0]["messages"][1]["content"] == "c"
    assert again.described()["content"] != first.described()["content"]
    assert first[0]["messages"][1]["content"] == "b"  # what was read before stays
    # What is said of it does not depend on where it lies.
    (tmp_path / "moved").mkdir()
    path.rename(tmp_path / "moved" / "ok.jsonl")
    moved = Source("mine", tmp_path / "moved" / "ok.jsonl", cache=tmp_path / "other")
    assert moved.described() == again.described()


# As a sequence, in processes, in an export.


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("rows")
    rows: list[Any] = []
    for number in range(600):
        turns: Any = messages([("user", f"Question {number}?"), ("assistant", f"Answer {number}.")])
        if number % 3 == 0:
            turns.insert(0, {"role": "system", "content": f"Be {number}."})
        if number % 5 == 0:
            said = [("text", "So it's "), ("python", "1/2"), ("python_output", "0.50"), ("text", "half.")]
            turns += messages([("user", "And?")])
            turns.append({"role": "assistant", "content": [{"type": k, "text": t} for k, t in said]})
        rows.append({"messages": turns})
    lines(folder / "rows.jsonl", rows)
    return Source("chat", folder / "rows.jsonl", cache=folder, test=0.1)


def test_a_source_stands_where_a_list_does(source: Source):
    assert len(source) + len(source.of("test")) == 600
    assert 30 <= len(source.of("test")) <= 90
    assert source.of("test").of("train")[5] == source[5]
    part = source[10:40:3]
    assert [row["messages"] for row in part] == [source[i]["messages"] for i in range(10, 40, 3)]
    assert part[-1] == source[37]
    assert part.get_example(10) == source[10]
    assert source.num_examples() == len(source)
    for wrong in (len(source), -len(source) - 1):
        with pytest.raises(IndexError):
            source[wrong]
    with pytest.raises(IndexError):
        source.get_example(-1)
    with pytest.raises(ValueError, match="backwards"):
        source[::-1]
    again = pickle.loads(pickle.dumps(part))
    assert list(again) == list(part)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("universal", {}),
        ("messages", {"tool_text": "fenced"}),
        ("tokens", {}),
        ("messages", {"tokenizer": True}),
    ],
)
def test_a_mixture_of_a_task_and_a_source_is_exported_and_verified(
    source: Source, tmp_path: Path, name: str, options: dict[str, Any]
):
    words = lexicon(tmp_path)
    given = dict(options)
    if name == "tokens" or given.get("tokenizer"):
        given["tokenizer"] = Tokenizer.opened()
    dialect = Dialect(name, **given)
    sizes = {"train": 700, "test": 60}
    splits = {
        split: [SpellingBee(size, split, language="en", lexicon=words, tool="none"), source.of(split)]
        for split, size in sizes.items()
    }
    done = export(splits, tmp_path / "out", dialect=dialect, shard_rows=400, workers=1)
    report = verify(tmp_path / "out", checks([]), workers=1)
    assert report.problems == []
    assert report.rows == {"spellingbee": 760, "chat": 600}
    assert report.unchecked == {}
    assert report.calls == 0  # what others' tools said is theirs
    [_, entry] = done.manifest["asked"]["tasks"]
    assert entry["task"] == "chat"
    assert str(tmp_path) not in json.dumps(done.manifest["asked"])
    again = export(splits, tmp_path / "out", dialect=dialect, shard_rows=400, workers=1)
    assert again.made == ()
    if name == "universal":  # an export can be a source itself, but not both its splits at once
        train = Source("again", tmp_path / "out" / "train", cache=tmp_path / "cache")
        odd = train.report["left_out"].get("test word", {"rows": 0})["rows"]  # typos that look like them
        assert len(train) + odd == len(source) + 700
        assert odd < 7
        with pytest.raises(SourceError, match="an export with a folder for each split"):
            Source("again", tmp_path / "out", cache=tmp_path / "cache")


def test_verify_finds_what_is_wrong_with_a_sources_row(source: Source, tmp_path: Path):
    export({"train": [source]}, tmp_path / "out", workers=1)
    [shard] = (tmp_path / "out" / "train").iterdir()
    table = pq.read_table(shard)
    rows = table.to_pylist()
    rows[3]["messages"][-1]["content"] += "<|im_end|>"
    rows[4]["messages"][0]["role"] = "tool"
    pq.write_table(pa.Table.from_pylist(rows, table.schema), shard)
    problems = "\n".join(verify(tmp_path / "out", checks([]), workers=1).problems)
    assert "control token <|im_end|>" in problems
    assert "its roles are tool" in problems


def test_a_sources_rows_are_shown(source: Source, capsys: pytest.CaptureFixture[str]):
    preview(source, 3)
    shown = capsys.readouterr().out
    assert "── chat 0" in shown
    assert "Answer 1." in shown


# Kills, company, memory.

READ = (
    "import sys; import numpy as np; from generators.book import Books; from generators.workers import lean\n"
    "from generators.source import Source; lean()\n"
    "s = Source('mine', sys.argv[1], cache=sys.argv[2]); books = Books()\n"
    "for i in range(10): s.conversations(np.arange(i, len(s), 10), books.current())\n"
    "import resource; print(len(s), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
)


def start(path: Path, cache: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", READ, str(path), str(cache)]
    return subprocess.Popen(command, env=environment(PYTHONPATH=str(ROOT)), stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 110 MB."""
    path = tmp_path_factory.mktemp("long") / "rows.parquet"
    schema = pa.schema([("prompt", pa.string()), ("completion", pa.string())])
    text = "All work and no play. " * 45
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, 110_000, 10_000):
            asked = [f"Question {n}?" for n in range(first, first + 10_000)]
            writer.write_table(pa.table({"prompt": asked, "completion": [f"{q} {text}" for q in asked]}))
    return path


def test_a_reading_that_is_killed_leaves_nothing_that_counts(long: Path, tmp_path: Path):
    with start(long, tmp_path) as process:
        assert waits(lambda: any(p.stat().st_size > 0 for p in tmp_path.rglob("rows.arrow.tmp")))
        process.send_signal(signal.SIGKILL)
    assert not list(tmp_path.rglob("report.json"))
    # Two at once: one reads, the other waits for it.
    with start(long, tmp_path) as one, start(long, tmp_path) as other:
        found = [process.communicate(timeout=60)[0].split() for process in (one, other)]
    assert [int(rows) for rows, _ in found] == [110_000] * 2
    assert not list(tmp_path.rglob("*.tmp"))
    assert len(list(tmp_path.rglob("rows.arrow"))) == 1
    assert next(tmp_path.rglob("rows.arrow")).stat().st_size > 100 << 20


def test_a_disk_that_is_full_is_told(long: Path, tmp_path: Path):
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n{READ}"
    done = python("-c", limited, long, tmp_path, PYTHONPATH=str(ROOT))
    assert f"{tmp_path}/sources, the cache of sources, can't be written: File too large" in done.stderr
    assert not [path for path in tmp_path.rglob("*.*") if path.is_file()]


def test_memory_does_not_grow_with_a_source(long: Path, tmp_path: Path):
    few = pq.read_table(long).slice(0, 10)
    pq.write_table(few, tmp_path / "few.parquet")
    peaks = []
    for path in (tmp_path / "few.parquet", long):
        with start(path, tmp_path / "cache") as process:
            peaks.append(int(process.communicate(timeout=60)[0].split()[1]) << 10)
    assert peaks[1] - peaks[0] < 250 << 20, peaks
