"""Rows that others wrote, as messages and parts: from the columns of a format to one shape for all.

>>> import numpy as np
>>> columns = {"prompt": pa.array(["Hi!"]), "completion": pa.array(["Hello."])}
>>> rows = foreign(Raw(columns, np.array([1])), Format("prompt", {}))
>>> rows.roles.tolist() == [USER, ASSISTANT], rows.texts.to_pylist()
(True, ['Hi!', 'Hello.'])
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators import rolenames
from generators.arrays import as_arrow
from generators.book import gather
from generators.pieces import ASSISTANT, OUTPUT, PYTHON, SYSTEM, TEXT, USER
from generators.ragged import any_of, offsets_of
from generators.refusals import NAMES
from generators.sourcefiles import SourceError
from generators.sourceformats import FIELDS, Format
from generators.sourceread import MESSAGES, Raw

_MARKS = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}
# What a row's roles may be called. What they are not, a conversation of ours can't hold: tools, say.
ROLES = {name: _MARKS[role] for name, role in rolenames.ROLES.items()}
PARTS = {"": TEXT, "text": TEXT, "python": PYTHON, "python_output": OUTPUT}
UNKNOWN = -1
Kinds = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Foreign:
    """Rows as messages and parts, not yet checked.

    Attributes:
        messages: (rows + 1,) each row's first message.
        roles: (messages,) SYSTEM, USER or ASSISTANT; UNKNOWN for any other.
        parts: (messages + 1,) each message's first part.
        kinds: (parts,) TEXT, PYTHON or OUTPUT; UNKNOWN for any other.
        texts: (parts,) what they say; it need not be UTF-8.
        broken: (rows,) places in NAMES; 0 where nothing is known against a row yet.
    """

    messages: npt.NDArray[np.int64]
    roles: Kinds
    parts: npt.NDArray[np.int64]
    kinds: Kinds
    texts: pa.StringArray
    broken: Kinds

    def __len__(self) -> int:
        return len(self.broken)


def foreign(raw: Raw, format: Format) -> Foreign:
    """Read messages and parts out of the columns of a format; each part of text next to another is one."""
    n = len(raw.lines)
    broken = np.zeros(n, dtype=np.int8)
    if raw.broken:
        broken[:] = [NAMES.index(reason) if reason else 0 for reason in raw.broken]
    columns = raw.columns
    if format.format in FIELDS:
        [column] = columns.values()
        return _joined(_led(_of_lists([column], format, broken)))
    if format.format == "alpaca":
        said = _text(columns["instruction"])
        if "input" in columns:
            more = pc.fill_null(_text(columns["input"]), "")
            both = pc.binary_join_element_wise(said, more, "\n\n")
            said = pc.if_else(pc.equal(pc.binary_length(more), 0), said, both)
        turns = [(USER, said), (ASSISTANT, _text(columns["output"]))]
        if "system" in columns:
            turns.insert(0, (SYSTEM, pc.fill_null(_text(columns["system"]), "")))
    elif format.format == "text":
        turns = [(ASSISTANT, _text(columns["text"]))]
    else:
        sides = [columns["prompt"], columns["completion"]]
        if format.lists:
            return _joined(_led(_of_lists(sides, format, broken)))
        turns = [(USER, _text(sides[0])), (ASSISTANT, _text(sides[1]))]
    return _led(_of_texts(turns, broken))


def _text(column: pa.Array) -> pa.StringArray:
    return column if column.type == pa.string() else pc.cast(column, pa.string())


def _of_texts(turns: Sequence[tuple[int, pa.StringArray]], broken: Kinds) -> Foreign:
    """Make rows of the same roles each, a column of texts for every one."""
    n, each = len(broken), len(turns)
    for _, column in turns:
        _note(broken, pc.is_null(column), "columns")
    every = pa.concat_arrays([pc.fill_null(column, "") for _, column in turns])
    texts = every.take(as_arrow((np.arange(n)[:, None] + n * np.arange(each)).ravel()))
    roles = np.tile(np.array([role for role, _ in turns], dtype=np.int8), n)
    edges = np.arange(n * each + 1)
    return Foreign(edges[::each], roles, edges, np.full(n * each, TEXT, dtype=np.int8), texts, broken)


def _of_lists(columns: Sequence[pa.Array], format: Format, broken: Kinds) -> Foreign:
    """Make rows of lists of messages; of several columns, one behind the other."""
    every = []
    for column in columns:
        _note(broken, pc.is_null(column), "columns")
        if not _is_list(column.type):  # of a batch that has none
            _note(broken, pc.is_valid(column), "messages")
            column = pa.nulls(len(column), MESSAGES)
        every.append(_of_list(column, format))
    if len(every) == 1:
        messages, roles, parts, kinds, texts, odd = every[0]
    else:
        messages, roles, parts, kinds, texts, odd = _behind(every)
    _note(broken, as_arrow(odd), "messages")
    return Foreign(messages, roles, parts, kinds, texts, broken)


_Lists = tuple[Any, Kinds, Any, Kinds, pa.StringArray, npt.NDArray[np.bool_]]


def _of_list(column: pa.Array, format: Format) -> _Lists:
    messages, found = _flat(column)
    # Rows that were read one by one have our names already.
    names = ("role", "content") if column.type == MESSAGES else (format.role, format.content)
    roles, content = (pc.struct_field(found, name) for name in names)
    odd = pc.or_(pc.is_null(roles), pc.is_null(content))
    if _is_list(content.type):
        parts, inner = _flat(content)
        if not pa.types.is_struct(inner.type) or not {"type", "text"} <= {field.name for field in inner.type}:
            raise SourceError(f"contents are lists of {inner.type}; they must be of parts with type and text")
        texts = pc.struct_field(inner, "text")
        kinds = _numbers(pc.struct_field(inner, "type"), PARTS)
        odd_parts = pc.is_null(texts).to_numpy(zero_copy_only=False)
        odd_messages = odd.to_numpy(zero_copy_only=False) | any_of(odd_parts, parts)
    else:
        texts, parts = content, np.arange(len(found) + 1)
        kinds = np.full(len(found), TEXT, dtype=np.int8)
        odd_messages = odd.to_numpy(zero_copy_only=False)
    said = pc.fill_null(_text(texts), "")
    return messages, _numbers(roles, ROLES), parts, kinds, said, any_of(odd_messages, messages)


def _behind(every: Sequence[_Lists]) -> _Lists:
    """Set the messages of each row of several columns one behind the other."""
    counts = [np.diff(lists[0]) for lists in every]
    messages = offsets_of(sum(counts))
    place, before = [], messages[:-1].copy()
    for lists, count in zip(every, counts, strict=True):
        place.append(np.repeat(before - lists[0][:-1], count) + np.arange(lists[0][-1]))
        before += count
    order = np.argsort(np.concatenate(place))
    sizes = np.concatenate([np.diff(lists[2]) for lists in every])
    starts = offsets_of(sizes)[:-1]
    parts = offsets_of(sizes[order])
    inner = np.repeat(starts[order] - parts[:-1], sizes[order]) + np.arange(parts[-1])
    roles, kinds = (np.concatenate([lists[at] for lists in every]) for at in (1, 3))
    texts = pa.concat_arrays([lists[4] for lists in every]).take(as_arrow(inner))
    odd = np.logical_or.reduce([lists[5] for lists in every])
    return messages, roles[order], parts, kinds[inner], texts, odd


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _flat(lists: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array]:
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return offsets_of(lengths), lists.flatten()


def _numbers(names: pa.Array, known: Mapping[str, int]) -> Kinds:
    """Number names as they are known, whatever their case; a missing one counts as ""."""
    encoded = pc.fill_null(_text(names), "").cast(pa.binary()).dictionary_encode()
    said = [name.decode("utf-8", "replace").strip().lower() for name in encoded.dictionary.to_pylist()]
    table = np.array([known.get(name, UNKNOWN) for name in said] or [UNKNOWN], dtype=np.int8)
    return table[encoded.indices.to_numpy(zero_copy_only=False)]


def _note(broken: Kinds, where: pa.Array, reason: str) -> None:
    found = where.to_numpy(zero_copy_only=False)
    broken[found & (broken == 0)] = NAMES.index(reason)


def _led(rows: Foreign) -> Foreign:
    """Leave out a system message that leads and says nothing, as many rows have one."""
    some = np.flatnonzero(np.diff(rows.messages))
    first = rows.messages[some]
    ends = np.concatenate(
        ([0], np.cumsum(pc.binary_length(rows.texts).to_numpy(zero_copy_only=False), dtype=np.int64))
    )[rows.parts]
    blank = first[(rows.roles[first] == SYSTEM) & (ends[first] == ends[first + 1])]
    if not len(blank):
        return rows
    kept = np.ones(len(rows.roles), dtype=np.bool_)
    kept[blank] = False
    sizes = np.diff(rows.parts)
    inner = np.repeat(kept, sizes)
    return Foreign(
        np.concatenate(([0], np.cumsum(kept)))[rows.messages],
        rows.roles[kept],
        offsets_of(sizes[kept]),
        rows.kinds[inner],
        rows.texts.filter(as_arrow(inner)),
        rows.broken,
    )


def _joined(rows: Foreign) -> Foreign:
    """Leave out empty parts of text, and make neighbouring ones of a message one: no model sees the seam."""
    message = np.repeat(np.arange(len(rows.roles)), np.diff(rows.parts))
    alone = np.diff(rows.parts)[message] == 1
    lengths = pc.binary_length(rows.texts).to_numpy(zero_copy_only=False)
    kept = alone | (rows.kinds != TEXT) | (lengths > 0)
    kinds, message = rows.kinds[kept], message[kept]
    texts = rows.texts if kept.all() else rows.texts.filter(as_arrow(kept))
    head = np.ones(len(kinds), dtype=np.bool_)
    head[1:] = (kinds[1:] != TEXT) | (kinds[:-1] != TEXT) | (message[1:] != message[:-1])
    heads = np.flatnonzero(head)
    if len(heads) < len(head):  # their texts lie end to end
        texts = gather(texts, np.append(heads, len(head)) + texts.offset)
    parts = np.searchsorted(message[heads], np.arange(len(rows.roles) + 1))
    return Foreign(rows.messages, rows.roles, parts, kinds[heads], texts, rows.broken)
