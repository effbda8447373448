"""The command line: commands, options and printing; what they do is done elsewhere."""

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
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
        from tokenizer.corpus import CorpusError

        try:
            return super().invoke(ctx)
        except (CorpusError, LexiconError, WorkerError) as error:
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


def _shape(context: click.Context, option: click.Parameter, parts: tuple[str, ...]) -> Any:
    """Read what --shape says, each time that it stands."""
    from tasks.registry import shape

    return (shape(";".join(parts)) if parts else None) or "none"


_PATH = click.Path()
_TOKENIZER = "A tiktoken name or a file (.tiktoken, .pkl, tokenizer.json, tekken.json)."
_OPTIONS = (
    ("--seed", {"type": int, "default": 0, "help": "Another seed, other conversations."}),
    (
        "--style",
        {
            "default": "quote-comma",
            "help": "How letters are written: quote-comma, spaced, lines, universal, classic; auto: for T.",
        },
    ),
    ("--language", {"help": "Of the questions: en, shares such as en:0.7,es:0.3, or all."}),
    ("--answer-language", {"default": "question", "help": "Of the answers: question, or a code."}),
    ("--tool", {"default": "nanochat", "help": "Whose Python tool runs calls: nanochat, python or none."}),
    ("--lexicon", {"type": _PATH, "help": "Your own words: a file with a word a line."}),
    ("--holdout", {"type": _PATH, "help": "Words that must be test words: a file."}),
    ("--exclude", {"type": _PATH, "help": "Words that must not come: a file."}),
    (
        "--min-zipf",
        {"type": float, "help": "The rarest words; 2, English's, is once in ten million; others 3."},
    ),
    ("--offensive", {"is_flag": True, "help": "Keep slurs and obscenities."}),
    (
        "--shape",
        {
            "multiple": True,
            "metavar": "SHAPE",
            "callback": _shape,
            "help": "What stands before: usual, or turns=0:0.6,2:0.4 earlier=talk system=0.1 loss=last.",
        },
    ),
    ("--kinds", {"help": "Words that people type: none, few, usual, or upper:0.02,misspelt:0.01 …"}),
    (
        "--working",
        {"default": "full", "help": "How much of it answers show: full, or full:0.8,direct:0.2 …"},
    ),
)


def _task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every task takes."""
    for name, settings in reversed(_OPTIONS):
        command = click.option(name, show_default="default" in settings, **settings)(command)
    return command


def _tokenizer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a tokenizer."""
    what = "The split pattern of a .tiktoken file that names none."
    command = click.option("--pattern", metavar="NAME", help=what)(command)
    return click.option("--tokenizer", metavar="T", help=_TOKENIZER)(command)


@main.command(epilog=EXAMPLE + "hornbook tasks")
def tasks() -> None:
    """List what can be taught."""
    from tasks.registry import entries

    known = entries()
    width = max(map(len, known))
    for entry in known.values():
        click.echo(f"{entry.name:<{width}}  {entry.doc}")


@main.command(epilog=EXAMPLE + "hornbook languages")
def languages() -> None:
    """List the languages: questions by kind, fewest wordings of a sentence, own words, what they lack."""
    from generators.inventory import inventory

    for found in inventory():
        templates = ", ".join(f"{count:>2} {kind}" for kind, count in found.templates.items())
        click.echo(
            f"{found.code}  {found.name:<9} {templates}; {found.wordings} wordings; {found.words:>6,} words"
        )
        if found.lacks:
            click.echo(f"    beside English: {', '.join(found.lacks)}")


@main.command(epilog=EXAMPLE + "hornbook preview spellingbee -n 3 --language es")
@click.argument("task")
@click.option("-n", "count", type=click.IntRange(min=1), default=10, show_default=True, help="How many.")
@click.option("--split", default="train", show_default=True, help="train or test.")
@click.option("--ids", is_flag=True, help="Show the tokens' ids too.")
@click.option("--seams", is_flag=True, help="List the unsafe seams of 1,000 conversations.")
@_tokenizer_options
@_task_options
def preview(
    task: str,
    count: int,
    split: str,
    tokenizer: str | None,
    pattern: str | None,
    ids: bool,
    seams: bool,
    **options: Any,
) -> None:
    """Print conversations of TASK, a name from `hornbook tasks` or path.to.module:Class.

    Tokens alternate in colour, grey where the model is not trained on them; words and letters are underlined.
    Without --tokenizer the first conversation is shown in the tokens of Hornbook's own vocabulary.
    """
    from generators.preview import ROWS as SEEN
    from generators.preview import preview as show
    from generators.stylechoice import settle
    from tasks.registry import ROWS, task_class

    cls, encoding = task_class(task), None
    if tokenizer is not None or pattern is not None:
        from tokenizer.encoding import open_encoding

        encoding = open_encoding(tokenizer, pattern)
    options["style"], _ = settle(
        options["style"], encoding, lambda style: [cls(ROWS, split, **{**options, "style": style})]
    )
    made = cls(max(count, SEEN * seams), split, **options)
    show(made, count, encoding=encoding, ids=ids, seams=seams)


