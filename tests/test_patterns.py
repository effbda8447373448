"""Split patterns: equal to what tokenizers publish, and lossless."""

import pytest
import tiktoken_ext.openai_public as openai_public
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer.patterns import NAMES, SplitPattern, pattern, pretokens

every_pattern = pytest.mark.parametrize("name", NAMES)


def published(constructor, monkeypatch):
    """The pat_str of a tiktoken encoding, without reading its vocabulary."""
    for loader in ("load_tiktoken_bpe", "data_gym_to_mergeable_bpe_ranks"):
        monkeypatch.setattr(openai_public, loader, lambda *args, **kwargs: {})
    return openai_public.ENCODING_CONSTRUCTORS[constructor]()["pat_str"]


@pytest.mark.parametrize(
    ("name", "constructor"),
    [
        ("gpt2", "gpt2"),
        ("gpt2", "r50k_base"),
        ("gpt2", "p50k_base"),
        ("cl100k", "cl100k_base"),
        ("o200k", "o200k_base"),
        ("o200k", "o200k_harmony"),
    ],
)
def test_equal_to_installed_tiktoken(name, constructor, monkeypatch):
    assert pattern(name).regex == published(constructor, monkeypatch)


def test_the_others_in_full():
    """Put together from parts in the module, so spelled out here."""
    suffix = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    rest = r"[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    assert pattern("llama3").regex == suffix + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?" + rest
    assert pattern("qwen2").regex == suffix + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?" + rest
    assert pattern("tekken").regex == (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    assert pattern("deepseek").stages[:2] == (r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        # facts/token-boundaries.md, section 1
        ("nanochat", "'strawberry'.count('r')", ["'s", "trawberry", "'.", "count", "('", "r", "')"]),
        ("nanochat", "pollocks:p,o,l", ["pollocks", ":p", ",o", ",l"]),
        ("nanochat", "1:p", ["1", ":p"]),
        # runs of digits, counted from the left
        ("gpt2", "12345", ["12345"]),
        ("cl100k", "12345", ["123", "45"]),
        ("nanochat", "12345", ["12", "34", "5"]),
        ("qwen2", "12345", ["1", "2", "3", "4", "5"]),
        ("tekken", "12345", ["1", "2", "3", "4", "5"]),
        ("deepseek", "12345", ["123", "45"]),
        # contractions: before the rest of the word, after it, or not known
        ("cl100k", "it'S", ["it", "'S"]),
        ("gpt2", "it'S", ["it", "'", "S"]),
        ("o200k", "it'S", ["it'S"]),
        ("tekken", "it's", ["it", "'s"]),
        ("cl100k", "'ſa", ["'ſ", "a"]),  # the long s is an s to (?i:
        # case
        ("o200k", "camelCaseHTTP", ["camel", "Case", "HTTP"]),
        ("tekken", "camelCaseHTTP", ["camel", "Case", "HTTP"]),
        # what punctuation takes along
        ("gpt2", ".\n/a", [".", "\n", "/", "a"]),
        ("cl100k", ".\n/a", [".\n", "/a"]),
        ("o200k", ".\n/a", [".\n/", "a"]),
        # whitespace
        ("gpt2", "a\n\n b", ["a", "\n\n", " b"]),
        ("gpt2", "a\n\nb", ["a", "\n", "\n", "b"]),
        ("nanochat", "a\n\nb", ["a", "\n\n", "b"]),
        ("gpt2", "\x1ca", ["\x1c", "a"]),  # not whitespace, though str.isspace says so
        # stages: Han and kana apart, and a lookahead that ends with its piece
        ("deepseek", "の・漢字x", ["の", "・", "漢字", "x"]),
        ("deepseek", "a  1", ["a", "  ", "1"]),
        ("cl100k", "a  1", ["a", " ", " ", "1"]),
        ("deepseek", "-a—a\u200d\u200d", ["-a", "—", "a", "\u200d\u200d"]),
    ],
)
def test_pretokens(name, text, expected):
    assert pretokens(pattern(name), text) == expected


@every_pattern
@settings(max_examples=150, deadline=None)
@given(text=st.text(st.one_of(st.characters(), st.sampled_from("a1 \n\t'/.\u0301")), max_size=30))
def test_pretokens_join_up_to_the_text(name, text):
    pieces = pretokens(pattern(name), text)
    assert "".join(pieces) == text
    assert all(pieces)


@every_pattern
def test_pretokens_of_nothing(name):
    assert pretokens(pattern(name), "") == []


@every_pattern
def test_a_pattern_says_where_it_is_from(name):
    assert pattern(name).name == name
    assert pattern(name).source


@pytest.mark.parametrize(("wrong", "right"), [("cl100k_base", "cl100k"), ("llama-3", "llama3"), ("", "gpt2")])
def test_unknown_name(wrong, right):
    with pytest.raises(ValueError, match="no split pattern is named") as caught:
        pattern(wrong)
    assert all(name in str(caught.value) for name in NAMES)
    if wrong:
        assert f"the nearest is {right!r}" in str(caught.value)


def test_compiled_once():
    ours = SplitPattern("ours", r"\w+", "made up", then=("o",))
    assert ours.compiled is ours.compiled
    assert pretokens(ours, "foo, bar") == ["f", "o", "o", ", ", "bar"]
