"""Tables of an audit, for people: a line for each slot on a tokenizer, a line for each split pattern."""

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from generators.sheets import Line, Sheet, share
from tokenizer.verdicts import EXAMPLES, Verdict, written

WIDTH = 132  # in a pipe
NARROW = 78  # below it a terminal folds lines, which reads better than columns of two letters


def show(sheets: Sequence[Sheet], out: TextIO | None = None) -> None:
    """Print what was found.

    Args:
        sheets: of tokenizers, or of split patterns.
        out: where to; standard output.
    """
    out = out or sys.stdout
    console = Console(file=out, highlight=False)
    console.width = max(console.width, NARROW) if out.isatty() else WIDTH
    for sheet in sheets:
        if sheet.measured:
            _show_slots(console, sheet)
    patterns = [sheet for sheet in sheets if not sheet.measured]
    for style in dict.fromkeys(sheet.style for sheet in patterns):
        _show_patterns(console, style, [sheet for sheet in patterns if sheet.style == style])


def _show_slots(console: Console, sheet: Sheet) -> None:
    of = f", pattern {sheet.pattern}" if sheet.pattern else ", no split pattern: nothing is proved"
    rows = ", ".join(
        f"{task} {found['rows']:,} rows, {found['words']:,} words" for task, found in sheet.tasks.items()
    )
    console.print(Text(f"{sheet.style} on {sheet.tokenizer}{of}", style="bold"))
    console.print(Text(rows))
    # A terminal of 80 columns has no room for the failures: there they stand below.
    wide = console.width >= WIDTH
    columns = ["slot", "language", ">places", ">isolated %", ">proved %", "form"]
    table = _table(*(["task", *columns, "commonest failures"] if wide else columns))
    below: list[Text] = []
    for task, group in groupby(sheet.lines, lambda line: line.task):
        head = task
        if not wide:
            table.add_row(Text(task, style="bold"))
        for slot, lines in groupby(group, lambda line: line.slot):
            for language, verdict in _by_language(list(lines)):
                cells = (
                    slot,
                    language,
                    f"{verdict.occurrences:,}",
                    _coloured(verdict.isolated, verdict.occurrences),
                    Text("-" if verdict.proved is None else share(verdict.proved, verdict.occurrences)),
                    "+".join(verdict.forms),
                )
                failures = _failures(verdict)
                table.add_row(*([head, *cells, failures] if wide else cells))
                if failures and not wide:
                    below.append(Text(f"{task}, {slot} ({language}): ") + failures)
                head = ""
    console.print(table)
    if below:
        console.print(Text("commonest failures:"), *below, Text(), sep="\n")
    for what in ("letter", "word"):
        forms = sheet.forms(what)
        if len(forms) > 1:
            said = "; ".join(f"{form} as {', '.join(slots)}" for form, slots in forms.items())
            console.print(Text(f"a {what} stands in two forms, whose tokens differ: {said}"))
    costs = ", ".join(f"{task} {found['tokens'] / found['rows']:.1f}" for task, found in sheet.tasks.items())
    letter = f"{sheet.tokens_a_letter:.2f} tokens a letter of a list; " if sheet.tokens_a_letter else ""
    console.print(Text(f"{letter}tokens a conversation: {costs}"))
    console.print(Text(str(sheet), style=_style(sheet.whole)), end="\n\n")


def _show_patterns(console: Console, style: str, sheets: Sequence[Sheet]) -> None:
    claim = "claims isolation" if sheets[0].claims else "claims nothing"
    rows = sum(found["rows"] for found in sheets[0].tasks.values())
    title = f"{style} ({claim}), for every vocabulary that has the pattern; {rows:,} conversations"
    console.print(Text(title, style="bold"))
    table = _table("pattern", ">answer isolated %", ">proved %", ">question isolated %", "first failure")
    for sheet in sheets:
        turn = Sheet.total(line for line in sheet.lines if line.promised)
        asked = Sheet.total(line for line in sheet.lines if not line.promised)
        failing = Text(sheet.failing[0].slot + ": ") if sheet.failing else Text()
        table.add_row(
            sheet.tokenizer,
            _coloured(turn.isolated, turn.occurrences) if turn else Text("-"),
            Text("-" if turn is None or turn.proved is None else share(turn.proved, turn.occurrences)),
            Text(share(asked.isolated, asked.occurrences) if asked else "-"),
            failing + _failures(sheet.failing[0].verdict, 1) if sheet.failing else Text(),
        )
    console.print(table)
    if not sheets[0].told:
        console.print(Text(str(sheets[0])), end="\n\n")


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    return table


def _by_language(lines: list[Line]) -> Iterable[tuple[str, Verdict]]:
    """A line for all languages where they agree, else a line for each."""
    shares = {share(line.verdict.isolated, line.verdict.occurrences) for line in lines}
    total = Sheet.total(lines)
    if len(shares) == 1 and total:
        return [(" ".join(line.language for line in lines), total)]
    return [(line.language, line.verdict) for line in lines]


def _failures(verdict: Verdict, most: int = EXAMPLES) -> Text:
    """The commonest failures: the tokens that are glued on, or else all, and how often."""
    shown = (
        f"{' '.join(map(written, failure.glued)) or failure} ({failure.count:,})"
        for failure in verdict.failures[:most]
    )
    return Text(", ".join(shown))


def _coloured(part: int, whole: int) -> Text:
    return Text(share(part, whole), style=_style(part == whole))


def _style(good: Any) -> str:
    return "green" if good else "red"
