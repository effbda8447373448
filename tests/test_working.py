"""How much working answers show: the shares, the questions that ask for it, and each kind as it must be."""

from collections import Counter
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.check import check_counting
from generators.checkrequests import asked_for
from generators.dialects import Dialect
from generators.export import export
from generators.prompts import language, languages
from generators.rows import Rows
from generators.styles import STYLES
from generators.verify import verify
from generators.working import ASKED, WORKINGS, Working, workings_of
from tasks.registry import checks, refuse_working, train_and_test
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests import test_check, test_spellingbee, written
from tests.words_strategies import files, letters

EVERY = dict.fromkeys(WORKINGS, (0.2, 0.5))
MIXED = "full:0.8,compact:0.1,direct:0.05,tool:0.05"
# Tasks of which answers show more or less working, with the words that each row is about.
TASKS = [SpellingBee]
every_task = pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.name)
every_style = pytest.mark.parametrize("style", sorted(STYLES))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("full", {"full": (1, 0)}),
        ("direct", {"direct": (1, 1)}),
        ("direct:1:0.25", {"direct": (1, 0.25)}),
        ("direct:0.2, full:0.8", {"full": (0.8, ASKED["full"]), "direct": (0.2, 1)}),
        ({"full": 4, "hand": (1, 0.0)}, {"full": (4, ASKED["full"]), "hand": (1, 0)}),
    ],
)
def test_shares_are_read(wanted, found):
    assert workings_of(wanted) == found
    assert list(workings_of(wanted)) == [kind for kind in WORKINGS if kind in found]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("ful", "did you mean 'full'"),
        ("", "no kind of working ''"),
        ("full:0.8,direct", "holds no shares"),
        ("full:0.8:0.1:0.1", "holds no shares"),
        ("full:x", "holds no shares"),
        ("full:0.5,full:0.5", "stands twice"),
        ("full:0", "must be above 0"),
        ("full:nan", "must be above 0"),
        ("full:1:1.5", "from 0 to 1"),
        ("full:1000,direct:1", "comes to none of them"),
        ({}, "no kind of working is wanted"),
        ({"dirct": 1}, "did you mean 'direct'"),
    ],
)
def test_shares_that_make_no_sense(wanted, message):
    with pytest.raises(ValueError, match=message):
        workings_of(wanted)


def test_tasks_whose_answers_have_one_form():
    with pytest.raises(ValueError, match="simplespelling has no compact working; it can show: full"):
        SimpleSpelling(working="full:0.5,compact:0.5")
    with pytest.raises(ValueError, match=r"simplespelling can't show more or less working.* spellingbee too"):
        refuse_working([SimpleSpelling], "direct")
    refuse_working([SimpleSpelling], "full")
    refuse_working([SimpleSpelling, SpellingBee], "direct")
    assert train_and_test(SimpleSpelling, 10, working="direct")["train"].working == {"full": (1, 0)}
    assert train_and_test(SpellingBee, 10, working="direct")["test"].working == {"direct": (1, 1)}


@given(
    shares=st.dictionaries(st.sampled_from(list(WORKINGS)), st.integers(1, 30), min_size=1),
    seed=st.integers(0, 5),
)
@settings(max_examples=40, deadline=None)
def test_every_block_of_100_rows_holds_the_quotas(shares, seed):
    rows = Rows.of(range(1000), seed=seed, task="t", split="train")
    dealt = Working.dealt(rows, workings_of(shares))
    kinds = dealt.kind.strings()
    blocks = [Counter(kinds[start : start + 100]) for start in range(0, 1000, 100)]
    assert all(block == blocks[0] for block in blocks)
    for kind, share in shares.items():
        assert abs(blocks[0][kind] - 100 * share / sum(shares.values())) < 1
    # A row is the same alone and in any batch, and each is of the kind that it says.
    some = np.random.default_rng(seed).permutation(1000)[:50]
    again = Working.dealt(rows[some], workings_of(shares))
    assert again.kind.strings() == [kinds[row] for row in some]
    assert again.asked.tolist() == dealt.asked[some].tolist()
    for kind in WORKINGS:
        assert dealt.where(kind).tolist() == [each == kind for each in kinds]


def test_working_goes_with_any_language_and_count():
    dealt = SpellingBee(1).deal(Rows.of(range(20_000), seed=0, task="spellingbee", split="train"))
    direct = SpellingBee(1, working=MIXED).work(dealt.rows).where("direct")
    assert direct.sum() == 1000
    for column in (dealt.language, dealt.count_class):
        shares = np.bincount(column) / 20_000
        assert np.abs(np.bincount(column[direct]) / 1000 - shares).max() < 0.05


