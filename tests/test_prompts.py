"""Language files: templates that parse, enough of them, and sentences that fit into every style."""

from itertools import chain

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from generators.agreement import choices
from generators.checkrecall import ASKS
from generators.checkrequests import asked_for
from generators.deal import BLOCK, largest_remainder, strands_of
from generators.prompts import (
    ALTERNATIVES,
    DEFAULT_SHARES,
    SLOTS,
    Template,
    language,
    languages,
    shares_of,
    spaced_marks,
)
from generators.shape import DEEPEST
from generators.stock import Frame
from generators.wordcolumns import is_test_word
from generators.working import WORKINGS

KINDS = {
    "counting": {"word", "letter"},
    "spelling": {"word"},
    "phrase": {"phrase", "letter"},
    "letters": {"phrase", "letters"},
    "digit": {"phrase", "letter"},
    "vowels": {"phrase"},
    "anycase": {"phrase", "letter"},
    "case": {"phrase", "letter"},
    "sentence": {"phrase", "letter"},
}
RECALLED = {f"recall_{ask}": {"ordinal"} if ask == "nth" else set() for ask in ASKS}
MORE = list(KINDS)[3:]  # of LetterCounting
KINDS |= RECALLED
CASED = {"vowels", "anycase", "case"}  # where there are letters with capitals
ALL = {"check": set(), "verdict": {"count"}, "final": set()}
SLOTS_OF = {
    "counting": {
        "restate": {"word", "letter"},
        "spell": set(),
        "count": {"letter"},
        "subtotal": {"count"},
        "check": set(),
        "verdict": {"count"},
        "final": set(),
    },
    "tool": {"restate": {"word", "letter"}, "check": set(), "verdict": {"count"}, "final": set()},
    "phrase": {
        "restate": {"phrase", "letter"},
        "count": {"letter"},
        "word": {"word", "count"},
        "total": set(),
        "subtotal": {"count"},
        "check": set(),
        "verdict": {"count"},
        "final": set(),
    },
    "letters": {
        "restate": {"phrase", "letters"},
        "count": set(),
        "turn": {"letter"},
        "word": {"letter", "count"},
        "total": set(),
        **ALL,
    },
    "digit": {"restate": {"phrase", "letter"}, "count": {"letter"}, **ALL},
    "vowels": {"restate": {"phrase", "letters"}, "count": set(), **ALL},
    "anycase": {"restate": {"phrase", "letter"}, "count": {"letter"}, **ALL},
    "case": {"restate": {"phrase", "letter"}, **ALL},
    "sentence": {"restate": {"phrase", "letter"}, **ALL},
    "letters_tool": {"restate": {"phrase", "letters"}, **ALL},
    "digit_tool": {"restate": {"phrase", "letter"}, **ALL},
    "vowels_tool": {"restate": {"phrase", "letters"}, **ALL},
    "anycase_tool": {"restate": {"phrase", "letter"}, **ALL},
    "recall": {
        "last": {"word"},
        "first": {"word"},
        "topic_spelled": {"word"},
        "topic_counted": {"word", "letter"},
        "list": set(),
        "nth": {"word"},
        "count": {"count"},
        "summary": set(),
        "spelled": {"word"},
        "counted": {"word", "letter", "count"},
        "check": set(),
        "verdict": {"count"},
        "final": set(),
    },
}


def known(code, names):
    """Those that a language must have: vowels and case make no sense in all."""
    own = {name for name in names if name.removesuffix("_tool") not in CASED}
    return set(names) if language(code).vowels else own


every_language = pytest.mark.parametrize("code", languages())


def test_the_languages_that_were_promised():
    assert {"de", "en", "es", "fr", "ja", "ko", "zh"} <= set(languages())


@every_language
def test_there_are_templates_enough_and_no_two_alike(code):
    prompts = language(code).prompts
    english, others = (
        {"counting": 40, "spelling": 20, "phrase": 20},
        {"counting": 20, "spelling": 10, "phrase": 14},
    )
    assert set(prompts) == known(code, KINDS)
    english |= dict.fromkeys(MORE, 10) | dict.fromkeys(RECALLED, 6)
    others |= dict.fromkeys(MORE, 6) | dict.fromkeys(RECALLED, 5)
    for kind, templates in prompts.items():
        assert len(templates) >= (english if code == "en" else others)[kind]
        assert len({template.casefold() for template in templates}) == len(templates)


