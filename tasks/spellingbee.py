"""Counting a letter in a word, and spelling a word.

A small model reads "strawberry" as one or two tokens and never sees its letters. SpellingBee writes the
way there out: the word, its letters, a running count, a check with the Python tool, the answer.
SimpleSpelling is the hard part alone, in few tokens: the word and its letters.

    python -m tasks.spellingbee      prints ten conversations
"""

from collections.abc import Iterator, Mapping
from typing import Any

from generators.check import check_counting, check_spelling
from generators.score import same_spelling
from tasks.base import (
    BY_HAND,
    COUNT_SHARES,
    WORKINGS,
    Column,
    Lines,
    Rows,
    Script,
    Task,
    assistant,
    number,
    preview,
    text,
)


class SpellingBee(Task):
    """Count a letter in a word."""

    prompts = "counting"
    slots = ("word", "letter")
    counts = COUNT_SHARES
    usual_kinds = "few"
    workings = tuple(WORKINGS)

    def script(self, rows: Rows) -> Script:
        """Write the question, the count by hand, the check in Python and the answer."""
        dealt, working = self.deal(rows), self.work(rows)
        style = self.styled(dealt)
        word, letter = dealt.word, dealt.letter
        letters = dealt.words.spelled(dealt.word_number)
        steps, count = style.step_pieces(letters, letter)
        spelled = style.spelling_pieces(word, letters)
        expression = style.call_pieces(word, letter)
        call = self.call(len(rows), *expression, expected=count, where=working.calls)
        working = working.settled(call.answered)
        slots: dict[str, Column | Lines] = {"word": word, "letter": letter, "count": number(count, " ")}
        say = self.speaker("counting", dealt, style, **slots)
        hits = style.hit_pieces(letters.where(working.where("compact")), letter)
        turn = assistant(
            working.when(
                BY_HAND,
                text(
                    say("restate", after="\n\n"),
                    say("spell", after="\n"),
                    *spelled,
                    say("count", before="\n\n", after="\n"),
                    steps,
                    say("subtotal", before="\n\n"),
                ),
                call.exchange(say),
                say("final", before="\n\n", after="\n\n####"),
            ),
            working.when(("compact",), text(*spelled, *hits, "\n\n####")),
            working.when(("direct",), text("####")),
            *self.by_tool(working, call, dealt, style, **slots),
            number(count, " "),
        )
        return Script(
            dealt,
            self.ask(dealt, working, word=word, letter=letter),
            turn,
            answer=number(count),
            word=word,
            letter=letter,
            style=style.name,
            facts={"count": count, "form": call.form},
        )

    def check(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Count again, and read every line of the working."""
        yield from check_counting(row)


class SimpleSpelling(Task):
    """Spell a word."""

    prompts = "spelling"
    slots = ("word",)
    usual_kinds = "few"
    covers = True

    def script(self, rows: Rows) -> Script:
        """Write the question and the word with its letters."""
        dealt = self.deal(rows)
        letters, style = dealt.words.spelled(dealt.word_number), self.styled(dealt)
        return Script(
            dealt,
            self.ask(dealt, word=dealt.word),
            assistant(text(*style.spelling_pieces(dealt.word, letters))),
            answer=dealt.words.spaced_out(dealt.word_number),
            word=dealt.word,
            style=style.name,
        )

    def evaluate(self, conversation: Mapping[str, Any], completion: str) -> int:
        """Score a spelling: 1 if the letters that the completion lists are the word's, in order, else 0.

        The letters may stand between commas, spaces, hyphens, dots or newlines, and in capitals. A
        completion that lists several different spellings scores 0.
        """
        return int(same_spelling(completion, conversation["answer"].split(" ")))

    def check(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Spell the word again."""
        yield from check_spelling(row)


if __name__ == "__main__":
    preview(SpellingBee)
