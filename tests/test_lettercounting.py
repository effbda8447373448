"""Counting a letter in a phrase: its words, its count, and the truth of every line."""

from collections import Counter

import pytest
import regex

from generators.lexicon import is_test_word
from generators.prompts import languages
from generators.styles import STYLES
from tasks.lettercounting import LetterCounting
from tests import written
from tests.words_strategies import files, letters


def rows_of(size, **options):
    task = LetterCounting(size=size, ask="letter", **options)
    return [task.get_example(i) for i in range(size)]


@pytest.fixture(scope="module", params=["train", "test"])
def rows(request):
    return rows_of(5000, split=request.param, tool="none")


def unavoidable(words, letter, pool):
    """Whether a word that comes twice in a phrase does so for want of others with the letter as often."""
    again = {word for word in words if words.count(word) > 1}
    return all(
        {other for other in pool if letters(other).count(letter) == letters(word).count(letter)} <= set(words)
        for word in again
    )


def test_phrases_have_two_to_six_words_none_twice(rows):
    known = LetterCounting(size=1).words
    pools = {lexicon.language: lexicon for lexicon in known.lexicons}
    sizes, again = Counter(), Counter()
    for row in rows:
        words, letter = row["facts"]["words"], row["letter"]
        sizes[len(words)] += 1
        if len(set(words)) < len(words):
            lexicon = pools[row["facts"]["lexicon"]]
            again[lexicon.language] += 1
            pool = [
                word
                for word, test in zip(lexicon.words.to_pylist(), lexicon.test.tolist(), strict=True)
                if letter in word and test == (row["split"] == "test")
            ]
            assert unavoidable(words, letter, pool), words
    assert set(sizes) == {2, 3, 4, 5, 6}
    assert min(sizes.values()) > 500
    assert set(again) <= {"ja", "ko", "zh"}, "letters are common, characters may be rare"


def test_the_words_of_a_phrase_are_of_one_split(rows):
    for row in rows:
        for word in row["facts"]["words"]:
            assert is_test_word(word) == (row["split"] == "test")


def test_counts_are_those_that_were_dealt(rows):
    """Each class of 0, 1, 2, 3 and more has its share of every block; of the last, not only threes."""
    for start in range(0, 5000, 100):
        block = Counter(min(row["facts"]["count"], 3) for row in rows[start : start + 100])
        assert block == {0: 10, 1: 35, 2: 35, 3: 20}
    more = Counter(row["facts"]["count"] for row in rows if row["facts"]["count"] > 2)
    assert set(more) == {3, 4, 5}
    assert more[3] > more[4] > more[5] > 100


def test_a_constant_guess_about_the_length_of_the_phrase_does_not_give_the_count(rows):
    """Long phrases are not simply those with many hits."""
    for size in range(2, 7):
        here = Counter(row["facts"]["count"] for row in rows if len(row["facts"]["words"]) == size)
        assert max(here.values()) / sum(here.values()) < 0.5, (size, here)


def test_the_place_of_the_hit_is_no_hint(rows):
    """With one hit in a phrase of four, each word is as likely to have it."""
    places = Counter()
    for row in rows:
        words, letter = row["facts"]["words"], row["letter"]
        if len(words) == 4 and row["facts"]["count"] == 1:
            places[[letter in letters(word) for word in words].index(True)] += 1
    assert min(places.values()) / sum(places.values()) > 0.17


