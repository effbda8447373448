import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import main
from generators.dialects import SCHEMAS, TOOL_TEXTS, Dialect
from generators.export import export
from generators.folder import FolderError
from generators.prompts import languages
from generators.pythontool import CONTRACTS
from generators.styles import STYLES
from generators.verify import Report, verify
from tasks.base import Task
from tasks.lettercounting import LetterCounting
from tasks.registry import checks
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import lexicon, manifest, shards

TASKS = (SpellingBee, SimpleSpelling, LetterCounting)
Row = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HORNBOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"language": "en", "lexicon": lexicon(tmp_path_factory.mktemp("words"))}


@pytest.fixture(scope="module")
def known() -> Any:
    return checks([])


def write(folder: Path, rows: int, dialect: Dialect, shard_rows: int = 50_000, **options: Any) -> Path:
    def tasks(split: str, size: int) -> list[Task]:
        return [cls(size, split, **options) for cls in TASKS]

    splits = {"train": tasks("train", rows), "test": tasks("test", max(1, rows // 5))}
    export(splits, folder, dialect=dialect, shard_rows=shard_rows, workers=1)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any]) -> dict[Dialect, Path]:
    kinds = [Dialect("universal"), Dialect("messages"), Dialect("universal", "fenced")]
    root = tmp_path_factory.mktemp("exports")
    return {
        kind: write(root / f"{kind.name}-{kind.tool_text}", 25, kind, shard_rows=40, **options)
        for kind in kinds
    }


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["verify", *map(str, arguments), "--workers", "1"])


# What is right passes.

DIALECTS = [Dialect(name, text) for name, text in product(SCHEMAS, TOOL_TEXTS)]


def passes(folder: Path, known: Any, dialect: Dialect, **options: Any) -> None:
    write(folder, 30, dialect, **options)
    report = verify(folder, known, workers=1)
    assert (report.problems, report.wrong) == ([], 0)
    assert report.rows == dict.fromkeys([cls.name for cls in TASKS], 36)
    assert not report.unchecked
    calls = manifest(folder)["tool_calls"]
    # The manifest counts rows, of which some have several calls; no output without one, and of none too few.
    assert calls["tool"] <= report.calls <= calls["tool"] + 36 * 5
    assert (report.calls == 0) == (calls["tool"] == 0)
    assert sum(calls.values()) == 72
    assert (calls["no tool"] == 72) == (options["tool"] == "none")


@pytest.mark.parametrize("tool", CONTRACTS)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_exported_passes(
    tmp_path: Path, known: Any, options: Any, dialect: Dialect, style: str, tool: str
):
    passes(tmp_path, known, dialect, style=style, tool=tool, **options)


@pytest.mark.parametrize("language", [None, *languages()])
@pytest.mark.parametrize("style", STYLES)
def test_every_language_passes(tmp_path: Path, known: Any, style: str, language: str | None):
    number = list(STYLES).index(style) + len(language or "")
    dialect, tool = DIALECTS[number % len(DIALECTS)], CONTRACTS[number % 2]
    passes(tmp_path, known, dialect, style=style, tool=tool, language=language, min_zipf=4.0)


def test_answers_in_english_and_many_shards_pass(tmp_path: Path, known: Any):
    write(tmp_path, 90, Dialect(), shard_rows=100, language="all", answer_language="en", seed=5, min_zipf=4.0)
    report = verify(tmp_path, known, workers=2)
    assert (report.problems, report.wrong) == ([], 0)
    assert set(report.words) == {"train", "test"}


# What is wrong is found. A mutation returns the row as it should not be, or None where it has no meaning.


def set_turn(row: Row, change: Callable[[str], str]) -> Row | None:
    """Change the assistant's turn everywhere it stands."""
    changed = False
    for column in ("messages", "completion"):
        for message in row.get(column) or []:
            if message["role"] == "assistant":
                after = change(message["content"])
                changed |= after != message["content"]
                message["content"] = after
    for part in row["parts"]:
        if part["type"] == "text":
            part["text"] = change(part["text"])
    return row if changed else None


def set_question(row: Row, change: Callable[[str], str]) -> Row:
    for column in ("messages", "prompt"):
        for message in row.get(column) or []:
            if message["role"] == "user":
                message["content"] = change(message["content"])
    return row