@every_language
def test_every_template_has_its_slots_once_and_its_mark(code):
    lang = language(code)
    for kind, templates in lang.prompts.items():
        for written in templates:
            template = Template.parse(written, sorted(KINDS[kind]))
            assert set(template.slots) == KINDS[kind]
            assert "" not in template.literals[1:-1], f"two slots touch in {written!r}"
            assert len(choices(code, template)) == len(regex.findall(r"\{[^}|]+\|", written))
            opening, closing = lang.question_mark
            assert written.endswith((closing, lang.full_stop)), written
            assert written.count(closing) == written.endswith(closing), written
            if opening:
                assert written.count(opening) == written.count(closing), written
            assert not regex.search(r"\p{N}|  |^ | $", written), written
            for slot in template.slots:
                assert not regex.search(
                    rf"[\"'“”‘’„‚«»「」『』]{{{slot}}}|{{{slot}}}[\"'“”‘’«»「」『』]", written
                )


@every_language
def test_every_sentence_has_the_slots_that_tasks_fill(code):
    """An extra wording that nobody says, or a slot that nobody fills, is a mistake in the file."""
    answers = language(code).answers
    assert {section: set(sentences) for section, sentences in answers.items()} == {
        section: set(SLOTS_OF[section]) for section in known(code, SLOTS_OF)
    }
    for section, sentences in answers.items():
        for name, wordings in sentences.items():
            assert len(set(wordings)) == len(wordings) >= (3 if section == "recall" else 6)
            for wording in wordings:
                assert set(Template.parse(wording, SLOTS).slots) == SLOTS_OF[section][name], wording
                assert wording == wording.strip()
                # A line of one word and a colon would look like a word that is spelled.
                assert not regex.fullmatch(r"\w+ ?:", wording), wording
                assert not regex.match(r"\{", wording), wording


@every_language
def test_fudge_begins_with_nothing_and_ends_with_the_mark_alone(code):
    lang = language(code)
    assert lang.openers[0] == ""
    assert lang.endings[0] == "{mark}"
    for texts in (lang.openers, lang.endings, lang.quotes):
        assert len(set(texts)) == len(texts)
    for opener in lang.openers[1:]:
        assert opener.endswith((" ", "，", "、", "！", "？", "：", "。")), opener
    for ending in lang.endings:
        assert len(Template.parse(ending, ["mark"]).slots) == ending.count("{mark}") <= 1


@every_language
def test_requests_are_short_sentences_that_are_told_apart_by_their_ends(code):
    lang = language(code)
    assert list(lang.requests) == list(WORKINGS)
    for kind, wordings in lang.requests.items():
        assert len({wording.casefold() for wording in wordings}) == len(wordings) >= 6
        for wording in wordings:
            assert wording.endswith(lang.full_stop)
            assert not regex.search(r"[{}?!？！:：;]|\p{N}|  |^\s|please|thank", wording), wording
            assert asked_for(f"{lang.question_mark[1].strip()} {wording}", code) == {kind}, wording
    # No question that asks for nothing is taken for one that does.
    for template in chain.from_iterable(lang.prompts.values()):
        for ending in lang.endings:
            mark = lang.question_mark[1] if template.endswith(lang.question_mark[1]) else lang.full_stop
            question = template.removesuffix(mark) + ending.replace("{mark}", mark)
            assert not asked_for(question, code), question
    for section in lang.answers:
        if section.endswith("tool"):
            for wording in chain.from_iterable(lang.answers[section].values()):
                slot = "phrase" if section == "tool" else "word"
                assert not regex.search(rf"by hand|\{{{slot}\}}", wording)


@every_language
@pytest.mark.parametrize("test", [False, True])
def test_sentences_to_count_in_are_of_one_split(code, test):
    lang = language(code)
    frames = [Frame.parse(template, lang.spaced) for template in lang.sentences]
    splits = [{is_test_word(word) for word in frame.words} for frame in frames]
    assert all(len(split) < 2 for split in splits), "its words are of both"
    assert sum(split == {test} for split in splits) >= 4
    assert len(set(frames)) == len(frames)
    for frame, template in zip(frames, lang.sentences, strict=True):
        assert 1 <= frame.slots <= 3, template
        assert template.count("{word}") == frame.slots


@every_language
def test_which_of_several_words_is_told_apart(code):
    """No ordinal is part of another, nor of any question about earlier words that has none."""
    lang = language(code)
    assert len(set(lang.ordinals)) == len(lang.ordinals) == DEEPEST - 1
    for ordinal in lang.ordinals:
        assert ordinal == ordinal.lower()
        assert [ordinal] == [other for other in lang.ordinals if other in ordinal]
        asked = chain.from_iterable(lang.prompts[kind] for kind in RECALLED)
        assert not [text for text in asked if ordinal in text.lower()]


