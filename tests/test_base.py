import copy
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.dialects import Dialect
from generators.lexicon import LexiconError
from tasks.base import Rows, Script, Task, assistant, number, spaced, text, user
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee

ROOT = Path(__file__).resolve().parents[1]
HUGE = 10**13
TASKS: dict[str, tuple[type[Task], dict[str, Any]]] = {
    "counting": (SpellingBee, {"language": "en"}),
    "counting in two languages": (SpellingBee, {"language": "en:0.7,es:0.3", "style": "classic", "seed": 7}),
    "without a tool": (SpellingBee, {"language": "en", "tool": "none", "split": "test"}),
    "spelling": (SimpleSpelling, {"language": "en", "seed": -1}),
    "phrases": (LetterCounting, {"language": "en", "tool": "python"}),
}


def table(task: Task, index: Iterable[int], book: Book | None = None) -> list[dict[str, Any]]:
    numbers = np.array(list(index), dtype=np.int64)
    return Dialect().table(task.conversations(numbers, book or Book())).to_pylist()


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> Task:
    made, options = TASKS[request.param]
    return made(HUGE, **options)


@pytest.fixture(scope="module")
def english() -> Task:
    return SpellingBee(1000, language="en")


# Neighbouring rows, far ones, and rows on both sides of a block of 100.
NUMBERS = [*range(60), 99, 100, 101, 250, 12_345, 10**6, 10**9 + 7, HUGE - 1]


@pytest.fixture(scope="module")
def rows(task: Task) -> dict[int, dict[str, Any]]:
    return dict(zip(NUMBERS, table(task, NUMBERS), strict=True))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=20), st.integers(0, 20), st.booleans())
def test_a_row_is_the_same_in_any_batch(
    task: Task, rows: dict[int, dict[str, Any]], index: list[int], cut: int, one_book: bool
):
    book = Book() if one_book else None
    found = [row for part in (index[:cut], index[cut:]) if part for row in table(task, part, book)]
    assert found == [rows[number] for number in index]


def test_a_row_is_the_same_alone_and_in_a_task_made_again(task: Task, rows: dict[int, dict[str, Any]]):
    assert table(task, [12_345]) == [rows[12_345]]
    args, options = task._made
    again = type(task)(*args, **options)
    assert table(again, reversed(NUMBERS)) == [rows[number] for number in reversed(NUMBERS)]
    smaller = type(task)(10**6 + 1, **options)
    assert table(smaller, [10**6, 0]) == [rows[10**6], rows[0]]


def test_no_rows(task: Task):
    assert table(task, []) == []


def test_rows_differ(task: Task):
    asked = [row["prompt"][-1]["content"] for row in table(task, range(1000))]
    assert len(set(asked)) == 1000


def rendered(row: dict[str, Any]) -> dict[str, Any]:
    """Read a row of a shard as task[i] reads it."""
    messages = []
    for place, message in enumerate(row["messages"]):
        parts = [
            {"type": part["type"], "text": part["text"]} for part in row["parts"] if part["message"] == place
        ]
        if message["role"] == "assistant" and [part["type"] for part in parts] != ["text"]:
            messages.append({"role": "assistant", "content": parts})
        else:
            messages.append(message)
    flat = ("task", "split", "answer", "word", "letter", "language", "style", "template")
    return {"messages": messages, **{name: row[name] for name in flat}, "facts": json.loads(row["facts"])}


def test_reading_by_index_is_reading_a_batch(task: Task, rows: dict[int, dict[str, Any]]):
    for index in (5, 100, HUGE - 1, 0, 12_345, 5):
        assert task[index] == rendered(rows[index])
    assert task[-1] == task[HUGE - 1] == task.get_example(HUGE - 1)
    assert task[np.int64(5)] == task[5]


