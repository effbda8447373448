"""Safe cuts: never contradicted by any text, found where the facts say so, true of real vocabularies."""

import base64
import hashlib
import itertools
import json
import random
import unicodedata
from pathlib import Path

import pytest
import tiktoken
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokenizer.boundaries import (
    always_isolated,
    cuts,
    isolated,
    safe_cut,
    safe_cuts,
)
from tokenizer.patterns import NAMES, SplitPattern, pattern, pretokens
from tokenizer.proofs import left_shape, left_shape_of_two, line_cut, right_shape, right_shape_of_last

SHARED = Path(__file__).resolve().parents[2] / "shared"
every_pattern = pytest.mark.parametrize("name", NAMES)

# Everything that some pattern tells apart, and what has fooled one: contraction letters in both cases and
# the long s, title case, marks that NFC joins, kana punctuation and kana marks, controls, jamo, unassigned.
ALPHABET = "asSrReElLvVdtmDTM12½ \t\n\r\u00a0\u3000\x85\u2028'’`/-,.\":=#\x01\u200d\ufe0f\x1c"
ALPHABET += "ſßéÉńǅʰªא\u0301\u0338\u094d\u20e3字か・\u3099हि가\u1100\u1161😀🏽\u0378"


def random_texts(seed, count, longest=9):
    """Texts of few distinct characters, so that runs and repetitions are common."""
    draw = random.Random(seed)
    for _ in range(count):
        few = draw.sample(ALPHABET, draw.choice((2, 4, 8, len(ALPHABET))))
        yield "".join(draw.choices(few, k=draw.randint(2, longest)))


def check_every_cut(text, split, known):
    """The definition, for every cut of a text and every amount of it that safe_cut is shown."""
    whole = split(text)
    for offset in range(1, len(text)):
        holds = None
        for before, after in itertools.product((1, 2, 3, offset), (1, 2, 3, len(text))):
            left, right = text[max(0, offset - before) : offset], text[offset : offset + after]
            if safe_cut(left, right, known) or line_cut(left, right, known):
                if holds is None:
                    holds = split(text[:offset]) + split(text[offset:]) == whole
                assert holds, (known.name, text, offset, left, right)


@every_pattern
@settings(max_examples=600, deadline=None)
@given(text=st.text(st.sampled_from(ALPHABET), min_size=2, max_size=10))
@example(text="-\n/-s")  # o200k: the slash is tail, so "-s" begins a pre-token
@example(text="x'ſ")  # o200k: (?i:'s) takes the long s too
@example(text="..\u0301\ns")
@example(text="=\u0338s")
@example(text="x'rE")
def test_never_contradicted(name, text):
    check_every_cut(text, lambda piece: pretokens(pattern(name), piece), pattern(name))


@every_pattern
def test_never_contradicted_in_texts_of_few_characters(name):
    for text in random_texts(seed=7, count=1000):
        check_every_cut(text, lambda piece: pretokens(pattern(name), piece), pattern(name))


@every_pattern
def test_never_contradicted_around_newlines(name):
    """A newline after anything and before anything, then once more with anything around: all of them."""
    few = "asSé1 \t\n\r\x85\u2028'/-.\x01\x1c\u0301\u094d\u20e3字\u1161\u0378"
    known = pattern(name)
    proved = 0
    for before, after in itertools.product(few, few):
        left, right = f"{before}\n", after
        if not safe_cut(left, right, known):
            continue
        proved += 1
        for x, y in itertools.product(["", *few, "\n-", "/\n/", " -"], ["", *few, "s ", "\n/"]):
            whole = pretokens(known, x + left + right + y)
            assert pretokens(known, x + left) + pretokens(known, right + y) == whole, (x, left, right, y)
    assert proved > 60


def test_never_contradicted_after_nfc():
    """Qwen 2 normalises before it splits."""
    qwen2 = pattern("qwen2")
    for text in ("e\u0301-s", "=\u0338s", "e\u0301", *random_texts(seed=8, count=3000)):
        check_every_cut(text, lambda piece: pretokens(qwen2, unicodedata.normalize("NFC", piece)), qwen2)


@every_pattern
@settings(max_examples=100, deadline=None)
@given(text=st.text(st.sampled_from(ALPHABET), max_size=40))
def test_safe_cuts_is_safe_cut_at_every_offset(name, text):
    known = pattern(name)
    safe = safe_cuts(text, known)
    assert safe == [i for i in range(1, len(text)) if safe_cut(text[:i], text[i:], known)]
    assert set(safe) <= set(cuts(text, known))


