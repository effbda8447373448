"""Questions as typed: every frame with every ending and quote of every language, none left out."""

from dataclasses import replace
from functools import cache
from itertools import chain, product

import numpy as np
import pytest
import regex

from generators.agreement import choices
from generators.book import Book
from generators.columns import Column
from generators.fudge import LOWER, MARK, OPENER, Questions
from generators.prompts import Template, language, languages, spaced_marks
from generators.rows import Rows
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.typed import wrongly_typed
from tests.words_strategies import files

SLOTS = {"counting": ("word", "letter"), "spelling": ("word",), "phrase": ("phrase", "letter")}
DEALT = list(SLOTS)  # those that are the first of a task
SLOTS |= LetterCounting.others
TASKS = {"counting": SpellingBee, "spelling": SimpleSpelling, "phrase": LetterCounting}
# What no template has: capitals that small letters must not touch, and letters that no typo may.
SLOT = {"word": "ΞΨ", "phrase": "ΞΨ ΨΞ", "letter": "Ж", "letters": "ЖЫ"}
every_kind = pytest.mark.parametrize(
    ("code", "kind"),
    [(code, kind) for code in languages() for kind in SLOTS if kind in language(code).prompts],
    ids=lambda value: value,
)
dealt_kind = pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for code in languages() for kind in DEALT], ids=lambda value: value
)


@cache
def questions(code, kind):
    return Questions([language(code)], {code: language(code).prompts[kind]}, SLOTS[kind])


@pytest.fixture(scope="module")
def dealt(tmp_path_factory):
    """One dealt row, to be asked about again and again."""
    task = SpellingBee(language="en", **files(tmp_path_factory.mktemp("fudge"), "strawberry", "window"))
    return task.deal(Rows.of([7], seed=0, task="fudge", split="train"))


def ask(dealt, code, kind, turns):
    """The question about one word and letter as it comes for the first, the second … time."""
    n = len(turns)
    again = replace(
        dealt,
        rows=Rows(np.zeros(n, dtype=np.int64), dealt.rows.names),
        language=np.zeros(n, dtype=np.int64),
        word_number=np.repeat(dealt.word_number, n),
        letter_number=np.repeat(dealt.letter_number, n),
        turn=np.asarray(turns),
        count_class=np.repeat(dealt.count_class, n),
    )
    asked = questions(code, kind).ask(again, {slot: Column.of([SLOT[slot]] * n) for slot in SLOTS[kind]})
    book = Book()
    return book.strings(book.set(list(asked.pieces), n)).to_pylist(), asked


def every(dealt, code, kind):
    """Every prompt that there is for one word and letter, each as often as it comes."""
    asks, quotes = questions(code, kind), len(language(code).quotes)
    forms = int(asks.template_counts[0]) << len(SLOTS[kind])
    return ask(dealt, code, kind, np.arange(forms * int(asks.ways.max()) * quotes))[0]


def possible(code, kind):
    """How many prompts there are: each template's ways, bare or with some slot in one of the quotes."""
    quoted = 2 ** len(SLOTS[kind]) - 1
    return int(questions(code, kind).ways.sum()) * (1 + quoted * len(language(code).quotes))


