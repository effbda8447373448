"""tokenizer.json: ids equal the library's own, control tokens stay text, and errors are one sentence."""

import builtins
import copy
import json
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer.encoding import EncodingError, open_encoding
from tokenizer.huggingface import _CHARS, read_tokenizer_json
from tokenizer.patterns import SplitPattern, pattern
from tokenizer.train import CONTROL_TOKENS

tokenizers = pytest.importorskip("tokenizers", reason="the extra hf is not installed")
GPT2 = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
MAPPED = {**GPT2, "use_regex": False}
CORPUS = [
    "the cat sat on the mat, and then the rat ate 12 berries.",
    "It's strawberry, strawberries' café 2024!",
] * 9
MERGES = [
    ("t", "h"),
    ("th", "e"),
    ("▁", "the"),
    ("▁", "▁"),
    ("a", "t"),
    ("c", "at"),
    ("▁", "cat"),
    ("▁", "s"),
]


def split(regex: str, **changes: object) -> dict[str, object]:
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False, **changes}


def sequence(*steps: object) -> dict[str, object]:
    return {"type": "Sequence", "pretokenizers": list(steps)}


def added(content: str, id: int, special: bool = True, **changes: object) -> dict[str, object]:
    rules = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": id, "content": content, **rules, "special": special, **changes}


def byte_level(
    pre_tokenizer: object = GPT2, more: tuple[str, ...] = (), **changes: object
) -> dict[str, object]:
    """As GPT-2, Llama 3 and Qwen have it: `<|endoftext|>` in the vocabulary, `<s>` outside."""
    trained = tokenizers.Tokenizer(tokenizers.models.BPE())
    trained.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator(
        CORPUS,
        tokenizers.trainers.BpeTrainer(
            vocab_size=320,
            show_progress=False,
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=["<|endoftext|>"],
        ),
    )
    data = json.loads(trained.to_str())
    first = len(data["model"]["vocab"])
    control = [added("<|endoftext|>", 0), added("<s>", first)]
    control += [added(content, first + 1 + n, special=False) for n, content in enumerate(more)]
    return {**data, "pre_tokenizer": pre_tokenizer, "decoder": GPT2, "added_tokens": control, **changes}


