"""The tokens of a conversation, cut into runs of one look: what a preview paints.

Each message and part is encoded by itself, between control tokens where the vocabulary has them, as
generators.tokens does for shards. A token is what the tokenizer makes of the whole part, so a run may end
inside a word, and inside a letter whose bytes are in several tokens: then each byte is shown by its number.

>>> from tokenizer.encoding import open_encoding
>>> part = Part("text", "berry 鼾", ((0, 5),), ((0, 7),))
>>> [(run.text, run.id, run.slot) for run in runs_of(part, open_encoding(None))]
[('ber', 506, 1), ('ry', 638, 1), (' ', 32, 0), ('<e9>', 233, 0), ('<bc>', 188, 0), ('<be>', 190, 0)]
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from generators.parts import Part
from tokenizer.chat import ChatTokens
from tokenizer.encoding import Encoding, EncodingError

Look = tuple[int, bool]  # the slot it is in, and whether it is trained on

NEWLINE = "⏎"
UNDER = "◌"  # what a combining mark stands on where a token begins with it


@dataclass(frozen=True)
class Run:
    """A stretch of one token with one look.

    Attributes:
        text: as it is shown; a newline is a sign and a newline.
        id: of the token.
        ends: the token ends with it.
        slot: the number of the slot that it is in, from 1; 0: none.
        trained: the model is trained to write it.
    """

    text: str
    id: int
    ends: bool
    slot: int
    trained: bool


@dataclass(frozen=True)
class PartTokens:
    """The tokens of a part.

    Attributes:
        closing: control tokens that end what stands before it.
        opening: control tokens that it begins with.
        runs: of its text.
    """

    closing: list[Run]
    opening: list[Run]
    runs: list[Run]


class Reader:
    """Reads conversations as one tokenizer does.

    Args:
        encoding: of the tokenizer.
    """

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        try:
            self._chat: ChatTokens | None = ChatTokens.of(encoding)
        except EncodingError:
            self._chat = None  # it has no control tokens to show

    def read(self, parts: Sequence[Part]) -> list[PartTokens]:
        """Return the tokens of each part, and of what ends the conversation."""
        kinds = ["", *(part.kind for part in parts), ""]
        found = []
        for before, after, part in zip(kinds, kinds[1:], [*parts, None], strict=False):
            control = self._control(before, after)
            # "…_start" opens what comes, "…_end" closes what was; <|bos|> begins the first message.
            ends = [run.text.endswith("_end|>") for run in control]
            first = ends.index(False) if False in ends else len(ends)
            runs = runs_of(part, self.encoding) if part else []
            found.append(PartTokens(control[:first], control[first:], runs))
        return found

    def _control(self, before: str, after: str) -> list[Run]:
        if self._chat is None:
            return []
        pairs = zip(*self._chat.between(before, after), strict=True)
        name = self.encoding.token_bytes
        return [Run(name(id).decode(), id, True, 0, trained) for id, trained in pairs]


def tokens_of(parts: Iterable[PartTokens]) -> list[tuple[int, bool]]:
    """Return each token's id, and whether the model is trained on all of it."""
    runs = [run for part in parts for held in (part.closing, part.opening, part.runs) for run in held]
    found = []
    whole = True
    for run in runs:
        whole &= run.trained
        if run.ends:
            found.append((run.id, whole))
            whole = True
    return found


def runs_of(part: Part, encoding: Encoding) -> list[Run]:
    """Encode a part as a whole, and cut its tokens where slots or what is trained on begin and end.

    Slots are found where the tokens spell the text itself, perhaps after a space that the tokenizer puts
    before it; where it rewrites the text (to NFC, say), there are none.
    """
    ids = encoding.encode(part.text)
    tokens = [encoding.token_bytes(id) for id in ids]
    edges = list(accumulate(map(len, tokens), initial=0))
    letters = _letters(b"".join(tokens), set(edges))
    looks = _looks(part, b"".join(tokens))
    runs: list[Run] = []
    at = 0
    for id, stop in zip(ids, edges[1:], strict=True):
        shown: list[tuple[str, Look]] = []
        while at < len(letters) and letters[at].byte < stop:
            letter, look = letters[at], looks[letters[at].place]
            if shown and shown[-1][1] == look:
                shown[-1] = (shown[-1][0] + letter.shown, look)
            else:
                shown.append((letter.shown, look))
            at += 1
        shown = shown or [("", (0, bool(part.trained)))]
        for place, (text, (slot, trained)) in enumerate(shown, 1):
            if place == 1 and unicodedata.category(text[:1] or " ")[0] == "M":
                text = UNDER + text
            runs.append(Run(text, id, place == len(shown), slot, trained))
    return runs


def _looks(part: Part, data: bytes) -> list[Look]:
    """Say of each character that the tokens spell which slot it is in and whether it is trained on."""
    said = part.text.encode("utf-8", "replace")
    before = len(data.decode("utf-8", "replace")) - len(part.text)
    if not data.endswith(said):
        return [(0, bool(part.trained))] * len(data)
    looks: list[Look] = [(0, False)] * len(part.text)
    for start, stop in part.trained:
        looks[start:stop] = [(0, True)] * (stop - start)
    for number, (start, stop) in enumerate(part.slots, 1):
        looks[start:stop] = [(number, trained) for _, trained in looks[start:stop]]
    return [(0, bool(looks) and looks[0][1])] * before + looks


class _Letter(NamedTuple):
    """A letter, or one of its bytes: where it starts, of which character it is, how it is shown."""

    byte: int
    place: int
    shown: str


def _letters(data: bytes, edges: set[int]) -> list[_Letter]:
    """Cut bytes into letters, and into single bytes where two tokens share a letter or none can be seen."""
    found: list[_Letter] = []
    at = 0
    for place, letter in enumerate(data.decode("utf-8", "surrogateescape")):
        stop = at + len(letter.encode("utf-8", "surrogateescape"))
        if letter == "\n":
            found.append(_Letter(at, place, f"{NEWLINE}\n"))
        elif edges.isdisjoint(range(at + 1, stop)) and (
            letter == " " or unicodedata.category(letter)[0] not in "CZ"
        ):
            found.append(_Letter(at, place, letter))
        else:
            found += [_Letter(byte, place, f"<{data[byte]:02x}>") for byte in range(at, stop)]
        at = stop
    return found
