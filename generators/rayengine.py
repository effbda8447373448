"""Jobs for Ray: each is one remote task, the same function of the same work as in a process of this machine.

Ray schedules, retries what a lost worker was doing, and brings results back; here is only what it is asked.
"""

import logging
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from generators.folder import differences
from generators.manifest import made_with
from generators.names import find
from generators.workers import Engine, WorkerError, begin, cores, run, trim

ENGINES = ("local", "ray")
LOST = 5  # times that a job may lose its worker
AHEAD = 2  # jobs for each core of the cluster that are given out at once
_STORE = 128 << 20  # bytes of Ray's own memory on this machine: work and results are small
_CPU = 1
_PLACE = re.compile(r"(?:ray://)?([^/]+):([0-9]+)")
_PATIENCE = 10  # seconds for a cluster to answer


def engine_of(name: str = "local", address: str | None = None) -> Engine:
    """Return what does jobs.

    Args:
        name: "local", processes of this machine, or "ray".
        address: of a Ray cluster; None for `$RAY_ADDRESS`, or a cluster of this machine alone that is started
            and ended with the work.

    Raises:
        ValueError: there is no such engine, it has no address, or Ray is not installed.

    >>> engine_of("rays")
    Traceback (most recent call last):
    ValueError: there is no engine 'rays'; did you mean 'ray'?
    """
    if find(name, ENGINES, "engine") == "local":
        if address is not None:
            raise ValueError(f"the address {address} is one for --engine ray, and the engine is local")
        return run
    try:
        import ray  # noqa: F401
    except ImportError:
        raise ValueError("--engine ray needs Ray; pip install 'hornbook[ray]'") from None
    return partial(run_with_ray, address=address)


def run_with_ray(
    work: Any,
    jobs: Sequence[Any],
    workers: int | None,
    progress: Callable[[int], None],
    address: str | None = None,
) -> Iterator[tuple[Any, Any]]:
    """Do jobs on a Ray cluster; yields each with its result, in the order they end.

    Args:
        work: as generators.workers.Work; it is pickled.
        jobs: each is pickled too.
        workers: the most that are done at once; None for as many as the cluster has cores.
        progress: told how many rows are done altogether, after each job.
        address: see engine_of.

    Raises:
        WorkerError: the cluster can't be reached, runs other code, or loses a job's worker again and again.
    """
    if not jobs:
        return
    import ray
    from ray.exceptions import RayError, RayTaskError

    done, left = 0, iter(jobs)
    with _cluster(address, workers):
        shared = [ray.put(work)]  # in a list, so that a worker takes it once and not for each job
        make = ray.remote(num_cpus=_CPU, max_retries=LOST)(_make).remote
        same = (shared[0].hex(), made_with(), sys.path)
        waiting: dict[Any, Any] = {}
        try:
            while True:
                while len(waiting) < (workers or _cores() * AHEAD) and (job := next(left, None)) is not None:
                    waiting[make(*same, shared, job)] = job
                if not waiting:
                    return
                finished, _ = ray.wait(list(waiting), num_returns=1)
                for reference in finished:
                    result, rows = ray.get(reference)
                    done += rows
                    progress(done)
                    yield waiting.pop(reference), result
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            reason = str(error).strip().splitlines()[0]
            raise WorkerError(f"Ray lost a worker: {reason}; run the same command again to finish") from None
        finally:
            for reference in waiting:
                ray.cancel(reference, force=True)


@contextmanager
def _cluster(address: str | None, workers: int | None) -> Iterator[None]:
    """Connect to a cluster, or start one of this machine alone; leave what somebody else has connected."""
    import ray

    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    alone: dict[str, Any] = {}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
        alone = {
            "num_cpus": workers or cores(),
            "include_dashboard": False,
            "object_store_memory": _STORE,
        }
    try:
        if place := _PLACE.fullmatch(address):  # Ray itself would wait for minutes
            socket.create_connection((place[1], int(place[2])), _PATIENCE).close()
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **alone)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise WorkerError(
            f"the Ray cluster at {address} can't be reached: {reason} (one that wants a token gets that of "
            "RAY_AUTH_TOKEN)"
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


def _cores() -> int:
    """Return how many cores the cluster has now, at least 1: it may grow."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 0)))


_state: dict[str, Any] = {}


def _make(name: str, code: dict[str, Any], path: list[str], shared: list[Any], job: Any) -> tuple[Any, int]:
    """Do one job in a worker of Ray's; returns its result, and how many rows it told of."""
    import ray

    if _state.get("name") != name:
        begin()
        if found := list(differences(code, made_with())):
            raise WorkerError(
                f"{socket.gethostname()} would make other bytes, since it differs in {'; '.join(found)}; "
                "install the same there"
            )
        sys.path += [folder for folder in path if folder not in sys.path]  # for a task of a person's own
        _state.update(name=name, work=ray.get(shared[0]))
    rows = 0

    def more(number: int) -> None:
        nonlocal rows
        rows += number

    try:
        return _state["work"].make(job, more), rows
    finally:
        trim()