def lines(row: Row) -> list[str]:
    return str(row["messages"][-1]["content"]).splitlines()


def swap_line(row: Row, old: str, new: str) -> Row | None:
    def change(text: str) -> str:
        return "\n".join(new if line == old else line for line in text.split("\n"))

    return set_turn(row, change)


def spelled_lines(row: Row) -> list[str]:
    return [line for line in lines(row) if ": " in line and ", " in line and line.count(",") >= 3]


def steps(row: Row) -> list[str]:
    return [line for line in lines(row) if line[0:1].isdigit() and '"' not in line]


def wrong_letter(row: Row, rng: random.Random) -> Row | None:
    word, _, letters = rng.choice(spelled_lines(row)).partition(": ")
    listed = letters.split(", ")
    place = rng.randrange(len(listed))
    changed = [*listed]
    changed[place] = "q"
    return swap_line(row, f"{word}: {letters}", f"{word}: {', '.join(changed)}")


def dropped_letter(row: Row, rng: random.Random) -> Row | None:
    word, _, letters = rng.choice(spelled_lines(row)).partition(": ")
    listed = letters.split(", ")
    del listed[rng.randrange(len(listed))]
    return swap_line(row, f"{word}: {letters}", f"{word}: {', '.join(listed)}")


def skipped_step(row: Row, rng: random.Random) -> Row | None:
    found = steps(row)
    return set_turn(row, lambda text: text.replace(rng.choice(found) + "\n", "", 1)) if found else None


def wrong_step(row: Row, rng: random.Random) -> Row | None:
    found = steps(row)
    if not found:
        return None
    old = rng.choice(found)
    return swap_line(row, old, old[:-1] + "q")


def missed_hit(row: Row, rng: random.Random) -> Row | None:
    found = [step for step in steps(row) if "hit!" in step]
    if not found:
        return None
    old = rng.choice(found)
    return swap_line(row, old, old.partition(" hit!")[0])


def invented_hit(row: Row, rng: random.Random) -> Row | None:
    found = [step for step in steps(row) if "hit!" not in step]
    if not found:
        return None
    old = rng.choice(found)
    return swap_line(row, old, f"{old} hit! count=1")


def wrong_running_count(row: Row, rng: random.Random) -> Row | None:
    return set_turn(row, lambda text: text.replace("count=1", "count=2", 1))


def wrong_final(row: Row, rng: random.Random) -> Row | None:
    return set_turn(row, lambda text: text.replace("#### ", "#### 1"))


def second_final(row: Row, rng: random.Random) -> Row | None:
    return set_turn(row, lambda text: text + "\n#### 17" if "#### " in text else text)


def no_final(row: Row, rng: random.Random) -> Row | None:
    return set_turn(row, lambda text: text.partition("####")[0])


def wrong_answer(row: Row, rng: random.Random) -> Row | None:
    row["answer"] = "17"
    return row


def no_answer(row: Row, rng: random.Random) -> Row | None:
    row["answer"] = ""
    return row


def wrong_output(row: Row, rng: random.Random) -> Row | None:
    for part in row["parts"]:
        if part["type"] == "python_output":
            part["text"] = rng.choice(["17", "", part["text"] + " ", "0" + part["text"]])
            return row
    return None


def trained_output(row: Row, rng: random.Random) -> Row | None:
    for part in row["parts"]:
        if part["type"] == "python_output":
            part["train"] = True
            return row
    return None


def lost_output(row: Row, rng: random.Random) -> Row | None:
    before = len(row["parts"])
    row["parts"] = [part for part in row["parts"] if part["type"] != "python_output"]
    return row if len(row["parts"]) < before else None


def lost_call(row: Row, rng: random.Random) -> Row | None:
    before = len(row["parts"])
    row["parts"] = [part for part in row["parts"] if part["type"] != "python"]
    return row if len(row["parts"]) < before else None


def other_call(row: Row, rng: random.Random) -> Row | None:
    for part in row["parts"]:
        if part["type"] == "python":
            part["text"] = rng.choice(["1+1", part["text"].replace('"', "'"), part["text"] + " "])
            return row
    return None


def other_part_type(row: Row, rng: random.Random) -> Row | None:
    rng.choice(row["parts"])["type"] = rng.choice(["code", "", "Text"])
    return row


