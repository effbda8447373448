"""Training: what rustbpe makes can be saved, opened and made again, to the byte."""

import builtins
import hashlib
import json
from pathlib import Path

import pytest
import tiktoken.load
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer import train as training
from tokenizer.encoding import EMBEDDED, EncodingError, open_encoding
from tokenizer.patterns import NAMES, SplitPattern, pattern
from tokenizer.train import CONTROL_TOKENS, build_embedded, save, train

pytest.importorskip("rustbpe", reason="the extra train is not installed")
TEXTS = ["the rat sat on the mat", "The strawberry, the rat: 12 berries\n\n"] * 3
ONE_STAGE = [name for name in NAMES if not pattern(name).then]


@pytest.mark.parametrize("name", ONE_STAGE)
def test_trains_saves_and_opens(tmp_path, name):
    encoding = train(TEXTS, 300, pattern(name))
    assert encoding.n_vocab <= 300
    assert list(encoding.special_tokens) == list(CONTROL_TOKENS)
    assert encoding.special_tokens["<|bos|>"] == len(encoding.ranks)
    assert len(encoding.encode("the")) < 3
    save(encoding, tmp_path / "mine.tiktoken", "a test")
    again = open_encoding(tmp_path / "mine.tiktoken")
    assert again.fingerprint == encoding.fingerprint
    assert again.pattern is pattern(name)
    assert again.special_tokens == encoding.special_tokens
    facts = json.loads((tmp_path / "mine.json").read_text())
    assert facts["source"] == "a test"
    assert facts["pat_str"] == pattern(name).regex
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine.json", "mine.tiktoken"]
    assert tiktoken.load.load_tiktoken_bpe(str(tmp_path / "mine.tiktoken")) == dict(encoding.ranks)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), max_size=5),
    st.integers(265, 300),
)
def test_any_text_trains(texts, vocab):
    encoding = train(iter(texts), vocab, pattern("nanochat"))
    assert encoding.n_vocab <= vocab
    assert all(encoding.decode(encoding.encode(text)) == text for text in texts)


def test_trains_alike_twice():
    assert train(TEXTS, 290, pattern("gpt2")).fingerprint == train(TEXTS, 290, pattern("gpt2")).fingerprint


def test_special_tokens_of_ones_own():
    encoding = train(TEXTS, 260, pattern("gpt2"), name="own", special_tokens=["<s>", "</s>", "<s>"])
    assert encoding.special_tokens == {"<s>": 258, "</s>": 259}
    assert encoding.name == "own"


@pytest.mark.parametrize(
    ("texts", "vocab", "cut", "expected"),
    [
        (TEXTS, 264, pattern("gpt2"), "a vocabulary of 264 is too small; .* need 265"),
        (TEXTS, -1, pattern("gpt2"), "too small"),
        (TEXTS, 2**70, pattern("gpt2"), "is too large; ids end at 2,147,483,647"),
        (TEXTS, 300, pattern("deepseek"), "cuts in several stages"),
        (TEXTS, 300, SplitPattern("x", "(", "test"), "rustbpe cannot train on this"),
        ([b"bytes"], 300, pattern("gpt2"), "rustbpe cannot train on this"),
        (["\ud800"], 300, pattern("gpt2"), "rustbpe cannot train on this"),
    ],
)
def test_refused(texts, vocab, cut, expected):
    with pytest.raises(EncodingError, match=expected) as caught:
        train(texts, vocab, cut)
    assert "\n" not in str(caught.value)


def test_saves_as_tiktoken_alone(tmp_path):
    encoding = open_encoding()
    with pytest.raises(EncodingError, match=r"does not end in \.tiktoken"):
        save(encoding, tmp_path / "x.json", "test")
    with pytest.raises(EncodingError, match=r"cannot write .*: No such file"):
        save(encoding, tmp_path / "no" / "x.tiktoken", "test")


def test_without_the_extra(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name == "rustbpe":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    for call in (lambda: train(TEXTS, 300, pattern("gpt2")), build_embedded):
        with pytest.raises(EncodingError, match=r"needs the extra train: pip install 'hornbook\[train\]'"):
            call()


# The vocabulary that comes with Hornbook


def test_embedded_can_be_made_again(tmp_path):
    try:
        build_embedded(tmp_path / "hornbook_8k.tiktoken")
    except EncodingError as error:
        pytest.skip(f"other inputs on this machine: {error}")
    for suffix in (".tiktoken", ".json"):
        made, kept = (path.with_suffix(suffix).read_bytes() for path in (tmp_path / EMBEDDED.name, EMBEDDED))
        assert hashlib.sha256(made).hexdigest() == hashlib.sha256(kept).hexdigest()


def test_embedded_says_what_it_was_made_from():
    facts = json.loads(EMBEDDED.with_suffix(".json").read_text())
    assert set(facts["inputs"]) == {"python", "standard_library", "wordfreq", "words", "rustbpe"}
    assert "wordfreq" in facts["source"]
    assert "CC BY-SA" in facts["license"]


def test_other_inputs_are_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(training, "_words", lambda: iter(["other words"]))
    with pytest.raises(
        EncodingError, match=r"was made with .*words [0-9a-f]{12}; here is .*words [0-9a-f]{12}: install"
    ):
        build_embedded(tmp_path / "x.tiktoken")
    assert not list(tmp_path.iterdir())
    assert training.main(["--embedded"]) == 1
    assert "was made with" in capsys.readouterr().err


def test_renewed_from_other_inputs(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "_words", lambda: iter([" other words" * 50]))
    monkeypatch.setattr(training, "_standard_library", lambda: iter(["import os"]))
    encoding = build_embedded(tmp_path / "x.tiktoken", renew=True)
    assert open_encoding(tmp_path / "x.tiktoken").fingerprint == encoding.fingerprint


def test_a_vocabulary_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    encoding = train(TEXTS, 270, pattern("gpt2"))
    path = tmp_path / "mine.tiktoken"
    save(encoding, path, "first")
    held = {file: file.read_bytes() for file in tmp_path.iterdir()}
    write = Path.write_bytes

    def full(file, data):
        if file.name == "mine.tiktoken.tmp":
            write(file, data[:10])
            raise OSError(28, "No space left on device")
        return write(file, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(EncodingError, match=r"cannot write .*: No space left on device"):
        save(train(TEXTS, 280, pattern("cl100k")), path, "second")
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == held
