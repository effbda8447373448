"""Which rows of a source are taken: not those that come again, nor those that give a test away.

What was read lies in the cache once; a selection of its rows is two files of row numbers, one a split.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.duplicates import Repeats
from generators.rows import key_of, mix
from generators.shards import write_whole
from generators.sourcefiles import Paths
from generators.sourcestore import Store, alone

SCHEME = 1
LEFT_OUT = ("", "duplicates")  # why a row is left out, by number
_SIDES = key_of("source", "test")  # of the project, never the seed: an equal row is on one side for ever
_FIT = 2**64


@dataclass(frozen=True)
class Choice:
    """All that decides a selection.

    Attributes:
        test: share of the rows that are the test split.
        after: sources whose rows may not come again.
    """

    test: float
    after: tuple[Any, ...] = ()

    @classmethod
    def of(
        cls, test: float, after: Sequence[Any], against: Paths, ngram: int, near: float | None, seed: int
    ) -> "Choice":
        """Make a choice of what somebody asks for."""
        return cls(test, tuple(member for member in after if hasattr(member, "hashes")))

    def described(self) -> dict[str, Any]:
        """Return plain data."""
        return {"after": [member.name for member in self.after]}

    @property
    def key(self) -> str:
        """What the selection is called in the cache."""
        parts = [SCHEME, self.test, [str(member.chosen) for member in self.after]]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class Selection:
    """Rows that were selected.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
        self._rows = {split: np.load(folder / f"{split}.npy", mmap_mode="r") for split in ("train", "test")}

    def rows(self, split: str) -> npt.NDArray[np.int64]:
        """Return the numbers of a split's rows in the store, rising, mapped into memory."""
        return self._rows[split]


def selected(store: Store, choice: Choice, memory: int) -> Path:
    """Select rows of a store, unless that was done before; returns the folder of the selection."""
    folder = store.folder / choice.key
    if not (folder / "report.json").exists():
        folder.mkdir(exist_ok=True)
        with alone(folder / "lock"):
            if not (folder / "report.json").exists():
                _select(store, choice, memory, folder)
    return folder


def _select(store: Store, choice: Choice, memory: int, folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as scratch:
        left = _flags(scratch, len(store))
        _duplicates(store, choice, memory, folder, left)
        share = np.uint64(choice.test * _FIT)
        kept: dict[str, list[npt.NDArray[np.int64]]] = {"train": [], "test": []}
        for first, hashes in zip(store.edges, store.numbers("hash"), strict=False):
            is_test = mix(_SIDES, hashes) < share
            taken = left[first : first + len(hashes)] == 0
            kept["train"].append(first + np.flatnonzero(taken & ~is_test))
            kept["test"].append(first + np.flatnonzero(taken & is_test))
        for split, rows in kept.items():
            _save(folder / f"{split}.npy", rows)
        counts = np.bincount(left, minlength=len(LEFT_OUT)).tolist()
        report = {
            "left_out": {name: count for name, count in zip(LEFT_OUT, counts, strict=True) if name and count},
            **{split: sum(map(len, rows)) for split, rows in kept.items()},
        }
    write_whole(folder / "report.json", json.dumps(report))


def _flags(scratch: Any, rows: int) -> npt.NDArray[np.uint8]:
    """Return a number for each row, in a file: it need not fit into memory."""
    scratch.truncate(max(rows, 1))
    return np.memmap(scratch, np.uint8, "r+", shape=(max(rows, 1),))[:rows]


def _duplicates(store: Store, choice: Choice, memory: int, folder: Path, left: npt.NDArray[np.uint8]) -> None:
    with tempfile.TemporaryFile(dir=folder) as scratch:
        found = Repeats(scratch, memory)
        for member in choice.after:
            for hashes in member.hashes():
                found.add(hashes, np.full(len(hashes), -1))
        for first, hashes in zip(store.edges, store.numbers("hash"), strict=False):
            found.add(hashes, np.arange(first, first + len(hashes)))
        for rows in found.repeated():
            left[rows] = LEFT_OUT.index("duplicates")


def _save(path: Path, parts: Sequence[npt.NDArray[np.int64]]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        header = {"descr": "<i8", "fortran_order": False, "shape": (sum(map(len, parts)),)}
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            file.write(part.astype("<i8").tobytes())
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
