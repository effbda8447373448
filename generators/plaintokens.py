"""Ids and masks the obvious way: one conversation at a time, each part encoded whole by the tokenizer itself.

Nothing here is composed. Before an export that composes, some conversations are made both ways (`check`);
and verify makes again in this way what it reads back.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from generators.book import Conversations
from generators.parts import writes
from generators.pieces import ASSISTANT, MARKS, NUMBER, UNTRAINED
from generators.tokens import Renderer
from tokenizer.chat import ChatTokens
from tokenizer.encoding import Encoding, EncodingError

Stretches = Sequence[tuple[str, bool]]  # of a part: texts, and whether the model is trained to write each
Part = tuple[str, Stretches]  # a kind, one of MARKS, and what it says
Rendered = tuple[str, list[int], list[bool]]  # what was rendered, ids and mask


def plain(encoding: Encoding, chat: ChatTokens, parts: Iterable[Part]) -> Iterator[Rendered]:
    """Render one conversation.

    Args:
        encoding: of the tokenizer.
        chat: its control tokens.
        parts: of the conversation; an assistant's turn is a part without text, and then its parts. A turn
            that is not trained on has an empty stretch that says so.

    Yields:
        Each part's text, its ids with the control tokens before them, and its mask; at last the end.

    >>> from tokenizer.chosen import Tokenizer
    >>> chosen = Tokenizer.opened()
    >>> parts = [("user", [("Spell fig.", False)]), ("assistant", []), ("text", [("fig:", True)])]
    >>> ids = [id for _, part, _ in plain(chosen.encoding, chosen.chat, parts) for id in part]
    >>> chosen.encoding.decode(ids)
    '<|bos|><|user_start|>Spell fig.<|user_end|><|assistant_start|>fig:<|assistant_end|>'
    """
    before, untrained = "", False
    kept = list(parts)
    said = ((kind, "".join(text for text, _ in stretches)) for kind, stretches in kept)
    spoken = [stretches for kind, stretches in kept if kind != "system"]
    for (kind, whole), stretches in zip(merged(said), spoken, strict=True):
        ids, mask = chat.between(before, kind)
        if untrained:  # what ends such a turn is no more trained on than what it says
            mask = [False] * len(mask)
        own, before = encoding.encode(whole), kind
        if kind in ("user", "assistant"):
            untrained = kind == "assistant" and not all(trained for _, trained in stretches)
        yield whole, ids + own, mask + _mask(encoding, own, stretches)
    yield "", *chat.between(before, "")


def merged(parts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Make a system message, of kinds and texts, the head of the user's, as nanochat does.

    >>> list(merged([("system", "Be brief."), ("user", "Spell fig.")]))
    [('user', 'Be brief.\\n\\nSpell fig.')]
    """
    system = ""
    for kind, text in parts:
        if kind == "system":
            system = f"{text}\n\n"
        else:
            yield kind, system + text
            system = ""


def _mask(encoding: Encoding, ids: list[int], stretches: Stretches) -> list[bool]:
    trained = {trained for _, trained in stretches}
    if len(trained) < 2:
        return [trained == {True}] * len(ids)
    found: list[bool] = []
    for text, is_trained in stretches:
        found += [is_trained] * len(encoding.encode(text))
    if len(found) != len(ids):
        raise EncodingError(
            f"on {encoding.name} an edge between trained and untrained text is inside a token"
        )
    return found


def parts_of(conversations: Conversations) -> Iterator[list[Part]]:
    """Read the parts of each row out of its codes."""
    rows = conversations.text
    numbers, trained = (rows.values & NUMBER).tolist(), writes(rows.values).tolist()
    flagged = ((rows.values & UNTRAINED) != 0).tolist()
    texts, edges = conversations.book.take(rows.values).to_pylist(), rows.offsets.tolist()
    for start, stop in pairwise(edges):
        parts: list[tuple[str, list[tuple[str, bool]]]] = []
        columns = (numbers[start:stop], texts[start:stop], trained[start:stop], flagged[start:stop])
        for number, text, written, untrained in zip(*columns, strict=True):
            if number < len(MARKS):
                off = untrained and number == ASSISTANT
                parts.append((MARKS[number], [("", False)] if off else []))
            elif text:
                parts[-1][1].append((text, written))
        yield list(parts)


def check(renderer: Renderer, conversations: Conversations, names: Sequence[str]) -> None:
    """See that composed ids, masks and counts are those of each part encoded by itself.

    Args:
        renderer: composes.
        conversations: a batch.
        names: what to call its rows.

    Raises:
        EncodingError: they differ; names the first row and part.
    """
    tokens, counts = renderer.render(conversations), renderer.count(conversations).tolist()
    edges = tokens.offsets.tolist()
    for row, parts in enumerate(parts_of(conversations)):
        at = edges[row]
        for number, (text, ids, mask) in enumerate(plain(renderer.encoding, renderer.chat, parts)):
            after = at + len(ids)
            if after > edges[row + 1] or not (
                np.array_equal(tokens.ids[at:after], ids) and np.array_equal(tokens.mask[at:after], mask)
            ):
                said = f"part {number}, {text[:60]!r}," if text else "the end"
                raise EncodingError(
                    f"on {renderer.encoding.name} the composed ids or mask of {said} of {names[row]} are not "
                    f"the tokenizer's own; nothing was written"
                )
            at = after
        if at != edges[row + 1] or counts[row] != at - edges[row]:
            raise EncodingError(
                f"on {renderer.encoding.name} {counts[row]} tokens are counted in {names[row]}, and it has "
                f"{at - edges[row]}; nothing was written"
            )
