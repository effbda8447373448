import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generators import rayengine
from generators.rayengine import engine_of, run_with_ray
from generators.workers import WorkerError, run
from tests.exports import (
    Squares,
    contents,
    hornbook,
    lexicon,
    manifest,
    says,
    shards,
    sound,
    started,
    waits,
)
from tests.stores import path_for

ray = pytest.importorskip("ray", reason="the extra ray is not installed")
ASKED = ("simplespelling:9000", "spellingbee:3000", "--shard-rows", 500, "--language", "en")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    return ("export", *ASKED, "--lexicon", lexicon(tmp_path_factory.mktemp("words")), "--workers", 2)


@pytest.fixture(scope="module")
def local(asked: tuple[Any, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("local") / "export"
    assert hornbook(*asked, "--out", folder).returncode == 0
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """One cluster for the tests that need not start their own."""
    with rayengine._cluster("local", 2):
        yield


def results(jobs: list[Any], workers: int | None = None) -> tuple[dict[Any, Any], list[int]]:
    told: list[int] = []
    return dict(run_with_ray(Squares(1), jobs, workers, told.append)), told


def test_each_job_is_done_once(cluster: None):
    jobs = list(range(40))
    found, told = results(jobs)
    assert found == {job: job * job + 1 for job in jobs}
    assert told[-1] == sum(jobs)
    assert told == sorted(told)
    assert results([]) == ({}, [])


def test_another_work_is_not_taken_for_the_first(cluster: None):
    assert results([3])[0] == {3: 10}
    assert dict(run_with_ray(Squares(5), [3], None, lambda rows: None)) == {3: 14}


def test_jobs_are_given_out_a_few_at_a_time(cluster: None):
    """However many there are, no more wait with Ray than its cores do at once, and a few ahead."""
    given: list[int] = []

    class Jobs(list[int]):
        def __iter__(self) -> Iterator[int]:
            for job in range(500):
                given.append(job)
                yield job

    ended = 0
    for _ in run_with_ray(Squares(), Jobs([0]), 3, lambda rows: None):
        ended += 1
        assert len(given) - ended <= 3
    assert ended == 500


def test_an_error_in_a_job_comes_back_as_it_is(cluster: None):
    with pytest.raises(ValueError, match=r"^a job went wrong$"):
        results([1, "raise", 2])


def test_a_worker_that_is_lost_again_and_again(cluster: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rayengine, "LOST", 1)
    with pytest.raises(WorkerError, match=r"^Ray lost a worker: .*; run the same command again to finish$"):
        results(["die"])


def test_a_machine_with_another_hornbook_is_named(cluster: None, monkeypatch: pytest.MonkeyPatch):
    other = {**rayengine.made_with(), "code": "0"}
    monkeypatch.setattr(rayengine, "made_with", lambda: other)
    with pytest.raises(WorkerError, match=r'would make other bytes, since it differs in code \("0", now'):
        results([1])


def test_engines_are_named():
    assert engine_of() is run
    with pytest.raises(ValueError, match="there is no engine 'rays'; did you mean 'ray'"):
        engine_of("rays")
    with pytest.raises(ValueError, match="the address auto is one for --engine ray, and the engine is local"):
        engine_of("local", "auto")


# As a command, with a cluster of its own.


def of(asked: tuple[Any, ...], out: object) -> tuple[Any, ...]:
    return (*asked, "--engine", "ray", "--out", out)


def test_ray_changes_no_byte(asked: tuple[Any, ...], local: Path, tmp_path: Path):
    done = hornbook(*of(asked, tmp_path / "export"))
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(tmp_path / "export") == contents(local)
    done = hornbook(*asked, "--out", tmp_path / "export")  # and is no part of what was asked
    assert "nothing was missing" in done.stdout


def test_a_store_gets_the_same_from_ray(asked: tuple[Any, ...], local: Path, tmp_path: Path):
    path = path_for(tmp_path / "package")
    done = hornbook(*of(asked, f"store://{tmp_path}/export"), PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(tmp_path / "export") == contents(local)


def test_a_cluster_that_is_not_there_gets_a_sentence(asked: tuple[Any, ...], tmp_path: Path):
    done = hornbook(*of(asked, tmp_path / "export"), "--ray-address", "127.0.0.1:1")
    says(done, 1, "the Ray cluster at 127.0.0.1:1 can't be reached: ")


def makers(session: int) -> list[int]:
    """Return the processes that make shards in the clusters of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            its_session = (folder / "stat").read_text().rpartition(")")[2].split()[3]
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(its_session) == session and command.startswith(b"ray::_make"):
            found.append(int(folder.name))
    return found


def test_a_lost_worker_s_job_is_done_by_another(asked: tuple[Any, ...], local: Path, tmp_path: Path):
    folder, draw = tmp_path / "export", random.Random(0)
    with started(*of(asked, folder)) as process:
        assert waits(lambda: shards(folder) and makers(process.pid))
        for _ in range(2):
            os.kill(draw.choice(waits(lambda: makers(process.pid))), signal.SIGKILL)
            time.sleep(draw.uniform(0.0, 0.5))
        said, error = process.communicate(timeout=90)
    assert (process.returncode, error) == (0, ""), said
    assert contents(folder) == contents(local)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_when_the_driver_is_ended_the_rest_can_be_made(
    asked: tuple[Any, ...], local: Path, tmp_path: Path, how: signal.Signals
):
    folder = tmp_path / "export"
    with started(*of(asked, folder)) as process:
        assert waits(lambda: len(shards(folder)) >= 3)
        os.kill(process.pid, how)
        _, error = process.communicate(timeout=60)
        # At once, while workers may still write: each writes files of its own.
        if (folder / "manifest.json").exists():
            assert manifest(folder) == manifest(local)
        sound(folder)
        done = hornbook(*asked, "--out", folder)
        assert waits(lambda: not makers(process.pid), 30)
    if how is signal.SIGINT and process.returncode:
        assert error == "Error: stopped; run the same command again to finish\n"
    assert done.returncode == 0, done.stderr
    assert contents(folder) == contents(local)
