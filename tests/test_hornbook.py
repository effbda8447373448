import os
from pathlib import Path
from typing import Any

import pytest

from tests.exports import COMMAND, ROOT, contents, lexicon, python

THEIRS = "class SpellingBee:\n    THEIRS = True\n\n\nclass SimpleSpelling:\n    THEIRS = True\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of nanochat of before July 2026: its tasks, beside ours on the path, come first."""
    folder = tmp_path / "nanochat"
    (folder / "tasks").mkdir(parents=True)
    (folder / "nanochat").mkdir()
    (folder / "tasks/common.py").write_text("raise ImportError('this needs torch')\n")
    (folder / "tasks/spellingbee.py").write_text(THEIRS)
    (folder / "tasks/gsm8k.py").write_text("import torch\n")
    return folder


def inside(checkout: Path, *arguments: Any) -> Any:
    path = os.pathsep.join([str(checkout), str(ROOT)])
    return python(*arguments, cwd=checkout, PYTHONPATH=path)


def test_ours_are_ours_here():
    from tasks.hornbook import LetterCounting, SimpleSpelling, SpellingBee
    from tasks.lettercounting import LetterCounting as Counting
    from tasks.spellingbee import SimpleSpelling as Simple
    from tasks.spellingbee import SpellingBee as Bee

    assert (SpellingBee, SimpleSpelling, LetterCounting) == (Bee, Simple, Counting)


PROGRAM = """
import pickle
import tasks.spellingbee as theirs
from tasks.hornbook import LetterCounting, SimpleSpelling, SpellingBee
assert theirs.SpellingBee.THEIRS and theirs.__file__.startswith({checkout!r})
for cls in (LetterCounting, SimpleSpelling, SpellingBee):
    task = cls(3, language="en", lexicon={words!r})
    assert not hasattr(cls, "THEIRS")
    assert [len(conversation["messages"]) for conversation in task] == [2, 2, 2]
    assert pickle.loads(pickle.dumps(task))[1] == task[1]
import tasks.hornbook
from tasks.registry import task_class
assert task_class("spellingbee") is SpellingBee
print("ours")
"""


def test_ours_are_ours_in_a_checkout_that_shadows_them(checkout: Path, tmp_path: Path):
    program = PROGRAM.format(checkout=str(checkout), words=str(lexicon(tmp_path)))
    done = inside(checkout, "-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ours\n", "")
    # And when theirs was not imported before.
    lines = [line for line in program.splitlines() if "theirs" not in line]
    done = inside(checkout, "-c", "\n".join(lines))
    assert (done.returncode, done.stdout, done.stderr) == (0, "ours\n", "")


def test_the_command_line_exports_ours_from_inside_a_checkout(checkout: Path, tmp_path: Path):
    options = ("--language", "en", "--lexicon", lexicon(tmp_path), "--shard-rows", 300)
    asked = ("export", "spellingbee:600", *options)
    command = ("-m", "cli")
    done = inside(checkout, *command, *asked, "--out", "export", "--workers", 2)
    assert done.returncode == 0, done.stderr
    done = inside(checkout, *command, "verify", "export", "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert "spellingbee: 630 conversations derived again from their facts\n" in done.stdout
    # The shards are those of an export from elsewhere.
    assert python(*COMMAND[1:], *asked, "--out", tmp_path / "export", "--workers", 1).returncode == 0
    shards = [
        {name: data for name, data in contents(folder).items() if name.endswith(".parquet")}
        for folder in (checkout / "export", tmp_path / "export")
    ]
    assert shards[0] == shards[1]
    # And so is all the rest: the same export may be finished from anywhere.
    assert contents(checkout / "export") == contents(tmp_path / "export")
    assert "ours" not in inside(checkout, *command, "tasks").stderr


def test_a_checkout_without_the_file_gets_ours_by_its_own_name(checkout: Path):
    (checkout / "tasks/spellingbee.py").unlink()
    done = inside(checkout, "-c", "import tasks.spellingbee as found; print(found.__file__)")
    assert done.stdout == f"{ROOT / 'tasks/spellingbee.py'}\n"
    done = inside(checkout, "-c", "from tasks.hornbook import SpellingBee; print(SpellingBee.__module__)")
    assert done.stdout == "tasks.spellingbee\n"
