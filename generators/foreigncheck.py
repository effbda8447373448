"""What must hold for a row that others wrote, for all rows of a batch at once.

It is what generators.rowcheck asks of every row of a shard, one by one and in the most obvious way.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.book import gather
from generators.foreign import UNKNOWN, Foreign
from generators.pieces import ASSISTANT, OUTPUT, PYTHON, SYSTEM, TEXT, USER
from generators.ragged import any_of
from generators.refusals import NAMES
from generators.rowcheck import CONTROL

Flags = npt.NDArray[np.bool_]


def refused(rows: Foreign, bare: bool = False, longest: int | None = None) -> npt.NDArray[np.int8]:
    """Say which rows are refused.

    Args:
        rows: as they were read.
        bare: they are texts and no conversations: nobody asks.
        longest: bytes of text that a row may have.

    Returns:
        (rows,) places in NAMES, of the first reason that holds; 0 where a row can be taken.
    """
    found = rows.broken.copy()

    def note(flags: Flags, reason: str) -> None:
        found[flags & (found == 0)] = NAMES.index(reason)

    roles, kinds = rows.roles, rows.kinds
    of_message = np.repeat(np.arange(len(roles)), np.diff(rows.parts))  # (parts,)
    said = roles[of_message] if len(roles) else np.empty(0, dtype=np.int8)

    def row_of_parts(flags: Flags) -> Flags:
        return any_of(any_of(flags, rows.parts), rows.messages)

    garbled = _garbled(rows.texts)
    texts = rows.texts
    if garbled.any():
        note(row_of_parts(garbled), "encoding")
        blank = pa.array([""] * int(garbled.sum()), pa.string())
        texts = pc.replace_with_mask(texts, as_arrow(garbled), blank)
    note(row_of_parts((kinds == UNKNOWN) | ((kinds != TEXT) & (said != ASSISTANT))), "part")
    note(any_of(roles == UNKNOWN, rows.messages), "role")
    if not bare:
        note(_out_of_turn(rows), "order")
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    note(row_of_parts(_broken_calls(kinds, of_message, lengths)), "tool")
    content = _content(rows, texts)
    blank = pc.binary_length(pc.utf8_trim_whitespace(content)).to_numpy(zero_copy_only=False) == 0
    note(any_of(blank, rows.messages) | (np.diff(rows.messages) == 0), "empty")
    note(row_of_parts(_control(texts)), "control")
    if (kinds != TEXT).any():  # what a tool parts may be one without it
        note(any_of(_control(content), rows.messages), "control")
    if longest is not None:
        total = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))[rows.parts[rows.messages]]
        note(np.diff(total) > longest, "long")
    return found


def _garbled(texts: pa.StringArray) -> Flags:
    """Say which texts are not UTF-8; Arrow takes what it reads from Parquet on trust."""
    try:
        texts.validate(full=True)
        return np.zeros(len(texts), dtype=np.bool_)
    except pa.ArrowInvalid:
        # One by one, in the rare batch that has such a text.
        return np.array([not _is_utf8(text) for text in texts.cast(pa.binary()).to_pylist()], dtype=np.bool_)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _out_of_turn(rows: Foreign) -> Flags:
    counts = np.diff(rows.messages)
    starts = rows.messages[:-1]
    led = np.zeros(len(rows), dtype=np.bool_)
    some = counts > 0
    led[some] = rows.roles[starts[some]] == SYSTEM
    place = np.arange(len(rows.roles)) - np.repeat(starts + led, counts)
    expected = np.where(place < 0, SYSTEM, np.where(place % 2 == 0, USER, ASSISTANT))
    turns = counts - led
    return any_of(rows.roles != expected, rows.messages) | (turns % 2 != 0) | (turns < 2)


def _broken_calls(kinds: Any, of_message: Any, lengths: Any) -> Flags:
    """Say which parts are calls that nothing answers, or answers to nothing, or empty calls."""
    if not len(kinds):
        return np.zeros(0, dtype=np.bool_)
    same = of_message[1:] == of_message[:-1]
    follows = np.append(same & (kinds[1:] == OUTPUT), False)
    leads = np.append(False, same & (kinds[:-1] == PYTHON))
    broken: Flags = ((kinds == PYTHON) & (~follows | (lengths == 0))) | ((kinds == OUTPUT) & ~leads)
    return broken


def _content(rows: Foreign, texts: pa.StringArray) -> pa.StringArray:
    """Return what each message says, without the exchange with the tool."""
    if len(texts) == len(rows.roles) and (np.diff(rows.parts) == 1).all():
        return texts
    kept = rows.kinds != PYTHON
    kept &= rows.kinds != OUTPUT
    total = np.concatenate(([0], np.cumsum(kept)))
    said = pa.concat_arrays(
        [texts.filter(as_arrow(kept)), pa.array([""], pa.string())]
    )  # never without buffers
    return gather(said, total[rows.parts])


def _control(texts: pa.StringArray) -> Flags:
    return pc.match_substring_regex(texts, CONTROL.pattern).to_numpy(zero_copy_only=False)
