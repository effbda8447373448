"""Measurements in fresh processes, pinned to some cores, interleaved.

What is compared runs in turns, and in the other order every second round, so that a machine that grows
slower or busier does so for all alike. A measurement that fails is noted and not tried again.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
LONGEST = 600  # seconds


class Failed(Exception):
    """A measurement gave no number; says why."""


@contextmanager
def pinned(cores: int) -> Iterator[None]:
    """Let this process, and what it starts, use so many cores; does nothing where a system can't."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-cores:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def fresh(what: str, **spec: Any) -> dict[str, Any]:
    """Run `function` of `bench.module`, named "module.function", in a process of its own on one core."""
    command = [sys.executable, "-m", "bench.child", json.dumps({"what": what, **spec})]
    with pinned(1):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        raise Failed(_last_line(done.stderr) or f"{what} ended with status {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1][:200] if text.strip() else ""


class Runs:
    """What was measured: by name, the results of each round."""

    def __init__(self) -> None:
        self._found: dict[str, list[dict[str, Any]]] = {}
        self._failed: dict[str, str] = {}

    def rounds(
        self, plan: Mapping[str, Callable[[], dict[str, Any]]], count: int, say: Callable[[str], None]
    ) -> None:
        """Do all that is planned `count` times, in turns."""
        for turn in range(count):
            for name in list(plan) if turn % 2 == 0 else reversed(list(plan)):
                if name in self._failed:
                    continue
                say(f"{turn + 1}/{count} {name}")
                try:
                    self._found.setdefault(name, []).append(plan[name]())
                except Exception as error:
                    self._failed[name] = f"{error}" if isinstance(error, Failed) else repr(error)

    def all(self, name: str, key: str) -> list[float]:
        """Return a number of every round."""
        if name in self._failed:
            raise Failed(f"failed: {self._failed[name]}")
        if name not in self._found:
            raise Failed("not measured")
        return [found[key] for found in self._found[name]]

    def get(self, name: str, key: str) -> float:
        """Return the median of a number."""
        return median(self.all(name, key))
