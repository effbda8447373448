"""Encodings: every form opens, equals the tokenizer's own, and says in one sentence what is wrong."""

import base64
import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
import tiktoken
import tiktoken.load
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer.encoding import EMBEDDED, Encoding, EncodingError, open_encoding
from tokenizer.patterns import SplitPattern, pattern, pretokens
from tokenizer.ranks import RankEncoding
from tokenizer.sources import split_pattern
from tokenizer.tiktokenfile import save
from tokenizer.train import CONTROL_TOKENS

SHARED = Path(__file__).resolve().parents[2] / "shared"
REAL = [
    pytest.param(
        path,
        marks=pytest.mark.skipif(not path.exists(), reason=f"no {path.name} beside the repository"),
        id=path.stem,
    )
    for path in (SHARED / "vocab" / "ncfork_65k.tiktoken", SHARED / "vocab" / "nchist_32k.tiktoken")
]
NAMES = ("gpt2", "r50k_base", "p50k_base", "cl100k_base", "o200k_base", "o200k_harmony")
BYTES = {bytes([byte]): byte for byte in range(256)}
PAT = r"\s+|\S+"

texts = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("aest '\n\t,.<|>1🍓é\u0301")),
    max_size=60,
) | st.lists(st.sampled_from(["<|bos|>", "<s>", "the", " the", "'s", "\n\n", "<|endoftext|>"])).map("".join)


@pytest.fixture
def cached(monkeypatch):
    cache = SHARED / "tiktoken_cache"
    if not cache.exists():
        pytest.skip("no tiktoken_cache beside the repository")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(cache))


def own(encoding: RankEncoding) -> tiktoken.Encoding:
    """The tokenizer itself, made anew without us."""
    return tiktoken.Encoding(
        "own", pat_str=encoding.pattern.regex, mergeable_ranks=dict(encoding.ranks), special_tokens={}
    )


def write(path: Path, lines: bytes, facts: object = None) -> Path:
    path.write_bytes(lines)
    if facts is not None:
        path.with_suffix(".json").write_text(facts if isinstance(facts, str) else json.dumps(facts))
    return path


def lines(ranks: dict[bytes, int] = BYTES) -> bytes:
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items())


def refusal(source: object, given: object = None) -> str:
    """The one sentence with which it is refused."""
    with pytest.raises(EncodingError) as caught:
        open_encoding(source, given)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    assert isinstance(caught.value, ValueError)
    return message


# The embedded vocabulary, and what holds for every encoding


def test_embedded_is_the_default():
    encoding = open_encoding()
    assert encoding.name == "hornbook_8k"
    assert encoding.n_vocab == 8192
    assert encoding.pattern is pattern("nanochat")
    assert encoding.concatenates
    assert list(encoding.special_tokens) == list(CONTROL_TOKENS)
    assert sorted(encoding.special_tokens.values()) == list(range(8183, 8192))
    assert encoding.fingerprint == open_encoding(EMBEDDED).fingerprint
    together: Encoding = encoding  # what mypy would say of the interface
    assert isinstance(together, RankEncoding)


def test_embedded_is_sensible():
    encoding = open_encoding()
    for word in ["the", "and", "people", "que", "les", "nicht", "because", *"abcdefghijklmnopqrstuvwxyz"]:
        assert len(encoding.encode(f" {word}")) == 1, word
    assert EMBEDDED.stat().st_size + EMBEDDED.with_suffix(".json").stat().st_size < 300_000


def test_vocabulary_and_token_bytes():
    encoding = open_encoding()
    vocabulary = list(encoding.vocabulary())
    assert [id for id, _ in vocabulary] == list(range(8183))
    assert all(encoding.token_bytes(id) == token for id, token in vocabulary[::50])
    assert encoding.token_bytes(8183) == b"<|bos|>"
    assert encoding.decode([8183, *encoding.encode("hi")]) == "<|bos|>hi"


@pytest.mark.parametrize("id", [8192, -1, 2**40])
def test_unknown_id(id):
    encoding = open_encoding()
    for call in (encoding.token_bytes, lambda id: encoding.decode([5, id])):
        with pytest.raises(EncodingError, match="hornbook_8k has no token"):
            call(id)


