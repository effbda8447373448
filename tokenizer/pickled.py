r"""nanochat's `tokenizer.pkl`, a pickled tiktoken.Encoding, read without running anything.

A pickle is a program: its opcodes may import any name and call it. So no unpickler touches the file. This
reader knows the two dozen opcodes that write plain data and one object of the class tiktoken.core.Encoding,
keeps what they write as data, calls nothing, imports nothing, and refuses all else by name and place.

>>> import pickle
>>> class Hostile:
...     def __reduce__(self):
...         return eval, ("print('this would run')",)
>>> read_state(pickle.dumps(Hostile()), "tokenizer.pkl")  # doctest: +ELLIPSIS
Traceback (most recent call last):
tokenizer.sources.EncodingError: tokenizer.pkl asks for 'builtins.eval' at byte ...; nothing was run, ...

Pickles of protocol 3 and later are read (Python 3.8 and later write 4 or 5); before that even bytes were
written as calls.

Run: python -m doctest tokenizer/pickled.py
"""

import pickle
import pickletools
from pathlib import Path
from typing import Any, Final

from tokenizer.ranks import RankEncoding
from tokenizer.sources import EncodingError, is_id, read_bytes, split_pattern
from tokenizer.tiktokenfile import open_name

_CLASS: Final = "tiktoken.core.Encoding"
_STATE: Final = {"name": str, "pat_str": str, "mergeable_ranks": dict, "special_tokens": dict}


class _Mark:
    """Where a group of items begins on the stack."""


class _Class:
    """Stands for tiktoken.core.Encoding; cannot be called."""


class _Object:
    """Stands for the object; holds what BUILD gave it."""

    state: Any = None


def open_pickle(path: Path) -> RankEncoding:
    """Open nanochat's `tokenizer.pkl`.

    Raises EncodingError for whatever is not the plain pickle of a tiktoken.Encoding; nothing of it is run.
    """
    state = read_state(read_bytes(path), str(path))
    if isinstance(state, str):
        return open_name(state)
    name = f"{path.parent.name}/{path.name}" if path.parent.name else path.name
    pattern = split_pattern((state["pat_str"],), str(path))
    return RankEncoding(name, state["mergeable_ranks"], pattern, state["special_tokens"])


def read_state(data: bytes, source: str) -> dict[str, Any] | str:
    """Read what a pickled tiktoken.Encoding holds, and check its types.

    Returns its name, pat_str, mergeable_ranks and special_tokens; or the name alone of an encoding that
    tiktoken knows, which pickles as that.

    Raises EncodingError for all else.
    """
    state = _Reader(data, source).read()
    if isinstance(state, str):
        return state
    if not isinstance(state, dict) or set(state) != set(_STATE):
        held = sorted(map(str, state)) if isinstance(state, dict) else type(state).__name__
        raise EncodingError(f"{source} holds an Encoding of {held!r:.120}; {', '.join(_STATE)} are wanted")
    for field, kind in _STATE.items():
        if not isinstance(state[field], kind):
            raise EncodingError(
                f"{source} holds a {type(state[field]).__name__} as {field}; a {kind.__name__} is wanted"
            )
    for field, kind in (("mergeable_ranks", bytes), ("special_tokens", str)):
        for token, id in state[field].items():
            if not isinstance(token, kind) or not is_id(id):
                raise EncodingError(
                    f"{field} of {source} holds {token!r:.40} with {type(id).__name__} {id!r:.20}; a "
                    f"{kind.__name__} with its id is wanted"
                )
    return state


