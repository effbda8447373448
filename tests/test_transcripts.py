import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators import transcripts as module
from generators.rolemarkers import NAMES, Markers
from generators.transcripts import transcripts
from generators.turns import Found, Turn
from tests.strategies import TEXTS
from tests.test_rolemarkers import WRITTEN


def read(text: str | bytes, user: str | None = None, assistant: str | None = None) -> list[Found]:
    data = text.encode() if isinstance(text, str) else text
    return list(transcripts(io.BytesIO(data), Markers(user, assistant)))


def said(text: str | bytes) -> list[Any]:
    """Return what each conversation says; of one that is refused, why and where."""
    return [
        (found.reason, found.fault[0]) if found.reason else [turn[:2] for turn in found.turns]
        for found in read(text)
    ]


def is_innocent(line: str) -> bool:
    """Say, in the most obvious way, that a line is neither marker, nor rule, nor fence, whatever the form."""
    names = [name for names in NAMES.values() for name in names]
    return (
        line[:1] not in tuple("[<#*-=_`~")
        and not line.lower().startswith(tuple(names))
        and not line.endswith("\r")
        and "\n" not in line
        and line == line.strip() != ""
    )


LINES = st.one_of(
    TEXTS,
    st.sampled_from(
        ["12:30: it rains", "He said: User: hi", "f(x) --- y", "a\tb", "it is 3 * 4 = 12", "ends:"]
    ),
).filter(is_innocent)
# Lines of a turn, blank ones only inside it.
CONTENTS = (
    st.tuples(LINES, st.lists(st.just("") | LINES, max_size=3), LINES).map(
        lambda parts: "\n".join([parts[0], *parts[1], parts[2]])
    )
    | LINES
)
EXCHANGES = st.lists(st.tuples(CONTENTS, CONTENTS), min_size=1, max_size=3)
CONVERSATIONS = st.lists(st.tuples(st.none() | CONTENTS, EXCHANGES), min_size=1, max_size=4)
RULES = ["---", "***", "=====", "* * *", "___", "=== Chat 2 ===", "--- 12 May ---"]


