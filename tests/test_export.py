import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from generators.dialects import Dialect, asked_dialect
from generators.export import export
from generators.verify import verify
from tasks.lettercounting import LetterCounting
from tasks.registry import checks
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import (
    Process,
    contents,
    end_group,
    group,
    hornbook,
    lexicon,
    manifest,
    says,
    shards,
    sound,
    stamps,
    started,
    waits,
)

ASKED = ("spellingbee:8000", "simplespelling:6000", "lettercounting:2000", "--shard-rows", "2000")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lexicon(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def asked(words: Path) -> tuple[Any, ...]:
    return ("export", *ASKED, "--language", "en", "--lexicon", words)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, asked: tuple[Any, ...]) -> tuple[Path, float]:
    folder = tmp_path_factory.mktemp("undisturbed") / "export"
    start = time.monotonic()
    done = hornbook(*asked, "--out", folder, "--workers", 2)
    assert done.returncode == 0, done.stderr
    return folder, time.monotonic() - start


def tasks(words: Path, split: str, rows: int, **options: Any) -> list[Any]:
    classes = (SpellingBee, SimpleSpelling, LetterCounting)
    return [cls(rows, split, language="en", lexicon=words, **options) for cls in classes]


def write(folder: Path, words: Path, rows: int = 100, seed: int = 0, **options: Any) -> Any:
    splits = {"train": tasks(words, "train", rows, seed=seed), "test": tasks(words, "test", 20, seed=seed)}
    return export(splits, folder, seed=seed, **{"workers": 1, "shard_rows": 100, **options})


# The same bytes, however they are made.


@pytest.mark.parametrize(("workers", "hash_seed"), [(1, "1"), (3, "2")])
def test_workers_and_hash_seed_change_no_byte(
    undisturbed, asked, tmp_path: Path, workers: int, hash_seed: str
):
    done = hornbook(*asked, "--out", tmp_path / "again", "--workers", workers, PYTHONHASHSEED=hash_seed)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "again") == contents(undisturbed[0])


def test_an_export_is_a_card_a_manifest_and_a_folder_a_split(undisturbed):
    assert sorted(contents(undisturbed[0])) == [
        "README.md",
        "manifest.json",
        "test/test-00000-of-00001.parquet",
        *(f"train/train-{i:05}-of-00008.parquet" for i in range(8)),
    ]
    assert sorted(path.name for path in undisturbed[0].iterdir()) == [
        "README.md",
        "manifest.json",
        "test",
        "train",
    ]
    newest = max(undisturbed[0].rglob("*.*"), key=lambda path: path.stat().st_mtime_ns)
    assert newest.name == "manifest.json"


def test_no_escape_codes_and_no_bar_in_a_pipe(asked, undisturbed):
    done = hornbook(*asked, "--out", undisturbed[0])
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "nothing was missing, 9 kept as they were" in done.stdout


def test_another_seed_gives_other_rows_of_the_same_split(words: Path, tmp_path: Path):
    for seed in (0, 1):
        write(tmp_path / str(seed), words, seed=seed)
    found: list[dict[str, list[dict[str, Any]]]] = []
    for seed in (0, 1):
        rows = pq.read_table(shards(tmp_path / str(seed))[0].parent.parent / "train").to_pylist()
        found.append({"train": rows, "test": pq.read_table(tmp_path / str(seed) / "test").to_pylist()})

    def words_of(rows: list[dict[str, Any]]) -> set[str]:
        return {
            word
            for row in rows
            for word in row["word"].split() or __import__("json").loads(row["facts"])["words"]
        }

    for a, b in ((0, 1), (1, 0), (0, 0), (1, 1)):
        assert not words_of(found[a]["train"]) & words_of(found[b]["test"])
    for split in ("train", "test"):
        messages = [{str(row["messages"]) for row in by[split]} for by in found]
        assert len(messages[0] & messages[1]) < 0.1 * len(messages[0])
        assert not {row["id"] for row in found[0][split]} & {row["id"] for row in found[1][split]}


def test_rows_do_not_depend_on_the_size_of_shards(words: Path, tmp_path: Path):
    tables = []
    for rows in (30, 100, 1000):
        write(tmp_path / str(rows), words, shard_rows=rows)
        tables.append(pq.read_table(tmp_path / str(rows) / "train"))
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


# Again, and finishing.


