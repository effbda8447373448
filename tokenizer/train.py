"""Train a vocabulary with rustbpe (extra `train`), as nanochat does.

>>> from tokenizer.patterns import pattern
>>> tiny = train(["a rose is a rose is a rose"], 272, pattern("nanochat"))
>>> [tiny.token_bytes(id) for id in tiny.encode("a rose")], tiny.special_tokens["<|bos|>"]
([b'a', b' rose'], 263)

The vocabulary that comes with Hornbook is made by it from words as frequent as wordfreq says, in seven
languages, and from the sources of Python's standard library; never from Hornbook's own rows, whose merges
no user has. It can be made again, to the byte: python -m tokenizer.train --embedded
"""

import argparse
import hashlib
import json
import platform
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tokenizer.corpus import Corpus
from tokenizer.encoding import EMBEDDED
from tokenizer.patterns import SplitPattern, pattern
from tokenizer.ranks import RankEncoding
from tokenizer.sources import MAX_ID, EncodingError, read_json, refused
from tokenizer.tiktokenfile import save

__all__ = ["CONTROL_TOKENS", "build_embedded", "save", "train", "train_file"]

CONTROL_TOKENS = (
    "<|bos|>",
    "<|user_start|>",
    "<|user_end|>",
    "<|assistant_start|>",
    "<|assistant_end|>",
    "<|python_start|>",
    "<|python_end|>",
    "<|output_start|>",
    "<|output_end|>",
)
"""nanochat's, in its order: nanochat/tokenizer.py, SPECIAL_TOKENS. They take the ids after the merges."""

EMBEDDED_SIZE = 8192

# Language: words laid out, every how many bare rather than after a space. wordfreq cuts Chinese and
# Japanese into words that are written without spaces, and Korean into morphemes, half of them joined on.
_LANGUAGES = {
    "en": (3_000_000, 16),
    "es": (400_000, 16),
    "fr": (400_000, 16),
    "de": (400_000, 16),
    "zh": (200_000, 1),
    "ja": (200_000, 1),
    "ko": (150_000, 2),
}


def train(
    texts: Iterable[str],
    vocab: int,
    pattern: SplitPattern,
    *,
    name: str = "trained",
    special_tokens: Iterable[str] = CONTROL_TOKENS,
) -> RankEncoding:
    """Train a byte-level vocabulary.

    Args:
        texts: what to learn merges from; read once.
        vocab: how many ids at most, special tokens included; fewer where the texts have no more to merge.
        pattern: of one stage.
        name: what to call it.
        special_tokens: take the ids after the merges, in this order.

    Raises EncodingError where rustbpe is not installed or fails, or vocab leaves no room for the 256 bytes.
    """
    special = list(dict.fromkeys(special_tokens))
    if vocab < 256 + len(special):
        raise EncodingError(
            f"a vocabulary of {vocab} is too small; 256 bytes and {len(special)} special tokens need "
            f"{256 + len(special)}"
        )
    if vocab > MAX_ID:
        raise EncodingError(f"a vocabulary of {vocab:,} is too large; ids end at {MAX_ID:,}")
    if pattern.then:
        raise EncodingError(
            f"the pattern {pattern.name!r} cuts in several stages, and rustbpe trains with one"
        )
    trainer = _rustbpe().Tokenizer()
    with refused("rustbpe cannot train on this"):
        trainer.train_from_iterator(iter(texts), vocab - len(special), pattern=pattern.regex)
        ranks = {bytes(token): rank for token, rank in trainer.get_mergeable_ranks()}
    return RankEncoding(name, ranks, pattern, {token: len(ranks) + n for n, token in enumerate(special)})


def train_file(
    corpus: Corpus, vocab: int, pattern: SplitPattern, path: Path, *, overwrite: bool = False
) -> RankEncoding:
    """Train a vocabulary and write it as a `.tiktoken` file, JSON beside it.

    Args:
        corpus: the texts.
        vocab, pattern: as for `train`.
        path: the file; its name without `.tiktoken` is the vocabulary's.
        overwrite: replace what is there.

    Raises EncodingError as `train` and `save` do, and where one of the two files is there already; it looks
    before it trains. Raises CorpusError for a file that is no text; then nothing is written.
    """
    if path.suffix != ".tiktoken":
        raise EncodingError(f"{path} does not end in .tiktoken, the form that vocabularies are saved in")
    if path.is_dir():
        raise EncodingError(f"{path} is a folder; name a file such as {path / 'mine.tiktoken'}")
    if not path.parent.is_dir():
        raise EncodingError(f"there is no folder {path.parent} to write {path.name} into")
    there = [str(file) for file in (path, path.with_suffix(".json")) if file.exists()]
    if there and not overwrite:
        raise EncodingError(f"{' and '.join(there)} would be replaced; --overwrite does that")
    encoding = train(corpus.texts(), vocab, pattern, name=path.stem)
    # Not the path of this machine, only what the files are called.
    save(encoding, path, f"hornbook tokenizer train {' '.join(file.name for file in corpus.files)}")
    return encoding