@settings(deadline=None)
@given(
    CONVERSATIONS,
    st.sampled_from(list(WRITTEN)),
    st.integers(0, 2),
    st.lists(st.sampled_from([*RULES, ""]), min_size=4, max_size=4),
    st.tuples(st.sampled_from(NAMES["user"]), st.sampled_from(NAMES["assistant"])),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_what_was_written_is_read(conversations, form, gap, apart, names, title, dos, bom):
    called = {"user": names[0], "assistant": names[1], "system": "system"}
    lines: list[str] = []
    expected = []
    for place, (system, exchanges) in enumerate(conversations):
        if place:
            # More blank lines than part turns, or a line of dashes with any.
            lines += [""] * (gap if apart[place % 4] else gap + 1)
            lines += [apart[place % 4]] if apart[place % 4] else []
        turns = [("system", system)] if system is not None else []
        turns += [turn for asked, said in exchanges for turn in (("user", asked), ("assistant", said))]
        expected.append([])
        for number, (role, content) in enumerate(turns):
            lines += [""] * (gap if number else 0)
            name = called[role].title() if title else called[role]
            expected[-1].append(Turn(role, content, len(lines) + 1))
            lines += f"{WRITTEN[form].format(name)} {content}".split("\n")
    text = ("\r\n" if dos else "\n").join([*lines, ""])
    found = read(b"\xef\xbb\xbf" * bom + text.encode())
    assert [each.reason for each in found] == [""] * len(conversations)
    assert [each.turns for each in found] == expected


PIECES = [
    "User: hi",
    "Bot: ho",
    "System: be",
    "",
    " ",
    "---",
    "=== 2 ===",
    "text",
    "```",
    "User:",
    "\xff",
    "\r",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_every_line_is_in_a_turn_or_refused(lines: list[str]):
    """No text is lost: it stands in a turn, or in a conversation that is refused, or before all."""
    found = read("\n".join(lines).encode("latin-1"))
    kept = "\n".join(turn.content for each in found if not each.reason for turn in each.turns)
    if not any(each.reason for each in found):
        rest = [line.partition(":")[2] if ":" in line else line for line in lines]
        texts = [line.strip() for line in rest if line.strip() not in ("", "---", "=== 2 ===")]
        assert [line.strip() for line in kept.split("\n") if line.strip()] == texts
    assert [each.line for each in found] == sorted(each.line for each in found)


def test_blank_lines_between_turns_part_no_conversations():
    text = "User: a\n\nBot: b\n\nUser: c\n\nBot: d\n\n\nUser: e\n\nBot: f\n"
    assert said(text) == [
        [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")],
        [("user", "e"), ("assistant", "f")],
    ]


def test_a_blank_line_inside_a_turn_parts_nothing():
    assert said("User: a\nBot: b\n\nmore\nUser: c\nBot: d") == [
        [("user", "a"), ("assistant", "b\n\nmore"), ("user", "c"), ("assistant", "d")]
    ]
    assert said("User: a\nBot: b\n\nBot: c") == [[("user", "a"), ("assistant", "b"), ("assistant", "c")]]


def test_a_greeting_tells_nothing_of_blank_lines():
    assert said("Bot: Hello!\n\nUser: a\n\nBot: b\n\nUser: c\n\nBot: d") == [
        [("assistant", "Hello!"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    ]


def test_a_system_message_begins_a_conversation():
    assert said("System: x\nUser: a\nBot: b\nSystem: y\nUser: c\nBot: d") == [
        [("system", "x"), ("user", "a"), ("assistant", "b")],
        [("system", "y"), ("user", "c"), ("assistant", "d")],
    ]


def test_lines_of_dashes():
    exchange = [("user", "a"), ("assistant", "b")]
    assert said("---\nUser: a\nBot: b\n---\n\n***\nUser: a\nBot: b\n---\n") == [exchange, exchange]
    # A rule in an answer, or a title: nobody can tell.
    assert said("User: a\nBot: b\n---\nTwo\nUser: a\nBot: b") == [("rule", 3), exchange]
    assert said("User: a\nBot: b\n***bold***\n--x--\n== no\n--- | ---") == [
        [("user", "a"), ("assistant", "b\n***bold***\n--x--\n== no\n--- | ---")]
    ]


def test_text_before_the_first_marker_is_told_and_left_out():
    assert said("A title\nby somebody\n\nUser: a\nBot: b") == [
        ("stray", 1),
        [("user", "a"), ("assistant", "b")],
    ]
    assert said("no marker\nat all") == [("stray", 1)]
    assert said("\n\n") == said("") == said("---\n") == []


def test_the_first_marker_tells_the_form_of_all():
    [found] = read("[Human]: hi\n[Bot]: User: is what I call you\nUser: x")
    assert found.turns[1].content == "User: is what I call you\nUser: x"
    assert Markers().inside(found.turns[1].content)  # and so it will be refused


def test_fences_that_a_marker_cuts_are_refused():
    assert said("User: a\nBot: so:\n```\nUser: x\nBot: y\n```\n") == [("fence", 2)]
    assert said("User: a\nBot: so:\n```f()```\n") == [[("user", "a"), ("assistant", "so:\n```f()```")]]
    assert said("User: a\nBot: so:\n```\nx\n```\n") == [[("user", "a"), ("assistant", "so:\n```\nx\n```")]]


def test_what_is_no_utf8_is_refused_alone():
    assert said(b"User: a\nBot: b\n\nUser: c\nBot: \xff\n\nUser: \xfee\nBot: f\n\nUser: g\nBot: h\n") == [
        [("user", "a"), ("assistant", "b")],
        ("encoding", 5),
        ("encoding", 7),
        [("user", "g"), ("assistant", "h")],
    ]
    [found] = read("User: a\nBot: b\n".encode("utf-16"))
    assert (found.reason, found.fault) == ("encoding", (1, "byte 0xff in column 1"))
    [found] = read("User: é".encode() + b"\xff")
    assert found.fault == (1, "byte 0xff in column 8")


def test_conversations_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LONGEST", 100)
    exchange = [("user", "c"), ("assistant", "d")]
    long = "User: a\nBot: " + "b\n" * 100 + "\n\nUser: c\nBot: d"
    assert said(long) == [("long", 51), exchange]
    assert said("User: a\nBot: " + "b" * 1_000 + "\n\nUser: c\nBot: d") == [("long", 2), exchange]
    assert said("User: a\nBot: b" + "\n" * 1_000 + "b\n\nUser: c\nBot: d") == [("long", 103), exchange]
    assert said("x" * 1_000 + "\nUser: c\nBot: d") == [("long", 1), exchange]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("<human>: What is 2+2?\n<bot>: 4\n<human>: Thanks\n<bot>: Welcome\n", ()),
        ("### Human: What is 2+2?\n### Assistant: 4\n### Human: Thanks\n### Assistant: Welcome", ()),
        ("# User\nWhat is 2+2?\n\n# ChatGPT\n4\n\n# User\nThanks\n\n# ChatGPT\nWelcome\n", ()),
        ("Anna: What is 2+2?\nDr. Bob: 4\nANNA: Thanks\nDr. Bob: Welcome\n", ("anna", "dr. bob")),
        ("**You:** What is 2+2?\n\n**AI:** 4\n\n**You:** Thanks\n\n**AI:** Welcome", ("You",)),
    ],
)
def test_transcripts_as_people_have_them(text: str, names: tuple[str, ...]):
    [found] = read(text, *names)
    assert [turn[:2] for turn in found.turns] == [
        ("user", "What is 2+2?"),
        ("assistant", "4"),
        ("user", "Thanks"),
        ("assistant", "Welcome"),
    ]
