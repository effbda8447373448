import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from generators.export import export
from generators.folder import Folder, FolderError, differences
from generators.shards import jobs_of
from tasks.spellingbee import SimpleSpelling
from tests.exports import contents, hornbook, lexicon, manifest, says, shards, stamps


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lexicon(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def options(words: Path) -> tuple[Any, ...]:
    return ("--language", "en", "--lexicon", words, "--workers", 1)


def write(folder: Path, words: Path, rows: int = 200, **options: Any) -> Any:
    task = SimpleSpelling(rows, language="en", lexicon=words, seed=options.pop("seed", 0))
    test = SimpleSpelling(max(1, rows // 20), "test", language="en", lexicon=words)
    return export({"train": [task], "test": [test]}, folder, shard_rows=100, workers=1, **options)


def refused(folder: Path, words: Path, sentence: str, **options: Any) -> None:
    """See that an export is refused, and that nothing is changed."""
    before = stamps(folder) if folder.is_dir() else None
    names = sorted(folder.rglob("*")) if folder.is_dir() else []
    with pytest.raises(FolderError) as caught:
        write(folder, words, **options)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    if before:
        assert stamps(folder) == before
        assert sorted(folder.rglob("*")) == names


# Folders that can't be used.


def test_a_file_is_refused(words: Path, options, tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("mine")
    refused(file, words, f"{file} is a file; --out must be a folder")
    refused(file / "below", words, f"{file / 'below'} can't be written: Not a directory")
    done = hornbook("export", "simplespelling:20", *options, "--out", file / "below" / "more")
    says(done, 2, "can't be written: Not a directory")
    assert file.read_text() == "mine"


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder unwritable, for root too."""
    if os.geteuid():
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)
        return
    if subprocess.run(["chattr", "+i", folder], capture_output=True, check=False).returncode:
        pytest.skip("root writes everywhere, and this file system has no immutable folders")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", folder], check=True)


def test_a_folder_that_can_not_be_written_is_refused(words: Path, options, tmp_path: Path):
    folder = tmp_path / "export"
    folder.mkdir()
    with read_only(folder):
        refused(folder, words, f"{folder} can't be written: ")
        refused(folder / "below", words, f"{folder / 'below'} can't be written: ")
        done = hornbook("export", "simplespelling:20", *options, "--out", folder)
        says(done, 2, f"{folder} can't be written: ")


def test_a_folder_of_the_kernel_is_refused(words: Path):
    for folder in (Path("/proc/hornbook"), Path("/sys/hornbook")):
        refused(folder, words, f"{folder} can't be written: ")


def test_a_folder_that_holds_something_else_is_refused(words: Path, tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("mine")
    refused(tmp_path, words, f"{tmp_path} holds something else (thesis.tex); choose an empty or a new folder")
    refused(tmp_path, words, "holds something else", overwrite=True)
    for name in "abc":
        (tmp_path / name).mkdir()
    refused(tmp_path, words, "holds something else (a, b, c …)")


def test_a_folder_of_shards_of_somebody_else_is_refused(words: Path, tmp_path: Path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train/train-00000-of-00001.parquet").write_text("mine")
    for overwrite in (False, True):
        refused(tmp_path, words, "holds something else (train)", overwrite=overwrite)


@pytest.mark.parametrize(
    "name", ["train/notes.txt", "test/train.parquet.tmp", "train/train-00000-of-00009.parquet"]
)
def test_a_foreign_file_among_the_shards_is_refused(words: Path, tmp_path: Path, name: str):
    write(tmp_path, words)
    (tmp_path / name).write_text("mine")
    sentence = f"{tmp_path} holds a file that loaders would read as a shard: {name}"
    refused(tmp_path, words, sentence)
    if "-of-" not in name:
        refused(tmp_path, words, sentence, overwrite=True, seed=1)
        assert len(shards(tmp_path)) == 3


def test_an_empty_folder_and_folders_to_be_made_are_taken(words: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", words)
    write(tmp_path / "some/new/folder", words)
    assert contents(tmp_path / "empty") == contents(tmp_path / "some/new/folder")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    assert write(tmp_path / "link", words).made == ()


NO_MANIFESTS = (b"", b"{", b"[]", b"3", b"{}", b"\xff", b'{"asked": 1, "shards": [2]}', b'{"asked": {}}')


@pytest.mark.parametrize("data", NO_MANIFESTS)
def test_a_manifest_that_is_none_gets_a_sentence(words: Path, tmp_path: Path, data: bytes):
    write(tmp_path, words)
    (tmp_path / "manifest.json").write_bytes(data)
    for overwrite in (False, True):
        refused(tmp_path, words, f"{tmp_path / 'manifest.json'} ", overwrite=overwrite)


# Another export.


def test_another_export_is_refused_by_its_keys(words: Path, options, tmp_path: Path):
    write(tmp_path, words)
    refused(tmp_path, words, "which differs in tasks[0].rows.train (200, now 240)", rows=240)
    refused(tmp_path, words, "tasks[0].options.seed (0, now 7)", seed=7)
    done = hornbook(
        *("export", "simplespelling:300", *options, "--out", tmp_path, "--dialect", "messages"),
        *("--seed", 3, "--style", "classic"),
    )
    error = says(done, 2, "choose another folder, or replace it with --overwrite")
    for key in (
        *("tasks[0].rows.train (200, now 300)", "tasks[0].rows.test (10, now 15)"),
        "tasks[0].options.seed (0, now 3)",
        *('tasks[0].options.style ("quote-comma", now "classic")', "; seed (0, now 3)"),
        *('dialect ("universal", now "messages")', "shard_rows (100, now 50000)"),
    ):
        assert key in error
    assert "fingerprint" not in error


def test_other_words_are_another_export(words: Path, tmp_path: Path):
    write(tmp_path / "export", words)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other/words.txt"
    other.write_text(words.read_text() + "banner\n")
    refused(tmp_path / "export", other, "which differs in lexicons.en (")
    other.write_text(words.read_text())
    assert write(tmp_path / "export", other).made == ()  # the same words from another place


@pytest.mark.parametrize("what", ["questions", "words"])
def test_a_shard_whose_hashes_are_lost_is_made_again(words: Path, tmp_path: Path, what: str):
    """The manifest is made of them: without them an unfinished folder could never be finished."""
    write(tmp_path / "whole", words)
    folder = tmp_path / "export"
    with pytest.MonkeyPatch.context() as patch, suppress(InterruptedError):
        patch.setattr(Folder, "finish", lambda *_: (_ for _ in ()).throw(InterruptedError))
        write(folder, words)
    file = folder / f".hornbook/train-00001.{what}.npy"
    file.write_bytes(file.read_bytes()[:100])
    assert write(folder, words).made == ("train/train-00001-of-00002.parquet",)
    assert contents(folder) == contents(tmp_path / "whole")


def test_overwriting_replaces(words: Path, tmp_path: Path):
    write(tmp_path / "a", words, rows=400)
    write(tmp_path / "a", words, seed=1, overwrite=True)
    write(tmp_path / "b", words, seed=1)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    before = stamps(tmp_path / "a")
    assert write(tmp_path / "a", words, seed=1, overwrite=True).made == ()
    assert stamps(tmp_path / "a") == before


def test_overwriting_can_be_stopped_anywhere(words: Path, tmp_path: Path):
    """Of an overwriting export only its first steps are done; then it, or the old one, is run again."""
    write(tmp_path / "old", words, seed=1)
    write(tmp_path / "new", words, seed=2)
    asked = manifest(tmp_path / "new")["asked"]
    steps = 6
    for stopped in range(steps):
        for overwrite, expected in ((True, "new"), (False, "old")):
            folder = tmp_path / "export"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(tmp_path / "old", folder)
            with pytest.MonkeyPatch.context() as patch:
                _stop_after(patch, stopped)
                with suppress(InterruptedError), Folder(folder).opened(asked, jobs_of({}), True):
                    pass
            if (folder / "manifest.json").exists():
                write(folder, words, seed=2 if overwrite else 1, overwrite=overwrite)
                assert contents(folder) == contents(tmp_path / expected)
            else:
                write(folder, words, seed=2)
                assert contents(folder) == contents(tmp_path / "new")


def _stop_after(patch: pytest.MonkeyPatch, steps: int) -> None:
    """Stop this process as a kill would, at its n-th removal or replacement of a file."""
    done = 0

    def counted(function: Any) -> Any:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            if done == steps:
                raise InterruptedError
            done += 1
            return function(*arguments, **options)

        return step

    patch.setattr(Path, "unlink", counted(Path.unlink))
    patch.setattr(os, "replace", counted(os.replace))


def test_an_unfinished_export_speaks_for_itself_alone(words: Path, tmp_path: Path):
    """Records that another, unfinished export left do not make its shards ours."""
    write(tmp_path / "whole", words, seed=2)
    folder = tmp_path / "export"
    job = jobs_of({"train": 200, "test": 10}, 100)
    with pytest.MonkeyPatch.context() as patch, suppress(InterruptedError):
        patch.setattr(Folder, "finish", lambda *_: (_ for _ in ()).throw(InterruptedError))
        write(folder, words, seed=1)
    assert len(shards(folder)) == len(job) == 3
    refused(folder, words, "seed (1, now 2)", seed=2)
    assert len(write(folder, words, seed=2, overwrite=True).made) == 3
    assert contents(folder) == contents(tmp_path / "whole")


# A full disk.


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_gets_a_sentence(words: Path, options, tmp_path: Path, workers: int):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    asked = ("export", "spellingbee:9000", *options, "--shard-rows", 1000, "--workers", workers)
    try:
        done = hornbook(*asked, "--out", disk / "export")
        full = f"{disk / 'export'} can't be written: No space left on device; what is whole is kept, run the "
        says(done, 1, full + "same command again to finish")
        assert shards(disk / "export")
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        done = hornbook(*asked, "--out", disk / "export")
        assert done.returncode == 0, done.stderr
        assert "kept as they were" in done.stdout
        found = contents(disk / "export")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert hornbook(*asked, "--out", tmp_path / "export").returncode == 0
    assert contents(tmp_path / "export") == found


def test_differences_name_keys():
    before = {"a": 1, "b": [{"c": 1}, {"c": 2}], "d": "x", "fingerprint": "1"}
    asked = {"a": 1, "b": [{"c": 1}, {"c": 3}], "e": "y" * 99, "fingerprint": "2"}
    found = list(differences(json.loads(json.dumps(before)), asked))
    assert found[:2] == ["b[1].c (2, now 3)", 'd ("x", now null)']
    assert found[2].startswith('e (null, now "yyy')
    assert len(found) == 3
    assert len(found[2]) < 90


def test_two_tokenizers_of_one_name_are_told_apart():
    before, asked = (
        {"tokenizer": {"name": "mine", "fingerprint": name}, "fingerprint": name} for name in "ab"
    )
    assert list(differences(before, asked)) == ['tokenizer.fingerprint ("a", now "b")']
    assert list(differences(before, before)) == []
