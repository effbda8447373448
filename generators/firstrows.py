"""What the first rows of a split show of it: how varied they are, and a conversation of each task."""

from typing import Any

import numpy as np

from generators.book import Conversations
from generators.pages import Page
from generators.variety import variety


def first_rows(conversations: Conversations) -> dict[str, Any]:
    """Return plain data of the first batch of a split: `variety`, and `examples`, a row of each task."""
    codes, first = np.unique(conversations.columns["task"], return_index=True)
    page = Page(conversations.take(first))
    names = conversations.book.take(codes).to_pylist()
    examples = {name: page.read(row)["messages"] for row, name in enumerate(names)}
    return {"variety": variety(conversations), "examples": dict(sorted(examples.items()))}
