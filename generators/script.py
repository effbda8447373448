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
from generators.pieces import Group, Piece, exchange, for_each, output, python, text, when
from generators.pythontool import PythonTool
from generators.ragged import offsets_of
from generators.texts import Texts

# How a row tells its call of the tool: with the call; or without, since the tool's contract refuses it, or
# since it would say something else than the count by hand (`"nai\u0308ve".count("i")`); or there is no tool,
# or the row's working has no call.
FORMS = ("refused", "tool", "no tool", "differs", "not called")
# Facts that the manifest counts rows by, where a task has them.
FACTS = ("asks", "count", "form", "working", "lexicon", "kind", "cover", "turns", "system", "recall")
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
        offsets: (rows + 1,) which calls are whose, where output and expression are of calls, of which a row
            may have several; None: one a row.
    """

    answered: npt.NDArray[np.bool_]
    output: Column
    form: Column
    expression: tuple[Piece, ...]
    offsets: "npt.NDArray[Any] | None" = None

    @classmethod
    def run(
        cls,
        tool: PythonTool,
        book: Book,
        rows: int,
        expression: tuple[Piece, ...],
        expected: "npt.NDArray[Any] | None" = None,
        where: "npt.NDArray[np.bool_] | None" = None,
        offsets: "npt.NDArray[Any] | None" = None,
    ) -> "ToolCall":
        """Run an expression in each row, or several.

        Args:
            tool: runs them, or is none.
            book: to set the expressions in, since they are run before the conversation is set.
            rows: how many.
            expression: in pieces.
            expected: what it must come to, (rows,) integers, of several calls the sum; None takes whatever it
                comes to.
            where: (rows,) bool, in which rows it is called at all; None: in all.
            offsets: (rows + 1,) which calls are whose, where a row may have several; then the pieces are
                over calls.
        """
        called = np.ones(rows, dtype=np.bool_) if where is None else where
        form = np.where(called, FORMS.index("no tool"), FORMS.index("not called"))
        of_call = called if offsets is None else np.repeat(called, np.diff(offsets))
        outputs = np.zeros(len(of_call), dtype=np.int64)
        if tool.contract == "none" or not called.any():
            nothing = Column(_NOTHING, outputs)
            return cls(np.zeros(rows, dtype=np.bool_), nothing, Column(_FORMS, form), expression, offsets)
        codes, every = book.set(expression, len(of_call)), where is None
        found = tool.run(book.strings(codes if every else codes.take(of_call)))
        said = Column.of(found.fill_null(""))
        outputs[of_call] = said.index
        if offsets is not None:
            found = _summed(found, offsets_of(np.diff(offsets)[called]))
        answered = found.is_valid().to_numpy(zero_copy_only=False).astype(np.int64)
        if expected is not None:
            same = pc.equal(found, pc.cast(as_arrow(expected if every else expected[called]), pa.string()))
            answered[~same.fill_null(True).to_numpy(zero_copy_only=False)] = FORMS.index("differs")
        form[called] = answered
        output = Column(said.texts, outputs)
        return cls(form == FORMS.index("tool"), output, Column(_FORMS, form), expression, offsets)

    def exchange(self, say: "Callable[..., Group]") -> Group:
        """Set the whole exchange with the tool, in the rows where it answers.

        Args:
            say: sets the sentences "check" before the call and "verdict" after it (see Task.speaker).
        """
        calls: list[Piece] = [python(*self.expression), output(self.output)]
        said = exchange(
            text(say("check", before="\n\n", after="\n\n")),
            *(calls if self.offsets is None else [for_each(self.offsets, *calls)]),
            text(say("verdict", before="\n\n")),
        )
        return when(self.answered, said)


def _summed(found: pa.StringArray, offsets: npt.NDArray[Any]) -> pa.StringArray:
    """Add up the counts of each row's calls; null where one got no answer."""
    counts = pc.cast(found, pa.int64())
    sums = np.add.reduceat(counts.fill_null(0).to_numpy(), offsets[:-1])
    refused = np.add.reduceat(counts.is_null().to_numpy(zero_copy_only=False).astype(np.int64), offsets[:-1])
    return pc.cast(pa.array(sums, mask=refused > 0), pa.string())
