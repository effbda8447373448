"""What verify can see of the dialect text: turns that can be read back, and their number of tokens.

A text has no facts beside it, so nothing is derived again; that the file is the one that was written is seen
from its hash.
"""

from collections.abc import Iterator

import pyarrow as pa

from generators.chattext import messages_of, one_text
from generators.rowcheck import CONTROL
from tokenizer.chosen import Tokenizer


def check_texts(
    batch: pa.RecordBatch, chat: str | None, tokenizer: Tokenizer | None
) -> Iterator[tuple[int, str]]:
    """Check the texts of a batch; yields the number of a row and what is wrong with it.

    Args:
        batch: columns text and, if they were counted, tokens.
        chat: the format of the turns; None where texts of anybody's are among them.
        tokenizer: of the tokens; None where there are none, or it is not at hand.
    """
    texts = batch["text"].to_pylist()
    for row, text in enumerate(texts):
        messages = messages_of(text, chat) if chat else []
        roles = [role for role, _ in messages if role != "system"]
        if not text:
            yield row, "it is empty"
        elif chat == "plain" and (found := CONTROL.search(text)):
            yield row, f"its text holds the control token {found[0]}"
        elif chat and (not roles or roles != ["user", "assistant"] * (len(roles) // 2)):
            yield row, f"its turns are of {', '.join(roles) or 'nobody'}; expected user and assistant in turn"
        elif chat and one_text(messages, chat) != text:
            yield row, f"its turns, read back, are not its text, {text[:60]!r}"
    if tokenizer is not None and "tokens" in batch.schema.names:
        counted = [len(ids) + 1 for ids in tokenizer.encoding.encode_batch(texts)]
        for row, (says, has) in enumerate(zip(batch["tokens"].to_pylist(), counted, strict=True)):
            if says != has:
                yield row, f"it says {says} tokens and has {has}"
