"""How an export is made again: the command for what was asked, where a command can say it."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

# Options of tasks as the command line has them, with what they are unless asked.
_OPTIONS: dict[str, Any] = {
    "style": "quote-comma",
    "language": None,
    "answer_language": "question",
    "tool": "nanochat",
    "lexicon": None,
    "holdout": None,
    "exclude": None,
    "min_zipf": None,
    "offensive": False,
    "kinds": "none",
}
_EXPORT: dict[str, Any] = {"dialect": "universal", "tool_text": "none", "shard_rows": 50_000, "seed": 0}
_KNOWN = {*_OPTIONS, "seed", "cover"}


def command(asked: Mapping[str, Any]) -> str | None:
    """Return the command that asks for the same; None where it takes a recipe or lines of Python.

    Args:
        asked: of a manifest.

    >>> options = {"style": "lines", "language": "en", "seed": 0}
    >>> task = {"task": "spellingbee", "class": "spellingbee:SpellingBee", "options": options}
    >>> task |= {"rows": {"train": 800, "test": 40}, "view": {"train": [0, 1], "test": [0, 1]}}
    >>> command({"tasks": [task], "dialect": "messages", "seed": 0})
    'hornbook export spellingbee:800 --style lines --language en --dialect messages --out DIR'
    """
    tasks: Sequence[Mapping[str, Any]] = asked["tasks"]
    shared = tasks[0].get("options")
    if any(not _plain(task, shared, asked["seed"]) for task in tasks):
        return None
    splits = list(tasks[0]["rows"])
    words = ["hornbook", "export"]
    for task in tasks:
        rows = task["rows"]
        if splits not in (["train", "test"], ["train"]) or rows.get("test", _test(rows)) != _test(rows):
            return None
        words.append(f"{task['task']}:{rows['train']}")
    words += _flags(shared or {}, _OPTIONS)
    words += _flags(asked, _EXPORT)
    if splits == ["train"]:
        words += ["--split", "train"]
    if tokenizer := asked.get("tokenizer"):
        words += ["--tokenizer", str(tokenizer["name"])]
        for role, name in tokenizer.get("control", {}).items():
            words += ["--control", f"{role}={name}"]
    return shlex.join([*words, "--out", "DIR"])


def _plain(task: Mapping[str, Any], shared: Any, seed: int) -> bool:
    options = task.get("options")
    if not isinstance(options, Mapping) or options != shared or set(options) - _KNOWN or options.get("cover"):
        return False
    from_start = all(view == [0, 1] for view in task["view"].values())
    return from_start and options.get("seed", 0) == seed and not isinstance(options.get("kinds"), Mapping)


def _test(rows: Mapping[str, int]) -> int:
    return max(1, min(5_000, rows["train"] // 20))


def _flags(given: Mapping[str, Any], usual: Mapping[str, Any]) -> list[str]:
    words = []
    for name, default in usual.items():
        value = given.get(name, default)
        if value == default:
            continue
        words.append(f"--{name.replace('_', '-')}")
        if isinstance(value, Mapping):
            words.append(",".join(f"{key}:{share}" for key, share in value.items()))
        elif value is not True:
            words.append(str(value))
    return words