def fallback(**changes: object) -> dict[str, object]:
    """As Llama 2 has it: SentencePiece's BPE with byte fallback, and a space put before every text."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *"▁thecasr'.,12"]
    tokens += ["".join(merge) for merge in MERGES]
    return {
        "version": "1.0",
        "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": None,
        "added_tokens": [added("<unk>", 0), added("<s>", 1), added("</s>", 2)],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": 0.5,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": {token: id for id, token in enumerate(tokens)},
            "merges": [list(merge) for merge in MERGES],
        },
        **changes,
    }


def gemma() -> dict[str, object]:
    data = fallback(normalizer={"type": "Replace", "pattern": {"String": " "}, "content": "▁"})
    data["decoder"]["decoders"].pop()
    return {
        **data,
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"String": " "},
            "behavior": "MergedWithPrevious",
            "invert": False,
        },
    }


def unigram() -> dict[str, object]:
    data = fallback(normalizer=None)
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    pieces = [
        [token, 0.0 if token[0] == "<" else -float(len(token) < 3) - 2] for token in data["model"]["vocab"]
    ]
    model = {"type": "Unigram", "unk_id": 0, "byte_fallback": True, "vocab": pieces}
    decoder = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, space]}
    return {**data, "model": model, "pre_tokenizer": space, "decoder": decoder}


def opened(data, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(data))
    return open_encoding(path)


def own(data) -> "tokenizers.Tokenizer":
    """The library itself, with what makes ids random or cuts them off taken out."""
    data = copy.deepcopy(data)
    data["model"].pop("dropout", None)
    return tokenizers.Tokenizer.from_str(json.dumps({**data, "truncation": None}))


FORMS = {
    "gpt2": byte_level(),
    "llama3": byte_level(sequence(split(pattern("llama3").regex), MAPPED)),
    "qwen2": byte_level(sequence(split(pattern("qwen2").regex), MAPPED), normalizer={"type": "NFC"}),
    "spaces": byte_level(more=("    ", "<think>")),
    "fallback": fallback(),
    "gemma": gemma(),
    "unigram": unigram(),
}
OPENED = {name: read_tokenizer_json(data, Path(f"{name}.json")) for name, data in FORMS.items()}
OWN = {name: own(data) for name, data in FORMS.items()}

characters = st.one_of(
    st.characters(exclude_categories=["Cs"], exclude_characters="▁"), st.sampled_from("thecats '\n.,12é🍓")
)
controls = st.sampled_from(
    ["<s>", "</s>", "<unk>", "<|endoftext|>", "<think>", "<0x41>", " the", "cat", "    "]
)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=100, deadline=None)
@given(text=st.text(characters, max_size=40).filter(lambda text: "<" not in text))
def test_encodes_and_decodes_as_the_library(form, text):
    encoding, reference = OPENED[form], OWN[form]
    ids = encoding.encode(text)
    assert ids == reference.encode(text, add_special_tokens=False).ids
    assert encoding.decode(ids) == reference.decode(ids, skip_special_tokens=False)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=100, deadline=None)
@given(pieces=st.lists(st.one_of(st.text(characters, max_size=5), controls), max_size=8))
def test_ordinary_text_comes_back_and_gives_no_control_token(form, pieces):
    text, encoding = "".join(pieces), OPENED[form]
    ids = encoding.encode(text)
    assert not set(ids) & set(encoding.special_tokens.values())
    # The library's own losses: Qwen 2 composes to NFC; Metaspace takes a leading space for its own; and
    # Unigram takes "<0x41>" in a text for the byte.
    if form not in ("qwen2", "unigram"):
        assert encoding.decode(ids) == text
    assert encoding.encode_batch([text, "", text]) == [ids, [], ids]


@pytest.mark.parametrize("form", FORMS)
def test_control_tokens_are_text(form):
    encoding = OPENED[form]
    assert encoding.special_tokens["<s>"] == FORMS[form]["added_tokens"][1]["id"]
    for name, id in encoding.special_tokens.items():
        assert id not in encoding.encode(name)
        assert encoding.decode(encoding.encode(name)) == name
        assert encoding.token_bytes(id) == name.encode()
        assert encoding.decode([*encoding.encode("the"), id]) == f"the{name}"
    assert id not in dict(encoding.vocabulary())


@pytest.mark.parametrize("form", FORMS)
def test_token_bytes(form):
    encoding = OPENED[form]
    text = "the cat sat, é 🍓"
    joined = b"".join(map(encoding.token_bytes, encoding.encode(text))).decode()
    assert joined == (f" {text}" if form in ("fallback", "unigram") else text)
    vocabulary = dict(encoding.vocabulary())
    assert {bytes([byte]) for byte in range(256)} <= set(vocabulary.values())
    assert max(*vocabulary, *encoding.special_tokens.values()) == encoding.n_vocab - 1
    with pytest.raises(EncodingError, match="has no token 99999"):
        encoding.token_bytes(99999)
    with pytest.raises(EncodingError, match="has no token 99999"):
        encoding.decode([5, 99999])


def test_lone_surrogates():
    assert OPENED["gpt2"].encode("a\ud800") == OPENED["gpt2"].encode("a\ufffd")


# The pattern


@pytest.mark.parametrize(("form", "name"), [("gpt2", "gpt2"), ("llama3", "llama3"), ("qwen2", "qwen2")])
def test_known_patterns(form, name):
    assert OPENED[form].pattern is pattern(name)
    assert OPENED[form].concatenates


def test_added_tokens_that_stay_cut_first():
    found = OPENED["spaces"].pattern
    assert found.name == "custom"
    assert found.then == pattern("gpt2").stages
    assert OPENED["spaces"].encode("a    b")[1] == OPENED["spaces"].n_vocab - 2
    assert "<think>" in OPENED["spaces"].special_tokens


@pytest.mark.parametrize("form", ["fallback", "gemma", "unigram"])
def test_no_pattern(form):
    assert OPENED[form].pattern is None
    assert not OPENED[form].concatenates


DEEPSEEK = sequence(*map(split, pattern("deepseek").stages), MAPPED)
OLD_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


@pytest.mark.parametrize(
    ("pre_tokenizer", "changes", "expected", "concatenates"),
    [
        (DEEPSEEK, {}, pattern("deepseek"), True),
        (sequence(split(OLD_GPT2), MAPPED), {}, pattern("gpt2"), True),
        (sequence(split(OLD_GPT2, behavior="Removed", invert=True), MAPPED), {}, pattern("gpt2"), True),
        (
            sequence({"type": "Digits", "individual_digits": True}, GPT2),
            {},
            SplitPattern("custom", r"\p{N}", "", pattern("gpt2").stages),
            True,
        ),
        ({**GPT2, "add_prefix_space": True}, {}, pattern("gpt2"), False),
        (GPT2, {"normalizer": {"type": "Lowercase"}}, None, False),
        (MAPPED, {}, None, False),
        (sequence(split(OLD_GPT2, behavior="MergedWithNext"), MAPPED), {}, None, False),
        (sequence(split(OLD_GPT2, behavior="Removed"), MAPPED), {}, None, False),
        (sequence(MAPPED, split(OLD_GPT2)), {}, None, False),
        (sequence({"type": "Whitespace"}, MAPPED), {}, None, False),
    ],
)
def test_patterns_of_pre_tokenizers(tmp_path, pre_tokenizer, changes, expected, concatenates):
    encoding = opened(byte_level(pre_tokenizer, **changes), tmp_path)
    assert (encoding.pattern and encoding.pattern.stages) == (expected and expected.stages)
    if expected and expected.name != "custom":
        assert encoding.pattern is expected
    assert encoding.concatenates is concatenates


def test_concatenates_tells_the_truth():
    assert OPENED["fallback"].encode("the cat") != OPENED["fallback"].encode("the") + OPENED[
        "fallback"
    ].encode(" cat")
    assert OPENED["gpt2"].encode("the cat") == OPENED["gpt2"].encode("the") + OPENED["gpt2"].encode(" cat")


# Fingerprints


def test_same_fingerprint_as_the_ranks(tmp_path):
    plain = OPENED["gpt2"]
    lines = "".join(f"{b64encode(token).decode()} {id}\n" for id, token in plain.vocabulary())
    (tmp_path / "same.tiktoken").write_text(lines)
    facts = {"pat_str": OLD_GPT2, "special_tokens": dict(plain.special_tokens)}
    (tmp_path / "same.json").write_text(json.dumps(facts))
    same = open_encoding(tmp_path / "same.tiktoken")
    assert same.fingerprint == plain.fingerprint
    assert same.encode("the strawberries, <s> é") == plain.encode("the strawberries, <s> é")


def test_fingerprints_differ(tmp_path):
    assert len({encoding.fingerprint for encoding in OPENED.values()}) == len(OPENED)
    again = opened(fallback(padding=None), tmp_path)
    assert again.fingerprint == OPENED["fallback"].fingerprint
    other = byte_level()
    other["model"]["merges"].reverse()
    assert opened(other, tmp_path).fingerprint != OPENED["gpt2"].fingerprint


def test_the_embedded_vocabulary_as_tokenizer_json(tmp_path):
    """nanochat's tokenizers are published so: the same ids and the same fingerprint."""
    embedded = open_encoding()
    data = byte_level(sequence(split(embedded.pattern.regex), MAPPED))
    char = {byte: char for char, byte in _CHARS.items()}
    written = {token: "".join(char[byte] for byte in token) for token in embedded.ranks}
    ranks = embedded.ranks
    data["model"]["vocab"] = {written[token]: id for token, id in ranks.items()}
    data["model"]["ignore_merges"] = True
    data["model"]["merges"] = [
        [written[token[:cut]], written[token[cut:]]]
        for token in ranks
        for cut in range(1, len(token))
        if token[:cut] in ranks and token[cut:] in ranks
    ]
    data["added_tokens"] = [added(token, embedded.special_tokens[token]) for token in CONTROL_TOKENS]
    encoding = opened(data, tmp_path)
    assert encoding.fingerprint == embedded.fingerprint
    text = "<|bos|>The strawberry's letters: s, t, r\n\n漢字 naïve 🍓 2024 <|user_end|>"
    assert encoding.encode(text) == embedded.encode(text)


