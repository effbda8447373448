r"""Hugging Face's tokenizer.json, run by the `tokenizers` library (extra `hf`).

Byte-level BPE (GPT-2, Llama 3, Qwen) and BPE or Unigram with byte fallback (Llama 2, Mistral, Gemma).

The library takes control tokens out of any text. So before it sees the file, each control token in it gets
a random name that no text contains, its id unchanged; this reader keeps the right names. A control token is
an added token that the file calls special, or that stands in <…> or […]. Other added tokens, runs of spaces
mostly, stay: the model was trained with them in ordinary text.
"""

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizer.patterns import SplitPattern
from tokenizer.pretokenizer import cut_by, is_byte_level, puts_space, takes_space, writes_spaces
from tokenizer.sources import EncodingError, fingerprint, is_id, refused

if TYPE_CHECKING:
    import tokenizers

_BYTE = re.compile("<0x([0-9A-F]{2})>")
_PRINTED = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTED]
# How byte-level vocabularies write bytes: GPT-2's encoder.py, bytes_to_unicode
_CHARS = {chr(byte): byte for byte in _PRINTED} | {chr(256 + n): byte for n, byte in enumerate(_OTHERS)}


class HuggingFaceEncoding:
    """A tokenizer.json: see `tokenizer.encoding.Encoding` for what each attribute says."""

    def __init__(self, name: str, data: dict[str, Any], where: str) -> None:
        vocab, added = _vocab(data, where), _added(data, where)
        kept = {content: token for content, token in added.items() if not _is_control(token)}
        self.name = name
        self.special_tokens: Mapping[str, int] = {
            content: token["id"] for content, token in added.items() if content not in kept
        }
        self.pattern: SplitPattern | None = cut_by(data, list(kept.values()), where)
        self.concatenates = self.pattern is not None and not puts_space(data)
        self._byte_level = is_byte_level(data)
        self._takes_space, self._writes_spaces = takes_space(data), writes_spaces(data)
        inside = {token: id for token, id in vocab.items() if token not in added}
        self._ordinary = {id: self._bytes_of(token) for token, id in inside.items()}
        self._ordinary |= {token["id"]: content.encode("utf-8", "replace") for content, token in kept.items()}
        self._names = {id: content.encode("utf-8", "replace") for content, id in self.special_tokens.items()}
        self._check(where, inside, len(inside) + len(kept))
        self.n_vocab = max(*self._ordinary, *self._names) + 1
        self.fingerprint = self._fingerprint(data, inside, bool(kept))
        self._library = _load(data, self.special_tokens, where)
        for content, token in kept.items():
            if self._library.token_to_id(content) != token["id"]:
                raise EncodingError(f"{where} gives the added token {content!r} an id that does not follow")

    def _bytes_of(self, token: str) -> bytes:
        if self._byte_level:
            if all(char in _CHARS for char in token):
                return bytes(_CHARS[char] for char in token)
        elif found := _BYTE.fullmatch(token):
            return bytes([int(found[1], 16)])
        return (token.replace("\u2581", " ") if self._writes_spaces else token).encode("utf-8", "replace")

    def _check(self, where: str, inside: dict[str, int], tokens: int) -> None:
        if len(self._ordinary) + len(self._names) != tokens + len(self.special_tokens) or (
            self._ordinary.keys() & self._names.keys()
        ):
            raise EncodingError(f"{where} gives one id to two tokens")
        needed = _CHARS if self._byte_level else {f"<0x{byte:02X}>": byte for byte in range(256)}
        missing = [byte for token, byte in needed.items() if token not in inside]
        if missing:
            raise EncodingError(
                f"{where} lacks a token for {len(missing)} of the 256 bytes, 0x{min(missing):02X} for one; "
                "Hornbook reads vocabularies that can write any text"
            )

    def _fingerprint(self, data: dict[str, Any], inside: dict[str, int], kept: bool) -> str:
        plain = self._byte_level and self.concatenates and not kept and data.get("normalizer") is None
        if plain and _merges_by_id(data["model"], inside):
            return fingerprint(self.pattern, self.vocabulary(), self.special_tokens)
        parts = [data.get(part) for part in ("normalizer", "pre_tokenizer", "model", "added_tokens")]
        return fingerprint(self.pattern, (), self.special_tokens, json.dumps(parts, sort_keys=True))

    def encode(self, text: str) -> list[int]:
        """Encode ordinary text; the name of a control token is text like any other."""
        return self._library.encode(_sound(text), add_special_tokens=False).ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode each of many texts."""
        sound = list(map(_sound, texts))
        return [found.ids for found in self._library.encode_batch_fast(sound, add_special_tokens=False)]

    def decode(self, ids: Sequence[int]) -> str:
        """Decode ids; bytes that are no UTF-8 become U+FFFD. Raises EncodingError for an unknown id."""
        text = b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")
        return text.removeprefix(" ") if self._takes_space else text

    def token_bytes(self, id: int) -> bytes:
        """Return a token's bytes, a special token's its name. Raises EncodingError for an unknown id."""
        found = self._ordinary.get(id)
        if found is None:
            found = self._names.get(id)
        if found is None:
            raise EncodingError(f"{self.name} has no token {id}; ids run from 0 to {self.n_vocab - 1}")
        return found

    def vocabulary(self) -> Iterator[tuple[int, bytes]]:
        """Iterate over (id, bytes) of the ordinary tokens, by rising id."""
        return iter(sorted(self._ordinary.items()))

    def __repr__(self) -> str:
        return f"<HuggingFaceEncoding {self.name}: {self.n_vocab:,} ids>"


def read_tokenizer_json(data: dict[str, Any], path: Path) -> HuggingFaceEncoding:
    """Open the contents of a tokenizer.json.

    Raises EncodingError where the extra `hf` is not installed, where the model is neither BPE nor Unigram,
    where some byte cannot be written with it, and where the library refuses the file.
    """
    name = f"{path.parent.name}/{path.name}" if path.parent.name else path.name
    return HuggingFaceEncoding(name, data, str(path))


def _vocab(data: dict[str, Any], where: str) -> dict[str, int]:
    """Read and check the tokens of the model: as written there, to id."""
    model = data.get("model")
    if not isinstance(model, dict):
        raise EncodingError(
            f"{where} has neither the model of a tokenizer.json nor the config of a tekken.json"
        )
    kind = model.get("type", "BPE" if "merges" in model else None)
    vocab = model.get("vocab")
    if kind not in ("BPE", "Unigram"):
        raise EncodingError(f"the model of {where} is {kind!r}; BPE and Unigram are read")
    if kind == "Unigram" and isinstance(vocab, list):
        pieces = [item[0] if isinstance(item, list) and item else None for item in vocab]
        vocab = {piece: id for id, piece in enumerate(pieces)}
    if not isinstance(vocab, dict) or not all(
        isinstance(token, str) and is_id(vocab[token]) for token in vocab
    ):
        raise EncodingError(f"the vocab of {where} is not tokens with their ids")
    if kind == "BPE" and not isinstance(model.get("merges"), list):
        raise EncodingError(f"the model of {where} has no list of merges")
    if model.get("end_of_word_suffix") or model.get("continuing_subword_prefix"):
        raise EncodingError(f"the tokens of {where} mark the ends of words, which is not read")
    if not is_byte_level(data) and not model.get("byte_fallback"):
        raise EncodingError(
            f"{where} is neither byte-level nor has byte_fallback, so it cannot write any text"
        )
    return vocab


def _added(data: dict[str, Any], where: str) -> dict[str, dict[str, Any]]:
    """Read the added tokens, and the one for what is unknown, by content."""
    added: dict[str, dict[str, Any]] = {}
    tokens = data.get("added_tokens") or []
    for token in tokens if isinstance(tokens, list) else [tokens]:
        content = token.get("content") if isinstance(token, dict) else None
        if not isinstance(content, str) or not content or not is_id(token.get("id")):
            raise EncodingError(f"{where} has the added token {token!r:.80}; a content and an id are wanted")
        added[content] = token
    vocab, model = _vocab(data, where), data["model"]
    unknown: Any = model.get("unk_token")
    if model.get("type") == "Unigram":
        unknown = next((token for token, id in vocab.items() if id == model.get("unk_id")), None)
    if isinstance(unknown, str) and unknown in vocab:
        added.setdefault(unknown, {"content": unknown, "id": vocab[unknown], "special": True})
    return added


def _is_control(token: dict[str, Any]) -> bool:
    content: str = token["content"]
    bracketed = len(content) > 2 and content[0] + content[-1] in ("<>", "[]")
    return bracketed or token.get("special") is True


def _merges_by_id(model: dict[str, Any], inside: dict[str, int]) -> bool:
    """Whether merges stand in the order of the ids they make, as tiktoken takes for granted."""
    made = [inside.get(_joined(merge)) for merge in model["merges"]]
    ids = [id for id in made if id is not None]
    single = {id for token, id in inside.items() if len(token) == 1}
    reached = model.get("ignore_merges") is True or len(single.union(ids)) == len(inside)
    return len(ids) == len(made) and ids == sorted(ids) and reached


def _joined(merge: Any) -> str:
    return "".join(map(str, merge)) if isinstance(merge, list) else str(merge).replace(" ", "")


def _load(data: dict[str, Any], control: Mapping[str, int], where: str) -> "tokenizers.Tokenizer":
    """Give the library a copy without control tokens, dropout, truncation, padding and post-processing."""
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise EncodingError(f"{where} needs the extra hf: pip install 'hornbook[hf]'") from None
    nonce = secrets.token_hex(16)  # so that no text, written to do so or not, contains a name
    names = {content: f"\U0010ffff{nonce}{id}" for content, id in control.items()}
    model = {**data["model"], "dropout": None}
    if isinstance(model["vocab"], dict):
        model["vocab"] = {names.get(token, token): id for token, id in model["vocab"].items()}
        model["merges"] = [merge for merge in model["merges"] if _joined(merge) not in names]
        model["unk_token"] = names.get(str(model.get("unk_token")), model.get("unk_token"))
    else:
        model["vocab"] = [[names.get(token, token), score] for token, score in model["vocab"]]
    copy = {
        **data,
        "model": model,
        "added_tokens": [
            {**token, "content": names.get(token["content"], token["content"])}
            for token in data.get("added_tokens") or []
        ],
        **dict.fromkeys(("truncation", "padding", "post_processor")),
    }
    with refused(f"the tokenizers library refuses {where}"):
        return Tokenizer.from_str(json.dumps(copy))


def _sound(text: str) -> str:
    """Make lone surrogates U+FFFD, as tiktoken does."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
