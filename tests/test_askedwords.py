import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.askedwords import asked_words, may_ask, may_spell, spelled_words
from generators.prompts import languages
from generators.styles import STYLES
from generators.wordcolumns import is_test_word
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.strategies import TEXTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How many r's are in strawberry?", {"strawberry"}),
        ("How many 'r's are there in “Strawberry”", {"strawberry"}),
        ("Spell the word banana.", {"banana"}),
        ("Please spell “don't panic” for me!", {"don't", "panic"}),
        ("Wie oft kommt r in Erdbeere vor?", {"erdbeere"}),
        ("¿Cuántas veces aparece la letra a en 'banana'?", {"banana"}),
        ("单词“草莓”里有几个字母？", {"草莓"}),
        ("「いちご」の文字を教えて。", {"いちご"}),
        ("Tell me about strawberries. How many people are there?", set()),
        ("I like a strawberry", set()),
        ("How many legs has a horse?", set()),
    ],
)
def test_words_that_are_asked_about(text: str, expected: set[str]):
    assert asked_words(text) == expected


def test_our_own_test_rows_are_known_by_their_words_and_train_rows_are_not():
    for cls in (SpellingBee, SimpleSpelling, LetterCounting):
        for code in languages():
            found = {}
            for split in ("train", "test"):
                task = cls(100, split, language=code, tool="none")
                # A question about a number has no word.
                asked = [row for row in task if row["facts"].get("asks") != "digit"]
                rows = [tuple(message["content"] for message in row["messages"]) for row in asked]
                said = [asked_words(question) | spelled_words(answer) for question, answer in rows]
                found[split] = sum(any(map(is_test_word, words)) for words in said) / len(rows)
            # Typos look like other words, and no space parts all words of Chinese, Japanese and Korean.
            assert found["train"] <= 0.03, (cls, code, found)
            assert found["test"] >= (0.97 if code in ("de", "en", "es", "fr") else 0.8), (cls, code, found)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_what_is_not_worth_a_look_holds_nothing(texts: list[str]):
    array = pa.array(texts, pa.string())
    for text, asks, spells in zip(texts, may_ask(array), may_spell(array), strict=True):
        assert asks or not asked_words(text)
        assert spells or not spelled_words(text)


def test_what_spells_a_word_is_seen_in_every_style():
    for style in STYLES:
        task = SimpleSpelling(50, style=style, language="en")
        for row in (task[i] for i in range(50)):
            answer = row["messages"][-1]["content"]
            if len(row["word"]) > 2:
                assert row["word"] in spelled_words(answer), (style, answer)
                assert may_spell(pa.array([answer])).all()
