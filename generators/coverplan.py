"""Making a cover: which words and tokens are spelled for it, in which case, and by rows of which strand."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.arrays import as_arrow
from generators.casing import cased
from generators.cover import Room
from generators.covering import choose
from generators.ragged import Ragged, offsets_of
from generators.rows import key_of, mix
from generators.words import Words
from tokenizer.alphabet import Alphabet, Shown

Ints = npt.NDArray[np.int64]
Barred = Callable[[str], str]

_WINDOW = 10_000  # entries that change places: nearby rows are not all about one token


@dataclass(frozen=True)
class _Texts:
    """Texts that can be spelled.

    Attributes:
        texts: words as they are in the lexicons, then their other cases, then tokens.
        sources: for each, bits of the lexicons that have the word; -1, all bits, for a token.
    """

    texts: list[str]
    sources: list[int]


def make_plan(
    alphabet: Alphabet, words: Words, rooms: Sequence[Room], times: int, barred: Barred
) -> pa.RecordBatch:
    """Make a cover of the training split.

    Args:
        alphabet: what is to be covered.
        words: of the lexicons; those of the test split are left out.
        rooms: one for each strand.
        times: how often each token must be spelled.
        barred: says why a token may not be spelled by itself, "" if it may.

    Returns:
        Entries in the order in which rows are dealt them, strand by strand: text, spaced (the question sets
        it after a space), token (it is no word), strand, turn, and shown (places in the alphabet). Metadata
        "about": JSON of how many tokens there are and why some are not covered.
    """
    candidates = _candidates(words)
    able = any(room.spaced for room in rooms)
    bare = alphabet.shown(candidates.texts)
    spaced = alphabet.shown([f" {text}" for text in candidates.texts]) if able else None
    forms = _forms(bare, spaced, len(alphabet))
    chosen = choose(forms, len(alphabet), times)
    text, is_spaced = chosen.form % len(candidates.texts), chosen.form >= len(candidates.texts)
    shown, rank = forms.take(chosen.form), chosen.rank

    have = np.bincount(forms.values, minlength=len(alphabet)) > 0
    alone, reasons = _alone(alphabet, np.flatnonzero(~have), barred, able)
    first = len(candidates.texts)
    texts = candidates.texts + [alphabet.forms[place].strip() for place in alone.tolist()]
    sources = np.array(candidates.sources + [-1] * len(alone), dtype=np.int64)
    text = np.concatenate((text, np.repeat(first + np.arange(len(alone)), times)))
    is_spaced = np.concatenate((is_spaced, np.repeat(alphabet.spaced[alone], times)))
    rank = np.concatenate((rank, np.repeat(alone, times)))
    own = alphabet.shown([alphabet.forms[place] for place in alone.tolist()])
    both = _with_bare(own, alphabet.shown(texts[first:]), len(alphabet))
    shown = Ragged.concat([shown, both.take(np.repeat(np.arange(len(alone)), times))])

    # The most frequent tokens first, so that what has too few rows for all covers those.
    order = np.argsort(rank, kind="stable")
    window = np.arange(len(order)) // _WINDOW
    order = order[np.lexsort((mix(key_of("cover"), np.arange(len(order))), window))]
    strand = _strands(sources[text[order]], is_spaced[order], rooms)
    order, strand = order[strand >= 0], strand[strand >= 0]
    by_strand = np.argsort(strand, kind="stable")
    order, strand = order[by_strand], strand[by_strand]
    languages = np.array([room.language for room in rooms])[strand]
    turn = _turns((languages * 2 + is_spaced[order]) * len(texts) + text[order])
    shown = shown.take(order)
    about = {"tokens": len(alphabet), "uncovered": reasons}
    columns = {
        "text": pa.array(texts, pa.string()).take(as_arrow(text[order])),
        "spaced": pa.array(is_spaced[order].view(np.uint8)),
        "token": pa.array((text[order] >= first).view(np.uint8)),
        "strand": pa.array(strand.astype(np.int16)),
        "turn": pa.array(turn.astype(np.int32)),
        "shown": pa.ListArray.from_arrays(
            pa.array(shown.offsets.astype(np.int32)), pa.array(shown.values.astype(np.int32))
        ),
    }
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    return batch.replace_schema_metadata({"about": json.dumps(about)})


def _candidates(words: Words) -> _Texts:
    """List the words of the training split and their other cases, each text once."""
    plain: dict[str, int] = {}
    every = words.texts.slice(0, len(words.texts)).to_pylist()
    for word, source, test in zip(every, words.source.tolist(), words.test.tolist(), strict=True):
        plain[word] = 0 if test else plain.get(word, 0) | 1 << source
    others: dict[str, int] = {}
    for word, source in plain.items():
        for variant in cased(word) if source else ():
            if variant not in plain:
                others[variant] = others.get(variant, 0) | source
    found = {text: source for text, source in (plain | others).items() if source}
    return _Texts(list(found), list(found.values()))


def _forms(bare: Shown, spaced: Shown | None, tokens: int) -> Ragged:
    """Return what each text shows when the question sets it bare, then when it sets it after a space.

    The answer always shows the text bare, so the second shows all of the first.
    """
    first = Ragged(bare.offsets, bare.places)
    return first if spaced is None else Ragged.concat([first, _with_bare(spaced, bare, tokens)])


def _with_bare(spaced: Shown, bare: Shown, tokens: int) -> Ragged:
    parts = [
        np.repeat(np.arange(len(shown.offsets) - 1), np.diff(shown.offsets)) * tokens + shown.places
        for shown in (spaced, bare)
    ]
    row, places = np.divmod(np.unique(np.concatenate(parts)), max(1, tokens))
    return Ragged(offsets_of(np.bincount(row, minlength=len(bare.offsets) - 1)), places)


def _alone(alphabet: Alphabet, places: Ints, barred: Barred, able: bool) -> tuple[Ints, dict[str, int]]:
    """Say which tokens that no word shows can be spelled by themselves, and count why others can't."""
    encoded = alphabet.encoding.encode_batch([alphabet.forms[place] for place in places.tolist()])
    kept, reasons = [], dict[str, int]()
    for place, ids in zip(places.tolist(), encoded, strict=True):
        form = alphabet.forms[place]
        if int(alphabet.ids[place]) not in ids:
            reason = "its own text is not encoded as the token"
        elif form[0] == " " and not able:
            reason = "no question sets a word after a space"
        else:
            reason = barred(form.strip())
        if reason:
            reasons[reason] = reasons.get(reason, 0) + 1
        else:
            kept.append(place)
    return np.array(kept, dtype=np.int64), dict(sorted(reasons.items()))