@main.command(epilog=EXAMPLE + "hornbook export spellingbee:80000 simplespelling:200000 --out output/mine")
@click.argument("tasks", nargs=-1, required=True, metavar="TASK[:ROWS]...")
@click.option("--out", required=True, type=click.Path(), help="The folder to write.")
@click.option("--split", default="both", show_default=True, help="train, test or both.")
@click.option(
    "--dialect", default="universal", show_default=True, help="The columns: universal, messages or tokens."
)
@click.option("--tool-text", default="none", show_default=True, help="The tool in `content`: none or fenced.")
@click.option(
    "--shard-rows", type=click.IntRange(min=1), default=50_000, show_default=True, help="Rows of a shard."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; as many as there are cores.")
@click.option("--cover", metavar="T:K", help="Spell each alphabetic token of tokenizer T at least K times.")
@click.option("--overwrite", is_flag=True, help="Replace another export in the folder.")
@_tokenizer_options
@click.option(
    "--control",
    multiple=True,
    metavar="ROLE=NAME",
    help="A control token of the tokenizer, where it is not named as nanochat's: bos='<|endoftext|>'.",
)
@_task_options
def export(
    tasks: tuple[str, ...],
    out: str,
    split: str,
    dialect: str,
    tool_text: str,
    shard_rows: int,
    workers: int | None,
    cover: str | None,
    overwrite: bool,
    tokenizer: str | None,
    pattern: str | None,
    control: tuple[str, ...],
    seed: int,
    **options: Any,
) -> None:
    """Write Parquet shards of some tasks, mixed.

    ROWS are train rows, 10,000 unless said; the test split has 5 % of that, at most 5,000. Run again,
    an export finishes what is missing and keeps what is whole.

    The dialect tokens holds ids of the tokenizer, and the loss mask; any other has, where a tokenizer is
    named, each row's number of tokens.
    """
    from generators.coveragetable import covered
    from generators.dialects import asked_dialect
    from generators.export import export as write
    from generators.inflections import said as relatives
    from generators.names import find
    from generators.stylechoice import settle
    from generators.tokencounts import said
    from generators.workers import lean
    from tasks.registry import parse, refuse_cover, refuse_working, train_and_test

    lean()
    find(split, ("both", "train", "test"), "split")
    columns = asked_dialect(dialect, tool_text, tokenizer, pattern, control)
    parsed = [parse(task) for task in tasks]
    if cover is not None:
        refuse_cover([cls for cls, _ in parsed], split)
    refuse_working([cls for cls, _ in parsed], options["working"])
    wanted = ("train", "test") if split == "both" else (split,)

    def in_style(style: str, cover: str | None = None) -> dict[str, list[Any]]:
        given = {**options, "seed": seed, "style": style}
        pairs = [train_and_test(*task, cover, **given) for task in parsed]
        return {name: [pair[name] for pair in pairs] for name in wanted}

    encoding = columns.tokenizer.encoding if columns.tokenizer else None
    style, choice = settle(options["style"], encoding, lambda style: chain(*in_style(style).values()))
    splits = in_style(style, cover)
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
            style_choice=choice,
            progress=progress,
        )
    seconds = time.perf_counter() - start
    rows = sum(found["rows"] for found in done.manifest["splits"].values())
    made = f"{len(done.made)} shards written in {seconds:.1f} s" if done.made else "nothing was missing"
    kept = f", {len(done.kept)} kept as they were" if done.kept else ""
    click.echo(f"{out}: {rows:,} rows; {made}{kept}")
    if done.damaged:
        more = f" and {len(done.damaged) - 1:,} more" if done.damaged[1:] else ""
        click.echo(f"  made again, because damaged: {done.damaged[0]}{more}")
    for name, found in done.manifest["splits"].items():
        counts = ", ".join(f"{task} {by['rows']['all']:,}" for task, by in found["tasks"].items())
        click.echo(f"  {name:<5}  {found['rows']:,} rows, {found['words']:,} words: {counts}")
    if choice:
        click.echo(f"  style  {choice['style']}: {choice['why']}")
    for line in said(done.manifest):
        click.echo(f"  {line}")
    for line in relatives(done.manifest["lexicons"]):
        click.echo(f"  words  {line}")
    calls = done.manifest["tool_calls"]
    click.echo(f"  tool   {calls['tool']:,} calls run; {calls['refused']:,} left out that it refuses")
    for line in covered(done.manifest):
        click.echo(f"  {line}")


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
@_tokenizer_options
def verify(
    folder: str, classes: tuple[str, ...], workers: int | None, tokenizer: str | None, pattern: str | None
) -> None:
    """Read every row of an export back and derive it again from its facts."""
    from generators.verify import verify as check
    from tasks.registry import checks

    start = time.perf_counter()
    with _progress("rows checked") as progress:
        report = check(folder, checks(classes), workers, progress, tokenizer, pattern)
    seconds = time.perf_counter() - start
    rows = sum(report.rows.values())
    click.echo(
        f"{folder}: {rows:,} rows read back in {seconds:.1f} s ({rows / max(seconds, 1e-9):,.0f} rows/s)"
    )
    for task, count in sorted(report.rows.items()):
        general = " (in general only: name its class with --task)" if report.unchecked[task] else ""
        click.echo(f"  {task}: {count:,} conversations derived again from their facts{general}")
    words = ", ".join(f"{len(found):,} in {split}" for split, found in report.words.items())
    named = f"; words: {words}" if any(report.words.values()) else ""  # not every dialect names them
    click.echo(f"  {report.calls:,} tool calls run again; {report.trained:,} parts to train on{named}")
    click.echo(
        f"  {report.turns:,} turns of the assistant, of which {report.ended:,} train on where they end"
    )
    if report.tokens:
        click.echo(f"  {report.tokens:,} tokens made again")
    if report.uncounted:
        click.echo(f"  tokens were not counted again: {report.uncounted}")
    click.echo(f"  {report.duplicates:,} rows equal to an earlier one")
    for problem in report.problems[:50]:
        click.echo(problem, err=True)
    if report.wrong:
        raise _Stop(f"{report.wrong:,} problems" + (", the first above" if report.wrong > 1 else ""))
    click.echo("  all as it should be")