CONTROL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<||>",
    "<|a b|>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<bos>",
    "<eos>",
)


def control_in_question(row: Row, rng: random.Random) -> Row | None:
    token = rng.choice(CONTROL)
    return set_question(row, lambda text: f"{text[:3]}{token}{text[3:]}")


def control_in_turn(row: Row, rng: random.Random) -> Row | None:
    token = rng.choice(CONTROL)
    return set_turn(row, lambda text: text + token)


def other_prompt(row: Row, rng: random.Random) -> Row | None:
    if "prompt" not in row:
        return None
    row["prompt"][0]["content"] += " "
    return row


def other_completion(row: Row, rng: random.Random) -> Row | None:
    if "completion" not in row:
        return None
    row["completion"][0]["content"] += " "
    return row


def no_completion(row: Row, rng: random.Random) -> Row | None:
    if "completion" not in row:
        return None
    row["prompt"], row["completion"] = row["messages"], []
    return row


def other_parts(row: Row, rng: random.Random) -> Row | None:
    texts = [part for part in row["parts"] if part["type"] == "text"]
    texts[0]["text"] += rng.choice([" ", "x"])
    return row


def other_content(row: Row, rng: random.Random) -> Row | None:
    for column in ("messages", "completion"):
        if column in row:
            row[column][-1]["content"] = "Well. " + row[column][-1]["content"]
    return row


def empty_question(row: Row, rng: random.Random) -> Row | None:
    return set_question(row, lambda text: "")


def empty_turn(row: Row, rng: random.Random) -> Row | None:
    return set_turn(row, lambda text: "")


def question_without_its_word(row: Row, rng: random.Random) -> Row | None:
    return set_question(row, lambda text: "What is it?")


def nothing_trained(row: Row, rng: random.Random) -> Row | None:
    for part in row["parts"]:
        part["train"] = False
    return row


def no_parts(row: Row, rng: random.Random) -> Row | None:
    row["parts"] = []
    return row


def part_of_no_message(row: Row, rng: random.Random) -> Row | None:
    rng.choice(row["parts"])["message"] = rng.choice([0, 2, -1])
    return row


def swapped_roles(row: Row, rng: random.Random) -> Row | None:
    for column in ("messages", "prompt", "completion"):
        for message in row.get(column) or []:
            message["role"] = {"user": "assistant", "assistant": "user"}[message["role"]]
    return row


def other_role(row: Row, rng: random.Random) -> Row | None:
    row["messages"][0]["role"] = rng.choice(["human", "tool", "system", ""])
    return row


def no_messages(row: Row, rng: random.Random) -> Row | None:
    row["messages"] = []
    return row


def null_content(row: Row, rng: random.Random) -> Row | None:
    row["messages"][rng.randrange(2)]["content"] = None
    return row


def null_role(row: Row, rng: random.Random) -> Row | None:
    row["messages"][rng.randrange(2)]["role"] = None
    return row


def null_in_part(row: Row, rng: random.Random) -> Row | None:
    rng.choice(row["parts"])[rng.choice(["message", "type", "text", "train"])] = None
    return row


def other_word(row: Row, rng: random.Random) -> Row | None:
    if not row.get("word"):
        return None
    row["word"] += "q"
    return row


def other_letter(row: Row, rng: random.Random) -> Row | None:
    if not row.get("letter"):
        return None
    row["letter"] = "q"
    return row


def other_style(row: Row, rng: random.Random) -> Row | None:
    if "style" not in row:
        return None
    row["style"] = rng.choice(["classic", "", "no style"])
    return row


def other_split(row: Row, rng: random.Random) -> Row | None:
    if "split" not in row:
        return None
    row["split"] = {"train": "test", "test": "train"}[row["split"]]
    return row


def other_task(row: Row, rng: random.Random) -> Row | None:
    row["task"] = {"spellingbee": "simplespelling"}.get(row["task"], "spellingbee")
    return row


def other_id(row: Row, rng: random.Random) -> Row | None:
    row["id"] = rng.choice(["", "x", row["id"].replace("t", "T"), row["id"].partition("/")[2]])
    return row


def broken_facts(row: Row, rng: random.Random) -> Row | None:
    if "facts" not in row:
        return None
    row["facts"] = rng.choice(["", "{", "3", "null", "[]", '"text"', '{"words": 3}', '{"words": [3]}'])
    return row