def build_embedded(path: Path = EMBEDDED, *, renew: bool = False) -> RankEncoding:
    """Make the vocabulary that comes with Hornbook again, and write it.

    Args:
        path: the `.tiktoken` file to write; the JSON goes beside it.
        renew: take the inputs of this machine even where they differ from those recorded.

    Raises EncodingError where Python's library, wordfreq or rustbpe are others on this machine than recorded
    beside the vocabulary that comes with Hornbook.
    """
    _rustbpe()
    words, sources = "".join(_words()), list(_standard_library())
    digest = hashlib.sha256()
    for text in sources:
        digest.update(b"%d " % len(text) + text.encode())
    inputs: dict[str, Any] = {
        "python": platform.python_version(),
        "standard_library": digest.hexdigest(),
        "wordfreq": version("wordfreq"),
        "words": hashlib.sha256(words.encode()).hexdigest(),
        "rustbpe": version("rustbpe"),
    }
    if not renew:
        recorded = read_json(EMBEDDED.with_suffix(".json")).get("inputs", {})
        other = [what for what in inputs if inputs[what] != recorded.get(what)]
        if other:
            raise EncodingError(
                f"the vocabulary was made with {_said(recorded, other)}; here is {_said(inputs, other)}: "
                "install those, or renew it with these"
            )
    encoding = train([words, *sources], EMBEDDED_SIZE, pattern("nanochat"), name=EMBEDDED.stem)
    made = (
        f"python -m tokenizer.train --embedded: {', '.join(_LANGUAGES)} words of wordfreq, Python's library"
    )
    save(encoding, path, made, {"license": "CC BY-SA 4.0 (word frequencies: wordfreq)", "inputs": inputs})
    return encoding


def _said(inputs: dict[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name} {str(inputs.get(name))[:12]}" for name in names)


def _rustbpe() -> Any:
    try:
        import rustbpe
    except ImportError:
        raise EncodingError("training needs the extra train: pip install 'hornbook[train]'") from None
    return rustbpe


def _words() -> Iterator[str]:
    """Lay words out as often as they are frequent: after a space mostly, some bare, Title or UPPER."""
    import wordfreq

    for language, (total, bare) in _LANGUAGES.items():
        for centibels, words in enumerate(wordfreq.get_frequency_list(language)):
            count = round(total * 10 ** (-centibels / 100))
            for word in sorted(words) if count else ():
                if word in ("00", "000", "0000"):  # stands for all numbers as long
                    size = 10 ** len(word)
                    yield "".join(f" {number * 37 % size:0{len(word)}d}" for number in range(count))
                if not word.replace("'", "").isalpha():
                    continue
                yield f" {word}" * (count - count // bare) + f"\n{word}" * (count // bare)
                if word.title() != word:
                    yield f" {word.capitalize()}" * (count // 8) + f"\n{word.capitalize()}" * (count // 32)
                    yield f" {word.upper()}" * (count // 128)
                yield "\n"


def _standard_library() -> Iterator[str]:
    """Read the modules that are one file each, by name."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    for name in sorted(sys.stdlib_module_names):
        file = folder / f"{name}.py"
        if not name.startswith("_") and file.exists():
            yield file.read_text(encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; `hornbook tokenizer train` is the command for vocabularies of your own."""
    parser = argparse.ArgumentParser(prog="python -m tokenizer.train", description="Example: --embedded")
    parser.add_argument("--embedded", action="store_true", required=True, help="make it again")
    parser.add_argument("--renew", action="store_true", help="from this machine's inputs, though others")
    try:
        encoding = build_embedded(renew=parser.parse_args(arguments).renew)
    except EncodingError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"file": str(EMBEDDED), "ids": encoding.n_vocab, "fingerprint": encoding.fingerprint}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
