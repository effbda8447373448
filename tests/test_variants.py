"""Kinds of words: what they are, whose split they are in, and that every row about one is right."""

from collections import Counter, defaultdict

import numpy as np
import pytest
import regex

from generators.book import Book
from generators.deal import Deck, Strand
from generators.dialects import Dialect
from generators.export import export
from generators.kinds import FEW, KINDS, USUAL, kinds_of
from generators.lexicon import is_test_word, open_lexicon
from generators.prompts import language
from generators.rows import Rows
from generators.styles import STYLES
from generators.variants import variants_of
from generators.verify import verify
from generators.wordlists import fold
from generators.words import Words
from tasks.lettercounting import LetterCounting
from tasks.registry import checks
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests import test_lettercounting, test_spellingbee, test_styles, written
from tests.composing import composed, encoded
from tests.words_strategies import files, letters
from tokenizer.patterns import NAMES

TASKS = [SpellingBee, SimpleSpelling, LetterCounting]
every_task = pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.name)
MANY = dict.fromkeys(KINDS, 0.08)


@pytest.fixture(scope="module")
def lexicons():
    found = [language(code) for code in ("en", "es", "zh")]
    return [
        open_lexicon(lang.code, script=lang.script, alphabet=lang.alphabet, min_zipf=3.0) for lang in found
    ]


@pytest.fixture(scope="module")
def made(lexicons):
    return variants_of(lexicons, list(KINDS))


def one_edit(wrong, right):
    """Whether a letter was doubled, dropped or changed places with the next."""
    a, b = letters(wrong), letters(right)
    return any(
        a == [*b[:i], *change, *b[i + len(change) + more :]]
        for i in range(len(b))
        for change, more in (([b[i]] * 2, -1), ([], 1), (b[i : i + 2][::-1], 0))
    )


SHAPES = {
    "upper": lambda word, source: word == source.upper(),
    "title": lambda word, source: word == source[0].upper() + source[1:],
    "camel": lambda word, source: word.startswith(source) and regex.fullmatch(r"\p{Ll}+\p{Lu}\p{Ll}+", word),
    "apostrophe": lambda word, source: word.startswith(source) and "'" in word,
    "hyphen": lambda word, source: word.startswith(f"{source}-") and word.count("-") == 1,
    "digits": lambda word, source: word[0] == source[0] and regex.search(r"\d", word),
    "misspelt": one_edit,
    "invented": lambda word, source: source == "" and regex.fullmatch(r"\p{Ll}+", word),
    "random": lambda word, source: source == "" and word.isalpha(),
}


def test_each_kind_is_what_it_says(lexicons, made):
    assert {variants.kind for variants in made if variants.base == 0} == set(KINDS)
    assert {variants.kind for variants in made if variants.base == 2} == {"random"}
    for variants in made:
        words = lexicons[variants.base].words.to_pylist()
        assert len(variants.lexicon) > (1 if variants.kind == "apostrophe" else 500)
        for word, number in zip(variants.lexicon.words.to_pylist(), variants.source.tolist(), strict=True):
            source = words[number] if number >= 0 else ""
            assert SHAPES[variants.kind](word, source), (variants.kind, word, source)


def test_a_variant_is_in_the_split_of_its_source_and_in_no_other(lexicons, made):
    splits = defaultdict(set)
    for lexicon in lexicons:
        for word, test in zip(lexicon.words.to_pylist(), lexicon.test.tolist(), strict=True):
            splits[fold(word)].add(test)
    known = set(splits)
    for variants in made:
        lexicon, base = variants.lexicon, lexicons[variants.base]
        words = lexicon.words.to_pylist()
        assert len(set(words)) == len(words)
        for word, number, test in zip(words, variants.source.tolist(), lexicon.test.tolist(), strict=True):
            assert test == (base.test[number] if number >= 0 else is_test_word(word))
            splits[fold(word)].add(test)
            assert (fold(word) in known) == (variants.kind in ("upper", "title")), word
    assert all(len(found) == 1 for found in splits.values())


def test_a_misspelling_of_a_training_word_is_never_a_test_word(tmp_path):
    """One letter dropped of each makes the other: those are left out."""
    words = ["boost", "bost", "booost", "melon", "meloon", "mellon", "lemon", "lemno"]
    (tmp_path / "words").write_text("\n".join(words))
    (tmp_path / "holdout").write_text("bost\nmellon\nlemno")
    lexicon = open_lexicon(
        "en", script="Latin", file=tmp_path / "words", holdout=tmp_path / "holdout", cache=False
    )
    for variants in variants_of([lexicon], ["misspelt", "invented", "random"]):
        assert not {*words}.intersection(variants.lexicon.words.to_pylist())


