"""Whatever a recipe says, it is resolved or refused in a sentence, with its file."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators.located import RecipeError
from generators.members import open_members
from generators.recipe import SETTINGS, SIZES
from generators.recipefile import open_recipe
from tasks.registry import task_class
from tests.exports import lexicon
from tests.tabsource import TabSource, write_source

OPTIONS = (
    *(
        "style",
        "tool",
        "language",
        "answer_language",
        "lexicon",
        "holdout",
        "exclude",
        "min_zipf",
        "offensive",
    ),
    *("kinds", "cover", "seed", "size", "columns", "path", "after", "self"),
)
WORDS = (
    *(
        "spellingbee",
        "simplespelling",
        "classic",
        "auto",
        "en",
        "en:0.7,es:0.3",
        "none",
        "nanochat",
        "usual",
        "rest",
    ),
    *(
        "train",
        "test",
        "text",
        "messages",
        "tokens",
        "plain",
        "length",
        "10M",
        "rows.tsv",
        "words.txt",
        "",
        "x:1",
    ),
)
SCALARS = (
    st.sampled_from(WORDS)
    | st.integers(-3, 50)
    | st.sampled_from([0.0, 0.25, 0.5, 1.0, -1.5, float("nan"), float("inf"), 1e300])
    | st.booleans()
)
VALUES = (
    SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(WORDS[:5]), SCALARS, max_size=2)
)
SIZE = st.sampled_from([*SIZES, "rows", "share"])


def tables(name: "st.SearchStrategy[Any]") -> "st.SearchStrategy[dict[str, Any]]":
    usual = st.fixed_dictionaries({"name": name})
    right = st.dictionaries(SIZE, st.sampled_from([10, 0.5, "rest", 100]), max_size=1)
    wrong = st.dictionaries(st.sampled_from([*SIZES, *OPTIONS]), VALUES, max_size=2)
    return st.tuples(usual, right, wrong).map(lambda parts: {**parts[0], **parts[1], **parts[2]})


RECIPES = st.fixed_dictionaries(
    {
        "top": st.dictionaries(st.sampled_from([*SETTINGS, "extends", "optoins"]), VALUES, max_size=2),
        "options": st.dictionaries(st.sampled_from(OPTIONS), VALUES, max_size=2),
        "task": st.lists(tables(st.sampled_from(["spellingbee", "simplespelling"]) | SCALARS), max_size=2),
        "source": st.lists(tables(st.sampled_from(["mine"]) | SCALARS), max_size=1),
    }
)


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else str(value)
    return json.dumps(value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipes")
    lexicon(path)
    write_source(path / "rows.tsv", 30)
    return path


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RECIPES)
def test_it_is_resolved_or_refused_in_a_sentence(folder: Path, recipe: dict[str, Any]):
    lines = [f"{key} = {toml(value)}" for key, value in recipe["top"].items()]
    lines += ["[options]", *(f"{key} = {toml(value)}" for key, value in recipe["options"].items())]
    for kind in ("task", "source"):
        for table in recipe[kind]:
            lines += [f"[[{kind}]]", *(f"{key} = {toml(value)}" for key, value in table.items())]
    (folder / "mine.toml").write_text("\n".join(lines), "utf-8")
    try:
        found = open_members(open_recipe(str(folder / "mine.toml")), task_class, TabSource)
        said = f"{folder}/mine.toml: {sum(map(len, found.splits.values()))} members"
    except RecipeError as error:
        said = str(error)
    assert said.startswith(str(folder / "mine.toml"))
    assert "\n" not in said
