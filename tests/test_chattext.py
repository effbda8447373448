import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generators.book import Book, Conversations
from generators.chattext import CHATS, messages_of, one_text
from generators.columns import Column
from generators.dialects import TEXT, Dialect, asked_dialect
from generators.pieces import assistant, exchange, output, python, system, text, user
from generators.ragged import Ragged
from tokenizer.chosen import Tokenizer

CONTENT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TURNS = st.lists(st.tuples(CONTENT, CONTENT), min_size=1, max_size=3)
HEADS = {"plain": ("User: ", "Assistant: ", "System: "), "chatml": ("<|im_",)}


@given(TURNS, st.sampled_from(CHATS), st.booleans())
@example([("\n", "0")], "plain", False)
def test_texts_are_written_and_read_back(turns: list[tuple[str, str]], chat: str, instructed: bool):
    messages = [("system", "Be brief.")] if instructed else []
    messages += [message for asked, said in turns for message in (("user", asked), ("assistant", said))]
    found = one_text(messages, chat)
    if chat == "plain":
        assert found == "\n\n".join(f"{role.capitalize()}: {content}" for role, content in messages)
    else:
        assert found == "\n".join(f"<|im_start|>{role}\n{content}<|im_end|>" for role, content in messages)
    if not any(head in content for _, content in messages for head in HEADS[chat]):
        assert messages_of(found, chat) == messages


def batch() -> Conversations:
    """Return two conversations: one of three messages and a call, and one that is a text alone."""
    book = Book()
    word = Column.of(["fig"])
    call = exchange(text("\n\nBy Python:\n\n"), python("1+1"), output("2"), text("\n\nSo it is."))
    chat = book.set([system("Be brief."), user("Spell ", word), assistant(text(word, ": f, i, g"), call)], 1)
    alone = book.set([assistant(text("Once upon a time"))], 1)
    rows = Ragged.concat([chat, alone])
    empty = Ragged(np.zeros(3, dtype=np.int64), np.zeros(0, dtype=np.int32))
    return Conversations(book, np.arange(2), rows, empty, empty, {})


@pytest.mark.parametrize(
    ("chat", "tool_text", "expected"),
    [
        ("plain", "none", "System: Be brief.\n\nUser: Spell fig\n\nAssistant: fig: f, i, g"),
        (
            "plain",
            "fenced",
            "System: Be brief.\n\nUser: Spell fig\n\nAssistant: fig: f, i, g\n\nBy Python:\n\n"
            "```python\n1+1\n```\n\n```output\n2\n```\n\nSo it is.",
        ),
        (
            "chatml",
            "none",
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nSpell fig<|im_end|>\n"
            "<|im_start|>assistant\nfig: f, i, g<|im_end|>",
        ),
    ],
)
def test_the_dialect_text_is_one_string(chat: str, tool_text: str, expected: str):
    table = Dialect("text", tool_text, None, chat).table(batch())
    assert table.schema.equals(TEXT)
    assert table["text"].to_pylist() == [expected, "Once upon a time"]  # what is no chat stands as it is


def test_tokens_of_a_text_are_those_of_the_string():
    tokenizer = Tokenizer.opened()
    table = Dialect("text", tokenizer=tokenizer).table(batch())
    encode = tokenizer.encoding.encode
    assert table["tokens"].to_pylist() == [len(encode(text)) + 1 for text in table["text"].to_pylist()]


@pytest.mark.parametrize(
    ("rows", "group"), [(1, 1), (63, 1), (64, 1), (6400, 100), (65_536, 1024), (10**6, 1024)]
)
def test_every_rank_of_sixty_four_has_a_row_group(rows: int, group: int):
    assert Dialect("text").group(rows) == group
    assert Dialect("universal").group(rows) == 10_000


def test_a_chat_format_is_for_texts_alone():
    with pytest.raises(ValueError, match="a chat format is for the dialect text, and this is messages"):
        asked_dialect("messages", chat="chatml")
    with pytest.raises(ValueError, match="there is no chat format 'plane'; did you mean 'plain'"):
        asked_dialect("text", chat="plane")