def said_by(variants):
    return [
        (
            found.kind,
            found.base,
            found.lexicon.words.to_pylist(),
            found.source.tolist(),
            found.lexicon.test.tolist(),
        )
        for found in variants
    ]


def test_variants_are_kept_in_the_cache_folder(lexicons, made, tmp_path, monkeypatch):
    monkeypatch.setenv("HORNBOOK_CACHE", "")
    expected = said_by(variants_of(lexicons, list(KINDS)))
    assert said_by(made) == expected
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path))
    assert said_by(variants_of(lexicons, list(KINDS))) == expected
    [file] = tmp_path.glob("variants-*.arrow")
    monkeypatch.setattr("generators.variants._made", pytest.fail)  # it is read from now on
    assert said_by(variants_of(lexicons, list(KINDS))) == expected
    monkeypatch.undo()
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert said_by(variants_of(lexicons, list(KINDS))) == expected
    assert file.read_bytes() != data
    # Other words, kinds or slurs are other variants.
    for wanted in (
        (lexicons[:2], list(KINDS), False),
        (lexicons, ["upper"], False),
        (lexicons, ["upper"], True),
    ):
        variants_of(*wanted)
    assert len([*tmp_path.glob("variants-*.arrow")]) == 4


@every_task
@pytest.mark.parametrize("split", ["train", "test"])
def test_small_lexicons_have_words_left_to_deal(tmp_path, kind, split):
    """However few the words, each kind that can be made of them comes, and what is said is true."""
    drawn = ["banana", "kiwi", "Bob", "apple", "cherry", "melon", "NASA", "lime"]
    options = files(tmp_path, *drawn, test="onion")
    options |= {"ask": "letter"} if kind is LetterCounting else {}
    task = kind(150, split, language="en", tool="none", kinds=MANY, **options)
    for row in task:
        words = row["facts"].get("words") or [row["word"]]
        if row["letter"]:
            assert sum(letters(word).count(row["letter"]) for word in words) == row["facts"]["count"]
        assert (
            all(fold(word) == "onion" for word in words) or split == "train" or row["facts"]["kind"] != "own"
        )


def test_letters_that_a_word_has_in_both_cases_are_not_asked_for(made):
    for variants in made:
        lexicon = variants.lexicon
        counted = [rows.tolist() for rows in (lexicon.once, lexicon.twice, lexicon.more)]
        for number, word in enumerate(lexicon.words.to_pylist()[:800]):
            spelled = letters(word)
            folded = [each.casefold() for each in spelled]
            for times, rows in enumerate(counted, 1):
                for letter in (lexicon.graphemes[i] for i in rows[number]):
                    assert letter.isalpha()
                    count = spelled.count(letter)
                    assert min(count, 3) == times
                    assert folded.count(letter.casefold()) == count


def test_shares_are_quotas_of_every_thousand_rows(lexicons, made):
    words = Words.of(lexicons[:1], [variants for variants in made if variants.base == 0])
    deck = Deck(words, False, [Strand(0, 0, 1.0)], kinds=USUAL)
    rows = Rows.of(range(3000), seed=4, task="t", split="train")
    dealt = deck.deal(rows)
    for start in range(0, 3000, 1000):
        counts = Counter(dealt.kind[start : start + 1000].tolist())
        for number, name in enumerate(deck.kinds.names, 1):
            assert counts[number] == 1000 * USUAL.get(name, USUAL["misspelt"]), name
    back = np.random.default_rng(1).permutation(3000)
    again = deck.deal(rows[back])
    assert (again.word_number == dealt.word_number[back]).all()
    assert (again.kind == dealt.kind[back]).all()
    # The right word stands beside each misspelt one: in the same thousand rows.
    misspelt, right = (1 + deck.kinds.names.index(name) for name in ("misspelt", "right"))
    for start in range(0, 3000, 1000):
        here = slice(start, start + 1000)
        wrong = dealt.words.origin(dealt.word_number[here][dealt.kind[here] == misspelt]).strings()
        beside = dealt.words.word(dealt.word_number[here][dealt.kind[here] == right])
        assert sorted(wrong) == sorted(beside.strings())


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("code", ["en", "es", "zh"])
@every_task
@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_row_is_right(style, kind, code, split):
    # Of questions in Chinese few are about its own words, and of these few about those of a kind.
    size, tool = 500 if code == "zh" else 120, "nanochat" if split == "train" else "python"
    own = {"ask": "letter"} if kind is LetterCounting else {}
    task = kind(size, split, style=style, language=code, kinds=MANY, tool=tool, seed=3, min_zipf=3.0, **own)
    seen = Counter()
    for row in task:
        facts = row["facts"]
        words = facts.get("words") or [row["word"]]
        seen[facts["kind"]] += 1
        if kind is SpellingBee:
            test_spellingbee.truth(row, style, tool)
        elif kind is LetterCounting:
            test_lettercounting.truth(row, style, tool)
        else:
            assert row["messages"][1]["content"] == written.spelled(row["style"], words[0], letters(words[0]))
            assert row["answer"].split(" ") == letters(words[0])
            assert task.evaluate(row, row["messages"][1]["content"]) == 1
        apart = any(map(written.needs_universal, [*words, row["letter"] or "a"]))
        assert row["style"] == ("universal" if apart and style != "classic" else style)
        if row["letter"]:
            both = sum(fold(letter) == fold(row["letter"]) for letter in letters("".join(words)))
            assert both == facts["count"], "the question leaves open whether case counts"
        if facts["source"]:
            assert is_test_word(facts["source"]) == (split == "test")
    assert len(seen) > (4 if code != "zh" else 1)


