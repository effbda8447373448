"""Proofs of many cuts at once are those of each; what is proved is measured."""

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.test_boundaries import ALPHABET
from tokenizer.boundaries import always_isolated, cuts
from tokenizer.measure import Slots, measure
from tokenizer.patterns import NAMES, pattern
from tokenizer.proofs import begins, safe_cut
from tokenizer.proved import proved

PLACES = st.lists(
    st.tuples(
        st.text(st.sampled_from(ALPHABET), max_size=20),
        st.text(st.sampled_from(ALPHABET), min_size=1, max_size=4),
        st.text(st.sampled_from(ALPHABET), max_size=5),
    ),
    max_size=6,
)


def slots_of(places: list[tuple[str, str, str]]) -> tuple[pa.StringArray, Slots]:
    edges = [(len(a.encode()), len((a + b).encode())) for a, b, _ in places]
    slots = Slots.of([(number, *edge) for number, edge in enumerate(edges)])
    return pa.array(["".join(place) for place in places], pa.string()), slots


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=300, deadline=None)
@given(PLACES)
@example([("D", "'", "1")])  # o200k's words take 's along: what stands behind the slot counts at its start
def test_many_at_once_are_each_of_them(name: str, places: list[tuple[str, str, str]]) -> None:
    known = pattern(name)
    texts, slots = slots_of(places)
    found = proved(texts, slots, known).tolist()
    assert found == [
        (not before or begins(before, slot + after, known))
        and (not after or safe_cut(before + slot, after, known))
        for before, slot, after in places
    ]
    isolated = measure(texts, slots, known).isolated.tolist()
    assert all(measured for measured, sure in zip(isolated, found, strict=True) if sure)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=300, deadline=None)
@given(PLACES, st.text(st.sampled_from(ALPHABET), max_size=6), st.text(st.sampled_from(ALPHABET), max_size=6))
def test_where_a_pre_token_begins(
    name: str, places: list[tuple[str, str, str]], before: str, after: str
) -> None:
    known = pattern(name)
    for left, slot, right in [*places, *((f"{a}\n", b, c) for a, b, c in places)]:
        if begins(left, slot, known):
            assert len(before + left) in cuts(before + left + slot + after, known)
        if always_isolated(left, slot, right, known):
            start = len(before + left)
            edges = cuts(before + left + slot + right + after, known)
            inside = [edge - start for edge in edges if start <= edge <= start + len(slot)]
            assert inside == cuts(slot, known)


def test_a_line_of_its_own_is_proved_on_every_pattern() -> None:
    for name in NAMES:
        assert always_isolated("\n", "strawberry", ":", pattern(name))
        assert not begins("\n\n", "/x", pattern(name))
        assert not begins(" ", "x", pattern(name))


def test_nothing_to_prove() -> None:
    assert proved(pa.array([], pa.string()), Slots.of([]), pattern("gpt2")).tolist() == []
    assert proved(pa.array(["ab"]), Slots.of([(0, 0, 2)]), pattern("gpt2")).tolist() == [True]