def other_facts(row: Row, rng: random.Random) -> Row | None:
    facts = json.loads(row.get("facts") or "{}")
    if "count" not in facts:
        return None
    row["facts"] = json.dumps({**facts, **rng.choice([{"count": 17}, {"form": "other"}, {"count": "one"}])})
    return row


MUTATIONS = (
    wrong_letter, dropped_letter, skipped_step, wrong_step, missed_hit, invented_hit, wrong_running_count,
    wrong_final, second_final, no_final, wrong_answer, no_answer, wrong_output, trained_output, lost_output,
    lost_call, other_call, other_part_type, control_in_question, control_in_turn, other_prompt,
    other_completion, no_completion, other_parts, other_content, empty_question, empty_turn,
    question_without_its_word, nothing_trained, no_parts, part_of_no_message, swapped_roles, other_role,
    other_word, other_letter, other_style, other_split, other_task, other_id, other_facts,
)  # fmt: skip
SENSELESS = (no_messages, null_content, null_role, null_in_part, broken_facts)


def rewritten(
    source: Path, target: Path, number: int, change: Callable[[list[Row]], list[Row] | None]
) -> str | None:
    """Copy an export with a shard changed, and the manifest's hash of it; return the shard's name."""
    path = shards(source)[number]
    name = f"{path.parent.name}/{path.name}"
    schema = pq.read_schema(path)
    rows = change(pq.read_table(path).to_pylist())
    if rows is None:
        return None
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), target / name)
    recorded(target, name)
    return name


def recorded(folder: Path, name: str) -> None:
    """Bring the manifest up to date with a shard."""
    found, data = manifest(folder), (folder / name).read_bytes()
    for record in found["shards"]:
        if record["file"] == name:
            record.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    (folder / "manifest.json").write_text(json.dumps(found), encoding="utf-8")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("changed") / "export"


def finds(
    folders: dict[Dialect, Path],
    target: Path,
    known: Any,
    mutation: Any,
    kind: Dialect,
    shard: int,
    seed: int,
) -> None:
    """Change one row, and see that it is found, by file and row, and that no other row is."""
    source, rng = folders[kind], random.Random(seed)
    shard %= len(shards(source))
    place = -1

    def change(rows: list[Row]) -> list[Row] | None:
        nonlocal place
        order = rng.sample(range(len(rows)), len(rows))
        for place in order:
            if (changed := mutation(json.loads(json.dumps(rows[place])), rng)) is not None:
                rows[place] = changed
                return rows
        return None

    name = rewritten(source, target, shard, change)
    if name is None:
        return
    report = verify(target, known, workers=1)
    assert report.wrong >= 1
    where = f"{name} row {place:,}"
    assert any(line.startswith((f"{where} ", f"{where}:")) for line in report.problems), report.problems
    others = [line for line in report.problems if " row " in line and not line.startswith(where)]
    assert not others


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_wrong_row_is_found(folders, target: Path, known: Any, mutation: Any):
    for seed, kind in enumerate(folders):
        finds(folders, target, known, mutation, kind, seed, seed)


@pytest.mark.parametrize("mutation", SENSELESS, ids=lambda mutation: mutation.__name__)
def test_a_senseless_row_is_found(folders, target: Path, known: Any, mutation: Any):
    for seed, kind in product(range(6), folders):
        finds(folders, target, known, mutation, kind, seed, seed)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(MUTATIONS),
    st.sampled_from([Dialect("universal"), Dialect("messages"), Dialect("universal", "fenced")]),
    st.integers(0, 9),
    st.integers(0, 2**32),
)
def test_any_wrong_row_is_found(folders, target, known, mutation, kind, shard: int, seed: int):
    finds(folders, target, known, mutation, kind, shard, seed)


@pytest.mark.parametrize("token", CONTROL)
def test_every_control_token_is_found(folders, target: Path, known: Any, token: str):
    def change(rows: list[Row]) -> list[Row]:
        rows[2] = set_question(rows[2], lambda text: f"{text} {token}")
        return rows

    name = rewritten(folders[Dialect()], target, 1, change)
    report = verify(target, known, workers=1)
    assert report.wrong == 1
    assert report.problems[0].startswith(f"{name} row 2 ")
    assert token in report.problems[0]


