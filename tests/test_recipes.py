"""The embedded recipes, exported small, and a recipe as a file and as arguments."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from generators.book import Book
from generators.dialects import SCHEMAS
from generators.export import export
from generators.located import Said
from generators.members import open_members
from generators.recipe import Recipe
from generators.recipefile import embedded, open_recipe
from generators.shape import SYSTEM, TURNS, shape_of
from generators.verify import verify
from tasks.registry import checks, task_class
from tests.exports import ROOT, contents, hornbook, lexicon, manifest, says
from tests.tabsource import TabSource, write_source


def small(recipe: Recipe) -> Recipe:
    """Return a recipe of a thousandth of the rows."""
    entries = []
    for entry in recipe.entries:
        rows = {"rows": Said(max(20, entry.rows // 1000))} if entry.rows else {}
        entries.append(replace(entry, said={**entry.said, **rows}))
    return replace(recipe, entries=tuple(entries))


@pytest.mark.parametrize("name", embedded())
def test_an_embedded_recipe_is_exported(name: str, tmp_path: Path):
    recipe = small(open_recipe(name))
    path = str(write_source(tmp_path / "rows.tsv", 300))
    sources = [entry.name for entry in recipe.entries if entry.kind == "source"]
    words = {"lexicon": str(lexicon(tmp_path)), "language": "en"}
    if name == "sft":
        words = {}  # it asks for what a file of words can't have
    given = recipe.given({}, words, dict.fromkeys(sources, path))
    opened = open_members(given, task_class, TabSource)
    done = export(
        opened.splits, tmp_path / "out", dialect=opened.dialect, seed=given.value("seed"), workers=1
    )
    rows = {entry.name: entry.rows for entry in recipe.entries}
    made = done.manifest["splits"]["train"]["tasks"]
    assert set(made) == set(rows)
    for task, number in rows.items():
        if number:
            assert made[task]["rows"]["all"] == number
    if name == "nanochat-midtrain":
        assert made["identity"]["rows"]["all"] == 600  # two epochs
        assert made["smoltalk"]["rows"]["all"] == 460
    if name == "replay":
        total = sum(counts["rows"]["all"] for counts in made.values())
        assert made["mine"]["rows"]["all"] == pytest.approx(total / 4, abs=1)
        assert done.manifest["splits"]["test"]["tasks"]["mine"]["rows"]["all"] == 3
    report = verify(tmp_path / "out", checks([]), workers=1)
    if sources:  # a source's row has no answer, which the check of rows does not know yet
        problems = [line for line in report.problems if "it has no answer" not in line]
        assert not problems
    else:
        assert not report.problems


def test_a_recipe_and_arguments_are_one_export(tmp_path: Path):
    words = lexicon(tmp_path)
    (tmp_path / "mine.toml").write_text(
        """
