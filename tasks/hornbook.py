"""All of Hornbook's tasks, under a name that no other package has.

Inside a nanochat checkout of before July 2026 `tasks.spellingbee` is nanochat's own file; what is
imported from here is always Hornbook's.

>>> from tasks.hornbook import SpellingBee
>>> SpellingBee.__doc__
'Count a letter in a word.'
"""

from typing import TYPE_CHECKING

from tasks.registry import entries, own_module

if TYPE_CHECKING:
    from tasks.lettercounting import LetterCounting as LetterCounting
    from tasks.recall import Recall as Recall
    from tasks.spellingbee import SimpleSpelling as SimpleSpelling
    from tasks.spellingbee import SpellingBee as SpellingBee

for _entry in entries().values():
    if _entry.ours:
        _module, _, _class = _entry.target.partition(":")
        globals()[_class] = getattr(own_module(_module.removeprefix("tasks.")), _class)
