"""What the tests of composed ids share: a batch rendered, and the same by the tokenizer's own encoding."""

from generators.plaintokens import parts_of, plain
from generators.tokens import Renderer
from tokenizer.chat import ChatTokens
from tokenizer.encoding import open_encoding


def composed(conversations):
    """Render a batch; the ids and masks of each row."""
    encoding = open_encoding(None)
    tokens = Renderer(encoding, ChatTokens.of(encoding)).render(conversations)
    edges = tokens.offsets.tolist()
    return [
        (tokens.ids[start:stop].tolist(), tokens.mask[start:stop].tolist())
        for start, stop in zip(edges[:-1], edges[1:], strict=True)
    ]


def encoded(conversations):
    """Encode each part of each row whole; the ids and masks of each row."""
    encoding = open_encoding(None)
    chat = ChatTokens.of(encoding)
    rows = [list(plain(encoding, chat, parts)) for parts in parts_of(conversations)]
    return [
        ([id for _, ids, _ in row for id in ids], [kept for _, _, mask in row for kept in mask])
        for row in rows
    ]
