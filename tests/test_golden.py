"""Golden files: ten conversations of each task, style and language, for somebody who speaks it to read.

`make golden` writes them anew. Read the difference then: it is what a model will learn to say.
"""

import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from generators.book import Book
from generators.parts import parts_of
from generators.prompts import languages
from generators.sheet import written
from generators.styles import STYLES
from generators.working import WORKINGS
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee

GOLDEN = Path(__file__).with_name("golden")
TASKS = [SpellingBee, SimpleSpelling, LetterCounting]
N = 10
ROWS = 1000  # to choose from
FILES = {
    f"{task.name}-{style}-{code}.txt": (task, style, code)
    for task, style, code in product(TASKS, STYLES, languages())
}


def conversations(task, style, code):
    """Yield ten conversations as text, straight from their codes: as many of each kind of working."""
    kinds = [kind for kind in WORKINGS if kind in task.workings]
    # Half of each ask for their working, whether or not that is the usual share.
    shares = {kind: (1 / len(kinds), 0.5 * (len(kinds) > 1)) for kind in kinds}
    made = task(ROWS, style=style, language=code, working=shares)
    batch = made.conversations(np.arange(ROWS), Book())
    shown = ["full"] * ROWS
    if "working" in batch.columns:
        shown = batch.column("working").to_pylist()
    # And of each kind of question, where there are several: the first row that has both, kind by kind.
    asks = batch.column("asks").to_pylist() if "asks" in batch.columns else [""] * ROWS
    rows: list[int] = []
    for place in range(N):
        kind, ask = kinds[place * len(kinds) // N], sorted(set(asks))[place % len(set(asks))]
        rows.append(next(r for r in range(ROWS) if (shown[r], asks[r]) == (kind, ask) and r not in rows))
    styles = batch.column("style").to_pylist()
    for row in rows:
        codes = batch.text.take(np.array([row])).values
        asked = f" · {asks[row]}" if asks[row] else ""
        rule = f"── {task.name} {row} · {code}{asked} · {shown[row]} ".ljust(78, "─")
        yield f"{rule}\n{written(parts_of(batch.book, codes, STYLES[styles[row]]))}\n"


@pytest.mark.parametrize("name", sorted(FILES))
def test_golden(name):
    texts = list(conversations(*FILES[name]))
    assert len(texts) == N
    printed, path = "\n".join(texts), GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(printed, "utf-8")
    assert path.exists(), f"{path} is missing; `make golden` writes it"
    assert printed == path.read_text("utf-8"), (
        f"the conversations differ from those that somebody has read; if that is meant, run `make golden` "
        f"and read the difference of {path}"
    )


def test_there_is_no_file_that_nobody_writes():
    recall = {f"recall-quote-comma-{code}.txt" for code in languages()}  # see tests/test_recall.py
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES) | recall
