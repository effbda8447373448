r"""Measuring: whether the tokens that cover a slot are those of the slot alone, for many slots at once.

>>> import pyarrow as pa
>>> from tokenizer.encoding import open_encoding
>>> slots = Slots.of([(0, 2, 4), (0, 5, 6)])  # " s" and "t"
>>> measure(pa.array(["1: s,t"]), slots, open_encoding(None)).isolated.tolist()
[True, True]

A tokenizer may put a space before every text (SentencePiece does). That space belongs to what stands first:
a slot at the start of a text is compared with `encode(slot)`, which has it too, and a slot further on with
what the tokenizer makes of it after a newline, without it.

Run: python -m doctest tokenizer/measure.py
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tokenizer.cutting import Cut, Cutter, Ints, Token, Tokenizer, buffer_of, cut, shown, slices
from tokenizer.offsets import spread
from tokenizer.patterns import SplitPattern

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Slots:
    """Where slots stand in texts, in any order; all (n,) int64.

    Attributes:
        text: the number of the text.
        start, stop: bytes of the text.
        begin: where what belongs to the slot begins, such as the comma before a letter of a list.
        kind: what the slot is; the caller's own numbers.
    """

    text: Ints
    start: Ints
    stop: Ints
    begin: Ints
    kind: Ints

    @classmethod
    def of(cls, places: "Sequence[tuple[int, int, int]]", kind: int = 0) -> "Slots":
        """Build from (text, start, stop), all of one kind."""
        text, start, stop = np.array(places, dtype=np.int64).reshape(-1, 3).T
        return cls(text, start, stop, start, np.full(len(text), kind))

    def __len__(self) -> int:
        return len(self.text)

    def where(self, keep: "Flags | Ints") -> "Slots":
        """Some of the slots."""
        return Slots(self.text[keep], self.start[keep], self.stop[keep], self.begin[keep], self.kind[keep])


@dataclass(frozen=True)
class Measured:
    """What was measured of slots.

    Attributes:
        cut: the texts, cut into tokens.
        isolated: (slots,) whether the tokens that cover the slot are those of the slot alone.
        first, last: (slots,) tokens first to last - 1 cover some of the slot.
        before, after: (slots,) whether a token stands across its start, and across its stop.
        spent: (slots,) how many tokens end after `begin`, up to `stop`.
        alone: (slots,) the number of the slot's text among `forms`.
        forms: the tokens of each distinct slot by itself.
    """

    cut: Cut
    isolated: Flags
    first: Ints
    last: Ints
    before: Flags
    after: Flags
    spent: Ints
    alone: Ints
    forms: "Forms"

    def tokens(self, slot: int, around: int = 1) -> list[Token]:
        """The tokens that cover a slot, and as many on both sides of them, within its text."""
        at = int(np.searchsorted(self.cut.first, self.first[slot], side="right")) - 1
        start = max(int(self.cut.first[at]), int(self.first[slot]) - around)
        return self.cut.tokens(start, min(int(self.cut.first[at + 1]), int(self.last[slot]) + around))

    def glued(self, slot: int) -> tuple[Token, ...]:
        """The tokens that stand across an edge of a slot, none, one or two."""
        ends = {int(self.first[slot])} if self.before[slot] else set()
        ends |= {int(self.last[slot]) - 1} if self.after[slot] else set()
        return tuple(self.cut.tokens(at, at + 1)[0] for at in sorted(ends))


def measure(texts: pa.StringArray, slots: Slots, tokenizer: Tokenizer) -> Measured:
    """Measure slots on one tokenizer; of a split pattern it holds for all tokenizers that have it.

    Args:
        texts: each stands by itself, at a start or between control tokens.
        slots: where slots stand in them; none is empty.
        tokenizer: of a model, or a split pattern.

    Raises ValueError for an empty slot.
    """
    if len(slots) and not (slots.start < slots.stop).all():
        raise ValueError("a slot is empty; give each slot a text")
    cutter = Cutter(tokenizer)
    made = cut(texts, cutter)
    start, stop, begin = _placed(texts, slots, made, cutter)
    forms, alone = _forms(texts, slots, cutter)
    first, last = np.searchsorted(made.edges, start), np.searchsorted(made.edges, stop)
    at_start, at_stop = made.edges[first] == start, made.edges[last] == stop
    sizes = last - first
    isolated = at_start & at_stop & (sizes == forms.sizes[alone])
    same = np.flatnonzero(isolated)
    lengths = sizes[same]
    differs = made.ids[spread(first[same], lengths)] != forms.ids[spread(forms.starts[alone[same]], lengths)]
    total = np.concatenate(([0], np.cumsum(differs)))
    ends = np.cumsum(lengths)
    isolated[same] = total[ends] == total[ends - lengths]
    found = start >= 0
    spent = np.searchsorted(made.edges, stop, "right") - np.searchsorted(made.edges, begin, "right")
    return Measured(
        cut=made,
        isolated=isolated & found,
        first=first - ~at_start,
        last=last,
        before=~at_start,
        after=~at_stop,
        spent=spent,
        alone=alone,
        forms=forms,
    )


@dataclass(frozen=True)
class Forms:
    """The tokens of distinct slots by themselves, end to end: form i has ids[starts[i]:][:sizes[i]]."""

    cutter: Cutter
    ids: Ints
    starts: Ints
    sizes: Ints

    def tokens(self, form: int) -> list[Token]:
        """The tokens of one form."""
        ids = self.ids[self.starts[form] :][: self.sizes[form]]
        known = np.unique(ids)
        return shown(self.cutter.tokenizer, ids, self.cutter.bytes_of(known), known)


def _placed(texts: pa.StringArray, slots: Slots, made: Cut, cutter: Cutter) -> tuple[Ints, Ints, Ints]:
    """Where slots start, stop and begin in the bytes of all tokens."""
    base, lead = made.starts[slots.text], made.lead[slots.text]
    # What a tokenizer puts before a text belongs to what stands first in it.
    start, stop, begin = (
        base + at + np.where(at > 0, lead, 0) for at in (slots.start, slots.stop, slots.begin)
    )
    rewritten = np.flatnonzero(lead < 0)
    if len(rewritten):
        own, offsets = buffer_of(texts)
        for slot in rewritten.tolist():  # by encoding anew what stands before each edge: normalizers are rare
            text = int(slots.text[slot])
            said = made.bytes_of(text)
            for places, at in ((start, slots.start), (stop, slots.stop), (begin, slots.begin)):
                head = own[offsets[text] : offsets[text] + at[slot]].tobytes().decode()
                places[slot] = base[slot] + _length_of(head, said, cutter)
            if start[slot] < base[slot] or stop[slot] < base[slot]:
                start[slot], stop[slot] = -1, base[slot]
    return start, stop, begin


def _length_of(head: str, said: bytes, cutter: Cutter) -> int:
    """How many bytes a text's head has in its tokens; less than none where what follows changes it."""
    ids, _ = cutter.encode([head])
    bytes_ = b"".join(cutter.bytes_of(ids))
    return len(bytes_) if said.startswith(bytes_) else -len(said) - 1


