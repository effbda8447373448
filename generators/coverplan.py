"""Making a cover: which words and tokens are spelled for it, in which case, and by rows of which strand."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

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
from tokenizer.alphabet import Alphabet

Ints = npt.NDArray[np.int64]
Barred = Callable[[str], str]

_ANY = -1  # in place of the bits of lexicons: a token, which every strand may ask about
_WINDOW = 10_000  # entries that change places: nearby rows are not all about one token


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
    plain = _candidates(words)
    able = any(room.spaced for room in rooms)
    known = _forms(alphabet, list(plain), list(plain.values()), rooms)
    counts = np.bincount(np.concatenate([forms.values for forms in known]), minlength=len(alphabet))
    alone, reasons = _alone(alphabet, np.flatnonzero(counts == 0), plain, barred, able)
    # What a token shows beside itself counts as what a word shows does.
    others = _forms(alphabet, alone, [_ANY] * len(alone), rooms)
    forms = Ragged.concat([part for pair in zip(known, others, strict=True) for part in pair])
    texts = [*plain, *alone]
    chosen = choose(forms, len(alphabet), times)
    text, is_spaced = chosen.form % len(texts), chosen.form >= len(texts)
    sources = np.array([*plain.values(), *[_ANY] * len(alone)], dtype=np.int64)
    shown, rank = forms.take(chosen.form), chosen.rank
    have = np.bincount(forms.values, minlength=len(alphabet)) > 0
    uncovered = Counter(reason for place, reason in reasons.items() if not have[place])

    # The most frequent tokens first, so that what has too few rows for all covers those.
    order = np.argsort(rank, kind="stable")
    window = np.arange(len(order)) // _WINDOW
    order = order[np.lexsort((mix(key_of("cover"), np.arange(len(order))), window))]
    strand = _strands(sources[text[order]], is_spaced[order], rooms)
    by_strand = np.argsort(strand, kind="stable")
    order, strand = order[by_strand], strand[by_strand]
    languages = np.array([room.language for room in rooms])[strand]
    turn = _turns((languages * 2 + is_spaced[order]) * len(texts) + text[order])
    shown = shown.take(order)
    about = {"tokens": len(alphabet), "uncovered": dict(sorted(uncovered.items()))}
    columns = {
        "text": pa.array(texts, pa.string()).take(as_arrow(text[order])),
        "spaced": pa.array(is_spaced[order].view(np.uint8)),
        "token": pa.array((text[order] >= len(plain)).view(np.uint8)),
        "strand": pa.array(strand.astype(np.int16)),
        "turn": pa.array(turn.astype(np.int32)),
        "shown": pa.ListArray.from_arrays(
            pa.array(shown.offsets.astype(np.int32)), pa.array(shown.values.astype(np.int32))
        ),
    }
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    return batch.replace_schema_metadata({"about": json.dumps(about)})


def _candidates(words: Words) -> dict[str, int]:
    """List the words of the training split, then their other cases: text -> bits of the lexicons it is of."""
    plain: dict[str, int] = {}
    every = words.texts.slice(0, len(words.texts)).to_pylist()
    for word, source, test in zip(every, words.source.tolist(), words.test.tolist(), strict=True):
        plain[word] = 0 if test else plain.get(word, 0) | 1 << source
    others: dict[str, int] = {}
    for word, source in plain.items():
        for variant in cased(word) if source else ():
            if variant not in plain:
                others[variant] = others.get(variant, 0) | source
    return {text: source for text, source in (plain | others).items() if source}


def _forms(
    alphabet: Alphabet, texts: Sequence[str], sources: Sequence[int], rooms: Sequence[Room]
) -> tuple[Ragged, Ragged]:
    """Return what each text shows when a question sets it bare, and when one sets it after a space.

    The answer always shows the text bare, so the second shows all of the first; where no question may set
    the text so, it shows nothing.
    """
    n = max(1, len(alphabet))
    bare = alphabet.shown(texts)
    keys = np.repeat(np.arange(len(texts)), np.diff(bare.offsets)) * n + bare.places
    spaced = alphabet.shown([f" {text}" for text in texts])
    more = np.repeat(np.arange(len(texts)), np.diff(spaced.offsets)) * n + spaced.places
    found = []
    for is_spaced, every in ((False, keys), (True, np.unique(np.concatenate((keys, more))))):
        may = {source for source in set(sources) if _allowed(rooms, source, is_spaced)}
        asked = np.fromiter((source in may for source in sources), np.bool_, len(sources))
        text, places = np.divmod(every, n)
        kept = asked[text]
        found.append(Ragged(offsets_of(np.bincount(text[kept], minlength=len(texts))), places[kept]))
    return found[0], found[1]


def _alone(
    alphabet: Alphabet, places: Ints, words: Mapping[str, int], barred: Barred, able: bool
) -> tuple[list[str], dict[int, str]]:
    """Find the tokens that can be spelled by themselves: their texts, and for the others why they can't."""
    encoded = alphabet.encoding.encode_batch([alphabet.forms[place] for place in places.tolist()])
    texts: dict[str, None] = {}
    reasons: dict[int, str] = {}
    for place, ids in zip(places.tolist(), encoded, strict=True):
        form = alphabet.forms[place]
        if int(alphabet.ids[place]) not in ids:
            reasons[place] = "its own text is not encoded as the token"
        elif form[0] == " " and (not able or form[1:] in words):
            reasons[place] = "no question about it sets a word after a space"
        elif reason := barred(form.strip()):
            reasons[place] = reason
        else:
            texts[form.strip()] = None
    return list(texts), reasons


def _allowed(rooms: Sequence[Room], source: int, spaced: bool) -> list[int]:
    """Return the strands that may ask about a text of these lexicons, set so."""
    return [
        number
        for number, room in enumerate(rooms)
        if (room.spaced or not spaced)
        and (
            source == _ANY
            or (source >> room.lexicon & 1 and not (room.without >= 0 and source >> room.without & 1))
        )
    ]


def _strands(sources: Ints, spaced: npt.NDArray[np.bool_], rooms: Sequence[Room]) -> Ints:
    """Give each entry a strand that may ask about it, the one with most room: (entries,)."""
    kinds = set(zip(sources.tolist(), spaced.tolist(), strict=True))
    allowed = {kind: _allowed(rooms, *kind) for kind in kinds}
    filled = [0.0] * len(rooms)
    cost = [1 / max(1, room.rows) for room in rooms]
    found = []
    # In turn, since each changes how much room is left: 0.1 s for 200,000 entries.
    for key in zip(sources.tolist(), spaced.tolist(), strict=True):
        best = min(allowed[key], key=lambda number: filled[number] + cost[number])
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
