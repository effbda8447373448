"""Counting distinct hashes that lie in files, in a memory that does not grow with them.

Hashes are spread evenly, and each file has its own in rising order: so those of a range are a slice of each
file, and one range after another is looked at, each about as large whatever there is altogether.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
AT_ONCE = 1 << 19  # hashes of a range, about: 4 MiB


@dataclass(frozen=True)
class Distinct:
    """What was counted.

    Attributes:
        hashes: by group, how many there are.
        distinct: by group, how many of them differ.
        shared: how many stand in all groups; 0 for one group.
    """

    hashes: dict[str, int]
    distinct: dict[str, int]
    shared: int


def write_hashes(path: Path, hashes: Hashes) -> None:
    """Write hashes to a file, in rising order."""
    data = BytesIO()
    np.save(data, np.sort(hashes))
    path.write_bytes(data.getvalue())  # numpy's own writing does not say that a disk is full


def read_hashes(path: Path) -> Hashes:
    """Map the hashes of a file into memory.

    Raises:
        OSError: there is no such file.
        ValueError: it is not whole.
    """
    return np.load(path, mmap_mode="r")


def count_distinct(groups: Mapping[str, Sequence[Path]], at_once: int = AT_ONCE) -> Distinct:
    """Count the hashes of groups of files.

    Args:
        groups: the files of each group, as `write_hashes` writes them.
        at_once: how many hashes to look at together, about.
    """
    hashes = {name: sum(len(read_hashes(path)) for path in paths) for name, paths in groups.items()}
    distinct, shared = dict.fromkeys(groups, 0), 0
    for low, high in _ranges(-(-sum(hashes.values()) // at_once)):
        found = [_between(paths, low, high) for paths in groups.values()]
        for name, mine in zip(groups, found, strict=True):
            distinct[name] += len(mine)
        in_all = found[0] if len(found) > 1 else found[0][:0]
        for other in found[1:]:
            in_all = np.intersect1d(in_all, other, assume_unique=True)
        shared += len(in_all)
    return Distinct(hashes, distinct, shared)


def _ranges(number: int) -> Iterator[tuple[int, int]]:
    """Cut what 64 bits can say into equal ranges: first and last of each."""
    for i in range(number):
        yield (i << 64) // number, ((i + 1 << 64) // number) - 1


def _between(paths: Sequence[Path], low: int, high: int) -> Hashes:
    """Return the distinct hashes from low to high."""
    parts = [np.empty(0, np.uint64)]
    for path in paths:
        mine = read_hashes(path)
        start = np.searchsorted(mine, np.uint64(low))
        stop = np.searchsorted(mine, np.uint64(high), side="right")
        parts.append(np.array(mine[start:stop]))  # a copy: a mapping for each file would be kept open
    return np.unique(np.concatenate(parts))
