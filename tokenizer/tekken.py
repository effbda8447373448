"""Mistral's tekken.json: a byte-level vocabulary with its pattern, special tokens first.

Ids: 0 to `default_num_special_tokens` - 1 are special, then come the tokens by rank, cut to
`default_vocab_size` ids in all (the file holds more). Special tokens that it does not name are called
`<SPECIAL_17>`. Files before version 7 name none at all; those of `_BEFORE_V7` were built in.
Source: mistralai/mistral-common, tokens/tokenizers/tekken.py.
"""

import binascii
from pathlib import Path
from typing import Any

from tokenizer.ranks import RankEncoding
from tokenizer.sources import EncodingError, is_id, split_pattern

_BEFORE_V7 = (  # noqa: SIM905 (twenty quoted strings read no better)
    "<unk> <s> </s> [INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS] "
    "[TOOL_CALLS] [IMG] <pad> [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [SYSTEM_PROMPT] "
    "[/SYSTEM_PROMPT] [TOOL_CONTENT]"
).split()


def is_tekken(data: dict[str, Any]) -> bool:
    """Whether a JSON object has the layout of tekken.json.

    >>> is_tekken({"config": {"pattern": "."}, "vocab": []}), is_tekken({"model": {"type": "BPE"}})
    (True, False)
    """
    return isinstance(data.get("config"), dict) and isinstance(data.get("vocab"), list)


def read_tekken(data: dict[str, Any], path: Path) -> RankEncoding:
    """Open the contents of a tekken.json.

    Raises EncodingError where a field is missing or of another type, and as `RankEncoding` does.
    """
    config = data["config"]
    pattern, size, first = (
        config.get(field) for field in ("pattern", "default_vocab_size", "default_num_special_tokens")
    )
    if not isinstance(pattern, str) or not is_id(size) or not is_id(first) or not 0 <= first < size:
        raise EncodingError(
            f"config of {path} needs a pattern, a default_vocab_size and fewer default_num_special_tokens; "
            f"it has {pattern!r:.40}, {size!r}, {first!r}"
        )
    ranks: dict[bytes, int] = {}
    for number, entry in enumerate(data["vocab"][: size - first]):
        token, rank = _token(entry, f"vocab entry {number} of {path}")
        if rank != number:
            raise EncodingError(f"vocab entry {number} of {path} has the rank {rank}; ranks count up from 0")
        if token in ranks:
            raise EncodingError(f"vocab entry {number} of {path} repeats the token {token!r}")
        ranks[token] = first + rank
    special = _special(data.get("special_tokens"), first, path)
    return RankEncoding(path.stem, ranks, split_pattern((pattern,), str(path)), special)


def _token(entry: object, where: str) -> tuple[bytes, int]:
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
    encoded, rank = fields.get("token_bytes"), fields.get("rank")
    if not isinstance(encoded, str) or not isinstance(rank, int):
        raise EncodingError(f"{where} is {entry!r:.80}; token_bytes in base64 and a rank are wanted")
    try:
        return binascii.a2b_base64(encoded, strict_mode=True), rank
    except ValueError:
        raise EncodingError(f"{where} holds token_bytes {encoded[:80]!r}; base64 is wanted") from None


def _special(entries: Any, count: int, path: Path) -> dict[str, int]:
    names = [f"<SPECIAL_{id}>" for id in range(count)]
    if entries is None:
        names[: len(_BEFORE_V7)] = _BEFORE_V7[:count]
    elif not isinstance(entries, list):
        raise EncodingError(f"special_tokens of {path} is a {type(entries).__name__}; a list is wanted")
    else:
        for entry in entries:
            fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
            name, id = fields.get("token_str"), fields.get("rank")
            if not isinstance(name, str) or not isinstance(id, int) or not 0 <= id < count:
                raise EncodingError(
                    f"{path} has the special token {entry!r:.60}; token_str and rank < {count} are wanted"
                )
            names[id] = name
    special = {name: id for id, name in enumerate(names)}
    if len(special) != count:
        raise EncodingError(f"{path} names {count - len(special)} special tokens twice")
    return special
