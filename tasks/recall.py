"""Recalling what was said: which words an earlier part of the conversation was about, and what was done.

A model that is asked "what was the second word I gave you?" must look back over exchanges that were about
other things. Each conversation has two to six exchanges before the question: words spelled, letters counted,
small talk between.

    python -m tasks.recall      prints ten conversations
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from generators.checkrecall import ASKS, check_recall
from generators.columns import affixed
from generators.deal import Dealt
from generators.earlier import Earlier
from generators.fudge import Asked, Questions
from generators.pieces import Mask
from generators.prompts import language
from generators.ragged import Ragged
from generators.rows import Ints, Rows
from generators.score import same_items
from generators.shape import DEEPEST, TALK, Shape
from generators.styled import UNIVERSAL, Styled
from generators.texts import Texts
from tasks.base import (
    Column,
    Piece,
    Script,
    Task,
    assistant,
    for_each,
    number,
    preview,
    slot,
    spaced,
    text,
    when,
)
from tasks.registry import task_class

SHARES = (0.2, 0.1, 0.2, 0.15, 0.1, 0.1, 0.15)  # of the questions, in the order of ASKS
LEAST = 2  # words at least that a conversation is about
TURNS = {2: 0.25, 3: 0.25, 4: 0.2, 5: 0.15, 6: 0.15}
EARLIER = {TALK: 0.3, "simplespelling": 0.45, "spellingbee": 0.25}
_ASKS = Texts(ASKS)
_LAST, _FIRST, _NTH, _TOPIC, _COUNT, _LIST, _SUMMARY = range(len(ASKS))
# Ways to ask, and which word by its number: "nth" itself is for the second.
_WAYS = (*((ask, 2) for ask in ASKS), *((ASKS[_NTH], nth) for nth in range(3, DEEPEST + 1)))
_PLACES = Texts([f"\n{place}:" if place > 1 else f"{place}:" for place in range(1, DEEPEST + 1)])


class Recall(Task):
    """Recall the words of a conversation, and what was done with them."""

    prompts = "recall_last"
    slots = ()
    looks_back = True
    usual_kinds = "few"

    def shaped(self, shape: Shape | None) -> Shape:
        """Return what was asked for, with so many earlier exchanges of such tasks as can be asked about."""
        shape = shape or Shape()
        names = [name for name in shape.earlier if name != TALK]
        if other := [name for name in names if name not in EARLIER]:
            raise ValueError(
                f"{self.name} asks about earlier exchanges of simplespelling and spellingbee; the shape has "
                f"{other[0]!r}"
            )
        turns = {depth: share for depth, share in shape.turns.items() if depth >= LEAST}
        if not names:
            tasks = {name: task_class(name) for name in EARLIER if name != TALK}
            shape = replace(shape, earlier=EARLIER, tasks=tasks)
        return replace(shape, turns=turns or TURNS, least=LEAST)

    def look_back(self, dealt: Dealt, earlier: Earlier) -> Script:
        """Write the question about the exchanges before, and the answer."""
        rows, book = dealt.rows, earlier.book
        words, counted = earlier.column("word"), book.lengths(earlier.codes["letter"]) > 0
        each = earlier.rows(words.index)
        ask, nth = self._asked(rows, earlier, each)
        which = earlier.offsets[:-1] + np.where(nth > 0, nth - 1, 0)
        which = np.where((ask == _LAST) | (ask == _TOPIC), earlier.offsets[1:] - 1, which)
        one = ask <= _TOPIC  # asks for one word
        nothing = book.constant("")
        word = Column.of(book.take(np.where(one, earlier.codes["word"][which], nothing)))
        letter = Column.of(book.take(earlier.codes["letter"][which]))

        style = self._styled(earlier, each)
        say = self.speaker("recall", dealt, style, word=word, letter=letter, count=number(each.lengths, " "))

        def where(*asks: int) -> Mask:
            return np.isin(ask, asks)

        # From here on, `each_…` has a value for each exchange of each row.
        each_ask, each_style, place = each.spread(ask), style.spread(each), each.places()
        each_dealt = replace(
            dealt,
            rows=Rows(each.spread(rows.index) * DEEPEST + place, rows.names),
            language=each.spread(dealt.language),
        )
        each_letter = earlier.column("letter")
        each_count = Column.of(book.take(np.where(counted, earlier.codes["answer"], nothing)))
        say_each = self.speaker(
            "recall", each_dealt, each_style, word=words, letter=each_letter, count=affixed(" ", each_count)
        )
        listed = np.isin(each_ask, (_COUNT, _LIST)) | (each_ask == _NTH) & (place < each.spread(nth))
        told = each_ask == _SUMMARY
        lines = for_each(
            each.offsets,
            when(listed | told, Column(_PLACES, place)),
            when(listed, *each_style.quoted(words)),
            when(told & ~counted, say_each("spelled", before=" ")),
            when(told & counted, say_each("counted", before=" ")),
        )
        every, more = np.isin(each_ask, (_LIST, _SUMMARY)), place + 1 < each.spread(each.lengths)
        bare = every & ~(told & counted)
        # A mark belongs to the quote before it: between the two no cut is safe.
        final = for_each(
            each.offsets,
            when(bare & more, *each_style.quoted(words, ",")),
            when(bare & ~more, *each_style.quoted(words)),
            when(told & counted, *each_style.quoted(words, ":"), *each_style.quoted(each_letter)),
            when(told & counted, " =", affixed(" ", each_count)),
            when(told & counted & more, ","),
        )
        end = {"before": "\n\n", "after": "\n\n####"}
        turn = assistant(
            text(
                when(where(_LAST), say("last", after=end["after"])),
                when(where(_FIRST), say("first", after=end["after"])),
                when(where(_TOPIC) & ~counted[which], say("topic_spelled", after=end["after"])),
                when(where(_TOPIC) & counted[which], say("topic_counted", after=end["after"])),
                when(where(_NTH, _COUNT, _LIST), say("list", after="\n")),
                when(where(_SUMMARY), say("summary", after="\n")),
                lines,
                when(where(_NTH), say("nth", **end)),
                when(where(_COUNT), say("count", **end)),
                when(where(_LIST, _SUMMARY), say("final", **end)),
                when(one, slot("word in prose", spaced(word))),
                when(where(_COUNT), number(each.lengths, " ")),
                final,
            )
        )
        answer: list[Piece] = [
            when(one, word),
            when(where(_COUNT), number(each.lengths)),
            for_each(
                each.offsets,
                when(every & (place > 0), ", "),
                when(every, words),
                when(told & counted, ": ", each_letter, " = ", each_count),
            ),
        ]
        return Script(
            dealt,
            self._question(dealt, ask, nth),
            turn,
            answer=Column.of(book.strings(book.set(answer, len(rows)))),
            word=word,
            style=style.name,
            facts={"recall": Column(_ASKS, ask), "nth": nth},
        )

    def _asked(self, rows: Rows, earlier: Earlier, words: Ragged) -> tuple[Ints, Ints]:
        """Draw what each row asks, and for which of its words where that has a number, else 0."""
        ask = rows.quota("recall", SHARES)
        # Where a word came twice, it is not clear how many there were, nor which is the second.
        kinds = max(1, int(words.values.max(initial=0)) + 1)
        distinct = np.unique(words.spread(np.arange(len(words))) * kinds + words.values)
        twice = np.bincount(distinct // kinds, minlength=len(words)) < words.lengths
        ask[twice & np.isin(ask, (_NTH, _COUNT)) | (ask == _TOPIC) & ~earlier.at_end] = _LAST
        return ask, np.where(ask == _NTH, 2 + rows.below("nth", np.maximum(words.lengths - 1, 1)), 0)

    def _styled(self, earlier: Earlier, each: Ragged) -> Styled:
        """Return the styles of the rows: `universal` where an exchange before had to be in it."""
        style = earlier.column("style")
        apart = np.array([name == UNIVERSAL.name for name in style.texts.take(np.arange(len(style.texts)))])
        rows = np.bincount(each.spread(np.arange(len(each)))[apart[style.index]], minlength=len(each)) > 0
        return Styled(self.style, rows if rows.any() and self.style is not UNIVERSAL else None)

    def _question(self, dealt: Dealt, ask: Ints, nth: Ints) -> Asked:
        """Ask, in each row's language, what it asks."""
        way = np.where(nth > 2, len(ASKS) + nth - 3, ask)
        questions = _questions(tuple(self.languages))
        return questions.ask(replace(dealt, language=dealt.language * len(_WAYS) + way), {})

    def evaluate(self, conversation: Mapping[str, Any], completion: str) -> int:
        """Score an answer: 1 if behind `####` stands the word, the number or the list asked for, else 0."""
        return int(same_items(completion, conversation["answer"]))

    def check(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Answer the question again, from the messages before it."""
        yield from super().check(row)
        yield from check_recall(row)


@lru_cache(maxsize=16)
def _questions(codes: tuple[str, ...]) -> Questions:
    """The questions of some languages: of each, those for every one of _WAYS."""
    asked, templates = [], {}
    for code in codes:
        lang = language(code)
        for ask, nth in _WAYS:
            asked.append(lang)
            templates[f"{code}.{ask}{nth if ask == ASKS[_NTH] else ''}"] = [
                written.replace("{ordinal}", lang.ordinals[nth - 2])
                for written in lang.prompts[f"recall_{ask}"]
            ]
    return Questions(asked, templates, (), names=list(templates))


if __name__ == "__main__":
    preview(Recall)
