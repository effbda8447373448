"""Ids and masks that are composed equal those of each part encoded by itself, always."""

import json
import subprocess
import types
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book, Conversations
from generators.columns import Column, Lines
from generators.pieces import Piece, assistant, output, python, system, text, untrained, user
from generators.plaintokens import parts_of, plain
from generators.ragged import Ragged
from generators.styles import STYLES
from generators.styles import style as style_of
from generators.texts import Texts
from generators.tokens import Renderer
from tasks.base import Task
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.strategies import Turns, batch_of, conversations
from tests.test_boundaries import ALPHABET
from tests.words_strategies import files, letters
from tests.words_strategies import words as lexicon_words
from tokenizer.chat import ROLES, ChatTokens
from tokenizer.encoding import EMBEDDED, Encoding, EncodingError, open_encoding
from tokenizer.patterns import pattern
from tokenizer.strategies import encodings, words
from tokenizer.train import train

SHARED = Path(__file__).resolve().parents[2] / "shared"
MIRROR = SHARED.parent / ".mirror" / "karpathy+nanochat" / "repo"
CONTROL = [f"<|{role}|>" for role in ROLES]
TASKS = (SpellingBee, SimpleSpelling, LetterCounting)
STANDINS = ChatTokens({role: 2**31 - 1 - at for at, role in enumerate(ROLES)})  # ids that no vocabulary has
# Whatever somebody may spell: digits, apostrophes, hyphens, emoji, loose marks, spaces, newlines.
ODD = st.text(st.sampled_from(ALPHABET), min_size=1, max_size=8)
FEW = st.sampled_from(["don't", "mother-in-law", "R2D2", "👨‍👩‍👧", "e\u0301", "'s", "2024"])
ANY = words(marks=True) | ODD | FEW
STYLE = st.sampled_from(sorted(STYLES))
VOCABULARIES = ("embedded", "trained", "fallback", "ncfork_65k", "nchist_32k", "r50k_base", "o200k_base")


@pytest.fixture(scope="module", params=VOCABULARIES)
def encoding(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Encoding:
    name = request.param
    if name == "embedded":
        return open_encoding(None)
    if name == "trained":
        return train(["Spell fig: f, i, g\n1: f\n2: i hit! count=1\n" * 9], 300, pattern("cl100k"))
    if name == "fallback":
        from tests.test_huggingface import fallback

        path = tmp_path_factory.mktemp("vocab") / "tokenizer.json"
        path.write_text(json.dumps(fallback()), encoding="utf-8")
        found = open_encoding(path)
        assert not found.concatenates
        return found
    if name.endswith("_base"):
        if not (SHARED / "tiktoken_cache").exists():
            pytest.skip("no tiktoken_cache beside the repository")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TIKTOKEN_CACHE_DIR", str(SHARED / "tiktoken_cache"))
            return open_encoding(name)
    source = SHARED / "vocab" / f"{name}.tiktoken"
    if not source.exists():
        pytest.skip(f"no {source.name} beside the repository")
    return open_encoding(source)


def expected(encoding: Encoding, messages: list[dict[str, Any]]) -> tuple[list[int], list[bool]]:
    """Say what nanochat's layout is, one message at a time, for a conversation as task[i] gives it."""
    control, ids, mask = STANDINS.ids, [], []

    def say(what: "str | int", trained: bool) -> None:
        found = [what] if isinstance(what, int) else encoding.encode(what)
        ids.extend(found)
        mask.extend([trained] * len(found))

    say(control["bos"], False)
    for message in messages:
        content = message["content"]
        if message["role"] == "user":
            say(control["user_start"], False)
            say(content, False)
            say(control["user_end"], False)
            continue
        say(control["assistant_start"], False)
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            kind, trained = part["type"], part["type"] != "python_output"
            if kind != "text":
                say(control[f"{kind.removeprefix('python_')}_start"], trained)
            say(part["text"], trained)
            if kind != "text":
                say(control[f"{kind.removeprefix('python_')}_end"], trained)
        say(control["assistant_end"], True)
    return ids, mask


def check(task: Task, renderer: Renderer, numbers: np.ndarray) -> None:
    batch = task.conversations(numbers, Book())
    tokens = renderer.render(batch)
    edges = tokens.offsets.tolist()
    assert renderer.count(batch).tolist() == tokens.lengths.tolist()
    for place, number in enumerate(numbers.tolist()):
        ids, mask = expected(renderer.encoding, task.get_example(number)["messages"])
        assert tokens.ids[edges[place] : edges[place + 1]].tolist() == ids, (task.name, number)
        assert tokens.mask[edges[place] : edges[place + 1]].tolist() == mask, (task.name, number)


def as_plain(renderer: Renderer, batch: Conversations) -> list[tuple[list[int], list[bool]]]:
    found = []
    for parts in parts_of(batch):
        rendered = list(plain(renderer.encoding, renderer.chat, parts))
        ids = [id for _, ids, _ in rendered for id in ids]
        found.append((ids, [trained for _, _, mask in rendered for trained in mask]))
    return found


def same(renderer: Renderer, batch: Conversations) -> None:
    """See that a batch is rendered as each part by itself, at first and again."""
    wanted = as_plain(renderer, batch)
    for _ in range(2):
        tokens = renderer.render(batch)
        edges = pairwise(tokens.offsets.tolist())
        assert [(tokens.ids[a:b].tolist(), tokens.mask[a:b].tolist()) for a, b in edges] == wanted
        assert renderer.count(batch).tolist() == [len(ids) for ids, _ in wanted]


@pytest.mark.parametrize("cls", TASKS)
def test_rendered_equals_the_obvious_way(encoding: Encoding, cls: Any) -> None:
    renderer = Renderer(encoding, STANDINS)
    for style in STYLES:
        task = cls(40, style=style)
        check(task, renderer, np.arange(40))
        check(task, renderer, np.random.default_rng(0).integers(0, 40, 20))  # another book


@settings(max_examples=2, deadline=None)
@given(st.lists(lexicon_words(), min_size=6, max_size=12, unique=True), STYLE)
def test_words_of_a_lexicon_of_ones_own(
    encoding: Encoding, tmp_path_factory: pytest.TempPathFactory, found: list[str], style: str
) -> None:
    options = files(tmp_path_factory.mktemp("words"), *found)
    for cls in TASKS:
        check(cls(12, style=style, **options), Renderer(encoding, STANDINS), np.arange(12))


def written(book: Book, style_name: str, some: list[str], letter: str) -> Conversations:
    """Set what our tasks write, for words that no lexicon would take."""
    style = style_of(style_name)
    spelled = [letters(word) or [word] for word in some]
    table = list(dict.fromkeys([*(part for parts in spelled for part in parts), letter]))
    listed = Lines(Texts(table), Ragged.of([[table.index(part) for part in parts] for parts in spelled]))
    asked = Column(listed.texts, np.full(len(some), table.index(letter)))
    word, n = Column.of(some), len(some)
    steps, _ = style.step_pieces(listed, asked)
    turn = assistant(
        text(*style.quoted(word), ", ", *style.quoted(asked), ".\n\n", *style.spelling_pieces(word, listed)),
        text("\n\n", steps, "\n\nNow:\n"),
        python(*style.call_pieces(word, asked)),
        output(word),
        text("\n\n#### ", word),
    )
    rows = book.set([user("Spell ", word, "?"), turn], n)
    none = Ragged.of([[]] * n)
    return Conversations(book, np.arange(n), rows, none, none, {})


def first_letter(word: str) -> str:
    return letters(word)[0]


@settings(max_examples=25, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=5), ANY.map(first_letter), STYLE)
def test_any_word_in_either_style(encoding: Encoding, some: list[str], letter: str, style: str) -> None:
    same(Renderer(encoding, STANDINS), written(Book(), style, some, letter))


