"""What LetterCounting asks beside a letter in a phrase: shares, splits, and the truth of every line."""

from collections import Counter

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.asks import ASKS, USUAL, Asks, asks_of
from generators.book import Book
from generators.lexicon import is_test_word
from generators.prompts import language, languages
from generators.styles import STYLES
from tasks.lettercounting import LetterCounting
from tests import written
from tests.words_strategies import files, letters

OTHERS = [ask for ask in ASKS if ask != "letter"]
BASES = str.maketrans("áàâäéèêëíìîïóòôöúùûüÿœæ", "aaaaeeeeiiiioooouuuuyoa")


def rows_of(size, **options):
    task = LetterCounting(size=size, **options)
    return [task.get_example(i) for i in range(size)]


@pytest.mark.parametrize(
    ("wanted", "shares"),
    [
        ("usual", USUAL),
        ("vowels", {"vowels": 1}),
        ("digit:2,letter:1", {"letter": 1, "digit": 2}),
        ({"case": 0.5, "letter": 0.5}, {"letter": 0.5, "case": 0.5}),
    ],
)
def test_shares(wanted, shares):
    assert asks_of(wanted) == shares


@pytest.mark.parametrize("wanted", ["", "vowel", "digit:0", "digit:x", "digit,digit", "digit:-1", {"x": 1}])
def test_shares_that_make_no_sense(wanted):
    with pytest.raises(ValueError, match=r"question"):
        asks_of(wanted)


def test_every_block_holds_the_shares_of_asks_and_languages():
    task = LetterCounting(1000, tool="none")
    made = task.conversations(np.arange(1000), Book())
    pairs = list(zip(made.column("asks").to_pylist(), made.column("language").to_pylist(), strict=True))
    expected = {ask: round(100 * share) for ask, share in USUAL.items()}
    for start in range(0, 1000, 100):
        block = pairs[start : start + 100]
        assert Counter(ask for ask, _ in block) == expected
        assert Counter(code for _, code in block) == {"en": 70, "es": 15, "zh": 15}
    assert {ask for ask, code in pairs if code == "zh"} == {"letter", "letters", "digit", "sentence"}
    # Counts have their shares among what is asked with a count that was dealt.
    counts = made.column("count").to_pylist()
    dealt = [min(int(n), 3) for n, (ask, _) in zip(counts, pairs, strict=True) if ask == "digit"]
    assert max(Counter(dealt).values()) < 0.5 * len(dealt)


def test_languages_that_cannot_be_asked():
    assert set(LetterCounting(10, ask="vowels").languages) == {"en", "es"}
    with pytest.raises(ValueError, match="vowels in 'zh'; allowed there: letter, letters, digit, sentence"):
        LetterCounting(10, ask="vowels", language="zh")[0]
    mixed = LetterCounting(100, ask="vowels:0.5,letter:0.5", language="en:0.5,ko:0.5", tool="none")
    asked = Counter((row["facts"]["asks"], row["language"]) for row in mixed)
    assert asked == {("letter", "ko"): 50, ("vowels", "en"): 50}
    with pytest.raises(ValueError, match=r"0\.001 comes to none"):
        LetterCounting(10, ask="letter:1,digit:0.001")[0]


def test_a_row_is_the_same_alone_and_in_any_batch():
    task = LetterCounting(400, tool="none", language="en:0.5,de:0.5")
    whole, book = task.conversations(np.arange(400), Book()), Book()
    expected = whole.book.strings(whole.text).to_pylist()
    facts = whole.book.strings(whole.facts).to_pylist()
    for rows in ([3], [399, 7, 8], list(range(50, 120)), [200, 100]):
        made = task.conversations(np.array(rows), book)
        assert book.strings(made.text).to_pylist() == [expected[row] for row in rows]
        assert book.strings(made.facts).to_pylist() == [facts[row] for row in rows]


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("code", languages())
def test_all_words_and_numbers_are_of_one_split(code, split):
    for row in rows_of(
        1000, split=split, language=code, tool="none", ask="digit:0.4,sentence:0.4,letters:0.2"
    ):
        for word in row["facts"]["words"]:
            assert is_test_word(word) == (split == "test"), row["facts"]


def test_questions_repeat_in_no_thousand():
    for split in ("train", "test"):
        questions = Counter(
            row["messages"][0]["content"] for row in rows_of(3000, split=split, tool="none", language="en")
        )
        assert max(questions.values()) == 1


def counted(row):
    """The text, its words, and what is counted one after another: (word, whether a letter counts, name)."""
    facts, asked = row["facts"], row["facts"]["letters"]
    words, asks = facts["words"], facts["asks"]
    if asks == "letters":
        assert len(words) == 1
        assert 2 <= len(asked) == len(set(asked)) <= 3
        return words[0], words, [(words[0], [letter], letter) for letter in asked]
    text = facts["sentence"] or " ".join(words)
    every = {letter for word in words for letter in letters(word)}
    if asks == "vowels":
        assert asked == list(language(facts["lexicon"]).vowels)
        hits = [letter for letter in every if letter.lower()[0].translate(BASES) in asked]
    else:
        [one] = asked
        hits = [letter for letter in every if letter == one or (asks == "anycase" and letter.lower() == one)]
    if asks == "digit":
        assert regex.fullmatch("[1-9][0-9]{4,11}", text)
    if asks == "sentence":
        assert regex.sub(r"[^\p{L}\p{M}\p{N}]", "", text) == regex.sub(
            r"[^\p{L}\p{M}\p{N}]", "", "".join(words)
        )
        assert text[0] == words[0][0]
        assert text[-1] == words[-1][-1], "no mark stands before a closing quote"
    return text, words, [(word, hits, word) for word in words]


