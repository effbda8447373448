"""Jobs for several processes: each is a function of what all share and of itself alone."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import Any, Protocol

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h


class WorkerError(Exception):
    """A worker process came to an end before its work did."""


class Work(Protocol):
    """What all jobs share; it is sent to each process once."""

    def make(self, job: Any, progress: Callable[[int], None]) -> Any:
        """Do one job; progress is told how many rows are done since it was last told."""


Engine = Callable[[Any, Sequence[Any], int | None, Callable[[int], None]], Iterator[tuple[Any, Any]]]
"""What does jobs as `run` does: with processes of this machine, or of others."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    work: Any, jobs: Sequence[Any], workers: int | None, progress: Callable[[int], None]
) -> Iterator[tuple[Any, Any]]:
    """Do jobs, in this process or in several; yields each with its result, in the order they end.

    Args:
        work: as Work; it is pickled.
        jobs: each is pickled too.
        workers: processes; None takes as many as there are cores, 1 stays in this one.
        progress: told how many rows are done altogether.

    Raises:
        WorkerError: a process was killed.
    """
    count = min(workers or cores(), len(jobs))
    if count <= 1:
        done = 0

        def more(rows: int) -> None:
            nonlocal done
            done += rows
            progress(done)

        for job in jobs:
            yield job, work.make(job, more)
            trim()
        return
    # Not fork: neither Arrow's threads nor the sandbox's survive it.
    context = multiprocessing.get_context("spawn")
    written = context.Value("q", 0)
    pool = ProcessPoolExecutor(count, context, _start, (work, written))
    try:
        with _without_interrupts():
            waiting = {pool.submit(_make, job): job for job in jobs}
        while waiting:
            with _interrupted_later():
                finished, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            progress(written.value)
            for future in finished:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool:
        raise WorkerError("a worker process was killed; run the same command again to finish") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def alone(engine: Engine, workers: int | None, place: str) -> int:
    """Return 1, for work whose results only this process can see.

    Raises:
        ValueError: more processes, or another engine, are asked for.
    """
    if engine is not run or (workers or 1) > 1:
        raise ValueError(f"{place} is seen by this process alone; take --engine local and --workers 1")
    return 1


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: this one hears it, and ends them in good order."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Blocking is inherited, but other threads (Arrow's) still take the signal for this process, and Python
    # would raise between a process's start and the sending of what it needs: so it is kept until later.
    with _interrupted_later():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """Keep Ctrl-C until the end: raised inside of `wait` it would leave futures locked, for ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: kept.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if kept:
            signal.raise_signal(signal.SIGINT)


def lean() -> None:
    """Let Arrow and numpy share one heap, and keep it from batch to batch.

    Arrow's own pool keeps some 50 MiB for itself. glibc gives the few megabytes of an array back to the
    system when it is freed, and takes them again, zeroed, for the next batch: a tenth of the time.
    """
    import ctypes

    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    with suppress(OSError, AttributeError):  # another C library has no mallopt
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        mallopt(_M_TRIM_THRESHOLD, 256 << 20)


def trim() -> None:
    """Give what is free in the heap back to the system: it lies scattered between what is kept."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


_state: dict[str, Any] = {}


def begin() -> None:
    """Make this process a worker: one core, and the memory of one."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    lean()


def _start(work: Any, written: Any) -> None:
    """Begin a worker: it ends when its parent does, however that ends."""
    begin()
    _state.update(work=work, written=written)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _make(job: Any) -> Any:
    def more(rows: int) -> None:
        with _state["written"].get_lock():
            _state["written"].value += rows

    try:
        return _state["work"].make(job, more)
    finally:
        trim()