@every_pattern
def test_safe_forms(name):
    """facts/token-boundaries.md, section 2."""
    known = pattern(name)
    safe = {(left, " ") for left in "a1.'/é字-😀\u0301\u0378"}  # before a space, whatever follows
    safe |= {("a", "1"), ("1", "a"), ("1", "."), (".", "1"), ("1", "'"), ("a", "\n"), ("1", "\r\n")}
    safe |= {("a", "."), ("é", "."), ("a", "-"), ("a", "’"), ("a", "')"), ("a", "',"), ("a", "' ")}
    safe |= {("--", "s"), ("..", "s"), (",,", "s"), ('","', "s"), ("('", "s"), ("->", "s")}
    safe |= {(' "', "s"), (" '", "s"), ("''", "s"), (" /", "s")}
    safe |= {
        (before, "s") for before in ("a\n", "1\n", ":\n", "'\n", "/\n", "字\n", "é\n", "\u0301\n", "\x01\n")
    }
    safe |= {
        ("a\n", "1"),
        (":\n", "字"),
        (":\n", "é"),
        (":\n", "한"),
    }  # a newline alone, as in a list of lines
    assert {seam for seam in safe if not safe_cut(*seam, known)} == set()


@every_pattern
@pytest.mark.parametrize(
    "seam",
    [
        *((" ", "a"), (" ", " "), ("\n", "a"), ("\n\n", "#"), ("a ", "b"), ("\n", "\n"), ("\t", "1")),
        *(("a\n\n", "s"), (" \n", "s"), ("a\n ", "s"), ("a\n", "/"), ("a\n", "\u0301"), ("\u0378\n", "s")),
        *(("a\r\n", "s"), ("\x85\n", "s"), ("\u2028\n", "s"), ("a\n", "'s"), ("a\n", ".")),
        *(("a", "b"), ("é", "a"), (".", "."), ("'", "s"), ("..\u0301", "s"), ("\n'", "s")),
        *(("e", "\u0301"), (",", "\u0301"), ("\u0378", "a"), ("a", "\u0378"), ("\ud800", "a")),
        *(("", "a"), ("a", ""), ("", " ")),
    ],
)
def test_never_safe(name, seam):
    assert not safe_cut(*seam, pattern(name))


@pytest.mark.parametrize(
    ("seam", "safe_in"),
    [
        ((",", "o"), {"gpt2"}),
        (("—", "o"), {"gpt2", "deepseek"}),  # DeepSeek glues ASCII punctuation to ASCII letters only
        ((",", "é"), {"gpt2", "deepseek"}),
        (("'", "a"), {"gpt2"}),
        (("'", "l"), set()),
        (("a", "'"), set(NAMES) - {"o200k"}),  # o200k: one pre-token with the word, as in it's
        (("a", "'l"), set(NAMES) - {"o200k"}),
        (("a", "'la"), set(NAMES)),
        (("a", "'ſ"), set(NAMES) - {"o200k"}),
        ((".", "\n"), {"gpt2"}),
        (("1", "2"), {"qwen2", "tekken"}),
        (("/-", "s"), set(NAMES) - {"o200k", "tekken"}),
        (("-/", "s"), set(NAMES)),
        (("a/-", "s"), set(NAMES)),
        (("\n/-", "s"), set(NAMES) - {"o200k", "tekken"}),
        (("e\u0301", "."), {"o200k", "tekken", "deepseek"}),
        (("e\u0301", "\n"), {"gpt2", "o200k", "tekken", "deepseek"}),
        (("\u0301", "\n"), {"gpt2", "deepseek"}),
        (("字", "a"), {"deepseek"}),
        (("-\u200d", "s"), {"gpt2", "cl100k", "o200k", "llama3", "qwen2", "tekken", "nanochat"}),
    ],
)
def test_safe_in_some_patterns(seam, safe_in):
    assert {name for name in NAMES if safe_cut(*seam, pattern(name))} == safe_in


# facts/token-boundaries.md: (prefix, slot, suffix), and where the slot is isolated
EVERYWHERE = [
    *(("the word '", "pollocks", "'."), ('the word "', "strawberry", '"?'), ("\n", "pollocks", ": p")),
    *(("W:", " s", ", t, r"), ("W: s,", " t", ", r"), ("W:", " s", " t r a w"), ("1:", " s", "\n2: t")),
    *(('("', "strawberry", '").count("'), ('("strawberry").count("', "r", '")'), ("('", "dad", "').count('")),
    *(
        ("3:", " r", " hit! count=1"),
        ("1: d", " no", "\n"),
        ("3: n", " hit!", " count=1"),
        ("1->", "s", "\n"),
    ),
    *(
        ("--", "s", "--"),
        (',"', "s", '","'),
        ("d o n", " '", " t (5)"),
        (" o", " e\u0301", " x"),
        ("", "s", ":1"),
        (":\n", "f", "\ni"),
        ("f\n", "i", "\ng"),
    ),
]