class _Reader:
    """Reads opcodes onto a stack of str, bytes, int, dict, () and the stand-ins above."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data, self.source, self.at = data, source, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def read(self) -> Any:
        """Read to STOP, and return the state of the one object."""
        push = self.stack.append
        while True:
            start = self.at
            match opcode := self.take(1):
                # the four that hold nearly all of a vocabulary come first
                case pickle.SHORT_BINBYTES:
                    push(self.take(self.number(1)))
                case pickle.MEMOIZE:
                    self.memo[len(self.memo)] = self.top()
                case pickle.BININT2 | pickle.BININT1:
                    push(self.number(2 if opcode == pickle.BININT2 else 1))
                case pickle.BININT:
                    push(self.number(4, signed=True))
                case pickle.BINBYTES | pickle.BINBYTES8:
                    push(self.take(self.number(4 if opcode == pickle.BINBYTES else 8)))
                case pickle.SHORT_BINUNICODE:
                    push(self.text(self.number(1)))
                case pickle.BINUNICODE | pickle.BINUNICODE8:
                    push(self.text(self.number(4 if opcode == pickle.BINUNICODE else 8)))
                case pickle.BINPUT | pickle.LONG_BINPUT:
                    self.memo[self.number(1 if opcode == pickle.BINPUT else 4)] = self.top()
                case pickle.BINGET | pickle.LONG_BINGET:
                    push(self.recall(self.number(1 if opcode == pickle.BINGET else 4)))
                case pickle.PROTO | pickle.FRAME:
                    self.take(1 if opcode == pickle.PROTO else 8)
                case pickle.MARK:
                    push(_Mark())
                case pickle.EMPTY_DICT:
                    push({})
                case pickle.EMPTY_TUPLE:
                    push(())
                case pickle.SETITEM:
                    self.set_items([self.pop(), self.pop()][::-1])
                case pickle.SETITEMS:
                    self.set_items(self.since_mark())
                case pickle.GLOBAL:
                    self.find_class([self.line(), self.line()], start)
                case pickle.STACK_GLOBAL:
                    self.find_class([self.pop(), self.pop()][::-1], start)
                case pickle.NEWOBJ | pickle.BUILD:
                    self.construct(opcode, start)
                case pickle.STOP:
                    return self.finish()
                case _:
                    self.refuse(opcode, start)

    def recall(self, place: int) -> Any:
        if place not in self.memo:
            raise self.broken(f"it reads memo {place}, which it never wrote")
        return self.memo[place]

    def find_class(self, parts: list[Any], start: int) -> None:
        if parts != ["tiktoken.core", "Encoding"]:
            name = ".".join(map(str, parts))
            raise EncodingError(
                f"{self.source} asks for {name[:80]!r} at byte {start}; nothing was run, and only {_CLASS} "
                "may stand in a tokenizer's pickle"
            )
        self.stack.append(_Class())

    def construct(self, opcode: bytes, start: int) -> None:
        argument, subject = self.pop(), self.pop()
        if opcode == pickle.NEWOBJ and isinstance(subject, _Class) and argument == ():
            self.stack.append(_Object())
        elif opcode == pickle.BUILD and isinstance(subject, _Object) and subject.state is None and argument:
            subject.state = argument
            self.stack.append(subject)
        else:
            self.refuse(opcode, start)

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if not isinstance(target, dict) or len(items) % 2:
            raise self.broken("it sets items of what is no dict")
        keys = items[::2]
        if not all(isinstance(key, (str, bytes)) for key in keys):
            raise self.broken("a dict has a key that is neither str nor bytes")
        size = len(target)
        target.update(zip(keys, items[1::2], strict=True))
        if len(target) != size + len(keys):
            raise self.broken("a dict has one key twice")

    def since_mark(self) -> list[Any]:
        for start in range(len(self.stack) - 1, -1, -1):
            if isinstance(self.stack[start], _Mark):
                items = self.stack[start + 1 :]
                del self.stack[start:]
                return items
        raise self.broken("it closes a group that it never began")

    def finish(self) -> Any:
        if self.at != len(self.data):
            raise self.broken(f"{len(self.data) - self.at:,} bytes follow its end")
        if len(self.stack) != 1 or not isinstance(self.stack[0], _Object):
            raise EncodingError(f"{self.source} is a pickle of something else than a tiktoken Encoding")
        return self.stack[0].state

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise self.broken("it is cut off")
        taken, self.at = self.data[self.at : end], end
        return taken

    def line(self) -> str:
        end = self.data.find(b"\n", self.at, self.at + 200)
        if end < 0:
            raise self.broken("a name has no end")
        name = self.text(end - self.at)
        self.at = end + 1
        return name

    def number(self, width: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(width), "little", signed=signed)

    def text(self, count: int) -> str:
        try:
            return self.take(count).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise self.broken("a text is no UTF-8") from None

    def pop(self) -> Any:
        self.top()
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack or isinstance(self.stack[-1], _Mark):
            raise self.broken("it takes more from its stack than it put there")
        return self.stack[-1]

    def broken(self, how: str) -> EncodingError:
        return EncodingError(f"{self.source} is no whole pickle of an Encoding: at byte {self.at} {how}")

    def refuse(self, opcode: bytes, start: int) -> None:
        known = [op.name for op in pickletools.opcodes if op.code.encode("latin-1") == opcode]
        what = f"the opcode {known[0]}" if known else f"0x{opcode.hex().upper()}, which is no opcode,"
        raise EncodingError(
            f"{self.source} has {what} at byte {start}; nothing was run, and the plain pickle of a tiktoken "
            "Encoding, of protocol 3 or later, has none there"
        )
