"""Reading answers: what models write around a number is tolerated, a second number is not."""

import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generators.prompts import languages
from generators.score import finals, normal, same_answer, same_spelling, spelled_out
from generators.styles import STYLES
from generators.wordlists import fold
from tasks.spellingbee import SimpleSpelling
from tests import written
from tests.words_strategies import letters, words

integers = st.integers(-(10**7), 10**7)
DRESSINGS = [
    "{}",
    " {}",
    "{} ",
    "{}.",
    "{}。",
    "{}!",
    "**{}**",
    "**{}**.",
    "**{}.**",
    "*{}*",
    "_{}_",
    "`{}`",
    '"{}"',
    "“{}”",
    "「{}」",
    "\\boxed{{{}}}",
    "$\\boxed{{{}}}$",
    "${}$",
    "({})",
    "[{}]",
    "= {}",
    ": {}",
    "{},",
    "{} letters",
    "{} times.",
    "{} 个。",
    "{}个",
    "{}</s>",
    "{}<|assistant_end|>",
    "{}\r\nDone.",
    "{}\n\nSo there.",
    "0{}",
    "00{}",
    "{}.0",
    "{}.00",
    "\\text{{{}}}",
    "\u00a0{}",
    "\t{}",
]


@given(number=integers, dress=st.sampled_from(DRESSINGS), before=st.sampled_from(["", "So: ", "a\n\n"]))
@settings(max_examples=500, deadline=None)
def test_any_number_in_many_dressings(number, dress, before):
    if dress.startswith("0") and number < 0:
        dress = dress.lstrip("0")
    completion = f"{before}#### {dress.format(number)}"
    assert finals(completion) == [str(number)]
    assert same_answer(completion, str(number))
    assert not same_answer(completion, str(number + 1))


@given(number=st.integers(1000, 10**12), mark=st.sampled_from([",", " ", "\u00a0", "\u202f", "'", "_"]))
def test_thousands(number, mark):
    grouped = f"{number:,}".replace(",", mark)
    for text in (grouped, f"**{grouped}**.", f"{grouped} letters", f"-{grouped}"):
        assert finals(f"#### {text}") == [str(number) if text[0] != "-" else str(-number)]


@given(
    right=integers,
    wrong=integers,
    between=st.sampled_from([" or ", ", ", " ", "-", "/", " not ", ";", " = "]),
)
def test_another_number_in_the_answer_spoils_it(right, wrong, between):
    for pair in ((right, wrong), (wrong, right)):
        completion = f"#### {pair[0]}{between}{pair[1]}"
        if wrong == right and between in (" or ", ", ", ";", " = "):
            assert same_answer(completion, str(right))
        elif wrong != right and not (between in (" ", ", ") and f"{pair[1]}".isdigit() and pair[1] > 99):
            assert not same_answer(completion, str(right))  # "1 000" is one number


@given(
    right=integers,
    others=st.lists(integers, max_size=3),
    glue=st.sampled_from(["\n", " ", "\n\nWait.\n", "", "."]),
)
def test_several_different_finals_score_nothing(right, others, glue):
    completion = glue.join(f"#### {n}" for n in [right, *others, right])
    assert same_answer(completion, str(right)) == (set(others) <= {right})


@given(st.text(), st.text())
@example("#### \\boxed{", "{")
@example("####\x00", "\x00")
@example("#" * 9, "#")
@settings(max_examples=500)
def test_never_raises_on_what_models_may_write(completion, answer):
    for text in (completion, f"#### {completion}", f"####{completion}####{answer}"):
        assert all(isinstance(found, str) and found for found in finals(text))
        same_answer(text, answer)
        spelled_out(text)
        same_spelling(text, [*answer])
    assert normal(normal(completion)) is not None


@given(st.text("0123456789 ,.'-+#*\\{}boxed()r\n", max_size=30))
@settings(max_examples=1000)
def test_a_number_that_is_read_was_written(text):
    """Nothing is computed: the digits of a numeric answer stand in the text in that order."""
    for found in finals(f"#### {text}"):
        if found.lstrip("-").isdigit():
            assert found.lstrip("-") in "".join(filter(str.isdigit, text))


