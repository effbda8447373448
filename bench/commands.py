"""Whole commands as a person runs them, start-up and all, the garbage collector as Python has it.

Peak memory is `ru_maxrss` of wait4: the largest resident set of any one process of the command, at its
highest. Where Linux says it, the sum over all its processes is given too, polled 20 times a second, memory
that they share counted once (PSS).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.fresh import ROOT, Failed, pinned

MIB = 1 << 20
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


def command(*arguments: str, cores: int = 2, watch: bool = False) -> dict[str, Any]:
    """Run Python with arguments, in the repository; returns wall seconds, CPU seconds, peak MiB, output."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        start, together = time.perf_counter(), 0
        with pinned(cores):
            process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=out, stderr=errors)
        pid, status, usage = os.wait4(process.pid, os.WNOHANG if watch else 0)
        while not pid:
            together = max(together, _shared_once(process.pid))
            time.sleep(0.05)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            raise Failed(f"{' '.join(arguments)}: {(errors.read().strip().splitlines() or ['failed'])[-1]}")
        return {
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss * UNIT / MIB,
            "together": together / MIB,
            "output": out.read(),
        }


def _shared_once(pid: int) -> int:
    """Return the bytes that a process and all below it have resident, or 0 where that can't be known."""
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                total += sum(_shared_once(int(child)) for child in file.read().split())
    except (OSError, StopIteration):  # it has ended, or this is not Linux
        pass
    return total


def export(
    tasks: tuple[str, ...], out: Path, workers: int, *options: str, watch: bool = False
) -> dict[str, Any]:
    """Run `hornbook export` into a new folder; returns rows, too."""
    shutil.rmtree(out, ignore_errors=True)
    asked = ("cli.py", "export", *tasks, "--out", str(out), "--workers", str(workers), *options)
    return _with_rows(command(*asked, watch=watch))


def scale(tasks: tuple[str, ...], out: Path, workers: int, needed: int, *options: str) -> dict[str, Any]:
    """Export where there is room for so many bytes, and remove what was written."""
    if (free := shutil.disk_usage(out.parent).free) < needed:
        raise Failed(f"skipped: {out.parent} has {free / 1e9:.1f} GB free, and this needs {needed / 1e9:.1f}")
    try:
        return export(tasks, out, workers, *options)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def verify(out: Path, workers: int) -> dict[str, Any]:
    """Run `hornbook verify`; returns rows, too."""
    found = command("cli.py", "verify", str(out), "--workers", str(workers))
    return _with_rows(found)


def coverage(out: Path, workers: int) -> dict[str, Any]:
    """Run `hornbook coverage` with the vocabulary that comes with Hornbook; returns rows, too."""
    return _with_rows(command("cli.py", "coverage", str(out), "--workers", str(workers)))


def _with_rows(found: dict[str, Any]) -> dict[str, Any]:
    # These commands begin with "DIR: 310,000 rows".
    rows = int(found["output"].split(": ", 1)[1].split(" rows", 1)[0].replace(",", ""))
    return {**found, "rows": rows, "rate": rows / found["wall"]}
