"""The options of the benchmark, and what is run how often.

NANOCHAT=path python -m bench               the whole table, against nanochat's own tasks
python -m bench --quick                     does it all still run?
"""

import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from bench import audits, reference
from bench.commands import command, coverage, export, scale, verify
from bench.fresh import Failed, Runs, fresh
from bench.machine import machine
from bench.rows import table_lines
from bench.table import markdown, plain
from bench.tokens import vocabularies

CLASSIC = {"style": "classic", "language": "en", "tool": "python"}
TASKS = {"bee": "spellingbee", "spell": "simplespelling"}
MAIN = {"spellingbee": 80_000, "simplespelling": 200_000, "lettercounting": 20_000}
MILLION = {"spellingbee": 266_667, "simplespelling": 666_667, "lettercounting": 66_666}
SCALES = (1_000, 10**6, 10**7)  # rows of MILLION's mixture
TEN_MILLION = 3 * 10**9  # bytes; they take half of that
Plan = dict[str, Callable[[], dict[str, Any]]]


@click.command()
@click.option("--quick", is_flag=True, help="Few rows, one run: shows that it runs, not how fast.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table as Markdown.")
@click.option("--runs", "count", type=click.IntRange(min=1), default=5, show_default=True, help="Rounds.")
@click.option(
    "--nanochat", envvar="NANOCHAT", help="A checkout, bare or not, that has 950a1dc^; else $NANOCHAT."
)
def main(quick: bool, as_markdown: bool, count: int, nanochat: str | None) -> None:
    """Measure Hornbook's speed and memory, and print them beside what is promised."""
    count = 1 if quick else count
    rows = {"bee": 1_000, "spell": 1_000} if quick else {"bee": 80_000, "spell": 200_000}
    with tempfile.TemporaryDirectory(prefix="hornbook-bench-") as folder:
        about, runs = machine(""), Runs()
        sides, source = _sides(nanochat, Path(folder, "reference"))
        _say("preparing")
        try:
            about["lexicon"] = _prepare(folder, rows, quick, nanochat is None)
        except Failed as error:
            raise click.ClickException(f"nothing could be prepared: {error}") from None
        for gc in (False,) if quick else (False, True):
            runs.rounds(_ratios(folder, rows, sides, gc), count, _say)
        runs.rounds(_alone(folder, rows["bee"], quick), count, _say)
        number = 1_000 if quick else 100_000
        runs.rounds({"source": partial(fresh, "sources.prepared", rows=number, folder=folder)}, 1, _say)
        runs.rounds(_sources(folder, quick), count, _say)
        names = vocabularies()
        runs.rounds(_tokens(names, quick), count, _say)
        runs.rounds(_audits(names, folder, quick), count, _say)
        runs.rounds({"first preview": _preview}, 1, _say)
        runs.rounds({"preview": _preview}, 1 if quick else max(count, 7), _say)
        _commands(runs, Path(folder), quick, count)
    notes = _notes(runs, rows, sides, source, count, quick)
    click.echo(
        (markdown if as_markdown else plain)(list(table_lines(runs, sides, not quick, names)), about, notes)
    )


def _sides(nanochat: str | None, folder: Path) -> tuple[list[str], str]:
    """Return what is compared with, and its name."""
    if not nanochat:
        return ["gym", "rowbyrow"], "reasoning-gym, and our own rows written one by one (bench/rowbyrow.py)"
    try:
        return ["nanochat"], reference.fetch(nanochat, folder)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _prepare(folder: str, rows: dict[str, int], quick: bool, all_facts: bool) -> str:
    tasks = {TASKS[name]: number for name, number in rows.items()}
    found = fresh(
        "prepare.prepare",
        folder=folder,
        rows=tasks,
        facts=tasks if all_facts else dict.fromkeys(tasks, 10_000),
        shard_rows=1_000 if quick else 50_000,
        options={},
        classic=CLASSIC,
    )
    return str(found["lexicon"])


