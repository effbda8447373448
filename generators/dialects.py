"""From codes to Arrow: the columns that a shard has, in each dialect.

Every dialect has one explicit schema, whatever the tasks; a schema that is inferred changes with the
data, and one shard with another type breaks a loader (pyarrow, datasets).

`messages`, `prompt` and `completion` hold plain strings, which is what trainers read. A string has no
place for a tool: flattened into it, the tool's output would stand under the loss, and the model would
learn to invent it. So `content` leaves the exchange with the tool out, unless `tool_text="fenced"`
asks for it as fenced code, and `parts` holds every assistant turn in full.

`tokens` holds what a model reads: ids, and a mask of those that it is trained to write. `answer` stands
beside them to score by, and `tokens`, their number, so that a mixture is sized, and rows are packed or
sorted by length, without reading ids. The other dialects have `tokens` too where a tokenizer is named.

`text` holds a conversation as one string and nothing else, for pretraining; see generators.chattext. Its
shards are laid out as nanochat's loader reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow
from generators.book import Conversations
from generators.chattext import CHATS, texts_of
from generators.layout import MESSAGE, PART, Laid, Turns, as_list, fenced
from generators.names import find
from generators.tokens import Renderer
from tokenizer.chosen import Tokenizer

FLAT = ("answer", "word", "letter", "language", "style", "template", "split")


def _schema(*fields: tuple[str, Any]) -> pa.Schema:
    return pa.schema([pa.field(name, type_, nullable=False) for name, type_ in fields])


_HEAD = (("id", pa.string()), ("task", pa.string()), ("messages", pa.list_(MESSAGE)))
_SIDES = (("prompt", pa.list_(MESSAGE)), ("completion", pa.list_(MESSAGE)))
_PARTS = ("parts", pa.list_(PART))
SCHEMAS = {
    "universal": _schema(
        *_HEAD, *_SIDES, _PARTS, *((name, pa.string()) for name in FLAT), ("facts", pa.string())
    ),
    "messages": _schema(*_HEAD, _PARTS, ("answer", pa.string())),
}
_TOKENS = pa.field("tokens", pa.int32(), nullable=False)
TOKENS = _schema(
    *_HEAD[:2], ("ids", pa.list_(pa.int32())), ("mask", pa.list_(pa.bool_())), ("answer", pa.string())
).append(_TOKENS)
TEXT = _schema(("text", pa.string()))
DIALECTS = (*SCHEMAS, "tokens", "text")
TOOL_TEXTS = ("none", "fenced")
# Only columns of few values gain from a dictionary; on text it is a waste of time and space.
DICTIONARY = ["task", "language", "style", "template", "split"]
GROUP = 10_000  # rows of a row group
# Of texts: as nanochat writes them. Its ranks read row groups in turn, so each needs some in every file.
TEXT_GROUP, TEXT_GROUPS = 1024, 64


@dataclass(frozen=True)
class Dialect:
    """How conversations become a table.

    Attributes:
        name: one of DIALECTS.
        tool_text: "none" leaves the exchange with the tool out of `content`, "fenced" writes it as
            fenced code.
        tokenizer: whose ids `tokens` has; in the other dialects what tokens are counted with, if they are.
        chat: how `text` says who speaks: one of generators.chattext.CHATS.

    Raises:
        EncodingError: the dialect is `tokens`, and the tokenizer lacks control tokens; lists them.
    """

    name: str = "universal"
    tool_text: str = "none"
    tokenizer: Tokenizer | None = None
    chat: str = "plain"

    def __post_init__(self) -> None:
        find(self.name, DIALECTS, "dialect")
        find(self.tool_text, TOOL_TEXTS, "tool text")
        if find(self.chat, CHATS, "chat format") != "plain" and self.name != "text":
            raise ValueError(
                f"a chat format is for the dialect text, and this is {self.name}; leave out {self.chat!r}"
            )
        if self.name == "tokens":
            if self.tokenizer is None:
                raise ValueError("the dialect tokens holds the ids of a tokenizer, and none is named")
            if self.tool_text != "none":
                raise ValueError(
                    f"tool text {self.tool_text!r} is for `content`, which the dialect tokens lacks"
                )
            _ = self.tokenizer.chat
        elif self.tokenizer is not None and self.tokenizer.control:
            raise ValueError(
                f"control tokens are written in the dialect tokens alone, and this is {self.name}; leave "
                f"out {self.tokenizer.control[0][0]}={self.tokenizer.control[0][1]}"
            )

    @property
    def schema(self) -> pa.Schema:
        """The columns, the same for every shard."""
        return schema_of(self.name, self.tokenizer is not None)

    @cached_property
    def renderer(self) -> Renderer | None:
        """What tokens are composed or counted with, in this process; None without a tokenizer.

        Counting does not need control tokens: it takes one for each that nanochat's layout has, whether the
        vocabulary has them or not.
        """
        if self.tokenizer is None:
            return None
        chat = self.tokenizer.chat if self.name == "tokens" else self.tokenizer.layout
        return Renderer(self.tokenizer.encoding, chat)

    def __reduce__(self) -> Any:
        # Not what the renderer remembers.
        return type(self), (self.name, self.tool_text, self.tokenizer, self.chat)

    def group(self, rows: int) -> int:
        """Return how many rows a row group has, in a file of so many."""
        return max(1, min(TEXT_GROUP, rows // TEXT_GROUPS)) if self.name == "text" else GROUP

    def count(self, conversations: Conversations) -> npt.NDArray[np.int32]:
        """Return how many tokens each row of a batch has, (rows,), where a tokenizer is named."""
        if self.renderer is None or self.tokenizer is None:
            raise ValueError("tokens are counted with a tokenizer, and none is named")
        if self.name != "text":
            return self.renderer.count(conversations)
        # Whole: heads stand where other dialects have control tokens, so there is nothing to compose. And one
        # for the token that begins a text.
        found = self.tokenizer.encoding.encode_batch(self._strings(conversations).to_pylist())
        return np.array([len(ids) + 1 for ids in found], dtype=np.int32)

    def _strings(self, conversations: Conversations) -> pa.StringArray:
        return texts_of(self._turns(conversations, Laid(conversations.book, conversations.text)), self.chat)

    def _turns(self, conversations: Conversations, laid: Laid) -> Turns:
        is_fenced = self.tool_text == "fenced"
        return fenced(conversations.book, conversations.text) if is_fenced else laid.messages()

    def table(self, conversations: Conversations) -> pa.Table:
        """Turn a batch into a table of this dialect's schema."""
        if self.name == "text":
            counted = {} if self.renderer is None else {"tokens": as_arrow(self.count(conversations))}
            return pa.table({"text": self._strings(conversations), **counted}, schema=self.schema)
        columns = self._tokens(conversations) if self.name == "tokens" else self._texts(conversations)
        columns |= {name: conversations.column(name) for name in ("task", "answer")}
        columns["id"] = ids(conversations)
        return pa.Table.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)

    def _tokens(self, conversations: Conversations) -> dict[str, pa.Array]:
        if self.renderer is None:
            return {}
        if self.name != "tokens":
            return {"tokens": as_arrow(self.count(conversations))}
        tokens = self.renderer.render(conversations)
        found, mask = tokens.columns()
        return {"ids": found, "mask": mask, "tokens": as_arrow(tokens.lengths)}

    def _texts(self, conversations: Conversations) -> dict[str, pa.Array]:
        book, text = conversations.book, conversations.text
        laid = Laid(book, text)
        turns = self._turns(conversations, laid)
        columns = self._tokens(conversations)
        columns |= {"messages": as_list(turns.offsets, turns.struct()), "parts": laid.parts()}
        if self.name == "universal":
            columns |= {name: conversations.column(name) for name in FLAT}
            columns["facts"] = conversations.book.strings(conversations.facts)
            last = np.zeros(len(turns.roles), dtype=np.bool_)
            last[turns.offsets[1:] - 1] = True
            columns["prompt"] = turns.where(~last)
            columns["completion"] = turns.where(last)
        return columns


