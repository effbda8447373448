import os
import signal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.workers import WorkerError, cores, run
from tests.exports import Squares


def results(jobs: list[Any], workers: int | None) -> tuple[dict[Any, Any], list[int]]:
    told: list[int] = []
    return dict(run(Squares(1), jobs, workers, told.append)), told


@given(st.lists(st.integers(0, 100), unique=True))
def test_one_worker_does_the_jobs_in_order(jobs: list[int]):
    told: list[int] = []
    assert list(run(Squares(1), jobs, 1, told.append)) == [(job, job * job + 1) for job in jobs]
    assert told == [sum(jobs[: i + 1]) for i in range(len(jobs))]


@pytest.mark.parametrize("workers", [2, 3, None])
def test_several_workers_do_each_job_once(workers: int | None):
    jobs = list(range(40))
    found, told = results(jobs, workers)
    assert found == {job: job * job + 1 for job in jobs}
    assert told[-1] == sum(jobs)
    assert told == sorted(told)


def test_one_job_stays_in_this_process():
    assert results(["process"], 4) == ({"process": os.getpid()}, [])
    assert results([], 4) == ({}, [])


def test_an_error_in_a_job_comes_back():
    with pytest.raises(ValueError, match="a job went wrong"):
        results([1, "raise", 2], 2)
    with pytest.raises(ValueError, match="a job went wrong"):
        results(["raise"], 1)


def test_a_dead_worker_is_said_to_be_dead():
    with pytest.raises(WorkerError, match="killed; run the same command again to finish"):
        results([1, "die", 2], 2)


def test_ctrl_c_reaches_this_process_alone():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    found, _ = results(["blocked", 1], 2)
    assert found["blocked"]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert not results(["blocked"], 1)[0]["blocked"]


def test_cores_are_those_of_this_process():
    assert cores() == len(os.sched_getaffinity(0))
