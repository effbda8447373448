"""All of Hornbook's tasks, under a name that no other package has.

Inside a nanochat checkout of before July 2026 `tasks.spellingbee` is nanochat's own file; what is
imported from here is always Hornbook's.

>>> from tasks.hornbook import SpellingBee
>>> SpellingBee.__doc__
'Count a letter in a word.'
"""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.lettercounting import LetterCounting
    from tasks.spellingbee import SimpleSpelling, SpellingBee

__all__ = ["LetterCounting", "SimpleSpelling", "SpellingBee"]


def _own(skill: str) -> ModuleType:
    """Import the file beside this one, even where another package's module has its name."""
    path = Path(__file__).with_name(f"{skill}.py")
    found = find_spec(f"tasks.{skill}")
    if found and found.origin and Path(found.origin).resolve() == path.resolve():
        return import_module(found.name)
    spec = spec_from_file_location(f"tasks.hornbook.{skill}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be imported")
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    for item in vars(module).values():
        # Another process finds the class here, and nowhere else.
        if isinstance(item, type) and item.__module__ == spec.name:
            item.__module__ = __name__
    return module


for _skill in ("lettercounting", "spellingbee"):
    globals().update({name: item for name, item in vars(_own(_skill)).items() if name in __all__})
