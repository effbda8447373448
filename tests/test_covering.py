"""Chosen forms show every token often enough, and not far more often."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generators.covering import choose
from generators.ragged import Ragged

sets = st.lists(st.sets(st.integers(0, 9), min_size=1, max_size=4).map(sorted), min_size=1, max_size=30)


@given(sets, st.integers(1, 7))
def test_every_token_that_can_be_shown_is_shown_often_enough(forms, times):
    found = choose(Ragged.of(forms), 10, times)
    shown = [token for form in found.form.tolist() for token in forms[form]]
    every = {token for form in forms for token in form}
    assert all(shown.count(token) >= times for token in every)
    # Each was taken for a token that then lacked it: never more than all tokens one by one.
    assert len(found.form) <= times * len(every)
    assert all(
        rank in forms[form] for form, rank in zip(found.form.tolist(), found.rank.tolist(), strict=True)
    )


@given(st.integers(1, 9), st.integers(1, 20))
def test_a_form_comes_again_only_when_all_others_have_come(forms, times):
    found = choose(Ragged.of([[0]] * forms), 1, times).form.tolist()
    counts = np.bincount(found, minlength=forms)
    assert len(found) == times
    assert counts.max() - counts.min() <= 1


def test_nothing_to_choose_from():
    assert not len(choose(Ragged.of([]), 3, 5).form)
