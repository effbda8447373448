from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generators.book import Book
from generators.located import RecipeError
from generators.members import Members, open_members
from generators.mixture import Mixture
from generators.options import options_of
from generators.passes import Passes
from generators.recipe import Recipe
from generators.recipefile import open_recipe
from tasks.registry import TaskError, task_class
from tasks.spellingbee import SimpleSpelling
from tests.exports import ROOT, lexicon
from tests.tabsource import TabSource, write_source


@pytest.fixture
def words(tmp_path: Path) -> Path:
    write_source(tmp_path / "rows.tsv", 1000)
    return lexicon(tmp_path)


def members(folder: Path, text: str, **settings: Any) -> Members:
    head = "[options]\nlanguage = 'en'\nlexicon = 'words.txt'\n"
    (folder / "mine.toml").write_text(
        text.replace("[options]\n", head) if "[options]" in text else text + head
    )
    return open_members(open_recipe(str(folder / "mine.toml")).given(settings), task_class, TabSource)


def sizes(found: Members) -> dict[str, dict[str, int]]:
    return {split: {member.name: len(member) for member in made} for split, made in found.splits.items()}


MIX = """
rows = 10_000
[[task]]
name = "spellingbee"
share = 0.25
[[task]]
name = "simplespelling"
share = "rest"
[[source]]
name = "mine"
path = "rows.tsv"
"""


def test_rows_follow_from_shares_and_sources(tmp_path: Path, words: Path):
    found = members(tmp_path, MIX + "test = 0.01\n")
    assert sizes(found) == {
        "train": {"spellingbee": 2500, "simplespelling": 6510, "mine": 990},
        "test": {"spellingbee": 125, "simplespelling": 325, "mine": 10},
    }
    assert isinstance(found.splits["train"][2], TabSource)  # one epoch is the source itself
    assert found.splits["train"][2].after == [
        ("spellingbee", 2500), ("simplespelling", 6510), ("spellingbee", 125), ("simplespelling", 325),
    ]  # fmt: skip


def test_a_source_comes_in_epochs_rows_or_a_share(tmp_path: Path, words: Path):
    for said, rows in (
        ("epochs = 2.5", 2500),
        ("rows = 40", 40),
        ("rows = 4_000", 4000),
        ("share = 0.3", 3000),
    ):
        found = members(tmp_path, MIX + said + "\n")
        mine = found.splits["train"][2]
        assert (len(mine), type(mine)) == (rows, Passes)
        assert sizes(found)["train"]["simplespelling"] == 7500 - rows
        assert sizes(found)["test"]["mine"] == 0


def test_a_source_of_no_rows_is_not_opened(tmp_path: Path, words: Path):
    found = members(tmp_path, MIX.replace("rows.tsv", "none.tsv") + "rows = 0\n")
    assert list(sizes(found)["train"]) == ["spellingbee", "simplespelling"]


@pytest.mark.parametrize("split", ["train", "test"])
def test_one_split_alone(tmp_path: Path, words: Path, split: str):
    found = members(tmp_path, MIX, split=split)
    assert list(found.splits) == [split]


@pytest.mark.parametrize(
    ("whole", "own", "rows"),
    [
        ("", "", {"spellingbee": 30, "simplespelling": 50}),
        ("test = 0.1\n", "", {"spellingbee": 60, "simplespelling": 100}),
        ("test = 7\n", "", {"spellingbee": 7, "simplespelling": 7}),
        ("test = 7\n", "test = 0\n", {"spellingbee": 7, "simplespelling": 0}),
        ("test = 0\n", "test = 0.5\n", {"spellingbee": 0, "simplespelling": 500}),
        ("test = 0\n", "", None),
    ],
)
def test_the_test_split_is_a_share_or_a_number(tmp_path: Path, words: Path, whole: str, own: str, rows: Any):
    text = f"{whole}[[task]]\nname='spellingbee'\nrows=600\n[[task]]\nname='simplespelling'\nrows=1000\n{own}"
    assert sizes(members(tmp_path, text)).get("test") == rows


@pytest.mark.parametrize(
    ("rows", "test"), [(1, 1), (39, 1), (40, 2), (1000, 50), (100_000, 5000), (10**9, 5000)]
)
def test_the_test_split_is_a_twentieth(rows: int, test: int):
    found = open_members(Recipe.of_tasks([("spellingbee", rows)]).given({}, {"language": "en"}), task_class)
    made = {split: (len(task), task.split) for split, [task] in found.splits.items()}
    assert made == {"train": (rows, "train"), "test": (test, "test")}


EMBEDDED = str(ROOT / "tokenizer" / "vocab" / "hornbook_8k.tiktoken")
TOKENS = """tokens = "{total}"
tokenizer = "{tokenizer}"
[[task]]
name = "spellingbee"
share = 0.5
[[task]]
name = "lettercounting"
share = "rest"
[[task]]
name = "simplespelling"
rows = 500
[[source]]
name = "mine"
path = "rows.tsv"
share = 0.1
"""


@pytest.mark.parametrize(("total", "dialect"), [("1M", "universal"), ("300k", "tokens"), ("600k", "text")])
def test_a_total_in_tokens_comes_out(tmp_path: Path, words: Path, total: str, dialect: str):
    found = members(tmp_path, TOKENS.format(total=total, tokenizer=EMBEDDED), dialect=dialect)
    again = members(tmp_path, TOKENS.format(total=total, tokenizer=EMBEDDED), dialect=dialect)
    assert sizes(found) == sizes(again)
    counted, books = {}, Book()
    for member in found.splits["train"]:
        view = member.view
        index = view.start + np.arange(len(view)) * view.step
        counted[member.name] = int(found.dialect.count(member.conversations(index, books)).sum())
    wanted = {"1M": 10**6, "300k": 300_000, "600k": 600_000}[total]
    assert sum(counted.values()) == pytest.approx(wanted, rel=0.01)
    assert counted["spellingbee"] == pytest.approx(0.5 * wanted, rel=0.01)
    assert counted["mine"] == pytest.approx(0.1 * wanted, rel=0.02)
    assert sizes(found)["train"]["simplespelling"] == 500


