"""From codes to token ids and loss masks: what a model will read, and what it will be trained to write.

The ids are nanochat's: each message and each part is encoded by itself, between control tokens. They are
composed (tokenizer/compose.py): every text of the book is encoded once, and looked up for every row.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.arrays import as_arrow
from generators.book import Book, Conversations
from generators.pieces import FIRST_PART, MARKS, NUMBER, OUTPUT, SYSTEM, UNTRAINED, USER
from tokenizer.chat import ChatTokens
from tokenizer.compose import Composer
from tokenizer.encoding import Encoding

_END = len(MARKS)  # stands for the start and the end of a conversation, beside the marks


@dataclass(frozen=True)
class Tokens:
    """Token ids of a batch.

    Attributes:
        offsets: (rows + 1,) where each row's ids start.
        ids: (offsets[-1],) int32.
        mask: (offsets[-1],) bool: the model is trained to write it.
    """

    offsets: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int32]
    mask: npt.NDArray[np.bool_]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each row, (rows,)."""
        return np.diff(self.offsets)

    def columns(self) -> tuple[pa.ListArray, pa.ListArray]:
        """Return ids and mask as Arrow lists."""
        offsets = as_arrow(self.offsets.astype(np.int32))
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
        self._composer = Composer(encoding)
        self._book: Book | None = None

    @cached_property
    def _control(self) -> tuple[Any, Any, Any, Any]:
        """For each pair of marks: where its control tokens start in a pool, how many; the pool, its mask."""
        names = [*MARKS, ""]
        start = np.zeros((_END + 1, _END + 1), dtype=np.int64)
        length = np.zeros_like(start)
        ids: list[int] = []
        mask: list[bool] = []
        for before, first in enumerate(names):
            for after, second in enumerate(names):
                if "system" in (first, second):
                    continue  # a system message is the head of the user's: see _merged
                found, trained = self.chat.between(first, second)
                start[before, after], length[before, after] = len(ids), len(found)
                ids += found
                mask += trained
        return start, length, np.array(ids, dtype=np.int32), np.array(mask)

    def render(self, conversations: Conversations) -> Tokens:
        """Render a batch.

        Raises:
            ValueError: an edge between what is trained and what is not could fall inside a token.
        """
        book, rows = conversations.book, conversations.text
        if book is not self._book:
            # The codes of another book mean other texts.
            self._composer, self._book = Composer(self.encoding), book
        n = len(rows)
        codes = merge_system(book, rows.values)
        numbers = codes & NUMBER
        is_mark = numbers < _END
        marks = np.flatnonzero(is_mark)
        # Places: one for each code, and one behind each row for its end.
        row_of = rows.spread(np.arange(n))
        place = np.arange(len(codes)) + row_of
        ends = rows.offsets[1:] + np.arange(n)
        size = np.zeros(len(codes) + n, dtype=np.int64)
        start = np.zeros_like(size)
        trained = np.ones(len(size), dtype=np.bool_)

        kinds = numbers[marks]
        before = np.concatenate(([_END], kinds[:-1]))
        before[np.searchsorted(marks, rows.starts)] = _END
        last = kinds[np.searchsorted(marks, rows.offsets[1:]) - 1]
        at, many, control_ids, control_mask = self._control
        start[place[marks]], size[place[marks]] = at[before, kinds], many[before, kinds]
        start[ends], size[ends] = at[last, _END], many[last, _END]

        # Each mark begins a text of its own; texts that are empty have no ids.
        kind_of = np.repeat(kinds, np.diff(np.append(marks, len(codes))))
        texts = np.flatnonzero(~is_mark & (book.lengths(codes) > 0))
        mark_of = np.repeat(np.arange(len(marks)), np.diff(np.append(marks, len(codes))))[texts]
        starts = np.flatnonzero(np.diff(mark_of, prepend=-1))
        composed = self._composer.compose(numbers[texts], starts, book.take)
        writes = (kind_of >= FIRST_PART) & (kind_of != OUTPUT) & ((codes & UNTRAINED) == 0)
        self._check_edges(writes[texts], composed.first)
        groups = place[texts[composed.first]]
        start[groups] = len(control_ids) + composed.offsets[:-1]
        size[groups] = np.diff(composed.offsets)
        trained[groups] = writes[texts[composed.first]]

        offsets = np.concatenate(([0], np.cumsum(size)))
        places = np.repeat(start - offsets[:-1], size) + np.arange(offsets[-1])
        pool = np.concatenate((control_ids, composed.values))
        mask = np.concatenate((control_mask, np.ones(len(composed.values), dtype=np.bool_)))
        row_edges = np.concatenate(([0], ends + 1))
        return Tokens(offsets[row_edges], pool[places], mask[places] & np.repeat(trained, size))

    def _check_edges(self, writes: npt.NDArray[np.bool_], first: npt.NDArray[np.int64]) -> None:
        """See that no group of pieces that had to be encoded together is trained on in part."""
        if len(first) and (np.maximum.reduceat(writes, first) != np.minimum.reduceat(writes, first)).any():
            raise ValueError(
                f"on {self.encoding.name} an edge between trained and untrained text falls where no cut is "
                f"proved safe; begin the untrained piece with a space"
            )

    def plain(self, conversation: dict[str, Any]) -> tuple[list[int], list[bool]]:
        """Render one conversation the obvious way, as task[i] gives it: what `render` must equal."""
        ids: list[int] = []
        mask: list[bool] = []
        before = ""

        def say(kind: str, text: str, trained: bool) -> None:
            nonlocal before
            for values, flags in (self.chat.between(before, kind), (self.encoding.encode(text), None)):
                ids.extend(values)
                mask.extend(flags if flags is not None else [trained] * len(values))
            before = kind

        system = ""
        for message in conversation["messages"]:
            content = message["content"]
            if message["role"] == "system":
                system = content + "\n\n"
            elif message["role"] == "user":
                say("user", system + content, False)
                system = ""
            else:
                say("assistant", "", False)
                parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
                for part in parts:
                    say(part["type"], part["text"], part["type"] != "python_output")
        values, flags = self.chat.between(before, "")
        return ids + values, mask + flags


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
