"""The audit of templates: as an obvious reader counts, and as people ask for it."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer.audit import tokenizers_of
from tokenizer.boundaries import audit
from tokenizer.encoding import EncodingError, open_encoding
from tokenizer.patterns import NAMES, SplitPattern, pattern
from tokenizer.strategies import encodings, isolation_failures, split_patterns, templates, words
from tokenizer.verdicts import Verdict

SHARED = Path(__file__).resolve().parents[2] / "shared"
EMBEDDED = open_encoding(None)


@settings(max_examples=80, deadline=None)
@given(
    template=templates(["word", "letter"]),
    values=st.lists(
        st.fixed_dictionaries({"word": words(marks=True), "letter": words(max_size=1)}), min_size=1
    ),
    tokenizer=encodings() | split_patterns(),
)
def test_as_one_by_one(template, values, tokenizer):
    for found in audit([template], tokenizer, values):
        # A space right before the slot is part of it: then it stands in the value.
        spaced = f" {{{found.slot}}}" in template
        other = template.replace(f" {{{found.slot}}}", f"{{{found.slot}}}") if spaced else template
        given_ = [{**v, found.slot: " " * spaced + v[found.slot]} for v in values]
        failures = isolation_failures(other, tokenizer, given_, found.slot)
        verdict = found.verdict
        assert (verdict.occurrences, verdict.isolated) == (len(values), len(values) - len(failures))
        assert verdict.proved <= verdict.isolated
        assert verdict.forms == (("spaced",) if spaced else ("bare",))
        assert sum(failure.count for failure in verdict.failures) <= len(failures)
        assert bool(verdict.failures) == bool(failures) == (not found.isolated)
        shown = {(failure.text[failure.start : failure.end], *failure.alone) for failure in failures}
        assert {(failure.slot, *failure.alone) for failure in verdict.failures} <= shown


def test_which_templates_break():
    report = audit(
        ["Spell {word}.", "'{word}'.count('{letter}')", "{word}:{letter},{letter}"],
        pattern("cl100k"),
        {"word": ["strawberry", "pear", "mist"], "letter": "r"},
    )
    assert [(found.slot, found.isolated, found.verdict.isolated) for found in report] == [
        ("word", True, 3), ("word", False, 0), ("letter", True, 3),
        ("word", True, 3), ("letter", False, 0), ("letter", False, 0),
    ]  # fmt: skip
    ways = Counter(failure.glued for failure in report[1].verdict.failures)
    assert ways == {((b"'s", None),): 1, ((b"'pear", None),): 1, ((b"'m", None),): 1}
    said = "'{word}:{letter},{letter}': {letter} isolated 0 of 3, proved 0; 3 times"
    assert str(report[4]) == said.replace("'", '"') + ' "mist" | ":r" | ",r"'.replace("mist", "strawberry")


def test_values_in_each_form():
    one_by_one = audit(["{word}-{letter}"], EMBEDDED, [{"word": "pear", "letter": "p"}, "fig"])
    assert [found.verdict.occurrences for found in one_by_one] == [2, 2]
    by_turns = audit(["{word}-{letter}"], EMBEDDED, {"word": ["pear", "fig", "date"], "letter": ["p", "f"]})
    assert [found.verdict.occurrences for found in by_turns] == [3, 3]
    for values in ({"word": []}, [{"letter": "s"}], [{"word": ""}]):
        with pytest.raises(ValueError, match=r"\{word\}"):
            audit(["{word}"], EMBEDDED, values)
    with pytest.raises(ValueError, match="has no slot; write one in braces"):
        audit(["no slot {1}"], EMBEDDED, ["x"])


def test_the_ids_of_the_guide():
    """'counting r in strawberry': ` poll` 2478, `poll` 47947, `,` 44, `ocks` 3635."""
    path = SHARED / "vocab" / "ncfork_65k.tiktoken"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the repository")
    encoding = open_encoding(path)
    assert encoding.encode(" poll") == [2478]
    assert encoding.encode("poll,") == [47947, 44]
    (spaced,), (quoted,) = (audit([text], encoding, ["pollocks"]) for text in ("a {word} x", "'{word}'"))
    assert spaced.isolated
    assert quoted.isolated
    failing = audit(["{word}ed"], encoding, ["poll"])[0].verdict.failures[0]
    assert failing.alone == ((b"poll", 47947),)


def test_nothing_is_proved_of_an_unknown_pattern():
    own = SplitPattern("mine", r"\s+|\w+|[^\w\s]+", "made up")
    found = audit(["the {word}."], own, ["pear"])[0]
    assert found.verdict.proved is None
    assert "proved" not in str(found)


def test_verdicts_add_up():
    known = pattern("cl100k")
    one, two = (audit(["{word}:{letter}"], known, [{"word": "a", "letter": x}])[1].verdict for x in "rs")
    total = one + one + two
    assert (total.occurrences, total.isolated, total.proved, total.spaced, total.spent) == (3, 0, 0, 0, 3)
    assert [(failure.glued, failure.count) for failure in total.failures] == [
        (((b":r", None),), 2),
        (((b":s", None),), 1),
    ]
    unproved = Verdict(1, 1, None, 0, 1, ())
    assert (one + unproved).proved is None
    plain = json.loads(json.dumps(total.as_json()))
    assert plain["failures"][0]["glued"] == [{"text": ":r", "id": None}]


def test_what_to_look_at():
    assert [known.name for known in tokenizers_of([])] == list(NAMES)
    assert [known.name for known in tokenizers_of([], "qwen2")] == ["qwen2"]
    for sources, given_, said in [
        ([], "gpt", "the nearest is 'gpt2'"),
        (["cl100k_base"], "gpt2", "a pattern can be given for .tiktoken files alone, and cl100k_base"),
        (["nothing.tiktoken"], "gpt2", "there is no file nothing.tiktoken"),
    ]:
        with pytest.raises(ValueError, match=said):
            tokenizers_of(sources, given_)
    with pytest.raises(EncodingError):
        tokenizers_of(["cl100_base"])