EMBEDDED_ENCODING = open_encoding()
OWN = own(EMBEDDED_ENCODING)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_encodes_as_tiktoken_and_back(text):
    ids = EMBEDDED_ENCODING.encode(text)
    assert ids == OWN.encode_ordinary(text)
    assert EMBEDDED_ENCODING.decode(ids) == text
    assert b"".join(map(EMBEDDED_ENCODING.token_bytes, ids)) == text.encode()
    assert not set(ids) & set(EMBEDDED_ENCODING.special_tokens.values())
    assert EMBEDDED_ENCODING.encode_batch([text, "", text]) == [ids, [], ids]


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb <|bos|>"])
def test_lone_surrogates_as_tiktoken(text):
    assert EMBEDDED_ENCODING.encode(text) == OWN.encode_ordinary(text)
    assert EMBEDDED_ENCODING.encode_batch([text]) == [OWN.encode_ordinary(text)]


def test_pickles_for_worker_processes():
    again = pickle.loads(pickle.dumps(EMBEDDED_ENCODING))
    assert again.fingerprint == EMBEDDED_ENCODING.fingerprint
    assert again.encode("the <|bos|>") == EMBEDDED_ENCODING.encode("the <|bos|>")


# tiktoken's names


@pytest.mark.parametrize("name", NAMES)
def test_tiktoken_name(cached, name):
    encoding, reference = open_encoding(name), tiktoken.get_encoding(name)
    text = "It's 2024: <|endoftext|> strawberry, \n\n naïve 漢字 <|fim_prefix|>"
    assert encoding.encode(text) == reference.encode_ordinary(text)
    assert encoding.special_tokens == {
        token: reference.encode_single_token(token) for token in reference.special_tokens_set
    }
    assert encoding.n_vocab == reference.n_vocab
    assert encoding.name == name
    assert encoding.pattern in (pattern("gpt2"), pattern("cl100k"), pattern("o200k"))


def test_same_fingerprint_from_two_forms(cached, tmp_path):
    by_name = open_encoding("r50k_base")
    save(by_name, tmp_path / "copy.tiktoken", "r50k_base")
    again = open_encoding(tmp_path / "copy.tiktoken")
    assert again.fingerprint == by_name.fingerprint
    assert again.special_tokens == by_name.special_tokens
    assert again.fingerprint != open_encoding("p50k_base").fingerprint


def test_unknown_name():
    message = refusal("cl100kbase")
    assert "the nearest is 'cl100k_base'" in message
    assert all(name in message for name in NAMES)


def test_without_network_and_cache(monkeypatch, tmp_path):
    def offline(path):
        raise ConnectionError("no network")

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(tiktoken.load, "read_file", offline)
    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})
    message = refusal("cl100k_base")
    assert "could not be downloaded (ConnectionError)" in message
    assert "TIKTOKEN_CACHE_DIR" in message


# .tiktoken files


@pytest.mark.parametrize("path", REAL)
def test_real_vocabulary(path):
    encoding = open_encoding(path)
    assert encoding.pattern is pattern("nanochat")
    reference = own(encoding)
    for text in ("'strawberry'.count('r')\n1: s", "<|bos|> It's 1984, naïve 漢字 🍓"):
        assert encoding.encode(text) == reference.encode_ordinary(text)
        assert encoding.decode(encoding.encode(text)) == text


@pytest.mark.parametrize("path", REAL[:1])
def test_ids_of_the_guide(path):
    encoding = open_encoding(path)
    assert encoding.encode(" poll") == [2478]
    assert encoding.encode("poll") == [47947]
    assert encoding.encode(",") == [44]
    assert encoding.encode("ocks") == [3635]


