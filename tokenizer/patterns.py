r"""Split patterns, as tokenizers publish them.

A tokenizer first cuts a text into pre-tokens with its split pattern; no merge ever crosses their edges.
So what a split pattern does holds for every vocabulary trained with it, and no vocabulary is needed here.

>>> pretokens(pattern("nanochat"), "the word 'pollocks'.")
['the', ' word', " '", 'pollocks', "'."]
>>> pretokens(pattern("gpt2"), "p,o,l"), pretokens(pattern("cl100k"), "p,o,l")
(['p', ',', 'o', ',', 'l'], ['p', ',o', ',l'])

Run: python -m doctest tokenizer/patterns.py
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from regex import Pattern
from regex import compile as compile_regex


@dataclass(frozen=True)
class SplitPattern:
    r"""A split pattern: its name, its regular expression, and where that was published.

    `then` holds further regular expressions for tokenizers that split in stages (DeepSeek): each cuts
    every piece that the stages before it left, and sees nothing of the text beyond that piece.
    Two patterns that differ only in name and source cut alike; proofs go by `stages`, never by name.

    >>> SplitPattern("digits", r"\d+|\D+", "made up").stages
    ('\\d+|\\D+',)
    """

    name: str
    regex: str
    source: str
    then: tuple[str, ...] = ()

    @property
    def stages(self) -> tuple[str, ...]:
        """The regular expressions in the order in which they cut; one, except for DeepSeek."""
        return (self.regex, *self.then)

    @cached_property
    def compiled(self) -> tuple[Pattern[str], ...]:
        """The stages, compiled once with the `regex` library.

        Raises regex.error where a stage is not a regular expression.
        """
        return tuple(compile_regex(stage) for stage in self.stages)


# tiktoken writes these with possessive quantifiers and `\s++$` for speed; the pre-tokens are the same.
_TIKTOKEN = "tiktoken, tiktoken_ext/openai_public.py"

_WORD_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_WORD_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CASED_WORD = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_WORD_UPPER}*{_WORD_LOWER}+",
    rf"[^\r\n\p{{L}}\p{{N}}]?{_WORD_UPPER}+{_WORD_LOWER}*",
)
_SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_CASED_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_LLAMA_WORD = _SUFFIX + r"|[^\r\n\p{L}\p{N}]?\p{L}+|"
_LLAMA_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

_PATTERNS = {
    known.name: known
    for known in (
        SplitPattern(
            "gpt2",
            r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
            f"{_TIKTOKEN}: gpt2, r50k_base and p50k_base",
        ),
        SplitPattern(
            "cl100k",
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
            r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
            f"{_TIKTOKEN}: cl100k_base",
        ),
        SplitPattern(
            "o200k",
            "|".join(word + _SUFFIX + "?" for word in _CASED_WORD) + r"|\p{N}{1,3}" + _CASED_REST,
            f"{_TIKTOKEN}: o200k_base and o200k_harmony",
        ),
        SplitPattern(
            "llama3",
            _LLAMA_WORD + r"\p{N}{1,3}" + _LLAMA_REST,
            "meta-llama/llama3, llama/tokenizer.py: pat_str",
        ),
        SplitPattern(
            "qwen2",
            _LLAMA_WORD + r"\p{N}" + _LLAMA_REST,
            "Qwen/Qwen2.5, tokenizer.json: pre_tokenizer, after NFC",
        ),
        SplitPattern(
            "tekken",
            "|".join(_CASED_WORD) + r"|\p{N}" + _CASED_REST,
            "mistralai, tekken.json: config.pattern",
        ),
        SplitPattern(
            "nanochat",
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*"
            r"|\s*[\r\n]|\s+(?!\S)|\s+",
            "karpathy/nanochat, nanochat/tokenizer.py: SPLIT_PATTERN",
        ),
        SplitPattern(
            "deepseek",
            r"\p{N}{1,3}",
            "deepseek-ai/DeepSeek-V3, tokenizer.json: pre_tokenizer, three isolated splits",
            then=(
                "[一-龥\u3040-ゟ゠-ヿ]+",
                r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
                r"""| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
            ),
        ),
    )
}

NAMES = tuple(_PATTERNS)
"""The names that `pattern` knows."""


def pattern(name: str) -> SplitPattern:
    """Look up a split pattern by name, one of `NAMES`.

    Raises ValueError for any other name; it gives the nearest right one.

    >>> pattern("gpt2").source
    'tiktoken, tiktoken_ext/openai_public.py: gpt2, r50k_base and p50k_base'
    """
    if name not in _PATTERNS:
        nearest = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.0)[0]
        raise ValueError(
            f"no split pattern is named {name!r}; the nearest is {nearest!r}; there are {', '.join(NAMES)}"
        )
    return _PATTERNS[name]


def pretokens(pattern: SplitPattern, text: str) -> list[str]:
    r"""Cut a text into its pre-tokens. They always join up to the text again.

    What no stage matches stays a pre-token of its own, as DeepSeek's tokenizer.json asks ("Isolated");
    the other patterns match every text whole.

    >>> pretokens(_PATTERNS["cl100k"], "In 2024:\n\nI'll")
    ['In', ' ', '202', '4', ':\n\n', 'I', "'ll"]
    >>> pretokens(_PATTERNS["deepseek"], "\x01.5km")
    ['\x01', '.', '5', 'km']
    """
    pieces = [text] if text else []
    first = pattern.compiled[0]
    if not pattern.then and not first.groups:
        found = list(filter(None, first.findall(text)))
        if sum(map(len, found)) == len(text):  # three times as fast, and all there is where all is matched
            return found
    for stage in pattern.compiled:
        pieces = [part for piece in pieces for part in _isolate(stage, piece)]
    return pieces


def _isolate(stage: Pattern[str], piece: str) -> Iterator[str]:
    done = 0
    for match in stage.finditer(piece):
        start, end = match.span()
        if done < start:
            yield piece[done:start]
        if start < end:
            yield piece[start:end]
        done = end
    if done < len(piece):
        yield piece[done:]
