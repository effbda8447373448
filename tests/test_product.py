"""Everything with everything: each task in each style, with every language, kind of word and working.

Rows are few, so that it takes seconds, but every pair of a language, a kind and a working is among them.
"""

from collections import defaultdict
from functools import cache

import numpy as np
import pytest
import regex

from generators.book import Book
from generators.checkrequests import asked_for
from generators.dialects import Dialect
from generators.kinds import KINDS
from generators.pieces import SLOTS
from generators.plainrows import complete, rows_of
from generators.prompts import language, languages
from generators.rowcheck import check_row
from generators.slots import placed
from generators.styles import STYLES
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.composing import composed, encoded
from tests.test_styles import alone
from tests.typed import wrongly_said, wrongly_typed
from tokenizer.patterns import NAMES

N = 800
CASED = [code for code in languages() if language(code).cased]
WORD, LETTER = "ΞΨ", "Ж"  # in place of words and letters, as no template has them
every = pytest.mark.parametrize(
    ("kind", "style"),
    [(kind, style) for kind in (SpellingBee, SimpleSpelling, LetterCounting) for style in STYLES],
    ids=lambda value: value if isinstance(value, str) else value.name,
)


@cache
def made(kind, style):
    """Return a task, its conversations set, and its rows as verify reads them."""
    working = {each: (1.0, 0.5 * (len(kind.workings) > 1)) for each in kind.workings}
    kinds = dict.fromkeys(KINDS, 0.08)
    task = kind(
        N, style=style, tool="python", language="all", kinds=kinds, working=working, min_zipf=3.0, seed=5
    )
    batch = task.conversations(np.arange(N), Book())
    rows = list(rows_of(Dialect().table(batch).to_batches()[0]))
    for row in rows:
        complete(row)
    return task, batch, rows


@cache
def texts(kind, style):
    """For each row its texts: what they are, the text, and the slots as (name, start, stop), in bytes."""
    _, batch, rows = made(kind, style)
    found = placed(batch)
    said = [text.encode() for text in found.texts.to_pylist()]
    slots = defaultdict(list)
    for slot, text, start, stop in zip(found.slot, found.text, found.start, found.stop, strict=True):
        slots[int(text)].append((SLOTS[slot], int(start), int(stop)))
    of_row = defaultdict(list)
    for text, row in enumerate(found.row.tolist()):
        of_row[row].append((said[text], sorted(slots[text], key=lambda slot: slot[1])))
    kinds = [["user", *(kind for _, kind, text, _ in row["all_parts"] if text)] for row in rows]
    return [
        [(kind, text, slots) for kind, (text, slots) in zip(kinds[row], of_row[row], strict=True)]
        for row in range(N)
    ]


def masked(text, slots):
    """Put WORD and LETTER in place of words and letters; the space of a slot stays.

    Several letters in quotes are one: with a comma and a space between they stand in every language.
    """
    written, at = b"", 0
    for name, start, stop in slots:
        space = b" " if text[start : start + 1] == b" " else b""
        written += text[at:start] + space + (LETTER if "letter" in name else WORD).encode()
        at = stop
    return regex.sub(rf"(['\"] ?{LETTER} ?['\"])(, \1)+", r"\1", (written + text[at:]).decode())


@every
def test_every_pair_is_there(kind, style):
    _, _, rows = made(kind, style)
    seen = defaultdict(set)
    for row in rows:
        seen["kinds"].add((row["facts"]["kind"], row["facts"].get("working", "full")))
        seen["languages"].add((row["language"], row["facts"].get("working", "full")))
        seen[row["language"]].add(row["facts"]["kind"])
    pairs = {(word, each) for word in (*KINDS, "own", "right") for each in kind.workings}
    if style == "classic":  # 'don't'.count('t') is no expression, so it is counted by hand
        pairs -= {("apostrophe", "tool")}
    assert seen["kinds"] == pairs
    assert seen["languages"] == {(code, each) for code in languages() for each in kind.workings}
    assert all(len(seen[code]) >= 8 for code in CASED)
    assert {row["style"] for row in rows} == {style, *(["universal"] if style != "classic" else [])}


@every
def test_truth_recomputes(kind, style):
    task, _, rows = made(kind, style)
    for row in rows:
        assert list(check_row(row, "train", "none")) == []
        assert list(task.check(row)) == [], row
        assert task.evaluate(row, row["turn"]) == 1, row["turn"]


@every
def test_slots_hold_what_is_asked_and_nothing_is_left_open(kind, style):
    _, _, rows = made(kind, style)
    for row, said in zip(rows, texts(kind, style), strict=True):
        (_, question, slots), *answer = said
        facts = row["facts"]
        words = facts.get("words") or [row["word"]]
        letters = facts.get("letters", [row["letter"]] * bool(row["letter"]))
        whole = facts.get("sentence") or " ".join(words)
        held = [(name, question[start:stop].decode().removeprefix(" ")) for name, start, stop in slots]
        # What is not put together of a lexicon's words, such as a sentence, is one slot.
        assert [text for name, text in held if "word" in name] in (words, [whole])
        asked = [text for name, text in held if "letter" in name]
        assert asked == ([] if facts.get("asks") == "vowels" else letters)  # vowels are not named
        assert len(set(letters)) == len(letters)
        for _, text, slots in answer:
            for name, start, stop in slots:
                held_text = text[start:stop].decode().removeprefix(" ")
                spelled = {*regex.findall(r"\X", "".join(words)), *letters}
                assert held_text in ({*words, whole} if "word" in name else spelled), (name, held_text)


@every
def test_punctuation(kind, style):
    _, _, rows = made(kind, style)
    for row, said in zip(rows, texts(kind, style), strict=True):
        lang = language(row["language"])
        (_, question, slots), *answer = said
        prompt = masked(question, slots)
        assert not wrongly_typed(lang, prompt), prompt
        request = asked_for(question.decode(), lang.code)
        asked = row["facts"].get("working_asked", False)
        assert request == ({row["facts"]["working"]} if asked else set()), prompt
        for part, text, slots in answer:
            for line in masked(text, slots).strip("\n").split("\n") if part == "text" else ():
                if line and not regex.match(rf'\d+(:|->)|(" )?{WORD}( ")?:|{LETTER}$|#### \d+$', line):
                    assert not wrongly_said(lang, line), line


@every
def test_ids_compose(kind, style):
    _, batch, _ = made(kind, style)
    some = batch.take(np.arange(0, N, 5))
    assert composed(some) == encoded(some)


@every
def test_every_slot_of_the_answer_is_isolated_where_that_is_claimed(kind, style):
    _, _, rows = made(kind, style)
    first = {}  # of each language with each working, in each style, and of each kind
    for number, row in enumerate(rows if STYLES[style].isolates else ()):
        first.setdefault((row["language"], row["facts"].get("working"), row["style"]), number)
        first.setdefault(row["facts"]["kind"], number)
    for number in set(first.values()):
        for _, text, slots in texts(kind, style)[number][1:]:
            for name, start, stop in slots:
                at, end = len(text[:start].decode()), len(text[:stop].decode())
                for pattern in NAMES:
                    assert alone(text.decode(), at, end, pattern), (name, text[:stop].decode()[-20:])
