"""Re-deriving answers about earlier exchanges, one row at a time, from the messages of the row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from generators.prompts import language
from generators.recovered import recovered
from generators.score import finals
from generators.shapecheck import earlier_tasks
from generators.styles import STYLES, Style
from generators.styles import style as style_of

ASKS = ("last", "first", "nth", "topic", "count", "list", "summary")
_NUMBER = regex.compile(r"[0-9]+")


@dataclass(frozen=True)
class Done:
    """What an earlier exchange did: it spelled a word, or counted a letter in it."""

    word: str
    letter: str = ""
    count: str = ""

    @property
    def told(self) -> str:
        """In few words."""
        return f"{self.word}: {self.letter} = {self.count}" if self.letter else self.word

    def written(self, style: Style) -> str:
        """In few words, as a style writes them."""
        told = f":{style.quote(self.letter)} = {self.count}" if self.letter else ""
        return style.quote(self.word) + told


def read_back(row: Mapping[str, Any]) -> list[Done]:
    """Read out of the messages before the last question what was done; small talk does nothing."""
    found = []
    for number, (role, content) in enumerate(row["messages"][:-2]):
        if role != "assistant":
            continue
        parts = [(kind, text) for message, kind, text, _ in row["all_parts"] if message == number]
        answers = finals(content)
        try:
            read = recovered({"turn": content, "parts": parts, "answer": answers[-1] if answers else ""})
        except ValueError:
            continue
        letter = read.get("letter", "")
        found.append(Done(read["word"], letter, answers[-1] if letter else ""))
    return found


def answer_to(ask: str, nth: int, done: Sequence[Done]) -> str:
    """Answer a question about what was done.

    >>> done = [Done("fig"), Done("pear", "r", "1")]
    >>> [answer_to(ask, 2, done) for ask in ASKS]
    ['pear', 'fig', 'pear', 'pear', '2', 'fig, pear', 'fig, pear: r = 1']
    """
    if ask == "count":
        return str(len(done))
    if ask in ("list", "summary"):
        return ", ".join(one.word if ask == "list" else one.told for one in done)
    return done[_place(ask, nth)].word


def _place(ask: str, nth: int) -> int:
    return {"first": 0, "nth": nth - 1}.get(ask, -1)


def check_recall(row: Mapping[str, Any]) -> Iterator[str]:
    """Check an answer about earlier exchanges; yields what is wrong."""
    done, facts = read_back(row), row["facts"]
    if not done:
        yield "no word stands in the messages before the question"
        return
    if facts is None:
        if not _answers_some(row, done):
            yield f"the answer {row['answer']!r} is to no question about {[one.told for one in done]}"
        return
    if len(done) != len(earlier_tasks(facts)):
        yield f"the messages are about {len(done)} words, its facts tell of {len(earlier_tasks(facts))}"
        return
    ask, nth, style = facts["recall"], facts["nth"], style_of(row["style"])
    if (ask == "nth") != (2 <= nth <= len(done)) or (ask != "nth" and nth):
        yield f"the facts say {ask!r} and {nth}, of {len(done)} words"
        return
    expected = answer_to(ask, nth, done)
    if row["answer"] != expected:
        yield f"the answer is {row['answer']!r}; from the messages before it is {expected!r}"
    if row["word"] != ("" if ask in ("count", "list", "summary") else expected):
        yield f"the word is {row['word']!r}; the question is for {ask!r}"
    ordinals, question = language(row["language"]).ordinals, row["question"].lower()
    asked = [number for number, ordinal in enumerate(ordinals, 2) if ordinal in question]
    if asked != ([nth] if nth else []):
        yield f"the question {row['question']!r} asks for {asked}; the facts say {nth}"
    yield from _turn(row["turn"], ask, done, _place(ask, nth), style)
    if [tuple(part) for part in row["parts"]] != [("text", row["turn"])]:
        yield f"the parts are {row['parts']}, expected the text {row['turn']!r}"


def _answers_some(row: Mapping[str, Any], done: Sequence[Done]) -> bool:
    """Say whether a turn is right for one of the questions, where no column says for which."""
    asks = [(ask, nth) for ask in ASKS for nth in (range(2, len(done) + 1) if ask == "nth" else (0,))]
    return any(
        not any(_turn(row["turn"], ask, done, _place(ask, nth), style))
        for ask, nth in asks
        if answer_to(ask, nth, done) == row["answer"]
        for style in STYLES.values()
    )


def _turn(turn: str, ask: str, done: Sequence[Done], place: int, style: Style) -> Iterator[str]:
    """Read the turn: what is said before the final answer, and the final answer as it is written."""
    body, _, final = turn.partition("\n\n####")
    about = done[place]
    written = {"count": f" {len(done)}"}.get(ask, f" {about.word}")
    if ask in ("list", "summary"):
        items = done if ask == "summary" else [Done(one.word) for one in done]
        written = ",".join(one.written(style) for one in items)
    if final != written:
        yield f"behind #### stands {final!r}, expected {written!r}"
    blocks = body.split("\n\n")
    sentences = {"last": 1, "first": 1, "topic": 1}.get(ask, 2)
    if len(blocks) != sentences:
        yield f"the turn has {len(blocks)} paragraphs before the answer, expected {sentences}"
        return
    if sentences == 2:
        head, *lines = blocks[0].split("\n")
        yield from _line(head, [], [], style)
        shown = done[: place + 1] if ask == "nth" else done
        if ask != "summary":
            listed = [f"{number}:{style.quote(one.word)}" for number, one in enumerate(shown, 1)]
            if lines != listed:
                yield f"the turn lists {lines}, expected {listed}"
        elif len(lines) != len(done):
            yield f"the summary has {len(lines)} lines, expected {len(done)}"
        else:
            for number, (line, one) in enumerate(zip(lines, done, strict=True), 1):
                if not line.startswith(f"{number}: "):
                    yield f"line {number} of the summary is {line!r}"
                quoted, numbers = [one.word], [str(number)]
                if one.letter:
                    quoted, numbers = [one.word, one.letter], [str(number), one.count]
                yield from _line(line, quoted, numbers, style)
    quoted = [about.word] if ask in ("last", "first", "nth", "topic") else []
    if ask == "topic" and about.letter:
        quoted.append(about.letter)
    yield from _line(blocks[-1], quoted, [str(len(done))] * (ask == "count"), style)


def _line(line: str, quoted: Sequence[str], numbers: Sequence[str], style: Style) -> Iterator[str]:
    """Find the words and letters that a line must quote, and its numbers, and no others."""
    left = line
    for text in quoted:
        if style.quote(text) not in left:
            yield f"{line!r} does not say{style.quote(text)}"
        left = left.replace(style.quote(text), "", 1)
    if more := style.quoted_in(left):
        yield f"{line!r} says {more} beside {list(quoted)}"
    if _NUMBER.findall(left) != list(numbers):
        yield f"the numbers of {line!r} are {_NUMBER.findall(left)}, expected {list(numbers)}"
