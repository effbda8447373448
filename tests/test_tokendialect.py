"""Exports with tokens: what is written, refused, continued, and found wrong by verify."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from generators.book import Book
from generators.dialects import DIALECTS, TOKENS, Dialect, asked_dialect, schema_of
from generators.export import export
from generators.folder import FolderError
from generators.plaintokens import parts_of, plain
from generators.readback import Reader
from generators.verify import Report, verify
from tasks.lettercounting import LetterCounting
from tasks.registry import checks
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import contents, hornbook, lexicon, manifest, says, shards
from tokenizer.chat import ROLES
from tokenizer.chosen import Tokenizer
from tokenizer.encoding import EMBEDDED, EncodingError, open_encoding
from tokenizer.patterns import pattern
from tokenizer.tiktokenfile import save
from tokenizer.train import train

TASKS = (SpellingBee, SimpleSpelling, LetterCounting)
KNOWN = checks([])
CHATML = {role: f"<|{role}|>" for role in ROLES} | {
    "bos": "<|endoftext|>", "user_start": "<|im_start|>", "assistant_start": "<|im_start|>",
    "user_end": "<|im_end|>", "assistant_end": "<|im_end|>",
}  # fmt: skip


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"language": "en", "lexicon": lexicon(tmp_path_factory.mktemp("words"))}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vocabulary that glues commas and colons to letters, with other control tokens than nanochat's."""
    path = tmp_path_factory.mktemp("vocab") / "bare.tiktoken"
    text = "bane:b,a,n,e\n1:b\n2:a hit! count=1\n" * 20
    save(
        train([text], 300, pattern("cl100k"), name="bare", special_tokens=sorted(set(CHATML.values()))),
        path,
        "",
    )
    return path


def control() -> list[str]:
    return [f"{role}={name}" for role, name in CHATML.items() if name != f"<|{role}|>"]