DIGEST = """
import json, sys
from hashlib import sha256
import numpy as np
from generators.book import Book
from generators.dialects import Dialect
from tests.test_base import TASKS, HUGE
made, options = TASKS[sys.argv[1]]
batch = made(HUGE, **options).conversations(np.array(json.loads(sys.argv[2])), Book())
rows = sorted(Dialect().table(batch).to_pylist(), key=lambda row: row["id"])
print(sha256(json.dumps(rows).encode()).hexdigest())
"""


@pytest.mark.parametrize("name", ["counting in two languages", "phrases"])
def test_a_row_is_the_same_in_another_process(name: str):
    started = []
    for seed, order in (("0", 1), ("4711", -1)):
        numbers = json.dumps(NUMBERS[::order])
        command = [sys.executable, "-c", DIGEST, name, numbers]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        started.append(process)
    made, options = TASKS[name]
    found = sorted(table(made(HUGE, **options), NUMBERS), key=lambda row: row["id"])
    digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    assert [process.communicate(timeout=60)[0].strip() for process in started] == [digest] * 2


def test_seed_and_split_change_the_rows():
    def words(seed: int, split: str) -> list[str]:
        task = SimpleSpelling(1000, split, seed=seed, language="en")
        return [row["word"] for row in table(task, range(1000))]

    seed0, seed1, test0, test1 = (words(seed, split) for split in ("train", "test") for seed in (0, 1))
    assert sum(a == b for a, b in zip(seed0, seed1, strict=True)) < 20
    assert sum(a == b for a, b in zip(test0, test1, strict=True)) < 20
    assert {*seed0, *seed1}.isdisjoint({*test0, *test1})


# A sequence


@pytest.fixture(scope="module")
def twenty() -> tuple[Task, list[dict[str, Any]]]:
    task = SimpleSpelling(20, language="en")
    return task, [task.get_example(i) for i in range(20)]


ENDS = st.none() | st.integers(-25, 25)


@settings(deadline=None)
@given(st.lists(st.builds(slice, ENDS, ENDS, st.none() | st.integers(1, 6)), max_size=3))
def test_slices_are_those_of_a_list(twenty: tuple[Task, list], slices: list[slice]):
    task, listed = twenty
    for cut in slices:
        task, listed = task[cut], listed[cut]
        assert isinstance(task, SimpleSpelling)
    assert len(task) == len(listed)
    assert list(task) == listed
    assert [task[i] for i in range(-len(listed), len(listed))] == listed * 2
    for past in (len(listed), -len(listed) - 1):
        with pytest.raises(IndexError):
            task[past]
    assert task.num_examples() == 20


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 5))
def test_start_stop_step(twenty: tuple[Task, list], start: int, stop: int, step: int):
    if start > stop:
        with pytest.raises(ValueError, match=f"stop is {stop}, and must be at least {start}"):
            SimpleSpelling(20, language="en", start=start, stop=stop)
        return
    view = SimpleSpelling(20, language="en", start=start, stop=stop, step=step)
    assert len(view) == len(twenty[1][start:stop:step])
    assert list(view.view) == list(range(20))[start:stop:step]


def test_a_view_shows_the_rows_of_the_whole(twenty: tuple[Task, list]):
    view = SimpleSpelling(20, language="en", start=3, stop=17, step=4)
    assert list(view) == twenty[1][3:17:4]
    assert view[-1] == twenty[1][15]
    assert view.get_example(0) == twenty[1][0]


def test_iteration_ends(twenty: tuple[Task, list]):
    task, listed = twenty
    assert list(islice(task, 100)) == listed
    assert listed[3] in task
    assert list(reversed(task)) == listed[::-1]


def test_past_the_end(twenty: tuple[Task, list]):
    task, _ = twenty
    for index in (20, -21, 10**9):
        with pytest.raises(IndexError):
            task[index]
    for index in (20, -1):
        with pytest.raises(IndexError, match=f"conversation {index} of a task of 20"):
            task.get_example(index)
    with pytest.raises(TypeError):
        task[1.5]
    with pytest.raises(ValueError, match="can't run backwards, got step -1"):
        task[::-1]


