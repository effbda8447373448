r"""A byte-level BPE vocabulary by its ranks, as tiktoken runs it.

The formats that hold tokens as bytes, each with a rank, come to this: `.tiktoken`, nanochat's pickle and
tekken.json.

>>> ranks = {bytes([byte]): byte for byte in range(256)} | {b"he": 256, b"hel": 257}
>>> from tokenizer.sources import split_pattern
>>> tiny = RankEncoding("tiny", ranks, split_pattern((r"\s+|\S+",), "made up"), {"<|bos|>": 258})
>>> tiny.encode("hello"), tiny.decode([257, 108, 111])
([257, 108, 111], 'hello')
>>> tiny.encode("<|bos|>") == list(b"<|bos|>")
True

Run: python -m doctest tokenizer/ranks.py
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from tokenizer.patterns import NAMES, SplitPattern
from tokenizer.sources import MAX_ID, SETS, EncodingError, fingerprint, is_id, refused

if TYPE_CHECKING:
    import tiktoken

# A pattern that leaves any of this unmatched loses text: tiktoken drops what no branch matches.
_PROBE = "It's 12 of 345:\r\n\t“naïve” e\u0301 漢字かな, नमस्ते!  <|a|>\n\n /x_y \x00\x7f\u200b🍓\ue000 ."


class RankEncoding:
    """A byte-level vocabulary: see `tokenizer.encoding.Encoding` for what each attribute says.

    Args:
        name: what to call it in reports.
        ranks: token bytes to rank; a rank is the token's id, and lower ranks are merged first.
        pattern: of one stage; tiktoken cuts by one regular expression.
        special_tokens: name to id; their ids are none of the ranks.

    Raises EncodingError where a byte has no token of its own, ids repeat or are out of range, the pattern
    does not compile in tiktoken, has several stages, or drops text.
    """

    concatenates = True

    def __init__(
        self, name: str, ranks: Mapping[bytes, int], pattern: SplitPattern, special_tokens: Mapping[str, int]
    ) -> None:
        self.name = name
        self.pattern = pattern
        self.special_tokens = dict(special_tokens)
        self._check(ranks)
        # Of the tokens only their ids are kept here: tiktoken has the bytes.
        self._ids = array("q", sorted(ranks.values()))
        self.n_vocab = max(self._ids[-1], *self.special_tokens.values(), 0) + 1
        self._core = self._tiktoken(ranks)

    def _check(self, ranks: Mapping[bytes, int]) -> None:
        if any(not is_id(id) for ids in (ranks, self.special_tokens) for id in ids.values()):
            raise EncodingError(f"{self.name} has an id that is no whole number from 0 to {MAX_ID}")
        if b"" in ranks or "" in self.special_tokens:
            raise EncodingError(f"{self.name} has a token without bytes; every token needs at least one")
        missing = [byte for byte in range(256) if bytes([byte]) not in ranks]
        if missing:
            raise EncodingError(
                f"{self.name} lacks a token for {len(missing)} of the 256 bytes, 0x{missing[0]:02X} for one; "
                "a byte-level vocabulary needs them all"
            )
        owner = {id: token for token, id in ranks.items()}
        for token, id in chain(ranks.items(), self.special_tokens.items()):
            if owner.get(id, token) != token:  # two control tokens may share an id, as in o200k_harmony
                raise EncodingError(f"{self.name} gives the id {id} to both {owner[id]!r} and {token!r}")
        if self.pattern.compiled[0].match(""):  # tiktoken would panic, with a trace of its own
            raise EncodingError(
                f"the split pattern of {self.name} matches the empty text; each match must have a character"
            )
        if self.pattern.then:
            allowed = ", ".join(known for known in NAMES if known != "deepseek")
            raise EncodingError(
                f"the pattern {self.pattern.name!r} cuts in {len(self.pattern.stages)} stages and "
                f"{self.name} is read with one; allowed are {allowed}"
            )

    def _tiktoken(self, ranks: Mapping[bytes, int]) -> "tiktoken.Encoding":
        import tiktoken

        with refused(f"tiktoken refuses the vocabulary or the split pattern of {self.name}"):
            core = tiktoken.Encoding(
                self.name,
                pat_str=self.pat_str,
                mergeable_ranks=ranks if isinstance(ranks, dict) else dict(ranks),
                special_tokens=self.special_tokens,
            )
            kept = core.decode(core.encode_ordinary(_PROBE))
        if kept != _PROBE:
            lost = next((char for char in _PROBE if char not in kept), _PROBE[0])
            raise EncodingError(
                f"the split pattern of {self.name} drops text, {lost!r} for one; it must match any text whole"
            )
        return core

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 of pattern, tokens and special tokens, the same from whichever format they were read."""
        return fingerprint(self.pattern, self.vocabulary(), self.special_tokens)

    @property
    def pat_str(self) -> str:
        """The split pattern as tiktoken reads it."""
        return self.pattern.regex.removeprefix(SETS)

    @property
    def ranks(self) -> Mapping[bytes, int]:
        """Token bytes to rank, which is the id: what tiktoken calls mergeable_ranks."""
        return {token: id for id, token in self.vocabulary()}

    def encode(self, text: str) -> list[int]:
        """Encode ordinary text; the name of a special token is text like any other."""
        with refused(f"{self.name} cannot encode a text of {len(text):,} characters"):
            return self._core.encode_ordinary(text)

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode each of many texts."""
        # Not encode_ordinary_batch: its threads took 7 times as long for words, 1.5 times for 600 characters.
        encode = self._core.encode_ordinary
        with refused(f"{self.name} cannot encode one of {len(texts):,} texts"):
            return [encode(text) for text in texts]

    def decode(self, ids: Sequence[int]) -> str:
        """Decode ids; bytes that are no UTF-8 become U+FFFD. Raises EncodingError for an unknown id."""
        try:
            return self._core.decode(ids)
        except (KeyError, OverflowError):
            raise EncodingError(
                f"{self.name} has no token for one of these ids, at most {max(ids)}; "
                f"ids run from 0 to {self.n_vocab - 1}"
            ) from None

    def token_bytes(self, id: int) -> bytes:
        """Return a token's bytes, a special token's its name. Raises EncodingError for an unknown id."""
        try:
            return self._core.decode_single_token_bytes(id)
        except (KeyError, OverflowError):
            raise EncodingError(
                f"{self.name} has no token {id}; ids run from 0 to {self.n_vocab - 1}"
            ) from None

    def vocabulary(self) -> Iterator[tuple[int, bytes]]:
        """Iterate over (id, bytes) of the ordinary tokens, by rising id."""
        bytes_of = self._core.decode_single_token_bytes
        return ((id, bytes_of(id)) for id in self._ids)

    def __repr__(self) -> str:
        return f"<RankEncoding {self.name}: {self.n_vocab:,} ids, pattern {self.pattern.name}>"
