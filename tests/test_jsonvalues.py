import io
import json
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generators import jsonvalues
from generators.jsonvalues import Value, json_values

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
VALUES = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_size=4,
)
ROWS = st.lists(VALUES, max_size=6)
SIZES = st.integers(1, 200)


def read(data: bytes | str, at_once: int = jsonvalues.HEAD) -> list[Value]:
    raw = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(json_values(io.BufferedReader(raw, max(at_once, 4096)), at_once))


def written(values: list[Any], layout: str, indent: int | None, ascii: bool) -> str:
    """Write values as files are; the line where each begins follows from the text itself."""

    def one(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ascii, indent=indent)

    if layout == "lines":
        return "".join(json.dumps(value, ensure_ascii=ascii) + "\n" for value in values)
    if layout == "array":
        return one(values)
    if layout == "splits":
        half = len(values) // 2
        return one({"train": values[:half], "version": 1.5, "valid": values[half:]})
    return "".join(one(value) + "\n" for value in values)


@settings(max_examples=60, deadline=None)
@given(
    ROWS,
    st.sampled_from(["lines", "array", "splits", "documents"]),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
    st.booleans(),
    SIZES,
)
def test_every_layout_gives_the_values(
    values: list[Any], layout: str, indent: int | None, ascii: bool, bom: bool, at_once: int
):
    text = written(values, layout, indent, ascii)
    if layout == "documents":
        # An empty object on a line begins lines of JSON.
        assume(indent is None or not values or values[0])
        assume(indent != 0)
    found = read(b"\xef\xbb\xbf" * bom + text.encode(), at_once)
    assert [each.fault for each in found] == [""] * len(values)
    assert [each.value for each in found] == values
    lines = [each.line for each in found]
    assert lines == sorted(lines)
    if layout == "lines":
        assert lines == list(range(1, len(values) + 1))
        assert [each.size for each in found] == [len(line) + 1 for line in text.encode().split(b"\n")[:-1]]
    for each in found:
        start = "\n".join(text.split("\n")[each.line - 1 :])
        assert (
            json.dumps(each.value, ensure_ascii=ascii, indent=indent if layout != "lines" else None)[:1]
            in start
        )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(VALUES, st.sampled_from(["", "cut", "garbled", "blank"])), min_size=1, max_size=8))
def test_a_line_that_is_no_json_is_refused_by_itself(rows: list[tuple[Any, str]]):
    lines, expected = ['{"first": 0}'], [(1, {"first": 0})]
    for value, how in rows:
        line = json.dumps(value)
        line = {"": line, "cut": line[:-1], "garbled": line + "}", "blank": " \t"}[how]
        lines.append(line)
        if how != "blank":
            expected.append((len(lines), value if not how else None))
    found = read("\n".join(lines))
    assert [(each.line, each.value) for each in found] == expected
    for each in found:
        if each.value is None:
            with pytest.raises(json.JSONDecodeError) as error:
                json.loads(lines[each.line - 1])
            assert each.fault == f"line {each.line}, column {error.value.colno}: {error.value.msg}"


@settings(deadline=None)
@given(ROWS, st.integers(0, 2**31), st.sampled_from('{}[]",:x\n'), SIZES, st.sampled_from([None, 1]))
def test_a_fault_is_where_json_itself_finds_it(
    values: list[Any], place: int, wrong: str, at_once: int, indent: Any
):
    """The slow obvious reference reads the whole file at once."""
    text = json.dumps(values, indent=indent)
    place = 1 + place % (len(text) - 1)
    text = text[:place] + wrong + text[place + 1 :]
    found = read(text, at_once)
    wrong_at: json.JSONDecodeError | None = None
    try:
        expected = json.loads(text)
    except json.JSONDecodeError as error:
        wrong_at = error
    if wrong_at is None:
        assert [each.value for each in found] == expected
        return
    assert [bool(each.fault) for each in found] == [False] * (len(found) - 1) + [True]
    told = re.match(r"line (\d+), column (\d+): ", found[-1].fault)
    assert told is not None
    assert (int(told[1]), int(told[2])) == (wrong_at.lineno, wrong_at.colno)


@given(st.text("0123456789.eE+-", max_size=4), st.integers(1, 9))
def test_a_number_may_be_cut_anywhere(more: str, at_once: int):
    whole = f"1{more}"
    try:
        number = json.loads(whole)
    except json.JSONDecodeError:
        number = None
    found = read('{"train": [0], "version": ' + whole + ', "valid": [2]}', at_once)
    assert [each.value for each in found if not each.fault] == ([0, 2] if number is not None else [0])


@settings(deadline=None)
@given(st.binary(max_size=60), SIZES)
def test_no_bytes_raise(data: bytes, at_once: int):
    for start in (b"", b"[", b'{"a": ', b'{"train": [', b'[{"role": "user"}', b"{}\n"):
        for each in read(start + data, at_once):
            assert each.line >= 1
            assert not (each.fault and each.value is not None)


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ('[{"role": "user", "content": "hi"}]\n[{"role": "user", "content": "ho"}]\n', 2),
        ('[{"from": "human", "value": "hi"}]', 1),
        ('[\n {"id": 1, "role": "user"}\n]\n', 1),
        ('[[{"role": "user", "content": "hi"}], [{"role": "user", "content": "ho"}]]', 2),
        ('[{"messages": []}, {"messages": []}, {"messages": []}]', 3),
        ("[]", 0),
        ("", 0),
        ("\n \n", 0),
        ('{"data": []}', 0),
    ],
)
def test_one_conversation_is_told_from_many(text: str, lists: int):
    found = read(text)
    assert [each.fault for each in found] == [""] * lists


def test_a_list_of_messages_is_told_where_a_message_is_longer_than_the_head():
    message = {"role": "user", "content": "a" * 10_000}
    assert [each.value for each in read(json.dumps([message]), 100)] == [[message]]
    row = {"messages": [message]}
    assert [each.value for each in read(json.dumps([row]), 100)] == [row]


def test_what_is_no_utf8_is_told():
    found = read(b'{"a": 1}\n{"a": "\xff"}\n{"a": "\xc3\xa9"}\n')
    assert [(each.value, each.encoded) for each in found] == [
        ({"a": 1}, True),
        (None, False),
        ({"a": "é"}, True),
    ]
    assert found[1].fault == "line 2, column 8: byte 0xff"
    [value] = read(b'[{"a": "\xff"}]')
    assert value.value == {"a": "\udcff"}  # whoever takes it refuses it


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a": ' * 200_000, "[" + "9" * 5_000 + "]", "9" * 5_000])
def test_what_python_refuses_is_a_fault(text: str):
    [found] = read(text)
    assert "numbers too long or lists too deep" in found.fault


def test_values_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jsonvalues, "LONGEST", 100)
    long = json.dumps({"a": "b" * 200})
    assert [each.fault for each in read('{"a": 1}\n' + long + '\n{"a": 2}\n')] == [
        "",
        "line 2 is longer than 100 bytes",
        "",
    ]
    [found] = read(f"[{long}]", 16)
    assert "longer than 100 characters" in found.fault
