import os
from pathlib import Path

import pytest

from generators.export import export
from generators.folder import FolderError
from generators.push import _refuse_strangers, upload_of
from tasks.spellingbee import SimpleSpelling
from tests.exports import contents, hornbook, lexicon, manifest, says, shards, stamps


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    words = lexicon(tmp_path)
    splits = {
        split: [SimpleSpelling(rows, split, language="en", lexicon=words)]
        for split, rows in (("train", 300), ("test", 20))
    }
    export(splits, tmp_path / "export", workers=1, shard_rows=100)
    return tmp_path / "export"


def test_all_that_the_folder_holds_is_uploaded(folder: Path):
    found = upload_of(str(folder), "anna/spelling")
    assert found.files == {name: len(data) for name, data in contents(folder).items()}
    assert found.bytes == sum(found.files.values())
    assert list(found.files)[:2] == ["README.md", "manifest.json"]


def test_a_dry_run_says_what_it_would_do_without_a_network(folder: Path):
    before = stamps(folder)
    # A proxy that is not there: whoever asks the network fails.
    away = {"HTTPS_PROXY": "http://127.0.0.1:9", "HF_ENDPOINT": "http://127.0.0.1:9", "HF_TOKEN": ""}
    done = hornbook("push", folder, "anna/spelling", "--dry-run", **away)
    assert (done.returncode, done.stderr) == (0, "")
    first, *lines, last = done.stdout.splitlines()
    assert first.endswith(" would go to https://huggingface.co/datasets/anna/spelling")
    assert f"{len(lines)} files, {sum(map(len, contents(folder).values())):,} bytes" in first
    assert {line.split()[1] for line in lines} == set(contents(folder))
    assert last == "  other shards there would be removed; nothing was sent"
    assert stamps(folder) == before


@pytest.mark.parametrize("harm", ["cut", "turned", "gone"])
def test_a_folder_that_is_not_whole_is_refused(folder: Path, harm: str):
    path = shards(folder)[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    if harm != "gone":
        path.write_bytes(data if harm == "turned" else data[:-1])
    sentence = f"{folder} is not whole: train/{path.name} is missing or not as the manifest says; run its"
    says(hornbook("push", folder, "anna/spelling"), 2, sentence)
    shards(folder)[0].unlink()
    with pytest.raises(FolderError, match="says, and so are 1 more; run its export again"):
        upload_of(str(folder), "anna/spelling")


def test_what_is_no_export_is_refused(folder: Path, tmp_path: Path):
    (folder / "train/more.parquet").write_text("mine")
    with pytest.raises(FolderError, match=r"holds train/more\.parquet, which is not in its manifest"):
        upload_of(str(folder), "a/b")
    (folder / "train/more.parquet").unlink()
    (folder / ".hornbook").mkdir()
    (folder / ".hornbook/asked.json").write_text("{}")
    with pytest.raises(FolderError, match="is being written, or was left so"):
        upload_of(str(folder), "a/b")
    (folder / "manifest.json").unlink()
    with pytest.raises(FolderError, match="is not finished; run its export again"):
        upload_of(str(folder), "a/b")
    with pytest.raises(FolderError, match="there is no folder"):
        upload_of(str(tmp_path / "nothing"), "a/b")


@pytest.mark.parametrize("name", ["spelling", "a/b/c", "/b", "a/", "a b/c", "-a/b", "a/b--c", "a/b.", ""])
def test_what_names_no_repository_is_refused(folder: Path, name: str):
    with pytest.raises(ValueError, match="a repository is named owner/name, such as anna/spelling, and not"):
        upload_of(str(folder), name)


def test_a_repository_of_something_else_is_not_touched():
    _refuse_strangers("a/b", [".gitattributes", "README.md"])
    _refuse_strangers("a/b", ["manifest.json", "train/train-00000-of-00001.parquet"])
    with pytest.raises(FolderError, match=r"a/b holds something else \(thesis\.tex\); name a new one"):
        _refuse_strangers("a/b", ["README.md", "thesis.tex"])


def test_without_token_or_network_a_sentence_says_so(folder: Path, tmp_path: Path):
    pytest.importorskip("huggingface_hub", reason="the extra hub is not installed")
    alone = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": "http://127.0.0.1:9"}
    none = {**alone, "HF_TOKEN": ""} if "HF_TOKEN" in os.environ else alone
    says(hornbook("push", folder, "anna/spelling", **none), 1, "there is no token for the Hub; run `hf auth")
    done = hornbook("push", folder, "anna/spelling", **alone, HF_TOKEN="hf_none")
    says(done, 1, "anna/spelling can't be uploaded: ")
    assert manifest(folder)
