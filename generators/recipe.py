"""A recipe: which tasks and sources are mixed, how many rows of each, and how they are written.

It is said in a TOML file, in an embedded one, or by the arguments of a command, and is one object whichever
it was. Nothing is opened here: generators.members makes tasks and sources of it.

    seed = 1
    tokens = "10M"              # or rows; of the training split
    tokenizer = "cl100k_base"
    [options]                   # of every task, unless it says otherwise
    style = "spaced"
    [[task]]
    name = "spellingbee"
    share = 0.8
    [[source]]
    name = "mine"
    path = "chats/*.jsonl"
    share = 0.2

>>> recipe = Recipe.of_tasks([("spellingbee", 80_000)]).given({"seed": 3}, {"style": "lines"})
>>> recipe.value("seed"), recipe.entries[0].name, recipe.entries[0].rows
(3, 'spellingbee', 80000)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generators.chattext import CHATS
from generators.dialects import DIALECTS, TOOL_TEXTS
from generators.located import Place, Said, wrong
from generators.mixture import ORDERS
from generators.names import find
from generators.recipekeys import Check, a_number, a_share_or_rows, amount, one_of, text, texts, whole

SPLITS = ("both", "train", "test")
SHARD = 50_000  # rows
REST = "rest"
KINDS = ("task", "source")

SETTINGS: dict[str, tuple[Any, Check]] = {  # of the whole recipe: what they are unless said, and a check
    "seed": (0, whole()),
    "split": ("both", one_of("split", SPLITS)),
    "test": (None, a_share_or_rows),
    "rows": (None, amount(least=1)),
    "tokens": (None, amount(least=1)),
    "tokenizer": (None, text),
    "pattern": (None, text),
    "control": ((), texts),
    "dialect": ("universal", one_of("dialect", DIALECTS)),
    "tool_text": ("none", one_of("tool text", TOOL_TEXTS)),
    "chat": ("plain", one_of("chat format", CHATS)),
    "shard_rows": (SHARD, amount(least=1)),
    "order": ("shuffle", one_of("order", ORDERS)),
}
SIZES: dict[str, Check] = {  # how much there is of a task or a source
    "rows": amount(least=0),
    "share": a_number(0, 1, REST),
    "epochs": a_number(0, 10_000),
    "test": a_share_or_rows,
}
TABLES = ("options", *KINDS)


@dataclass(frozen=True)
class Entry:
    """A task or a source of a recipe.

    Attributes:
        kind: "task" or "source".
        said: by key, what is said of it: its name, how much of it, and options.
        place: where it begins.
    """

    kind: str
    said: Mapping[str, Said]
    place: Place | None = None

    @property
    def name(self) -> str:
        """Its name; of a task also module:Class."""
        return str(self.said["name"].value)

    @property
    def options(self) -> dict[str, Said]:
        """What is said beside its name and size."""
        return {key: said for key, said in self.said.items() if key not in ("name", *SIZES)}

    @property
    def filled(self) -> bool:
        """Whether it says where its rows lie; the recipes that come with Hornbook leave that open."""
        return self.kind == "task" or bool("path" in self.said and self.said["path"].value)

    def size(self, key: str) -> Any:
        """Return how much there is of it, by a key of SIZES; None where that is not said."""
        return self.said[key].value if key in self.said else None

    @property
    def rows(self) -> int | None:
        """How many rows it has in the training split, if that is said."""
        return self.size("rows")

    def wrong(self, problem: object, key: str | None = None) -> ValueError:
        """Return an error that says where: of a key of it, or of all of it."""
        return wrong(self.said[key].place if key and key in self.said else self.place, problem)


@dataclass(frozen=True)
class Recipe:
    """What is to be made.

    Attributes:
        entries: tasks and sources, in order.
        settings: what is said of the whole, by a key of SETTINGS.
        options: of every task that has them.
        place: of the file.
    """

    entries: tuple[Entry, ...]
    settings: Mapping[str, Said] = field(default_factory=dict)
    options: Mapping[str, Said] = field(default_factory=dict)
    place: Place | None = None

    @classmethod
    def of_tasks(cls, tasks: Iterable[tuple[str, int]]) -> "Recipe":
        """Make a recipe of tasks alone: pairs of name and rows of the training split."""
        return cls(tuple(Entry("task", {"name": Said(name), "rows": Said(rows)}) for name, rows in tasks))

    @classmethod
    def of_table(cls, table: Mapping[str, Any], place: Place) -> "Recipe":
        """Make a recipe of a TOML file's data.

        Raises:
            RecipeError: a key or a value is wrong; says on which line, and what is allowed.
        """
        settings, options = {}, {}
        for key, value in table.items():
            if key == "options":
                for name, option in _table(value, place / key).items():
                    options[name] = Said(option, place / key / name)
            elif key not in (*KINDS, "extends"):
                settings[key] = _checked(key, value, place / key)
        # Tasks come before sources, whichever order they are written in: TOML keeps an order of each alone.
        entries = [
            entry
            for kind in KINDS
            for number, one in enumerate(_tables(table.get(kind, []), place / kind))
            for entry in [_entry(kind, one, place / kind / number)]
        ]
        return cls(tuple(entries), settings, options, place)

    @property
    def tasks(self) -> list[str]:
        """The names of its tasks."""
        return [entry.name for entry in self.entries if entry.kind == "task"]

    @property
    def sources(self) -> list[str]:
        """The names of its sources."""
        return [entry.name for entry in self.entries if entry.kind == "source"]

    @property
    def filled(self) -> "Recipe":
        """This recipe without the sources that nobody has said a path of."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry.filled))

    def value(self, key: str) -> Any:
        """Return a setting, or what it is unless said."""
        return self.settings[key].value if key in self.settings else SETTINGS[key][0]

    def wrong(self, problem: object, key: str = "") -> ValueError:
        """Return an error that says where: of a setting, or of the whole."""
        return self.settings[key].wrong(problem) if key in self.settings else wrong(self.place, problem)

    def over(self, base: "Recipe") -> "Recipe":
        """Return this recipe over one that it extends.

        What both say, this one says. A task or a source of the same name is the same one: the second of a
        name is the second. One that this recipe gives no rows (rows = 0) is left out.
        """
        mine = list(self.entries)
        entries = []
        for theirs in base.entries:
            same = (one for one in mine if (one.kind, one.name) == (theirs.kind, theirs.name))
            own = next(same, None)
            if own is None:
                entries.append(theirs)
            else:
                mine.remove(own)
                entries.append(Entry(own.kind, _over(own.said, theirs.said, _SIZES_OF_ONE), own.place))
        settings = _over(self.settings, base.settings, _TOTALS)
        return Recipe((*entries, *mine), settings, {**base.options, **self.options}, self.place)

    def given(
        self,
        settings: Mapping[str, Any],
        options: Mapping[str, Any] | None = None,
        paths: Mapping[str, str] | None = None,
    ) -> "Recipe":
        """Return this recipe with what is given on the command line in place of what it says.

        Args:
            settings: of the whole, by a key of SETTINGS.
            options: of every task; they hold for tasks that say otherwise too.
            paths: of sources, by name.

        Raises:
            RecipeError: a value is wrong, or there is no source of such a name.
        """
        over = {key: _checked(key, value, None) for key, value in settings.items()}
        given = {key: Said(value) for key, value in (options or {}).items()}
        for name in paths or {}:
            if not self.sources:
                raise wrong(self.place, f"it has no source, so no path can be given for {name!r}")
            find(name, self.sources, "source")
        entries = []
        for entry in self.entries:
            if entry.kind == "task":
                said = {key: value for key, value in entry.said.items() if key not in given}
            else:
                path = {"path": Said(paths[entry.name])} if paths and entry.name in paths else {}
                said = {**entry.said, **path}
            entries.append(replace(entry, said=said))
        return Recipe(
            tuple(entries), _over(over, self.settings, _TOTALS), {**self.options, **given}, self.place
        )


