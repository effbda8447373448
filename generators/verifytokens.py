"""What verify does with tokens: ids are read back, and what was counted is counted again."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from generators.folder import FolderError
from generators.plaintokens import Part, plain
from generators.readback import Reader
from tokenizer.chosen import Tokenizer
from tokenizer.encoding import EncodingError


def tokenizer_of(
    manifest: Mapping[str, Any], source: str | None = None, pattern: str | None = None
) -> "Tokenizer | str | None":
    """Open the tokenizer of an export.

    Args:
        manifest: of the folder.
        source: a name or path, as in open_encoding; None for the one that is recorded.
        pattern: the name of a `.tiktoken` file's split pattern, if there is no file beside it.

    Returns:
        The tokenizer; None where the export has no tokens; a sentence where it has their number alone, and
        the tokenizer that is recorded is not there.

    Raises:
        FolderError: the tokenizer that is named is another one, or none is named and the ids can't be read.
    """
    asked = manifest["asked"].get("tokenizer")
    if asked is None:
        if source is not None:
            raise FolderError(f"the rows have no tokens, so --tokenizer {source} has nothing to check")
        return None
    place = manifest.get("tokenizer", {}) if source is None else {"source": source, "pattern": pattern}
    control = [f"{role}={name}" for role, name in asked.get("control", {}).items()]
    shown = "the vocabulary that comes with Hornbook" if place.get("source") is None else place["source"]
    try:
        found = Tokenizer.opened(place.get("source"), place.get("pattern"), control)
        if found.fingerprint == asked["fingerprint"]:
            return found
        why = (
            f"{shown} is another one (fingerprint {found.fingerprint[:12]}, not {asked['fingerprint'][:12]})"
        )
    except EncodingError as error:
        why = str(error)
    problem = f"the tokens are those of {asked['name']} ({asked['fingerprint'][:12]}…), and {why}"
    if source is None and manifest["asked"]["dialect"] != "tokens":
        return problem
    raise FolderError(f"{problem}; give the right one with --tokenizer")


class TokenCheck:
    """Checks the tokens of rows.

    Args:
        tokenizer: of the export.
        dialect: of the export.
    """

    def __init__(self, tokenizer: Tokenizer, dialect: str) -> None:
        self._tokenizer, self._ids = tokenizer, dialect == "tokens"

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._tokenizer.encoding, self._tokenizer.chat)

    def check(self, row: dict[str, Any]) -> Iterator[str]:
        """Yield what is wrong with a row's tokens; one of the dialect tokens gets messages and parts."""
        if self._ids:
            ids, mask = row.pop("ids"), row.pop("mask")
            read, count = self._reader.read(ids, mask), len(ids)
            row["messages"], row["parts"] = read.messages, read.parts
            yield from read.problems
        else:
            rendered = plain(self._tokenizer.encoding, self._tokenizer.layout, _parts(row))
            count = sum(len(ids) for _, ids, _ in rendered)
        if row["tokens"] != count:
            yield f"it says {row['tokens']} tokens and has {count}"


def _parts(row: Mapping[str, Any]) -> Iterator[Part]:
    """Read the parts of a conversation out of messages and parts."""
    for number, (role, content) in enumerate(row["messages"]):
        yield role, [] if role == "assistant" else [(content, False)]
        for message, kind, text, train in row["parts"]:
            if message == number:
                yield kind, [(text, train)]