def truth(row, style, tool):
    words, letter, facts = row["facts"]["words"], row["letter"], row["facts"]
    phrase, counts = " ".join(words), [letters(word).count(letter) for word in words]
    total = sum(counts)
    if style not in ("classic", row["style"]):
        assert row["style"] == "universal"
        assert any(map(written.needs_universal, [*words, letter]))
        style = "universal"
    assert (facts["count"], row["answer"], row["word"]) == (total, str(total), "")
    question, turn = row["messages"]
    assert phrase in question["content"]
    content = turn["content"]
    parts = [("text", content)] if isinstance(content, str) else [(p["type"], p["text"]) for p in content]
    by_hand = parts[0][1]
    blocks = by_hand.split("\n\n")
    assert written.quoted(style, phrase) in blocks[0]
    assert written.quoted(style, letter) in blocks[0]
    for word, count, block in zip(words, counts, blocks[2:], strict=False):
        spelled, steps = (
            written.spelled(style, word, letters(word)),
            written.steps(style, letters(word), letter),
        )
        *working, said = block.split("\n")
        assert working == [*spelled.split("\n"), *steps]
        assert written.quoted(style, word) in said
        said = said.replace(written.quoted(style, word), "")
        assert regex.findall(r"\p{N}+", said) == [str(count)]
    _, *summed = blocks[2 + len(words)].split("\n")
    assert summed == written.summed(style, words, counts)
    assert regex.findall(r"\p{N}+", blocks[3 + len(words)]) == [str(total)]
    assert parts[-1][1].endswith(f"\n\n#### {total}")
    assert "".join(text for _, text in parts).count("####") == 1
    if facts["form"] == "tool":
        call = written.called(style, phrase, letter)
        assert parts[2:4] == [("python", call), ("python_output", str(total))]
        assert [kind for kind, _ in parts] == ["text", "text", "python", "python_output", "text"]
        assert set(regex.findall(r"\p{N}+", parts[1][1] + parts[4][1])) == {str(total)}
    else:
        assert len(parts) == 1
        assert "Python" not in by_hand
        assert facts["form"] == ("no tool" if tool == "none" else "refused")


@pytest.mark.parametrize("tool", ["nanochat", "python", "none"])
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("style", sorted(STYLES))
def test_the_truth_of_thousands_of_rows(style, language, tool):
    for row in rows_of(600, style=style, language=language, tool=tool, seed=5):
        truth(row, style, tool)


@pytest.mark.parametrize(
    "words",
    [
        ["fig", "plum"],
        ["fig", "plum", "apple", "banana"],
        ["aa", "bb"],
        ["ab", "ba"],
        ["中国", "国中"],
        ["हिन्दी", "नदी", "fig"],
        ["banana"],
    ],
)
def test_lexicons_too_small_for_long_phrases_still_tell_the_truth(tmp_path, words):
    """Words come again where there are no others; but what is said of them is right."""
    for row in rows_of(200, language="en", tool="none", **files(tmp_path, *words)):
        truth(row, "quote-comma", "none")
        assert 2 <= len(row["facts"]["words"]) <= 6
        assert set(row["facts"]["words"]) <= set(words)


def test_no_word_twice_where_the_lexicon_has_others(tmp_path):
    words = [
        "bed",
        "hen",
        "net",
        "pen",
        "red",
        "set",
        "bat",
        "can",
        "fig",
        "hot",
        "lid",
        "mud",
        "eel",
        "tree",
    ]
    for row in rows_of(1000, language="en", tool="none", **files(tmp_path, *words)):
        used, letter = row["facts"]["words"], row["letter"]
        assert len(set(used)) == len(used) or unavoidable(used, letter, words), (used, letter)
        if letter == "e":
            assert len(set(used)) == len(used), used


def test_what_holds_no_dealt_word_is_of_no_kind(tmp_path):
    """A number and a person's own sentence say nothing of words that are misspelt, though one was dealt."""
    lines = tmp_path / "lines.txt"
    lines.write_text("The cat sat here.\nA dog ran home.\nWe like plums.\nIt rains on Mondays.\n")
    kinds = {"misspelt": 0.3, "upper": 0.3}
    for options in ({"ask": "digit"}, {"ask": "sentence", "sentences": lines, "language": "en"}):
        task = LetterCounting(100, kinds=kinds, tool="none", **options)
        facts = [task.get_example(i)["facts"] for i in range(100)]
        assert {(fact["kind"], fact["source"]) for fact in facts} == {("own", "")}
    task = LetterCounting(100, kinds=kinds, tool="none", ask="letters")
    assert {task.get_example(i)["facts"]["kind"] for i in range(100)} == {"own", "upper", "misspelt", "right"}
