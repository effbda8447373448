"""A store for tests: files of this machine, as a file system that fails now and then and can't rename.

It is found by its protocol through an entry point, as those of other packages are, so that commands and their
worker processes find it too; `path_for` makes a folder for PYTHONPATH that holds that entry point.
"""

import hashlib
import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.exports import ROOT

_local = pytest.importorskip("fsspec.implementations.local", reason="the extra hub is not installed")


class Store(_local.LocalFileSystem):  # type: ignore[misc]
    """Every tenth call fails; of those that write, half of what they should write is there."""

    protocol = "store"
    calls = 0
    failed = 0
    every = 10
    """How often a call fails, in this process."""

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return super()._strip_protocol(str(path).removeprefix("store://"))

    def _called(self, path: str = "", data: bytes = b"") -> None:
        Store.calls += 1
        if Store.calls % Store.every == 0:
            Store.failed += 1
            if path and os.path.isdir(os.path.dirname(path)):
                Path(path).write_bytes(data[: len(data) // 2])
            raise ConnectionError("the store is busy")

    def ls(self, path: str, detail: bool = False, **options: Any) -> Any:
        self._called()
        found = super().ls(path, detail=True, **options)
        return [self._tagged(info) for info in found] if detail else [info["name"] for info in found]

    def info(self, path: Any, **options: Any) -> Any:
        found = super().info(path, **options)
        return found if isinstance(path, os.DirEntry) else self._tagged(found)

    def _tagged(self, info: dict[str, Any]) -> dict[str, Any]:
        if info["type"] == "file":
            digest = hashlib.md5(Path(info["name"]).read_bytes(), usedforsecurity=False)
            info["ETag"] = digest.hexdigest()
        return info

    def cat_file(self, path: str, *args: Any, **options: Any) -> bytes:
        self._called()
        return bytes(super().cat_file(path, *args, **options))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:
        path = self._strip_protocol(path)
        self._called(path if mode == "overwrite" else "", value)
        if not os.path.isdir(os.path.dirname(path)):
            raise FileNotFoundError(path)
        with open(path, "xb" if mode == "create" else "wb") as file:
            file.write(value)

    def put_file(self, lpath: str, rpath: str, *args: Any, **options: Any) -> None:
        self._called(rpath, Path(lpath).read_bytes())
        super().put_file(lpath, rpath, *args, **options)

    def get_file(self, rpath: str, lpath: str, *args: Any, **options: Any) -> None:
        self._called(lpath, Path(rpath).read_bytes() if Path(rpath).exists() else b"")
        super().get_file(rpath, lpath, *args, **options)

    def rm_file(self, path: str) -> None:
        self._called()
        super().rm_file(path)

    def mv(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError("nothing can be renamed here")

    mv_file = mv


def path_for(folder: Path) -> str:
    """Write the entry point to a folder; returns what PYTHONPATH must be to have it found."""
    about = folder / "store-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: store\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[fsspec.specs]\nstore = tests.stores.Store\n")
    return f"{ROOT}{os.pathsep}{folder}"


def harm(path: Path, draw: random.Random) -> None:
    """Remove a file, cut it short, or turn a bit of it."""
    data = bytearray(path.read_bytes())
    how = draw.choice(["removed", "cut", "turned"])
    path.unlink()
    if how == "cut":
        path.write_bytes(data[: draw.randrange(len(data))])
    elif how == "turned":
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(data)
