r"""How a tokenizer.json rewrites and cuts text before merging.

>>> split = {"type": "Split", "pattern": {"Regex": r"\s+|\S+"}, "behavior": "Isolated", "invert": False}
>>> level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
>>> data = {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]}}
>>> cut_by(data, [], "tokenizer.json").regex, is_byte_level(data), puts_space(data)
('\\s+|\\S+', True, False)

Run: python -m doctest tokenizer/pretokenizer.py
"""

from collections.abc import Sequence
from typing import Any

from regex import escape

from tokenizer.patterns import SplitPattern, pattern
from tokenizer.sources import EncodingError, split_pattern

_LISTS = ("normalizers", "pretokenizers", "decoders")


def cut_by(data: dict[str, Any], kept: Sequence[dict[str, Any]], where: str) -> SplitPattern | None:
    """Find the split pattern of a tokenizer.json.

    Args:
        data: its contents.
        kept: added tokens that are taken out of ordinary text; they cut before all else.
        where: its path.

    Returns None where regular expressions alone do not say how it cuts, or the text is rewritten before,
    other than to NFC.
    """
    rewrites = [step.get("type") for step in _steps(data.get("normalizer"))]
    if any(kind != "NFC" for kind in rewrites):
        return None
    stages: list[str] = []
    if kept:
        if rewrites or any(token.get(rule) for token in kept for rule in ("lstrip", "rstrip", "single_word")):
            return None
        contents = sorted((token["content"] for token in kept), key=len, reverse=True)
        stages.append("|".join(map(escape, contents)))
    mapped = False  # to GPT-2's characters for bytes; no pattern is published for these
    for step in _steps(data.get("pre_tokenizer")):
        stage = _stage(step)
        if stage is None or (stage and mapped):
            return None
        stages += filter(None, [stage])
        mapped = mapped or step.get("type") == "ByteLevel"
    if len(stages) == bool(kept):
        return None
    try:
        return split_pattern(tuple(stages), where)
    except EncodingError:
        return None  # Oniguruma knows more than the regex library


def _stage(step: dict[str, Any]) -> str | None:
    """Return what one step cuts by: "" if it does not cut, None if no regular expression says it."""
    kind = step.get("type")
    if kind == "ByteLevel":
        return pattern("gpt2").regex if step.get("use_regex", True) else ""
    if kind == "Digits":
        return r"\p{N}" if step.get("individual_digits") else r"\p{N}+"
    if kind == "Split":
        found = step.get("pattern")
        regex = found.get("Regex") if isinstance(found, dict) else None
        inverted = step.get("behavior") == "Removed" and step.get("invert") is True  # keeps what it matches
        if isinstance(regex, str) and (step.get("behavior") == "Isolated" or inverted):
            return regex
    return None


def is_byte_level(data: dict[str, Any]) -> bool:
    """Whether tokens are written in GPT-2's characters for bytes."""
    parts = ("normalizer", "pre_tokenizer", "decoder")
    return any(step.get("type") == "ByteLevel" for part in parts for step in _steps(data.get(part)))


def puts_space(data: dict[str, Any]) -> bool:
    """Whether a space is put before a text, or before each of its pre-tokens."""
    steps = _steps(data.get("normalizer")) + _steps(data.get("pre_tokenizer"))
    return any(step.get("type") == "Prepend" or _prefixes(step) for step in steps)


def takes_space(data: dict[str, Any]) -> bool:
    """Whether decoding takes a leading space away again."""
    steps = _steps(data.get("decoder"))
    return any(
        (step.get("type") == "Strip" and step.get("start"))
        or (step.get("type") == "Metaspace" and _prefixes(step))
        for step in steps
    )


def writes_spaces(data: dict[str, Any]) -> bool:
    """Whether U+2581 stands for a space in tokens, as in SentencePiece."""
    parts = ("normalizer", "pre_tokenizer", "decoder")
    return any(
        step.get("type") == "Metaspace" or (step.get("type") == "Replace" and "\u2581" in step.values())
        for part in parts
        for step in _steps(data.get(part))
    ) or any(step.get("content") == "\u2581" for step in _steps(data.get("normalizer")))


def _prefixes(step: dict[str, Any]) -> bool:
    if step.get("type") not in ("Metaspace", "ByteLevel"):
        return False
    scheme = step.get("prepend_scheme")
    return scheme != "never" if isinstance(scheme, str) else step.get("add_prefix_space", True) is not False


def _steps(part: Any) -> list[dict[str, Any]]:
    """List the steps of a part, those of a Sequence one by one."""
    if not isinstance(part, dict):
        return []
    inner = next((part[name] for name in _LISTS if isinstance(part.get(name), list)), None)
    return [part] if inner is None else [step for item in inner for step in _steps(item)]
