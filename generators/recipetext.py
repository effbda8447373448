"""The recipe of an export that is there: TOML, written from its manifest.

Whoever has a folder, and not what it was made by, makes it again with this. Files are named as they were
called, for where they lay is nobody's business; of a source the path is left open.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from generators.recipe import SETTINGS, SIZES

_LEFT_OUT = ("rows", "view", "task", "class", "source", "kind", "content", "chosen", "passes_over", "files")


def recipe_text(manifest: Mapping[str, Any], names: Collection[str]) -> str:
    """Write the recipe that asks for what a manifest says.

    Args:
        manifest: of an export.
        names: of the tasks that go by a name; others are named by their class, as module:Class.

    >>> task = {"task": "spellingbee", "class": "spellingbee:SpellingBee", "options": {"style": "lines"}}
    >>> task |= {"rows": {"train": 800, "test": 40}, "view": {"train": [0, 1], "test": [0, 1]}}
    >>> print(recipe_text({"asked": {"tasks": [task], "seed": 3, "dialect": "messages"}}, ["spellingbee"]))
    seed = 3
    dialect = "messages"
    <BLANKLINE>
    [[task]]
    name = "spellingbee"
    rows = 800
    test = 40
    style = "lines"
    <BLANKLINE>
    """
    asked = manifest["asked"]
    lines = [f"{key} = {_toml(value)}" for key, value in _settings(manifest).items()]
    for member in asked["tasks"]:
        kind = "source" if member.get("kind") == "source" else "task"
        known = kind == "source" or member["task"] in names
        lines += ["", f"[[{kind}]]", f"name = {_toml(member['task'] if known else member['class'])}"]
        if kind == "source":
            lines.append(f'path = ""  # {", ".join(member.get("files", ()))}')
        if any(view != [0, 1] for view in member["view"].values()):
            lines.append("# a part of its rows alone, which no recipe can say")
        lines += [f"{key} = {_toml(value)}" for key, value in _entry(kind, member, asked)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _settings(manifest: Mapping[str, Any]) -> dict[str, Any]:
    asked = manifest["asked"]
    found = {key: asked.get(key) for key, (usual, _) in SETTINGS.items() if asked.get(key, usual) != usual}
    found.pop("tokenizer", None)
    [splits] = {tuple(member["rows"]) for member in asked["tasks"]}
    if len(splits) == 1:
        found["split"] = splits[0]
    if tokenizer := asked.get("tokenizer"):
        place = manifest.get("tokenizer", {})
        if place.get("source") is not None:
            found["tokenizer"] = tokenizer["name"]
            found |= {"pattern": place["pattern"]} if place.get("pattern") else {}
        found |= {"control": tokenizer["control"]} if tokenizer.get("control") else {}
    return found


def _entry(kind: str, member: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is said of a task or a source, beside its name."""
    rows = member["rows"]
    yield "rows", rows.get("train", rows.get("test"))
    if kind == "task" and "test" in rows:
        yield "test", rows["test"]
    options = {**member, **member.get("options", {})} if kind == "source" else member.get("options", {})
    for key, value in options.items():
        if key in (*_LEFT_OUT, "options") or (key in SIZES and key != "test"):
            continue
        if key == "cover" and isinstance(value, Mapping):
            value = f"{value['tokenizer']}:{value['times']}"
        if key == "sentences" and isinstance(value, Mapping):
            value = value["file"]
        if value is None or value == [] or (key == "seed" and value == asked["seed"]):
            continue
        if kind == "source" and key in ("after", "against"):
            continue  # the first follows from the recipe; files of the second are the person's
        yield key, value


def _toml(value: Any) -> str:
    """Write plain data as TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
        return f"{value:_}"
    return json.dumps(value)


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _toml(key)
