import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tasks.base import Task
from tasks.registry import HERE, MOST, Entry, TaskError, checks, entries, parse, task_class
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import ROOT, contents, hornbook, lexicon, manifest, python, says

EXAMPLE = "tests.example_task:FirstLetter"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder for modules of a person's own; what they leave behind is removed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def refused(name: str, *phrases: str) -> None:
    with pytest.raises(TaskError) as caught:
        task_class(name)
    assert "\n" not in str(caught.value)
    for phrase in phrases:
        assert phrase in str(caught.value)


def test_ours_are_found_with_their_docstrings():
    found = entries()
    assert found["spellingbee"] == Entry(
        "spellingbee", "tasks.spellingbee:SpellingBee", "Count a letter in a word.", ours=True
    )
    assert {"simplespelling", "lettercounting"} <= found.keys()
    assert task_class("spellingbee") is SpellingBee
    assert task_class("tasks.spellingbee:SimpleSpelling") is SimpleSpelling


def trap(folder: Path) -> Path:
    """Write a tasks folder and an installed package whose modules must not be imported."""
    (folder / "tasks").mkdir()
    for name in ("common", "trap"):
        (folder / f"tasks/{name}.py").write_text(
            "print('imported', flush=True)\nraise RuntimeError('a trap')\n"
        )
    (folder / "trapped.py").write_text("print('imported', flush=True)\nraise RuntimeError('a trap')\n")
    about = folder / "trapped-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: trapped\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[hornbook.tasks]\ntrapped = trapped:Trapped\nnamed = tasks.trap:Trap\nspellingbee = trapped:Mine\n"
    )
    return folder


