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
    """A composer keeps what it learnt: the second time everything is looked up."""
    table = ["<mark>", "", *dict.fromkeys(piece for pieces in texts for piece in pieces)]
    book = pa.array(table)
    codes = np.array([code for pieces in texts for code in (0, *map(table.index, pieces), 1)])
    composer = Composer(ENCODING, marks=1)
    expected = [id for pieces in texts for id in ENCODING.encode("".join(pieces))]
    for _ in range(2):
        composed = composer.compose(codes, lambda wanted: book.take(pa.array(wanted)))
        offsets, ids, mask = composer.pool.take(composed.entries + 1)
        assert ids.tolist() == expected, texts
        assert mask.all()
        assert np.array_equal(composer.pool.lengths(composed.entries), np.diff(offsets))
        assert composer.pool.take(composed.entries)[1].tolist() == expected
        assert not composer.pool.take(composed.entries)[2].any()


def test_pieces_with_safe_seams_are_looked_up_alone() -> None:
    book = pa.array(["<mark>", "fig:", " f", ",", " i", "nothing"])
    composer = Composer(ENCODING, marks=1)
    composed = composer.compose(np.array([0, 1, 2, 3, 4]), lambda codes: book.take(pa.array(codes)))
    assert composed.first is None
    glued = composer.compose(np.array([0, 1, 5, 3, 4]), lambda codes: book.take(pa.array(codes)))
    assert glued.first is not None
    assert glued.first.tolist() == [0, 1, 3, 4]


def test_nothing_to_compose() -> None:
    composed = Composer(ENCODING, marks=1).compose(np.zeros(0, dtype=np.int64), pytest.fail)
    assert (composed.first, len(composed.entries)) == (None, 0)
