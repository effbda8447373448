from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.located import RecipeError
from generators.recipe import SETTINGS, Recipe
from generators.recipefile import FOLDER, embedded, open_recipe
from generators.recipekeys import amount

BASE = """seed = 1
rows = 1_000
[options]
style = "spaced"
[[task]]
name = "spellingbee"
share = 0.5
min_zipf = 3.0
[[task]]
name = "simplespelling"
share = 0.5
[[source]]
name = "mine"
path = "rows.jsonl"
epochs = 2
"""


def recipe(folder: Path, text: str, name: str = "mine.toml") -> Recipe:
    (folder / name).write_text(text, encoding="utf-8")
    return open_recipe(str(folder / name))


def plain(found: Recipe) -> object:
    """Return all that a recipe says, without the places."""
    entries = [(one.kind, {key: said.value for key, said in one.said.items()}) for one in found.entries]
    settings = {key: said.value for key, said in found.settings.items()}
    return entries, settings, {key: said.value for key, said in found.options.items()}


def refused(folder: Path, text: str) -> str:
    """Return what is said of a recipe that is wrong, behind its path."""
    with pytest.raises(RecipeError) as caught:
        recipe(folder, text)
    said = str(caught.value)
    assert said.startswith(str(folder / "mine.toml"))
    return said.removeprefix(str(folder / "mine.toml"))


def test_a_recipe_says_what_it_says(tmp_path: Path):
    found = recipe(tmp_path, BASE)
    assert [(entry.kind, entry.name) for entry in found.entries] == [
        ("task", "spellingbee"),
        ("task", "simplespelling"),
        ("source", "mine"),
    ]
    assert found.value("seed") == 1
    assert found.value("shard_rows") == SETTINGS["shard_rows"][0]
    assert found.tasks == ["spellingbee", "simplespelling"]
    assert {key: said.value for key, said in found.entries[0].options.items()} == {"min_zipf": 3.0}
    assert found.entries[2].options["path"].value == str(tmp_path / "rows.jsonl")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seed = 1\nroows = 5", ":2: there is no key 'roows'; did you mean 'rows'? There are: "),
        ("\n[[tasks]]\nname = 'a'", ":2: there is no key 'tasks'; did you mean 'task'?"),
        ("seed = 'x'", ":1: seed is 'x', and must be a whole number"),
        ("seed = true", ":1: seed is True, and must be a whole number"),
        ("tokens = '10X'", ":1: tokens is '10X', and must be a whole number from 1 to "),
        ("rows = 0", ":1: rows is 0, and must be a whole number from 1 to "),
        ("rows = 1.5", ":1: rows is 1.5, and must be a whole number"),
        ("test = 1.5", ":1: test is 1.5, and must be a share below 1 or a whole number of rows"),
        ("test = -1", ":1: test is -1, and must be"),
        ("test = nan", ":1: test is nan, and must be"),
        ("dialect = 'universl'", ":1: there is no dialect 'universl'; did you mean 'universal'?"),
        (
            "order = 'depth'",
            ":1: there is no order 'depth'; did you mean 'length'? There are: shuffle, length, count",
        ),
        ("chat = 'chatlm'", ":1: there is no chat format 'chatlm'; did you mean 'chatml'?"),
        ("control = 3", ":1: control is 3, and must be a list of strings"),
        ("task = 3", ":1: task must be tables, each begun with [[task]]"),
        ("[task]\nname = 'a'", ":1: task must be tables, each begun with [[task]]"),
        ("options = 3", ":1: options is 3, and must be a table: [options]"),
        ("seed = 1\n[[task]]\n\nrows = 3", ":2: a task needs a name, as in name = 'spellingbee'"),
        ("[[task]]\nname = 3", ":2: name is 3, and must be a string"),
        ("[[task]]\nname = 'a'\nrows = 'many'", ":3: rows is 'many', and must be a whole number from 0 to"),
        (
            "[[task]]\nname = 'a'\nshare = 2",
            ":3: share is 2, and must be a number above 0, at most 1, or 'rest'",
        ),
        ("[[task]]\nname = 'a'\nshare = 0", ":3: share is 0, and must be a number above 0"),
        ("[[task]]\nname='a'\nshare=0.5\nrows=3", ":4: share and rows both say how much there is; say one"),
        (
            "[[source]]\nname = 'a'\nepochs = 0",
            ":3: epochs is 0, and must be a number above 0, at most 10,000",
        ),
        ("a = 1\nb = ", ":2: Invalid value, at the end of the file"),
        ("extends = 3", ":1: extends is 3, and must be a file or the name of an embedded recipe"),
        ("extends = 'midtran'", ":1: there is no recipe 'midtran'; did you mean 'midtrain'?"),
        ("extends = 'no.toml'", ":1: there is no recipe file "),
        ("extends = 'mine.toml'", ":1: recipes go in a circle: mine.toml extends mine.toml"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, says: str):
    assert refused(tmp_path, text).startswith(says)


