"""Loops are found wherever they stand, and in nothing that is written well."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.loops import LINE, loop
from generators.talk import talk, talks

WORD = st.text(st.sampled_from("abcdefghij"), min_size=2, max_size=6)
WORDS = st.lists(WORD, min_size=3, max_size=6, unique=True)


@given(WORDS, st.integers(3, 6), st.lists(WORD, max_size=3))
def test_words_that_go_round_are_found(unit, times, before):
    assert loop(" ".join([*before, *unit * (times + 1)]))


@given(st.text(st.sampled_from("abc "), min_size=LINE, max_size=60), st.text(max_size=40))
def test_a_long_line_that_comes_four_times_is_found(line, between):
    assert loop(f"{line}\n{between}\n{line}\n{line}\n{line}")


@given(st.text(st.sampled_from("abcdef"), min_size=2, max_size=40), st.sampled_from([", ", " ", "\n"]))
def test_a_word_that_is_spelled_is_no_loop(word, between):
    assert loop(f"{word}: {between.join(word)}") is None


@given(WORDS)
def test_words_that_come_once_are_no_loop(words):
    assert loop(" ".join(words)) is None


@pytest.mark.parametrize("code", talks())
def test_small_talk_goes_round_nowhere(code):
    assert not [answer for _, answer in talk(code).exchanges if loop(answer)]
