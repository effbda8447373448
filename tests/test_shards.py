from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.book import Books
from generators.dialects import SCHEMAS, Dialect
from generators.distinct import read_hashes
from generators.localtarget import sha256, write_whole
from generators.mixture import Mixture
from generators.shards import BATCH, Job, folded, jobs_of, make
from generators.wordlists import fold
from tasks.spellingbee import SimpleSpelling
from tests.exports import lexicon

ROWS = 20_500


@given(
    st.dictionaries(st.sampled_from(["train", "test"]), st.integers(1, 5000), min_size=1), st.integers(1, 700)
)
def test_jobs_cover_each_row_once(splits: dict[str, int], shard_rows: int):
    jobs = jobs_of(splits, shard_rows)
    for split, rows in splits.items():
        mine = [job for job in jobs if job.split == split]
        assert [row for job in mine for row in range(job.start, job.stop)] == list(range(rows))
        assert all(0 < job.stop - job.start <= shard_rows for job in mine)
        assert {job.shards for job in mine} == {len(mine)}
        assert [job.number for job in mine] == list(range(len(mine)))
    assert len({job.file for job in jobs}) == len(jobs)


def test_jobs_of_too_many_shards_are_refused():
    assert len(jobs_of({"train": 99_999}, 1)) == 99_999
    with pytest.raises(ValueError, match=r"100,000 train rows would be 100,000 shards of 1 rows"):
        jobs_of({"train": 100_000}, 1)


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Mixture:
    words = lexicon(tmp_path_factory.mktemp("words"))
    return Mixture([SimpleSpelling(30_000, language="en", lexicon=words)])


def made(folder: Path, mixture: Mixture, dialect: Dialect, start: int = 0, stop: int = ROWS) -> Any:
    folder.mkdir(exist_ok=True)
    job = Job("train", 0, 1, start, stop)
    told: list[int] = []
    record = make(job, mixture, dialect, folder, Books(), told.append)
    assert sum(told) == stop - start
    return folder / f"{job.stem}.parquet", record, job


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_shard_is_as_loaders_expect_it(tmp_path: Path, mixture: Mixture, name: str):
    path, record, _ = made(tmp_path, mixture, Dialect(name))
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *(f"train-00000.{ending}" for ending in ("first", "parquet", "questions.npy", "words.npy")),
    ]
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        assert file.schema_arrow.equals(SCHEMAS[name])
        assert file.read().num_rows == ROWS == record.rows
        found = file.metadata
        keys = set(found.metadata or {})
        assert keys <= {b"ARROW:schema"}
        assert not file.schema_arrow.metadata
        assert [found.row_group(i).num_rows for i in range(found.num_row_groups)] == [BATCH, BATCH, 500]
        dictionaries = set()
        for group in range(found.num_row_groups):
            for number in range(found.num_columns):
                column = found.row_group(group).column(number)
                assert column.compression == "ZSTD"
                assert column.has_offset_index
                in_list = ".list." in column.path_in_schema
                assert column.has_column_index == (not in_list and column.path_in_schema != "facts")
                if column.has_dictionary_page:
                    dictionaries.add(column.path_in_schema.rpartition(".")[2])
        assert dictionaries <= {"task", "language", "style", "template", "split", "role", "type"}
        assert "task" in dictionaries
    assert (record.bytes, record.sha256) == (path.stat().st_size, sha256(path))


def test_a_record_counts_its_rows(tmp_path: Path, mixture: Mixture):
    path, record, job = made(tmp_path, mixture, Dialect(), 100, 400)
    assert list(record.counts) == ["simplespelling"]
    counts = record.counts["simplespelling"]
    assert counts["rows"] == {"all": 300}
    assert counts["language"] == counts["lexicon"] == {"en": 300}
    assert (record.file, job.file) == ("train/train-00000-of-00001.parquet",) * 2
    table = pq.read_table(path)
    assert len(read_hashes(tmp_path / "train-00000.questions.npy")) == 300
    words = read_hashes(tmp_path / "train-00000.words.npy")
    assert len(words) == len(set(table["word"].to_pylist()))


def test_a_shard_is_the_same_bytes_again(tmp_path: Path, mixture: Mixture):
    paths = [made(tmp_path / name, mixture, Dialect(), 0, 500)[0] for name in ("a", "b")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_rows_of_a_shard_are_those_of_the_mixture(tmp_path: Path, mixture: Mixture):
    whole = pq.read_table(made(tmp_path / "a", mixture, Dialect("messages"), 0, 12_000)[0])
    later = pq.read_table(made(tmp_path / "b", mixture, Dialect("messages"), 9_990, 10_010)[0])
    assert whole.slice(9_990, 20).equals(later)


def test_writing_whole_replaces_and_leaves_nothing(tmp_path: Path):
    path = tmp_path / "file.json"
    for text in (b"old", "new: é 猫\n".encode()):
        write_whole(path, text)
    assert path.read_text(encoding="utf-8") == "new: é 猫\n"
    assert list(tmp_path.iterdir()) == [path]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=8))
def test_words_are_folded_as_the_check_folds_them(words):
    assert folded(pa.array(words, pa.string())).to_pylist() == list(map(fold, words))