def _strands(sources: Ints, spaced: npt.NDArray[np.bool_], rooms: Sequence[Room]) -> Ints:
    """Give each entry a strand that may ask about it, the one with most room: (entries,), -1 for none."""
    allowed: dict[tuple[int, bool], list[int]] = {}
    for source, is_spaced in set(zip(sources.tolist(), spaced.tolist(), strict=True)):
        allowed[source, is_spaced] = [
            number
            for number, room in enumerate(rooms)
            if (
                source < 0
                or (source >> room.lexicon & 1 and not (room.without >= 0 and source >> room.without & 1))
            )
            and (room.spaced or not is_spaced)
            and room.rows
        ]
    filled = [0.0] * len(rooms)
    cost = [1 / max(1, room.rows) for room in rooms]
    found = []
    # In turn, since each changes how much room is left: 0.1 s for 200,000 entries.
    for key in zip(sources.tolist(), spaced.tolist(), strict=True):
        best = min(allowed[key], key=lambda number: filled[number] + cost[number], default=-1)
        if best >= 0:
            filled[best] += cost[best]
        found.append(best)
    return np.array(found, dtype=np.int64)


def _turns(keys: Ints) -> Ints:
    """Count for each key how often it came before: (entries,)."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    place = np.arange(len(keys)) - np.repeat(starts, np.diff(np.append(starts, len(keys))))
    turns = np.empty(len(keys), dtype=np.int64)
    turns[order] = place
    return turns
