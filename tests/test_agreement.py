"""Words that agree with a slot: rules against lists that anybody can check; what is refused."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.agreement import AGREEMENTS, Variants, choices
from generators.book import Book
from generators.columns import Column, Lines
from generators.deal import Dealt
from generators.fudge import Questions
from generators.prompts import Template, language
from generators.ragged import Ragged
from generators.rows import Rows
from generators.texts import Texts
from generators.words import Words

RULES = {(code, a.forms): a.rule for code, group in AGREEMENTS.items() for a in group}
SURE = {
    ("en", ("a", "an")): (
        "b c d g j k p q t u v w y z pear dog PDF knife strawberry lemon sand flower ship",
        "a e f h i l m n o r s x apple egg idea elephant odd island A",
        "é 国 hour unit one once ewe euro xray yttrium mri led sms fbi umbrella naïve 字母 don't x²",
    ),
    ("fr", ("de ", "d'")): (
        "banane café carte zoo wagon maison Table",
        "avion école été image ordre œuf Arbre ami âge",
        "a b é hôtel haricot onze oui un unité yaourt yeux one usage 国家 l'eau",
    ),
    ("ko", ("은", "는")): (
        "책 한국 값 사람 l m n r R 물",
        "나무 가 a b c z Q 에이 의자",
        "pear strawberry é 国 don't ㄱ 1 ''",
    ),
    ("ko", ("으로", "로")): ("책 한국 사람 m n", "나무 물 서울 l r a 길", "pear 国家 é"),
}


@pytest.mark.parametrize("key", SURE, ids=str)
def test_rules(key):
    for expected, words in enumerate(SURE[key]):
        for word in words.split(" "):
            assert RULES[key](word) == str(expected), word
            assert RULES[key](f" {word}") == str(expected), "a space of the slot is no part of the word"


@given(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3))
def test_final_consonants_are_those_of_the_decomposition(syllable):
    apart = unicodedata.normalize("NFD", syllable)
    expected = "1" if len(apart) == 2 else "0"
    assert RULES["ko", ("이", "가")](f"가{syllable}") == expected
    assert RULES["ko", ("으로", "로")](syllable) == ("1" if apart[2:] == "\u11af" else expected)


@given(st.text())
def test_rules_answer_for_any_text(text):
    assert {rule(text) for rule in RULES.values()} <= {"0", "1", "2"}


def test_neutral_forms():
    for agreement in AGREEMENTS["ko"]:
        first, second = agreement.forms
        assert agreement.neutral in (f"{first}({second})", f"({first[0]}){second}")


@pytest.mark.parametrize(
    ("code", "written", "says"),
    [
        ("en", "{a|un} {word}", "allowed: a|an"),
        ("de", "{a|an} {word}", "allowed: none"),
        ("en", "{word} {a|an}", "none stands right after"),
        ("en", "{a|an} nice {word}", "none stands right after"),
        ("ko", "{은|는} {word}", "none stands right before"),
        ("ko", "{word} 책{은|는}", "none stands right before"),
        ("fr", "lettres {de |d'}{word}", "need a third form"),
    ],
)
def test_alternatives_that_agree_with_nothing_are_refused(code, written, says):
    with pytest.raises(ValueError, match=says):
        choices(code, Template.parse(written, ["word"]))
    with pytest.raises(ValueError, match=says):
        Questions([language(code)], {code: [written + "?"]}, ["word"])


def test_variants_of_a_literal_with_two_choices():
    parsed = [
        Template.parse(text, ["word", "letter"])
        for text in ("{word}{이|가} {letter}{을|를}", "{word} {letter}")
    ]
    variants = Variants([choices("ko", template) for template in parsed])
    assert [variants.count(place) for place in range(3)] == [1, 3, 3]
    assert variants.expand(0, 1, parsed[0].literals[1]) == ["이 ", "가 ", "이(가) "]
    assert variants.expand(1, 1, parsed[1].literals[1]) == [" ", " ", " "]


def asked(code, templates, slots, n):
    """What is typed, bare and quoted, with no draw but the templates': all turns of one word."""
    lang = language(code)
    asks = Questions([lang], {code: templates}, list(slots))
    rows = Rows.of(range(n), seed=0, task="t", split="train")
    none = np.zeros(n, dtype=np.int64)
    dealt = Dealt(rows, none, Words.none(), np.arange(n), np.empty(0, dtype=np.int64), none, none)
    book = Book()
    return book.strings(book.set(list(asks.ask(dealt, slots).pieces), n)).to_pylist()


def test_questions_agree_with_what_stands_in_them_quoted_or_not():
    words = ["avion", "banane", "hôtel", "œuf"] * 50
    forms = {"avion": "d'", "banane": "de ", "hôtel": "du mot ", "œuf": "d'"}
    found = asked("fr", ["Donne les lettres {de |d'|du mot }{word}."], {"word": Column.of(words)}, 200)
    for text, word in zip(found, words, strict=True):
        before = text.partition(word)[0].rstrip("«“\"' \u00a0")
        assert before.endswith(forms[word].rstrip("' ")), text
        assert ("s d'" in text) == (forms[word] == "d'"), text


def test_the_nearest_word_of_a_phrase_decides():
    words = Texts(["책", "나무", "pear"])
    phrase = Lines(words, Ragged.of([[0, 1], [1, 0], [0, 2], [2, 0]] * 20))
    found = asked("ko", ["{phrase}{을|를} 세어 줘."], {"phrase": phrase}, 80)
    for text, particle in zip(found, ["를", "을", "을(를)", "을"] * 20, strict=True):
        assert f"{particle} 세어" in text.replace("”", "").replace("’", "").replace('"', "").replace(
            "'", ""
        ), text
        assert f"({particle})" not in text.replace("을(를)", ""), text
