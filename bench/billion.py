"""A mixture of a billion virtual rows: opened, and one row read."""

import resource
import time

from bench.commands import MIB, UNIT
from generators.mixture import Mixture
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee

SHARES = {SpellingBee: 8, SimpleSpelling: 20, LetterCounting: 2}  # of thirty


def opened(rows: int) -> dict[str, float]:
    """Open the main job's mixture and read a row in the midst of it; the lexicons are open.

    So is the sandbox of the tool, as it is in any process that has read a row: a small mixture goes before.
    """

    def read(size: int) -> dict[str, float]:
        start = time.perf_counter()
        mixture = Mixture([task(size * share // 30) for task, share in SHARES.items()])
        mixture[len(mixture) // 3]
        return {"wall": (time.perf_counter() - start) * 1e3, "rows": len(mixture)}

    read(300)
    found = read(rows)
    return {**found, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / MIB}
