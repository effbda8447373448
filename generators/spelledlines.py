r"""Finding in the text of messages what they spell out: "fig: f, i, g" and the like, in any style.

Nothing but the text is read, so every dialect that has messages will do. Bytes are searched for all rows of
a batch at once. A word that runs on into another letter is a longer word, and so is one with a Korean
particle: what stands like that after a space only is not counted as such.

>>> column = pa.array([[{"role": "user", "content": "Spell fig."},
...                     {"role": "assistant", "content": "fig: f, i, g"}]])
>>> found = spelled_lines(column)
>>> found.words.to_pylist(), found.total.tolist(), found.spaced.tolist()
(['fig: f, i, g'], [1], [1])
>>> word_of("fig: f, i, g"), word_of("fig:\nf\ni\ng"), word_of('" b2 ": b 2 (2)'), word_of("Letters: f, i, g")
('fig', 'fig', 'b2', '')
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from generators.graphemes import graphemes
from generators.ragged import spread
from generators.spellings import Spellings, counted
from generators.styles import STYLES

Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_NEWLINE, _SPACE, _COLON = b"\n :"
# Bytes that a word may begin or end with: ASCII letters, and all of what UTF-8 writes in several bytes.
_LETTER = np.array([chr(byte).isalpha() or byte > 127 for byte in range(256)])
_LETTER[128:] = True
_DIGIT = np.array([48 <= byte <= 57 for byte in range(256)])
# A word that is spelled holds none of these: the first of them ends it.
_ENDS_WORD = np.isin(np.arange(256), [_NEWLINE, _SPACE, _COLON])
_PARTS = _ENDS_WORD | (np.arange(256) == ord(","))
# What stands around words before their letters.
_HEADS = tuple(dict.fromkeys(((s.head[0] + s.inner).encode(), s.head[1].encode()) for s in STYLES.values()))
_GOES_ON = regex.compile(r"[\p{L}\p{M}\p{N}]")


def word_of(line: str) -> str:
    """Return the word that a line spells, in any of the styles; "" where it spells none."""
    for style in STYLES.values():
        word = style.headed(line)
        if word and style.spelling(word, graphemes(word)) == line:
            return word
    return ""


def spelled_lines(messages: pa.ListArray) -> Spellings:
    """Find lines that may spell the word at their head; `word_of` says of each if they do.

    A head that ends its line has the lines of single words behind it, as far as they go.

    Args:
        messages: (rows,) lists of role and content, as shards have them.

    Returns:
        Lines in place of words, so that distinct ones can be looked at once, when all are counted.
    """
    text = _Text.of(messages)
    start, stop, word, word_stop = text.lines()
    row = np.searchsorted(text.row_edges, start, side="right") - 1
    spaced = text.after_space(row, word, word_stop)
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

    def lines(self) -> tuple[Places, Places, Places, Places]:
        """Return where the assistant's lines that may spell words start and stop, and where the words do."""
        data, n = self.data, len(self.data)
        newlines = np.flatnonzero(data == _NEWLINE)
        starts = np.unique(np.concatenate((self.edges[:-1], newlines + 1)))
        starts = starts[starts < n]
        message = np.searchsorted(self.edges, starts, side="right") - 1
        after = np.append(newlines, n)
        stops = np.minimum(after[np.searchsorted(after, starts)], self.edges[message + 1])
        ends = np.append(np.flatnonzero(_ENDS_WORD[data]), n)
        plain = (ends[np.searchsorted(ends, starts)] >= stops) & (stops > starts) & _LETTER[data[starts]]
        plain &= np.append(False, message[1:] == message[:-1])[: len(starts)]
        rest = np.append(np.flatnonzero(~plain), len(starts))
        found = []
        for before, behind in _HEADS:
            line = np.flatnonzero(self.says[message] & self._has(before, starts))
            word = starts[line] + len(before)
            if not before:
                # A single digit, left out below, is the number of a step: "1: 1" spells nothing.
                line = line[_LETTER[data[word]] | _DIGIT[data[word]]]
                word = starts[line]
            end = ends[np.searchsorted(ends, word)]
            kept = (end > word) & self._has(behind, end) & (end + len(behind) <= stops[line])
            kept &= (end > word + 1) | ~_DIGIT[data[np.minimum(word, n - 1)]]
            line, word, end = line[kept], word[kept], end[kept]
            # Letters may stand on lines of their own, as many as there are.
            whole = end + len(behind) == stops[line]
            stop = np.where(whole, stops[rest[np.searchsorted(rest, line + 1)] - 1], stops[line])
            more = stop > end + len(behind)
            found.append(np.stack((starts[line], stop, word, end))[:, more])
        lines = np.concatenate(found, axis=1)
        start, stop, word, end = lines[:, np.argsort(lines[0])]
        return start, stop, word, end

    def _has(self, mark: bytes, at: Places) -> npt.NDArray[np.bool_]:
        """Say whether a mark stands at places: (places,)."""
        found = np.ones(len(at), dtype=np.bool_)
        for place, byte in enumerate(mark):
            here = at + place
            found &= (here < len(self.data)) & (self.data[np.minimum(here, len(self.data) - 1)] == byte)
        return found

    def after_space(self, row: Places, start: Places, stop: Places) -> npt.NDArray[np.bool_]:
        """Say whether the word from start to stop stands after a space somewhere in its row: (words,)."""
        data, n = self.data, len(self.data)
        # Spaces before a word of two bytes and more: what lists letters and counts them is left out.
        spaces = np.flatnonzero(data[: max(0, n - 2)] == _SPACE)
        first_byte = data[spaces + 1]
        spaces = spaces[(_LETTER[first_byte] | _DIGIT[first_byte]) & ~_PARTS[data[spaces + 2]]]
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
