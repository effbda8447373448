"""Near-duplicates: rows that have most of their runs of five words in common with an earlier row.

The similarity is Jaccard's, estimated by MinHash (Broder 1997) with rensa's signatures; candidates share a
band of the signature. Signatures lie in a file, and bands are looked through as exact duplicates are, so
memory does not grow with the rows.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.duplicates import Repeats
from generators.ngrams import grams
from generators.ragged import Ragged
from generators.rows import key_of, mix
from generators.sourcefiles import SourceError

WORDS = 5  # of a run
PLACES = 128  # of a signature
Rows = npt.NDArray[np.int64]


class Near:
    """Finds rows that are like earlier ones.

    Args:
        scratch: a file for signatures.
        folder: for other files that are gone in the end.
        threshold: the least similarity, from 0 to 1.
        seed: of the signatures.
        memory: bytes to take, about.

    Raises:
        SourceError: rensa is not installed.
    """

    def __init__(self, scratch: IO[bytes], folder: Path, threshold: float, seed: int, memory: int) -> None:
        try:
            from rensa import RMinHash
        except ImportError:
            raise SourceError("near-duplicates are found by rensa: pip install 'hornbook[clean]'") from None
        self._sign, self._seed = RMinHash.digest_matrix_from_flat_token_hashes, seed & 0x7FFFFFFF
        self._threshold, self._memory, self._folder = threshold, memory, folder
        # The longest bands by which rows that are just like enough are found nine times in ten, nearly.
        wide = [rows for rows in (16, 8, 4, 2, 1) if 1 - (1 - threshold**rows) ** (PLACES // rows) > 0.9]
        self._band = next(iter(wide), 1)
        self._file = scratch
        self._rows: list[Rows] = []

    def add(self, texts: pa.StringArray, rows: Rows) -> None:
        """Add rows by number, rising, with all their text."""
        found = grams(texts, WORDS)
        some = np.flatnonzero(found.lengths)
        kept = found.take(some)
        self._file.write(self._signed(kept).tobytes())
        self._rows.append(rows[some])

    def _signed(self, found: Ragged) -> npt.NDArray[np.uint32]:
        if not len(found):
            return np.empty((0, PLACES), dtype=np.uint32)
        offsets = found.offsets.astype(np.uint64)
        matrix = self._sign(found.values.astype(np.uint64), offsets, PLACES, self._seed)
        return np.array(matrix.to_rows(), dtype=np.uint32)

    def repeated(self) -> Iterator[Rows]:
        """Yield the numbers of rows that are like an earlier one."""
        rows = np.concatenate([np.empty(0, dtype=np.int64), *self._rows])
        self._file.flush()
        if not len(rows):
            return
        signatures: Any = np.memmap(self._file, np.uint32, "r", shape=(len(rows), PLACES))
        for start in range(0, PLACES, self._band):
            with tempfile.TemporaryFile(dir=self._folder) as scratch:
                band = Repeats(scratch, self._memory)
                for first in range(0, len(rows), 1 << 16):
                    part = signatures[first : first + (1 << 16), start : start + self._band]
                    keys = np.full(len(part), key_of("band", start))
                    for column in part.T:
                        keys = mix(keys, column)
                    band.add(keys, np.arange(first, first + len(part)))
                for pairs in band.repeated():
                    for some in np.array_split(pairs, len(pairs) // 10_000 + 1):
                        same = (signatures[some[:, 0]] == signatures[some[:, 1]]).mean(axis=1)
                        yield rows[some[same >= self._threshold, 0]]
