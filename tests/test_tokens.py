"""Ids and masks that are composed equal those of each part encoded by itself, always."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generators.book import Book, Conversations
from generators.columns import Column
from generators.pieces import Piece, assistant, output, python, system, text, untrained, user
from generators.ragged import Ragged
from generators.styles import STYLES
from generators.tokens import Renderer
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tokenizer.chat import ROLES, ChatTokens
from tokenizer.encoding import Encoding, EncodingError, open_encoding

SHARED = Path(__file__).resolve().parents[2] / "shared"
CONTROL = [f"<|{role}|>" for role in ROLES]


@pytest.fixture(scope="module", params=["embedded", "ncfork_65k", "nchist_32k"])
def encoding(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Encoding:
    if request.param == "embedded":
        return open_encoding(None)
    source = SHARED / "vocab" / f"{request.param}.tiktoken"
    if not source.exists():
        pytest.skip(f"no {source.name} beside the repository")
    # These two name no control tokens: give them nanochat's, behind their merges.
    folder = tmp_path_factory.mktemp("vocab")
    data = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    first = sum(1 for line in source.read_bytes().splitlines() if line)
    data["special_tokens"] = {name: first + place for place, name in enumerate(CONTROL)}
    (folder / source.name).write_bytes(source.read_bytes())
    (folder / source.with_suffix(".json").name).write_text(json.dumps(data), encoding="utf-8")
    return open_encoding(str(folder / source.name))


def check(task: Any, renderer: Renderer, numbers: np.ndarray) -> None:
    tokens = renderer.render(task.conversations(numbers, Book()))
    edges = tokens.offsets.tolist()
    for place, number in enumerate(numbers.tolist()):
        ids, mask = renderer.plain(task.get_example(number))
        assert tokens.ids[edges[place] : edges[place + 1]].tolist() == ids, (task.name, number)
        assert tokens.mask[edges[place] : edges[place + 1]].tolist() == mask, (task.name, number)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("cls", [SpellingBee, SimpleSpelling, LetterCounting])
def test_rendered_equals_the_obvious_way(encoding: Encoding, cls: Any, style: str) -> None:
    renderer = Renderer(encoding, ChatTokens.of(encoding))
    task = cls(100_000, style=style)
    check(task, renderer, np.arange(300))
    check(task, renderer, np.random.default_rng(0).integers(0, 100_000, 200))  # another book


def set_rows(*pieces: Piece) -> Conversations:
    book = Book()
    rows = book.set(pieces, 2)
    return Conversations(book, np.arange(2), rows, Ragged.of([[], []]), Ragged.of([[], []]), {})


def test_masks_and_system_messages() -> None:
    encoding = open_encoding(None)
    renderer = Renderer(encoding, ChatTokens.of(encoding))
    word = Column.of(["fig", "pear"])
    tokens = renderer.render(
        set_rows(
            system("Be ", "short."), user("Spell", " ", word, ""),
            assistant(text(word, ":"), untrained(" x")),
            user("Why?"), assistant(text("So"), python("1+1"), output("2"), text(" two")),
        )
    )  # fmt: skip
    edges = tokens.offsets.tolist()
    for row, fruit in enumerate(["fig", "pear"]):
        ids = tokens.ids[edges[row] : edges[row + 1]].tolist()
        mask = tokens.mask[edges[row] : edges[row + 1]]
        control = encoding.special_tokens
        shown = [id for id in ids if id in control.values()]
        names = {id: name.strip("<|>") for name, id in control.items()}
        assert [names[id] for id in shown] == [
            "bos", "user_start", "user_end", "assistant_start", "assistant_end", "user_start", "user_end",
            "assistant_start", "python_start", "python_end", "output_start", "output_end", "assistant_end",
        ]  # fmt: skip
        start, end = ids.index(control["<|user_start|>"]), ids.index(control["<|user_end|>"])
        assert ids[start + 1 : end] == encoding.encode(f"Be short.\n\nSpell {fruit}")
        said = encoding.decode([id for id, kept in zip(ids, mask, strict=True) if kept])
        assert said == f"{fruit}:<|assistant_end|>So<|python_start|>1+1<|python_end|> two<|assistant_end|>"


def test_an_edge_of_the_mask_inside_a_token_is_refused() -> None:
    encoding = open_encoding(None)
    renderer = Renderer(encoding, ChatTokens.of(encoding))
    with pytest.raises(ValueError, match="begin the untrained piece with a space"):
        renderer.render(set_rows(user("Spell"), assistant(text("straw", untrained("berry")))))


def test_missing_control_tokens_are_listed(encoding: Encoding) -> None:
    with pytest.raises(EncodingError, match=r"no control token for bos \(<s>\); it has <\|assistant_end"):
        ChatTokens.of(encoding, {"bos": "<s>"})
    with pytest.raises(EncodingError, match="there are bos, user_start"):
        ChatTokens.of(encoding, {"tool": "<|bos|>"})