def test_again_rewrites_nothing(undisturbed, asked):
    folder, _ = undisturbed
    before = stamps(folder)
    assert hornbook(*asked, "--out", folder, "--workers", 1).returncode == 0
    assert stamps(folder) == before


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [Path.unlink, truncated, flipped])
@pytest.mark.parametrize(("number", "dialect"), [(0, "universal"), (2, "universal"), (2, "tokens")])
def test_a_harmed_shard_alone_is_made_again(
    words: Path, tmp_path: Path, harm: Any, number: int, dialect: str
):
    how = {"dialect": asked_dialect(dialect)}
    write(tmp_path, words, **how)
    before, bytes_before = stamps(tmp_path), contents(tmp_path)
    path = shards(tmp_path)[number]
    harm(path)
    report = verify(tmp_path, checks([]), workers=1)
    named = {problem.partition(" ")[0] for problem in report.problems if ".parquet" in problem}
    assert named == {f"{path.parent.name}/{path.name}"}, report.problems
    done = write(tmp_path, words, **how)
    assert done.made == (f"{path.parent.name}/{path.name}",)
    assert done.damaged == (() if harm is Path.unlink else done.made)
    assert len(done.kept) == 3
    assert contents(tmp_path) == bytes_before
    after = stamps(tmp_path)
    assert {name for name in before if after[name] != before[name]} == {str(path)}


def test_a_card_that_a_person_wrote_stays_and_a_lost_one_comes_back(words: Path, tmp_path: Path):
    write(tmp_path, words)
    card = (tmp_path / "README.md").read_bytes()
    (tmp_path / "README.md").write_text("mine")
    write(tmp_path, words)
    assert (tmp_path / "README.md").read_text() == "mine"
    (tmp_path / "README.md").unlink()
    write(tmp_path, words)
    assert (tmp_path / "README.md").read_bytes() == card


def test_progress_counts_to_the_end(words: Path, tmp_path: Path):
    told: list[tuple[int, int]] = []
    write(tmp_path, words, progress=lambda done, rows: told.append((done, rows)))
    assert told[0] == (0, 360)
    assert told[-1] == (360, 360)
    assert told == sorted(told)
    shards(tmp_path)[0].unlink()
    told.clear()
    write(tmp_path, words, progress=lambda done, rows: told.append((done, rows)))
    assert (told[0], told[-1]) == ((300, 360), (360, 360))


# Killed.


def rerun_gives_the_same(asked: tuple[Any, ...], folder: Path, undisturbed: Path) -> None:
    done = hornbook(*asked, "--out", folder, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert contents(folder) == contents(undisturbed)


def workers_of(leader: int) -> list[Process]:
    return [process for process in group(leader) if "spawn_main" in process.command]


KILLED = "Error: a worker process was killed; run the same command again to finish\n"
SMALL = ("simplespelling:1500", "spellingbee:500", "--shard-rows", 100, "--workers", 2)


@pytest.mark.parametrize(("seed", "dialect"), [(0, "universal"), (1, "universal"), (2, "tokens")])
def test_killed_at_any_moment_it_holds_no_half_shard(words: Path, tmp_path: Path, seed: int, dialect: str):
    """Seven times the parent, a worker or all are killed: 21 moments in three tests."""
    asked = ("export", *SMALL, "--language", "en", "--lexicon", words, "--dialect", dialect)
    start = time.monotonic()
    assert hornbook(*asked, "--out", tmp_path / "whole").returncode == 0
    seconds, whole = time.monotonic() - start, contents(tmp_path / "whole")
    folder, draw = tmp_path / "export", random.Random(seed)
    for victim in draw.sample(["parent", "worker", "all"], 3) * 2 + ["worker"]:
        if (folder / "manifest.json").exists():
            # Killed after the manifest: what was only needed on the way may still be there.
            found = contents(folder).items()
            assert {name: data for name, data in found if not name.startswith(".hornbook/")} == whole
            shutil.rmtree(folder)
        moment = draw.uniform(0.1, 1.0) * seconds
        with started(*asked, "--out", folder) as process:
            time.sleep(moment)
            if victim == "all":
                end_group(process.pid)
            elif victim == "worker" and (workers := workers_of(process.pid)):
                os.kill(draw.choice(workers).pid, signal.SIGKILL)
                assert process.communicate(timeout=20)[1] in (KILLED, "")
                assert process.returncode == (not (folder / "manifest.json").exists())
            else:
                process.kill()
            assert waits(lambda process=process: not group(process.pid), 10), (victim, moment)
        before = stamps(folder / "train") if (folder / "train").exists() else {}
        sound(folder)
    done = hornbook(*asked, "--out", folder)
    assert done.returncode == 0, done.stderr
    assert contents(folder) == whole
    after = stamps(folder / "train")
    assert all(after[name] == stamp for name, stamp in before.items())  # nothing whole is made twice


def test_killed_between_two_shards_it_keeps_what_is_whole(undisturbed, asked, tmp_path: Path):
    folder = tmp_path / "export"
    with started(*asked, "--out", folder, "--workers", 2):
        assert waits(lambda: len(shards(folder)) >= 3)
    assert 3 <= sound(folder) <= 9
    before = stamps(folder / "train")
    rerun_gives_the_same(asked, folder, undisturbed[0])
    after = stamps(folder / "train")
    assert all(after[name] == stamp for name, stamp in before.items())


def test_when_the_parent_is_killed_its_workers_end(asked, tmp_path: Path):
    folder = tmp_path / "export"
    with started(*asked, "--out", folder, "--workers", 2) as process:
        assert waits(lambda: len(workers_of(process.pid)) == 2 and shards(folder))
        os.kill(process.pid, signal.SIGKILL)
        assert waits(lambda: not group(process.pid), 5), group(process.pid)
    sound(folder)


def test_when_a_worker_is_killed_a_sentence_says_so(asked, tmp_path: Path):
    folder = tmp_path / "export"
    with started(*asked, "--out", folder, "--workers", 2) as process:
        assert waits(lambda: len(workers_of(process.pid)) == 2 and shards(folder))
        os.kill(workers_of(process.pid)[0].pid, signal.SIGKILL)
        _, error = process.communicate(timeout=20)
        assert waits(lambda: not group(process.pid), 5), group(process.pid)
    assert error == KILLED
    assert process.returncode == 1
    sound(folder)


STOPPED = "Error: stopped; run the same command again to finish\n"


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_gets_one_sentence(undisturbed, asked, tmp_path: Path, workers: int):
    for attempt in range(5):  # a busy machine may be late, and find it done
        folder = tmp_path / f"export{attempt}"
        with started(*asked, "--out", folder, "--workers", workers) as process:
            assert waits(lambda folder=folder: shards(folder))
            os.killpg(process.pid, signal.SIGINT)
            _, error = process.communicate(timeout=20)
            assert waits(lambda pid=process.pid: not group(pid), 5), group(process.pid)
        if process.returncode:
            break
    assert (process.returncode, error) == (1, STOPPED)
    sound(folder)
    rerun_gives_the_same(asked, folder, undisturbed[0])


def test_ctrl_c_while_workers_start_gets_one_sentence(asked, tmp_path: Path):
    with started(*asked, "--out", tmp_path / "export", "--workers", 2) as process:
        assert waits(lambda: workers_of(process.pid))
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=20)
    assert (process.returncode, error) == (1, STOPPED)