def truth(row, style, tool):
    """What the whole turn must be, from word, letter and working alone."""
    facts, letter, content = row["facts"], row["letter"], row["messages"][1]["content"]
    style = row["style"] if style != "classic" else style
    parts = [("text", content)] if isinstance(content, str) else [(p["type"], p["text"]) for p in content]
    spelled = letters(row["word"])
    count, lines = spelled.count(letter), written.steps(style, spelled, letter)
    hits = [line for line in lines if "hit!" in line]
    working = facts["working"]
    if working == "direct":
        assert parts == [("text", f"#### {count}")]
    elif working == "compact":
        listed = "\n".join([written.spelled(style, row["word"], spelled), *hits])
        assert parts == [("text", f"{listed}\n\n#### {count}")]
    elif working == "tool":
        call = written.called(style, row["word"], letter)
        assert [kind for kind, _ in parts] == ["text", "text", "python", "python_output", "text"]
        assert parts[2:4] == [("python", call), ("python_output", str(count))]
        said = "".join(text for _, text in parts)
        assert not any(line in said.split("\n") for line in lines)
        assert said.endswith(f"\n\n#### {count}")
        assert written.quoted(style, row["word"]) in parts[0][1]
        assert "\n" not in parts[0][1]
    elif working == "hand":
        assert isinstance(content, str)
        assert facts["form"] == "not called"
        full = {**row, "facts": {**facts, "form": "no tool"}}
        test_spellingbee.truth(full, style, "none")
    else:
        test_spellingbee.truth(row, style, tool)
    assert (facts["form"] == "not called") == (working in ("compact", "direct", "hand"))
    assert (row["answer"], facts["count"]) == (str(count), count)
    question = row["messages"][0]["content"]
    assert asked_for(question, row["language"]) == ({working} if facts["working_asked"] else set())


@every_style
@pytest.mark.parametrize("tool", ["nanochat", "none"])
def test_each_row_has_the_working_that_it_says(style, tool):
    task = SpellingBee(700, style=style, tool=tool, language="all", working=EVERY, seed=1)
    seen = set()
    for row in task:
        truth(row, style, tool)
        facts = row["facts"]
        seen.add((row["language"], facts["working"], facts["working_asked"]))
        assert task.evaluate(row, test_check.as_row(row, row)["parts"][-1][1]) == 1
    kinds = set(WORKINGS) - ({"tool"} if tool == "none" else set())
    assert seen == {(code, kind, asked) for code in languages() for kind in kinds for asked in (False, True)}


def test_who_asks_for_nothing_gets_full_working():
    for row in SpellingBee(200, language="all"):
        assert row["facts"]["working"] == "full"
        assert row["facts"]["working_asked"] is False
        assert not asked_for(row["messages"][0]["content"], row["language"])


def test_the_answer_alone_comes_where_it_is_asked_for():
    rows = list(SpellingBee(2000, working=MIXED))
    counts = Counter((row["facts"]["working"], row["facts"]["working_asked"]) for row in rows)
    assert counts["direct", True] == 100
    assert counts["direct", False] == 0
    assert 0.6 < counts["compact", True] / 200 < 0.9
    assert 0.05 < counts["full", True] / 1600 < 0.15
    unasked = [row["facts"] for row in SpellingBee(200, working="direct:1:0")]
    assert {(facts["working"], facts["working_asked"]) for facts in unasked} == {("direct", False)}


def test_the_question_is_the_same_but_for_the_request():
    """Casing, marks and quotes of the question do not hang on what is asked for behind it."""
    plain, asks = SpellingBee(500, language="all"), SpellingBee(500, language="all", working="hand:1:1")
    seen = set()
    for i in range(500):
        question, longer = (task.get_example(i)["messages"][0]["content"] for task in (plain, asks))
        assert longer.startswith(question)
        code = plain.get_example(i)["language"]
        comma, ending = language(code).comma, longer[len(question) :]
        if question[-1].isalnum():
            assert ending.startswith(comma)
        elif ending.startswith(comma):  # behind a closing quote, which is a mark only of the word
            assert question[-1] in "".join(closing for _, closing in language(code).quotes)
        elif comma.endswith(" "):
            assert ending.startswith(" ")
            assert ending[1:2] != " "
        seen.add((ending.startswith(comma), ending.endswith(language(code).full_stop)))
        small = question == question.lower() != question.upper() and language(code).cased
        if not small and not ending.startswith(comma) and language(code).cased:
            assert ending.strip()[:1].isupper()
    assert len(seen) == 4


