"""Vocabularies of tiktoken: by name, and as a `.tiktoken` file with a JSON file beside it.

A line of a `.tiktoken` file is a token in base64, a space, its rank. It does not hold the split pattern:
`NAME.json` beside `NAME.tiktoken` does, as `pat_str`; it may hold `special_tokens` (name to id) and `name`.

>>> read_ranks(b"YQ== 0\\nYmM= 1\\n", "tiny.tiktoken")
{b'a': 0, b'bc': 1}

Run: python -m doctest tokenizer/tiktokenfile.py
"""

import binascii
import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizer.patterns import SplitPattern
from tokenizer.ranks import RankEncoding
from tokenizer.sources import EncodingError, is_id, read_bytes, read_json, split_pattern


def names() -> list[str]:
    """List the names that the installed tiktoken knows.

    >>> "cl100k_base" in names()
    True
    """
    import tiktoken

    return tiktoken.list_encoding_names()


def open_name(name: str) -> RankEncoding:
    """Open a vocabulary that tiktoken knows by name; tiktoken downloads it once, then keeps it.

    Raises EncodingError for an unknown name, with the nearest known one, and where neither network nor
    cache has it.
    """
    import tiktoken.registry

    known = names()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        raise EncodingError(
            f"no file and no tiktoken encoding is named {name!r}; the nearest is {nearest!r}; "
            f"there are {', '.join(known)}"
        )
    constructors = tiktoken.registry.ENCODING_CONSTRUCTORS or {}  # get_encoding would keep a second one of it
    try:
        found = constructors[name]()
    except Exception as error:
        raise EncodingError(
            f"{name} is not on this machine and could not be downloaded ({type(error).__name__}): open it "
            "once with network, or set TIKTOKEN_CACHE_DIR to a folder of a machine that has it"
        ) from error
    source = f"tiktoken {tiktoken.__version__}, {name}"
    return RankEncoding(
        name, found["mergeable_ranks"], split_pattern((found["pat_str"],), source), found["special_tokens"]
    )


def open_tiktoken(path: Path, pattern: SplitPattern | None = None) -> RankEncoding:
    """Open a `.tiktoken` file with the pattern given, or else with the one in the JSON file beside it.

    Raises EncodingError where either is broken, or there is no pattern.
    """
    ranks = read_ranks(read_bytes(path), str(path))
    beside = path.with_suffix(".json")
    facts: dict[str, Any] = read_json(beside) if beside.exists() else {}
    if pattern is None:
        pat_str = facts.get("pat_str")
        if not isinstance(pat_str, str):
            where = f"{beside} has no pat_str" if facts else f"there is no {beside}"
            raise EncodingError(
                f"{path} does not hold its split pattern, and {where}; name one, or write it there as pat_str"
            )
        pattern = split_pattern((pat_str,), str(beside))
    special = facts.get("special_tokens", {})
    if not isinstance(special, dict) or not all(map(is_id, special.values())):
        raise EncodingError(f"special_tokens of {beside} is {special!r:.80}; names with their ids are wanted")
    name = facts.get("name")
    # What a terminal would obey stays in the file.
    named = isinstance(name, str) and name.isprintable() and name.strip()
    return RankEncoding(str(name) if named else path.stem, ranks, pattern, special)


def read_ranks(data: bytes, source: str) -> dict[bytes, int]:
    """Read the lines of a `.tiktoken` file: token bytes to rank.

    Raises EncodingError that gives the number of the first bad line.

    >>> read_ranks(b"YQ== 0\\nYQ= 1\\n", "tiny.tiktoken")
    Traceback (most recent call last):
    tokenizer.sources.EncodingError: line 2 of tiny.tiktoken holds b'YQ='; base64 is wanted
    """
    ranks: dict[bytes, int] = {}
    lines: dict[int, int] = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or not words[1].isdigit() or len(words[1]) > 10:
            raise EncodingError(
                f"line {number} of {source} is {line[:80]!r}; a base64 token and a rank are wanted"
            )
        try:
            token = binascii.a2b_base64(words[0], strict_mode=True)
        except ValueError:
            problem = f"line {number} of {source} holds {words[0][:80]!r}; base64 is wanted"
            raise EncodingError(problem) from None
        rank = int(words[1])
        if token in ranks:
            raise EncodingError(f"line {number} of {source} repeats the token {token!r}, which has a rank")
        if rank in lines:
            raise EncodingError(f"line {number} of {source} repeats the rank {rank} of line {lines[rank]}")
        ranks[token], lines[rank] = rank, number
    if not ranks:
        raise EncodingError(f"{source} has no line with a token and a rank")
    return ranks


def save(encoding: RankEncoding, path: Path, source: str, facts: Mapping[str, Any] | None = None) -> None:
    """Write a vocabulary as a `.tiktoken` file, and beside it JSON with pattern and special tokens.

    Args:
        encoding: what to write.
        path: ends in `.tiktoken`; files of that name are replaced.
        source: one line for the JSON: what it was made from.
        facts: more for the JSON.

    Raises EncodingError where the path ends otherwise or cannot be written.
    """
    if path.suffix != ".tiktoken":
        raise EncodingError(f"{path} does not end in .tiktoken, the form that vocabularies are saved in")
    encoded = ((binascii.b2a_base64(token, newline=False), id) for id, token in encoding.vocabulary())
    lines = [b"%s %d\n" % line for line in encoded]
    beside = {
        "kind": "tiktoken",
        "name": encoding.name,
        "pat_str": encoding.pat_str,
        "n": len(lines),
        "special_tokens": encoding.special_tokens,
        "source": source,
        **(facts or {}),
    }
    text = json.dumps(beside, indent=1, ensure_ascii=False) + "\n"
    files = {path.with_suffix(".json"): text.encode(), path: b"".join(lines)}
    partial = {target: target.with_name(f"{target.name}.tmp") for target in files}
    try:
        for target, data in files.items():
            partial[target].write_bytes(data)
        # The vocabulary goes first and comes last: where it stands, the pattern beside it is its own.
        path.unlink(missing_ok=True)
        for target in files:
            os.replace(partial[target], target)
    except OSError as error:
        raise EncodingError(f"cannot write {path}: {error.strerror}") from error
    finally:
        for file in partial.values():
            file.unlink(missing_ok=True)