def test_parse_cuts_at_the_slots():
    found = Template.parse("In {word}: {letter}", ["word", "letter"])
    assert found == Template(("In ", ": ", ""), ("word", "letter"))
    assert Template.parse("{a|an} {word}", ["word"]) == Template(
        (f"{chr(ALTERNATIVES)} ", ""), ("word",), ((0, ("a", "an")),)
    )
    assert Template.parse("{word}", ["word"]) == Template(("", ""), ("word",))
    assert Template.parse("plain", []) == Template(("plain",), ())
    assert Template.parse("a {{brace}} {word}", ["word"]) == Template(("a {brace} ", ""), ("word",))


@given(
    literals=st.lists(st.text(st.characters(exclude_characters="{}")), min_size=3, max_size=3),
    order=st.permutations(["word", "letter"]),
)
def test_parse_puts_together_what_was_written(literals, order):
    written = f"{literals[0]}{{{order[0]}}}{literals[1]}{{{order[1]}}}{literals[2]}"
    assert Template.parse(written, ["letter", "word"]) == Template(tuple(literals), tuple(order))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("How many {leter}?", "leter"),
        ("{word} and {word}", "twice"),
        ("Open {word", "broken"),
        ("Close word}", "broken"),
        ("{}", "allowed: word"),
        ("{word!r}", "allowed: word"),
        ("{word:>3}", "allowed: word"),
        ("{0}", "allowed: word"),
        ("{a|b|c|d} {word}", "two or three"),
        ("{a|b:c} {word}", "allowed: word"),
    ],
)
def test_parse_refuses(written, says):
    with pytest.raises(ValueError, match=says):
        Template.parse(written, ["word"])


KNOWN = ["en", "es", "zh"]


@pytest.mark.parametrize(
    ("wanted", "shares"),
    [
        (None, {"en": 0.7, "es": 0.15, "zh": 0.15}),
        ("en", {"en": 1}),
        ("es, zh", {"es": 1, "zh": 1}),
        ("en:0.7,es:0.3", {"en": 0.7, "es": 0.3}),
        ("all", {"en": 1, "es": 1, "zh": 1}),
        ({"zh": 2}, {"zh": 2}),
    ],
)
def test_shares_of(wanted, shares):
    assert shares_of(wanted, KNOWN) == shares


def test_a_task_with_none_of_the_usual_languages_asks_in_its_own():
    assert shares_of(None, ["nl", "pt"]) == {"nl": 1, "pt": 1}


def test_the_usual_shares_are_whole_rows_for_every_strand():
    codes = list(DEFAULT_SHARES)
    assert set(codes) <= set(languages())
    rows = largest_remainder(list(DEFAULT_SHARES.values()))
    assert rows.sum() == BLOCK
    assert rows[codes.index("en")] == 70
    own = [language(code).own_words for code in codes]
    strands = strands_of(
        list(DEFAULT_SHARES.values()), own, [(i, codes.index("en")) for i in range(len(codes))]
    )
    assert len(strands) == 2 * len(codes) - 1
    assert all(strand.share * BLOCK >= 1 for strand in strands)


# Unicode CLDR 45, cldr-misc-full/main/*/delimiters.json: quotationStart and End, then the alternate ones.
CLDR = {
    "de": "„“‚‘",
    "en": "“”‘’",
    "es": "“”‘’",
    "fr": "«»«»",
    "ja": "「」『』",
    "ko": "“”‘’",
    "zh": "“”‘’",
}


@every_language
def test_quotes_begin_with_those_of_cldr(code):
    pairs = [tuple(CLDR[code][:2]), tuple(CLDR[code][2:])]
    assert language(code).quotes[: len(set(pairs))] == tuple(dict.fromkeys(pairs))
    # And what keyboards have.
    assert {('"', '"')} <= set(language(code).quotes)


@every_language
def test_quotes_are_those_of_the_installed_cldr(code):
    icu = pytest.importorskip("icu", reason="PyICU, which has CLDR's quotation marks, is not installed")
    found = icu.LocaleData(code)
    kinds = (icu.ULocaleDataDelimiterType.QUOTATION_START, icu.ULocaleDataDelimiterType.QUOTATION_END)
    assert tuple(str(found.getDelimiter(kind)) for kind in kinds) == language(code).quotes[0]


def test_spaces_before_marks():
    assert spaced_marks("Bonjour ! Et « e » : quoi ?", "_") == "Bonjour_! Et «_e_»_: quoi_?"
    assert spaced_marks("Merci ! :) ;)", "") == "Merci! :) ;)"
    assert language("fr").answers["counting"]["final"][0].endswith("\u00a0:")
    assert not any(regex.search(" [?!:;]", w) for w in language("fr").answers["phrase"]["restate"])


@pytest.mark.parametrize(
    "wanted", ["", "en,en", "en:0", "en:-1", "en:nan", "en:inf", "en:x", "en:", "xx", {"xx": 1}]
)
def test_shares_of_refuses(wanted):
    with pytest.raises(ValueError, match=r"language|shares"):
        shares_of(wanted, KNOWN)