# Rows and files.


def changed_by(folders: Any, target: Path, change: Callable[[list[Row]], list[Row]], shard: int = 1) -> str:
    name = rewritten(folders[Dialect()], target, shard, change)
    assert name is not None
    return name


def test_an_id_that_stands_twice_is_found(folders, target: Path, known: Any):
    def change(rows: list[Row]) -> list[Row]:
        same = [row for row in rows if row["task"] == rows[0]["task"]]
        same[1]["id"] = same[0]["id"]
        return rows

    name = changed_by(folders, target, change)
    report = verify(target, known, workers=1)
    assert report.wrong >= 1
    assert any("more than once" in line or "twice" in line for line in report.problems)
    assert any(name in line and " row " in line for line in report.problems), report.problems


@pytest.mark.parametrize("count", [-1, 1])
def test_a_row_dropped_or_added_is_found(folders, target: Path, known: Any, count: int):
    def change(rows: list[Row]) -> list[Row]:
        return rows[1:] if count < 0 else [*rows, rows[0]]

    name = changed_by(folders, target, change)
    report = verify(target, known, workers=1)
    record = next(record for record in manifest(target)["shards"] if record["file"] == name)
    assert f"{name} has {record['rows'] + count} rows, the manifest says {record['rows']}" in report.problems


def test_a_test_row_among_the_train_rows_is_found(folders, target: Path, known: Any):
    moved = pq.read_table(shards(folders[Dialect()])[0]).to_pylist()[0]
    assert moved["split"] == "test"
    name = changed_by(folders, target, lambda rows: [moved, *rows[1:]], 2)
    report = verify(target, known, workers=1)
    assert any(line.startswith(f"{name} row 0 ({moved['id']}): its id or split") for line in report.problems)
    # Even under a train row's name.
    renamed = {**moved, "split": "train", "id": moved["id"].replace("/test/", "/train/") + "9"}
    changed_by(folders, target, lambda rows: [renamed, *rows[1:]], 2)
    report = verify(target, known, workers=1)
    assert any("in train and in test" in line for line in report.problems), report.problems


def table_changes() -> dict[str, Callable[[pa.Table], pa.Table]]:
    return {
        "a column less": lambda table: table.drop_columns(["answer"]),
        "a column more": lambda table: table.append_column("text", table["answer"]),
        "another name": lambda table: table.rename_columns(
            ["key" if name == "id" else name for name in table.column_names]
        ),
        "another order": lambda table: table.select(table.column_names[::-1]),
        "another type": lambda table: table.set_column(
            table.schema.get_field_index("answer"), "answer", table["answer"].cast(pa.large_string())
        ),
        "nullable": lambda table: table.cast(
            pa.schema([field.with_nullable(True) for field in table.schema])
        ),
    }


@pytest.mark.parametrize("what", table_changes())
@pytest.mark.parametrize("kind", [Dialect("universal"), Dialect("messages")])
def test_other_columns_are_found(folders, target: Path, known: Any, what: str, kind: Dialect):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folders[kind], target)
    path = shards(target)[1]
    pq.write_table(table_changes()[what](pq.read_table(path)), path)
    name = f"{path.parent.name}/{path.name}"
    recorded(target, name)
    report = verify(target, known, workers=1)
    assert f"{name} has other columns than the dialect {kind.name!r}" in report.problems


@pytest.fixture
def copied(folders, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders[Dialect()], tmp_path / "export"))


def found(done: Result, *phrases: str) -> None:
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit)
    for phrase in phrases:
        assert phrase in done.stderr


def test_a_missing_file_is_found(copied: Path):
    path = shards(copied)[1]
    path.unlink()
    found(cli(copied), f"train/{path.name} is missing")


def test_a_replaced_file_is_found(copied: Path):
    first, second = shards(copied)[1:3]
    shutil.copy(second, first)
    found(cli(copied), f"train/{first.name} is not the file that the manifest describes", "more than once")


@pytest.mark.parametrize("data", [b"", b"no Parquet", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_file_that_is_no_parquet_is_found(copied: Path, data: bytes):
    path = shards(copied)[1]
    path.write_bytes(data)
    found(cli(copied), f"train/{path.name} can't be read")


def test_a_truncated_file_is_found(copied: Path):
    path = shards(copied)[1]
    path.write_bytes(path.read_bytes()[:-100])
    found(cli(copied), f"train/{path.name} can't be read")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 7))