BEE = "[[task]]\nname='spellingbee'\n"
MINE = "[[source]]\nname='mine'\npath='rows.tsv'\n"
WRONG = [
    (
        "[[task]]\nname='spelingbee'\nrows=5\n",
        "2: there is no task 'spelingbee'; did you mean 'spellingbee'?",
    ),
    (BEE + "row=5\n", "3: there is no key of the task spellingbee 'row'; did you mean 'rows'?"),
    (
        BEE + "rows=5\nstile='x'\n",
        "4: there is no key of the task spellingbee 'stile'; did you mean 'style'?",
    ),
    (BEE + "rows=5\nstyle='clasic'\n", "4: there is no style 'clasic'; did you mean 'classic'?"),
    (BEE + "rows=5\nmin_zipf='x'\n", "4: min_zipf is 'x', and must be float or int"),
    (BEE + "rows=5\noffensive=1\n", "4: offensive is 1, and must be bool"),
    (BEE + "rows=5\nseed=true\n", "4: seed is True, and must be int"),
    (BEE + "rows=5\ncover='x:3'\n", "4: spellingbee can't cover a tokenizer"),
    (BEE + "rows=5\nepochs=2\n", "4: rows and epochs both say"),
    (BEE + "epochs=2\n", "3: spellingbee is a task, and never makes a row twice"),
    (BEE, "1: spellingbee has no size; say rows = 10_000"),
    ("rows=5\ntokens=7\n" + BEE + "share=1\n", "2: rows and tokens are both a total"),
    ("tokens=700\n" + BEE + "share=1\n", "1: tokens are those of a tokenizer; name it"),
    ("rows=50\n\n" + BEE + "share=0.5\n", "1: the shares add up to 0.5, and of 50 rows"),
    ("tokenizer='none'\n" + BEE + "rows=5\n", "1: "),
    ("dialect='messages'\nchat='chatml'\n" + BEE + "rows=5\n", "2: a chat format is for the dialect text"),
    ("[options]\nstylo='x'\n" + BEE + "rows=5\n", "4: there is no option of these tasks 'stylo'"),
    ("[options]\nstyle='x'\n" + BEE + "rows=5\n", "4: there is no style 'x'"),
    ("[[source]]\nname='mine'\npath='none.tsv'\n", "3: mine: there is no file"),
    (MINE + "colums={a='b'}\n", "4: there is no key of the source mine 'colums'; did you mean 'columns'?"),
    (MINE + "columns='x'\n", "4: columns is 'x', and must be dict"),
    ("split='test'\ntest=0\n" + BEE + "rows=5\n", "2: no row is in the test split"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, words: Path, text: str, says: str):
    with pytest.raises(RecipeError) as caught:
        members(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/mine.toml:{says}")


def test_nothing_is_no_recipe(tmp_path: Path):
    (tmp_path / "mine.toml").write_text("seed = 3\n")
    with pytest.raises(RecipeError, match=r"mine.toml: it has neither a task nor a source"):
        open_members(open_recipe(str(tmp_path / "mine.toml")), task_class)


def test_of_the_command_line_the_same_is_told_without_a_file():
    for task, options, says in (
        ("spellingbee", {"style": "clasic"}, "there is no style 'clasic'; did you mean 'classic'?"),
        ("spellingbee", {"stylo": "x"}, "there is no option of these tasks 'stylo'"),
    ):
        with pytest.raises(ValueError, match="^" + says.replace("?", r"\?")):
            open_members(Recipe.of_tasks([(task, 5)]).given({}, options), task_class)
    with pytest.raises(TaskError, match=r"^there is no task 'spelingbee'"):
        open_members(Recipe.of_tasks([("spelingbee", 5)]), task_class)


def test_paths_that_are_not_said_are_asked_for():
    with pytest.raises(
        ValueError, match=r"^replay: no path is said of mine; give each its data, as in --source mine=PATH"
    ):
        open_members(open_recipe("replay"), task_class, TabSource)


def test_a_recipe_with_its_sources_given(tmp_path: Path, words: Path):
    path = str(tmp_path / "rows.tsv")
    found = open_members(
        open_recipe("replay").given({}, {"lexicon": str(words)}, {"mine": path}), task_class, TabSource
    )
    rows = sizes(found)["train"]
    assert rows["mine"] / sum(rows.values()) == pytest.approx(0.25, abs=1e-4)
    assert len(Mixture(found.splits["train"])) == sum(rows.values())


def test_options_of_all_tasks_are_for_those_that_take_them(tmp_path: Path, words: Path):
    text = (
        f"[options]\ncover='hornbook:1'\n{BEE}rows=5\n{BEE.replace('spellingbee', 'simplespelling')}rows=5\n"
    )
    (tmp_path / "mine.toml").write_text(text)
    bee, spelling = open_members(open_recipe(str(tmp_path / "mine.toml")), task_class).splits["train"]
    assert bee._cover_asked is None
    assert spelling._cover_asked == "hornbook:1"


def test_options_are_those_of_the_class_and_what_is_below_it():
    known = options_of(SimpleSpelling)
    assert known["offensive"] == (bool,)
    assert {"style", "language", "kinds", "cover", "seed"} <= known.keys()
    assert {"size", "split", "start", "stop", "step", "self"}.isdisjoint(known)
