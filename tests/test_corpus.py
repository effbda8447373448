"""Text files to train on: whole lines, whole texts, and one sentence for what is no text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import corpus
from tokenizer.corpus import Corpus, CorpusError


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=3), st.integers(1, 9))
def test_blocks_are_whole_lines_and_join_up(tmp_path_factory, texts, size):
    folder = tmp_path_factory.mktemp("texts")
    files = []
    for number, text in enumerate(texts):
        files.append(folder / f"{number}.txt")
        files[-1].write_bytes(f"{text}!".encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "BLOCK", size)
        read = Corpus(files)
        blocks = list(read.texts())
    assert "".join(blocks) == "".join(f"{text}!" for text in texts)
    assert read.bytes == sum(file.stat().st_size for file in files)
    assert all(block.endswith(("\n", "!")) and block for block in blocks)


def test_a_small_file_is_one_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a\r\nb\n\nc")
    assert list(Corpus([tmp_path / "a.txt"]).texts()) == ["a\r\nb\n\nc"]


def test_what_is_no_text(tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "bad.txt").write_bytes(b"ok\n\xff")
    for name, said in (("no.txt", "there is no file"), (".", "is a folder"), ("empty.txt", "is empty")):
        with pytest.raises(CorpusError, match=said):
            Corpus([tmp_path / name])
    with pytest.raises(CorpusError, match="cannot read"):
        Corpus([tmp_path / ("x" * 300)])
    with pytest.raises(CorpusError, match=r"bad.txt is no plain UTF-8 text: byte 3 is 0xFF"):
        list(Corpus([tmp_path / "bad.txt"]).texts())
