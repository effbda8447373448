"""From codes to token ids and loss masks: what a model will read, and what it will be trained to write.

The ids are nanochat's: each message and each part is encoded by itself, between control tokens. They are
composed (tokenizer/compose.py): every text of the book is encoded once, and looked up for every row.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.arrays import as_arrow
from generators.book import Book, Conversations
from generators.pieces import ASSISTANT, FIRST_PART, MARKS, NUMBER, OUTPUT, SYSTEM, UNTRAINED, USER
from tokenizer.chat import ChatTokens
from tokenizer.compose import Composer
from tokenizer.encoding import Encoding

_END = len(MARKS)  # stands for the start and the end of a conversation, beside the marks
_WRITES = np.array([FIRST_PART <= kind != OUTPUT for kind in range(_END)])


@dataclass(frozen=True)
class Tokens:
    """Token ids of a batch.

    Attributes:
        offsets: (rows + 1,) int32, where each row's ids start.
        ids: (offsets[-1],) int32.
        mask: (offsets[-1],) bool: the model is trained to write it.
    """

    offsets: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    mask: npt.NDArray[np.bool_]

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Tokens of each row, (rows,)."""
        return np.diff(self.offsets)

    def columns(self) -> tuple[pa.ListArray, pa.ListArray]:
        """Return ids and mask as Arrow lists."""
        offsets = as_arrow(self.offsets)
        return (
            pa.ListArray.from_arrays(offsets, as_arrow(self.ids)),
            pa.ListArray.from_arrays(offsets, as_arrow(self.mask)),
        )


class Renderer:
    """Renders conversations for one tokenizer.

    Args:
        encoding: of the tokenizer.
        chat: its control tokens.
    """

    def __init__(self, encoding: Encoding, chat: ChatTokens) -> None:
        self.encoding, self.chat = encoding, chat
        self._book: Book | None = None

    def render(self, conversations: Conversations) -> Tokens:
        """Render a batch.

        Raises:
            ValueError: an edge between what is trained and what is not could fall inside a token.
        """
        entries, starts, closing = self._entries(conversations)
        offsets, ids, mask = self._composer.pool.take(entries)
        return Tokens(offsets[starts] + closing, ids, mask)

    def count(self, conversations: Conversations) -> npt.NDArray[np.int32]:
        """Return how many tokens each row of a batch has, (rows,), without making them."""
        entries, starts, closing = self._entries(conversations)
        ends = np.cumsum(self._composer.pool.lengths(entries), dtype=np.int32)
        return np.diff(np.concatenate((np.zeros(1, dtype=np.int32), ends))[starts] + closing)

    def _open(self, book: Book) -> None:
        """Begin a composer for a book: the codes of another one mean other texts."""
        self._book, self._composer = book, Composer(self.encoding, marks=_END)
        # The entry of the control tokens between two marks, by the first and the second. What ends a row and
        # begins the next is one entry, by the last mark of one and the first of the other.
        self._between = np.zeros((_END + 1, _END + 1), dtype=np.int32)
        self._untrained = np.zeros_like(self._between)  # the same in a turn that is not trained on
        self._turning = np.zeros_like(self._between)
        self._closing = np.zeros(_END + 1, dtype=np.int32)  # how many end a row, by its last mark
        names = [*MARKS, ""]
        for before, first in enumerate(names):
            end, end_mask = self.chat.between(first, "") if first else ([], [])
            self._closing[before] = len(end)
            for after, second in enumerate(names):
                if "system" in (first, second):
                    continue  # a system message is the head of the user's: see _merged
                add = self._composer.pool.add_masked
                ids, mask = self.chat.between(first, second)
                self._between[before, after] = add(ids, mask)
                self._untrained[before, after] = add(ids, [False] * len(ids))
                begin, begin_mask = self.chat.between("", second) if second else ([], [])
                self._turning[before, after] = add(end + begin, end_mask + begin_mask)

    def _entries(self, conversations: Conversations) -> tuple[npt.NDArray[Any], ...]:
        """Compose a batch.

        Returns:
            The entries of the composer's pool that make up the batch; for each row and for the end of the
            batch, (rows + 1,), the entry that it starts in, and how many ids of that entry are not its own.
        """
        book, rows = conversations.book, conversations.text
        if book is not self._book:
            self._open(book)
        codes = merge_system(book, rows.values)
        numbers = codes & NUMBER
        marks = kinds_at = np.flatnonzero(numbers < _END)
        kinds = numbers[marks]
        writes = np.repeat(_WRITES[kinds], np.diff(marks, append=len(codes)))
        writes &= codes < UNTRAINED  # the highest bit
        composed = self._composer.compose(numbers, book.take)
        # Behind all entries one more, for the end of the last row.
        entries = np.empty(len(composed.entries) + 1, dtype=np.int32)
        heads = np.searchsorted(marks, rows.starts)
        if composed.first is None:
            np.add(composed.entries, writes, out=entries[:-1])
        else:
            self._check_edges(writes, composed.first)
            np.add(composed.entries, writes[composed.first], out=entries[:-1])
            marks = np.searchsorted(composed.first, marks)
        before = np.concatenate(([_END], kinds[:-1])) if len(kinds) else kinds
        entries[marks] = self._between[before, kinds]
        if (off := _untrained_turns(codes, kinds_at, kinds)).any():
            after_off = np.concatenate(([False], off[:-1]))
            entries[marks[after_off]] = self._untrained[before[after_off], kinds[after_off]]
        ended = np.concatenate(([_END], kinds[heads[1:] - 1], kinds[-1:]))[: len(rows) + 1]
        entries[marks[heads]] = self._turning[ended[:-1], kinds[heads]]
        entries[-1] = self._turning[ended[-1], _END]
        return entries, np.append(marks[heads], len(entries) - 1), self._closing[ended]

    def _check_edges(self, writes: npt.NDArray[np.bool_], first: npt.NDArray[np.int64]) -> None:
        """See that no group of pieces that had to be encoded together is trained on in part."""
        glued = np.ones(len(writes), dtype=np.bool_)
        glued[first] = False
        inner = np.flatnonzero(glued)
        if (writes[inner] != writes[inner - 1]).any():
            raise ValueError(
                f"on {self.encoding.name} an edge between trained and untrained text falls where no cut is "
                f"proved safe; begin the untrained piece with a space"
            )


def _untrained_turns(
    codes: npt.NDArray[Any], marks: npt.NDArray[Any], kinds: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Say which marks are of an assistant's turn that is not trained on, not even where it ends."""
    turns = np.where((kinds == USER) | (kinds == ASSISTANT), np.arange(len(kinds)), 0)
    turn = np.maximum.accumulate(turns)  # of each mark, the one with which its message starts
    found: npt.NDArray[np.bool_] = (kinds[turn] == ASSISTANT) & ((codes[marks[turn]] & UNTRAINED) != 0)
    return found


def merge_system(book: Book, codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Make a system message the head of the user's, two newlines between, as nanochat does."""
    marks = np.flatnonzero((codes & NUMBER) < _END)
    kinds = codes[marks] & NUMBER
    system = np.flatnonzero(kinds == SYSTEM)
    if not len(system):
        return codes
    merged = codes.copy()
    merged[marks[system]] = USER
    merged[marks[system + 1]] = book.constant("\n\n")
    return merged