# What is refused


def model(data, **changes):
    return {**data, "model": {**data["model"], **changes}}


def without(data, token):
    data = copy.deepcopy(data)
    del data["model"]["vocab"][token]
    return data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"model": 5}, "neither the model"),
        (model(fallback(), type="WordPiece"), "the model of .* is 'WordPiece'; BPE and Unigram are read"),
        ({"model": {"vocab": {}}}, "is None; BPE and Unigram are read"),
        (model(fallback(), vocab=[1, 2]), "is not tokens with their ids"),
        (model(fallback(), vocab={"a": "b"}), "is not tokens with their ids"),
        (model(unigram(), vocab=[["a", 0.0], 5]), "is not tokens with their ids"),
        (model(fallback(), merges="x"), "no list of merges"),
        (model(fallback(), merges=[["no", "such"]]), "the tokenizers library refuses"),
        (model(fallback(), end_of_word_suffix="</w>"), "ends of words"),
        (model(fallback(), byte_fallback=False), "neither byte-level nor"),
        (without(fallback(), "<0x41>"), "lacks a token for 1 of the 256 bytes, 0x41"),
        (without(byte_level(), "B"), "lacks a token for 1 of the 256 bytes, 0x42"),
        (fallback(added_tokens=[{"id": 0}]), "a content and an id are wanted"),
        (fallback(added_tokens="x"), "a content and an id are wanted"),
        (fallback(added_tokens=[added("<x>", 5)]), "gives one id to two tokens"),
        (byte_level(added_tokens=[added("  ", 5000, special=False)]), "an id that does not follow"),
        (fallback(normalizer={"type": "Nonsense"}), "the tokenizers library refuses"),
        (byte_level(sequence(split("("), MAPPED)), "the tokenizers library refuses"),
        (fallback(version=7), "the tokenizers library refuses"),
    ],
)
def test_refused(tmp_path, data, expected):
    with pytest.raises(EncodingError, match=expected) as caught:
        opened(data, tmp_path)
    assert "\n" not in str(caught.value)


def test_without_the_extra(tmp_path, monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name == "tokenizers":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(EncodingError, match=r"needs the extra hf: pip install 'hornbook\[hf\]'"):
        opened(fallback(), tmp_path)
