r"""What the formats of vocabularies share: clear errors, files, split patterns by name, fingerprints.

>>> split_pattern((r"\s+|\S+",), "made up").name
'custom'
>>> fingerprint(split_pattern(("a|b",), "here"), [(0, b"a")], {}) == fingerprint(
...     split_pattern(("a|b",), "there"), [(0, b"a")], {})
True

Run: python -m doctest tokenizer/sources.py
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import Any

from regex import error as RegexError

from tokenizer.patterns import NAMES, SplitPattern, pattern

MAX_BYTES = 256 * 2**20
"""The largest file that is read. The largest known tokenizer.json, Gemma 3's, has 33 MB."""

MAX_ID = 2**31 - 1
"""The largest id: ids are written as int32."""


SETS = "(?V1)"
"""What the `regex` library needs to read && in a set as tiktoken and Oniguruma do: as an intersection."""


class EncodingError(ValueError):
    """A vocabulary that cannot be opened, trained or used, said in one sentence."""


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises EncodingError where it is missing, a folder, empty, unreadable or larger than `MAX_BYTES`.

    >>> read_bytes(Path("/no/such.tiktoken"))
    Traceback (most recent call last):
    tokenizer.sources.EncodingError: there is no file /no/such.tiktoken
    """
    try:
        if path.is_dir():
            known = ("*.tiktoken", "*.pkl", "tokenizer.json", "tekken.json")
            inside = sorted(file.name for glob in known for file in path.glob(glob))
            hint = f"name one of these in it: {', '.join(inside)}" if inside else "name a vocabulary's file"
            raise EncodingError(f"{path} is a folder; {hint}")
        found = path.stat()
        if not S_ISREG(found.st_mode):  # a pipe would be waited for, and a device has no end
            raise EncodingError(f"{path} is a pipe or a device; give a file")
        if (size := found.st_size) > MAX_BYTES:
            raise EncodingError(f"{path} has {size:,} bytes; at most {MAX_BYTES:,} are read")
        data = path.read_bytes()
    except FileNotFoundError:
        raise EncodingError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        if isinstance(error, EncodingError):
            raise
        raise EncodingError(f"cannot read {path}: {_sentence(error)}") from error
    if not data:
        raise EncodingError(f"{path} is empty")
    return data


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Raises EncodingError as `read_bytes` does, and where it holds anything else.
    """
    try:
        data = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, EncodingError):
            raise
        raise EncodingError(f"{path} is not JSON: {_sentence(error)}") from error
    if not isinstance(data, dict):
        raise EncodingError(f"{path} holds a JSON {type(data).__name__}; an object {{…}} is wanted")
    return data


@contextmanager
def refused(what: str) -> Iterator[None]:
    """Turn whatever a library raises into EncodingError(what + its first sentence)."""
    try:
        yield
    except EncodingError:
        raise
    except BaseException as error:
        # pyo3's PanicException is no Exception, and no module offers it by name
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise EncodingError(f"{what}: {_sentence(error)}") from error
        raise


def is_id(value: object) -> bool:
    """Whether a value read from a file can be a token's id.

    >>> [is_id(value) for value in (0, 65526, -1, True, "7", 2**31)]
    [True, True, False, False, False, False]
    """
    return type(value) is int and 0 <= value <= MAX_ID


def split_pattern(stages: tuple[str, ...], source: str) -> SplitPattern:
    r"""Name a pattern: the one of `tokenizer.patterns` with these stages, else "custom" with this source.

    GPT-2's pattern is found in its older spellings too, which cut alike; `SETS` is put before a custom one
    that needs it.

    Raises EncodingError where a stage is not a regular expression.

    >>> old = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    >>> split_pattern((old,), "transformers").name
    'gpt2'
    """
    stages = tuple(_SPELLINGS.get(stage, stage) for stage in stages)
    stages = tuple(f"{SETS}{stage}" if "&&" in stage and SETS not in stage else stage for stage in stages)
    for known in map(pattern, NAMES):
        if known.stages == stages:
            return known
    custom = SplitPattern("custom", stages[0], source, stages[1:])
    try:
        custom.compiled  # noqa: B018 (compiles now what would fail later)
    except (RegexError, ValueError, RecursionError, OverflowError) as error:
        raise EncodingError(f"the split pattern of {source} does not compile: {_sentence(error)}") from error
    return custom


_SPELLINGS = {
    letters + r"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+": pattern("gpt2").regex
    for letters in ("'s|'t|'re|'ve|'m|'ll|'d", "'(?:[sdmt]|ll|ve|re)")
}


def fingerprint(
    pattern: SplitPattern | None,
    tokens: Iterable[tuple[int, bytes]],
    special: Mapping[str, int],
    more: str = "",
) -> str:
    """Hash what decides ids: pattern, ordinary tokens, special tokens, and `more` of what a format adds.

    Args:
        pattern: how text is cut.
        tokens: id and bytes of each, by rising id.
        special: names to ids, in any order.
        more: what else a format has.

    Returns 64 hexadecimal digits, the same wherever all that was read.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps([pattern.stages if pattern else None, sorted(special.items()), more]).encode())
    digest.update(b"".join([b"\n%d %d %b" % (id, len(token), token) for id, token in tokens]))
    return digest.hexdigest()


def _sentence(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
