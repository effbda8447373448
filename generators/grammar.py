"""What sequences of control tokens make a conversation, and what stands between them.

>>> from tokenizer.chosen import Tokenizer
>>> chat = Tokenizer.opened().chat
>>> ask = [chat.ids["bos"], chat.ids["user_start"], TEXT, chat.ids["user_end"]]
>>> plan = Grammar(chat).plan([*ask, chat.ids["assistant_start"], TEXT, chat.ids["assistant_end"]])
>>> plan.runs
[('user', 2), ('assistant', None), ('text', 5), ('', None)]
>>> plan.trained
[False, False, False, False, False, True, True]
"""

from dataclasses import dataclass

from tokenizer.chat import ChatTokens

_Follow = tuple[str, list[int], list[bool]]  # the kind of the next part, control tokens before it, their mask
WRITTEN = ("text", "python")
_AFTER = {
    "": ("user",),
    "user": ("assistant",),
    "assistant": ("text", "python", "user", ""),
    "text": ("python", "user", ""),
    "python": ("python_output", "text", "python", "user", ""),
    "python_output": ("text", "python", "user", ""),
}

TEXT = -1  # stands for a run of ids between control tokens


@dataclass(frozen=True)
class Plan:
    """What conversations mean that have the same control tokens, with text between the same of them.

    Attributes:
        runs: of each part its kind, and which of the runs is its text, None for none; "" for the end.
        trained: of each run, whether the model is trained to write it.
        last: the same where it is trained on its last turn alone.
        behind: where they are no conversation, the kind of the last part that was understood.
    """

    runs: list[tuple[str, int | None]]
    trained: list[bool]
    last: list[bool]
    behind: str | None = None


class Grammar:
    """The control tokens of a tokenizer, as they may follow one another."""

    def __init__(self, chat: ChatTokens) -> None:
        # What may follow a part, and the control tokens between; the most of them first.
        self._next = {
            before: sorted(((after, *chat.between(before, after)) for after in afters), key=_fewest)
            for before, afters in _AFTER.items()
        }

    def plan(self, skeleton: list[int]) -> Plan:
        """Understand a row: its control tokens in order, TEXT for each run of others between."""
        at, kind = 0, ""
        runs: list[tuple[str, int | None]] = []
        expected: list[bool] = []
        turn = 0  # the run with which the assistant's last turn begins
        while True:
            follow = self._following(skeleton, at, kind)
            if follow is None:
                missing = [False] * (len(skeleton) - len(expected))
                return Plan([("", at)], expected + missing, expected + missing, kind or "its start")
            kind, tokens, trained = follow
            turn = len(expected) if kind == "assistant" else turn
            expected += trained
            at += len(tokens)
            has_text = kind not in ("", "assistant") and skeleton[at : at + 1] == [TEXT]
            runs.append((kind, at if has_text else None))
            if has_text:
                expected.append(kind in WRITTEN)
                at += 1
            if not kind:
                return Plan(runs, expected, [False] * turn + expected[turn:])

    def _following(self, skeleton: list[int], at: int, kind: str) -> _Follow | None:
        for follow in self._next[kind]:
            after, tokens, _ = follow
            stop = at + len(tokens)
            # A text takes no token to begin; where a control token stands there is none.
            fits = tokens or skeleton[at : at + 1] == [TEXT]
            if fits and skeleton[at:stop] == tokens and (after or stop == len(skeleton)):
                return follow
        return None


def _fewest(follow: _Follow) -> int:
    return -len(follow[1])
