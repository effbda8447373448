"""Naming the first letter of a word.

A whole task in one file, as a person would add it:

    python -m tests.example_task
    hornbook export tests.example_task:FirstLetter --out output/first
"""

from collections.abc import Iterator, Mapping
from typing import Any

from generators.graphemes import graphemes
from tasks.base import Rows, Script, Task, assistant, preview, spaced, text


def first_letter(word: str) -> str:
    return graphemes(word)[0]


class FirstLetter(Task):
    """Name the first letter of a word."""

    prompts = {  # noqa: RUF012
        "en": (
            "What is the first letter of {word}?",
            "Which letter does {word} begin with?",
            "Tell me the first letter of {word}.",
            "{word} starts with which letter?",
        )
    }

    def script(self, rows: Rows) -> Script:
        dealt = self.deal(rows)
        word, first = dealt.word, dealt.word.map(first_letter)
        quoted = self.style.quoted
        told = text("The first letter of", *quoted(word), " is", *quoted(first), ".\n\n####", spaced(first))
        return Script(
            dealt, self.ask(dealt, word=word), assistant(told), answer=first, word=word, letter=first
        )

    def check(self, row: Mapping[str, Any]) -> Iterator[str]:
        yield from super().check(row)
        # `messages` has no columns for the facts.
        if row["word"] and row["answer"] != first_letter(row["word"]):
            yield f"{row['word']!r} does not begin with {row['answer']!r}"


if __name__ == "__main__":
    preview(FirstLetter)