def test_listing_imports_nobody_elses_modules(tmp_path: Path):
    done = hornbook("tasks", PYTHONPATH=str(trap(tmp_path)), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "imported" not in done.stdout
    lines = done.stdout.splitlines()
    assert any(line.split() == ["trapped", "from", "trapped"] for line in lines)
    assert any(line.startswith("spellingbee") and "Count a letter in a word." in line for line in lines)


def test_a_trap_on_the_path_stops_nothing_of_ours(tmp_path: Path):
    """What ours are is known without other people's entry points, though they be in `tasks`, too."""
    path = str(trap(tmp_path))
    words = lexicon(tmp_path)
    options = ("--language", "en", "--lexicon", words, "--out", tmp_path / "export", "--workers", 1)
    assert hornbook("export", "simplespelling:20", *options, PYTHONPATH=path).returncode == 0
    done = hornbook("verify", tmp_path / "export", PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")
    done = python("-c", "from tasks.hornbook import SpellingBee", PYTHONPATH=f"{ROOT}{os.pathsep}{path}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    says(
        hornbook("preview", "trapped", PYTHONPATH=path), 2, "trapped can't be imported: RuntimeError: a trap"
    )


def test_names_that_are_near_are_named():
    refused(
        "speling",
        "there is no task 'speling'",
        "spellingbee",
        "or name a class of your own as path.to.module:Class",
    )
    refused("SpellingBee", "did you mean 'spellingbee'?")
    refused("", "there is no task ''")


MODULES = {
    "raises": ("raise RuntimeError('a trap')", "raises can't be imported: RuntimeError: a trap"),
    "ends": ("import sys; sys.exit(3)", "ends can't be imported: SystemExit: 3"),
    "broken": ("class :", "broken can't be imported: SyntaxError: "),
    "needs": (
        "import no_such_module",
        "needs can't be imported: ModuleNotFoundError: No module named 'no_such_module'",
    ),
    "none": ("Mine = 3", "none has no task 'Mine'; it has no task"),
    "classes": ("class Mine: pass", "classes has no task 'Mine'; it has no task"),
    "other": (
        "from tasks.base import Task\nclass Yours(Task): pass",
        "other has no task 'Mine'; its tasks are: Yours",
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_has_no_task_gets_a_sentence(folder: Path, name: str):
    code, sentence = MODULES[name]
    (folder / f"{name}.py").write_text(code + "\n")
    refused(f"{name}:Mine", sentence)


@pytest.mark.parametrize(
    "name", [":Mine", "no_such_module:Mine", ".near:Mine", "a b:Mine", "tasks.nothing:Mine"]
)
def test_a_module_that_is_not_there_gets_a_sentence(folder: Path, name: str):
    refused(name, f"{name.partition(':')[0]} can't be imported: ")


def test_a_class_of_the_current_folder_is_found(folder: Path):
    (folder / "deep/er").mkdir(parents=True)
    (folder / "deep/er/mine.py").write_text(
        "from tasks.base import Task\nclass Mine(Task):\n    '''Mine.'''\n"
    )
    found = task_class("deep.er.mine:Mine")
    assert issubclass(found, Task)
    assert found.name == "mine"
    assert parse("deep.er.mine:Mine:500") == (found, 500)
    assert parse("deep.er.mine:Mine") == (found, 10_000)
    shutil.copy(folder / "deep/er/mine.py", folder / "mine_at_top.py")
    top = task_class("mine_at_top:Mine")
    assert parse("mine_at_top:Mine") == (top, 10_000)
    assert parse("mine_at_top:Mine:7") == (top, 7)


def test_rows_are_read():
    assert parse("spellingbee") == (SpellingBee, 10_000)
    assert parse("spellingbee:80,000") == (SpellingBee, 80_000)
    assert parse(f"spellingbee:{MOST}") == (SpellingBee, MOST)
    for rows in ("0", "-1", "", "many", "1e5", "8.5", "9" * 30, "9" * 5000, str(MOST + 1), "80k"):
        with pytest.raises(
            ValueError, match=r"asks for '.*' rows; write a number from 1 to 1,000,000,000,000, such as"
        ):
            parse(f"spellingbee:{rows}")
    with pytest.raises(ValueError, match="'many' rows"):
        parse("mine:Mine:many")


def test_checks_are_those_of_ours_and_of_classes_that_are_named():
    ours = {entry.name for entry in entries().values() if entry.ours}
    assert checks([]).keys() == ours
    assert checks([EXAMPLE]).keys() == {*ours, "firstletter"}
    with pytest.raises(TaskError):
        checks(["tests.example_task:Nothing"])


# A task of a person's own, in one file.


def test_the_example_is_short():
    assert len((ROOT / "tests/example_task.py").read_text().splitlines()) < 60


def test_the_example_previews():
    done = python("-m", "tests.example_task", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("── firstletter ") == 10
    assert done.stdout.count("####") == 10


def test_the_example_is_exported_and_verified(tmp_path: Path):
    words = lexicon(tmp_path)
    options = ("--language", "en", "--lexicon", words, "--shard-rows", 300)
    for workers in (1, 2):
        arguments = (f"{EXAMPLE}:800", "simplespelling:200", *options, "--workers", workers)
        done = hornbook("export", *arguments, "--out", tmp_path / str(workers), cwd=ROOT)
        assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert manifest(tmp_path / "1")["splits"]["train"]["tasks"]["firstletter"]["rows"] == {"all": 800}
    done = hornbook("verify", tmp_path / "2", "--task", EXAMPLE, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "firstletter: 840 conversations derived again from their facts\n" in done.stdout
    done = hornbook("verify", tmp_path / "2", cwd=ROOT)
    assert done.returncode == 0
    assert "firstletter: 840 conversations derived again from their facts (in general only" in done.stdout
    row = next(row for row in pq.read_table(tmp_path / "2/train").to_pylist() if row["task"] == "firstletter")
    assert row["answer"] == row["letter"] == row["word"][0]


def test_a_file_of_ours_that_is_no_python_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    shutil.copy(HERE / "spellingbee.py", tmp_path)
    (tmp_path / "mine.py").write_text("class :\n")
    monkeypatch.setattr("tasks.registry.HERE", tmp_path)
    with pytest.raises(TaskError, match=r"mine\.py is no Python: "):
        entries()
