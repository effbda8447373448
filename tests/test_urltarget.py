import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generators import urltarget
from generators.export import export
from generators.folder import Folder, FolderError
from generators.targets import target_of
from generators.urltarget import UrlTarget
from generators.verify import verify
from tasks.registry import checks
from tasks.spellingbee import SimpleSpelling
from tests.exports import (
    COMMAND,
    contents,
    end_group,
    environment,
    group,
    hornbook,
    lexicon,
    says,
    shards,
    waits,
)
from tests.stores import Store, harm, path_for

fsspec = pytest.importorskip("fsspec", reason="the extra hub is not installed")
pytest.importorskip("tenacity", reason="the extra hub is not installed")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lexicon(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def whole(words: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The export of `write`, in a folder of this machine."""
    folder = tmp_path_factory.mktemp("whole") / "export"
    write(folder, words)
    return contents(folder)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let failed calls be made again at once."""
    monkeypatch.setattr(urltarget, "PAUSE", 0.0)
    yield
    Store.every = 10


def write(out: Any, words: Path, rows: int = 900, seed: int = 0, **options: Any) -> Any:
    splits = {
        split: [SimpleSpelling(size, split, language="en", lexicon=words, seed=seed)]
        for split, size in (("train", rows), ("test", 50))
    }
    return export(splits, out, **{"workers": 1, "shard_rows": 100, **options})


def store(folder: Path) -> UrlTarget:
    return UrlTarget(Store(skip_instance_cache=True), str(folder), f"store://{folder}")


def in_memory(root: str) -> dict[str, bytes]:
    fs = fsspec.filesystem("memory")
    return {name.removeprefix(f"/{root}/"): fs.cat_file(name) for name in fs.find(f"/{root}")}


# The same bytes, wherever they go.


def test_memory_gets_the_same_bytes(words: Path, whole: dict[str, bytes], request: pytest.FixtureRequest):
    root = request.node.name
    done = write(f"memory://{root}", words)
    assert len(done.made) == 10
    assert in_memory(root) == whole
    again = write(f"memory://{root}", words)
    assert (again.made, len(again.kept)) == ((), 10)
    report = verify(f"memory://{root}", checks([]), workers=1)
    assert (report.wrong, sum(report.rows.values())) == (0, 950)


def test_what_only_this_process_sees_is_refused_to_others(words: Path):
    with pytest.raises(ValueError, match="is seen by this process alone; take --engine local and"):
        write("memory://shared", words, workers=2)
    assert write("memory://alone", words, workers=None).made


def test_a_file_url_is_a_folder(words: Path, whole: dict[str, bytes], tmp_path: Path):
    write(f"file://{tmp_path}/export", words)
    assert contents(tmp_path / "export") == whole


@pytest.mark.parametrize("every", [2, 3, 10])
def test_calls_that_fail_are_made_again(
    words: Path, whole: dict[str, bytes], tmp_path: Path, quick: None, every: int
):
    Store.every, Store.failed = every, 0
    write(store(tmp_path), words)
    assert Store.failed > 5
    assert contents(tmp_path) == whole
    report = verify(store(tmp_path), checks([]), workers=1)
    assert report.wrong == 0


def test_a_store_that_always_fails_gets_a_sentence(words: Path, tmp_path: Path, quick: None):
    Store.every, Store.calls = 1, 0
    with pytest.raises(OSError, match="can't be read: the store is busy; what is whole is kept, run"):
        write(store(tmp_path), words)
    assert Store.calls == urltarget.TRIES


def test_what_no_other_try_would_change_is_told_at_once(tmp_path: Path, quick: None):
    target, tried = store(tmp_path), []

    def refused() -> None:
        tried.append(1)
        raise PermissionError("you may not")

    with pytest.raises(OSError, match="can't be written: you may not; what is whole is kept"):
        target._call("written", refused)
    assert len(tried) == 1


# Resumed.


class Stopped(Exception):
    """What stops an export in these tests."""


def stopping(after: int) -> Any:
    """Return an engine that ends after some shards, as a kill would."""

    def engine(work: Any, jobs: Any, workers: Any, progress: Any) -> Any:
        for job in jobs[:after]:
            yield job, work.make(job, lambda rows: None)
        raise Stopped

    return engine


@pytest.mark.parametrize("seed", range(4))
def test_resuming_makes_what_is_not_whole(
    words: Path, whole: dict[str, bytes], tmp_path: Path, quick: None, seed: int
):
    """Some shards are made, then some files are harmed: those are made again, and no other."""
    draw = random.Random(seed)
    with pytest.raises(Stopped):
        write(store(tmp_path), words, engine=stopping(draw.randint(4, 9)))
    made = shards(tmp_path)
    assert not (tmp_path / "manifest.json").exists()
    with pytest.raises(FolderError, match="is not finished; run its export again"):
        verify(store(tmp_path), checks([]), workers=1)
    harmed = draw.sample(made, 3)
    harm(harmed[0], draw)  # the shard, its record, what lies beside it
    stems = [f"{path.parent.name}-{path.name.split('-')[1]}" for path in harmed]
    (tmp_path / f".hornbook/{stems[1]}.json").unlink()
    harm(tmp_path / f".hornbook/{stems[2]}.json", random.Random(1))
    done = write(store(tmp_path), words)
    expected = {f"{path.parent.name}/{path.name}" for path in [*made]} - {
        f"{path.parent.name}/{path.name}" for path in harmed
    }
    assert set(done.kept) == expected
    assert contents(tmp_path) == whole


def test_a_whole_store_is_mended(words: Path, whole: dict[str, bytes], tmp_path: Path, quick: None):
    write(store(tmp_path), words)
    harm(shards(tmp_path)[3], random.Random(0))
    done = write(store(tmp_path), words)
    assert len(done.made) == 1
    assert contents(tmp_path) == whole


def test_shards_are_known_by_their_tags_and_not_read_again(words: Path, tmp_path: Path, quick: None):
    """Without tags their bytes are read: a store that has none could not else tell."""
    with pytest.raises(Stopped):
        write(store(tmp_path), words, engine=stopping(5))
    target, read = store(tmp_path), []
    target._sha256 = lambda name: read.append(name) or UrlTarget._sha256(target, name)  # type: ignore[method-assign, func-returns-value]
    known = {
        record["file"]: record
        for record in map(
            json.loads, target.read_all(f".hornbook/train-{n:05}.json" for n in range(5)).values()
        )
    }
    assert all(record["etag"] for record in known.values())
    assert target.intact(known) == set(known)
    assert read == []
    bare = {name: {k: v for k, v in record.items() if k != "etag"} for name, record in known.items()}
    assert target.intact(bare) == set(known)
    assert sorted(read) == sorted(known)


# Two exports at once.


def test_another_export_is_refused_by_its_keys(words: Path, tmp_path: Path, quick: None):
    with pytest.raises(Stopped):
        write(store(tmp_path), words, engine=stopping(2))
    with pytest.raises(FolderError, match=r"holds another export, which differs in tasks\[0\].options.seed"):
        write(store(tmp_path), words, seed=1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/thesis.tex").write_text("mine")
    with pytest.raises(FolderError, match=r"holds something else \(thesis.tex\)"):
        write(store(tmp_path / "other"), words)


def test_of_two_exports_at_once_one_is_told_so(
    words: Path, tmp_path: Path, whole: dict[str, bytes], quick: None
):
    """While one is under way another replaces it: the first notices before it puts a shard."""

    def replaced(work: Any, jobs: Any, workers: Any, progress: Any) -> Any:
        yield jobs[0], work.make(jobs[0], lambda rows: None)
        write(store(tmp_path), words, overwrite=True)
        yield jobs[1], work.make(jobs[1], lambda rows: None)

    with pytest.raises(FolderError, match="was finished by another process meanwhile; it needs nothing more"):
        write(store(tmp_path), words, seed=1, engine=replaced)
    assert contents(tmp_path) == whole

    def taken(work: Any, jobs: Any, workers: Any, progress: Any) -> Any:
        with pytest.raises(Stopped):
            write(store(tmp_path), words, seed=3, overwrite=True, engine=stopping(1))
        yield jobs[0], work.make(jobs[0], lambda rows: None)

    with pytest.raises(FolderError, match="was taken by another export meanwhile"):
        write(store(tmp_path), words, seed=2, overwrite=True, engine=taken)


def test_two_of_the_same_export_make_the_same(
    words: Path, tmp_path: Path, whole: dict[str, bytes], quick: None
):
    def beside(work: Any, jobs: Any, workers: Any, progress: Any) -> Any:
        write(store(tmp_path), words)
        for job in jobs:
            yield job, work.make(job, lambda rows: None)

    with pytest.raises(FolderError, match="it needs nothing more"):
        write(store(tmp_path), words, engine=beside)
    assert contents(tmp_path) == whole
    assert write(store(tmp_path), words).made == ()


def test_of_two_that_begin_at_once_the_later_sees_the_earlier(words: Path, tmp_path: Path, quick: None):
    """Between looking and claiming another has claimed: a store that creates, and does not replace, tells."""
    write(tmp_path / "other", words, seed=1)
    other = json.loads((tmp_path / "other/manifest.json").read_text())["asked"]
    target = store(tmp_path / "export")
    folder = Folder(target)
    (tmp_path / "export/.hornbook").mkdir(parents=True)
    (tmp_path / "export/.hornbook/asked.json").write_text(json.dumps(other))
    with pytest.raises(FolderError, match="holds another export, which differs in"):
        folder._write_asked(b"{}", {"seed": 0}, new=True)


@pytest.mark.parametrize("name", ["manifest.json", ".hornbook/asked.json"])
def test_what_was_left_while_it_was_written_is_written_again(
    words: Path, tmp_path: Path, whole: dict[str, bytes], quick: None, name: str
):
    """Object stores put a file whole; others piece by piece."""
    (tmp_path / ".hornbook").mkdir()
    if name == "manifest.json":
        with pytest.raises(Stopped):
            write(store(tmp_path), words, engine=stopping(5))
    (tmp_path / name).write_text('{"asked": {"see')
    write(store(tmp_path), words)
    assert contents(tmp_path) == whole


def test_a_folder_that_is_not_seen_is_told_of(tmp_path: Path):
    """As on a machine of a cluster that does not share the folder."""
    folder = Folder(tmp_path / "elsewhere")
    folder._claim = "0"
    with pytest.raises(FolderError, match=r"can't be seen from .*; with machines that share no folder"):
        folder.refuse_lost()


# As a command.


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return path_for(tmp_path_factory.mktemp("store"))


@pytest.mark.parametrize("seed", [0])
def test_killed_at_any_moment_it_holds_nothing_half(words: Path, tmp_path: Path, path: str, seed: int):
    asked = ("export", "simplespelling:2000", "--shard-rows", 100, "--language", "en", "--lexicon", words)
    start = time.monotonic()
    done = hornbook(*asked, "--workers", 2, "--out", f"store://{tmp_path}/whole", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    seconds = time.monotonic() - start
    assert hornbook(*asked, "--workers", 1, "--out", tmp_path / "local").returncode == 0
    assert contents(tmp_path / "whole") == contents(tmp_path / "local")
    out, draw = tmp_path / "export", random.Random(seed)
    for _ in range(3):
        command = [*COMMAND, *asked, "--workers", "2", "--out", f"store://{out}"]
        with subprocess.Popen(
            list(map(str, command)),
            env=environment(PYTHONPATH=path),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            time.sleep(draw.uniform(0.3, 1.0) * seconds)
            if draw.random() < 0.5:
                process.kill()
            end_group(process.pid)
            assert waits(lambda process=process: not group(process.pid), 10)
        found = hornbook("verify", f"store://{out}", PYTHONPATH=path)  # whole, or no export: never half
        assert "all as it should be" in found.stdout or found.returncode == 2, found.stderr
    done = hornbook(*asked, "--workers", 2, "--out", f"store://{out}", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert contents(out) == contents(tmp_path / "local")
    done = hornbook("verify", f"store://{out}", PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "all as it should be" in done.stdout


def test_ctrl_c_gets_one_sentence(words: Path, tmp_path: Path, path: str):
    asked = ("export", "simplespelling:90000", "--shard-rows", "500", "--language", "en", "--lexicon", words)
    with subprocess.Popen(
        [*COMMAND, *map(str, asked), "--workers", "2", "--out", f"store://{tmp_path}/export"],
        env=environment(PYTHONPATH=path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            assert waits(lambda: shards(tmp_path / "export"))
            os.killpg(process.pid, signal.SIGINT)
            _, error = process.communicate(timeout=30)
        finally:
            end_group(process.pid)
    assert (process.returncode, error) == (1, "Error: stopped; run the same command again to finish\n")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nothing://bucket/mine", "nothing://bucket/mine can't be opened: Protocol not known: nothing"),
        ("memory://mine", "memory://mine is seen by this process alone"),
    ],
)
def test_urls_that_can_t_be_used_get_a_sentence(words: Path, url: str, sentence: str):
    asked = ("export", "simplespelling:200", "--language", "en", "--lexicon", words, "--workers", 2)
    says(hornbook(*asked, "--out", url), 2, sentence)


def test_without_fsspec_a_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(FolderError, match=r"is opened with fsspec; pip install 'hornbook\[hub\]'"):
        target_of("s3://bucket/mine")
