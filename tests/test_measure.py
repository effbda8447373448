"""Measured isolation equals the obvious: encode the text, see which tokens touch the slot."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer.boundaries import isolated
from tokenizer.cutting import cut
from tokenizer.encoding import open_encoding
from tokenizer.measure import Slots, measure
from tokenizer.patterns import NAMES, pattern
from tokenizer.strategies import encodings, letters, split_patterns, templates, words

SHARED = Path(__file__).resolve().parents[2] / "shared"
EMBEDDED = open_encoding(None)
ODD = st.text(st.sampled_from("strdm'’-–0123½é\u0301🍓👩‍🍳िक,:\"( \n"), min_size=1, max_size=6)
opened = cache(open_encoding)
VALUES = st.one_of(words(marks=True), letters(marks=True), ODD, ODD.map(" ".__add__))


@st.composite
def filled(draw: st.DrawFn) -> tuple[str, int, int]:
    """A text and where its slot stands, in bytes."""
    before, after = draw(templates()).split("{word}")
    value = draw(VALUES)
    start = len(before.encode())
    return before + value + after, start, start + len(value.encode())


def alone(slot: bytes, at_start: bool, encoding) -> list[int]:
    if encoding.concatenates or at_start:
        return encoding.encode(slot.decode())
    newline, ids = encoding.encode("\n"), encoding.encode("\n" + slot.decode())
    return ids[len(newline) :] if ids[: len(newline)] == newline else encoding.encode(slot.decode())


def touching(text: str, start: int, stop: int, encoding) -> list[int] | None:
    """The ids that cover a slot; None where the tokens are not the text's bytes."""
    ids = encoding.encode(text)
    said = b"".join(map(encoding.token_bytes, ids))
    if said == b" " + text.encode():
        start, stop = start + (start > 0), stop + 1
    elif said != text.encode():
        return None
    found, at = [], 0
    for id in ids:
        end = at + len(encoding.token_bytes(id))
        if at < stop and end > start:
            found.append(id)
        at = end
    return found


def check(places, encoding) -> None:
    texts = pa.array([text for text, _, _ in places], pa.string())
    slots = Slots.of([(number, start, stop) for number, (_, start, stop) in enumerate(places)])
    measured = measure(texts, slots, encoding)
    for number, (text, start, stop) in enumerate(places):
        obvious = touching(text, start, stop, encoding)
        if obvious is not None:
            found = measured.cut.ids[measured.first[number] : measured.last[number]].tolist()
            assert found == obvious
            by_itself = alone(text.encode()[start:stop], start == 0, encoding)
            assert bool(measured.isolated[number]) == (obvious == by_itself)
            assert [id for _, id in measured.forms.tokens(int(measured.alone[number]))] == by_itself
            assert measured.isolated[number] or measured.glued(number) or obvious != by_itself


@settings(max_examples=80, deadline=None)
@given(places=st.lists(filled(), min_size=1, max_size=6), encoding=encodings() | st.just(EMBEDDED))
def test_as_the_tokenizer_says(places, encoding):
    check(places, encoding)


@settings(max_examples=80, deadline=None)
@given(places=st.lists(filled(), min_size=1, max_size=6), known=split_patterns())
def test_as_the_pattern_says(places, known):
    texts = pa.array([text for text, _, _ in places], pa.string())
    slots = Slots.of([(number, start, stop) for number, (_, start, stop) in enumerate(places)])
    found = measure(texts, slots, known).isolated.tolist()
    parts = [
        (t.encode()[:a].decode(), t.encode()[a:b].decode(), t.encode()[b:].decode()) for t, a, b in places
    ]
    assert found == [isolated(*part, known) for part in parts]


@pytest.mark.parametrize("name", ["ncfork_65k", "nchist_32k"])
@settings(max_examples=60, deadline=None)
@given(places=st.lists(filled(), min_size=1, max_size=6))
def test_on_real_vocabularies(name, places):
    path = SHARED / "vocab" / f"{name}.tiktoken"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the repository")
    check(places, opened(path))


def test_spent_counts_from_where_a_slot_begins():
    texts = pa.array(["W: s, t, r"])
    begin, start, stop = np.array([2, 4, 7]), np.array([2, 5, 8]), np.array([4, 7, 10])
    slots = Slots(np.zeros(3, dtype=np.int64), start, stop, begin, np.zeros(3, dtype=np.int64))
    assert measure(texts, slots, EMBEDDED).spent.tolist() == [1, 2, 2]


def test_failures_are_shown_with_what_they_are_glued_to():
    known = pattern("cl100k")
    texts = pa.array(["'strawberry'.count"])
    measured = measure(texts, Slots.of([(0, 1, 11)]), known)
    assert measured.isolated.tolist() == [False]
    assert measured.glued(0) == ((b"'s", None),)
    assert measured.tokens(0) == [(b"'s", None), (b"trawberry", None), (b"'.", None)]


def test_nothing_to_measure():
    assert len(measure(pa.array([], pa.string()), Slots.of([]), EMBEDDED).isolated) == 0
    assert len(measure(pa.array(["a", ""]), Slots.of([]), EMBEDDED).isolated) == 0
    with pytest.raises(ValueError, match="a slot is empty"):
        measure(pa.array(["ab"]), Slots.of([(0, 1, 1)]), EMBEDDED)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=5))
def test_cut_texts_are_their_tokens(texts):
    for tokenizer in (EMBEDDED, pattern("deepseek"), pattern("o200k")):
        made = cut(pa.array(["unused", *texts], pa.string()).slice(1), tokenizer)
        assert [made.bytes_of(text).decode() for text in range(len(texts))] == texts
        assert made.lead.tolist() == [0] * len(texts)
        assert [b - a for a, b in pairwise(made.edges.tolist())] == [
            len(token) for token, _ in made.tokens(0, len(made.ids))
        ]


def test_every_pattern_cuts():
    for name in NAMES:
        assert [token for token, _ in cut(pa.array(["x y"]), pattern(name)).tokens(0, 2)] == [b"x", b" y"]