def _ratios(folder: str, rows: dict[str, int], sides: list[str], gc: bool) -> Plan:
    """What is compared, in the order of a round: each side stands beside what it is compared with."""
    bee = {"task": "spellingbee", "rows": rows["bee"], "folder": folder, "gc": gc}
    spell = {"task": "simplespelling", "rows": rows["spell"], "folder": folder, "gc": gc}
    tape, classic = f"{folder}/default.tape", f"{folder}/classic.tape"
    ours, floor = partial(fresh, "ours.written", options={}), partial(fresh, "ours.floor", options={})
    against: dict[str, Callable[..., dict[str, Any]]] = {
        "nanochat": partial(
            fresh, "reference.nanochat", source=f"{folder}/reference", words=f"{folder}/words.txt"
        ),
        "gym": partial(fresh, "reference.gym"),
        "rowbyrow": lambda **spec: fresh("rowbyrow.written", facts=f"{folder}/{spec['task']}.facts", **spec),
    }
    plan: Plan = {f"{side} bee": partial(against[side], **bee) for side in sides}
    plan["bee its schema"] = partial(
        fresh, "ours.written", columns="reference", options=CLASSIC, tape=classic, **bee
    )
    for columns in ("messages", "universal"):
        plan[f"bee {columns}"] = partial(ours, columns=columns, tape=tape, **bee)
        plan[f"floor {columns}"] = partial(floor, columns=columns, tape=tape, **bee)
    plan |= {f"{side} spell": partial(against[side], **spell) for side in sides}
    plan["spell messages"] = partial(ours, columns="messages", **spell)
    return {name + (" gc" if gc else ""): run for name, run in plan.items()}


def _alone(folder: str, rows: int, quick: bool) -> Plan:
    shard = {"rows": 1_000 if quick else 50_000, "folder": folder, "options": {}}
    return {
        "tool": lambda: fresh("ours.tool", tape=f"{folder}/default.tape", rows=rows, gc=False),
        "indexed": lambda: fresh("ours.indexed", rows=rows, gc=False),
        "shard": lambda: fresh("ours.shard", tape=f"{folder}/shard.tape", gc=False, **shard),
    }


def _sources(folder: str, quick: bool) -> Plan:
    hashes = {"rows": 10_000 if quick else 10**6, "memory": 64 << 20}
    plan: Plan = {"copy": partial(fresh, "sources.copied", folder=folder, gc=False)}
    for columns in ("messages", "universal"):
        plan[f"mixed {columns}"] = partial(fresh, "sources.mixed", folder=folder, columns=columns, gc=False)
    plan["duplicates"] = partial(fresh, "sources.duplicates", gc=False, **hashes)
    return plan


def _tokens(names: list[str], quick: bool) -> Plan:
    spec = {"rows": 1_000 if quick else 100_000, "gc": False}
    return {f"tokens {name}": partial(fresh, "tokens.composed", vocabulary=name, **spec) for name in names}


def _audits(names: list[str], folder: str, quick: bool) -> Plan:
    words = 100 if quick else 20_000
    plan: Plan = {}
    for name in names:
        plan[f"boundaries {name}"] = partial(audits.boundaries, name, words)
        plan[f"settle {name}"] = partial(fresh, "audits.settled", vocabulary=name, rows=100_000, gc=True)
        plan[f"auto {name}"] = partial(audits.extra, name, folder)
    return plan


def _preview() -> dict[str, Any]:
    return command("-m", "tasks.spellingbee")


def _commands(runs: Runs, folder: Path, quick: bool, count: int) -> None:
    def tasks(sizes: dict[str, int]) -> tuple[str, ...]:
        return tuple(f"{name}:{rows // 100 if quick else rows}" for name, rows in sizes.items())

    main, million = folder / "main", folder / "million"
    workers = 1 if quick else 2
    plan = {"export": lambda: export(tasks(MAIN), main, workers), "verify": lambda: verify(main, workers)}
    for name, run in plan.items():
        runs.rounds({name: run}, count, _say)
    if not quick:
        runs.rounds({"million": lambda: export(tasks(MILLION), million, workers, watch=True)}, 1, _say)
        runs.rounds(_scale(folder), 1, _say)
    # The training split alone is read.
    runs.rounds({"coverage": lambda: coverage(main if quick else million, workers)}, count, _say)


