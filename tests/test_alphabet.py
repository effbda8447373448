"""Which tokens are alphabetic, and which of them a text shows, against one look at a time."""

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer.alphabet import CASES, Alphabet
from tokenizer.encoding import open_encoding
from tokenizer.ranks import RankEncoding
from tokenizer.sources import split_pattern

ENCODING = open_encoding(None)
ALPHABET = Alphabet.of(ENCODING)


def is_alphabetic(data: bytes) -> bool:
    text = data.decode(errors="replace")
    letters = text[1:] if text[:1] == " " else text
    clusters = regex.findall(r"\p{L}\p{M}*", letters)
    return bool(letters) and "\ufffd" not in text and "".join(clusters) == letters


def test_all_alphabetic_tokens_and_no_others():
    expected = {id: data.decode() for id, data in ENCODING.vocabulary() if is_alphabetic(data)}
    assert dict(zip(ALPHABET.ids.tolist(), ALPHABET.forms, strict=True)) == expected
    assert ALPHABET.ids.tolist() == sorted(expected)
    assert ALPHABET.spaced.tolist() == [form.startswith(" ") for form in expected.values()]
    named = {CASES[case]: form for case, form in zip(ALPHABET.cases, ALPHABET.forms, strict=True)}
    assert named["lower"].islower()
    assert named["UPPER"].isupper()
    assert set(named) == set(CASES)


def test_marks_belong_to_letters_and_control_tokens_are_no_tokens():
    tokens = [" é", "e\u0301", "\u0301", "a1", " ", "''", "\u0301a", "क्षि"]
    ranks = {bytes([byte]): byte for byte in range(256)} | {t.encode(): 256 + i for i, t in enumerate(tokens)}
    ranks[b" "] = 32
    tiny = RankEncoding("tiny", ranks, split_pattern((r"\s+|\S+",), "made up"), {"bos": 999})
    found = [form for form in Alphabet.of(tiny).forms if len(form.encode()) > 1]
    assert found == [" é", "e\u0301", "क्षि"]


texts = st.lists(st.text(st.sampled_from("strawbey ngi'é.,\n中"), max_size=12), max_size=8)


@given(texts)
@settings(deadline=None)
def test_the_tokens_of_texts_against_one_text_at_a_time(texts):
    place = {int(id): number for number, id in enumerate(ALPHABET.ids)}
    expected = [sorted({place[id] for id in ENCODING.encode(text) if id in place}) for text in texts]
    shown = ALPHABET.shown(texts)
    found = [shown.places[a:b].tolist() for a, b in zip(shown.offsets[:-1], shown.offsets[1:], strict=True)]
    assert found == expected
