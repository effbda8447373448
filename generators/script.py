"""What a task writes for a batch: its script, and how a call of the Python tool is set in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.book import Book
from generators.columns import Column, Lines
from generators.deal import Dealt
from generators.fudge import Asked
from generators.pieces import Group, Piece, exchange, output, python, text, when
from generators.pythontool import PythonTool
from generators.texts import Texts

# How a row tells its call of the tool: with the call; or without, since the tool's contract refuses it, or
# since it would say something else than the count by hand (`"nai\u0308ve".count("i")`); or there is no tool,
# or the row's working has no call.
FORMS = ("refused", "tool", "no tool", "differs", "not called")
# Facts that the manifest counts rows by, where a task has them.
FACTS = ("count", "form", "working", "lexicon", "kind", "cover", "turns", "system", "recall")
_FORMS, _NOTHING = Texts(FORMS), Texts([""])


@dataclass(frozen=True)
class Script:
    """A conversation, written once for all rows of a batch.

    Attributes:
        dealt: what the rows were dealt.
        asked: the question, which becomes the user's message.
        turn: the assistant's turn.
        answer: what a right answer comes to, short, (rows,).
        letter: the letter asked for, (rows,), if the task asks for one.
        word: the word asked about, (rows,), if it is one word.
        style: of each row, (rows,), where it need not be the task's.
        facts: whatever else was drawn, (rows,) each, enough to recompute the truth from.
        words: all words that the row is about, if they are more than the one dealt.
    """

    dealt: Dealt
    asked: Asked
    turn: Piece
    answer: Column
    letter: "Column | str" = ""
    word: "Column | str" = ""
    style: "Column | str" = ""
    facts: "Mapping[str, Column | Lines | npt.NDArray[Any]]" = field(default_factory=dict)
    words: Lines | None = None


@dataclass(frozen=True)
class ToolCall:
    """A call of the Python tool in each row, as it went.

    Attributes:
        answered: (rows,) bool; the others the tool's contract refuses, or the answer is another than ours.
        output: what the tool said, (rows,); empty where it refused.
        form: how the row tells it, (rows,): one of FORMS.
        expression: what was run.
    """

    answered: npt.NDArray[np.bool_]
    output: Column
    form: Column
    expression: tuple[Piece, ...]

    @classmethod
    def run(
        cls,
        tool: PythonTool,
        book: Book,
        rows: int,
        expression: tuple[Piece, ...],
        expected: "npt.NDArray[Any] | None" = None,
        where: "npt.NDArray[np.bool_] | None" = None,
    ) -> "ToolCall":
        """Run an expression in each row.

        Args:
            tool: runs them, or is none.
            book: to set the expressions in, since they are run before the conversation is set.
            rows: how many.
            expression: in pieces.
            expected: what it must come to, (rows,) integers; None takes whatever it comes to.
            where: (rows,) bool, in which rows it is called at all; None: in all.
        """
        called = np.ones(rows, dtype=np.bool_) if where is None else where
        form = np.where(called, FORMS.index("no tool"), FORMS.index("not called"))
        nothing = np.zeros(rows, dtype=np.int64)
        if tool.contract == "none" or not called.any():
            return cls(nothing != 0, Column(_NOTHING, nothing), Column(_FORMS, form), expression)
        codes, every = book.set(expression, rows), where is None
        found = tool.run(book.strings(codes if every else codes.take(called)))
        answered = found.is_valid().to_numpy(zero_copy_only=False).astype(np.int64)
        if expected is not None:
            same = pc.equal(found, pc.cast(as_arrow(expected if every else expected[called]), pa.string()))
            answered[~same.fill_null(True).to_numpy(zero_copy_only=False)] = FORMS.index("differs")
        said = Column.of(found.fill_null(""))
        nothing[called], form[called] = said.index, answered
        return cls(form == FORMS.index("tool"), Column(said.texts, nothing), Column(_FORMS, form), expression)

    def exchange(self, say: "Callable[..., Group]") -> Group:
        """Set the whole exchange with the tool, in the rows where it answers.

        Args:
            say: sets the sentences "check" before the call and "verdict" after it (see Task.speaker).
        """
        said = exchange(
            text(say("check", before="\n\n", after="\n\n")),
            python(*self.expression),
            output(self.output),
            text(say("verdict", before="\n\n")),
        )
        return when(self.answered, said)