def test_a_second_export_into_the_folder_is_refused(words: Path, tmp_path: Path):
    folder = tmp_path / "export"
    options = ("--language", "en", "--lexicon", words, "--out", folder)
    with started("export", "spellingbee:500000", *options, "--workers", 1) as process:
        assert waits(lambda: (folder / "train").exists())
        for arguments in (["spellingbee:500000"], ["spellingbee:5", "--overwrite"]):
            done = hornbook("export", *arguments, *options)
            says(done, 2, f"{folder} is being written by process {process.pid}\n")
        assert process.poll() is None


# What is asked for.


def test_a_task_twice_is_refused(words: Path, tmp_path: Path):
    task = SpellingBee(100, language="en", lexicon=words)
    for pair in ([task, task], [task[:50], task[49:]], [task[::2], task[::4]]):
        with pytest.raises(ValueError, match="spellingbee is asked for twice; ask for it once"):
            export({"train": pair}, tmp_path / "export")
    assert not (tmp_path / "export").exists()
    other = SpellingBee(100, language="en", lexicon=words, seed=1)
    done = export({"train": [task[:50], task[50:], other]}, tmp_path / "export", workers=1)
    assert done.manifest["splits"]["train"]["rows"] == 200
    ids = pq.read_table(tmp_path / "export/train")["id"].to_pylist()
    assert len(set(ids)) == 200
    # Another view is another export.
    assert manifest(tmp_path / "export")["asked"]["tasks"][1]["view"] == {"train": [50, 1]}


def test_one_split_alone(words: Path, tmp_path: Path):
    for split in ("train", "test"):
        folder = tmp_path / split
        export({split: tasks(words, split, 20)}, folder, workers=1)
        assert {path.name for path in folder.iterdir()} == {"README.md", "manifest.json", split}
        before = stamps(folder)
        export({split: tasks(words, split, 20)}, folder, workers=1)
        assert stamps(folder) == before


def test_the_dialect_messages_is_small(words: Path, tmp_path: Path):
    for name in ("universal", "messages"):
        write(tmp_path / name, words, dialect=Dialect(name))
    sizes = [sum(map(len, contents(tmp_path / name).values())) for name in ("messages", "universal")]
    assert sizes[0] < 0.7 * sizes[1]
    columns = ["id", "task", "messages", "parts", "answer"]
    tables = [pq.read_table(tmp_path / name / "train").select(columns) for name in ("messages", "universal")]
    assert tables[0].equals(tables[1])