@settings(max_examples=40, deadline=None)
@given(encodings(), st.lists(ANY, min_size=1, max_size=5), STYLE)
def test_any_word_on_vocabularies_that_glue(known: Encoding, some: list[str], style: str) -> None:
    same(Renderer(known, STANDINS), written(Book(), style, some, letters(some[0])[0]))


@settings(max_examples=60, deadline=None)
@given(st.lists(conversations(), max_size=4), st.lists(conversations(), max_size=2))
def test_conversations_of_any_shape(one: list[Turns], other: list[Turns]) -> None:
    """System messages, several turns, calls without an answer, parts that are not trained on; two batches."""
    renderer, book = Renderer(open_encoding(None), STANDINS), Book()
    for turns in (one, other):
        same(renderer, batch_of(book, turns, [{} for _ in turns]))


def test_rows_are_those_of_nanochat(tmp_path: Path) -> None:
    """Its render_conversation, run from a checkout, on the same vocabulary."""
    command = ["git", "-C", str(MIRROR), "show", "HEAD:nanochat/tokenizer.py"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False) if MIRROR.exists() else None
    if shown is None or shown.returncode:
        pytest.skip("no mirror of nanochat beside the repository")
    pytest.importorskip("rustbpe", reason="the extra train is not installed")
    nanochat = types.ModuleType("nanochat_tokenizer")
    exec(compile(shown.stdout, "nanochat/tokenizer.py", "exec"), nanochat.__dict__)
    ours: Any = open_encoding(EMBEDDED)
    theirs = nanochat.RustBPETokenizer(ours._core, "<|bos|>")
    renderer = Renderer(ours, ChatTokens.of(ours))
    for cls in TASKS:
        task = cls(150)
        tokens = renderer.render(task.conversations(np.arange(150), Book()))
        edges = tokens.offsets.tolist()
        for row in range(150):
            ids, mask = theirs.render_conversation(task[row])
            assert tokens.ids[edges[row] : edges[row + 1]].tolist() == ids
            assert tokens.mask[edges[row] : edges[row + 1]].tolist() == [bool(trained) for trained in mask]


def test_no_rows() -> None:
    tokens = Renderer(open_encoding(None), STANDINS).render(batch_of(Book(), [], []))
    assert (tokens.offsets.tolist(), len(tokens.ids), len(tokens.mask)) == ([0], 0, 0)


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


def test_missing_control_tokens_are_listed() -> None:
    encoding = open_encoding(None)
    with pytest.raises(EncodingError, match=r"no control token for bos \(<s>\); it has <\|assistant_end"):
        ChatTokens.of(encoding, {"bos": "<s>"})
    with pytest.raises(EncodingError, match="there are bos, user_start"):
        ChatTokens.of(encoding, {"tool": "<|bos|>"})


def test_a_turn_that_ends_as_a_call_begins_is_refused() -> None:
    with pytest.raises(EncodingError, match=r"and python_start are both '<\|bos\|>'"):
        ChatTokens.of(open_encoding(None), {"assistant_end": "<|bos|>", "python_start": "<|bos|>"})