def test_pickle_and_copy(twenty: tuple[Task, list]):
    task, listed = twenty
    fresh = SimpleSpelling(20, language="en")  # before it has made anything
    for original in (task, fresh, task[2:12:3], task[5:5]):
        wanted = list(original)
        for same in (pickle.loads(pickle.dumps(original)), copy.copy(original), copy.deepcopy(original)):
            assert type(same) is SimpleSpelling
            assert list(same) == wanted
            assert list(same[1:]) == wanted[1:]
            assert (same.size, same.seed, same.split, same.asked_for) == (20, 0, "train", original.asked_for)
    view = copy.copy(task)
    view.start = 19
    assert len(task) == 20
    assert len(view) == 1
    assert len(pickle.dumps(task)) < 500
    assert listed == list(task)


def test_asked_for():
    found = SpellingBee(10, "test", language={"en": 1.0}, style="classic").asked_for
    assert found.items() >= {
        "size": 10, "split": "test", "language": {"en": 1.0}, "style": "classic", "seed": 0
    }.items()  # fmt: skip
    assert json.loads(json.dumps(found)) == found


FOREIGN = """
import pickle
from tasks.spellingbee import SpellingBee as foreign
from tasks.hornbook import SpellingBee, SimpleSpelling
assert foreign == "nanochat's own"
for made in (SpellingBee, SimpleSpelling):
    task = made(3, language="en")
    assert pickle.loads(pickle.dumps(task))[1] == task[1]
    assert made.__module__ == "tasks.hornbook", made.__module__
print(task[1]["messages"])
"""