def _forms(texts: pa.StringArray, slots: Slots, cutter: Cutter) -> tuple[Forms, Ints]:
    """Encode distinct slots by themselves; which of them each slot is."""
    data, offsets = buffer_of(texts)
    starts = offsets[slots.text] + slots.start
    found = slices(data, starts, starts + (slots.stop - slots.start)).dictionary_encode()
    distinct, alone = found.dictionary.to_pylist(), found.indices.to_numpy().astype(np.int64)
    ids, sizes = cutter.encode(distinct)
    forms = Forms(cutter, ids, np.cumsum(sizes) - sizes, sizes)
    if isinstance(cutter.tokenizer, SplitPattern) or cutter.tokenizer.concatenates:
        return forms, alone
    # Within a text a slot lacks what the tokenizer puts before a text.
    newline = cutter.encode(["\n"])[0].tolist()
    inner: list[Any] = np.split(*_ends(*cutter.encode(["\n" + text for text in distinct])))
    whole: list[Any] = np.split(*_ends(ids, sizes))
    for at, found_ids in enumerate(inner):
        cut_off = found_ids[: len(newline)].tolist() == newline
        inner[at] = found_ids[len(newline) :] if cut_off else whole[at]
    sizes = np.array([len(part) for part in whole + inner], dtype=np.int64)
    ids = np.concatenate([*whole, *inner, ids[:0]])
    forms = Forms(cutter, ids, np.cumsum(sizes) - sizes, sizes)
    return forms, alone + len(distinct) * (slots.start > 0)


def _ends(ids: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    return ids, np.cumsum(sizes)[:-1]
