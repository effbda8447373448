"""A tokenizer that somebody chose: a few strings, from which any process opens the same one, once.

>>> chosen = Tokenizer.opened()
>>> chosen.encoding.name, len(chosen.chat.ids), chosen.described()["name"]
('hornbook_8k', 9, 'hornbook_8k')
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePath
from typing import Any

from tokenizer.chat import ROLES, ChatTokens, named
from tokenizer.encoding import Encoding, EncodingError, open_encoding


@dataclass(frozen=True)
class Tokenizer:
    """How to open a tokenizer, and which control tokens to use; make one with `opened`.

    Attributes:
        source: a name or path, as in open_encoding; None for the vocabulary that comes with Hornbook.
        pattern: the name of its split pattern, where its file has none.
        control: names of control tokens by role, where they are not nanochat's.
        fingerprint: of the encoding; what is opened later under the same name must have it too.
    """

    source: str | None = None
    pattern: str | None = None
    control: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""

    @classmethod
    def opened(
        cls,
        source: "str | os.PathLike[str] | None" = None,
        pattern: str | None = None,
        control: Iterable[str] = (),
    ) -> "Tokenizer":
        """Open a tokenizer.

        Args:
            source: a name or path, as in open_encoding.
            pattern: the name of the split pattern of a `.tiktoken` file that has none beside it.
            control: "role=name" for each control token that is not named as nanochat names it.

        Raises:
            EncodingError: it can't be opened, or `control` names no role.
        """
        source = None if source is None else os.fspath(source)
        fingerprint = _opened(source, pattern).fingerprint
        return cls(source, pattern, tuple(named(control).items()), fingerprint)

    @cached_property
    def encoding(self) -> Encoding:
        """The encoding, opened once in a process.

        Raises:
            EncodingError: it can't be opened, or it is another one by now.
        """
        found = _opened(self.source, self.pattern)
        if self.fingerprint and found.fingerprint != self.fingerprint:
            raise EncodingError(
                f"{self.source} is another tokenizer by now: its fingerprint is {found.fingerprint[:12]}, "
                f"and was {self.fingerprint[:12]}"
            )
        return found

    @property
    def chat(self) -> ChatTokens:
        """Its control tokens.

        Raises:
            EncodingError: it lacks some; lists them.
        """
        return ChatTokens.of(self.encoding, dict(self.control))

    @property
    def layout(self) -> ChatTokens:
        """Stand-ins for control tokens, to count with: how many there are never depends on which."""
        return ChatTokens(dict.fromkeys(ROLES, 0))

    def described(self) -> dict[str, Any]:
        """Return what decides ids, wherever the tokenizer lies: name, fingerprint, control tokens."""
        name = PurePath(self.encoding.name).name
        return {"name": name, "fingerprint": self.encoding.fingerprint, "control": dict(self.control)}

    def __reduce__(self) -> Any:
        return type(self), (self.source, self.pattern, self.control, self.fingerprint)


def _opened(source: str | None, pattern: str | None) -> Encoding:
    # A file that was replaced or removed meanwhile is another one.
    with suppress(OSError):
        found = os.stat(source or "")
        return _kept(source, pattern, (found.st_mtime_ns, found.st_size, found.st_ino))
    return _kept(source, pattern, None)


@lru_cache(maxsize=4)
def _kept(source: str | None, pattern: str | None, state: tuple[int, int, int] | None) -> Encoding:
    return open_encoding(source, pattern)