@main.group(epilog=EXAMPLE + "hornbook tokenizer train books/*.txt --out mine.tiktoken")
def tokenizer() -> None:
    """Make vocabularies."""


@tokenizer.command(epilog=EXAMPLE + "hornbook tokenizer train books/*.txt --vocab 8192 --out mine.tiktoken")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--vocab", type=int, default=8192, show_default=True, help="How many ids, control tokens too.")
@click.option("--pattern", default="nanochat", show_default=True, help="How text is cut before merging.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .tiktoken file to write.")
@click.option("--overwrite", is_flag=True, help="Replace a vocabulary that is there.")
def train(files: tuple[Path, ...], vocab: int, pattern: str, out: Path, overwrite: bool) -> None:
    """Train a vocabulary on text files, read as they are: plain UTF-8.

    A .json file beside --out gets the split pattern and nanochat's control tokens.
    """
    from tokenizer.corpus import Corpus
    from tokenizer.patterns import pattern as find_pattern
    from tokenizer.train import train_file

    corpus = Corpus(files)
    made = train_file(corpus, vocab, find_pattern(pattern), out, overwrite=overwrite)
    merges = len(made.ranks) - 256
    click.echo(
        f"{out}: {made.n_vocab:,} ids (256 bytes, {merges:,} merges, {len(made.special_tokens)} control "
        f"tokens), {out.stat().st_size:,} bytes; trained on {corpus.bytes:,} bytes of text"
    )
    if made.n_vocab < vocab:
        click.echo(f"  fewer than the {vocab:,} asked for: the text has no more to merge")
    click.echo(f"  hornbook preview spellingbee --tokenizer {shlex.quote(str(out))}")