def truth(row, style, tool):
    facts, style = row["facts"], row["style"] if style != "classic" else "classic"
    text, _, items = counted(row)
    counts = [sum(letter in hits for letter in letters(word)) for word, hits, _ in items]
    total = sum(counts)
    assert (facts["count"], row["answer"]) == (total, str(total))
    question, turn = row["messages"]
    assert text in question["content"]
    for letter in facts["letters"] if facts["asks"] != "vowels" else []:
        assert letter in question["content"]
    content = turn["content"]
    parts = [("text", content)] if isinstance(content, str) else [(p["type"], p["text"]) for p in content]
    by_hand, first = parts[0][1], parts[0][1].partition("\n")[0]
    for value in (text, *facts["letters"]):
        assert written.quoted(style, value) in first
    # The lines of the working stand in this order, and are all that have numbers before a mark.
    working = []
    for place, (word, hits, _) in enumerate(items):
        if not place or facts["asks"] != "letters":
            working += written.spelled(style, word, letters(word)).split("\n")
        count = 0
        for at, letter in enumerate(letters(word), 1):
            count += letter in hits
            line = written.steps(style, [letter], letter if letter in hits else "")[0]
            working.append(line.replace("1", str(at), 1).replace("count=1", f"count={count}"))
    if len(items) > 1:
        working += written.summed(style, [name for _, _, name in items], counts)
    lines, at = by_hand.split("\n"), 0
    for line in working:
        at = lines.index(line, at) + 1
    rest = list(lines)
    for line in working:
        rest.remove(line)
    prose = "\n".join(rest)
    for value in sorted({text, *facts["words"], *facts["letters"]}, key=len, reverse=True):
        prose = prose.replace(written.quoted(style, value), "")
    said = list(map(int, regex.findall(r"\p{N}+", prose)))
    assert said == [*(counts if len(items) > 1 else []), total, *([total] if len(parts) == 1 else [])]
    assert parts[-1][1].endswith(f"\n\n#### {total}")
    small = facts["asks"] in ("vowels", "anycase")
    asked = facts["letters"] if facts["asks"] in ("vowels", "letters") else facts["letters"][:1]
    calls = [written.called(style, text, letter) for letter in asked]
    if small:
        calls = [call.replace(".count", ".lower().count", 1) for call in calls]
    outputs = [str((text.lower() if small else text).count(letter)) for letter in asked]
    if facts["form"] == "tool":
        between = parts[2:-1]
        assert between[::2] == [("python", call) for call in calls]
        assert between[1::2] == [("python_output", output) for output in outputs]
        assert sum(map(int, outputs)) == total
    else:
        assert len(parts) == 1
        # With a tool of plain Python a call is left out only where it would count otherwise.
        if tool == "python":
            assert facts["form"] == "differs"
            assert sum(map(int, outputs)) != total
        elif tool == "none":
            assert facts["form"] == "no tool"


@pytest.mark.parametrize("tool", ["nanochat", "python", "none"])
@pytest.mark.parametrize("code", languages())
def test_the_truth_of_every_row(code, tool):
    known = [ask for ask in OTHERS if language(code).prompts.get(ask)]
    for style in STYLES:
        for row in rows_of(100, style=style, language=code, tool=tool, seed=5, ask=dict.fromkeys(known, 1)):
            truth(row, style, tool)


@pytest.mark.parametrize("code", ["en", "es", "fr", "de"])
def test_case_is_asked_as_the_facts_say(code):
    cases = Counter()
    for row in rows_of(400, language=code, ask="case:0.5,anycase:0.5", tool="none"):
        [letter], words = row["facts"]["letters"], row["facts"]["words"]
        both = {letter.lower(), letter.upper()} <= {each for word in words for each in letters(word)}
        cases[row["facts"]["asks"], letter.isupper(), both] += 1
    assert cases["case", True, True] > 20 < cases["case", False, True]  # where it makes a difference
    assert cases["case", True, False] > 5 < cases["case", False, False]  # and where not
    assert not any(large for (asks, large, _) in cases if asks == "anycase")


def test_a_constant_answer_scores_little():
    """Of no kind of question is one answer right in half of the rows."""
    for ask in ASKS:
        counts = Counter(row["answer"] for row in rows_of(600, ask=ask, language="en", tool="none"))
        assert max(counts.values()) < 0.5 * 600, (ask, counts)


@settings(max_examples=15, deadline=None)
@given(rows=st.integers(1, 40), ask=st.sampled_from(OTHERS), seed=st.integers(0, 10))
def test_any_kind_alone(rows, ask, seed):
    for row in rows_of(rows, ask=ask, language="en", tool="none", seed=seed):
        assert row["facts"]["asks"] == ask
        truth(row, "quote-comma", "none")


HARD = [
    "strawberry",
    "DETERMINED",
    "niño",
    "straße",
    "中国人",
    "हिन्दी",
    "ſtſ",
    "ǅungla",
    "İstanbul",
    "e\u0301e",
]


@pytest.mark.parametrize("tool", ["nanochat", "python"])
def test_words_of_any_script_in_a_persons_own_lexicon(tmp_path, tool):
    for row in rows_of(400, language="en", tool=tool, **files(tmp_path, *HARD)):
        if row["facts"]["asks"] != "letter":
            truth(row, "quote-comma", tool)


def test_asks_needs_a_language_with_rows():
    deck = LetterCounting(10, language="en")._deck
    found = Asks({"letter": 0.5, "digit": 0.5}, deck, {"en": ["letter", "digit"]})
    assert found.quota.sum() == 100
    with pytest.raises(ValueError, match="no questions about digit"):
        Asks({"digit": 1}, deck, {"en": ["letter"]})
