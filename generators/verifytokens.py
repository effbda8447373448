"""What verify does with tokens: ids are read back, and what was counted is counted again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from generators.folder import FolderError
from generators.plaintokens import merged
from generators.readback import Read, Reader
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


@dataclass(frozen=True)
class Checked:
    """What was found of a row's tokens: how many there are, what is wrong, and the conversation they say."""

    count: int
    problems: Sequence[str] = ()
    read: Read | None = None


class TokenCheck:
    """Checks the tokens of rows, a batch at once: the tokenizer encodes each distinct text whole.

    Args:
        tokenizer: of the export.
        dialect: of the export.
    """

    def __init__(self, tokenizer: Tokenizer, dialect: str) -> None:
        self._tokenizer, self.ids = tokenizer, dialect == "tokens"

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._tokenizer.encoding, self._tokenizer.chat)

    def check(self, batch: pa.RecordBatch, rows: Sequence[Mapping[str, Any]]) -> list[Checked | Exception]:
        """Check a batch of which `rows` are the rows; an error where a row makes no sense."""
        if not self.ids:
            return self._counted(rows)
        found: list[Checked | Exception] = []
        counts = pc.list_value_length(batch["ids"]).to_pylist()
        for count, read in zip(counts, self._reader.read_batch(batch["ids"], batch["mask"]), strict=True):
            found.append(read if isinstance(read, EncodingError) else Checked(count, read.problems, read))
        return found

    def _counted(self, rows: Sequence[Mapping[str, Any]]) -> list[Checked | Exception]:
        """Count the tokens of rows again."""
        numbers: dict[str, int] = {}
        held: list[tuple[tuple[str, ...], list[int]] | Exception] = []
        for row in rows:
            try:
                kinds, texts = zip(*merged(_parts(row)), strict=True)
                held.append((kinds, [numbers.setdefault(text, len(numbers)) for text in texts]))
            except Exception as error:  # a row so wrong that nothing here understands it
                held.append(error)
        counts = list(map(len, self._tokenizer.encoding.encode_batch(list(numbers))))
        control = cache(self._tokenizer.layout.count)
        return [
            row if isinstance(row, Exception) else Checked(control(row[0]) + sum(counts[n] for n in row[1]))
            for row in held
        ]


def _parts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Read kinds and texts of the parts of a conversation out of messages and parts."""
    for number, (role, content) in enumerate(row["messages"]):
        yield role, "" if role == "assistant" else content
        for message, kind, text, _ in row["parts"]:
            if message == number:
                yield kind, text