def test_hornbook_beside_a_foreign_spellingbee(tmp_path: Path, twenty: tuple[Task, list]):
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "spellingbee.py").write_text('SpellingBee = "nanochat\'s own"')
    (tmp_path / "tasks" / "common.py").write_text("import torch")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    found = subprocess.run(
        [sys.executable, "-c", FOREIGN],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.stderr == ""
    assert found.stdout.strip() == str(twenty[1][1]["messages"])


# Options

BAD = [
    ({"size": 0}, "size is 0, and must be at least 1"),
    ({"size": -5}, "size is -5, and must be at least 1"),
    ({"size": 1.5}, "size is 1.5, and must be a whole number"),
    ({"size": "10"}, "size is '10', and must be a whole number"),
    ({"size": None}, "size is None, and must be a whole number"),
    ({"split": "tset"}, "no split 'tset'; did you mean 'test'.* There are: train, test"),
    ({"split": "validation"}, "no split 'validation'.* There are: train, test"),
    ({"split": None}, "no split None. There are: train, test"),
    ({"start": -1}, "start is -1, and must be at least 0"),
    ({"stop": 11}, "stop is 11, past the end of a task of 10 conversations"),
    ({"start": 5, "stop": 4}, "stop is 4, and must be at least 5"),
    ({"step": 0}, "step is 0, and must be at least 1"),
    ({"step": -1}, "step is -1, and must be at least 1"),
    ({"seed": 0.5}, "seed is 0.5, and must be a whole number"),
    ({"seed": None}, "seed is None, and must be a whole number"),
    (
        {"style": "clasic"},
        "no style 'clasic'; did you mean 'classic'.* There are: quote-comma, spaced, lines",
    ),
    ({"style": None}, "no style None. There are: quote-comma, spaced, lines"),
    ({"tool": "nanochta"}, "'nanochta'.* Did you mean 'nanochat'.* nanochat, python, none"),
    ({"tool": None}, "None.* nanochat, python, none"),
    ({"language": "xx"}, "no language 'xx'.* There are: .*en.*"),
    ({"language": ""}, "no language ''.* There are: .*en.*"),
    ({"language": "en:0"}, "share of language 'en' is 0.0, and must be above 0"),
    ({"language": {"en": -1}}, "share of language 'en' is -1, and must be above 0"),
    ({"language": {"en": float("nan")}}, "share of language 'en' is nan, and must be above 0"),
    ({"language": "en:x"}, "'en:x' holds no shares of languages such as en:0.7,es:0.3"),
    ({"language": "en,en"}, "a language stands twice in 'en,en'"),
    ({"answer_language": "e"}, "no answer language 'e'.* There are: .*en.*"),
]


@pytest.mark.parametrize("made", [SpellingBee, SimpleSpelling, LetterCounting])
@pytest.mark.parametrize(("options", "message"), BAD, ids=[str(options) for options, _ in BAD])
def test_bad_options(made: type[Task], options: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message) as caught:
        made(**{"size": 10, **options})
    assert "\n" not in str(caught.value)


def test_unknown_option():
    with pytest.raises(TypeError, match="colour"):
        SpellingBee(colour="red")


def test_bad_files_are_told_when_words_are_needed(tmp_path: Path):
    for option in ("lexicon", "holdout", "exclude"):
        task = SimpleSpelling(5, language="en", **{option: tmp_path / "none"})
        with pytest.raises(LexiconError, match="no such file"):
            task[0]


# A task of one's own


def first(word: str) -> str:
    return word[0]


class FirstLetter(Task):
    """Name the first letter of a word."""

    prompts = {"en": ["What is the first letter of {word}?", "Which letter starts {word}?"]}  # noqa: RUF012

    def script(self, rows: Rows) -> Script:
        dealt = self.deal(rows)
        letter = dealt.word.map(first)
        turn = assistant(text("It is", spaced(letter), ".\n\n####", spaced(letter)))
        return Script(dealt, self.ask(dealt, word=dealt.word), turn, answer=letter, word=dealt.word)


@pytest.fixture
def fruit(tmp_path: Path) -> Path:
    path = tmp_path / "fruit.txt"
    path.write_text("apple\npear\nfig\nbanana\nwithout\nstrawberry")
    return path


def test_own_task(fruit: Path):
    task = FirstLetter(200, lexicon=fruit)
    assert (task.name, task.eval_type, list(task.languages)) == ("firstletter", "generative", ["en"])
    found = list(task)
    assert {row["word"] for row in found} == {"apple", "pear", "fig", "banana", "strawberry"}
    for row in found:
        question, turn = row["messages"]
        letter = row["word"][0]
        assert row["word"] in question["content"]
        assert turn == {"role": "assistant", "content": f"It is {letter}.\n\n#### {letter}"}
        assert (row["answer"], row["task"], row["letter"]) == (letter, "firstletter", "")
        assert task.evaluate(row, turn["content"]) == 1
        assert task.evaluate(row, turn["content"].replace(f"#### {letter}", "#### ?")) == 0
        assert task.reward(row, f"#### {letter}") == 1.0
        assert task.reward(row, "") == 0.0
    rows = table(task, range(200))
    assert table(FirstLetter(200, lexicon=fruit), range(199, -1, -1)) == rows[::-1]
    assert {row["word"] for row in table(FirstLetter(20, "test", lexicon=fruit), range(20))} == {"without"}


def test_own_task_in_a_language_that_it_lacks(fruit: Path):
    with pytest.raises(ValueError, match=r"no language 'es'.* There are: en"):
        FirstLetter(10, language="es", lexicon=fruit)


class Broken(FirstLetter):
    """Forgets a row."""

    def script(self, rows: Rows) -> Script:
        script = super().script(rows)
        return Script(script.dealt, script.asked, user(number(np.arange(len(rows) - 1))), script.answer)


def test_a_script_of_too_few_rows(fruit: Path):
    with pytest.raises(ValueError, match="a piece has 9 rows, the batch 10"):
        Broken(10, lexicon=fruit)[0]


def test_a_task_without_a_script():
    class Empty(Task):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty has no script\(\)"):
        Empty(10)[0]
