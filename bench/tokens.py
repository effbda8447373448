"""Token ids and loss masks: composed from codes, against a loop of tiktoken over the same texts.

Both sides have one thread and CPU time. Conversations are made before the clock starts, and the other side
is given the text of every part of the first batch, ready: it encodes, and does neither control tokens nor
mask; a row costs it the same throughout. The first time every word is new to the composer; the second time
its book is warm.

The vocabularies are those of tiktoken that this machine has without network, and always the one that comes
with Hornbook, which tiktoken runs too.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tiktoken

from bench.ours import clock
from generators.book import Book, Conversations
from generators.mixture import Mixture
from generators.plaintokens import parts_of
from generators.shards import BATCH
from generators.tokens import Renderer
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tokenizer.chosen import Tokenizer
from tokenizer.encoding import EncodingError, open_encoding

NAMES = ("r50k_base", "cl100k_base")
EMBEDDED = "embedded"
SHARES = ((SpellingBee, 80), (SimpleSpelling, 200), (LetterCounting, 20))  # of the main job


def vocabularies() -> list[str]:
    """Return the names of those that open here."""
    return [EMBEDDED, *filter(_opens, NAMES)]


def _opens(name: str) -> bool:
    cache = os.environ.get("TIKTOKEN_CACHE_DIR")
    if not cache or not any(Path(cache).glob("*")):
        return False  # nothing is downloaded for a benchmark
    try:
        open_encoding(name)
    except EncodingError:
        return False
    return True


def composed(vocabulary: str, rows: int) -> dict[str, Any]:
    """Measure one vocabulary on the mixture of the main job.

    Returns:
        Microseconds a row: cold and warm, of ours; peer, of tiktoken. And how many tokens a row has.
    """
    pa.set_cpu_count(1)
    chosen = Tokenizer.opened(None if vocabulary == EMBEDDED else vocabulary)
    total = sum(share for _, share in SHARES)
    mixture, book = Mixture([cls(max(1, rows * share // total)) for cls, share in SHARES]), Book()
    starts = range(0, len(mixture), BATCH)
    batches = [
        mixture.conversations(np.arange(start, min(start + BATCH, len(mixture))), book) for start in starts
    ]
    renderer, spent, tokens = Renderer(chosen.encoding, chosen.layout), Counter[str](), 0
    for turn in ("cold", "warm"):
        for batch in batches:
            start = clock()
            rendered = renderer.render(batch)
            spent[turn] += clock() - start
            tokens += len(rendered.ids)
    texts, peer = list(_texts(batches[0])), _tiktoken(vocabulary, chosen)
    start = clock()
    for text in texts:
        peer(text)
    spent["peer"] = (clock() - start) / len(batches[0]) * len(mixture)
    found = {name: value / len(mixture) * 1e6 for name, value in spent.items()}
    return {**found, "tokens": tokens / 2 / len(mixture)}


def _tiktoken(vocabulary: str, chosen: Tokenizer) -> Any:
    """Return tiktoken's own function, without anything of ours around it."""
    if vocabulary != EMBEDDED:
        return tiktoken.get_encoding(vocabulary).encode_ordinary
    ours: Any = chosen.encoding
    made = tiktoken.Encoding("own", pat_str=ours.pat_str, mergeable_ranks=dict(ours.ranks), special_tokens={})
    return made.encode_ordinary


def _texts(batch: Conversations) -> Iterator[str]:
    for parts in parts_of(batch):
        for _, stretches in parts:
            if stretches:
                yield "".join(text for text, _ in stretches)