@every_task
@pytest.mark.parametrize("style", test_styles.ISOLATING)
def test_every_slot_is_isolated(kind, style):
    task = kind(
        15 if kind is LetterCounting else 60,
        language="en",
        kinds=MANY,
        tool="python",
        style=style,
        min_zipf=3.0,
    )
    for row in task:
        for slot, text, start, end in test_styles.slots(row, row["style"]):
            for name in NAMES:
                assert test_styles.alone(text, start, end, name), (name, slot, text[start - 5 : end + 5])


@every_task
def test_ids_are_composed(kind):
    conversations = kind(120, kinds=MANY, min_zipf=3.0).conversations(np.arange(120), Book())
    assert composed(conversations) == encoded(conversations)


@pytest.mark.parametrize("dialect", [Dialect(), Dialect("messages")])
def test_exports_are_verified_and_counted(tmp_path, dialect):
    options = {"kinds": MANY, "tool": "python", "language": "en", "min_zipf": 3.0}
    tasks = {
        split: [kind(size, split, **options) for kind in TASKS]
        for split, size in (("train", 500), ("test", 60))
    }
    manifest = export(tasks, tmp_path / "out", dialect=dialect, workers=1).manifest
    report = verify(tmp_path / "out", checks([]), workers=1)
    assert (report.problems, report.wrong, report.duplicates) == ([], 0, 0)
    counted = manifest["splits"]["train"]["tasks"]["simplespelling"]
    assert set(counted["kind"]) == {"own", "right", *KINDS}
    assert counted["kind"]["upper"] in range(25, 55)
    endings = list(counted["ending"].values())
    assert len(endings) == 20
    assert endings == sorted(endings, reverse=True)


def test_spelling_has_few_kinds_unless_somebody_says_otherwise_or_brings_words(tmp_path):
    own_words = files(tmp_path, "fig", "plum")
    for kind in (SpellingBee, SimpleSpelling):
        assert kind(1).kinds == kind(1, kinds="few").kinds == FEW
        assert kind(1).asked_for["kinds"] == FEW
        assert kind(1, kinds="none").kinds == kind(1, **own_words).kinds == {}
        assert kind(1, kinds="few", **own_words).kinds == FEW
    counts = Counter(row["facts"]["kind"] for row in SimpleSpelling(1000, language="en"))
    assert counts == {"own": 960, "right": 10, **dict.fromkeys(FEW, 10)}
    for task in (LetterCounting(50), SpellingBee(50, kinds="none")):
        assert task.kinds == {}
        assert all("kind" not in row["facts"] for row in task)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("uper:0.1", "did you mean 'upper'"),
        ("upper", "holds no shares of kinds"),
        ("upper:x", "holds no shares of kinds"),
        ("upper:0.1,upper:0.1", "stands twice"),
        ("upper:0", "must be from"),
        ("upper:nan", "must be from"),
        ("upper:0.5,misspelt:0.3", "have a share of 1.1 of all rows"),
    ],
)
def test_shares_that_make_no_sense(wanted, message):
    with pytest.raises(ValueError, match=message):
        kinds_of(wanted)
