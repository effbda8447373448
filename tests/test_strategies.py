"""What `tokenizer.strategies` offers to other suites: it draws what it says, and judges as the facts do."""

import itertools
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import regex
from hypothesis import Phase, example, find, given, settings
from hypothesis import strategies as st

from tokenizer.boundaries import isolated
from tokenizer.encoding import open_encoding
from tokenizer.patterns import NAMES, pattern
from tokenizer.ranks import RankEncoding
from tokenizer.strategies import (
    SCRIPTS,
    assert_isolated,
    encodings,
    isolation_failures,
    letters,
    split_patterns,
    templates,
    words,
)

pytest.importorskip("rustbpe", reason="the extra train is not installed")
ROOT = Path(__file__).resolve().parents[1]
ONE_STAGE = [name for name in NAMES if not pattern(name).then]
CASED = ("Latin", "Cyrillic", "Greek")
few = settings(max_examples=50, deadline=None)


def simplest(strategy, condition=lambda value: True):
    return find(strategy, condition, settings=settings(deadline=None, database=None))


def drawn(strategy, many=400):
    """Many values, always the same."""
    found = []

    @settings(max_examples=many, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategy)
    def draw(value):
        found.append(value)

    draw()
    return found


# What is drawn.


@few
@given(words(), words(marks=True), words(["Latin", "Thai"], 2, 3), words(marks=True, min_size=3))
def test_words(word, marked, short, long):
    for each in (word, marked, short, long):
        assert unicodedata.is_normalized("NFC", each)
    assert word.isalpha()
    assert 1 <= len(word) == len(regex.findall(r"\X", word)) <= 12
    assert regex.fullmatch(r"\p{L}[\p{L}\p{M}]*", marked)
    assert 2 <= len(short) <= 3
    assert 3 <= len(regex.findall(r"\X", long)) <= 12


@few
@given(letters(), letters(marks=True))
def test_letters(letter, marked):
    assert len(letter) == 1
    assert letter.isalpha()
    assert regex.fullmatch(r"(?=\p{L})\X", marked)
    assert unicodedata.is_normalized("NFC", marked)


def test_every_script_is_reached():
    found = drawn(words(), 500)
    for script in SCRIPTS:
        member = regex.compile(r"[\p{Hiragana}\p{Katakana}ー]+" if script == "kana" else rf"\p{{{script}}}+")
        of_it = [word for word in found if member.fullmatch(word)]
        assert len(of_it) > 10, script
        mixed = [word for word in of_it if word not in (word.lower(), word.upper())]
        assert (len(mixed) > 5) == (script in CASED), script


@pytest.mark.parametrize("script", SCRIPTS)
def test_marks_are_reached(script):
    found = drawn(words([script], marks=True), 50)
    marked = [word for word in found if regex.search(r"\p{M}", unicodedata.normalize("NFD", word))]
    assert marked or not SCRIPTS[script][1]


@pytest.mark.parametrize("strategy", [words(), letters()])
def test_the_simplest_word(strategy):
    assert simplest(strategy) == "a"


def test_words_that_begin_like_a_contraction_are_common():
    begins = [word for word in drawn(words()) if regex.match("(?i)s|t|re|ve|ll", word)]
    assert len(begins) > 40
    assert {word[:2].lower() for word in begins} >= {"re", "ve", "ll"}


@few
@given(templates(["word", "letter", "count"]))
def test_templates(template):
    assert sorted(regex.findall(r"\{(\w+)\}", template)) == ["count", "letter", "word"]
    assert template.format(word="w", letter="l", count=1)


def test_templates_reach_what_joins():
    found = "\0".join(drawn(templates(), 600))
    for glue in [*"\"',: ", '("', "\n\n", ", "]:
        assert f"{glue}{{word}}" in found
        assert f"{{word}}{glue}" in found
    pairs = drawn(templates(["word", "letter"]), 50)
    assert len({pair.index("{w") < pair.index("{l") for pair in pairs}) == 2


def test_every_pattern_is_reached():
    assert {known.name for known in drawn(split_patterns())} == {*NAMES}


@few
@given(encodings(), st.text(st.characters(exclude_categories=["Cs"])))
def test_encodings(encoding, text):
    assert encoding.n_vocab == 700
    assert encoding.decode(encoding.encode(text)) == text