def test_a_flipped_bit_is_found(folders, target: Path, place: int, bit: int):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folders[Dialect()], target)
    path = shards(target)[2]
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(data)
    done = cli(target)
    found(done, f"train/{path.name}")
    assert "sha256" in done.stderr or "can't be read" in done.stderr


def test_a_changed_hash_in_the_manifest_is_found(copied: Path):
    asked = manifest(copied)
    asked["shards"][0]["sha256"] = "0" * 64
    (copied / "manifest.json").write_text(json.dumps(asked))
    found(
        cli(copied),
        f"{asked['shards'][0]['file']} is not the file that the manifest describes (sha256 differs)",
    )


def test_a_shard_that_the_manifest_does_not_name_is_found(copied: Path):
    shutil.copy(shards(copied)[1], copied / "train/train-00007-of-00008.parquet")
    found(cli(copied), "train/train-00007-of-00008.parquet")


def test_a_shard_less_in_the_manifest_is_found(copied: Path):
    asked = manifest(copied)
    del asked["shards"][0]
    (copied / "manifest.json").write_text(json.dumps(asked))
    found(cli(copied), "the manifest says")


# What is no export at all.


def test_a_folder_that_is_no_export_gets_a_sentence(tmp_path: Path, copied: Path, known: Any):
    def says(folder: Path, sentence: str) -> None:
        with pytest.raises(FolderError) as caught:
            verify(folder, known)
        assert str(caught.value) == sentence
        done = cli(folder)
        assert isinstance(done.exception, SystemExit)
        assert (done.exit_code, done.stderr) == (2, f"Error: {sentence}\n")

    says(tmp_path / "none", f"there is no folder {tmp_path / 'none'}")
    file = tmp_path / "file"
    file.touch()
    says(file, f"there is no folder {file}")
    other = tmp_path / "other"
    other.mkdir()
    says(other, f"{other} has no manifest.json, so it is not an export of Hornbook's")
    (other / ".hornbook").mkdir()
    says(other, f"{other} is not finished; run its export again")
    path = copied / "manifest.json"
    for text in ("[]", "{}", '{"asked": {}, "shards": []}', '{"asked": 3, "shards": [3]}'):
        path.write_text(text)
        says(copied, f"{path} is not a manifest of Hornbook's")
    for data in (b"", b"{", b"\xff", path.read_bytes()[:-1]):
        path.write_bytes(data)
        done = cli(copied)
        assert done.exit_code == 2
        assert done.stderr.startswith(f"Error: {path} can't be read: ")


def test_a_report_says_what_was_checked(folders):
    done = cli(folders[Dialect()])
    assert done.exit_code == 0, done.output
    assert "90 rows read back" in done.stdout
    for cls in TASKS:
        assert f"{cls.name}: 30 conversations derived again from their facts\n" in done.stdout
    assert "parts to train on" in done.stdout
    assert "all as it should be" in done.stdout


def test_a_task_without_a_check_is_said_to_be_checked_in_general(folders):
    report = verify(folders[Dialect()], {}, workers=1)
    assert report.wrong == 0
    assert dict(report.unchecked) == dict(report.rows)


def test_many_problems_are_counted_and_the_first_are_shown(folders, target: Path):
    changed_by(folders, target, lambda rows: [wrong_answer(row, random.Random()) or row for row in rows])
    done = cli(target)
    found(done, "problems, the first above")
    assert len(done.stderr.splitlines()) <= 52


def test_reports_merge():
    a, b = Report(), Report()
    a.rows["x"], b.rows["x"] = 1, 2
    a.words["train"], b.words["train"], b.words["test"] = {"fig"}, {"pear"}, {"plum"}
    b.add("wrong")
    a.merge(b)
    assert (a.rows["x"], a.wrong, a.problems) == (3, 1, ["wrong"])
    assert a.words == {"train": {"fig", "pear"}, "test": {"plum"}}


def test_schemas_of_shards_are_those_of_their_dialects(folders):
    for kind, folder in folders.items():
        assert all(pq.read_schema(path).equals(SCHEMAS[kind.name]) for path in shards(folder))
