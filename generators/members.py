"""From a recipe to the members of a mixture: tasks and sources opened, with the rows that each is to have.

A task is found by a function that is handed in, and a source made by a class that is: a recipe knows names,
and this package none of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from generators.book import Books
from generators.dialects import Dialect, asked_dialect
from generators.located import Said, wrong
from generators.names import find
from generators.options import fitting, options_of
from generators.passes import Passes, passes
from generators.recipe import REST, SIZES, Entry, Recipe
from generators.shape import with_tasks
from generators.sizes import Size, rows_of
from generators.stylechoice import AUTO, settle

SAMPLE = 10_000  # rows whose tokens are counted to say how many a row has
HANDED = ("after", "progress")  # options of sources that no recipe says
_PROBE = 2**50  # rows of a task that is only looked at
Finds = Callable[[str], type]


@dataclass(frozen=True)
class Members:
    """What a recipe came to.

    Attributes:
        splits: the members of each split, the same in each.
        dialect: how they are written.
        style_choice: why the tasks have their style, where one was chosen.
    """

    splits: Mapping[str, Sequence[Any]]
    dialect: Dialect
    style_choice: Mapping[str, Any] | None


@dataclass(frozen=True)
class _Task:
    """A task to be made: its class and options."""

    entry: Entry
    cls: Any
    options: Mapping[str, Any]

    def make(self, rows: int, split: str, style: str | None = None) -> Any:
        options = (
            {**self.options, "style": style} if style and self.options["style"] == AUTO else self.options
        )
        made = self.cls(max(rows, 1), split, **options)
        return made if rows else made[:0]


@dataclass(frozen=True)
class _Source:
    """A source to be read: what reads it, its options, and what it has in all."""

    entry: Entry
    cls: Any
    options: Mapping[str, Any]
    whole: Any

    def open(self, split: str, after: Sequence[Any] = ()) -> Any:
        more = {"after": (*self.options.get("after", ()), *after)} if after else {}
        return self.cls(self.entry.name, split=split, **{**self.options, **more})


def open_members(recipe: Recipe, task_class: Finds, source_class: Any = None) -> Members:
    """Make the members of a recipe.

    Args:
        recipe: what is asked.
        task_class: finds the class of a task by its name.
        source_class: makes a source of its name, path, split, seed and options. One that has an option
            `after` is told the tasks and sources before it, to leave out what they have.

    Raises:
        RecipeError: something of the recipe is wrong; says where.
        ValueError, EncodingError: the same, of what was given on the command line.
        OSError: a source can't be read.
    """
    dialect = _dialect(recipe)
    entries = [entry for entry in recipe.entries if entry.rows != 0]
    if not entries:
        raise recipe.wrong("it has neither a task nor a source; write [[task]] and a name")
    asked = [entry for entry in entries if entry.kind == "source"]
    _check_paths(recipe, asked)
    tasks = [_task(recipe, entry, task_class) for entry in entries if entry.kind == "task"]
    _check_options(recipe, [task.cls for task in tasks])
    wanted = ("train", "test") if recipe.value("split") == "both" else (recipe.value("split"),)

    def in_style(style: str) -> list[Any]:
        return [task.make(SAMPLE, split, style) for split in wanted for task in tasks]

    style, choice = None, None
    if any(task.options["style"] == AUTO for task in tasks):
        encoding = dialect.tokenizer.encoding if dialect.tokenizer else None
        style, choice = settle(AUTO, encoding, in_style)
    sources = [_source(recipe, entry, source_class) for entry in asked]
    rows = _rows(recipe, dialect, tasks, sources, style)
    of_tasks = {
        split: [
            task.make(number if split == "train" else _test(recipe, task.entry, number), split, style)
            for task, number in zip(tasks, rows, strict=False)
        ]
        for split in ("train", "test")
    }
    of_sources = _split(sources, rows[len(tasks) :], [*of_tasks["train"], *of_tasks["test"]])
    splits = {split: [*of_tasks[split], *of_sources[split]] for split in wanted}
    splits = {split: members for split, members in splits.items() if sum(map(len, members))}
    if not splits:
        raise recipe.wrong("no row is in the test split", "test")
    return Members(splits, dialect, choice)


def _split(sources: Sequence[_Source], rows: Sequence[int], tasks: Sequence[Any]) -> dict[str, list[Any]]:
    """Open sources, each after what stands before it, and take the rows of each split."""
    found: dict[str, list[Any]] = {"train": [], "test": []}
    before = list(tasks)
    for source, number in zip(sources, rows, strict=True):
        after = before if "after" in options_of(source.cls) else ()
        train = source.open("train", after)
        size = source.entry.size
        if size("rows") is None and size("share") is None:
            number = _passed(source.entry, len(train))
        found["train"].append(passes(train, number))
        has_test = source.options.get("test")
        found["test"].append(source.open("test", after) if has_test else Passes(train, 0))
        before.append(train)
    return found


def _passed(entry: Entry, rows: int) -> int:
    """Return the rows of all epochs of a source."""
    epochs = entry.size("epochs")
    return max(1, round((1 if epochs is None else epochs) * rows))


def _dialect(recipe: Recipe) -> Dialect:
    names = ("dialect", "tool_text", "tokenizer", "pattern", "control", "chat")
    try:
        return asked_dialect(*(recipe.value(name) for name in names))
    except ValueError as error:
        said = ("pattern", "control", "tokenizer", "chat", "tool_text", "dialect")
        key = next((name for name in said if name in recipe.settings), "")
        place = recipe.settings[key].place if key else recipe.place
        if place is None:
            raise
        raise wrong(place, error) from None


def _task(recipe: Recipe, entry: Entry, task_class: Finds) -> _Task:
    try:
        cls: Any = task_class(entry.name)
    except Exception as error:  # a TaskError, of which this package knows nothing
        if entry.place is None:
            raise
        raise entry.wrong(error, "name") from None
    known = options_of(cls)
    said = {
        "seed": Said(recipe.value("seed")),
        **{key: said for key, said in recipe.options.items() if key in known and cls.takes(key)},
    }
    said |= _known(entry, known)
    options = fitting(said, known)
    options.setdefault("style", "quote-comma")
    if "shape" in options:
        try:
            options["shape"] = with_tasks(options["shape"], task_class) or "none"
        except Exception as error:  # a TaskError among them
            raise said["shape"].wrong(error) from None
    _try(entry, cls, options, said)
    return _Task(entry, cls, options)


def _known(entry: Entry, known: Mapping[str, Any]) -> dict[str, Said]:
    """Return the options of a task or a source, each of which must be known."""
    keys = dict.fromkeys(key for key in ("name", *SIZES, *known) if key not in HANDED)
    for key in entry.options:
        try:
            find(key, keys, f"key of the {entry.kind} {entry.name}")
        except ValueError as error:
            raise entry.wrong(error, key) from None
    return entry.options


def _check_options(recipe: Recipe, classes: Sequence[Any]) -> None:
    """See that each option of all tasks is one of some task."""
    known = dict.fromkeys(key for cls in classes for key in options_of(cls) if cls.takes(key))
    for key, said in recipe.options.items() if classes else ():
        try:
            find(key, known, "option of these tasks")
        except ValueError as error:
            raise said.wrong(error) from None


def _try(entry: Entry, cls: Any, options: Mapping[str, Any], said: Mapping[str, Said]) -> None:
    """Make a task, to see that its options are right; where one is not, say which."""

    def fails(given: Mapping[str, Any]) -> Exception | None:
        style = given.get("style")
        try:
            cls(1, "train", **{**given, "style": "quote-comma" if style == AUTO else style or "quote-comma"})
        except (ValueError, TypeError) as error:
            return error
        return None

    error = fails(options)
    if error is None:
        return
    for key, one in said.items():
        if one.place and fails({name: value for name, value in options.items() if name != key}) is None:
            raise one.wrong(error) from None
    raise entry.wrong(error) from None if entry.place else error


def _check_paths(recipe: Recipe, entries: Sequence[Entry]) -> None:
    """See that every source says where it lies; the recipes that come with Hornbook leave that open."""
    if missing := [entry.name for entry in entries if not entry.filled]:
        given = " ".join(f"--source {name}=PATH" for name in missing)
        raise recipe.wrong(
            f"no path is said of {', '.join(missing)}; give each its data, as in {given}, or extend "
            f"the recipe and leave it out there with rows = 0"
        )


def _source(recipe: Recipe, entry: Entry, source_class: Any) -> _Source:
    """Read a source, to see how much it has."""
    if source_class is None:
        raise entry.wrong("there is nothing here that reads sources")
    known = options_of(source_class)
    said = {"seed": Said(recipe.value("seed")), **_known(entry, known)}
    if "test" in entry.said:
        said["test"] = entry.said["test"]
    options = fitting({key: one for key, one in said.items() if key in known}, known)
    try:
        return _Source(entry, source_class, options, source_class(entry.name, split="train", **options))
    except ValueError as error:
        raise entry.wrong(error, "path") from None


def _rows(
    recipe: Recipe, dialect: Dialect, tasks: Sequence[_Task], sources: Sequence[_Source], style: str | None
) -> list[int]:
    """Return the rows of each member in the training split."""
    sizes: list[Size] = []
    members: list[_Task | _Source] = [*tasks, *sources]
    for member in members:
        entry = member.entry
        rows, share, epochs = (entry.size(key) for key in ("rows", "share", "epochs"))
        if isinstance(member, _Source):
            if rows is None and share is None:
                rows = _passed(entry, len(member.whole))
        elif epochs is not None:
            raise entry.wrong(
                f"{entry.name} is a task, and never makes a row twice: say rows or a share, and no epochs",
                "epochs",
            )
        elif rows is None and share is None:
            raise entry.wrong(f'{entry.name} has no size; say rows = 10_000, share = 0.5 or share = "{REST}"')
        sizes.append(share if rows is None else rows)
    tokens, rows = recipe.value("tokens"), recipe.value("rows")
    key = "rows" if tokens is None else "tokens"
    if tokens is not None and rows is not None:
        raise recipe.wrong("rows and tokens are both a total; say one", key)
    if tokens is not None and dialect.tokenizer is None:
        raise recipe.wrong('tokens are those of a tokenizer; name it, as in tokenizer = "cl100k_base"', key)
    try:
        if tokens is None:
            return rows_of(sizes, rows)
        probes = [
            *(task.make(_PROBE, "train", style) for task in tasks),
            *(source.whole for source in sources),
        ]
        found = [SAMPLE] * len(probes)
        for _ in range(2):  # from the first rows it follows how many there are about; then all are looked at
            means = [mean_tokens(dialect, probe, number) for probe, number in zip(probes, found, strict=True)]
            found = rows_of(sizes, tokens, means)
        return found
    except ValueError as error:
        raise recipe.wrong(error, key) from None


def mean_tokens(dialect: Dialect, member: Any, rows: int) -> float:
    """Return how many tokens a row of a member has, of a sample spread evenly over its first rows.

    Args:
        dialect: with a tokenizer.
        member: of the mixture.
        rows: how many it is to have.
    """
    shown = member.view[: min(rows, len(member))]
    places = np.linspace(0, len(shown) - 1, min(len(shown), SAMPLE)).astype(np.int64)
    counted, books = 0, Books()
    for batch in np.array_split(places, -(-len(places) // 5_000)):
        conversations = member.conversations(shown.start + batch * shown.step, books.current())
        counted += int(dialect.count(conversations).sum(dtype=np.int64))
    return counted / len(places)


def _test(recipe: Recipe, entry: Entry, rows: int) -> int:
    """Return the rows of a task's test split: 5 % of its others, at most 5,000, unless said."""
    said = entry.size("test")
    if said is None:
        said = recipe.value("test")
    if said is None:
        return max(1, min(5_000, rows // 20))
    return said if isinstance(said, int) else max(1, round(said * rows)) if said else 0