@main.command(epilog=EXAMPLE + "hornbook boundaries --tokenizer cl100k_base --style classic --language en")
@click.option("--tokenizer", "tokenizers", multiple=True, metavar="T", help=_TOKENIZER)
@click.option("--style", "styles", multiple=True, help="How words and letters are written; all styles.")
@click.option("--task", "names", multiple=True, help="A name, or path.to.module:Class; all our tasks.")
@click.option("--language", "languages", multiple=True, help="Of the questions, as in export; its usual mix.")
@click.option(
    "--words", type=click.IntRange(1, 10**7), default=1000, show_default=True, help="How many, of each task."
)
@click.option(
    "--pattern", help="The split pattern of .tiktoken files; without a tokenizer, the one to look at."
)
@click.option("--lexicon", type=_PATH, help="Your own words: a file with a word a line.")
@click.option("--json", "file", type=click.Path(), help="Write all that was found, as JSON.")
def boundaries(
    tokenizers: tuple[str, ...],
    styles: tuple[str, ...],
    names: tuple[str, ...],
    languages: tuple[str, ...],
    words: int,
    lexicon: str | None,
    pattern: str | None,
    file: str | None,
) -> None:
    """Tell which words and letters are their own tokens, wherever they stand.

    A slot is isolated where the tokens that cover it are those of the slot alone. Without a tokenizer this is
    told for each split pattern, and holds for every vocabulary that has it. Exit status 1 where a style that
    claims isolation falls short.
    """
    from generators.audittable import show
    from generators.sheets import write_json
    from generators.taskaudit import sheets_of
    from tasks.registry import ours, task_class
    from tokenizer.audit import tokenizers_of

    looked = tokenizers_of(tokenizers, pattern)
    classes = [task_class(name) for name in names or ours()]
    language = ",".join(languages) or None

    def in_style(style: str) -> list[Any]:
        return [cls(words, style=style, language=language, lexicon=lexicon) for cls in classes]

    sheets = sheets_of(in_style, looked, styles, words)
    show(sheets)
    if file:
        write_json(sheets, file)
    if short := [sheet for sheet in sheets if sheet.short]:
        raise _Stop(str(short[0]))


@main.command(epilog=EXAMPLE + "hornbook coverage --tokenizer cl100k_base output/mine")
@click.argument("data", nargs=-1, required=True, metavar="DIR | TASK[:ROWS]...")
@click.option("--json", "out", type=click.Path(), metavar="FILE", help="Write every token and its count.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; as many as there are cores.")
@_tokenizer_options
@_task_options
def coverage(
    data: tuple[str, ...],
    tokenizer: str | None,
    pattern: str | None,
    out: str | None,
    workers: int | None,
    **options: Any,
) -> None:
    """Report how often each alphabetic token of a vocabulary is spelled out in the training data.

    Without --tokenizer it is the vocabulary that comes with Hornbook. DIR is an export, or a folder of
    Parquet files with messages; it stands alone. TASK:ROWS are made and not written.
    """
    import json

    from generators.coverage import of_folder, of_tasks
    from generators.coveragetable import show
    from generators.stylechoice import settle
    from tasks.registry import folder_of, options_of, parse
    from tokenizer.alphabet import Alphabet
    from tokenizer.encoding import open_encoding

    folder = folder_of(data)
    encoding = open_encoding(tokenizer, pattern)
    alphabet = Alphabet.of(encoding)
    start = time.perf_counter()
    if folder:
        with _progress("rows read") as progress:
            found = of_folder(alphabet, folder, workers, progress)
    else:
        asked = [parse(argument) for argument in data]

        def in_style(style: str) -> list[Any]:
            return [task(rows, **options_of(task, {**options, "style": style})) for task, rows in asked]

        style, _ = settle(options["style"], encoding, in_style)
        with _progress("rows made") as progress:
            found = of_tasks(alphabet, in_style(style), progress)
    seconds = time.perf_counter() - start
    click.echo(f"{' '.join(data)}: {found.rows:,} rows in {seconds:.1f} s; {found.words:,} words are spelled")
    show(found)
    if out:  # last: what was found is told even where this can't be written
        Path(out).write_text(json.dumps(found.as_json(), ensure_ascii=False), encoding="utf-8")


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
