"""Recipes as files: found by path or, of those that come with Hornbook, by name; one may extend another."""

from functools import partial
from pathlib import Path
from typing import Any

from generators.described import FILES
from generators.located import Place, RecipeError, Said, read_toml, wrong
from generators.names import find
from generators.recipe import Entry, Recipe

FOLDER = Path(__file__).parent / "recipes"
PATHS = ("path", "against", "cache")  # options of sources that name files


def embedded() -> dict[str, str]:
    """Return the recipes that come with Hornbook, by name: each with the first line of its comment.

    >>> "midtrain" in embedded()
    True
    """
    paths = sorted(FOLDER.glob("*.toml"))
    return {path.stem: path.read_text("utf-8").partition("\n")[0].removeprefix("#").strip() for path in paths}


def open_recipe(name: str) -> Recipe:
    """Read a recipe.

    Args:
        name: a path, or the name of an embedded recipe.

    Raises:
        RecipeError: there is no such recipe, or it is wrong; says on which line.

    >>> [entry.name for entry in open_recipe("midtrain").entries][:2]
    ['spellingbee', 'simplespelling']
    """
    return _read(name, _find(name, Path(), None), ())


def _find(name: str, folder: Path, place: Place | None) -> Path:
    path = folder / name
    if path.is_file():
        return path
    try:
        known = embedded()
        if "/" in name or name.endswith(".toml"):
            raise ValueError(f"there is no recipe file {path}; the embedded ones are {', '.join(known)}")
        return FOLDER / f"{find(name, known, 'recipe')}.toml"
    except ValueError as error:
        raise wrong(place, error) from None


def _read(shown: str, path: Path, above: tuple[Path, ...]) -> Recipe:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise RecipeError(f"{shown} is not UTF-8, as TOML must be") from None
    except OSError as error:
        raise RecipeError(f"{shown} can't be read: {error.strerror}") from None
    text = text.replace("\r\n", "\n")
    table, place = read_toml(text, shown), Place(shown, text)
    recipe = _at_home(Recipe.of_table(table, place), path.parent if path.parent != FOLDER else Path())
    if "extends" not in table:
        return recipe
    said = Said(table["extends"], place / "extends")
    if not isinstance(said.value, str):
        raise said.wrong(f"extends is {said.value!r}, and must be a file or the name of an embedded recipe")
    base = _find(said.value, path.parent, said.place)
    chain = (*above, path.resolve())
    if base.resolve() in chain:
        names = " extends ".join(one.name for one in (*chain[chain.index(base.resolve()) :], base.resolve()))
        raise said.wrong(f"recipes go in a circle: {names}")
    folder = path.parent / said.value
    return recipe.over(_read(str(folder) if folder.is_file() else said.value, base, chain))


def _at_home(recipe: Recipe, folder: Path) -> Recipe:
    """Read paths as a person means them: from the folder of the file that says them."""
    near = partial(_near, folder)
    options = {key: near(said) if key in FILES else said for key, said in recipe.options.items()}
    settings = {
        key: near(said, must=False) if key == "tokenizer" else said for key, said in recipe.settings.items()
    }
    entries = tuple(
        Entry(
            entry.kind,
            {key: near(said) if key in (*FILES, *PATHS) else said for key, said in entry.said.items()},
            entry.place,
        )
        for entry in recipe.entries
    )
    return Recipe(entries, settings, options, recipe.place)


def _near(folder: Path, said: Said, must: bool = True) -> Said:
    """Return a path from a folder; of what may be a name too, only where a file is there."""

    def moved(value: Any) -> Any:
        if isinstance(value, list):
            return [moved(one) for one in value]
        if not isinstance(value, str) or not value or "://" in value:
            return value
        path = folder / Path(value).expanduser()
        return str(path) if must or path.exists() else value

    return Said(moved(said.value), said.place)