seed = 4
shard_rows = 500
[options]
lexicon = "words.txt"
language = "en"
[[task]]
name = "spellingbee"
rows = 900
[[task]]
name = "simplespelling"
rows = 600
"""
    )
    done = hornbook("export", "--recipe", tmp_path / "mine.toml", "--out", tmp_path / "a", "--workers", 1)
    assert done.returncode == 0, done.stderr
    options = ("--seed", 4, "--lexicon", words, "--language", "en", "--shard-rows", 500)
    done = hornbook("export", "spellingbee:900", "simplespelling:600", *options, "--out", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    # Options that are given take the place of what it says, and another recipe is another export.
    done = hornbook("export", "--recipe", tmp_path / "mine.toml", "--out", tmp_path / "a", "--seed", 5)
    says(done, 2, "holds another export, which differs in tasks[0].options.seed (4, now 5)")
    done = hornbook(
        "export", "--recipe", tmp_path / "mine.toml", "--out", tmp_path / "a", "--seed", 5,
        "--order", "length", "--style", "lines", "--overwrite", "--workers", 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    asked = manifest(tmp_path / "a")["asked"]
    assert (asked["seed"], asked["order"], asked["shard_rows"]) == (5, "length", 500)
    assert {task["options"]["style"] for task in asked["tasks"]} == {"lines"}
    lengths = [
        len(word)
        for file in sorted((tmp_path / "a/train").glob("*.parquet"))
        for word in pq.read_table(file)["word"].to_pylist()
    ]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 2


def test_the_recipe_of_the_readme_is_resolved(tmp_path: Path):
    readme = (ROOT / "README.md").read_text("utf-8")
    text = readme.partition("```toml\n")[2].partition("```")[0]
    path = write_source(tmp_path / "rows.tsv", 1000)
    vocabulary = str(ROOT / "tokenizer" / "vocab" / "hornbook_8k.tiktoken")
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    recipe = open_recipe(str(tmp_path / "mine.toml"))
    given = recipe.given({"tokenizer": vocabulary, "tokens": "200k"}, {}, {"chats": str(path)})
    found = open_members(given, task_class, TabSource)
    tokens = {
        member.name: int(
            found.dialect.count(
                member.conversations(member.view.start + np.arange(len(member)) * member.view.step, Book())
            ).sum()
        )
        for member in found.splits["train"]
    }
    assert sum(tokens.values()) == pytest.approx(200_000, rel=0.01)
    assert tokens["spellingbee"] == pytest.approx(100_000, rel=0.01)
    assert tokens["chats"] == pytest.approx(40_000, rel=0.02)
    assert [len(member) for member in found.splits["test"]][2] == 10
    rows = "\n".join(line for line in readme.splitlines() if line.startswith("| `"))
    listed = {name for name in embedded() if f"`{name}`" in rows}
    assert listed == set(embedded())


def test_the_default_of_make_shards_is_what_it_was():
    recipe = open_recipe("midtrain")
    assert [(entry.name, entry.rows) for entry in recipe.entries] == [
        ("spellingbee", 80_000), ("simplespelling", 200_000), ("lettercounting", 20_000),
    ]  # fmt: skip
    assert not recipe.settings
    assert set(recipe.options) == {"shape"}
    shape = shape_of(recipe.options["shape"].value)
    assert (shape.turns, shape.system) == (TURNS, SYSTEM)  # as midtraining usually has them


MADE = [
    ("lettercounting:40", "simplespelling:70", "--seed", 3, "--kinds", "upper:0.1", "--order", "count"),
    ("spellingbee:30", "--split", "train", "--style", "lines", "--dialect", "text", "--chat", "chatml"),
    ("simplespelling:9000", "--shard-rows", 5000, "--tool", "none", "--language", "en:0.7,es:0.3"),
    ("tests.example_task:FirstLetter:50", "--dialect", "tokens", "--control", "bos=<|bos|>", "--offensive"),
]


@pytest.mark.parametrize("asked", MADE)
def test_an_export_says_the_recipe_that_makes_it_again(tmp_path: Path, asked: tuple[Any, ...]):
    words = lexicon(tmp_path)
    language = () if "--language" in asked else ("--language", "en")
    options = ("--lexicon", words, *language, "--workers", 1)
    done = hornbook("export", *asked, *options, "--out", tmp_path / "a", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    said = hornbook("recipe", tmp_path / "a", cwd=ROOT)
    assert said.returncode == 0, said.stderr
    assert str(tmp_path) not in said.stdout
    text = said.stdout.replace("example_task:", "tests.example_task:")  # where it lies, only its author knows
    (tmp_path / "again.toml").write_text(text, "utf-8")
    done = hornbook("export", "--recipe", tmp_path / "again.toml", "--out", tmp_path / "b", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_folder_that_is_no_export_says_no_recipe(tmp_path: Path):
    says(hornbook("recipe", tmp_path), 2, "has no manifest.json, so it is not a whole export")


WRONG: list[tuple[list[Any], list[str]]] = [
    (["export", "--recipe", "midtran", "--out", "x"], ["no recipe 'midtran'; did you mean 'midtrain'?"]),
    (
        ["export", "--recipe", "small", "spellingbee:5", "--out", "x"],
        ["a recipe says what is made, and so do"],
    ),
    (["export", "--out", "x"], ["Missing argument 'TASK[:ROWS]...'; or name a recipe with --recipe FILE"]),
    (["recipe", "nanochat-sft", "--source", "smoltak=x"], ["no source 'smoltak'; did you mean 'smoltalk'?"]),
    (["export", "--recipe", "small", "--source", "a=b", "--out", "x"], ["small: it has no source"]),
    (["export", "--recipe", "replay", "--source", "mine", "--out", "x"], ["'mine' names no source; write"]),
    (["export", "--recipe", "bad.toml", "--out", "x"], ["bad.toml:3: there is no key 'roows'; did you mean"]),
    (["recipe", "bad.toml"], ["bad.toml:3: there is no key 'roows'; did you mean 'rows'?"]),
    (["recipe", "nothing.toml"], ["there is no recipe file nothing.toml"]),
]


@pytest.mark.parametrize(("arguments", "phrases"), WRONG)
def test_wrong_usage_gets_one_sentence(arguments: list[Any], phrases: list[str], tmp_path: Path):
    (tmp_path / "bad.toml").write_text("# mine\n\nroows = 3\n")
    done = hornbook(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for phrase in phrases:
        assert phrase in " ".join(done.stderr.split()), done.stderr
    assert not (tmp_path / "x").exists()


def test_a_recipe_is_printed_resolved_and_planned(tmp_path: Path):
    words = lexicon(tmp_path)
    (tmp_path / "mine.toml").write_text(
        f"""