def write(folder: Path, dialect: Dialect, rows: int = 60, **options: Any) -> Path:
    how = {name: options.pop(name) for name in ("workers", "shard_rows", "overwrite") if name in options}
    splits = {
        split: [cls(size, split, **options) for cls in TASKS]
        for split, size in (("train", rows), ("test", max(1, rows // 5)))
    }
    export(splits, folder, dialect=dialect, **{"workers": 1, **how})
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, words: dict[str, Any]) -> Path:
    return write(tmp_path_factory.mktemp("tokens"), asked_dialect("tokens"), **words)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [row for path in shards(folder) for row in pq.read_table(path).to_pylist()]


# What is written


def test_rows_are_each_part_by_itself(folder: Path, words: dict[str, Any]) -> None:
    chosen, found = Tokenizer.opened(), {row["id"]: row for row in rows_of(folder)}
    assert len(found) == 3 * 72
    for split, size in (("train", 60), ("test", 12)):
        for cls in TASKS:
            task = cls(size, split, **words)
            batch = task.conversations(np.arange(size), Book())
            for number, parts in enumerate(parts_of(batch)):
                row = found[f"{task.name}/{split}/0/{number}"]
                rendered = list(plain(chosen.encoding, chosen.chat, parts))
                assert row["ids"] == [id for _, ids, _ in rendered for id in ids]
                assert row["mask"] == [trained for _, _, mask in rendered for trained in mask]
                assert row["tokens"] == len(row["ids"])
                assert (row["task"], row["answer"]) == (task.name, task.get_example(number)["answer"])


def test_schema(folder: Path) -> None:
    for path in shards(folder):
        assert pq.read_schema(path).equals(TOKENS)
    assert TOKENS.names == ["id", "task", "ids", "mask", "answer", "tokens"]
    assert TOKENS.field("ids").type == pa.list_(pa.int32())
    assert TOKENS.field("mask").type == pa.list_(pa.bool_())
    for name in DIALECTS:
        assert not any(field.nullable for field in schema_of(name, counted=True))
    assert schema_of("messages", counted=True).names == [
        *schema_of("messages", counted=False).names,
        "tokens",
    ]


@pytest.mark.parametrize("name", ["universal", "messages"])
def test_counts_in_other_dialects(tmp_path: Path, folder: Path, words: dict[str, Any], name: str) -> None:
    """Texts are as they are without a tokenizer, and tokens as many as the dialect tokens has."""
    counted = write(tmp_path / "counted", asked_dialect(name, "none", str(EMBEDDED)), **words)
    plainly = write(tmp_path / "plain", Dialect(name), **words)
    for one, other, ids in zip(shards(counted), shards(plainly), shards(folder), strict=True):
        table = pq.read_table(one)
        assert table.drop_columns("tokens").equals(pq.read_table(other))
        assert table["tokens"].to_pylist() == pq.read_table(ids)["tokens"].to_pylist()
    assert verify(counted, KNOWN, workers=1).problems == []


def test_counts_without_control_tokens(tmp_path: Path, bare: Path, words: dict[str, Any]) -> None:
    """One is counted for each that the layout would have."""
    counted = write(tmp_path / "counted", asked_dialect("messages", "none", str(bare)), **words)
    ids = write(tmp_path / "ids", asked_dialect("tokens", "none", str(bare), None, control()), **words)
    assert [row["tokens"] for row in rows_of(counted)] == [len(row["ids"]) for row in rows_of(ids)]


def test_manifest_and_card_say_the_tokens(folder: Path) -> None:
    found, card = manifest(folder), (folder / "README.md").read_text(encoding="utf-8")
    rows = rows_of(folder)
    assert found["asked"]["tokenizer"]["fingerprint"] == open_encoding(None).fingerprint
    assert found["asked"]["tokenizer"]["name"] == "hornbook_8k"
    for split, counts in found["splits"].items():
        mine = [row for row in rows if f"/{split}/" in row["id"]]
        assert counts["tokens"] == sum(row["tokens"] for row in mine)
        assert f"{counts['tokens']:,} tokens in {split}" in card
        for task, by in counts["tasks"].items():
            assert by["tokens"]["all"] == sum(row["tokens"] for row in mine if row["task"] == task)
    assert "`ids`" in card
    assert "hornbook_8k" in card


def test_two_runs_give_the_same_bytes(tmp_path: Path, bare: Path, words: dict[str, Any]) -> None:
    """Whatever the number of workers, and of tokens that others named before."""
    dialect = asked_dialect("tokens", "none", str(bare), None, control())
    one = write(tmp_path / "one", dialect, shard_rows=50, **words)
    write(tmp_path / "between", asked_dialect("tokens"), **words)
    two = write(tmp_path / "two", dialect, shard_rows=50, workers=2, **words)
    assert contents(one) == contents(two)


def test_what_is_sent_to_workers_is_small(bare: Path, words: dict[str, Any]) -> None:
    dialect = asked_dialect("tokens", "none", str(bare), None, control())
    dialect.table(SpellingBee(50, **words).conversations(np.arange(50), Book()))
    sent = pickle.dumps(dialect)
    assert len(sent) < 2000
    again = pickle.loads(sent)
    assert again == dialect
    assert again.tokenizer.encoding is dialect.tokenizer.encoding  # opened once in a process


def test_loads_as_a_trainer_reads(folder: Path) -> None:
    """Batches of a loader: one column alone, and lists as numpy."""
    dataset = pa.dataset.dataset([str(path) for path in shards(folder) if path.parent.name == "train"])
    assert (
        sum(dataset.to_table(columns=["tokens"])["tokens"].to_pylist())
        == manifest(folder)["splits"]["train"]["tokens"]
    )
    for batch in dataset.to_batches(batch_size=32):
        for ids, mask in zip(batch["ids"], batch["mask"], strict=True):
            numbers, trained = np.array(ids.as_py()), np.array(mask.as_py())
            assert numbers.shape == trained.shape
            assert 0 < trained.sum() < len(numbers)


# What is refused


def refused(message: str, *asked: Any) -> None:
    with pytest.raises(ValueError, match=message):
        asked_dialect(*asked)


def test_what_is_wrong_is_said(tmp_path: Path, bare: Path) -> None:
    refused(
        r"no control token for bos \(<\|bos\|>\), user_start.*it has <\|endoftext",
        "tokens",
        "none",
        str(bare),
    )
    refused("'bos' names no control token; write role=name", "tokens", "none", None, None, ["bos"])
    refused("the control token for bos is both 'a' and 'b'", "tokens", "none", None, None, ["bos=a", "bos=b"])
    refused("leave out bos=a", "messages", "none", str(bare), None, ["bos=a"])
    refused(
        "control tokens can be given for a tokenizer, and none is named",
        "messages",
        "none",
        None,
        None,
        ["bos=a"],
    )
    refused("a split pattern can be given for a tokenizer", "tokens", "none", None, "gpt2")
    refused("tool text 'fenced' is for `content`, which the dialect tokens lacks", "tokens", "fenced")
    refused("there is no dialect 'token'; did you mean 'tokens'", "token")
    refused("there is no file", "tokens", "none", str(tmp_path / "none.tiktoken"))
    with pytest.raises(ValueError, match="holds the ids of a tokenizer, and none is named"):
        Dialect("tokens")


def test_another_tokenizer_into_the_same_folder(tmp_path: Path, bare: Path, words: dict[str, Any]) -> None:
    here = write(tmp_path / "out", asked_dialect("messages", "none", str(EMBEDDED)), **words)
    before = contents(here)
    with pytest.raises(FolderError, match=r"differs in tokenizer\.name \(\"hornbook_8k\", now \"bare\"\)"):
        write(here, asked_dialect("messages", "none", str(bare)), **words)
    with pytest.raises(FolderError, match="differs in tokenizer"):
        write(here, Dialect("messages"), **words)
    # The same content in another place is the same.
    moved = tmp_path / "elsewhere" / EMBEDDED.name
    moved.parent.mkdir()
    for path in (EMBEDDED, EMBEDDED.with_suffix(".json")):
        shutil.copy(path, moved.parent)
    write(here, asked_dialect("messages", "none", str(moved)), **words)
    assert contents(here) == before


def test_a_wrong_seam_stops_the_export(
    tmp_path: Path, bare: Path, words: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were a cut called safe that is none, no row would be written."""
    monkeypatch.setattr("tokenizer.seams.safe_cut", lambda left, right, pattern: True)
    dialect = asked_dialect("messages", "none", str(bare))
    with pytest.raises(
        EncodingError, match=r"on bare the composed ids or mask of part \d.* of \w+/train/0/\d+ are"
    ):
        write(tmp_path / "out", dialect, style="classic", **words)
    assert not (tmp_path / "out").exists()


def test_a_tokenizer_that_changes_meanwhile(tmp_path: Path, bare: Path) -> None:
    chosen = Tokenizer.opened(str(bare))
    changed = Tokenizer(chosen.source, chosen.pattern, (), "0" * 64)
    with pytest.raises(EncodingError, match="is another tokenizer by now"):
        _ = changed.encoding


# What verify finds


def test_what_is_exported_passes(folder: Path) -> None:
    report = verify(folder, KNOWN, workers=1)
    assert (report.problems, report.wrong) == ([], 0)
    assert report.tokens == sum(split["tokens"] for split in manifest(folder)["splits"].values())
    assert report.calls >= manifest(folder)["tool_calls"]["tool"] > 0  # which counts rows
    assert not report.unchecked


@pytest.mark.parametrize("tool", ["nanochat", "none"])
@pytest.mark.parametrize("style", ["quote-comma", "classic"])
def test_shared_control_tokens_pass(
    tmp_path: Path, bare: Path, words: dict[str, Any], style: str, tool: str
) -> None:
    dialect = asked_dialect("tokens", "none", str(bare), None, control())
    write(tmp_path, dialect, rows=30, style=style, tool=tool, **words)
    assert verify(tmp_path, KNOWN, workers=1).problems == []


def test_default_words_pass(tmp_path: Path) -> None:
    """English, Spanish and Chinese."""
    write(tmp_path, asked_dialect("tokens"), rows=90)
    assert verify(tmp_path, KNOWN, workers=1).problems == []


def changed(folder: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Report:
    """Change the first row with a tool call of a copy, and verify it."""
    shutil.copytree(folder, target)
    path = shards(target)[-1]
    rows = pq.read_table(path).to_pylist()
    start = open_encoding(None).special_tokens["<|python_start|>"]
    change(next(row for row in rows if start in row["ids"]))
    pq.write_table(pa.Table.from_pylist(rows, schema=TOKENS), path)
    return verify(target, KNOWN, workers=1)


def token(name: str) -> int:
    return open_encoding(None).special_tokens[f"<|{name}|>"]


def flip(at: int) -> Callable[[dict[str, Any]], None]:
    def change(row: dict[str, Any]) -> None:
        row["mask"][at] = not row["mask"][at]

    return change


def flip_at(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda row: flip(row["ids"].index(token(name)))(row)


def drop(name: str) -> Callable[[dict[str, Any]], None]:
    def change(row: dict[str, Any]) -> None:
        at = row["ids"].index(token(name))
        del row["ids"][at], row["mask"][at]
        row["tokens"] -= 1

    return change


def split_a_token(row: dict[str, Any]) -> None:
    """The same text in other tokens than the tokenizer's: the question, letter by letter."""
    encoding = open_encoding(None)
    end = row["ids"].index(token("user_end"))
    loose = [id for char in encoding.decode(row["ids"][2:end]) for id in encoding.encode(char)]
    row["ids"][2:end], row["mask"][2:end] = loose, [False] * len(loose)
    row["tokens"] = len(row["ids"])


def miscount(row: dict[str, Any]) -> None:
    row["tokens"] += 1


def other_answer(row: dict[str, Any]) -> None:
    row["answer"] = str(int(row["answer"]) + 1)


def other_output(row: dict[str, Any]) -> None:
    at = row["ids"].index(token("output_start"))
    row["ids"][at + 1 : at + 2] = open_encoding(None).encode("8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flip(0), "its mask is wrong at token 0, '<|bos|>'"),
        (flip(2), "its mask is wrong at token 2"),
        (flip(-1), "its mask is wrong at token"),
        *((flip_at(name), f"'<|{name}|>'") for name in ("python_start", "python_end", "output_start")),
        (flip_at("output_end"), "'<|output_end|>'"),
        (drop("assistant_start"), "behind user stands"),
        (drop("python_end"), "behind python stands"),
        (drop("bos"), "behind its start stands"),
        (split_a_token, "are not those that its tokenizer gives"),
        (miscount, "tokens and has"),
        (other_answer, "the answer is"),
        (other_output, "the row says '8'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(tmp_path: Path, folder: Path, change: Any, said: str) -> None:
    report = changed(folder, tmp_path / "copy", change)
    assert any(said in problem for problem in report.problems), report.problems
    assert any("sha256 differs" in problem for problem in report.problems)


def test_a_tokenizer_that_is_gone(tmp_path: Path, words: dict[str, Any]) -> None:
    path = tmp_path / "mine.tiktoken"
    save(train(["bane sore tiba\n" * 50], 290, pattern("nanochat"), name="mine"), path, "")
    counted = write(tmp_path / "counted", asked_dialect("messages", "none", str(path)), rows=20, **words)
    ids = write(tmp_path / "ids", asked_dialect("tokens", "none", str(path)), rows=20, **words)
    moved = (
        shutil.copytree(path.parent, tmp_path / "copy", ignore=lambda *_: ["counted", "ids", "copy"])
        / path.name
    )
    path.unlink()
    report = verify(counted, KNOWN, workers=1)
    assert (report.problems, report.tokens) == ([], 0)
    assert "there is no file" in report.uncounted
    with pytest.raises(
        FolderError, match=r"those of mine \(.*there is no file.*give the right one with --tokenizer"
    ):
        verify(ids, KNOWN, workers=1)
    with pytest.raises(FolderError, match="is another one"):
        verify(ids, KNOWN, workers=1, tokenizer=str(EMBEDDED))
    for each in (counted, ids):
        found = verify(each, KNOWN, workers=1, tokenizer=str(moved))
        assert found.problems == []
        assert found.tokens > 0


def test_a_count_that_is_wrong(tmp_path: Path, words: dict[str, Any]) -> None:
    write(tmp_path, asked_dialect("messages", "none", str(EMBEDDED)), rows=10, **words)
    path = shards(tmp_path)[0]
    rows = pq.read_table(path).to_pylist()
    rows[0]["tokens"] += 1
    pq.write_table(pa.Table.from_pylist(rows, schema=pq.read_schema(path)), path)
    assert any("tokens and has" in problem for problem in verify(tmp_path, KNOWN, workers=1).problems)


def test_seams_between_texts_are_found() -> None:
    """A text before a call may be two parts; elsewhere it may not."""
    chosen = Tokenizer.opened()
    reader, say, control = Reader(chosen.encoding, chosen.chat), chosen.encoding.encode, chosen.chat.ids
    head = [control["bos"], control["user_start"], *say("a"), control["user_end"], control["assistant_start"]]
    two = [*say("t"), *say("he")]
    assert two != say("the")
    call = [control["python_start"], *say("1"), control["python_end"], control["output_start"], *say("1")]
    call.append(control["output_end"])
    end = [control["assistant_end"]]
    for ids, right in (
        ([*head, *two, *call, *end], True),
        ([*head, *call, *two, *end], True),
        ([*head, *two, *end], False),
        ([*head, *say("fig"), *call, *say("fig"), *call, *two, *call, *end], True),
    ):
        said = [problem for problem in reader.read(ids, []).problems if "mask" not in problem]
        assert (not said) == right, said


# The command line


def test_the_command_line(tmp_path: Path, words: dict[str, Any], bare: Path) -> None:
    made = ("export", "spellingbee:40", "--lexicon", words["lexicon"], "--language", "en", "--workers", 1)
    done = hornbook(*made, "--dialect", "tokens", "--out", tmp_path / "a")
    assert done.returncode == 0, done.stderr
    total = manifest(tmp_path / "a")["splits"]["train"]["tokens"]
    assert f"train  {total:,} tokens: spellingbee {total:,}" in done.stdout
    assert (
        "hornbook_8k, the vocabulary that comes with Hornbook; name your model's with --tokenizer"
        in done.stdout
    )
    done = hornbook("verify", tmp_path / "a", "--workers", 1)
    assert "tokens made again" in done.stdout
    assert "all as it should be" in done.stdout
    bad = hornbook(*made, "--dialect", "tokens", "--tokenizer", bare, "--out", tmp_path / "b")
    says(bad, 2, "bare has no control token for bos (<|bos|>)", "name one for each role, as in bos=")
    assert not (tmp_path / "b").exists()
    named = [item for pair in control() for item in ("--control", pair)]
    done = hornbook(*made, "--dialect", "tokens", "--tokenizer", bare, *named, "--out", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "b" / "manifest.json").read_text())["asked"]["tokenizer"]["name"] == "bare"
    checked = hornbook("verify", tmp_path / "b", "--workers", 1).stdout
    assert "all as it should be" in checked
    assert ("words: 0" in checked) is ("words:" in checked) is False  # ids name no words to count
    says(hornbook("verify", tmp_path / "b", "--tokenizer", EMBEDDED), 2, "tokens are those of bare")