def test_a_circle_of_three_is_refused(tmp_path: Path):
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.toml").write_text(f"# one\nextends = '{base}.toml'\n")
    with pytest.raises(RecipeError) as caught:
        open_recipe(str(tmp_path / "a.toml"))
    assert str(caught.value) == (
        f"{tmp_path}/c.toml:2: recipes go in a circle: a.toml extends b.toml extends c.toml extends a.toml"
    )


def test_there_is_no_such_recipe():
    for name, says in (
        ("midtran", "there is no recipe 'midtran'; did you mean 'midtrain'?"),
        ("there/is/none", "there is no recipe file there/is/none; the embedded ones are "),
        ("none.toml", "there is no recipe file none.toml"),
    ):
        with pytest.raises(RecipeError) as caught:
            open_recipe(name)
        assert str(caught.value).startswith(says)


def test_what_is_no_text_is_refused(tmp_path: Path):
    (tmp_path / "a.toml").write_bytes(b"seed = 1 # \xff")
    with pytest.raises(RecipeError, match=r"a.toml is not UTF-8"):
        open_recipe(str(tmp_path / "a.toml"))


def test_a_recipe_extends_another(tmp_path: Path):
    (tmp_path / "base.toml").write_text(BASE)
    found = recipe(
        tmp_path,
        """extends = "base.toml"
tokens = "10M"
[options]
tool = "none"
[[task]]
name = "simplespelling"
rows = 10
[[task]]
name = "lettercounting"
rows = 5
[[source]]
name = "mine"
rows = 0
""",
    )
    assert plain(found) == (
        [
            ("task", {"name": "spellingbee", "share": 0.5, "min_zipf": 3.0}),
            ("task", {"name": "simplespelling", "rows": 10}),
            ("source", {"name": "mine", "path": str(tmp_path / "rows.jsonl"), "rows": 0}),
            ("task", {"name": "lettercounting", "rows": 5}),
        ],
        {"seed": 1, "tokens": 10_000_000},
        {"style": "spaced", "tool": "none"},
    )
    # What came from another file is told with that file's line.
    assert str(found.entries[0].wrong("wrong", "share")) == f"{tmp_path}/base.toml:7: wrong"
    assert str(found.entries[1].wrong("wrong", "rows")) == f"{tmp_path}/mine.toml:7: wrong"


def test_the_second_of_a_name_extends_the_second(tmp_path: Path):
    two = "[[task]]\nname='a'\nrows={}\n[[task]]\nname='a'\nrows={}\nseed={}\n"
    (tmp_path / "base.toml").write_text(two.format(1, 2, 3))
    found = recipe(tmp_path, "extends='base.toml'\n[[task]]\nname='a'\n[[task]]\nname='a'\nrows=9\n")
    assert plain(found)[0] == [  # type: ignore[index]
        ("task", {"name": "a", "rows": 1}),
        ("task", {"name": "a", "rows": 9, "seed": 3}),
    ]


