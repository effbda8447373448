import tomllib
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.located import Path, Place, RecipeError, Said, line_of, read_toml, wrong

# What goes on over several lines holds what looks like other statements.
SNIPPETS = ["[[task]]", "name = 3", "# no", "", "k0 = 1", "]", "'''x", "[options]", "a \\\\ b", "{ b = [1] }"]
LINES = st.lists(st.sampled_from(SNIPPETS), max_size=3)


@dataclass(frozen=True)
class Statement:
    """A statement, and the value that it says; None: it says none."""

    text: str
    value: object = None


def block(lines: list[str]) -> Statement:
    text = "\n".join(["", *(line.replace("'''x", "") for line in lines), ""])
    return Statement(f"'''{text}'''", text)


def array(lines: list[str]) -> Statement:
    items = [f"  '{number}', # {line}" for number, line in enumerate(lines)]
    return Statement("\n".join(["[", *items, "]"]), lines)


VALUES = st.one_of(
    st.integers(0, 9).map(lambda n: Statement(str(n), n)),
    st.sampled_from(
        ["''", '"# [[task]]"', "{ b = 1, c = ['x'] }", "1979-05-27", "[[1], [2]]", '"""a\\\nb"""']
    ).map(lambda text: Statement(text, text)),
    LINES.map(block),
    LINES.map(array),
)
HEADS = st.sampled_from(["[[task]]", "[[source]]", "[table]", "# comment = 1", "", "   ", "[[task.deeper]]"])
DOCUMENTS = st.lists(HEADS | VALUES, max_size=14)


def written(parts: "list[str | Statement]", ending: str) -> tuple[str, dict[Path, int]]:
    """Write a document, and note on which line each key and table begins."""
    lines: list[str] = []
    lines_of: dict[Path, int] = {}
    table: Path = ()
    counts = {"task": 0, "source": 0, "table": 0, "deeper": 0}
    for number, part in enumerate(parts):
        line = len(lines) + 1
        if isinstance(part, Statement):
            lines += f"k{number} = {part.text}".split("\n")
            lines_of[(*table, f"k{number}")] = line
        elif part == "[table]":
            lines.append(f"[table{counts['table']}.inner]")
            table = (f"table{counts['table']}", "inner")
            lines_of[table] = lines_of[table[:1]] = line
            counts["table"] += 1
        elif part == "[[task.deeper]]":
            if not counts["task"]:
                continue
            lines.append(part)
            table = ("task", counts["task"] - 1, "deeper", counts["deeper"])
            lines_of[table] = line
            counts["deeper"] += 1
        elif part.startswith("[["):
            name = part.strip("[]")
            lines.append(part)
            table = (name, counts[name])
            lines_of[table] = line
            counts[name] += 1
            counts["deeper"] = 0
        else:
            lines.append(part)
    return ending.join(lines), lines_of


@settings(deadline=None, max_examples=120)
@given(DOCUMENTS, st.sampled_from(["", "\n"]))
def test_every_key_and_table_is_found_on_its_line(parts, end: str):
    text, lines_of = written(parts, "\n")
    text += end
    tomllib.loads(text)  # what is written is TOML
    for path, line in lines_of.items():
        assert line_of(text, path) == line, (path, text)
    assert line_of(text, ("task", 99)) is None
    assert line_of(text, ("nothing",)) is None


def test_a_key_of_a_file_with_carriage_returns():
    assert line_of("a = 1\r\n# b\r\nb = '''\r\nc = 1'''\r\nc = 2\r\n", ("c",)) == 5


def test_a_place_says_file_and_line():
    place = Place("mine.toml", "seed = 1\n\n[[task]]\nname = 'a'\n")
    assert str(place) == "mine.toml"
    assert str(place / "task" / 0 / "name") == "mine.toml:4"
    assert str(place / "absent") == "mine.toml"
    assert str(Said(1, place / "seed").wrong("seed is odd")) == "mine.toml:1: seed is odd"
    assert str(wrong(None, "seed is odd")) == "seed is odd"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = 1\nb = \n", "f.toml:2: Invalid value, in column 5"),
        ("a = 1\n\na = 2", "f.toml:3: Cannot overwrite a value, "),
        ("a = [1,\n2", "f.toml:2: Unclosed array, at the end of the file"),
        ("[[task]\n", "f.toml:1: "),
        ("a = 'x", "f.toml:1: "),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, says: str):
    with pytest.raises(RecipeError) as caught:
        read_toml(text, "f.toml")
    assert str(caught.value).startswith(says)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_line(text: str):
    said = "f.toml:"
    try:
        read_toml(text, "f.toml")
    except RecipeError as error:
        said = str(error)
    assert said.startswith("f.toml:")
