"""The command line: commands, options and printing; what they do is done elsewhere."""

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
        from generators.importfolder import NothingImported
        from generators.lexicon import LexiconError
        from generators.workers import WorkerError
        from tasks.registry import TaskError
        from tokenizer.corpus import CorpusError

        try:
            return super().invoke(ctx)
        except (CorpusError, LexiconError, NothingImported, WorkerError) as error:
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
    if not parts:
        return "none"
    from generators.shape import with_tasks
    from tasks.registry import task_class

    return with_tasks(";".join(parts), task_class) or "none"


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
    ("--ask", {"help": "What lettercounting asks: usual, vowels, letter:0.8,digit:0.2 …; see the README."}),
    (
        "--sentences",
        {"type": _PATH, "help": "Your own sentences for lettercounting: a file with one a line."},
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


def _source_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says where a recipe's sources lie."""
    what = "Where a source of the recipe lies: a file, a folder, a glob."
    return click.option("--source", "sources", multiple=True, metavar="NAME=PATH", help=what)(command)


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
    from tasks.registry import OWN, ROWS, options_of, refuse_own, task_class

    cls, encoding = task_class(task), None
    refuse_own([cls], options)
    options = {name: value for name, value in options.items() if name not in OWN} | options_of(cls, options)
    if tokenizer is not None or pattern is not None:
        from tokenizer.encoding import open_encoding

        encoding = open_encoding(tokenizer, pattern)
    options["style"], _ = settle(
        options["style"], encoding, lambda style: [cls(ROWS, split, **{**options, "style": style})]
    )
    made = cls(max(count, SEEN * seams), split, **options)
    show(made, count, encoding=encoding, ids=ids, seams=seams)


@main.command(epilog=EXAMPLE + "hornbook export spellingbee:80000 simplespelling:200000 --out output/mine")
@click.argument("tasks", nargs=-1, metavar="TASK[:ROWS]...")
@click.option("--recipe", metavar="FILE", help="What to write: a TOML file, or an embedded recipe's name.")
@_source_option
@click.option("--out", required=True, help="The folder to write: a path, or a URL such as s3://bucket/mine.")
@click.option("--split", default="both", show_default=True, help="train, test or both.")
@click.option(
    "--dialect",
    default="universal",
    show_default=True,
    help="The columns: universal, messages, tokens or text.",
)
@click.option("--tool-text", default="none", show_default=True, help="The tool in `content`: none or fenced.")
@click.option(
    "--chat", default="plain", show_default=True, help="Who speaks, in the dialect text: plain, chatml."
)
@click.option(
    "--order", default="shuffle", show_default=True, help="shuffle, or from easy to hard by length or count."
)
@click.option(
    "--shard-rows", type=click.IntRange(min=1), default=50_000, show_default=True, help="Rows of a shard."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; as many as there are cores.")
@click.option("--engine", default="local", show_default=True, help="What makes shards: local, or ray.")
@click.option("--ray-address", metavar="A", help="Of a Ray cluster; $RAY_ADDRESS, or one of this machine.")
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
    recipe: str | None,
    sources: tuple[str, ...],
    out: str,
    workers: int | None,
    engine: str,
    ray_address: str | None,
    overwrite: bool,
    **options: Any,
) -> None:
    """Write Parquet shards of some tasks, mixed, or of a recipe.

    ROWS are train rows, 10,000 unless said; the test split has 5 % of that, at most 5,000. Run again,
    an export finishes what is missing and keeps what is whole.

    The dialect tokens holds ids of the tokenizer, and the loss mask; text one string a row; any other has,
    where a tokenizer is named, each row's number of tokens.

    What is given here holds in place of what a recipe says, options of tasks for all its tasks.
    """
    from generators.coveragetable import covered
    from generators.export import export as write
    from generators.inflections import said as relatives
    from generators.members import open_members
    from generators.rayengine import engine_of
    from generators.tokencounts import said
    from generators.workers import lean
    from tasks.registry import refuse_cover, refuse_own, refuse_working, task_class

    lean()
    made_by = engine_of(engine, ray_address)
    asked = _recipe(tasks, recipe, sources)
    classes = [task_class(name) for name in asked.tasks]
    given = {name: said.value for name, said in asked.options.items()}
    if "cover" in given:
        refuse_cover(classes, asked.value("split"))
    refuse_working(classes, given.get("working", "full"))
    refuse_own(classes, given)
    opened = open_members(asked, task_class, _source_class(asked))
    start = time.perf_counter()
    with _progress("rows written") as progress:
        done = write(
            opened.splits,
            out,
            seed=asked.value("seed"),
            order=asked.value("order"),
            dialect=opened.dialect,
            shard_rows=asked.value("shard_rows"),
            workers=workers,
            engine=made_by,
            overwrite=overwrite,
            style_choice=opened.style_choice,
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
    if choice := opened.style_choice:
        click.echo(f"  style  {choice['style']}: {choice['why']}")
    for line in said(done.manifest):
        click.echo(f"  {line}")
    for line in relatives(done.manifest["lexicons"]):
        click.echo(f"  words  {line}")
    calls = done.manifest["tool_calls"]
    click.echo(f"  tool   {calls['tool']:,} calls run; {calls['refused']:,} left out that it refuses")
    for line in covered(done.manifest):
        click.echo(f"  {line}")


def _recipe(tasks: tuple[str, ...], file: str | None, sources: tuple[str, ...]) -> Any:
    """Make one recipe of a file or of TASK[:ROWS], and of what is given on the command line."""
    from click.core import ParameterSource

    from generators.recipe import SETTINGS, Recipe
    from generators.recipefile import open_recipe
    from tasks.registry import named

    context = click.get_current_context()
    if bool(tasks) == (file is not None):
        both = "a recipe says what is made, and so do TASK[:ROWS]; name one" if tasks else None
        raise click.UsageError(
            both or "Missing argument 'TASK[:ROWS]...'; or name a recipe with --recipe FILE"
        )
    asked = open_recipe(file) if file is not None else Recipe.of_tasks(map(named, tasks))
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    options = {
        "cover",
        *(name.removeprefix("--").replace("-", "_") for name, _ in _OPTIONS),
    } - SETTINGS.keys()
    paths = dict(_pairs(sources))
    return asked.given(
        {name: value for name, value in given.items() if name in SETTINGS},
        {name: value for name, value in given.items() if name in options},
        paths,
    )


def _pairs(sources: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for source in sources:
        name, equals, path = source.partition("=")
        if not (name and equals and path):
            raise click.BadParameter(f"{source!r} names no source; write NAME=PATH", param_hint="'--source'")
        yield name, path


def _source_class(recipe: Any) -> Any:
    """Return what reads sources, where a recipe has any."""
    if not recipe.sources:
        return None
    from generators.source import Source

    return Source


@main.command(epilog=EXAMPLE + "hornbook recipe midtrain --plan --workers 512")
@click.argument("file", required=False, metavar="[FILE]")
@_source_option
@click.option("--plan", is_flag=True, help="What the export would take: hours, memory, bytes, requests.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="To plan for.")
@_tokenizer_options
def recipe(file: str | None, sources: tuple[str, ...], plan: bool, workers: int, **options: Any) -> None:
    """Print a recipe resolved: rows, tokens and bytes of each task and source. Without FILE, list ours.

    FILE is a TOML file or an embedded recipe's name. Tokens are those of the recipe's tokenizer, bytes those
    of its dialect, measured on a batch that is made here. Of a folder that was exported, print the recipe.
    """
    from generators.expected import measured, table
    from generators.folder import Folder, FolderError
    from generators.members import open_members
    from generators.plan import measure, planned
    from generators.recipefile import embedded
    from generators.recipetext import recipe_text
    from generators.workers import lean
    from tasks.registry import entries, task_class

    lean()
    if file is None:
        width = max(map(len, embedded()))
        for name, about in embedded().items():
            click.echo(f"{name:<{width}}  {about}")
        return
    if Path(file).is_dir():
        manifest = Folder(file).manifest()
        if manifest is None:
            raise FolderError(f"{file} has no manifest.json, so it is not a whole export of Hornbook's")
        click.echo(recipe_text(manifest, entries()), nl=False)
        return
    asked = _recipe((), file, sources)
    opened = open_members(asked.filled, task_class, _source_class(asked.filled))
    found = measured(asked, opened)
    for line in table(found, asked):
        click.echo(line)
    if plan:
        for line in planned(found, measure(opened, asked.value("seed")), workers):
            click.echo(line)


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
    rows = sum(report.rows.values()) + report.texts
    click.echo(
        f"{folder}: {rows:,} rows read back in {seconds:.1f} s ({rows / max(seconds, 1e-9):,.0f} rows/s)"
    )
    for task, count in sorted(report.rows.items()):
        general = " (in general only: name its class with --task)" if report.unchecked[task] else ""
        done = "checked" if task in report.sources else "derived again from their facts"
        click.echo(f"  {task}: {count:,} conversations {done}{general}")
    if report.texts:
        click.echo(f"  {report.texts:,} texts read back into turns; they have no facts to be derived from")
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


@main.command(epilog=EXAMPLE + "hornbook push output/mine anna/spelling --dry-run")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.argument("repository", metavar="OWNER/NAME")
@click.option("--private", is_flag=True, help="A new repository is seen by its owner alone.")
@click.option("--dry-run", is_flag=True, help="Say what would be uploaded; nothing goes over the network.")
def push(folder: str, repository: str, private: bool, dry_run: bool) -> None:
    """Share an export as a data set on the Hugging Face Hub.

    DIR must be whole: every file is read and compared with its manifest first.
    """
    from generators.push import push as share
    from generators.push import upload_of

    found = upload_of(folder, repository)
    what = f"{len(found.files):,} files, {found.bytes:,} bytes"
    if dry_run:
        click.echo(f"{folder}: {what} would go to https://huggingface.co/datasets/{repository}")
        for name, size in found.files.items():
            click.echo(f"  {size:>13,}  {name}")
        click.echo("  other shards there would be removed; nothing was sent")
        return
    click.echo(f"{folder}: {what} are now at {share(found, private)}")


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


@main.command("import", epilog=EXAMPLE + "hornbook import chats/*.txt --format transcript --out output/chats")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--format", required=True, help="transcript, messages, sharegpt or persona.")
@click.option("--out", required=True, type=click.Path(), help="The folder to write.")
@click.option("--user", metavar="NAME", help="What the user is called, where not User or Human.")
@click.option("--assistant", metavar="NAME", help="What the assistant is called, where not Assistant or Bot.")
@click.option("--personality", help="Of persona: system, a system message (the default), or none.")
@click.option("--overwrite", is_flag=True, help="Replace another import in the folder.")
def import_(
    files: tuple[str, ...],
    format: str,
    out: str,
    user: str | None,
    assistant: str | None,
    personality: str | None,
    overwrite: bool,
) -> None:
    """Make conversations of transcripts and chats in files: a source for recipes.

    What can't be one is refused, with its line and the reason. Exact repeats are left out.
    """
    from generators.importfolder import import_files, lines
    from generators.importing import Importer

    importer = Importer(format, user=user, assistant=assistant, personality=personality)
    try:
        with _progress("bytes read") as progress:
            report = import_files(files, out, importer, overwrite=overwrite, progress=progress)
    finally:  # where nothing is left, they say why
        for refused in importer.refused.shown:
            click.echo(refused, err=True)
    for line in lines(out, report):
        click.echo(line)


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
