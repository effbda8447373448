import os
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.dialects import Dialect, asked_dialect
from generators.export import export
from generators.folder import FolderError
from generators.mixture import Mixture
from tasks.lettercounting import LetterCounting
from tasks.parquet import ParquetTask
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.example_task import FirstLetter
from tests.exports import ROOT, lexicon, python

CLASSES = (SpellingBee, SimpleSpelling, LetterCounting)
ROWS = 4200  # of each in train: in two row groups of one shard, and of another


def members(words: Path, split: str, classes: Any = CLASSES) -> list[Any]:
    rows = ROWS if split == "train" else 40
    return [cls(rows, split, language="en", lexicon=words) for cls in classes]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lexicon(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def mixture(words: Path) -> Mixture:
    return Mixture(members(words, "train"))


@pytest.fixture(scope="module")
def folders(words: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for name, dialect in {
        "universal": Dialect(),
        "fenced": Dialect("messages", "fenced"),
        "messages": Dialect("messages"),
        "tokens": asked_dialect("tokens"),
    }.items():
        found[name] = tmp_path_factory.mktemp("folders") / name
        splits = {split: members(words, split) for split in ("train", "test")}
        export(splits, found[name], dialect=dialect, workers=1, shard_rows=11_000)
    return found


@pytest.fixture(scope="module")
def opened(folders: dict[str, Path]) -> dict[str, ParquetTask]:
    return {name: ParquetTask(folder) for name, folder in folders.items()}


INDEX = st.lists(st.integers(0, 3 * ROWS - 1), min_size=1, max_size=30)


def said(conversation: dict[str, Any]) -> list[tuple[str, str]]:
    """What is said, without where one text part ends and the next begins: ids do not say."""
    found: list[tuple[str, str]] = []
    for message in conversation["messages"]:
        content = message["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        found.append((message["role"], ""))
        for part in parts:
            if found[-1][0] == part["type"] == "text":
                found[-1] = ("text", found[-1][1] + part["text"])
            else:
                found.append((part["type"], part["text"]))
    return found


@settings(max_examples=15, deadline=None)
@given(index=INDEX)
@pytest.mark.parametrize("name", ["universal", "fenced", "messages", "tokens"])
def test_rows_are_those_that_were_made(opened, mixture: Mixture, name: str, index: list[int]):
    task = opened[name]
    assert len(task) == task.num_examples() == len(mixture)
    for i in index:
        found, made = task[i], mixture[i]
        assert said(found) == said(made)
        assert (found["task"], found["answer"], found["split"]) == (made["task"], made["answer"], "train")
        if name == "universal":
            assert found == made
        if name != "tokens":
            assert found["messages"] == made["messages"]


@settings(max_examples=10, deadline=None)
@given(index=INDEX)
def test_a_member_of_a_mixture_sets_the_same_rows(opened, mixture: Mixture, index: list[int]):
    task = opened["universal"]
    for dialect in (Dialect(), Dialect("universal", "fenced")):
        made, found = (dialect.table(one.conversations(np.array(index), Book())) for one in (mixture, task))
        assert found.equals(made)


def test_it_is_mixed_with_tasks(folders, words: Path):
    test = ParquetTask(folders["universal"], "test")
    more = SpellingBee(50, language="en", lexicon=words, seed=3)
    mixed = Mixture([test, more])
    found = [mixed[i] for i in range(len(mixed))]
    assert len(found) == 170
    assert sum(one["split"] == "test" for one in found) == 120
    expected = [one["messages"] for one in (*test, *more)]
    assert sorted(map(str, expected)) == sorted(str(one["messages"]) for one in found)


class TaskMixture:
    """As nanochat has it: of tasks it wants no more than their length and rows by number."""

    def __init__(self, tasks: list[Any]) -> None:
        self.tasks = tasks
        self.index = [(task, row) for task, each in enumerate(tasks) for row in range(len(each))]
        random.Random(42).shuffle(self.index)

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, index: int) -> Any:
        task, row = self.index[index]
        return self.tasks[task][row]


def test_it_stands_in_nanochats_mixture(folders):
    task = ParquetTask(folders["universal"])
    mixed = TaskMixture([task[:300], ParquetTask(folders["tokens"], "test")])
    rows = [mixed[i] for i in range(len(mixed))]
    assert {row["split"] for row in rows} == {"train", "test"}
    assert all(row["messages"][-1]["role"] == "assistant" for row in rows)


def test_rows_are_scored_as_their_own_task_scores(opened, mixture: Mixture):
    scorers = {task.name: task for task in mixture.members}
    for task in opened.values():
        assert task.eval_type == "generative"
        for i in range(60):
            row = task[i]
            right = "".join(text for kind, text in said(row) if kind == "text")
            assert task.evaluate(row, right) == scorers[row["task"]].evaluate(mixture[i], right) == 1
            assert (task.evaluate(row, "no"), task.reward(row, right), task.reward(row, "")) == (0, 1.0, 0.0)


def test_a_class_of_a_person_s_own_scores_its_rows(words: Path, tmp_path: Path):
    own = [FirstLetter(40, split, language="en", lexicon=words) for split in ("train", "test")]
    export({"train": own[:1], "test": own[1:]}, tmp_path, workers=1)
    for classes in ((), ("tests.example_task:FirstLetter",)):
        task = ParquetTask(tmp_path, classes=classes)
        assert all(task.evaluate(row, f"#### {row['answer']}") for row in task)
        assert not task.evaluate(task[0], "#### ?")


def test_it_scores_with_ours_inside_a_checkout_that_shadows_them(folders, tmp_path: Path):
    """As in a nanochat of before July 2026, whose tasks/spellingbee.py comes first on the path."""
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks/common.py").write_text("raise ImportError('this needs torch')\n")
    (tmp_path / "tasks/spellingbee.py").write_text("class SpellingBee:\n    pass\n")
    program = f"""
from tasks.parquet import ParquetTask
task = ParquetTask({str(folders["messages"])!r}, "test")
row = next(row for row in task if row["task"] == "simplespelling")
print(task.evaluate(row, row["messages"][-1]["content"]), task.evaluate(row, "no"))
"""
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = python("-c", program, cwd=tmp_path, PYTHONPATH=path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 0\n", "")


def test_a_view_is_of_some_rows(folders, mixture: Mixture):
    task = ParquetTask(folders["messages"], start=10, stop=500, step=7)
    assert list(task.view) == list(range(10, 500, 7))
    assert task[1]["messages"] == mixture[17]["messages"] == task.get_example(17)["messages"]
    part = task[5:60:2]
    assert part[3]["messages"] == task[11]["messages"]
    assert part[-1]["messages"] == task[59]["messages"]
    again = pickle.loads(pickle.dumps(part))
    assert (len(again), again[3]) == (len(part), part[3])
    for wrong in (len(part), -len(part) - 1):
        with pytest.raises(IndexError):
            part[wrong]
    for wrong in (-1, 3 * ROWS):
        with pytest.raises(IndexError):
            task.get_example(wrong)
    with pytest.raises(ValueError, match="can't run backwards"):
        part[::-1]
    with pytest.raises(ValueError, match="can't run backwards"):
        ParquetTask(folders["messages"], step=-1)


def test_a_row_group_is_read_once_while_it_is_kept(folders):
    order = random.Random(0).sample(range(3 * ROWS), 500)
    task = ParquetTask(folders["universal"])
    for i in order:
        task[i]
    assert task._rows.read == 3
    little = ParquetTask(folders["universal"], kept=1)
    for i in sorted(order):
        little[i]
    assert little._rows.read == 3
    assert len(little._rows._tables) == 1


def test_what_can_t_be_read_gets_a_sentence(folders, words: Path, tmp_path: Path):
    with pytest.raises(ValueError, match="there is no split 'tset'; did you mean 'test'"):
        ParquetTask(folders["messages"], "tset")
    with pytest.raises(FolderError, match="there is no folder"):
        ParquetTask(tmp_path / "nothing")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/thesis.tex").write_text("mine")
    with pytest.raises(FolderError, match=r"has no manifest\.json, so it is not an export"):
        ParquetTask(tmp_path / "other")
