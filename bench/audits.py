"""Auditing and choosing a style: what `hornbook boundaries` and `--style auto` take.

`settle` is measured by itself, in a process that has opened the tokenizer and the words; and whole commands,
so that what a person waits for is beside it.
"""

from time import perf_counter, process_time
from typing import Any

from bench.commands import command
from bench.tokens import EMBEDDED
from generators.stylechoice import AUTO, settle
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tokenizer.chosen import Tokenizer
from tokenizer.encoding import EMBEDDED as VOCABULARY

CLASSES = (SpellingBee, SimpleSpelling, LetterCounting)
STYLE = "quote-comma"


def settled(vocabulary: str, rows: int) -> dict[str, Any]:
    """Measure the choice of a style for one vocabulary, start-up and the opening of words apart."""
    chosen = Tokenizer.opened(None if vocabulary == EMBEDDED else vocabulary)

    def tasks(style: str) -> list[Any]:
        return [cls(rows, split, style=style) for cls in CLASSES for split in ("train", "test")]

    for task in tasks(STYLE):
        _ = task.words
    start, spent = perf_counter(), process_time()
    style, _ = settle(AUTO, chosen.encoding, tasks)
    return {"wall": perf_counter() - start, "cpu": process_time() - spent, "style": style}


def boundaries(vocabulary: str, words: int) -> dict[str, Any]:
    """Run `hornbook boundaries` for one vocabulary and one style, in English."""
    shown = ("--style", STYLE, "--language", "en", "--words", str(words))
    return command("cli.py", "boundaries", "--tokenizer", _source(vocabulary), *shown)


def extra(vocabulary: str, folder: str) -> dict[str, Any]:
    """Run a small export with `--style auto` and one without; returns the wall time that it adds."""
    asked = ("cli.py", "export", *(f"{cls.name}:100" for cls in CLASSES), "--workers", "1", "--overwrite")
    asked += ("--tokenizer", _source(vocabulary), "--dialect", "messages")
    plain = command(*asked, "--out", f"{folder}/plain")
    auto = command(*asked, "--out", f"{folder}/auto", "--style", AUTO)
    return {"wall": auto["wall"] - plain["wall"], "whole": auto["wall"]}


def _source(vocabulary: str) -> str:
    return str(VOCABULARY) if vocabulary == EMBEDDED else vocabulary