@every_kind
def test_every_prompt_reads_as_somebody_could_have_typed_it(dealt, code, kind):
    lang = language(code)
    prompts = set(every(dealt, code, kind))
    # As many different texts as there are ways to write: no two ways come to the same.
    assert len(prompts) == possible(code, kind)
    mark = lang.question_mark[1].strip()
    # Of hundreds of thousands every thirtieth or so, in an order that leaves out no template and no ending.
    for prompt in sorted(prompts, key=lambda text: text[::-1])[:: 1 + len(prompts) // 12_000]:
        plain = prompt
        if len(lang.spaces) > 1:
            # Without French spaces, of which any may be missing; the rest is as everywhere.
            plain = regex.sub(r"[ \u00a0\u202f](?=[?!:;»](?!\)))|(?<=«)[ \u00a0\u202f]", "", prompt)
        assert not wrongly_typed(lang, prompt), prompt
        for slot in SLOTS[kind]:
            assert prompt.count(SLOT[slot]) == 1, prompt
            before, _, after = f" {prompt} ".partition(SLOT[slot])
            pairs = [(o, c) for o, c in lang.quotes if before.endswith(o) and after.startswith(c)]
            if not pairs:
                assert not any(before.endswith(o) or after.startswith(c) for o, c in lang.quotes), prompt
            if lang.alphabet:
                assert not before[-1].isalpha(), prompt
                assert not after[0].isalpha(), prompt
            if lang.apart and not pairs:
                # Where it is not quoted, no letter stands right beside it.
                assert not (before[-1] + after[0]).isalpha(), prompt
                assert not before[-1].isalpha(), prompt
                assert not after[0].isalpha(), prompt
        # Thanks do not run on from the question.
        for thanks in (ending.removeprefix("{mark}") for ending in lang.endings):
            longer = [
                e for e in lang.endings if e.endswith(thanks) and prompt.endswith(e.removeprefix("{mark}"))
            ]
            if thanks[:1].isalpha() and prompt.endswith(thanks) and len(longer) == 1:
                assert prompt[: -len(thanks)].endswith((mark, lang.full_stop, "，", " ")), prompt
        # One question mark at most; a lead-in may be a question of its own.
        lead_ins = sum(
            mark in opener
            for opener in lang.openers
            if plain.lower().startswith(
                spaced_marks(opener.lower(), " " if len(lang.spaces) == 1 else "") or "\0"
            )
        )
        assert prompt.count(mark) <= 1 + lead_ins, prompt
        if lang.question_mark[0]:
            assert prompt.count(lang.question_mark[0]) == prompt.count(mark), prompt


@every_kind
def test_a_question_comes_again_only_when_a_form_has_been_typed_in_every_way(dealt, code, kind):
    asks = questions(code, kind)
    forms = int(asks.template_counts[0]) << len(SLOTS[kind])
    fewest = forms * int(asks.ways.min())
    prompts, asked = ask(dealt, code, kind, np.arange(fewest))
    assert len(set(prompts)) == fewest
    # And each round uses each form once: a template, and for each slot whether it is quoted.
    rounds = list(
        zip(asked.template.strings(), *(asked.quoted[slot].tolist() for slot in SLOTS[kind]), strict=True)
    )
    for start in range(0, fewest, forms):
        assert len(set(rounds[start : start + forms])) == forms


def test_rows_that_ask_the_same_again_never_meet_by_chance(dealt):
    """A row's own draws would: its second way may be another row's first."""
    forms = 2 * len(language("en").prompts["spelling"])
    found = []
    for row in range(300):
        other = replace(dealt, rows=Rows.of([row], seed=0, task="fudge", split="train"))
        n = replace(other, turn=np.array([row * forms]), language=np.array([0]))
        asked = questions("en", "spelling").ask(n, {"word": Column.of(["ΞΨ"])})
        book = Book()
        found += book.strings(book.set(list(asked.pieces), 1)).to_pylist()
    assert len(set(found)) == 300


def one_slip(typed, meant):
    """Whether one inner letter of a longer word is doubled, dropped or changes places with the next."""
    start = next(
        (i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant))
    )
    words = [m.span() for m in regex.finditer(r"\p{L}{4,}", meant)]
    for left, right in words:
        for at in range(max(left + 1, start - 3), min(right - 1, start + 2)):
            doubled, dropped = meant[: at + 1] + meant[at:], meant[:at] + meant[at + 1 :]
            swapped = meant[:at] + meant[at + 1] + meant[at] + meant[at + 2 :]
            if typed in (doubled, dropped) or (typed == swapped and at + 1 < right - 1):
                return True
    return False


def variants(code, written, kind):
    """A template with each of the forms that its alternatives may take."""
    template = Template.parse(written, SLOTS[kind])
    forms = [choice.forms for choice in choices(code, template)]
    found = []
    for chosen in product(*forms):
        text, rest = "", written
        for form in chosen:
            before, _, rest = regex.split(r"(\{[^{}|]+\|[^{}]+\})", rest, maxsplit=1)
            text += before + form
        found.append(text + rest)
    return found


