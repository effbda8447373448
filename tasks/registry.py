"""Finding tasks by name, without importing what was not asked for.

Ours are the classes of the files beside this one, read as text: other packages have a `tasks` folder too
(nanochat's imports torch), and listing tasks must not run their code. Others come from the entry-point
group `hornbook.tasks`, or are named as `path.to.module:Class`.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from generators.names import find
from tasks.base import Task

GROUP = "hornbook.tasks"
HERE = Path(__file__).parent
ROWS = 10_000  # unless the command line says
MOST = 10**12  # rows that can be asked for
OWN = ("ask", "sentences")  # options that not every task takes


class TaskError(Exception):
    """A task can't be found or imported; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A task that there is.

    Attributes:
        name: as on the command line.
        target: module:Class.
        doc: the first line of its docstring, where it can be read without running code.
        ours: it is in a file beside this one.
    """

    name: str
    target: str
    doc: str
    ours: bool = False


def entries() -> dict[str, Entry]:
    """Return the tasks that can be named, ours first.

    Raises:
        TaskError: a file beside this one is no Python.
    """
    found = {}
    for path in sorted(HERE.glob("*.py")):
        try:
            body = ast.parse(path.read_bytes()).body
        except (SyntaxError, ValueError) as error:
            raise TaskError(f"{path} is no Python: {error}") from None
        for node in body:
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Task" for base in node.bases):
                name = next((value for key, value in _strings(node) if key == "name"), node.name.lower())
                doc = (ast.get_docstring(node) or "").partition("\n")[0]
                found[name] = Entry(name, f"tasks.{path.stem}:{node.name}", doc, ours=True)
    for point in entry_points(group=GROUP):
        from_package = f"from {point.dist.name}" if point.dist else ""
        found.setdefault(point.name, Entry(point.name, point.value, from_package))
    return found


def ours() -> list[str]:
    """Return the names of the tasks beside this file."""
    return [entry.name for entry in entries().values() if entry.ours]


def _strings(node: ast.ClassDef) -> list[tuple[str, str]]:
    return [
        (target.id, line.value.value)
        for line in node.body
        if isinstance(line, ast.Assign)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
        for target in line.targets
        if isinstance(target, ast.Name)
    ]


def task_class(name: str) -> type[Task]:
    """Return the class of a task.

    Args:
        name: of one of `entries`, or `path.to.module:Class`; a module is looked for in the current
            folder too.

    Raises:
        TaskError: there is none of that name, or it can't be imported, or is no task.
    """
    if ":" not in name:
        known = entries()
        try:
            target = known[find(name, known, "task")].target
        except ValueError as error:
            raise TaskError(f"{error}; or name a class of your own as path.to.module:Class") from None
    else:
        target = name
    module_name, _, class_name = target.partition(":")
    own = HERE / f"{module_name.removeprefix('tasks.')}.py"
    try:
        if module_name.startswith("tasks.") and own.is_file():
            module = own_module(own.stem)
        else:
            if "" not in sys.path and str(Path.cwd()) not in sys.path:
                sys.path.append(str(Path.cwd()))
            module = import_module(module_name)
    except (Exception, SystemExit) as error:
        raise TaskError(f"{module_name} can't be imported: {type(error).__name__}: {error}") from None
    found: Any = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, Task)):
        there = [
            n
            for n, c in vars(module).items()
            if isinstance(c, type) and issubclass(c, Task) and c is not Task
        ]
        has = f"its tasks are: {', '.join(there)}" if there else "it has no task"
        raise TaskError(f"{module_name} has no task {class_name!r}; {has}")
    return found


def own_module(skill: str) -> ModuleType:
    """Import a file of this folder, even where another package's module has its name."""
    path = HERE / f"{skill}.py"
    found = find_spec(f"tasks.{skill}")
    if found and found.origin and Path(found.origin).resolve() == path.resolve():
        return import_module(found.name)
    name = f"tasks.hornbook_{skill}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be imported")
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    for item in vars(module).values():
        # Another process finds the class in tasks.hornbook, and nowhere else.
        if isinstance(item, type) and item.__module__ == name:
            item.__module__ = "tasks.hornbook"
    return module


