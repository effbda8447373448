r"""Cutting many texts into tokens, and knowing which bytes each token covers.

A split pattern cuts too: its pre-tokens are numbered as if they were ids.

>>> import pyarrow as pa
>>> from tokenizer.patterns import pattern
>>> made = cut(pa.array(["1: s", "o"]), pattern("nanochat"))
>>> made.edges.tolist(), made.tokens(0, 3)
([0, 1, 2, 4, 5], [(b'1', None), (b':', None), (b' s', None)])

Run: python -m doctest tokenizer/cutting.py
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tokenizer.encoding import Encoding
from tokenizer.offsets import offsets_of, spread
from tokenizer.patterns import SplitPattern, pretokens

Ints = npt.NDArray[np.int64]
Tokenizer = Encoding | SplitPattern
Token = tuple[bytes, int | None]  # bytes and id; a pre-token has none


@dataclass(frozen=True)
class Cut:
    """Texts cut into tokens, which stand end to end.

    Attributes:
        tokenizer: what cut them.
        ids: (tokens,) of a tokenizer; of a pattern the number of each distinct pre-token.
        edges: (tokens + 1,) where each token starts, in bytes from the start of the first text.
        first: (texts + 1,) each text's first token.
        lead: (texts,) how many bytes the tokens of a text have before it: 1 where the tokenizer puts a
            space first, -1 where its tokens are not the text's bytes at all, as after a normalizer.
        table: the bytes of the distinct tokens, by the order of `known`.
        known: (distinct,) ids, rising.
    """

    tokenizer: Tokenizer
    ids: Ints
    edges: Ints
    first: Ints
    lead: Ints
    table: Sequence[bytes]
    known: Ints

    @property
    def starts(self) -> Ints:
        """Where the tokens of each text start, (texts,), in bytes."""
        return self.edges[self.first[:-1]]

    def bytes_of(self, text: int) -> bytes:
        """What the tokens of a text stand for."""
        return b"".join(token for token, _ in self.tokens(int(self.first[text]), int(self.first[text + 1])))

    def tokens(self, start: int, stop: int) -> list[Token]:
        """Tokens start to stop - 1, to be shown."""
        return shown(self.tokenizer, self.ids[start:stop], self.table, self.known)


def shown(tokenizer: Tokenizer, ids: Ints, table: Sequence[bytes], known: Ints) -> list[Token]:
    """Turn ids into tokens."""
    plain = isinstance(tokenizer, SplitPattern)
    return [
        (table[at], None if plain else id)
        for at, id in zip(np.searchsorted(known, ids).tolist(), ids.tolist(), strict=True)
    ]


class Cutter:
    """Encodes texts with a tokenizer, or numbers the pre-tokens of a pattern: each its own number."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._numbers: dict[str, int] = {}

    def encode(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Encode texts: ids end to end, and how many each text has."""
        if isinstance(self.tokenizer, SplitPattern):
            numbers = self._numbers
            found: Iterable[list[int]] = [
                [numbers.setdefault(piece, len(numbers)) for piece in pretokens(self.tokenizer, text)]
                for text in texts
            ]
        else:
            found = self.tokenizer.encode_batch(texts)
        found = list(found)
        counts = np.fromiter(map(len, found), np.int64, len(found))
        return np.fromiter(chain.from_iterable(found), np.int64, int(counts.sum())), counts

    def bytes_of(self, ids: Ints) -> list[bytes]:
        """The bytes of tokens."""
        if isinstance(self.tokenizer, SplitPattern):
            pieces = list(self._numbers)
            return [pieces[id].encode() for id in ids.tolist()]
        return [self.tokenizer.token_bytes(id) for id in ids.tolist()]


def cut(texts: pa.StringArray, tokenizer: "Tokenizer | Cutter") -> Cut:
    """Cut texts.

    Args:
        texts: each stands by itself: at a start, or between control tokens.
        tokenizer: of a model, or a split pattern, which cuts for all tokenizers that have it.
    """
    cutter = tokenizer if isinstance(tokenizer, Cutter) else Cutter(tokenizer)
    ids, counts = cutter.encode(texts.to_pylist())
    first = offsets_of(counts)
    known = np.flatnonzero(np.bincount(ids)) if len(ids) else ids
    table = cutter.bytes_of(known)
    place = np.zeros(int(known[-1]) + 1 if len(known) else 0, dtype=np.int64)
    place[known] = np.arange(len(known))
    # Large: tokens of many texts may come to more than 2 GB.
    pieces = pa.array(table, pa.large_binary()).take(pa.array(place[ids]))
    edges = np.frombuffer(pieces.buffers()[1], dtype=np.int64)[: len(ids) + 1] if len(ids) else first[:1]
    data = np.frombuffer(pieces.buffers()[2], dtype=np.uint8) if len(ids) else np.zeros(0, dtype=np.uint8)
    lead = _lead(texts, data, edges[first])
    return Cut(cutter.tokenizer, ids, edges, first, lead, table, known)


def _lead(texts: pa.StringArray, data: npt.NDArray[Any], starts: Ints) -> Ints:
    """How many bytes the tokens of each text have before it, (texts,); -1: they are not its bytes."""
    own, offsets = buffer_of(texts)
    if np.array_equal(offsets, starts) and np.array_equal(own, data[: starts[-1]]):
        return np.zeros(len(texts), dtype=np.int64)
    lead = np.full(len(texts), -1, dtype=np.int64)
    # Text by text: only tokenizers that rewrite text come here.
    for at in range(len(texts)):
        said = data[starts[at] : starts[at + 1]].tobytes()
        text = own[offsets[at] : offsets[at + 1]].tobytes()
        if said in (text, b" " + text):
            lead[at] = len(said) - len(text)
    return lead


def buffer_of(texts: pa.StringArray) -> tuple[npt.NDArray[np.uint8], Ints]:
    """The bytes of texts end to end, and where each starts: (texts + 1,)."""
    if not len(texts):
        return np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2] or b"", dtype=np.uint8)
    return data[offsets[0] : offsets[-1]], (offsets - offsets[0]).astype(np.int64)


def slices(data: npt.NDArray[np.uint8], starts: Ints, stops: Ints) -> pa.StringArray:
    """Cut out many texts, (n,), from bytes."""
    offsets = offsets_of(stops - starts)
    taken = data[spread(starts, stops - starts)]
    return pa.StringArray.from_buffers(
        len(starts), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(taken)
    )
