"""Choosing a style: the cheapest that is isolated, one form of each letter preferred, with the reason."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from generators.stylechoice import MARGIN, choose, ranked, settle
from generators.styles import STYLES
from generators.taskaudit import Batch, sheet_of
from tasks.hornbook import LetterCounting, SimpleSpelling, SpellingBee
from tokenizer.encoding import Encoding, open_encoding
from tokenizer.patterns import pattern
from tokenizer.sources import split_pattern
from tokenizer.train import train

EMBEDDED = open_encoding(None)
TEXT = ["it's don't I'm you're we've he'll she'd"] * 50
GLUED = [f'"{a}{b}", {a}: {b}, {a},{b}:{a}' for a in "aeioulnrst" for b in "aeioulnrst"] * 4


def making(*classes, **options):
    def make(style: str) -> list:
        return [cls(600, split, style=style, **options) for cls in classes for split in ("train", "test")]

    return make


ALL = making(SpellingBee, SimpleSpelling, LetterCounting, language="en")


def refused(style: str, tokenizer: "Encoding | None") -> str:
    with pytest.raises(ValueError, match="style") as caught:
        settle(style, tokenizer, ALL)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_name_is_taken_as_it_is():
    assert settle("classic", None, pytest.fail) == ("classic", None)
    assert settle("classic", EMBEDDED, pytest.fail) == ("classic", None)


def test_what_is_refused():
    assert "did you mean 'auto'?" in refused("atuo", None)
    assert refused("auto", None) == "--style auto chooses a style for a tokenizer: name it with --tokenizer"


def test_the_style_and_why():
    name, reason = choose(ALL, EMBEDDED)
    assert name == reason["style"]
    # The cheapest of those with one form of each letter, which costs little more than the cheapest of all.
    whole = {style: told for style, told in reason["styles"].items() if told["isolated"]}
    cost = {style: told["tokens a conversation"] for style, told in whole.items()}
    one_form = [style for style in whole if whole[style]["forms of a letter"] == 1]
    assert set(one_form) == {"lines", "universal"}
    assert name == min(one_form, key=cost.__getitem__)
    assert min(cost, key=cost.__getitem__) == "spaced"
    assert cost["spaced"] < cost[name] <= cost["spaced"] * MARGIN
    assert reason["tokenizer"] == {"name": "hornbook_8k", "fingerprint": EMBEDDED.fingerprint}
    assert "proved from its split pattern" in reason["why"]
    assert set(reason["styles"]) == set(STYLES)
    assert reason["styles"]["classic"]["isolated"] is False
    assert "not isolated on hornbook_8k: " in reason["styles"]["classic"]["found"]
    assert json.loads(json.dumps(reason)) == reason
    assert choose(ALL, EMBEDDED) == (name, reason)


def test_one_form_of_each_letter_is_preferred():
    """GPT-2's pattern isolates all of classic but the tool's words; its letters have one form."""
    gpt2 = train(TEXT, 300, pattern("gpt2"), name="gpt2-like", special_tokens=())
    assert choose(ALL, gpt2)[0] == "lines"
    name, reason = choose(making(SpellingBee, LetterCounting, tool="none", language="en"), gpt2)
    assert name == "classic"
    assert reason["styles"]["classic"]["forms of a letter"] == 1
    assert reason["styles"]["quote-comma"]["forms of a letter"] == 2
    assert reason["styles"]["quote-comma"]["isolated"] is True


def test_the_words_at_hand_decide(tmp_path: Path):
    """Where no word begins like the end of "it's", classic's tool is isolated for GPT-2's pattern too."""
    gpt2 = train(TEXT, 300, pattern("gpt2"), name="gpt2-like", special_tokens=())
    syllables = ("ba", "ne", "ka", "po")
    words = [a + b + c for a in syllables for b in syllables for c in syllables]
    (tmp_path / "words.txt").write_text("\n".join(words))
    (tmp_path / "more.txt").write_text("\n".join([*words, *(f"s{word}" for word in words)]))
    plain = making(SpellingBee, lexicon=tmp_path / "words.txt", language="en")
    assert choose(plain, gpt2)[0] == "classic"
    assert choose(making(SpellingBee, lexicon=tmp_path / "more.txt", language="en"), gpt2)[0] == "lines"


def test_what_costs_little_more():
    sheet = sheet_of([Batch.of(SimpleSpelling(50, style="classic"), 50)], EMBEDDED)
    two_forms = sheet_of([Batch.of(SpellingBee(50, style="quote-comma"), 50)], EMBEDDED)

    def at(sheet, tokens: int):
        return replace(sheet, tasks={"x": {"rows": 100, "words": 100, "tokens": tokens}})

    assert ranked({"two": at(two_forms, 1000), "one": at(sheet, 1090)}) == ["one", "two"]
    assert ranked({"two": at(two_forms, 1000), "one": at(sheet, 1110)}) == ["two", "one"]
    assert ranked({"dear": at(sheet, 1050), "one": at(sheet, 1000)}) == ["one", "dear"]
    assert ranked({}) == []


def test_no_style_is_isolated():
    """A pattern that cuts nowhere but at lines lets merges glue everything."""
    glued = split_pattern((r"[^\n]+|\n",), "made up")
    encoding = train(GLUED, 600, glued, name="glued", special_tokens=())
    with pytest.raises(ValueError, match=r"^no style is isolated on glued, so auto has none") as caught:
        choose(ALL, encoding)
    said = str(caught.value)
    for name in STYLES:
        assert f"{name} (claims" in said
    assert "not in" in said
    assert "\n" not in said
