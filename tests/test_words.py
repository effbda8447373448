from pathlib import Path

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.lexicon import Lexicon, open_lexicon
from generators.rows import key_of, mix
from generators.words import Words

ENGLISH = (
    "pear\t90\nbanana\t5\nmississippi\t40\nfig\nplum\nkiwi\napple\t70\nnoon\nlevel\nwithout\t9\nvetoed\nto"
)
SPANISH = "niño\t7\nllave\npera\nbanana\nguitarra\ncafé\nwithout\nstrawberry\naño\nperro"
HELD = "apple\nnoon\nbanana\npera\nfig"


def lexicon_of(folder: Path, code: str, text: str, alphabet: str) -> Lexicon:
    (folder / code).write_text(text, encoding="utf-8")
    (folder / "held").write_text(HELD)
    return open_lexicon(
        code, script="Latin", alphabet=alphabet, file=folder / code, holdout=folder / "held", cache=False
    )


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    folder = tmp_path_factory.mktemp("words")
    english = lexicon_of(folder, "en", ENGLISH, "abcdefghijklmnopqrstuvwxyz")
    spanish = lexicon_of(folder, "es", SPANISH, "abcdefghijklmnopqrstuvwxyzñé")
    return Words.of([english, spanish])


def listed(words: Words) -> list[tuple[int, str, bool, bool]]:
    """Every word: (lexicon, word, test, common), read from the lexicons."""
    return [
        (number, word, bool(test), bool(common))
        for number, lexicon in enumerate(words.lexicons)
        for word, test, common in zip(lexicon.words.to_pylist(), lexicon.test, lexicon.common, strict=True)
    ]


def graphemes(word: str) -> list[str]:
    return regex.findall(r"\X", word)


def names(words: Words) -> list[str]:
    return words.graphemes.take(np.arange(len(words.graphemes)))


def test_words_are_numbered_through(words: Words):
    every = listed(words)
    numbers = np.arange(len(every))
    assert words.word(numbers).strings() == [word for _, word, _, _ in every]
    assert words.source.tolist() == [lexicon for lexicon, _, _, _ in every]
    assert words.starts.tolist() == [0, len(words.lexicons[0]), len(every)]
    assert words.test.tolist() == [test for _, _, test, _ in every]
    assert words.common.tolist() == [common for _, _, _, common in every]
    assert words.word(numbers[::-1]).strings() == [word for _, word, _, _ in every][::-1]


def test_letters(words: Words):
    every = listed(words)
    numbers = np.arange(len(every))
    spelled = words.spelled(numbers)
    found = [words.graphemes.take(np.array(row)) for row in spelled.rows.tolist()]
    assert found == [graphemes(word) for _, word, _, _ in every]
    assert words.spaced_out(numbers).strings() == [" ".join(graphemes(word)) for _, word, _, _ in every]
    letters = names(words)
    assert len(set(letters)) == len(letters)
    assert words.letter(np.array([3, 0])).strings() == [letters[3], letters[0]]
    for lexicon, alphabet in zip(words.lexicons, words.alphabets, strict=True):
        assert [letters[i] for i in alphabet] == [lexicon.graphemes[i] for i in lexicon.alphabet]


def test_letters_by_count(words: Words):
    letters = names(words)
    for number, (_, word, _, _) in enumerate(listed(words)):
        held = graphemes(word)
        distinct = list(dict.fromkeys(held))
        for rows, fits in zip(
            words.by_count, (lambda n: n == 1, lambda n: n == 2, lambda n: n >= 3), strict=True
        ):
            found = [letters[i] for i in rows.take(np.array([number])).values]
            assert found == [letter for letter in distinct if fits(held.count(letter))]


def test_count(words: Words):
    letters = names(words)
    every = [(n, w, m) for n, (_, w, _, _) in enumerate(listed(words)) for m in range(len(letters))]
    found = words.count(np.array([n for n, _, _ in every]), np.array([m for _, _, m in every]))
    assert found.tolist() == [graphemes(w).count(letters[m]) for _, w, m in every]


@pytest.mark.parametrize("test", [False, True])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_holders(words: Words, times: int, test: bool):
    letters = names(words)
    rows = words.holders(times, test)
    assert len(rows) == len(words.lexicons) * len(letters)
    for key, found in enumerate(rows.tolist()):
        lexicon, letter = divmod(key, len(letters))
        assert found == [
            number
            for number, (source, word, is_test, _) in enumerate(listed(words))
            if source == lexicon
            and is_test == test
            and min(graphemes(word).count(letters[letter]), 3) == times
        ]
    assert words.holders(times, test) is rows


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_draw(words: Words, seed: int):
    every = listed(words)
    hashes = mix(key_of(seed), np.arange(4000))
    source = np.arange(4000, dtype=np.int32) % 2
    for test in (False, True):
        found = words.draw(source, test, hashes)
        for lexicon in (0, 1):
            pool = {n for n, (s, _, is_test, _) in enumerate(every) if s == lexicon and is_test == test}
            # All words come, and no others: each with a chance of at least 1 in 24.
            assert set(found[source == lexicon].tolist()) == pool
        one = np.array([137])
        assert words.draw(source[one], test, hashes[one])[0] == found[137]


def test_half_of_what_is_drawn_is_common(words: Words):
    english = open_lexicon("en", script="Latin", alphabet="abcdefghijklmnopqrstuvwxyz")
    found = Words.of([english]).draw(
        np.zeros(20_000, dtype=np.int32), False, mix(key_of("half"), np.arange(20_000))
    )
    common = english.common[found].mean()
    share = english.common[~english.test].mean()
    assert abs(common - (1 + share) / 2) < 0.02
    assert not english.test[found].any()


def test_shared(words: Words):
    english, spanish = (set(lexicon.words.to_pylist()) for lexicon in words.lexicons)
    for lexicon, other, mine, others in (
        (0, 1, english, spanish),
        (1, 0, spanish, english),
        (0, 0, english, english),
    ):
        found = words.shared(lexicon, other)
        listed = words.lexicons[lexicon].words.to_pylist()
        assert [word for word, also in zip(listed, found.tolist(), strict=True) if also] == [
            word for word in listed if word in mine & others
        ]


def test_one_lexicon_keeps_its_numbers(words: Words):
    alone = Words.of([words.lexicons[1]])
    assert alone.graphemes.take(np.arange(len(alone.graphemes))) == words.lexicons[1].graphemes
    numbers = np.arange(len(words.lexicons[1]))
    assert alone.spaced_out(numbers).strings() == words.spaced_out(numbers + words.starts[1]).strings()
