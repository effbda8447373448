"""The control tokens that a conversation is rendered with, and where each stands.

The layout is nanochat's (its render_conversation): a start for the whole, a pair around each turn, around
each Python call and around each output. The model is trained on what it writes itself: the end of its
turn, and the pair around its calls, but not around their outputs.

>>> from tokenizer.encoding import open_encoding
>>> chat = ChatTokens.of(open_encoding(None))
>>> chat.between("user", "assistant")
([8185, 8186], [False, False])
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tokenizer.encoding import Encoding, EncodingError

ROLES = (
    "bos", "user_start", "user_end", "assistant_start", "assistant_end",
    "python_start", "python_end", "output_start", "output_end",
)  # fmt: skip
_OPENS = {"user": "user_start", "assistant": "assistant_start", "python": "python_start"}
_OPENS["python_output"] = "output_start"
_CLOSES = {"user": "user_end", "python": "python_end", "python_output": "output_end"}
_TRAINED = ("assistant_end", "python_start", "python_end")


@dataclass(frozen=True)
class ChatTokens:
    """The ids of the control tokens, by role: see ROLES."""

    ids: Mapping[str, int]

    @classmethod
    def of(cls, encoding: Encoding, names: Mapping[str, str] | None = None) -> "ChatTokens":
        """Find the control tokens of a tokenizer.

        Args:
            encoding: of the tokenizer.
            names: a token's name for each role that is not named as nanochat names it ("<|bos|>" …).

        Raises:
            EncodingError: the tokenizer lacks some; lists them and those that it has. Or one token is to end
                the model's turn and to begin its Python call, so that nobody could tell which it means.
        """
        wanted = {role: f"<|{role}|>" for role in ROLES} | dict(names or {})
        if strange := sorted(set(wanted) - set(ROLES)):
            raise EncodingError(f"no control token is for {strange[0]!r}; there are {', '.join(ROLES)}")
        known = encoding.special_tokens
        if missing := [f"{role} ({name})" for role, name in wanted.items() if name not in known]:
            has = ", ".join(sorted(known)[:20]) or "none"
            raise EncodingError(
                f"{encoding.name} has no control token for {', '.join(missing)}; it has {has}; name one for "
                f"each role, as in {missing[0].split()[0]}={next(iter(sorted(known)), 'NAME')}"
            )
        found = cls({role: known[name] for role, name in wanted.items()})
        if found.ids["assistant_end"] == found.ids["python_start"]:
            raise EncodingError(
                f"assistant_end and python_start are both {wanted['python_start']!r}; name two, for after "
                f"its text the model either ends its turn or begins a call"
            )
        return found

    def between(self, before: str, after: str) -> tuple[list[int], list[bool]]:
        """Return the control tokens between two marks, and whether the model is trained on each.

        Args:
            before: "" at the start of a conversation, else the kind of the mark before: "user",
                "assistant", "text", "python" or "python_output".
            after: the kind of the next mark, "" at the end.
        """
        roles = [] if before else ["bos"]
        if before in _CLOSES:
            roles.append(_CLOSES[before])
        if before not in ("", "user") and after in ("", "user"):
            roles.append("assistant_end")
        if after in _OPENS:
            roles.append(_OPENS[after])
        return [self.ids[role] for role in roles], [role in _TRAINED for role in roles]

    def count(self, kinds: Sequence[str]) -> int:
        """Return how many control tokens a conversation has whose marks are of these kinds, in order."""
        return sum(len(self.between(before, after)[0]) for before, after in pairwise(("", *kinds, "")))


def named(pairs: Iterable[str]) -> dict[str, str]:
    """Read "role=name" for each control token.

    Raises:
        EncodingError: there is no such role, it comes twice, or no name stands behind it.

    >>> named(["bos=<|endoftext|>"])
    {'bos': '<|endoftext|>'}
    """
    found: dict[str, str] = {}
    for pair in pairs:
        role, equals, name = pair.partition("=")
        if role not in ROLES or not equals or not name:
            raise EncodingError(
                f"{pair!r} names no control token; write role=name, the role one of {', '.join(ROLES)}"
            )
        if found.setdefault(role, name) != name:
            raise EncodingError(
                f"the control token for {role} is both {found[role]!r} and {name!r}; name one"
            )
    return found
