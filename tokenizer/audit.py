r"""Auditing: in which of many places a slot is not its own tokens, and what it was glued to.

>>> from tokenizer.patterns import pattern
>>> report = audit(["the word '{word}'.", "'{word}'.count('r')"], pattern("gpt2"), ["pear", "strawberry"])
>>> for line in report:
...     print(line)
"the word '{word}'.": {word} isolated 2 of 2, proved 2
"'{word}'.count('r')": {word} isolated 1 of 2, proved 1; 1 times "'s" | "trawberry" | "'."

Run: python -m doctest tokenizer/audit.py
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle, islice

import numpy as np
import pyarrow as pa

from tokenizer.cutting import Tokenizer
from tokenizer.encoding import EncodingError, open_encoding
from tokenizer.measure import Slots
from tokenizer.patterns import NAMES
from tokenizer.patterns import pattern as find_pattern
from tokenizer.templates import Value, filled, parse, slots_of
from tokenizer.verdicts import Verdict, quoted, verdicts

Values = Mapping[str, Sequence[str]] | Iterable[Value]


@dataclass(frozen=True)
class Audited:
    """What was found of one slot of one template; prints as a line."""

    template: str
    slot: str
    verdict: Verdict

    @property
    def isolated(self) -> bool:
        """Whether the slot was isolated with every value."""
        return self.verdict.isolated == self.verdict.occurrences

    def __str__(self) -> str:
        return f"{quoted(self.template)}: {{{self.slot}}} {self.verdict}"


def audit(templates: Iterable[str], tokenizer: Tokenizer, values: Values) -> list[Audited]:
    """Find which slots of which templates are not their own tokens, with which values.

    A space right before a slot is taken as part of it, as tokenizers do: ` word` is one token, and "spaced"
    one form of the word. A template is a whole text: a control token or nothing stands at its ends.

    Args:
        templates: texts with slots in braces, such as "How many {letter} are in {word}?".
        tokenizer: of a model (`tokenizer.encoding.open_encoding`): measured, and proved from its pattern;
            or a split pattern, for all tokenizers that have it.
        values: texts by the name of a slot, as many texts being made as the longest list has, the others
            coming round again; or one by one, each a text for all slots, or a mapping with a text for each.

    Returns a line for each slot of each template, in order.

    Raises ValueError where a value is missing or empty, or a template has no slot.
    """
    rows: list[Value] = list(_by_turns(values) if isinstance(values, Mapping) else values)
    found = []
    for template in templates:
        pieces = parse(template)
        names = slots_of(pieces)
        if not names:
            raise ValueError(f"the template {template!r} has no slot; write one in braces, such as {{word}}")
        texts, slots = _placed(pieces, filled(pieces, rows), template)
        found += [
            Audited(template, names[kind], verdict)
            for kind, verdict in enumerate(verdicts(texts, slots, tokenizer, len(names)))
        ]
    return found


def tokenizers_of(sources: Sequence[str], pattern: str | None = None) -> list[Tokenizer]:
    """Open what to look at: tokenizers, or where none is named, every split pattern there is.

    Args:
        sources: names and files of tokenizers, as `open_encoding` takes them.
        pattern: the split pattern of those that are `.tiktoken` files; without tokenizers the one to look at.

    Raises EncodingError or ValueError, which say what is wrong.

    >>> [known.name for known in tokenizers_of([])][:2], tokenizers_of([], "gpt2")[0].name
    (['gpt2', 'cl100k'], 'gpt2')
    """
    if not sources:
        return [find_pattern(name) for name in ([pattern] if pattern else NAMES)]
    files = [source for source in sources if source.lower().endswith(".tiktoken")]
    if pattern and not files:
        raise EncodingError(f"a pattern can be given for .tiktoken files alone, and {sources[0]} has its own")
    return [open_encoding(source, pattern if source in files else None) for source in sources]


def _by_turns(values: Mapping[str, Sequence[str]]) -> Iterator[Mapping[str, str]]:
    lists = {name: [texts] if isinstance(texts, str) else list(texts) for name, texts in values.items()}
    if empty := [name for name, texts in lists.items() if not texts]:
        raise ValueError(f"there is no value for the slot {{{empty[0]}}}; give it one text or more")
    most = max(map(len, lists.values()), default=0)
    columns = [islice(cycle(texts), most) for texts in lists.values()]
    for row in zip(*columns, strict=True):
        yield dict(zip(lists, row, strict=True))


def _placed(pieces: list[str], rows: Iterable[list[str]], template: str) -> tuple[pa.StringArray, Slots]:
    """Join the pieces of filled templates, and say where the slots stand."""
    texts, places = [], []
    for number, parts in enumerate(rows):
        edges = [0, *accumulate(len(part.encode()) for part in parts)]
        for at in range(1, len(parts), 2):
            if not parts[at]:
                raise ValueError(f"a value for {{{pieces[at]}}} of {template!r} is empty; give it a text")
            spaced = parts[at - 1].endswith(" ")
            places.append((number, edges[at] - spaced, edges[at + 1], at // 2))
        texts.append("".join(parts))
    text, start, stop, kind = np.array(places, dtype=np.int64).reshape(-1, 4).T
    return pa.array(texts, pa.string()), Slots(text, start, stop, start, kind)
