"""From the rows of a shard back to codes: messages and parts set into a book again.

>>> from generators.book import Book
>>> from generators.layout import MESSAGE, PART, Laid
>>> said = [{"role": "user", "content": "Fig?"}, {"role": "assistant", "content": "f, i, g"}]
>>> part = {"message": 1, "type": "text", "text": "f, i, g", "train": True}
>>> messages, parts = pa.array([said], pa.list_(MESSAGE)), pa.array([[part]], pa.list_(PART))
>>> book = Book()
>>> Laid(book, set_again(messages, parts, book)).messages().content.to_pylist()
['Fig?', 'f, i, g']
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.book import Book, Conversations
from generators.dialects import FLAT
from generators.pieces import ASSISTANT, EXCHANGE, MARKS, TEXT, UNTRAINED
from generators.ragged import Ragged, offsets_of

COUNTED = ("count", "form", "lexicon", "kind")  # of the facts, what a manifest counts by


def conversations_of(rows: pa.Table, split: str, book: Book) -> Conversations:
    """Set rows.

    Args:
        rows: with id, task, messages, parts, answer, and what else a dialect has.
        split: theirs.
        book: numbers their texts.
    """
    n, table = len(rows), rows.combine_chunks()
    have = {name: _chunk(table, name) for name in table.column_names}
    empty = pa.array([""] * n, pa.string())
    facts = have.get("facts", pa.array(["{}"] * n, pa.string()))
    known = [json.loads(text) for text in facts.to_pylist()]
    head = pc.split_pattern(have["id"], "/", max_splits=1, reverse=True)
    names, numbers = (pc.list_element(head, at) for at in (0, 1))
    columns = {"name": names, **{name: have.get(name, empty) for name in ("task", *FLAT)}}
    columns["split"] = pa.array([split] * n, pa.string())
    for name in COUNTED:
        if any(name in row for row in known):
            columns[name] = pa.array([str(row.get(name, "")) for row in known], pa.string())
    words = [
        row.get("words", [word] if word else [])
        for row, word in zip(known, columns["word"].to_pylist(), strict=True)
    ]
    return Conversations(
        book,
        pc.cast(numbers, pa.int64()).to_numpy(zero_copy_only=False),
        set_again(have["messages"], have["parts"], book),
        Ragged(np.arange(n + 1), _added(book, facts)),
        Ragged(
            offsets_of(np.array([len(row) for row in words])),
            _added(book, pa.array([w for row in words for w in row], pa.string())),
        ),
        {name: _added(book, column) for name, column in columns.items()},
    )


def example(rows: pa.Table, row: int, split: str) -> dict[str, Any]:
    """Return a row as nanochat's tasks do: typed parts for a turn that has several, and its facts beside.

    Args:
        rows: see conversations_of.
        row: its number.
        split: of the row.
    """
    have = {name: rows[name][row].as_py() for name in rows.column_names}
    found = {name: have.get(name, "") for name in ("task", *FLAT)} | {"split": split}
    parts: dict[int, list[dict[str, str]]] = {}
    for part in have["parts"]:
        parts.setdefault(part["message"], []).append({"type": part["type"], "text": part["text"]})
    found["messages"] = [
        {"role": message["role"], "content": _content(message["content"], parts.get(number))}
        for number, message in enumerate(have["messages"])
    ]
    found["facts"] = json.loads(have.get("facts", "{}"))
    return found


def _content(said: str, parts: list[dict[str, str]] | None) -> "str | list[dict[str, str]]":
    if parts is None:
        return said
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _chunk(table: pa.Table, name: str) -> pa.Array:
    column = table[name]
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _added(book: Book, texts: pa.Array) -> npt.NDArray[np.int32]:
    """Add texts to a book, each distinct one once, and return their codes."""
    found = texts.dictionary_encode()
    first = book.add(found.dictionary)
    return found.indices.to_numpy(zero_copy_only=False).astype(np.int32) + np.int32(first)


def set_again(messages: pa.ListArray, parts: pa.ListArray, book: Book) -> Ragged:
    """Set messages and parts, as a dialect lays them out, as rows of codes.

    What of a turn belongs to the exchange with the tool is what its message leaves out; where messages hold
    it as fenced code, it is the code and its output alone.
    """
    message_edges, part_edges = _edges(messages), _edges(parts)
    said, made = messages.flatten(), parts.flatten()
    roles = _numbers(said.field("role"))
    kinds = _numbers(made.field("type"))
    flags = np.where(made.field("train").to_numpy(zero_copy_only=False), 0, UNTRAINED).astype(np.int32)
    flags |= np.where(kinds == TEXT, 0, EXCHANGE).astype(np.int32)
    # Each part's message, and each message's parts.
    of_part = made.field("message").to_numpy() + np.repeat(message_edges[:-1], np.diff(part_edges))
    halves = _halves(said.field("content"), made.field("text"), kinds, of_part)
    cut = np.array(halves.cut, dtype=np.int64)
    flags[halves.inside] |= EXCHANGE
    heads, tails = pa.array(halves.heads, pa.string()), pa.array(halves.tails, pa.string())
    texts = _added(book, pa.concat_arrays([said.field("content"), made.field("text"), heads, tails]))
    said_codes, made_codes, head_codes, tail_codes = np.split(
        texts, np.cumsum([len(said), len(made), len(cut)])
    )
    # A message is its mark, and its content or parts; a part is its mark and text, or the text in two.
    sizes_of_parts = np.full(len(made), 2)
    sizes_of_parts[cut] = 3
    speaks = roles == ASSISTANT
    sizes = np.where(speaks, 1, 2) + np.bincount(of_part, sizes_of_parts, len(said)).astype(np.int64)
    starts = offsets_of(sizes)
    codes = np.empty(starts[-1], dtype=np.int32)
    codes[starts[:-1]] = roles
    codes[starts[:-1][~speaks] + 1] = said_codes[~speaks]
    before = offsets_of(sizes_of_parts)
    first = np.searchsorted(of_part, np.arange(len(said)))  # each message's first part
    at = starts[:-1][of_part] + 1 + before[:-1] - before[first[of_part]]
    codes[at] = kinds | flags
    codes[at + 1] = made_codes | flags
    left_out = np.array(halves.left_out, dtype=np.int32).reshape(-1, 2) * EXCHANGE
    codes[at[cut] + 1] = head_codes | flags[cut] | left_out[:, 0]
    codes[at[cut] + 2] = tail_codes | flags[cut] | left_out[:, 1]
    return Ragged(starts[message_edges], codes)


def _edges(lists: pa.ListArray) -> npt.NDArray[np.int64]:
    return offsets_of(pc.list_value_length(lists).to_numpy(zero_copy_only=False).astype(np.int64))


def _numbers(names: pa.StringArray) -> npt.NDArray[np.int32]:
    return pc.index_in(names, pa.array(MARKS)).to_numpy(zero_copy_only=False).astype(np.int32)


@dataclass
class _Halves:
    """The texts of which a part is in the exchange with the tool, and a part is not.

    Attributes:
        cut: the numbers of their parts.
        heads, tails: what each is cut into.
        left_out: whether its head, and its tail, are in the exchange.
        inside: the numbers of the parts of text that are in it as a whole.
    """

    cut: list[int] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    tails: list[str] = field(default_factory=list)
    left_out: list[tuple[bool, bool]] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)


def _halves(
    content: pa.StringArray,
    texts: pa.StringArray,
    kinds: npt.NDArray[np.int32],
    of_part: npt.NDArray[np.int64],
) -> _Halves:
    """Find where in the parts of a turn the exchange with the tool begins and ends: at what is left out."""
    found = _Halves()
    said = pc.binary_length(content).to_numpy()
    mine = np.where(kinds == TEXT, pc.binary_length(texts).to_numpy(), 0)
    turns = np.unique(of_part)
    turns = turns[np.bincount(of_part, mine, len(content))[turns] > said[turns]]  # fenced code adds to it
    # Turn by turn: what is left is found by comparing texts, for which Arrow has nothing.
    starts, stops = (np.searchsorted(of_part, turns + more) for more in (0, 1))
    for left, start, stop in zip(content.take(as_arrow(turns)).to_pylist(), starts, stops, strict=True):
        places = [place for place in range(start, stop) if kinds[place] == TEXT]
        inner = texts.take(as_arrow(np.array(places, dtype=np.int64))).to_pylist()
        for place, text, (low, high) in zip(places, inner, kept(left, inner) or (), strict=False):
            if low == high:
                found.inside.append(place)
            elif high - low < len(text):
                at = low or high
                found.cut.append(place)
                found.heads.append(text[:at])
                found.tails.append(text[at:])
                found.left_out.append((low > 0, low == 0))
    return found


def kept(said: str, texts: Sequence[str]) -> list[tuple[int, int]] | None:
    """Find what of some texts another is made of: all of each, its beginning, its end, or nothing.

    Returns:
        Where in each text that begins and ends; None where it is made of more, such as fenced code.

    >>> kept("ab, z", ["ab: now the tool", "wait", "it says, z"]), kept("abc", ["b", "c"])
    ([(0, 2), (0, 0), (7, 10)], None)
    """

    @cache
    def rest(at: int, number: int) -> tuple[tuple[int, int], ...] | None:
        if number == len(texts):
            return () if at == len(said) else None
        text = texts[number]
        same = next(
            (i for i, (a, b) in enumerate(zip(text, said[at:], strict=False)) if a != b),
            min(len(text), len(said) - at),
        )
        beginnings = ((0, size) for size in range(same, -1, -1))
        ends = ((low, len(text)) for low in range(1, len(text)) if said.startswith(text[low:], at))
        for low, high in chain(beginnings, ends):
            if (more := rest(at + high - low, number + 1)) is not None:
                return ((low, high), *more)
        return None

    found = rest(0, 0)
    return None if found is None else list(found)