def _scale(folder: Path) -> Plan:
    """Ten times as many rows; one worker and two, and what each needs to start: two shards of few rows."""
    sizes = {rows: tuple(f"{name}:{rows * of // 10**6}" for name, of in MILLION.items()) for rows in SCALES}
    little, million, ten = (sizes[rows] for rows in SCALES)
    plan: Plan = {"ten million": lambda: scale(ten, folder / "ten", 2, TEN_MILLION)}
    for workers in (1, 2):
        plan[f"start {workers}"] = partial(export, little, folder / "start", workers, "--shard-rows", "600")
        plan[f"workers {workers}"] = partial(scale, million, folder / "workers", workers, TEN_MILLION // 10)
    if find_spec("ray"):
        ray = ("--engine", "ray")
        plan["start ray"] = partial(export, little, folder / "start", 2, "--shard-rows", "600", *ray)
        plan["workers ray"] = partial(scale, million, folder / "workers", 2, TEN_MILLION // 10, *ray)
    return plan


def _notes(
    runs: Runs, rows: dict[str, int], sides: list[str], source: str, count: int, quick: bool
) -> list[str]:
    if "nanochat" in sides:
        about = "its list of words is our English lexicon, not its download; each side draws by its own rule"
        about += _texts(runs)
    else:
        about = (
            "reasoning-gym writes a question and a bare answer, so it does much less; row by row is given "
            "questions, words and letters and writes the rest, in style classic and in English"
        )
    found = [
        f"reference: {source}; {about}",
        f"ratios and shares: CPU time, user and system, on one core, medians over {count} rounds of fresh "
        f"processes in turns; {rows['bee']:,} rows of SpellingBee, {rows['spell']:,} of SimpleSpelling, "
        "after a batch of other rows; start-up is not in them",
        "in the time: dealing, prompts, text, the call and its output written, the table, the file; not in "
        "it: the tool's look at an expression and its execution, whose answers are played back from an "
        "earlier process (the reference never runs its calls); they have a line of their own",
        "the reference's schema: style classic, in English, contract python, so that every row has its call; "
        "both sides written by ParquetWriter with zstd",
        "`messages` and `universal`: the defaults (quote-comma; en, es and zh), written as shards are; the "
        "floor writes the same finished tables in the same way; the reference stays as it is",
        "`boundaries`: the whole command, start-up included, one style; `--style auto`: the choice by itself "
        "in a process that has its words, and how much longer a small export takes with it than without",
        "`task[i]`, verify and whole commands run the tool; verify, preview and exports are wall times of "
        "whole commands, start-up included, GC as Python has it",
        "ids and mask: CPU time of one thread, the main job's mixture; tiktoken is given the finished texts, "
        "and does neither control tokens nor mask; in TIKTOKEN_CACHE_DIR it finds vocabularies of its own",
        "peak memory: the highest resident set of any one process (wait4); together: PSS, polled",
        "start-up, where it is taken off: the wall time of the same command for 1,000 rows in two shards",
    ]
    if quick:
        found.insert(0, "QUICK: too few rows to say anything about speed")
    return found


def _texts(runs: Runs) -> str:
    try:
        theirs, ours = runs.get("nanochat bee", "text"), runs.get("bee its schema", "text")
    except Failed:
        return ""
    return f": a row of its SpellingBee holds {theirs:.0f} bytes of text, ours {ours:.0f}"


def _say(what: str) -> None:
    if sys.stderr.isatty() or os.environ.get("BENCH_VERBOSE"):
        click.echo(what, err=True)


if __name__ == "__main__":
    main(prog_name="python -m bench")
