"""What the tests of exports share: a small lexicon, the command line in a process, folders as bytes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, str(ROOT / "cli.py"))
SYLLABLES = ("ba", "ne", "ti", "so", "ru")
WORDS = ["".join(word) for n in (2, 3, 4) for word in product(SYLLABLES, repeat=n)]  # banana's kind: 775


def lexicon(folder: Path) -> Path:
    """Write a small lexicon: opening it takes no time, and its words hold letters up to four times."""
    path = folder / "words.txt"
    path.write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    return path


def environment(**more: str) -> dict[str, str]:
    """Return an environment without a cache and without what would change the output."""
    dropped = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "PYTHONPATH", "PYTHONHASHSEED", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "HORNBOOK_CACHE": "", **more}


def hornbook(*arguments: object, cwd: Path | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line to its end."""
    return python(*COMMAND[1:], *arguments, cwd=cwd, **more)


def python(*arguments: object, cwd: Path | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=120, check=False
    )


@contextmanager
def started(*arguments: object) -> "Iterator[subprocess.Popen[str]]":
    """Start the command line in a process group of its own; what is left of it in the end is killed."""
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background job ignores Ctrl-C, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            yield process
        finally:
            end_group(process.pid)


@dataclass(frozen=True)
class Process:
    """A process as /proc shows it."""

    pid: int
    parent: int
    command: str


def group(leader: int) -> list[Process]:
    """Return the living processes of a process group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, its_group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if int(its_group) == leader and state != "Z":
            found.append(Process(int(folder.name), int(parent), command))
    return found


def waits(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait until something is so; return it, or the falsehood that it still is after so many seconds."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def end_group(leader: int) -> None:
    """Kill what is left of a process group."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, by name."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def shards(folder: Path) -> list[Path]:
    """Return the shards, those of the test split first."""
    return sorted(folder.glob("t*/*.parquet"))


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of change of all files, the lock aside."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    found = {str(path): path.stat() for path in files}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


def sound(folder: Path) -> int:
    """See that each shard under a shard's name opens, and has the hash that is recorded; return how many."""
    recorded = {}
    records: list[Any] = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (folder / ".hornbook").glob("t*-*.json")
        if path.is_file()
    ]
    if (folder / "manifest.json").exists():
        records = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["shards"] + records
    for record in records:
        recorded[record["file"]] = record
    found = [path for split in ("train", "test") for path in (folder / split).glob("*")]
    for path in found:
        record = recorded[f"{path.parent.name}/{path.name}"]
        assert pq.read_table(path).num_rows == record["rows"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == record["sha256"]
    return len(found)


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def says(done: Any, status: int, *phrases: str) -> str:
    """See that a command ended with this status and one sentence that holds these phrases; return it."""
    error = done.stderr
    assert done.returncode == status, error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) == 1, error
    assert error.startswith("Error: "), error
    for phrase in phrases:
        assert phrase in error
    return str(error)


@dataclass(frozen=True)
class Squares:
    """Work for processes: squares, and what jobs can do wrong."""

    offset: int = 0

    def make(self, job: Any, progress: Callable[[int], None]) -> Any:
        if job == "raise":
            raise ValueError("a job went wrong")
        if job == "die":
            os._exit(3)
        if job == "blocked":
            return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
        if job == "process":
            return os.getpid()
        progress(job)
        return job * job + self.offset