@pytest.mark.parametrize(
    ("completion", "found"),
    [
        ("", []),
        ("3", []),
        ("## 3", []),
        ("### 3", []),
        ("####3", ["3"]),
        ("##### 3", ["3"]),
        ("####", []),
        ("#### **", []),
        ("####\n3", []),
        ("#### three", ["three"]),
        ("#### 3.5", ["3.5"]),
        ("#### 3%", ["3%"]),
        ("#### 3rd", ["3rd"]),
        ("#### 1,02", ["1,02"]),
        ("#### 1,0000", ["1,0000"]),
        ("#### 1,000,000.00", ["1000000"]),
        ("#### -0", ["0"]),
        ("#### +3", ["3"]),
        ("#### −3", ["-3"]),
        ("#### 3 (three of them: r, r, r)", ["3"]),
        ("#### 3 (at 3, 8 and 9)", ["3 (at 3, 8 and 9"]),
        ("#### 3 #### 3", ["3"]),
        ("#### 2\n#### 3", ["2", "3"]),
        ("#### `r`", ["r"]),
        ("#### __import__('os').getcwd()", ["import__('os').getcwd"]),
        ("#### 1+2", ["1+2"]),
    ],
)
def test_finals(completion, found):
    assert finals(completion) == found


LONG = 1_000_000
HOSTILE = {
    "hashes": "#" * LONG,
    "hashes and spaces": "#### " * (LONG // 5),
    "commas": "####" + "," * LONG,
    "spaces": "####" + " " * LONG,
    "spaces, then a word": "#### 3" + " " * LONG + "x",
    "marks and stops": "####" + "*." * (LONG // 2),
    "stops and spaces": "####" + ". " * (LONG // 2),
    "zeros": "#### " + "0" * LONG,
    "thousands": "#### 1" + ",000" * (LONG // 4),
    "groups": "#### " + "1," * (LONG // 2) + "x",
    "boxes": "####" + "\\boxed{" * (LONG // 7),
    "letters": "a" * LONG,
    "letters and spaces": "a " * (LONG // 2),
    "letters and gaps": "a      " * (LONG // 7),
    "letters and wide gaps": "a       " * (LONG // 8),
    "a letter and spaces": "a" + " " * LONG,
    "separators": ",-*_" * (LONG // 4),
    "one letter too many": ("a, " * 1000 + "bb ") * (LONG // 3000),
    "apostrophes": "a'" * (LONG // 2),
    "marks on a letter": "a" + "\u0301" * LONG,
    "marks out of order": "a" + "\u0301\u0316" * (LONG // 2) + " b",
    "digits": "1" * LONG,
    "newlines": "####\n" * (LONG // 5),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_long_hostile_texts_take_linear_time(text):
    """A quarter of each takes about a quarter of the time; what is quadratic took ten seconds and more."""
    for read in (finals, spelled_out, lambda text: same_spelling(text, "b2b")):
        start = time.process_time()
        read(text[: LONG // 4])
        quarter = time.process_time() - start
        assert quarter < 2, f"{read} took {quarter:.1f} s for {LONG // 4:,} characters"


def score(word, completion):
    return SimpleSpelling(size=1).evaluate({"word": word, "answer": " ".join(letters(word))}, completion)


@pytest.mark.parametrize(
    "completion",
    [
        "w,i,n,d,o,w",
        "window: w, i, n, d, o, w",
        "window:w,i,n,d,o,w",
        "w i n d o w",
        "w-i-n-d-o-w",
        "W-I-N-D-O-W",
        "w\ni\nn\nd\no\nw",
        "W, I, N, D, O, W.",
        "w.i.n.d.o.w",
        "w. i. n. d. o. w.",
        "w / i / n / d / o / w",
        "**w**, **i**, **n**, **d**, **o**, **w**",
        "`w` `i` `n` `d` `o` `w`",
        "'w', 'i', 'n', 'd', 'o', 'w'",
        "“w”, “i”, “n”, “d”, “o”, “w”",
        "w · i · n · d · o · w",
        "w – i – n – d – o – w",
        "w|i|n|d|o|w",
        "- w\n- i\n- n\n- d\n- o\n- w",
        "w、i、n、d、o、w",
        "w，i，n，d，o，w。",
        "It is spelled w-i-n-d-o-w!",
        "window\nw, i, n, d, o, w\nThat is W-I-N-D-O-W.",
    ],
)
def test_a_right_spelling_between_any_separators(completion):
    assert score("window", completion) == 1


@pytest.mark.parametrize(
    "completion",
    [
        "",
        "window",
        "Window.",
        "w, i, n, d, o",
        "i, n, d, o, w",
        "w, i, n, o, d, w",
        "w, i, n, n, d, o, w",
        "w, i, n, d, o, w, w",
        "w, i, n, d, o, v",
        "win, dow",
        "wi, nd, ow",
        "w, i, n, dow",
        "wodniw",
        "w, o, d, n, i, w",
        "w, i, n, d, o, w, or w, i, n, d, o",
        "w-i-n-d-o-w\nw-i-n-d-o",
        "w, i, n, d, o, w, i, n, d, o, w",
        "1, 2, 3",
        "window: window",
        "w",
    ],
)
def test_a_wrong_spelling_an_echo_or_two_answers_score_nothing(completion):
    assert score("window", completion) == 0


@given(word=words(), style=st.sampled_from(sorted(STYLES)), case=st.sampled_from([str, str.upper]))
@settings(max_examples=400, deadline=None)
@example(word="हिन्दी", style="quote-comma", case=str)
@example(word="क्षण", style="quote-comma", case=str)
@example(word="นำไป", style="quote-comma", case=str)
@example(word="中国", style="classic", case=str)
@example(word="niño", style="classic", case=str.upper)
def test_our_own_turn_is_right_in_every_script(word, style, case):
    spelled = letters(word)
    own = [fold(letter) for letter in spelled]
    if [fold(letter) for letter in map(case, spelled)] != own or any(
        len(letters(case(x))) > 1 for x in spelled
    ):
        case = str  # capitals that have no way back, as of "ŉ"
    assert score(word, STYLES[style].spelling(word, map(case, spelled))) == 1
    assert score(word, STYLES[style].listed(map(case, spelled))) == 1
    if own[::-1] != own:
        assert score(word, STYLES[style].spelling(word, spelled[::-1])) == 0
    assert score(word, STYLES[style].spelling(word, [*spelled, spelled[-1]])) == 0


@pytest.mark.parametrize("word", ["niño", "canción", "ångström"])
def test_marks_of_their_own_are_the_same_letters(word):
    apart = unicodedata.normalize("NFD", f"{word}: {', '.join(word)}")
    assert score(word, apart) == 1
    assert score(word, ", ".join(unicodedata.normalize("NFD", word).encode("ascii", "ignore").decode())) == 0


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("style", sorted(STYLES))
def test_tasks_score_their_own_answers(code, style):
    task = SimpleSpelling(size=500, language=code, style=style)
    for i, conversation in enumerate(task):
        turn = conversation["messages"][1]["content"]
        assert task.evaluate(conversation, turn) == 1
        assert task.reward(conversation, turn) == 1.0
        assert task.evaluate(conversation, conversation["word"]) == 0
        other = task[(i + 1) % 500]
        assert task.evaluate(conversation, other["messages"][1]["content"]) == (
            conversation["word"].casefold() == other["word"].casefold()
        )


TYPED = ["don't", "o'clock", "well-known", "covid19", "b2b", "x²", "🍓🍓", '"a"', "'s", "a:b", ":)", "a(2)"]


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("word", TYPED)
def test_our_own_turn_is_right_for_what_people_type(word, style):
    spelled = letters(word)
    assert score(word, written.spelled(style, word, spelled)) == 1
    for wrong in (spelled[1:], spelled[:-1], [*spelled, "x"], [*spelled, spelled[-1]]):
        assert score(word, written.spelled(style, word, wrong)) == 0
    assert score(word, f"{written.spelled(style, word, spelled)}\n{written.spelled(style, 'ab', 'ab')}") == 0
    assert score(word, word) == 0


@given(
    word=st.text("abC1²'-x", min_size=2, max_size=9).filter(lambda word: not word.isalpha()),
    style=st.sampled_from(sorted(STYLES)),
    other=st.text("abC1²'-x", min_size=2, max_size=9),
)
@settings(max_examples=300, deadline=None)
def test_any_typed_word_is_right_as_every_style_writes_it_and_no_other_is(word, style, other):
    assert score(word, written.spelled(style, word, [*word])) == 1
    assert score(word, written.spelled(style, word, [*other])) == (fold(word) == fold(other))