@every_pattern
@pytest.mark.parametrize("place", EVERYWHERE, ids="".join)
def test_isolated_everywhere(name, place):
    assert isolated(*place, pattern(name))
    if place[0] not in ("\n", ""):
        assert always_isolated(*place, pattern(name))


@pytest.mark.parametrize(
    ("place", "isolated_in"),
    [
        (("'", "strawberry", "'.count('r')"), set()),
        (("x = '", "strawberry", "'.count('r')"), set(NAMES)),
        (("pollocks:p,", "o", ",l"), {"gpt2"}),
        (("1:", "p", "\n"), {"gpt2"}),
        (("", "it", "'s"), set(NAMES) - {"o200k"}),
        (("", "it's", " a"), set(NAMES)),
        (("wo", "rd", ""), set()),
        (("1", "23", "4"), {"qwen2", "tekken"}),
    ],
)
def test_isolated_in_some_patterns(place, isolated_in):
    assert {name for name in NAMES if isolated(*place, pattern(name))} == isolated_in


def test_isolated_asks_for_the_pretokens_inside_too():
    """Both edges are cut, and yet the slot splits otherwise alone: its whitespace looks at what follows."""
    assert {0, 3} <= set(cuts("a\n\n" + "b", pattern("gpt2")))
    assert not isolated("", "a\n\n", "b", pattern("gpt2"))


@pytest.mark.parametrize("check", [isolated, always_isolated])
def test_empty_slot(check):
    with pytest.raises(ValueError, match="the slot is empty"):
        check("a", "", "b", pattern("gpt2"))


def test_cuts_of_nothing():
    assert cuts("", pattern("gpt2")) == [0]
    assert safe_cuts("", pattern("gpt2")) == []


def test_proofs_go_by_the_regular_expression():
    theirs = SplitPattern("a fork", pattern("nanochat").regex, "tokenizer.pkl")
    assert safe_cut("a", " ", theirs)
    unknown = SplitPattern("nanochat", r"\w+|\W+", "made up")
    assert not safe_cut("a", " ", unknown)
    assert safe_cuts("a b", unknown) == []


# On real vocabularies, where they are at hand.


def openai_encoding(name, monkeypatch):
    url = f"https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
    cache = SHARED / "tiktoken_cache"
    if not (cache / hashlib.sha1(url.encode()).hexdigest()).exists():
        pytest.skip(f"no {name} in {cache}")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(cache))
    return tiktoken.get_encoding(name)


def file_encoding(name):
    ranks, about = SHARED / "vocab" / f"{name}.tiktoken", SHARED / "vocab" / f"{name}.json"
    if not (ranks.exists() and about.exists()):
        pytest.skip(f"no {ranks}")
    lines = (line.split() for line in ranks.read_bytes().splitlines())
    merges = {base64.b64decode(token): int(rank) for token, rank in lines}
    pat_str = json.loads(about.read_text(encoding="utf-8"))["pat_str"]
    return tiktoken.Encoding(name, pat_str=pat_str, mergeable_ranks=merges, special_tokens={})


@pytest.mark.parametrize(
    ("vocabulary", "name"),
    [
        ("r50k_base", "gpt2"),
        ("cl100k_base", "cl100k"),
        ("o200k_base", "o200k"),
        ("ncfork_65k", "nanochat"),
        ("nchist_32k", "nanochat"),
    ],
)
def test_on_a_real_vocabulary(vocabulary, name, monkeypatch):
    if vocabulary.endswith("_base"):
        encoding = openai_encoding(vocabulary, monkeypatch)
    else:
        encoding = file_encoding(vocabulary)
    known = pattern(name)
    assert encoding._pat_str == known.regex
    places = ["".join(place) for place in EVERYWHERE]
    for text in (*places, *random_texts(seed=9, count=800)):
        check_every_cut(text, encoding.encode_ordinary, known)
        assert encoding.encode_ordinary(text) == [
            token for piece in pretokens(known, text) for token in encoding.encode_ordinary(piece)
        ]


@every_pattern
@settings(max_examples=1500, deadline=None)
@given(
    left=st.text(st.sampled_from(ALPHABET), max_size=20),
    right=st.text(st.sampled_from(ALPHABET), max_size=5),
)
def test_shapes_keep_all_that_a_proof_reads(name, left, right):
    known = pattern(name)
    shapes = right_shape(left), left_shape(right)
    assert safe_cut(*shapes, known) == safe_cut(left, right, known), shapes
    assert line_cut(*shapes, known) == line_cut(left, right, known), shapes
    assert right_shape_of_last(left[-1:]) in (None, right_shape(left)), left
    assert left_shape_of_two(right[:2]) in (None, left_shape(right)), right
