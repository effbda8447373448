"""Composed ids equal the tokenizer's own, however a text is cut into pieces."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_boundaries import ALPHABET
from tokenizer.compose import Composer
from tokenizer.encoding import open_encoding

PIECES = st.lists(st.text(st.sampled_from(ALPHABET), min_size=1, max_size=6), min_size=1, max_size=8)
ENCODING = open_encoding(None)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=4))
def test_composed_equals_encoded(texts: list[list[str]]) -> None:
    table = list(dict.fromkeys(piece for pieces in texts for piece in pieces))
    book = pa.array(table)
    codes = np.array([table.index(piece) for pieces in texts for piece in pieces])
    starts = np.cumsum([0] + [len(pieces) for pieces in texts[:-1]])
    composer = Composer(ENCODING)
    composed = composer.compose(codes, starts, lambda wanted: book.take(pa.array(wanted)))
    edges = composed.offsets[np.searchsorted(composed.first, np.append(starts, len(codes)))]
    for place, pieces in enumerate(texts):
        got = composed.values[edges[place] : edges[place + 1]].tolist()
        assert got == ENCODING.encode("".join(pieces)), pieces


def test_nothing_to_compose() -> None:
    composed = Composer(ENCODING).compose(
        np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), pytest.fail
    )
    assert (len(composed.first), composed.offsets.tolist(), len(composed.values)) == (0, [0], 0)
