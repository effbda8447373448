"""Templates with slots, cut and filled."""

import pytest

from tokenizer.templates import filled, parse, slots_of


@pytest.mark.parametrize(
    ("template", "pieces"),
    [
        ("{word}", ["", "word", ""]),
        ("a{b}c{b}", ["a", "b", "c", "b", ""]),
        ("{1} {a-b} {}{{word}}", ["{1} {a-b} {}{", "word", "}"]),
        ("{größe}", ["", "größe", ""]),
        ("none", ["none"]),
    ],
)
def test_parse(template, pieces):
    assert parse(template) == pieces


def test_filled():
    pieces = parse("{word}: {letter}, {letter}")
    assert slots_of(pieces) == ["word", "letter", "letter"]
    rows = [["x", {"word": "pear", "letter": "p", "more": "y"}]]
    assert ["".join(parts) for parts in filled(pieces, rows[0])] == ["x: x, x", "pear: p, p"]
    with pytest.raises(ValueError, match=r"no text for the slot \{letter\}; it has texts for \{word\}"):
        list(filled(pieces, [{"word": "pear"}]))
