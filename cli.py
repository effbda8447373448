"""The command line: commands, options and printing; what they do is done elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from generators import __version__

EXAMPLE = "\b\nExample:\n  "


class _Stop(click.ClickException):
    """One sentence; exit status 1, for bad data."""

    exit_code = 1


class _Misused(_Stop):
    """One sentence; exit status 2, for bad usage."""

    exit_code = 2


class _Commands(click.Group):
    """Turns the errors that we raise on purpose into one sentence and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return self._invoke(ctx)
        except KeyboardInterrupt:
            raise _Stop("stopped; run the same command again to finish") from None

    def _invoke(self, ctx: click.Context) -> Any:
        from generators.folder import FolderError
        from generators.lexicon import LexiconError
        from generators.workers import WorkerError
        from tasks.registry import TaskError

        try:
            return super().invoke(ctx)
        except (LexiconError, WorkerError) as error:
            raise _Stop(str(error)) from None
        except (FolderError, TaskError, ValueError) as error:
            raise _Misused(str(error)) from None
        except BrokenPipeError:
            raise  # whoever read us has seen enough: click ends without a word
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            raise _Stop(f"{name}{error.strerror or error}") from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hornbook")
def main() -> None:
    """Make conversations that teach a small language model to spell and to count letters."""


_PATH = click.Path()
_OPTIONS = (
    ("--seed", {"type": int, "default": 0, "help": "Another seed, other conversations."}),
    (
        "--style",
        {
            "default": "quote-comma",
            "help": "How letters are written: quote-comma, spaced, lines, universal or classic.",
        },
    ),
    ("--language", {"help": "Of the questions: en, shares such as en:0.7,es:0.3, or all."}),
    ("--answer-language", {"default": "question", "help": "Of the answers: question, or a code."}),
    ("--tool", {"default": "nanochat", "help": "Whose Python tool runs calls: nanochat, python or none."}),
    ("--lexicon", {"type": _PATH, "help": "Your own words: a file with a word a line."}),
    ("--holdout", {"type": _PATH, "help": "Words that must be test words: a file."}),
    ("--exclude", {"type": _PATH, "help": "Words that must not come: a file."}),
    ("--min-zipf", {"type": float, "default": 2.0, "help": "The rarest words; 2 is once in ten million."}),
    ("--offensive", {"is_flag": True, "help": "Keep slurs and obscenities."}),
    ("--kinds", {"default": "none", "help": "Words that people type: usual, or upper:0.02,misspelt:0.01 …"}),
)