def test_encodings_are_trained_once():
    found = drawn(encodings(seeds=2))
    assert {known.name for known in found} == {f"{name}-{seed}" for name in ONE_STAGE for seed in (0, 1)}
    assert len({id(known) for known in found}) == 2 * len(ONE_STAGE)


# What is asserted. facts/token-boundaries.md, section 3.

SAFE = [
    'the word "{word}".', "the word '{word}'.", "{word}:", "the word\n{word}:", "{word}: s, t",
    "s\n{letter}\nt", "s--{letter}--t", "s..{letter}..t", "s,,{letter},,t", '"s","{letter}","t"',
    "1->{letter}\n", "{letter}:1", '("{word}").count("{letter}")', "('{word}').count('{letter}')",
]  # fmt: skip
SAFE_AFTER_A_SPACE = [
    "W:{letter} t r", "W: s{letter} t", "W: s{letter}", "W:{letter}, t", "W: s,{letter}, t",
    "1:{letter}\n", "3:{letter} hit! count=1", "x{word} x",
]  # fmt: skip
ANYTHING = ("x{word} (5)", "x:{word} (5)", "1:{word} no", "3:{word} hit!")
ANY = st.text(st.characters(exclude_categories=["Cs", "Cn", "Z", "Cc"]), min_size=1, max_size=8)


def failures(tokenizer, word, letter, anything):
    for template, values in [
        *((template, {"word": word, "letter": letter}) for template in SAFE),
        *((template, {"word": f" {word}", "letter": f" {letter}"}) for template in SAFE_AFTER_A_SPACE),
        *((template, f" {anything}") for template in ANYTHING),
    ]:
        for slot in regex.findall(r"\{(\w+)\}", template):
            yield from isolation_failures(template, tokenizer, [values], slot)


@settings(max_examples=60, deadline=None)
@given(word=words(), letter=letters(), anything=ANY)
@example(word="strawberry", letter="r", anything="don't")
@example(word="llama", letter="s", anything="हिन्दी-🍓'")
def test_safe_forms_on_every_pattern(word, letter, anything):
    for name in NAMES:
        assert not [*map(str, failures(pattern(name), word, letter, anything))]


@settings(max_examples=80, deadline=None)
@given(encoding=encodings(), word=words(), letter=letters(), anything=ANY)
def test_safe_forms_on_small_vocabularies(encoding, word, letter, anything):
    assert not [*map(str, failures(encoding, word, letter, anything))]


@few
@given(template=templates(), word=words(marks=True), encoding=encodings())
def test_a_pattern_and_its_vocabularies_agree(template, word, encoding):
    """What is proved of a pattern is measured on each vocabulary, and its pre-tokens say the same."""
    before, after = template.split("{word}")
    proved = isolation_failures(template, encoding.pattern, [word])
    assert (not proved) == isolated(before, word, after, encoding.pattern)
    for failure in proved:
        assert failure.text[failure.start : failure.end] == word
        assert failure.tokens != failure.alone
    measured = isolation_failures(template, encoding, [word])
    assert proved or not measured
    text, ids = before + word + after, encoding.encode(word)
    if not measured:  # then the ids stand there, after those of what is before the word
        at = len(before.encode())
        ends = [0, *itertools.accumulate(len(encoding.token_bytes(id)) for id in encoding.encode(text))]
        assert encoding.encode(text)[ends.index(at) :][: len(ids)] == ids


BROKEN = [
    ("'{word}'.count('r')", "strawberry", "gpt2", "\"'s\" | 'trawberry' | \"'.\""),
    ("W:{word}", "s", "cl100k", "':s'"),
    ("p,{word},l", "o", "nanochat", "',o' | ',l'"),
    ("{word}'s", "fig", "o200k", '"fig\'s"'),
    ("x{word}", "中", "llama3", "'x中'"),
]


@pytest.mark.parametrize(("template", "value", "name", "shown"), BROKEN)
def test_broken_forms_on_patterns(template, value, name, shown):
    with pytest.raises(AssertionError) as caught:
        assert_isolated(template, pattern(name), values=[value])
    assert str(caught.value).splitlines() == [
        f"{{word}} is not isolated with the pattern {name}",
        f"  text        {template.replace('{word}', value)!r}",
        f"  pre-tokens  {shown}",
        f"  slot alone  {value!r}",
    ]


