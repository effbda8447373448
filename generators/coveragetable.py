"""Reports on coverage, as people read them."""

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.table import Table

from generators.coverage import Coverage

_SHOWN = 40  # tokens that are missed


def show(found: Coverage) -> None:
    """Print how often the tokens of a vocabulary are spelled out, and which are missed."""
    name = found.alphabet.encoding.name
    table = Table(box=None, pad_edge=False, header_style="", title_justify="left")
    table.add_column(f"alphabetic tokens of {name}")
    for heading in ("tokens", "never", "1 to 4 times", "5 and more"):
        table.add_column(heading, justify="right", no_wrap=True)
    for kind in (*found.kinds, found.all):
        counts = [f"{n:,} ({n / max(1, kind.tokens):.0%})" for n in (kind.never, kind.seldom, kind.enough)]
        table.add_row(kind.name, f"{kind.tokens:,}", *counts)
    console = Console(highlight=False)
    console.print(table)
    missed, alphabet = found.missed, found.alphabet
    shown = [f"{alphabet.forms[i]!r} {alphabet.ids[i]}" for i in missed[:_SHOWN].tolist()]
    # A line must not end inside a token, which may begin with a space.
    tokens = ", ".join(token.replace(" ", "\xa0") for token in shown) or "none"
    more = f" … and {len(missed) - _SHOWN:,} more (all with --json FILE)" if len(missed) > _SHOWN else ""
    said = f"never spelled out, most frequent first: {tokens}{more}"
    console.print(fill(said, max(console.width, 40)).replace("\xa0", " "), markup=False, soft_wrap=True)


def covered(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Say how far an export came that was asked to cover a tokenizer: lines, none if it was not."""
    for task, found in manifest.get("covered", {}).items():
        yield (
            f"cover  {found['covered']:,} of {found['tokens']:,} alphabetic tokens of {found['tokenizer']}"
            f" spelled {found['times']} time{'s' * (found['times'] != 1)} or more, in {found['rows']:,} rows"
        )
        if unable := ", ".join(f"{reason} ({count:,})" for reason, count in found["uncoverable"].items()):
            yield f"       can't be spelled: {unable}"
        if short := found["too_few"] + found["none"]:
            yield (
                f"       {short:,} are spelled fewer times, the rarest; {task}:{found['rows_for_all']} has "
                "rows for all"
            )