@every_kind
def test_frames_are_the_templates_in_the_ways_that_we_know_and_with_a_typo_in_their_words(code, kind):
    lang = language(code)
    opening, closing = lang.question_mark
    plain, with_opener = set(), set()
    for written in chain.from_iterable(variants(code, text, kind) for text in lang.prompts[kind]):
        texts = list(Template.parse(written, SLOTS[kind]).literals)
        texts[-1] = texts[-1].removesuffix(closing).removesuffix(lang.full_stop)
        joined = "\0".join(texts)
        for text in (joined, joined.replace(opening, "") if opening else joined):
            for case in (str, str.lower):
                plain.add(case(text))
                for opener in lang.openers[1:]:
                    head = text
                    if opener.endswith((", ", "，", "、")):
                        at = 1 if opening and text.startswith(opening) else 0
                        head = text[:at] + text[at : at + 1].lower() + text[at + 1 :]
                    with_opener.add(case(opener + head))

    # The other spaces of French marks, as many ways to type each.
    spaces = [space for space, _ in lang.spaces]
    plain = {spaced_marks(text, space) for text in plain for space in spaces}
    with_opener = {spaced_marks(text, space) for text in with_opener for space in spaces}

    def bare(texts):
        return regex.sub(r" (?=\0)", "", texts)  # the space goes to the slot

    frames = {"\0".join(frame) for frame in questions(code, kind).written()}
    usual = {bare(text) for text in plain | with_opener}
    assert usual <= frames
    typos = frames - usual
    assert bool(typos) == bool(lang.alphabet)
    meant = [bare(text) for text in plain]
    for typed in typos:
        assert any(abs(len(text) - len(typed)) <= 1 and one_slip(typed, text) for text in meant), typed


@pytest.fixture(scope="module")
def prompts():
    rows = {}
    for kind, task in TASKS.items():
        for code in languages():
            own = {"ask": "letter"} if task is LetterCounting else {}
            made = task(size=4000, language=code, tool="none", **own)
            rows[code, kind] = [made.get_example(i) for i in range(4000)]
    return rows


@dealt_kind
def test_half_of_the_slots_stand_in_quotes(prompts, code, kind):
    rows = prompts[code, kind]
    for slot in SLOTS[kind]:
        assert 0.46 < np.mean([row["facts"][f"{slot}_quoted"] for row in rows]) < 0.54
    if kind != "spelling":
        both = np.mean(
            [row["facts"]["letter_quoted"] == row["facts"][f"{SLOTS[kind][0]}_quoted"] for row in rows]
        )
        assert 0.46 < both < 0.54
    assert len({row["template"] for row in rows}) == len(language(code).prompts[kind])


@dealt_kind
def test_facts_say_which_slots_are_quoted(prompts, code, kind):
    pairs = language(code).quotes
    for row in prompts[code, kind][:1000]:
        prompt, facts = row["messages"][0]["content"], row["facts"]
        slot = " ".join(facts["words"]) if kind == "phrase" else row["word"]
        stands = any(f"{opening}{slot}{closing}" in prompt for opening, closing in pairs)
        assert stands == facts[f"{SLOTS[kind][0]}_quoted"], prompt
        if kind != "spelling":
            stands = any(f"{opening}{row['letter']}{closing}" in prompt for opening, closing in pairs)
            assert stands == facts["letter_quoted"], prompt


@dealt_kind
def test_shares_of_what_people_do(prompts, code, kind):
    lang = language(code)
    texts = [row["messages"][0]["content"] for row in prompts[code, kind]]
    # The space before a mark is typed in several ways.
    openers = tuple(
        regex.sub(r"\s(?=[?!:;])", space, opener)
        for opener in lang.openers
        if opener
        for space in {" ", *(space for space, _ in lang.spaces)}
    )
    opened = np.mean([text.lower().startswith(tuple(o.lower() for o in openers)) for text in texts])
    assert abs(opened - OPENER) < 0.03
    if lang.cased:
        # A question that begins with its slot has no capital of its own.
        bare = np.mean([bool(regex.match(r"\P{L}*\{\w+\}", template)) for template in lang.prompts[kind]])
        small = LOWER + (1 - LOWER) * (1 - OPENER) * bare
        assert abs(np.mean([not regex.search(r"\p{Lu}", text) for text in texts]) - small) < 0.03
    # Those with the mark, and the few whose ending takes its place.
    marked = np.mean([bool(regex.search(r"[?？.。](?!.*[?？。]).{0,14}$", text)) for text in texts])
    assert MARK - 0.2 < marked < MARK + 0.12


def test_a_language_without_templates_is_an_error():
    with pytest.raises(ValueError, match="Spanish"):
        Questions([language("en"), language("es")], {"en": ["Spell {word}."]}, ["word"])
    with pytest.raises(ValueError, match="letter"):
        Questions([language("en")], {"en": ["Spell {word}."]}, ["word", "letter"])