def asked_dialect(
    name: str,
    tool_text: str = "none",
    tokenizer: str | None = None,
    pattern: str | None = None,
    control: Sequence[str] = (),
    chat: str = "plain",
) -> Dialect:
    """Make a dialect of what somebody asks for, the tokenizer opened.

    Args:
        name: of the dialect.
        tool_text: see Dialect.
        tokenizer: a name or path, as in open_encoding. Where the dialect needs one and none is named, it is
            the vocabulary that comes with Hornbook.
        pattern: the name of the split pattern of a `.tiktoken` file that has none beside it.
        control: "role=name" of control tokens.
        chat: see Dialect.

    Raises:
        ValueError: an option is wrong, or says something of a tokenizer where there is none.
        EncodingError: the tokenizer can't be opened, or lacks what the dialect needs.
    """
    find(name, DIALECTS, "dialect")
    if tokenizer is None and (name != "tokens" or pattern is not None):
        given = "a split pattern" if pattern is not None else "control tokens"
        if pattern is not None or control:
            raise ValueError(f"{given} can be given for a tokenizer, and none is named")
        return Dialect(name, tool_text, None, chat)
    return Dialect(name, tool_text, Tokenizer.opened(tokenizer, pattern, control), chat)


def schema_of(name: str, counted: bool) -> pa.Schema:
    """Return the columns of a dialect; `counted` says whether its tokens are."""
    if find(name, DIALECTS, "dialect") == "tokens":
        return TOKENS
    schema = TEXT if name == "text" else SCHEMAS[name]
    return schema.append(_TOKENS) if counted else schema


def ids(conversations: Conversations) -> pa.StringArray:
    """Name each row `task/split/seed/number`, the same in every export with that seed."""
    numbers = pc.cast(as_arrow(conversations.index), pa.string())
    return pc.binary_join_element_wise(conversations.column("name"), numbers, "/")