def _task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every task takes."""
    for name, settings in reversed(_OPTIONS):
        command = click.option(name, show_default="default" in settings, **settings)(command)
    return command


@main.command(epilog=EXAMPLE + "hornbook tasks")
def tasks() -> None:
    """List what can be taught."""
    from tasks.registry import entries

    known = entries()
    width = max(map(len, known))
    for entry in known.values():
        click.echo(f"{entry.name:<{width}}  {entry.doc}")


@main.command(epilog=EXAMPLE + "hornbook preview spellingbee -n 3 --language es")
@click.argument("task")
@click.option("-n", "count", type=click.IntRange(min=1), default=10, show_default=True, help="How many.")
@click.option("--split", default="train", show_default=True, help="train or test.")
@_task_options
def preview(task: str, count: int, split: str, **options: Any) -> None:
    """Print conversations of TASK, a name from `hornbook tasks` or path.to.module:Class."""
    from generators.preview import preview as show
    from tasks.registry import task_class

    show(task_class(task)(count, split, **options), count)


@main.command(epilog=EXAMPLE + "hornbook export spellingbee:80000 simplespelling:200000 --out output/mine")
@click.argument("tasks", nargs=-1, required=True, metavar="TASK[:ROWS]...")
@click.option("--out", required=True, type=click.Path(), help="The folder to write.")
@click.option("--split", default="both", show_default=True, help="train, test or both.")
@click.option("--dialect", default="universal", show_default=True, help="The columns: universal or messages.")
@click.option("--tool-text", default="none", show_default=True, help="The tool in `content`: none or fenced.")
@click.option(
    "--shard-rows", type=click.IntRange(min=1), default=50_000, show_default=True, help="Rows of a shard."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; as many as there are cores.")
@click.option("--overwrite", is_flag=True, help="Replace another export in the folder.")
@_task_options
def export(
    tasks: tuple[str, ...],
    out: str,
    split: str,
    dialect: str,
    tool_text: str,
    shard_rows: int,
    workers: int | None,
    overwrite: bool,
    seed: int,
    **options: Any,
) -> None:
    """Write Parquet shards of some tasks, mixed.

    ROWS are train rows, 10,000 unless said; the test split has 5 % of that, at most 5,000. Run again,
    an export finishes what is missing and keeps what is whole.
    """
    from generators.dialects import Dialect
    from generators.export import export as write
    from generators.names import find
    from generators.workers import lean
    from tasks.registry import parse, train_and_test

    lean()
    find(split, ("both", "train", "test"), "split")
    columns = Dialect(dialect, tool_text)
    pairs = [train_and_test(*parse(task), seed=seed, **options) for task in tasks]
    splits = {name: [pair[name] for pair in pairs] for name in ("train", "test") if split in ("both", name)}
    start = time.perf_counter()
    with _progress("rows written") as progress:
        done = write(
            splits,
            out,
            seed=seed,
            dialect=columns,
            shard_rows=shard_rows,
            workers=workers,
            overwrite=overwrite,
            progress=progress,
        )
    seconds = time.perf_counter() - start
    rows = sum(found["rows"] for found in done.manifest["splits"].values())
    made = f"{len(done.made)} shards written in {seconds:.1f} s" if done.made else "nothing was missing"
    kept = f", {len(done.kept)} kept as they were" if done.kept else ""
    click.echo(f"{out}: {rows:,} rows; {made}{kept}")
    for name, found in done.manifest["splits"].items():
        counts = ", ".join(f"{task} {by['rows']['all']:,}" for task, by in found["tasks"].items())
        click.echo(f"  {name:<5}  {found['rows']:,} rows, {found['words']:,} words: {counts}")
    calls = done.manifest["tool_calls"]
    click.echo(f"  tool   {calls['tool']:,} calls run; {calls['refused']:,} left out that it refuses")


@main.command(epilog=EXAMPLE + "hornbook verify output/mine")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option(
    "--task",
    "classes",
    multiple=True,
    metavar="MODULE:CLASS",
    help="A task of your own that DIR has rows of.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; as many as there are cores.")
def verify(folder: str, classes: tuple[str, ...], workers: int | None) -> None:
    """Read every row of an export back and derive it again from its facts."""
    from generators.verify import verify as check
    from tasks.registry import checks

    start = time.perf_counter()
    with _progress("rows checked") as progress:
        report = check(folder, checks(classes), workers, progress)
    seconds = time.perf_counter() - start
    rows = sum(report.rows.values())
    click.echo(
        f"{folder}: {rows:,} rows read back in {seconds:.1f} s ({rows / max(seconds, 1e-9):,.0f} rows/s)"
    )
    for task, count in sorted(report.rows.items()):
        general = " (in general only: name its class with --task)" if report.unchecked[task] else ""
        click.echo(f"  {task}: {count:,} conversations derived again from their facts{general}")
    words = ", ".join(f"{len(found):,} in {split}" for split, found in report.words.items())
    click.echo(
        f"  {report.calls:,} tool calls run again; {report.trained:,} parts to train on; words: {words}"
    )
    click.echo(f"  {report.duplicates:,} rows equal to an earlier one")
    for problem in report.problems[:50]:
        click.echo(problem, err=True)
    if report.wrong:
        raise _Stop(f"{report.wrong:,} problems" + (", the first above" if report.wrong > 1 else ""))
    click.echo("  all as it should be")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with rate and time left on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda done, rows: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")

    bar = Progress(
        TextColumn("{task.completed:,.0f} " + what),
        BarColumn(),
        TaskProgressColumn(),
        RateColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, rows: bar.update(task, completed=done, total=rows)


if __name__ == "__main__":
    main()
