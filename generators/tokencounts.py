"""Saying how many tokens an export has."""

from collections.abc import Iterator, Mapping
from typing import Any


def said(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Say the tokens of each split and task, from a manifest; nothing where no tokenizer was named."""
    tokenizer = manifest["asked"].get("tokenizer")
    if not tokenizer:
        return
    for name, split in manifest["splits"].items():
        counts = ", ".join(f"{task} {by['tokens']['all']:,}" for task, by in split["tasks"].items())
        yield f"{name:<5}  {split['tokens']:,} tokens: {counts}"
    own = manifest.get("tokenizer", {}).get("source") is None
    which = "the vocabulary that comes with Hornbook; name your model's with --tokenizer" if own else ""
    yield f"tokens are those of {tokenizer['name']}{', ' if own else ''}{which}"
