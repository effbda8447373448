r"""Finding in the text of messages what they spell out: lines such as "fig: f, i, g", in any style.

Nothing but the text is read, so every dialect that has messages will do. Bytes are searched for all rows of
a batch at once.

>>> column = pa.array([[{"role": "user", "content": "Spell fig."},
...                     {"role": "assistant", "content": "fig: f, i, g"}]])
>>> found = spelled_lines(column)
>>> found.words.to_pylist(), found.total.tolist(), found.spaced.tolist()
(['fig: f, i, g'], [1], [1])
>>> word_of("fig: f, i, g"), word_of("Its letters: f, i, g")
('fig', '')
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from generators.check import graphemes
from generators.ragged import spread
from generators.spellings import Spellings, counted
from generators.styles import STYLES

Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_NEWLINE, _SPACE, _COLON = b"\n :"
# Bytes that a word may begin or end with: ASCII letters, and all of what UTF-8 writes in several bytes.
_LETTER = np.array([chr(byte).isalpha() or byte > 127 for byte in range(256)])
_LETTER[128:] = True
_GOES_ON = regex.compile(r"[\p{L}\p{M}\p{N}]")


def word_of(line: str) -> str:
    """Return the word that a line spells, in any of the styles; "" where it spells none."""
    word = line.partition(":")[0]
    letters = graphemes(word)
    return word if any(style.spelling(word, letters) == line for style in STYLES.values()) else ""


def spelled_lines(messages: pa.ListArray) -> Spellings:
    """Find lines that may spell a word, what stands before the colon; `word_of` says of each if it does.

    Args:
        messages: (rows,) lists of role and content, as shards have them.

    Returns:
        Lines in place of words, so that distinct ones can be looked at once, when all are counted.
    """
    text = _Text.of(messages)
    start, colon, stop = text.lines()
    row = np.searchsorted(text.row_edges, start, side="right") - 1
    spaced = text.after_space(row, start, colon)
    # Lines and what is between them, end to end: of these every other one is a line.
    cuts = np.stack((start, stop), axis=1).ravel().astype(np.int32)
    pieces = pa.StringArray.from_buffers(max(0, len(cuts) - 1), pa.py_buffer(cuts), pa.py_buffer(text.data))
    encoded = pieces.take(pa.array(np.arange(0, len(cuts), 2))).dictionary_encode()
    keys = row * len(encoded.dictionary) + encoded.indices.to_numpy()
    return counted(encoded.dictionary, keys, np.ones(len(keys), dtype=np.bool_), spaced)


@dataclass(frozen=True)
class _Text:
    """The messages of a batch as bytes.

    Attributes:
        data: of all messages, end to end.
        edges: (messages + 1,) where each starts.
        says: (messages,) it is the assistant's.
        row_edges: (rows + 1,) where each row starts.
    """

    data: Bytes
    edges: Places
    says: npt.NDArray[np.bool_]
    row_edges: Places

    @classmethod
    def of(cls, messages: pa.ListArray) -> "_Text":
        turns = messages.flatten()
        content = turns.field("content")
        first, n = content.offset, len(content)
        offsets = np.frombuffer(content.buffers()[1], dtype=np.int32)[first : first + n + 1]
        start, stop = (int(offsets[0]), int(offsets[-1])) if n else (0, 0)
        data = np.frombuffer(content.buffers()[2] or b"", dtype=np.uint8)[start:stop]
        edges = offsets.astype(np.int64) - start
        by_row = messages.offsets.to_numpy()
        says = pc.equal(turns.field("role"), "assistant").to_numpy(zero_copy_only=False)
        return cls(data, edges, says, edges[by_row - by_row[0]])

    def lines(self) -> tuple[Places, Places, Places]:
        """Return start, first colon and end of the assistant's lines that begin with a letter."""
        newlines = np.flatnonzero(self.data == _NEWLINE)
        opening = self.edges[:-1][self.says]
        starts = np.sort(np.concatenate((opening, newlines + 1)))
        starts = starts[starts < len(self.data)]
        starts = starts[_LETTER[self.data[starts]]]
        message = np.searchsorted(self.edges, starts, side="right") - 1
        starts, message = starts[self.says[message]], message[self.says[message]]
        colons = np.append(np.flatnonzero(self.data == _COLON), len(self.data))
        colon = colons[np.searchsorted(colons, starts)]
        after = np.append(newlines, len(self.data))
        stop = np.minimum(after[np.searchsorted(after, starts)], self.edges[message + 1])
        kept = colon + 1 < stop
        # A space before the colon is in no word: that is a sentence.
        spaces = np.append(np.flatnonzero(self.data == _SPACE), len(self.data))
        kept &= spaces[np.searchsorted(spaces, starts)] > colon
        return starts[kept], colon[kept], stop[kept]

    def after_space(self, row: Places, start: Places, stop: Places) -> npt.NDArray[np.bool_]:
        """Say whether the word from start to stop stands after a space somewhere in its row: (words,)."""
        data, n = self.data, len(self.data)
        # Spaces before a word of two bytes and more: what lists letters and counts them is left out.
        spaces = np.flatnonzero(data[: max(0, n - 2)] == _SPACE)
        spaces = spaces[_LETTER[data[spaces + 1]] & _LETTER[data[spaces + 2]]]
        first = np.searchsorted(spaces, self.row_edges[row])
        many = np.searchsorted(spaces, self.row_edges[row + 1]) - first
        word = np.repeat(np.arange(len(row)), many)
        at = spaces[spread(first, many)] + 1
        for place in range(int((stop - start).max(initial=0))):
            inside = start[word] + place < stop[word]
            same = ~inside | (
                data[np.minimum(at + place, n - 1)] == data[np.minimum(start[word] + place, n - 1)]
            )
            word, at = word[same], at[same]
        end = at + (stop - start)[word]
        whole = self._ends(at, end)
        found = np.zeros(len(row), dtype=np.bool_)
        found[word[whole]] = True
        return found

    def _ends(self, at: Places, end: Places) -> npt.NDArray[np.bool_]:
        """Say whether a word that stands somewhere ends there, and does not go on with another letter."""
        message_end = self.edges[np.searchsorted(self.edges, at, side="right")]
        inside = end < message_end
        ends = end == message_end
        padded = np.append(self.data, np.zeros(4, dtype=np.uint8))
        # Four bytes hold any character; ASCII, in one, needs no look at the others.
        following = padded[end[inside][:, None] + np.arange(4)]
        following[following[:, 0] < 128, 1:] = 0
        distinct, which = np.unique(following.view("<u4").ravel(), return_inverse=True)
        texts = [number.to_bytes(4, "little").decode(errors="ignore") for number in distinct.tolist()]
        goes_on = np.array([bool(_GOES_ON.match(text)) for text in texts], dtype=np.bool_)
        ends[inside] = ~goes_on[which]
        return ends