@pytest.mark.parametrize(("template", "name"), [("'{word}'.count('r')", "gpt2"), ("{word}'s", "o200k")])
def test_words_are_drawn_until_one_is_broken(template, name):
    with pytest.raises(AssertionError, match=f"with the pattern {name}"):
        assert_isolated(template, pattern(name))


def test_what_is_drawn_is_shown_at_its_simplest():
    with pytest.raises(AssertionError) as caught:
        assert_isolated("W:{letter}", pattern("o200k"), "letter")
    assert "text        'W:a'\n  pre-tokens  ':a'" in str(caught.value)
    assert not hasattr(caught.value, "__notes__")
    with pytest.raises(AssertionError, match=r"'W,b'"):
        assert_isolated("W,{word}", pattern("cl100k"), values=st.sampled_from(["1", "b", "c"]))
    assert_isolated("W,{word}", pattern("cl100k"), values=st.sampled_from(["1", " b"]))


@pytest.mark.parametrize("name", ["cl100k", "o200k", "llama3", "qwen2", "tekken", "nanochat"])
def test_small_vocabularies_glue_what_their_pattern_lets_them(name):
    for glued in (",s", ":s", '"s'):
        known = simplest(encodings([name]), lambda known, glued=glued: len(known.encode(glued)) == 1)
        with pytest.raises(AssertionError) as caught:
            assert_isolated(f"1{glued[0]}{{word}}", known, values=["s"])
        one, token, alone = known.encode(f"1{glued}") + known.encode("s")
        assert str(caught.value).splitlines() == [
            f"{{word}} is not isolated with {known.name}",
            f"  text        {f'1{glued}'!r}",
            f"  tokens      {glued!r} {token}",
            f"  slot alone  's' {alone}",
        ], one


@few
@given(encodings(["nanochat"]), words())
def test_inside_a_test_of_hypothesis(encoding, word):
    assert_isolated('the word "{word}".', encoding, values=[word])


def test_the_embedded_vocabulary():
    embedded = open_encoding(None)
    assert_isolated('How many "{letter}" are in "{word}"?', embedded)
    assert_isolated('How many "{letter}" are in "{word}"?', embedded, "letter")
    with pytest.raises(AssertionError, match=r"tokens      \"'s\" \d+ \|"):
        assert_isolated("'{word}'.count('r')", embedded, values=["strawberry"])


def test_messages_stay_short():
    found = isolation_failures("far " * 99 + "x,{word} far" + " off" * 99, pattern("cl100k"), ["é" * 9, "b"])
    assert len(found) == 2
    assert len(str(found[0])) < 300
    assert "far far x,ééééééééé far off" in str(found[0])
    with pytest.raises(AssertionError, match=r"and 1 more$"):
        assert_isolated(",{word}{word}", pattern("gpt2"), values=["a"])


def test_tokens_that_are_part_of_a_letter():
    ranks = {bytes([byte]): byte for byte in range(256)} | {b",\xc3": 256}
    torn = RankEncoding("torn", ranks, pattern("cl100k"), {})
    with pytest.raises(AssertionError, match=r"tokens      ',\\\\xc3' 256 \| '\\\\xa9' 169\n"):
        assert_isolated(",{word}", torn, values=["é"])


class Spaced(RankEncoding):
    def encode(self, text):
        return super().encode(f" {text}")


def test_refusals():
    known = pattern("gpt2")
    with pytest.raises(ValueError, match=r"has no slot \{word\}; its slots are \['wrod'\]"):
        assert_isolated("a {wrod}", known)
    with pytest.raises(ValueError, match=r"has no slot \{word\}; its slots are \[\]"):
        isolation_failures('{"a": 1}', known, [])
    with pytest.raises(ValueError, match="is filled with nothing"):
        assert_isolated("a {word}", known, values=[""])
    with pytest.raises(ValueError, match="no script is named 'latin'; there are Latin, Cyrillic"):
        words(["latin"])
    ranks = {bytes([byte]): byte for byte in range(256)}
    with pytest.raises(ValueError, match="spaced makes ' a b' of 'a b'; no slot can be placed"):
        assert_isolated("a {word}", Spaced("spaced", ranks, known, {}), values=["b"])


def test_without_hypothesis():
    code = "import sys; sys.modules['hypothesis'] = None; import tokenizer.strategies"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    sentence = "ImportError: tokenizer.strategies needs an extra: pip install 'hornbook[testing]'"
    assert ran.stderr.splitlines()[-1] == sentence
    assert "During handling" not in ran.stderr