def test_an_embedded_recipe_is_extended_by_name(tmp_path: Path):
    found = recipe(tmp_path, "extends = 'midtrain'\n[[task]]\nname = 'lettercounting'\nrows = 0\n")
    assert [(entry.name, entry.rows) for entry in found.entries] == [
        ("spellingbee", 80_000),
        ("simplespelling", 200_000),
        ("lettercounting", 0),
    ]


def test_paths_are_read_from_the_folder_of_the_file_that_says_them(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/base.toml").write_text(
        "tokenizer = 'cl100k_base'\n[options]\nlexicon = 'words.txt'\n[[source]]\nname = 'a'\n"
        "path = ['x/*.jsonl', 's3://bucket/y', '/z']\n"
    )
    found = recipe(tmp_path, "extends = 'deep/base.toml'\n[options]\nholdout = 'held.txt'\n")
    assert found.options["lexicon"].value == str(tmp_path / "deep/words.txt")
    assert found.options["holdout"].value == str(tmp_path / "held.txt")
    paths = found.entries[0].options["path"].value
    assert paths == [str(tmp_path / "deep/x/*.jsonl"), "s3://bucket/y", "/z"]
    assert found.value("tokenizer") == "cl100k_base"  # no file of that name is there
    (tmp_path / "mine.tiktoken").write_text("")
    assert recipe(tmp_path, "tokenizer = 'mine.tiktoken'").value("tokenizer") == str(
        tmp_path / "mine.tiktoken"
    )


def test_what_is_given_takes_the_place_of_what_is_said(tmp_path: Path):
    found = recipe(tmp_path, BASE).given(
        {"seed": 9, "tokens": 500}, {"min_zipf": 4.0, "tool": "none"}, {"mine": "other.jsonl"}
    )
    assert plain(found) == (
        [
            ("task", {"name": "spellingbee", "share": 0.5}),
            ("task", {"name": "simplespelling", "share": 0.5}),
            ("source", {"name": "mine", "path": "other.jsonl", "epochs": 2.0}),
        ],
        {"seed": 9, "tokens": 500},
        {"style": "spaced", "min_zipf": 4.0, "tool": "none"},
    )
    with pytest.raises(ValueError, match="there is no source 'min'; did you mean 'mine'"):
        recipe(tmp_path, BASE).given({}, {}, {"min": "x"})
    with pytest.raises(ValueError, match="it has no source, so no path can be given for 'x'"):
        Recipe.of_tasks([("spellingbee", 5)]).given({}, {}, {"x": "y"})
    with pytest.raises(ValueError, match=r"^there is no split 'tests'; did you mean 'test'"):
        Recipe.of_tasks([("spellingbee", 5)]).given({"split": "tests"})


@given(st.integers(1, 10**14))
def test_amounts_are_read_however_they_are_written(number: int):
    check = amount(least=1)
    assert check("rows", number) == number
    for text in (str(number), f"{number:,}", f"{number:_}", f" {number} "):
        assert check("rows", text) == number
    assert check("rows", f"{number % 1000 + 1}k") == 1000 * (number % 1000 + 1)


@pytest.mark.parametrize(
    ("text", "number"), [("1.5M", 1_500_000), ("10 M", 10**7), ("2B", 2 * 10**9), ("1G", 10**9)]
)
def test_amounts_may_be_short(text: str, number: int):
    assert amount(least=1)("tokens", text) == number


def test_every_embedded_recipe_is_read_and_says_what_it_is_for():
    names = embedded()
    assert set(names) == {
        "midtrain", "sft", "nanochat-midtrain", "nanochat-sft", "pretrain-text", "replay", "small",
    }  # fmt: skip
    for name, about in names.items():
        found = open_recipe(name)
        assert found.entries
        assert 20 < len(about) < 120, name
        assert (FOLDER / f"{name}.toml").read_text("utf-8").splitlines()[1].startswith("#")
