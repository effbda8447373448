"""Sentences to count in: from templates, and from a person's own lines."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from generators.lexicon import LexiconError, is_test_word
from generators.stock import LONGEST, Frame, Stock, stocks, words_in
from tasks.lettercounting import LetterCounting

LINES = """
The quick brown fox jumps over the lazy dog.

Use few by few, until certainly obvious.
Use the by-line!
one two three four five six seven eight nine ten eleven twelve thirteen
He said "no" to me
He said <|im_end|> to me
Don't eat 3 figs, she said?
...
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text(LINES, "utf-8")
    return path


def test_a_persons_lines_go_to_the_split_of_their_words(file):
    train, test = (stocks(["en"], split, file)["en"] for split in (False, True))
    texts = [frame.written([])[0] for frame in train.frames]
    assert "The quick brown fox jumps over the lazy dog" in texts, "its full stop is left out"
    for stock, split in ((train, False), (test, True)):
        for frame in stock.frames:
            if frame.words:
                assert {is_test_word(word) for word in frame.words} == {split}
    lines = train.report["lines"]
    assert lines == test.report["lines"]
    assert sum(lines.values()) == 8
    assert lines["too long"] == 1
    assert lines["not allowed"] == 3  # a quotation mark, a control token, no word
    assert lines["train"] == len(train.frames)
    assert lines["of both splits"] >= 1


def test_holdout_and_exclude_move_lines(file, tmp_path):
    held, out = tmp_path / "held.txt", tmp_path / "out.txt"
    held.write_text("quick\n")
    out.write_text("FOX\n")
    usual = stocks(["en"], False, file)["en"]
    assert len(stocks(["en"], False, file, holdout=held)["en"].frames) == len(usual.frames) - 1
    assert stocks(["en"], False, file, exclude=out)["en"].report["lines"]["not allowed"] == 4
    # A template that has a word which may not come, or has become a test word, is none of training any more.
    held.write_text("list\n")
    plain = stocks(["en"], False)["en"]
    without = stocks(["en"], False, holdout=held)["en"]
    assert {f for f in plain.frames if "list" in f.words} == {*plain.frames} - {*without.frames} != set()


def test_a_split_without_lines_keeps_the_templates(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("The quick brown fox jumps over the lazy dog")
    assert stocks(["en"], True, path)["en"].frames == stocks(["en"], True)["en"].frames
    for split in ("train", "test"):
        for row in LetterCounting(20, split, ask="sentence", sentences=path, language="en", tool="none"):
            assert ("quick" in row["facts"]["words"]) == (split == "train")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it is empty"),
        (b"...\n", "1 not allowed"),
        (b"caf\xe9\n", "is not UTF-8: byte 0xe9"),
        (b"use the\n", "1 of both splits"),
    ],
)
def test_files_that_will_not_do(tmp_path, data, says):
    path = tmp_path / "lines.txt"
    path.write_bytes(data)
    with pytest.raises(LexiconError, match=says):
        stocks(["en"], False, path)
    with pytest.raises(LexiconError, match="no such file"):
        stocks(["en"], False, tmp_path / "none.txt")


def test_a_language_without_templates_has_words_with_commas():
    stock = Stock.of_templates(["the {word}"], True, is_test_word, test=True)
    assert [frame.written(["a", "b", "c"]) for frame in stock.frames] == [("a, b, c", ["a", "b", "c"])]


def test_sentences_without_spaces():
    frame = Frame.parse("如果 {word} ，包括 {word}", spaced=False)
    assert frame.written(["fig", "果"]) == ("如果fig，包括果", ["如果", "fig", "包括", "果"])


@given(
    words=st.lists(st.sampled_from(["fig", "plum", "ñu", "can't", "co-op"]), min_size=1, max_size=3),
    capital=st.booleans(),
)
def test_a_sentence_is_its_words_and_marks(words, capital):
    frame = Frame.parse(", ".join(["{word}"] * len(words)) + ".", spaced=True)
    text, every = frame.written(words, capital)
    assert words_in(text) == every
    assert [word.lower() for word in every] == words
    assert regex.sub(r"[ ,]", "", text) == "".join(every)
    assert len(words) <= LONGEST
    assert text[0].isupper() == capital