extends = "midtrain"
rows = "1B"
[options]
lexicon = "{words}"
language = "en"
[[task]]
name = "simplespelling"
share = "rest"
[[source]]
name = "mine"
path = ""
share = 0.25
"""
    )
    done = hornbook("recipe", tmp_path / "mine.toml", "--plan", "--workers", 512)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1,000,000,000 rows in train and 10,000 rows in test; order shuffle, seed 0")
    by_name = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert by_name["simplespelling"][0] == "999,900,000"
    assert by_name["spellingbee"][:2] == ["80,000", "4,000"]
    assert "no path is said (0.25 share): --source mine=PATH" in done.stdout
    assert by_name["shards"][0] == "20,001"
    assert "shard_rows = " in done.stdout
    assert {"time", "memory", "bytes", "requests", "checks"} <= by_name.keys()
    listed = hornbook("recipe").stdout
    assert all(f"{name} " in listed for name in embedded())


@pytest.mark.parametrize("chat", ["plain", "chatml"])
def test_texts_are_read_as_nanochat_reads_them(tmp_path: Path, chat: str):
    words = lexicon(tmp_path)
    tasks = ("spellingbee:700", "simplespelling:900")
    options = (
        "--dialect",
        "text",
        "--chat",
        chat,
        "--language",
        "en",
        "--lexicon",
        words,
        "--shard-rows",
        500,
    )
    done = hornbook("export", *tasks, *options, "--out", tmp_path / "out", "--tool-text", "fenced")
    assert done.returncode == 0, done.stderr
    # As nanochat's loader: files sorted by name, the last for validation, row groups dealt to ranks.
    files = sorted((tmp_path / "out/text").iterdir())
    assert [file.name for file in files] == [f"shard_{number:05}.parquet" for number in range(5)]
    splits = {"train": files[:-1], "test": files[-1:]}
    for split, rows in (("train", 1600), ("test", 80)):
        texts: list[str] = []
        for path in splits[split]:
            file = pq.ParquetFile(path)
            assert file.schema_arrow.names == ["text"]
            assert file.num_row_groups >= min(64, file.metadata.num_rows)
            for rank in range(8):
                mine = range(rank, file.num_row_groups, 8)
                assert len(mine) >= 8
                for group in mine:
                    texts += file.read_row_group(group).column("text").to_pylist()
        assert len(texts) == rows
        head = "User: " if chat == "plain" else "<|im_start|>user\n"
        assert all(text.startswith(head) for text in texts)
        assert any("```output\n" in text for text in texts)
    report = verify(tmp_path / "out", checks([]), workers=1)
    assert (report.problems, report.texts) == ([], 1680)
    again = hornbook("export", *tasks, *options, "--out", tmp_path / "out", "--tool-text", "fenced")
    assert "nothing was missing, 5 kept as they were" in again.stdout
    other = hornbook("export", *tasks, "--out", tmp_path / "out", *options[4:], "--overwrite")
    assert other.returncode == 0, other.stderr
    assert not (tmp_path / "out/text").exists()
    assert set(pq.read_schema(tmp_path / "out/train/train-00000-of-00004.parquet").names) == set(
        SCHEMAS["universal"].names
    )


def test_a_text_that_was_changed_is_found(tmp_path: Path):
    words = lexicon(tmp_path)
    options = ("--dialect", "text", "--language", "en", "--lexicon", words, "--out", tmp_path / "out")
    assert hornbook("export", "simplespelling:200", *options).returncode == 0
    path = tmp_path / "out/text/shard_00000.parquet"
    table = pq.read_table(path)
    texts = table["text"].to_pylist()
    texts[3], texts[5] = "", "User: and then?"
    texts[7] += " <|user_end|>"
    pq.write_table(table.set_column(0, table.schema.field(0), [texts]), path)
    report = verify(tmp_path / "out", checks([]), workers=1)
    said = "\n".join(report.problems)
    assert "sha256 differs" in said
    assert "row 3: it is empty" in said
    assert "row 5: its turns are of user; expected user and assistant in turn" in said
    assert "row 7: its text holds the control token <|user_end|>" in said
