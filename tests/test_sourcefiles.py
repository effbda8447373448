import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.sourcefiles import SourceError, find_files
from generators.sourceformats import FORMATS, tell
from generators.sourcejson import json_rows

TREE = ("a.jsonl", "deep/b.jsonl.gz", "deep/er/c.ndjson", "notes.md", ".hidden/d.jsonl", "other/e.csv")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names(paths: Any) -> list[str]:
    return [file.name for file in find_files(paths)]


def test_files_are_found_by_path_folder_and_glob(tree: Path, monkeypatch: pytest.MonkeyPatch):
    assert names(tree / "a.jsonl") == ["a.jsonl"]
    assert names(tree / "deep") == ["b.jsonl.gz", "er/c.ndjson"]
    assert names(f"{tree}/*.jsonl") == ["a.jsonl"]
    assert names(f"{tree}/**/*json*") == ["a.jsonl", "deep/b.jsonl.gz", "deep/er/c.ndjson"]
    assert names(f"{tree}/de*/b*") == ["deep/b.jsonl.gz"]
    assert names([tree / "deep", tree / "a.jsonl", tree / "deep/b.jsonl.gz"]) == [
        "b.jsonl.gz",
        "er/c.ndjson",
        "a.jsonl",
    ]
    monkeypatch.chdir(tree)
    assert names("a.jsonl") == ["a.jsonl"]
    assert names("deep/") == ["b.jsonl.gz", "er/c.ndjson"]
    assert find_files("a.jsonl") == find_files(tree / "a.jsonl")
    assert [file.kind for file in find_files([tree / "deep", tree / "other/e.csv"])] == [
        "json",
        "json",
        "csv",
    ]


def test_another_content_has_another_stamp(tree: Path):
    [before] = find_files(tree / "a.jsonl")
    os.utime(tree / "a.jsonl", ns=(1, 1))
    [touched] = find_files(tree / "a.jsonl")
    assert before.stamp != touched.stamp


def test_a_folder_of_several_kinds_is_refused_unless_some_are_parquet(tree: Path):
    with pytest.raises(
        SourceError, match="has files of several kinds, csv, json; name those of one as a glob"
    ):
        find_files(tree)
    (tree / "deep" / "p.parquet").write_bytes(b"")
    assert names(tree) == ["deep/p.parquet"]


# Formats.


@pytest.mark.parametrize(
    ("there", "columns", "expected"),
    [
        ({"messages": ("role", "content", "x"), "prompt": None}, None, ("messages", "messages", "role")),
        ({"conversations": ("from", "value")}, None, ("sharegpt", "conversations", "from")),
        ({"conversations": ("role", "content")}, None, ("messages", "conversations", "role")),
        ({"": ("role", "content")}, None, ("messages", "", "role")),
        (
            {"chat": ("who", "said")},
            {"messages": "chat", "role": "who", "content": "said"},
            ("messages", "chat", "who"),
        ),
        ({"instruction": None, "output": None, "text": None}, None, ("alpaca", "instruction", "role")),
        ({"question": None, "answer": None}, None, ("prompt", "question", "role")),
        ({"text": None, "id": None}, None, ("text", "text", "role")),
        ({"messages": None, "text": None}, None, ("text", "text", "role")),
    ],
)
def test_formats_are_told_from_columns(there: Any, columns: Any, expected: tuple[str, str, str]):
    found = tell(there, "rows", None, columns)
    assert (found.format, next(iter(found.columns.values())), found.role) == expected


@given(
    st.dictionaries(
        st.sampled_from(["messages", "prompt", "answer", "text", "output", "x"]),
        st.sampled_from([None, (), ("role", "content")]),
    ),
    st.sampled_from([None, *FORMATS]),
)
def test_what_is_told_is_there(there: Any, format: Any):
    lists = {name: inner == ("role", "content") for name, inner in there.items() if inner != ()}
    fits = {
        "messages": lists.get("messages") is True,
        "prompt": "prompt" in lists and lists.get("answer") is lists["prompt"],
        "text": lists.get("text") is False,
    }
    if not any(fit for name, fit in fits.items() if format in (None, name)):
        with pytest.raises(SourceError, match="of which no conversation can be made; what would fit: "):
            tell(there, "rows", format)
        return
    found = tell(there, "rows", format)
    assert found.format == next(name for name, fit in fits.items() if fit and format in (None, name))
    for column in found.columns.values():
        assert (there[column] is not None) == found.lists


# JSON.


class Drops:
    """A stream that gives a few bytes at a time, as a store may."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size = data, size

    def read(self, size: int) -> bytes:
        drop, self.data = self.data[: min(size, self.size)], self.data[min(size, self.size) :]
        return drop


VALUES = st.recursive(
    st.one_of(st.text(max_size=5), st.integers(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text('abc[{,]}"\n', max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=3)
CHATS = st.lists(
    st.fixed_dictionaries({"role": st.just("user"), "content": st.text(max_size=4)}), min_size=1, max_size=2
)


@given(
    st.lists(st.one_of(OBJECTS, CHATS), max_size=5),
    st.sampled_from([None, 2]),
    st.booleans(),
    st.integers(1, 40),
)
def test_rows_of_an_array_are_those_that_python_reads(
    rows: list[Any], indent: Any, is_ascii: bool, size: int
):
    rows = [{}, *rows]  # a first row that is a list of messages makes each line one
    data = json.dumps(rows, indent=indent, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    found = list(json_rows(Drops(b"\n " + data + b"\n", size)))
    assert [row.value for row in found] == rows
    assert all(not row.broken for row in found)
    text = "\n " + data.decode("utf-8", "surrogatepass")
    assert [row.line for row in found] == sorted(row.line for row in found)
    assert found[-1].line <= text.count("\n") + 1
    if indent:
        starts = [number for number, line in enumerate(text.split("\n"), 1) if line[:3] in ("  {", "  [")]
        assert [row.line for row in found] == starts[: len(rows)] or "\n" not in text


@given(
    st.lists(st.one_of(OBJECTS, CHATS), max_size=5),
    st.integers(1, 40),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_rows_of_lines_are_those_that_python_reads(rows: list[Any], size: int, end: str):
    rows = [[{"role": "user", "content": "x"}], *rows]
    data = end.join(map(json.dumps, rows)).encode()
    found = list(json_rows(Drops(data, size)))
    assert [row.value for row in found] == rows
    assert [row.line for row in found] == [1 + number * (1 + (end == "\n\n")) for number in range(len(rows))]


@given(st.binary(max_size=60), st.integers(1, 9))
def test_no_bytes_are_too_odd_to_be_refused(data: bytes, size: int):
    for row in json_rows(Drops(data, size)):
        assert row.broken in ("", "json", "encoding")
        assert (row.value is None) == bool(row.broken)
