"""The same against a server that speaks S3: tags, conditional writes and all. Needs s3fs and moto."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.exports import COMMAND, contents, end_group, environment, hornbook, lexicon, says, waits

REASON = "s3fs and moto[server] are not installed"
pytest.importorskip("moto", reason=REASON)
s3fs = pytest.importorskip("s3fs", reason=REASON)


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """Start a server with one bucket; yields the environment in which commands find it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as process:  # type: ignore[call-overload]
        try:
            assert waits(lambda: answers(port), 60)
            url = f"http://127.0.0.1:{port}"
            s3fs.S3FileSystem(endpoint_url=url, key="x", secret="x").mkdir("bucket")
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
            yield {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1", **dict.fromkeys(names, "x")}
        finally:
            process.kill()


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def stored(server: dict[str, str], folder: str) -> dict[str, bytes]:
    fs = s3fs.S3FileSystem(
        endpoint_url=server["AWS_ENDPOINT_URL"], key="x", secret="x", use_listings_cache=False
    )
    names = fs.find(folder)
    return {name.removeprefix(f"{folder}/"): fs.cat_file(name) for name in names}


def test_a_killed_export_goes_on_and_has_the_same_bytes(server: dict[str, str], tmp_path: Path):
    asked: tuple[Any, ...] = ("export", "simplespelling:3000", "--shard-rows", "100", "--language", "en")
    asked += ("--lexicon", lexicon(tmp_path), "--workers", "2")
    assert hornbook(*asked, "--out", tmp_path / "local").returncode == 0
    command = [*map(str, (*COMMAND, *asked)), "--out", "s3://bucket/mine"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen(command, env=environment(**server), **quiet) as process:  # type: ignore[call-overload]
        assert waits(lambda: sum(name.startswith("train/") for name in stored(server, "bucket/mine")) > 4)
        end_group(process.pid)
    time.sleep(0.2)
    left = stored(server, "bucket/mine")
    assert "manifest.json" not in left
    records = [json.loads(data) for name, data in left.items() if re.search(r"train-\d+\.json", name)]
    assert records
    assert all(record["etag"] for record in records)
    other = hornbook(*asked, "--seed", 1, "--out", "s3://bucket/mine", **server)
    says(other, 2, "s3://bucket/mine holds another export, which differs in tasks[0].options.seed (0, now 1)")
    done = hornbook(*asked, "--out", "s3://bucket/mine", **server)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(records)} kept as they were" in done.stdout
    assert stored(server, "bucket/mine") == contents(tmp_path / "local")
    done = hornbook("verify", "s3://bucket/mine", **server)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bucket_that_is_not_there_is_not_made(server: dict[str, str], tmp_path: Path):
    asked = ("export", "simplespelling:200", "--language", "en", "--lexicon", lexicon(tmp_path))
    done = hornbook(*asked, "--out", "s3://typo/mine", **server)
    says(done, 2, "s3://typo/mine can't be written: The specified bucket does not exist")
    assert stored(server, "bucket") is not None
    fs = s3fs.S3FileSystem(endpoint_url=server["AWS_ENDPOINT_URL"], key="x", secret="x")
    assert fs.ls("") == ["bucket"]
