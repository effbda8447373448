"""Reading token ids back: from ids and mask to messages and parts, and whether they are what they must be.

Where one text part ends and the next begins no control token stands. So a text before a call, and one after
an output, may be two parts that were encoded apart; every other part must be encoded as one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from generators.rowcheck import fenced
from tokenizer.chat import ChatTokens
from tokenizer.encoding import Encoding, EncodingError

_Follow = tuple[str, list[int], list[bool]]  # the kind of the next part, control tokens before it, their mask
Parts = list[tuple[int, str, str, bool]]
_WRITTEN = ("text", "python")
_AFTER = {
    "": ("user",),
    "user": ("assistant",),
    "assistant": ("text", "python", "user", ""),
    "text": ("python", "user", ""),
    "python": ("python_output", "text", "python", "user", ""),
    "python_output": ("text", "python", "user", ""),
}
_TRIED = 64  # places of a seam


class _Run(NamedTuple):
    kind: str  # of the part; "" for the end
    control: list[bool]  # the mask of the control tokens before it
    ids: list[int]


@dataclass(frozen=True)
class Read:
    """A conversation that was read back.

    Attributes:
        messages: pairs of role and content, the exchange with the tool in it as fenced code.
        parts: of the assistant's turns: number of the message, type, text, whether it is trained on.
        problems: what is wrong with ids and mask.
    """

    messages: list[tuple[str, str]]
    parts: Parts
    problems: list[str]


class Reader:
    """Reads conversations back.

    Args:
        encoding: of the tokenizer.
        chat: its control tokens.

    >>> from tokenizer.chosen import Tokenizer
    >>> chosen = Tokenizer.opened()
    >>> control, say = chosen.chat.ids, chosen.encoding.encode
    >>> ids = [control["bos"], control["user_start"], *say("Fig?"), control["user_end"]]
    >>> ids += [control["assistant_start"], *say("Yes"), control["assistant_end"]]
    >>> read = Reader(chosen.encoding, chosen.chat).read(ids, [False] * len(ids))
    >>> read.messages, read.problems
    ([('user', 'Fig?'), ('assistant', 'Yes')], ["its mask is wrong at token 7, 'Y'"])
    """

    def __init__(self, encoding: Encoding, chat: ChatTokens) -> None:
        self._encoding = encoding
        self._control = frozenset(chat.ids.values())
        # What may follow a part, and the control tokens between; the most of them first.
        self._next = {
            before: sorted(((after, *chat.between(before, after)) for after in afters), key=_fewest)
            for before, afters in _AFTER.items()
        }

    def read(self, ids: Sequence[int], mask: Sequence[bool]) -> Read:
        """Read one conversation back.

        Raises:
            EncodingError: ids are not of the vocabulary, or their control tokens make no conversation.
        """
        messages: list[tuple[str, str]] = []
        parts: Parts = []
        problems, expected, before = [], [], ""
        runs = list(self._runs(list(ids)))
        for run, after in zip(runs, [*runs[1:], runs[-1]], strict=True):
            expected += [*run.control, *[run.kind in _WRITTEN] * len(run.ids)]
            text = self._encoding.decode(run.ids)
            if run.kind in ("user", "assistant"):
                messages.append((run.kind, text))
            elif run.kind:
                parts.append((len(messages) - 1, run.kind, text, run.kind in _WRITTEN))
            may_be_two = run.kind == "text" and (after.kind == "python" or before == "python_output")
            if not self._encoded(run.ids, text, may_be_two):
                problems.append(f"the ids of {text[:60]!r} are not those that its tokenizer gives")
            before = run.kind
        wrong = next((at for at, pair in enumerate(zip_longest(mask, expected)) if len({*pair}) > 1), None)
        if wrong is not None:
            shown = self._encoding.decode(list(ids[wrong : wrong + 1]))
            problems.append(f"its mask is wrong at token {wrong}, {shown!r}")
        for number, (role, content) in enumerate(messages):
            if role == "assistant":
                content = fenced([part for part in parts if part[0] == number])
                messages[number] = (role, content)
        return Read(messages, parts, problems)

    def _runs(self, ids: list[int]) -> Iterator[_Run]:
        """Cut ids at control tokens, as they must follow one another."""
        at, kind = 0, ""
        while True:
            after, tokens, trained = self._following(ids, at, kind)
            at += len(tokens)
            end = at
            while after not in ("", "assistant") and end < len(ids) and ids[end] not in self._control:
                end += 1
            yield _Run(after, trained, ids[at:end])
            if not after:
                return
            at, kind = end, after

    def _following(self, ids: list[int], at: int, kind: str) -> _Follow:
        for follow in self._next[kind]:
            after, tokens, _ = follow
            stop = at + len(tokens)
            # A text takes no token to begin; where a control token stands there is none.
            fits = tokens or (at < len(ids) and ids[at] not in self._control)
            if fits and ids[at:stop] == tokens and (after or stop == len(ids)):
                return follow
        found = self._encoding.decode(ids[at : at + 3])
        raise EncodingError(f"behind {kind or 'its start'} stands {found!r} at token {at}")

    def _encoded(self, ids: list[int], text: str, may_be_two: bool) -> bool:
        """Say whether the tokenizer makes these ids of their text, or of its two halves."""
        encode, decode = self._encoding.encode, self._encoding.decode
        whole = encode(text)
        if whole == ids or not may_be_two:
            return whole == ids
        # They part near where the ids first differ from those of the whole.
        differs = next(at for at, pair in enumerate(zip_longest(whole, ids)) if pair[0] != pair[1])
        places = sorted(range(1, len(ids)), key=lambda place: abs(place - differs))
        return any(
            encode(decode(ids[:place])) == ids[:place] and encode(decode(ids[place:])) == ids[place:]
            for place in places[:_TRIED]
        )


def _fewest(follow: _Follow) -> int:
    return -len(follow[1])
