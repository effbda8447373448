"""A conversation on a terminal or in a file: its text, or its tokens.

Colours. A token's ground and letters are both set, black on a pale ground of the 256 colours that no theme
changes, so it reads alike on dark and light terminals; a colour of letters alone, or of the ground alone,
vanishes on one of them. Tokens alternate between two grounds, which shows their spaces too: blue and sand
where the model is trained on them, two greys where it only reads them. Slots are underlined. Terminals of 16
colours get cyan and yellow, and white and their own ground for the greys.

Without colours a bar stands before each token but a part's first, ‹ › around slots, and ⟦ ⟧ around what an
assistant's turn holds that is not trained on. Ids are small digits after their tokens, since the texts are
full of digits themselves.
"""

from collections.abc import Sequence

from rich.text import Text

from generators.parts import Part
from generators.pieces import FIRST_PART, MARKS
from generators.runs import PartTokens, Run

MARGIN = 11
ROLES = MARKS[:FIRST_PART]
BAR, SLOT, READ = "|", "‹›", "⟦⟧"
SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

# What a call of the tool is written with. Magenta reads on white and on black; what the model never writes
# is dim.
_CALL = {"python": ("<<", "=", "magenta"), "python_output": ("", ">>", "dim")}
# The grounds of tokens in turn: those that the model reads, and those that it is trained on.
_MANY = (
    ("color(16) on color(252)", "color(16) on color(248)"),
    ("color(16) on color(153)", "color(16) on color(223)"),
)
_FEW = ("black on white", "none"), ("black on cyan", "black on yellow")


def written(parts: Sequence[Part], tokens: Sequence[PartTokens] = (), paint: "Paint | None" = None) -> Text:
    """Write a conversation, tool calls as <<expression=output>>: as the model will see them run.

    Args:
        parts: of the conversation.
        tokens: what generators.runs.Reader reads there; without them the text is written as it is.
        paint: how tokens are told apart; without colours and ids unless given.

    >>> print(written([Part("user", "Spell fig.", (), ())]))
    user       Spell fig.
    """
    sheet, paint = _Sheet(), paint or Paint()
    for place, part in enumerate(parts):
        opening, closing, look = _CALL.get(part.kind, ("", "", ""))
        if tokens:
            paint.control(sheet, tokens[place].closing)
        if part.kind in ROLES:
            sheet.role(part.kind)
        if tokens:
            paint.control(sheet, tokens[place].opening)
        sheet.add(opening, look)
        if tokens:
            paint.text(sheet, tokens[place].runs, part.kind)
        else:
            sheet.add(part.text, look)
        sheet.add(closing, look)
    if tokens:
        paint.control(sheet, tokens[-1].closing)
    return sheet.text


class Paint:
    """How tokens are told apart.

    Args:
        colours: how many the terminal has: 256, 16, or 0 for none.
        ids: write each token's id after it.
    """

    def __init__(self, colours: int = 0, ids: bool = False) -> None:
        self.colours, self.ids = colours, ids

    def legend(self) -> Text:
        """Say what the looks mean."""
        sheet = _Sheet()
        sheet.role("")
        if not self.colours:
            sheet.add(f"{BAR} tokens   {SLOT[0]}slots{SLOT[1]}   {READ[0]}not trained on{READ[1]}")
            return sheet.text
        for trained, meaning in ((True, "trained on"), (False, "only read")):
            for turn, word in enumerate(meaning.split(" ")):
                sheet.add(" " * turn + word, self._look(trained, turn, False))
            sheet.add("   ")
        sheet.add("slot", self._look(True, 0, True))
        return sheet.text

    def control(self, sheet: "_Sheet", runs: Sequence[Run]) -> None:
        """Write control tokens: their names tell them apart."""
        for run in runs:
            self._put(sheet, run)

    def text(self, sheet: "_Sheet", runs: Sequence[Run], kind: str) -> None:
        """Write the tokens of a part of a kind."""
        around = ""
        for place, run in enumerate(runs):
            read = kind not in ROLES and not run.trained
            here = READ[:1] * read + SLOT[:1] * (run.slot > 0)
            begins = place > 0 and runs[place - 1].ends
            same = place > 0 and (run.slot, run.trained) == (runs[place - 1].slot, runs[place - 1].trained)
            if not self.colours:
                sheet.add(around * (not same) + BAR * begins + here * (not same))
            around = SLOT[1:] * (run.slot > 0) + READ[1:] * read
            self._put(sheet, run)
        if not self.colours:
            sheet.add(around)

    def _put(self, sheet: "_Sheet", run: Run) -> None:
        line = run.text.removesuffix("\n")
        sheet.add(line, self._look(run.trained, sheet.tokens % 2, run.slot > 0))
        sheet.tokens += run.ends
        if self.ids and run.ends:
            sheet.add(str(run.id).translate(SMALL), "dim" if self.colours else "")
        sheet.add(run.text[len(line) :])

    def _look(self, trained: bool, turn: int, slot: bool) -> str:
        if not self.colours:
            return ""
        grounds = _MANY if self.colours > 16 else _FEW
        return grounds[trained][turn] + " underline" * slot


class _Sheet:
    """Text that grows by and by, the roles on its margin."""

    def __init__(self) -> None:
        self.text = Text()
        self.tokens = 0  # written so far: they take their grounds in turn
        self._at_margin = False

    def role(self, name: str) -> None:
        """Begin a message."""
        if self.text.plain:
            self.text.append("\n")
        self.text.append(f"{name:<{MARGIN - 1}}", "bold").append(" ")
        self._at_margin = False

    def add(self, said: str, look: str = "") -> None:
        """Go on with a text; its lines begin at the margin, empty ones excepted."""
        for number, line in enumerate(said.split("\n")):
            if number:
                self.text.append("\n")
                self._at_margin = True
            if line and self._at_margin:
                self.text.append(" " * MARGIN)
                self._at_margin = False
            self.text.append(line, look)
