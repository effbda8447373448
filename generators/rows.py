"""Row numbers, and the random draws that belong to them.

A draw is a hash of (seed, task, split, field, row number) and of nothing else, so row 7 is the same
alone, in any batch, shard, worker or process. Fields are named: adding one leaves the others alone.

>>> rows = Rows.of(range(5), seed=0, task="spellingbee", split="train")
>>> rows.below("letter", 26).tolist() == [int(rows[i : i + 1].below("letter", 26)[0]) for i in range(5)]
True
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_BLOCK = 1000  # rows in which quotas come out
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_ALL = 2**64 - 1
_S27, _S30, _S31, _S32 = (np.uint64(bits) for bits in (27, 30, 31, 32))


@lru_cache(maxsize=4096)
def key_of(*names: str | int) -> np.uint64:
    """Hash names to a 64-bit key, the same in every process.

    >>> key_of("a", 1) == key_of("a", 1), key_of("a", 1) == key_of("a1")
    (np.True_, np.False_)
    """
    # True and numpy's 1 are 1, here as in the cache.
    text = "\x1f".join(f"str:{n}" if isinstance(n, str) else f"int:{int(n)}" for n in names)
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little"))


def mix(key: Any, value: Any) -> Any:
    """Hash integers under a key: splitmix64 (Steele, Lea and Flood 2014). Arrays broadcast.

    Args:
        key: uint64, or an array of them.
        value: integers of any shape.

    Returns:
        uint64 of the broadcast shape.
    """
    with np.errstate(over="ignore"):
        z = (np.asarray(value).astype(np.uint64) + np.uint64(1)) * _GOLDEN + key
        z = (z ^ (z >> _S30)) * _MIX1
        z = (z ^ (z >> _S27)) * _MIX2
        return z ^ (z >> _S31)


def mix_one(key: int, value: int) -> int:
    """Hash one integer under a key as `mix` does, without the cost of an array.

    >>> mix_one(7, 3) == int(mix(np.uint64(7), 3))
    True
    """
    z = ((value + 1) * int(_GOLDEN) + key) & _ALL
    z = ((z ^ (z >> 30)) * int(_MIX1)) & _ALL
    z = ((z ^ (z >> 27)) * int(_MIX2)) & _ALL
    return z ^ (z >> 31)


def below(hashes: Any, n: Any) -> Ints:
    """Map hashes evenly to 0 … n-1, by their upper 32 bits; n < 2**31, an integer or an array."""
    return (((hashes >> _S32) * np.asarray(n).astype(np.uint64)) >> _S32).astype(np.int64)


def divide(x: Any, n: Any) -> tuple[Ints, Ints]:
    """Return quotient and remainder of x by n, arrays of integers from 0 to 2**53.

    By floating point, which is ten times as fast as integer division, and exact: the quotient's error is
    below x / n * 2**-53, hence below 1 / n, the least distance of a fraction from a whole number.
    """
    quotient = (x / n).astype(np.int64)
    return quotient, x - quotient * n


def permute(i: Any, n: Any, key: Any) -> Ints:
    """Return place i of a keyed permutation of 0 … n-1, without holding the permutation.

    A Feistel network on Z_a x Z_b, a * b >= n, with modular halves and six rounds (three are
    measurably too few); a result past n is permuted again until it falls below.

    Args:
        i: (rows,) places, each below its n.
        n: how many, one or (rows,), each from 1 to 2**52.
        key: uint64, one or (rows,).

    >>> sorted(permute(np.arange(10), 10, key_of("deck")).tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    n = np.asarray(n, dtype=np.int64)
    a = np.ceil(np.sqrt(n)).astype(np.uint64)
    b = (-(-n // a.astype(np.int64))).astype(np.uint64) if n.ndim == 0 else np.ceil(n / a).astype(np.uint64)
    key = np.asarray(key, dtype=np.uint64)
    x = _feistel(np.asarray(i, dtype=np.int64), a, b, key)
    while (out := np.flatnonzero(x >= n)).size:
        x[out] = _feistel(x[out], *(v[out] if v.ndim else v for v in (a, b, key)))
    return x


def _feistel(x: Ints, a: Any, b: Any, key: Any) -> Ints:
    left, right = (half.astype(np.uint64) for half in divide(x, b.astype(np.int64)))
    for turn in range(3):
        left += _round(right, key, 2 * turn, a)
        np.minimum(left, left - a, out=left)  # below 0 it wraps to the largest: the sum modulo a
        right += _round(left, key, 2 * turn + 1, b)
        np.minimum(right, right - b, out=right)
    return (left * b + right).astype(np.int64)


def _round(half: Hashes, key: Any, turn: int, n: Any) -> Hashes:
    """Hash one half to 0 … n-1: half of splitmix64, since six rounds do the rest."""
    z = half * _GOLDEN
    z ^= key ^ (_GOLDEN >> np.uint64(turn))
    z ^= z >> _S32
    z *= _MIX1
    z >>= _S32
    z *= n
    z >>= _S32
    return z


@dataclass(frozen=True)
class Rows:
    """Some rows of one task and split.

    Attributes:
        index: (rows,) int64, the rows' numbers in the task, in any order.
        names: what the draws are keyed by: seed, task, split.
    """

    index: Ints
    names: tuple[str | int, ...]

    @classmethod
    def of(cls, index: Iterable[int] | Ints, *, seed: int, task: str, split: str) -> "Rows":
        """Take rows by number."""
        numbers = index if isinstance(index, np.ndarray) else np.fromiter(index, dtype=np.int64)
        return cls(numbers.astype(np.int64, copy=False), (seed, task, split))

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, where: slice | npt.NDArray[Any]) -> "Rows":
        return Rows(self.index[where], self.names)

    def key(self, field: str) -> np.uint64:
        """Return the key of a field: what makes its draws differ from every other field's."""
        return key_of(*self.names, field)

    def hash(self, field: str) -> Hashes:
        """Draw 64 random bits a row."""
        return mix(self.key(field), self.index)

    def below(self, field: str, n: int | npt.NDArray[Any]) -> Ints:
        """Draw an integer from 0 to n-1 for each row; n may differ by row."""
        return below(self.hash(field), n)

    def chance(self, field: str, share: float) -> npt.NDArray[np.bool_]:
        """Draw true for about this share of the rows."""
        return self.hash(field) < np.uint64(min(share, 1 - 2**-53) * 2**64)

    def choose(self, field: str, weights: Sequence[float]) -> Ints:
        """Draw a place in weights, each with its weight.

        >>> rows = Rows.of(range(1000), seed=0, task="t", split="train")
        >>> int((rows.choose("coin", [1, 3]) == 1).sum()) in range(700, 800)
        True
        """
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        drawn = (self.hash(field) >> np.uint64(11)) * (edges[-1] / 2**53)
        return np.minimum(np.searchsorted(edges, drawn, side="right"), len(edges) - 1).astype(np.int64)

    def quota(self, field: str, weights: Sequence[float]) -> Ints:
        """Deal each row a place in weights, so that of every 1,000 rows each has its share exactly.

        >>> rows = Rows.of(range(2000), seed=0, task="t", split="train")
        >>> np.bincount(rows.quota("coin", [1, 3])[1000:]).tolist()
        [250, 750]
        """
        block, place = divide(self.index, _BLOCK)
        place = permute(place, _BLOCK, mix(self.key(field), block))
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        edges = np.round(edges * (_BLOCK / edges[-1]))
        return np.minimum(np.searchsorted(edges, place, side="right"), len(edges) - 1).astype(np.int64)