_TOTALS, _SIZES_OF_ONE = ("rows", "tokens"), ("rows", "share", "epochs")


def _over(own: Mapping[str, Said], base: Mapping[str, Said], alike: Sequence[str]) -> dict[str, Said]:
    """Put what is said over what was said; of keys that mean the same, one takes the place of all."""
    dropped = alike if any(key in own for key in alike) else ()
    return {**{key: said for key, said in base.items() if key not in dropped}, **own}


def _checked(key: str, value: Any, place: Place | None) -> Said:
    try:
        find(key, (*SETTINGS, *TABLES, "extends"), "key")
        return Said(SETTINGS[key][1](key, value), place)
    except ValueError as error:
        raise wrong(place, error) from None


def _entry(kind: str, table: Mapping[str, Any], place: Place) -> Entry:
    said = {}
    for key, value in table.items():
        try:
            check = text if key == "name" else SIZES.get(key, lambda key, value: value)
            said[key] = Said(check(key, value), place / key)
        except ValueError as error:
            raise wrong(place / key, error) from None
    if "name" not in said:
        raise wrong(place, f"a {kind} needs a name, as in name = {_EXAMPLES[kind]!r}")
    sizes = [key for key in said if key in _SIZES_OF_ONE]
    if len(sizes) > 1:
        raise wrong(place / sizes[1], f"{sizes[0]} and {sizes[1]} both say how much there is; say one")
    return Entry(kind, said, place)


_EXAMPLES = {"task": "spellingbee", "source": "mine"}


def _table(value: Any, place: Place) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong(place, f"{place.path[-1]} is {value!r}, and must be a table: [{place.path[-1]}]")
    return value


def _tables(value: Any, place: Place) -> Sequence[Mapping[str, Any]]:
    if not (isinstance(value, list) and all(isinstance(one, Mapping) for one in value)):
        raise wrong(place, f"{place.path[-1]} must be tables, each begun with [[{place.path[-1]}]]")
    return value
