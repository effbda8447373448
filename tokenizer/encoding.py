"""Open any tokenizer, and use it through one small interface.

>>> encoding = open_encoding(None)  # the vocabulary that comes with Hornbook
>>> encoding.encode("the r"), encoding.decode([498, 355])
([498, 355], 'the r')
>>> [encoding.token_bytes(id) for id in encoding.encode(" strawberry")]
[b' st', b'raw', b'ber', b'ry']
>>> encoding.special_tokens["<|bos|>"] in encoding.encode("<|bos|>")  # in a text it is text
False

Run: python -m doctest tokenizer/encoding.py
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tokenizer.huggingface import read_tokenizer_json
from tokenizer.patterns import SplitPattern
from tokenizer.patterns import pattern as find_pattern
from tokenizer.pickled import open_pickle
from tokenizer.sources import EncodingError, read_bytes, read_json, split_pattern
from tokenizer.tekken import is_tekken, read_tekken
from tokenizer.tiktokenfile import names, open_name, open_tiktoken

__all__ = ["EMBEDDED", "Encoding", "EncodingError", "open_encoding"]

EMBEDDED = Path(__file__).parent / "vocab" / "hornbook_8k.tiktoken"
"""The vocabulary used where none is named; `tokenizer.train` says how it is made."""

_SUFFIXES = (".tiktoken", ".pkl", ".pickle", ".json")


class Encoding(Protocol):
    """What Hornbook asks of a tokenizer. Text is ordinary always: no control token comes out of it."""

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides ids, 64 hexadecimal digits.

        The same tokenizer has the same one whether read by name, from a `.tiktoken` file, a pickle, or a
        byte-level tokenizer.json whose merges stand in the order of their ids. Other tokenizer.json files
        have one of their own.
        """

    @property
    def pattern(self) -> SplitPattern | None:
        """How it cuts text before merging: one of `tokenizer.patterns` where equal, else named "custom".

        None where no regular expression does that, as in Llama 2 and Gemma.
        """

    @property
    def concatenates(self) -> bool:
        """Whether encode(a + b) is encode(a) + encode(b) wherever `pattern` proves the cut safe.

        False where the tokenizer puts a space before every text, or rewrites text otherwise than to NFC;
        then nothing may be composed of parts.
        """

    @property
    def special_tokens(self) -> Mapping[str, int]:
        """Control tokens: name to id."""

    @property
    def n_vocab(self) -> int:
        """The largest id + 1; some ids below may be unused."""

    def encode(self, text: str) -> list[int]:
        """Encode ordinary text. The name of a control token in it is encoded as text, never as its id.

        Lone surrogates become U+FFFD, as in tiktoken.
        """

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode each of many texts: faster than one by one."""

    def decode(self, ids: Sequence[int]) -> str:
        """Decode ids, control tokens as their names; what is no UTF-8 becomes U+FFFD.

        Raises EncodingError for an id that the vocabulary lacks.
        """

    def token_bytes(self, id: int) -> bytes:
        """Return the bytes that a token stands for, a control token's being its name.

        Raises EncodingError for an id that the vocabulary lacks.
        """

    def vocabulary(self) -> Iterator[tuple[int, bytes]]:
        """Iterate over (id, bytes) of the ordinary tokens, by rising id."""


def open_encoding(
    source: "str | os.PathLike[str] | None" = None, pattern: "str | SplitPattern | None" = None
) -> Encoding:
    """Open a tokenizer. Nothing in its file is run.

    Args:
        source: a name that tiktoken knows ("cl100k_base"); a path to a `.tiktoken` file, nanochat's
            `tokenizer.pkl`, a Hugging Face `tokenizer.json` (extra `hf`) or Mistral's `tekken.json`; or None
            for the vocabulary that comes with Hornbook.
        pattern: the split pattern of a `.tiktoken` file, or its name in `tokenizer.patterns`; without it
            `NAME.json` beside `NAME.tiktoken` has it as `pat_str`. The other forms hold their own.

    Raises EncodingError, a ValueError, where it cannot be opened: one sentence that says what was found.

    >>> open_encoding("cl100_base")
    Traceback (most recent call last):
    tokenizer.sources.EncodingError: no file and no tiktoken encoding is named 'cl100_base'; the nearest is \
'cl100k_base'; there are gpt2, r50k_base, p50k_base, p50k_edit, cl100k_base, o200k_base, o200k_harmony
    """
    if source == "":
        raise EncodingError("the name of the tokenizer is empty; give a tiktoken name or a file")
    path = EMBEDDED if source is None else Path(source)
    suffix = path.suffix.lower()
    if suffix == ".tiktoken" and source is not None:
        return open_tiktoken(path, _named(pattern))
    if pattern is not None:
        raise EncodingError(
            f"a pattern can be given for a .tiktoken file alone; {source or 'the default'} has one"
        )
    if source is None:
        return open_tiktoken(path)
    if suffix in (".pkl", ".pickle"):
        return open_pickle(path)
    if suffix == ".json":
        data = read_json(path)
        return read_tekken(data, path) if is_tekken(data) else read_tokenizer_json(data, path)
    if isinstance(source, str) and (source in names() or (path.name == source and not path.exists())):
        return open_name(source)
    read_bytes(path)  # says what is wrong with a folder, or a file that is not there
    raise EncodingError(f"{path} ends in {suffix!r}; the file of a tokenizer ends in {', '.join(_SUFFIXES)}")


def _named(pattern: "str | SplitPattern | None") -> SplitPattern | None:
    if isinstance(pattern, SplitPattern):
        return split_pattern(pattern.stages, pattern.source)
    try:
        return None if pattern is None else find_pattern(pattern)
    except ValueError as error:
        raise EncodingError(str(error)) from None