def test_pattern_by_name_or_beside(tmp_path):
    bare = write(tmp_path / "bare.tiktoken", lines())
    for known in ("gpt2", pattern("gpt2"), SplitPattern("mine", pattern("gpt2").regex, "here")):
        assert open_encoding(bare, known).pattern is pattern("gpt2")
    path = write(
        tmp_path / "full.tiktoken", lines(), {"pat_str": PAT, "special_tokens": {"<s>": 256}, "name": "tiny"}
    )
    encoding = open_encoding(str(path))
    assert (encoding.name, encoding.pattern.name, encoding.pattern.regex) == ("tiny", "custom", PAT)
    assert encoding.special_tokens == {"<s>": 256}
    assert encoding.encode("<s>") == [60, 115, 62]
    assert open_encoding(path, "qwen2").pattern is pattern("qwen2")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQg==\n"), "line 67 of .* is b'Qg=='"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQg== x\n"), "line 67 of .* is b'Qg== x'"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQg== -1\n"), "line 67 of"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQg== 66 1\n"), "line 67 of"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQg== 99999999999\n"), "line 67 of"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQg== 4294967296\n"), "no whole number from 0 to"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQ*== 66\n"), "holds b'Q.==';? base64 is wanted"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQQ== 66\n"), "line 67 of .* repeats the token b'A'"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\nQg== 65\n"), "repeats the rank 65 of line 66"),
        (lambda whole: whole.replace(b"\nQg== 66\n", b"\n"), "lacks a token for 1 of the 256 bytes, 0x42"),
        (lambda whole: b"\n", "has no line with a token"),
        (lambda whole: b"", "is empty"),
        (lambda whole: b"\x80\x04\x95garbage", "line 1 of"),
    ],
)
def test_bad_lines(tmp_path, change, expected):
    path = write(tmp_path / "bad.tiktoken", change(lines()), {"pat_str": PAT})
    with pytest.raises(EncodingError, match=expected):
        open_encoding(path)
    refusal(path)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (None, "there is no .*bad.json; name one, or write it there as pat_str"),
        ({}, "bad.json; name one|no pat_str"),
        ({"pat_str": 5}, "no pat_str"),
        ({"pat_str": "(unclosed"}, "does not compile"),
        ({"pat_str": r"\p{Nonsense}+"}, "does not compile"),
        ({"pat_str": r"(?|(a)|(b))|.|\s"}, "tiktoken refuses"),
        ({"pat_str": r"\w+"}, "drops text"),
        ({"pat_str": ""}, "matches the empty text"),
        ({"pat_str": r"a*|."}, "matches the empty text"),
        ({"pat_str": "\ud800|."}, "tiktoken refuses"),
        ({"pat_str": PAT, "special_tokens": ["<s>"]}, "names with their ids are wanted"),
        ({"pat_str": PAT, "special_tokens": {"<s>": "7"}}, "names with their ids are wanted"),
        ({"pat_str": PAT, "special_tokens": {"<s>": 7}}, "the id 7 to both"),
        ({"pat_str": PAT, "special_tokens": {"": 256}}, "without bytes"),
        ([], "holds a JSON list"),
        ('{"pat_str": ', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_bad_json_beside(tmp_path, facts, expected):
    path = write(tmp_path / "bad.tiktoken", lines(), facts)
    with pytest.raises(EncodingError, match=expected):
        open_encoding(path)
    refusal(path)


def test_a_pattern_that_backtracks_forever_is_an_error_not_a_panic(tmp_path):
    path = write(tmp_path / "slow.tiktoken", lines(), {"pat_str": r"(?:a|a(?!b))*c|[\s\S]"})
    encoding = open_encoding(path)
    with pytest.raises(EncodingError, match="cannot encode"):
        encoding.encode("a" * 200)


def test_set_operations_mean_what_they_mean_to_tiktoken(tmp_path):
    """As in Kimi K2's pattern: letters but no Han."""
    path = write(tmp_path / "han.tiktoken", lines(BYTES | {"a漢".encode(): 256, b"ab": 257}))
    encoding = open_encoding(path, SplitPattern("kimi", r"\p{Han}+|[\p{L}&&[^\p{Han}]]+|[\s\S]", "test"))
    assert encoding.encode("a漢ab") == [*"a漢".encode(), 257]
    assert pretokens(encoding.pattern, "a漢ab&") == ["a", "漢", "ab", "&"]
    save(encoding, tmp_path / "again.tiktoken", "test")
    assert open_encoding(tmp_path / "again.tiktoken").fingerprint == encoding.fingerprint


def test_bad_pattern_argument(tmp_path):
    path = write(tmp_path / "bare.tiktoken", lines())
    assert "the nearest is 'nanochat'" in refusal(path, "nanochta")
    assert "stages" in refusal(path, "deepseek")
    assert "does not compile" in refusal(path, SplitPattern("x", "(", "test"))
    assert "can be given for a .tiktoken file alone" in refusal(None, "gpt2")
    assert "can be given for a .tiktoken file alone" in refusal("gpt2", "gpt2")


# Files


def test_missing_folder_empty_or_unknown(tmp_path):
    assert "there is no file" in refusal(tmp_path / "no.tiktoken")
    assert "there is no file" in refusal(str(tmp_path / "no" / "tokenizer"))
    for suffix in (".pkl", ".json", ".tiktoken"):
        assert "is empty" in refusal(write(tmp_path / f"empty{suffix}", b""))
    folder = tmp_path / "folder.json"
    folder.mkdir()
    shutil.copy(EMBEDDED, folder)
    assert "is a folder; name one of these in it: hornbook_8k.tiktoken" in refusal(folder)
    assert "ends in '.model'" in refusal(write(tmp_path / "sp.model", b"x"))
    assert "cannot read" in refusal("a\0b.json") or "no file" in refusal("a\0b.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(tmp_path):
    path = write(tmp_path / "secret.tiktoken", lines())
    path.chmod(0)
    assert "cannot read" in refusal(path)


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("tokenizer.sources.MAX_BYTES", 1000)
    assert "at most 1,000 are read" in refusal(write(tmp_path / "x.pkl", b"x" * 1001))


@pytest.mark.parametrize(
    ("contents", "expected"),
    [("{", "is not JSON"), ("[]", "holds a JSON list"), ("{}", "neither the model of a tokenizer.json nor")],
)
def test_json_of_no_kind(tmp_path, contents, expected):
    path = tmp_path / "tokenizer.json"
    path.write_text(contents)
    assert expected in refusal(path)


# tekken.json


def tekken(special=None, more=(), **config):
    vocab = [bytes([byte]) for byte in range(256)] + [b"he", b"hel", *more]
    data = {
        "config": {
            "pattern": pattern("tekken").regex,
            "num_vocab_tokens": len(vocab),
            "default_vocab_size": 256 + 2 + 30,
            "default_num_special_tokens": 30,
            "version": "v3",
            **config,
        },
        "vocab": [
            {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
            for rank, token in enumerate(vocab)
        ],
    }
    return data if special is None else {**data, "special_tokens": special}


def test_tekken(tmp_path):
    path = tmp_path / "tekken.json"
    path.write_text(json.dumps(tekken(more=[b"cut", b"off"])))
    encoding = open_encoding(path)
    assert encoding.pattern is pattern("tekken")
    assert encoding.n_vocab == 288
    assert encoding.encode("help</s>") == [30 + 257, 30 + ord("p"), *(30 + byte for byte in b"</s>")]
    assert encoding.special_tokens["</s>"] == 2
    assert encoding.special_tokens["[TOOL_CONTENT]"] == 19
    assert encoding.special_tokens["<SPECIAL_29>"] == 29
    assert dict(encoding.vocabulary())[287] == b"hel"


def test_tekken_with_special_tokens(tmp_path):
    special = [{"rank": 1, "token_str": "<s>", "is_control": True}, {"rank": 0, "token_str": "<unk>"}]
    path = tmp_path / "tekken.json"
    path.write_text(json.dumps(tekken(special)))
    assert list(open_encoding(path).special_tokens)[:3] == ["<unk>", "<s>", "<SPECIAL_2>"]


def broken(place, value):
    data = tekken()
    data["vocab"][5][place] = value
    return data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (tekken(pattern=None), "needs a pattern"),
        (tekken(pattern="("), "does not compile"),
        (tekken(default_vocab_size="288"), "needs a pattern"),
        (tekken(default_num_special_tokens=288), "fewer default_num_special_tokens"),
        (tekken(default_vocab_size=100), "lacks a token for"),
        (broken("token_bytes", "*"), "vocab entry 5 .*base64"),
        (broken("token_bytes", None), "vocab entry 5 .*wanted"),
        (broken("token_bytes", "BA=="), "repeats the token"),
        (broken("rank", 6), "ranks count up"),
        (tekken({}), "a list is wanted"),
        (tekken([{"rank": 30, "token_str": "<s>"}]), "rank < 30"),
        (tekken([{"rank": 0, "token_str": "<s>"}, {"rank": 1, "token_str": "<s>"}]), "twice"),
    ],
)
def test_bad_tekken(tmp_path, data, expected):
    path = tmp_path / "tekken.json"
    path.write_text(json.dumps(data))
    with pytest.raises(EncodingError, match=expected):
        open_encoding(path)
    refusal(path)


# Ranks


def test_ranks_out_of_order_are_ids_all_the_same():
    ranks = {bytes([byte]): 1000 - byte for byte in range(256)} | {b"ab": 2000}
    encoding = RankEncoding("odd", ranks, split_pattern((PAT,), "test"), {"<x>": 0})
    assert encoding.encode("ab<x>") == [2000, *(1000 - byte for byte in b"<x>")]
    assert encoding.n_vocab == 2001
    assert encoding.decode([0]) == "<x>"
    with pytest.raises(EncodingError, match="has no token 5"):
        encoding.token_bytes(5)


def test_an_empty_name_is_no_folder():
    with pytest.raises(EncodingError, match="name of the tokenizer is empty"):
        open_encoding("")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.tiktoken")
    with pytest.raises(EncodingError, match="pipe or a device"):
        open_encoding(tmp_path / "pipe.tiktoken")


@pytest.mark.parametrize("name", ["\x1b[31mred", "two\nlines", " ", 7])
def test_a_name_that_a_terminal_would_obey_is_not_taken(tmp_path, name):
    path = write(tmp_path / "plain.tiktoken", lines(), {"pat_str": PAT, "name": name})
    assert open_encoding(path).name == "plain"