def named(argument: str) -> tuple[str, int]:
    """Read TASK[:ROWS] as the name of a task and its rows; whether there is such a task is not looked at.

    Raises:
        TaskError: see entries.
        ValueError: ROWS is no positive number, or too many.

    >>> named("spellingbee:80000"), named("mine:Mine")
    (('spellingbee', 80000), ('mine:Mine', 10000))
    """
    name, colon, rows = argument.rpartition(":")
    if not colon or (rows.isidentifier() and ":" not in name and name not in entries()):
        name, rows = argument, str(ROWS)
    try:
        number = int(rows.replace(",", ""))
    except ValueError:
        number = 0
    if not 1 <= number <= MOST:
        raise ValueError(
            f"{argument!r} asks for {rows!r} rows; write a number from 1 to {MOST:,}, such as {name}:80000"
        )
    return name, number


def parse(argument: str) -> tuple[type[Task], int]:
    """Read TASK[:ROWS] as a class and its rows.

    Raises:
        TaskError, ValueError: see task_class and named.

    >>> parse("spellingbee:80000")
    (<class 'tasks.spellingbee.SpellingBee'>, 80000)
    """
    name, rows = named(argument)
    return task_class(name), rows


def folder_of(data: Sequence[str]) -> Path | None:
    """Return the folder that is to be read, None where data are tasks.

    Raises:
        ValueError: the folder is not there, or something stands beside it.

    >>> folder_of(["spellingbee:80000", "simplespelling"])
    """
    folders = [name for name in data if Path(name).is_dir() or "/" in name]
    if not folders:
        return None
    if not Path(folders[0]).is_dir():
        raise ValueError(f"there is no folder {folders[0]}")
    if len(data) > 1:
        raise ValueError(
            f"{folders[0]} is a folder, and {len(data)} things are named; a folder is read alone"
        )
    return Path(folders[0])


def refuse_cover(classes: Sequence[type[Task]], split: str) -> None:
    """Refuse to cover a tokenizer where no task, or no split, would.

    Raises:
        ValueError: none of the tasks can, or there is no training split.
    """
    if split == "test":
        raise ValueError("a tokenizer is covered in the training split alone, and the split is 'test'")
    if not any(cls.covers for cls in classes):
        able = sorted(name for name in entries() if task_class(name).covers)
        asked = ", ".join(dict.fromkeys(cls.name for cls in classes))
        raise ValueError(f"{asked} can't cover a tokenizer; ask for rows of {' or '.join(able)} too")


def options_of(cls: type[Task], options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of several tasks that one of them takes.

    Working is for tasks that have several kinds, an option of OWN for those that name it; None is as if it
    had not been given.
    """
    return {
        name: value
        for name, value in options.items()
        if (name != "working" or shows_more_or_less(cls))
        and (name not in OWN or (value is not None and takes(cls, name)))
    }


def takes(cls: type[Task], name: str) -> bool:
    """Say whether a task names an option of its own."""
    return name in inspect.signature(cls.__init__).parameters


def refuse_own(classes: Sequence[type[Task]], options: Mapping[str, Any]) -> None:
    """Refuse an option of OWN that no task takes.

    Raises:
        ValueError: one was given.
    """
    for name in OWN:
        if options.get(name) is not None and not any(takes(cls, name) for cls in classes):
            able = sorted(entry for entry in entries() if takes(task_class(entry), name))
            asked = ", ".join(dict.fromkeys(cls.name for cls in classes))
            raise ValueError(f"{asked} takes no {name}; ask for rows of {' or '.join(able)} too")


def shows_more_or_less(cls: type[Task]) -> bool:
    """Say whether a task has several kinds of working."""
    return len(cls.workings) > 1


def refuse_working(classes: Sequence[type[Task]], working: str) -> None:
    """Refuse a choice of working where no task has one.

    Raises:
        ValueError: the answers of all tasks have one form.
    """
    if working != "full" and not any(map(shows_more_or_less, classes)):
        able = sorted(name for name in entries() if shows_more_or_less(task_class(name)))
        asked = ", ".join(dict.fromkeys(cls.name for cls in classes))
        raise ValueError(f"{asked} can't show more or less working; ask for rows of {' or '.join(able)} too")


def checks(classes: Sequence[str]) -> dict[str, Callable[[Mapping[str, Any]], Iterator[str]]]:
    """Return what checks the rows of our tasks, by name, and of the classes that are named."""
    ours = [entry.target for entry in entries().values() if entry.ours]
    return {cls.name: cls(1).check for cls in map(task_class, [*ours, *classes])}