def test_what_the_tool_refuses_is_counted_by_hand(tmp_path):
    task = SpellingBee(60, working="tool", language="en", **files(tmp_path, "important", "piñata", "melon"))
    forms = {}
    for row in task:
        truth(row, "quote-comma", "nanochat")
        forms.setdefault(row["word"], set()).add((row["facts"]["working"], row["facts"]["form"]))
    assert forms == {
        "important": {("full", "refused")},
        "piñata": {("full", "refused")},
        "melon": {("tool", "tool")},
    }


class Many:
    """Rows of every kind, which hypothesis need not print."""

    def __init__(self, style):
        options = {"style": style, "language": "all", "working": EVERY, "seed": 3}
        task = SpellingBee(100, tool="python", **options)
        self.rows = []
        for row in task:
            found = test_check.as_row(row, row)
            texts = [text for kind, text in found["parts"] if kind == "text"]
            # The plain turn leaves out the exchange: of the last part what stands behind the verdict.
            rest = "" if len(texts) == 1 else texts[-1][texts[-1].index("\n\n", 2) :]
            self.rows.append({**found, "turn": texts[0] + rest, "language": row["language"]})


@pytest.fixture(scope="module", params=sorted(STYLES))
def many(request):
    return Many(request.param)


def test_every_row_passes_with_facts_and_without(many):
    for row in many.rows:
        assert list(check_counting(row)) == []
        assert list(check_counting({**row, "facts": None})) == []


@given(number=st.integers(0, 99), other=st.sampled_from(list(WORKINGS)), at=st.integers(0, 10**4))
@settings(max_examples=150, deadline=None)
def test_another_working_or_request_is_found(many, number, other, at):
    row = many.rows[number]
    facts, code = row["facts"], row["language"]
    if other != facts["working"]:
        assert list(check_counting({**row, "facts": {**facts, "working": other}}))
        turn = next(r["turn"] for r in many.rows if r["facts"]["working"] == other)
        assert list(check_counting({**row, "turn": turn}))
        request = language(code).requests[other][at % 6]
        asks = row["question"] + language(code).comma + request
        assert list(check_counting({**row, "question": asks}))
    assert list(check_counting({**row, "facts": {**facts, "working_asked": not facts["working_asked"]}}))
    assert list(check_counting({**row, "turn": row["turn"] + " "}))
    digits = [i for i, char in enumerate(row["turn"]) if char.isdecimal()]
    place = digits[at % len(digits)]
    changed = row["turn"][:place] + str((int(row["turn"][place]) + 1) % 10) + row["turn"][place + 1 :]
    assert list(check_counting({**row, "turn": changed}))
    with suppress(ValueError):  # a turn that is none that is known
        assert list(check_counting({**row, "facts": None, "turn": changed}))


@pytest.mark.parametrize(
    "dialect", [Dialect(), Dialect("messages"), Dialect("universal", "fenced"), Dialect("messages", "fenced")]
)
def test_exports_are_verified_and_counted(tmp_path, dialect):
    tasks = {
        split: [
            SpellingBee(size, split, working=EVERY, tool="python", language="en,zh"),
            SimpleSpelling(20, split, language="en"),
        ]
        for split, size in (("train", 200), ("test", 100))
    }
    manifest = export(tasks, tmp_path / "out", dialect=dialect, workers=1).manifest
    report = verify(tmp_path / "out", checks([]), workers=1)
    assert (report.problems, report.wrong) == ([], 0)
    counted = manifest["splits"]["train"]["tasks"]
    assert counted["spellingbee"]["working"] == dict.fromkeys(sorted(WORKINGS), 40)
    assert not counted["simplespelling"].get("working")
    assert manifest["tool_calls"]["not called"] == 180


@every_task
def test_a_language_without_requests_says_so(kind, monkeypatch):
    from generators import fudge

    asked = [language("en")]
    asked[0] = type(asked[0])(**{**vars(asked[0]), "requests": {}})
    questions = fudge.Questions(asked, {"en": asked[0].prompts["counting"]}, ("word", "letter"))
    task = kind(10, language="en", working="direct")
    rows = Rows.of(range(10), seed=0, task="t", split="train")
    dealt = task.deal(rows)
    with pytest.raises(ValueError, match="English has no request for direct working"):
        questions.ask(dealt, {"word": dealt.word, "letter": dealt.letter}, task.work(rows))


def test_nothing_is_left_of_what_a_row_lacks():
    """No piece of another kind stands in a row, not even one without text that is trained on."""
    batch = SpellingBee(100, working="direct").conversations(np.arange(100), Book())
    assert set(batch.text.lengths.tolist()) <= set(range(5, 16))
    assert all(text.count("#") == 4 for text in batch.book.strings(batch.text).to_pylist())
