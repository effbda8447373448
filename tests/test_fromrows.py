from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.dialects import Dialect
from generators.fromrows import conversations_of, example, kept, set_again
from generators.layout import Laid, as_list
from tests.strategies import FLAT, Turns, batch_of, conversations

BATCHES = st.lists(conversations(), min_size=1, max_size=5)
TEXT = st.text("ab ", max_size=6)


def facts_of(batch: list[Turns]) -> list[dict[str, Any]]:
    return [{"count": row, "words": ["fig", "pear"][: row % 3]} for row in range(len(batch))]


@settings(max_examples=60, deadline=None)
@given(BATCHES)
def test_what_is_set_again_is_laid_out_as_it_was(batch: list[Turns]):
    made = batch_of(Book(), batch, facts_of(batch))
    for dialect in (Dialect(), Dialect("messages")):
        table = dialect.table(made)
        again = conversations_of(table, "train", Book())
        # Where a dialect has no split, it is that of the folder.
        columns = [name for name in table.column_names if name != "split"]
        assert dialect.table(again).select(columns).to_pylist() == table.select(columns).to_pylist()
    fenced = Dialect("universal", "fenced")
    assert fenced.table(conversations_of(Dialect().table(made), "train", Book()))["messages"].to_pylist() == (
        fenced.table(made)["messages"].to_pylist()
    )


@settings(max_examples=60, deadline=None)
@given(BATCHES)
def test_of_fenced_rows_the_code_alone_is_the_exchange(batch: list[Turns]):
    made = Dialect("universal", "fenced").table(batch_of(Book(), batch, facts_of(batch)))
    book = Book()
    laid = Laid(book, set_again(*(made[name].combine_chunks() for name in ("messages", "parts")), book))
    assert laid.parts().to_pylist() == made["parts"].to_pylist()
    messages = laid.messages()
    said = as_list(messages.offsets, messages.struct()).to_pylist()
    for row, (turns, found) in enumerate(zip(batch, said, strict=True)):
        for (role, content), message in zip(turns, found, strict=True):
            assert message["role"] == role
            if isinstance(content, str):
                assert message["content"] == content, row
            elif any(part.kind != "text" for part in content):
                texts = [part.text + part.tail for part in content if part.kind == "text"]
                assert message["content"] == "".join(texts)


@given(BATCHES)
def test_an_example_has_the_parts_of_its_turns(batch: list[Turns]):
    table = Dialect().table(batch_of(Book(), batch, facts_of(batch)))
    for row, turns in enumerate(batch):
        found = example(table, row, "train")
        assert found["facts"] == facts_of(batch)[row]
        assert {*FLAT, "messages", "facts"} == found.keys()
        assert [message["role"] for message in found["messages"]] == [role for role, _ in turns]
        for message, (_, content) in zip(found["messages"], turns, strict=True):
            said = content if isinstance(content, str) else [(p.kind, p.text + p.tail) for p in content]
            have = message["content"]
            if isinstance(said, list) and isinstance(have, str):
                assert said == [("text", have)]
            else:
                assert (have if isinstance(have, str) else [(p["type"], p["text"]) for p in have]) == said


@given(st.lists(st.tuples(TEXT, st.sampled_from(["all", "beginning", "end", "nothing"]), st.integers(0, 6))))
def test_what_is_kept_is_found(parts: list[tuple[str, str, int]]):
    texts = [text for text, _, _ in parts]
    said = ""
    for text, how, at in parts:
        said += {"all": text, "beginning": text[:at], "end": text[at:], "nothing": ""}[how]
    found = kept(said, texts)
    assert found is not None
    assert "".join(text[low:high] for text, (low, high) in zip(texts, found, strict=True)) == said
    assert all(low == 0 or high == len(text) for text, (low, high) in zip(texts, found, strict=True))


@given(TEXT, st.lists(TEXT, max_size=4))
def test_what_is_made_of_more_is_told(said: str, texts: list[str]):
    found = kept(said, texts)
    if found is not None:
        assert "".join(text[low:high] for text, (low, high) in zip(texts, found, strict=True)) == said
    else:
        assert said not in {"", "".join(texts), *texts}


def test_no_row_is_no_row():
    table = Dialect().schema.empty_table()
    assert len(conversations_of(table, "train", Book())) == 0
    assert isinstance(table, pa.Table)
