"""Measured isolation on tokenizers that put a space before a text, or rewrite it."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_huggingface import OPENED, byte_level
from tests.test_measure import check, filled
from tokenizer.encoding import open_encoding
from tokenizer.measure import Slots, measure


@pytest.mark.parametrize("form", ["fallback", "gemma", "unigram", "qwen2", "spaces"])
@settings(max_examples=80, deadline=None)
@given(places=st.lists(filled(), min_size=1, max_size=4))
def test_on_forms_of_hugging_face(form, places):
    check([place for place in places if "▁" not in place[0]], OPENED[form])


def test_a_space_before_every_text_belongs_to_what_stands_first():
    llama = OPENED["fallback"]
    texts = pa.array(["the cat", "a\nthe cat"])
    slots = Slots.of([(0, 0, 3), (0, 3, 7), (0, 4, 7), (1, 2, 5), (1, 5, 9)])
    measured = measure(texts, slots, llama)
    assert measured.isolated.tolist() == [True, True, False, True, True]
    assert measured.tokens(2, around=0) == [(b" cat", llama.encode("cat")[0])]
    # " the" at the start and "the" after a newline are different tokens.
    assert measured.tokens(0, around=0) != measured.tokens(3, around=0)


def test_a_normalizer_moves_what_stands_after_it(tmp_path):
    """Tokens that are not the text's bytes: slots are found by what stands before them."""
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(byte_level(normalizer={"type": "NFKC"})))
    encoding = open_encoding(path)
    text = "ﬁﬁ the ｃat, e\u0301!"
    slots = ["the", " the", " ｃat", "e\u0301", "ﬁﬁ", "\u0301"]
    at = [(text.encode().index(slot.encode()), len(slot.encode())) for slot in slots]
    # The mark alone is part of a letter, once the text is rewritten.
    measured = measure(pa.array([text]), Slots.of([(0, start, start + n) for start, n in at]), encoding)
    assert measured.isolated.tolist() == [False, True, True, True, True, False]
