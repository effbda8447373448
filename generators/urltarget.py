"""A target that fsspec opens: an object store, a server, the memory of this process.

Nothing can be renamed there and nothing can be locked. A file is put whole under its own name, and its record
after it, so that a shard with a record is whole, and one without is made again. Calls that fail are made
again, with growing pauses.
"""

import hashlib
import json
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from generators.target import SCRATCH, FolderError

_T = TypeVar("_T")
TRIES = 6  # of a call, altogether
PAUSE, LONGEST = 0.2, 10.0  # seconds before the second try, and the most before any
AT_ONCE = 16  # calls that wait for the store together
_TAGS = ("ETag", "etag", "e_tag", "md5Hash", "md5")  # what stores call a hash of what they hold
# Stores without folders: there a missing one is a missing bucket, which no typo shall make.
_FLAT = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "hf"))
# No later try would end otherwise.
_FINAL = (
    FileNotFoundError,
    FileExistsError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
    NotImplementedError,
    ImportError,
    TypeError,
    ValueError,
    KeyError,
)


class UrlTarget:
    """A folder of a file system of fsspec's.

    Args:
        fs: the file system.
        root: of the folder, as the file system names it.
        place: as a person names it.

    >>> target = UrlTarget.of("memory://doc/target")
    >>> target.write("a/b.txt", b"whole")
    >>> target.listing(), target.listing("a"), target.read("a/b.txt"), target.read("c")
    ({'a': 0}, {'b.txt': 5}, b'whole', None)
    """

    def __init__(self, fs: Any, root: str, place: str) -> None:
        self.fs, self.root, self.place = fs, root.rstrip("/"), place
        protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
        self.shared = "memory" not in protocols
        self._flat = not _FLAT.isdisjoint(protocols)

    @classmethod
    def of(cls, url: str) -> "UrlTarget":
        """Open a URL.

        Raises:
            FolderError: it can't be opened; says what is missing.
        """
        try:
            import tenacity  # noqa: F401
            from fsspec.core import url_to_fs
        except ImportError:
            raise FolderError(f"{url} is opened with fsspec; pip install 'hornbook[hub]'") from None
        try:
            fs, root = url_to_fs(url)
            return cls(fs, root, url)
        except (ImportError, ValueError, OSError) as error:
            raise FolderError(f"{url} can't be opened: {_line(error)}") from None

    def __reduce__(self) -> Any:
        return UrlTarget, (self.fs, self.root, self.place)

    @cached_property
    def workshop(self) -> Path:
        """A folder of this process alone, removed with it."""
        folder = tempfile.mkdtemp(prefix="hornbook-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    def _call(self, what: str, function: Callable[[], _T]) -> _T:
        """Call the file system, again if it fails.

        Raises:
            OSError: it failed to the end; a sentence says why, and what to do.
        """
        from tenacity import (
            Retrying,
            retry_if_not_exception_type,
            stop_after_attempt,
            wait_random_exponential,
        )

        trying = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=PAUSE, max=LONGEST),
            retry=retry_if_not_exception_type((*_FINAL, KeyboardInterrupt, SystemExit)),
            reraise=True,
        )
        try:
            return trying(function)
        except (FileNotFoundError, FileExistsError):
            raise
        except Exception as error:
            raise OSError(
                f"{self.place} can't be {what}: {_line(error)}; what is whole is kept, run the same "
                "command again"
            ) from None

    def exists(self) -> bool:
        """Say whether anything is there."""
        return bool(self.listing())

    def is_file(self) -> bool:
        """Say whether a file is there instead of a folder."""
        return self._call("read", lambda: bool(self.fs.isfile(self.root)))

    def _infos(self, folder: str) -> dict[str, Mapping[str, Any]]:
        path = self._path(folder)

        def listed() -> list[Any]:
            self.fs.invalidate_cache()
            return list(self.fs.ls(path, detail=True))

        try:
            found = self._call("read", listed)
        except FileNotFoundError:
            return {}
        names = {info["name"].rstrip("/"): info for info in found}
        # Some stores list a folder among what it holds.
        return {name.rpartition("/")[2]: info for name, info in names.items() if not path.endswith(name)}

    def listing(self, folder: str = "") -> dict[str, int]:
        """Return what lies directly in a folder, by name."""
        return {name: int(info.get("size") or 0) for name, info in self._infos(folder).items()}

    def read(self, name: str) -> bytes | None:
        """Return a small file; None where there is none."""
        try:
            return self._call("read", lambda: bytes(self.fs.cat_file(self._path(name))))
        except FileNotFoundError:
            return None

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return those of some small files that are there."""
        names = list(names)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = zip(names, pool.map(self.read, names), strict=True)
            return {name: data for name, data in found if data is not None}

    def write(self, name: str, data: bytes, new: bool = False) -> None:
        """Write a small file.

        Raises:
            FileExistsError: it should be new, and is not; told surely where a store can, as S3 does.
        """
        path, mode = self._path(name), "create" if new else "overwrite"
        self._written(path, lambda: self.fs.pipe_file(path, data, mode=mode))

    def put(self, made: Path, name: str) -> None:
        """Move a file from the workshop to its place."""
        path = self._path(name)
        self._written(path, lambda: self.fs.put_file(str(made), path))
        made.unlink()

    def put_shard(self, made: Path, name: str, record: Mapping[str, Any], beside: str) -> None:
        """Move a shard to its place, its record last: a shard without one does not count."""
        self.put(made, name)
        tag = _tag(self._info(name))
        self.write(
            beside, json.dumps({**record, **({"etag": tag} if tag else {})}, ensure_ascii=False).encode()
        )

    def _written(self, path: str, function: Callable[[], object]) -> None:
        try:
            self._call("written", function)
        except FileNotFoundError as error:
            if self._flat:
                raise FolderError(f"{self.place} can't be written: {_line(error)}") from None
            self._call("written", lambda: self.fs.makedirs(path.rpartition("/")[0], exist_ok=True))
            self._call("written", function)

    def _info(self, name: str) -> Mapping[str, Any]:
        def found() -> Mapping[str, Any]:
            self.fs.invalidate_cache()
            return dict(self.fs.info(self._path(name)))

        return self._call("read", found)

    def intact(self, records: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return the names of those files that have the bytes that are recorded.

        A file whose tag is the one that was recorded is not read, any other is.
        """
        folders = dict.fromkeys(name.rpartition("/")[0] for name in records)
        infos = {f"{folder}/{name}": info for folder in folders for name, info in self._infos(folder).items()}

        def same(name: str) -> bool:
            record, info = records[name], infos.get(name)
            if info is None or info.get("size") != record["bytes"]:
                return False
            if record.get("etag") and (tag := _tag(info)):
                return bool(tag == record["etag"])
            return self._call("read", lambda: self._sha256(name)) == record["sha256"]

        with ThreadPoolExecutor(AT_ONCE) as pool:
            names = list(records)
            return {name for name, is_same in zip(names, pool.map(same, names), strict=True) if is_same}

    def _sha256(self, name: str) -> str:
        digest = hashlib.sha256()
        with self.fs.open(self._path(name), "rb") as file:
            while data := file.read(1 << 20):
                digest.update(data)
        return digest.hexdigest()

    def fetch(self, names: Iterable[str]) -> dict[str, Path]:
        """Bring those of some files that are there to the workshop; what is there already stays."""
        names = list(names)

        def fetched(name: str) -> Path | None:
            place = self.workshop / "fetched" / name
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                half = place.with_name(place.name + ".half")
                try:
                    self._call("read", lambda: self.fs.get_file(self._path(name), str(half)))
                except FileNotFoundError:
                    return None
                half.rename(place)
            return place

        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = zip(names, pool.map(fetched, names), strict=True)
            return {name: path for name, path in found if path is not None}

    @contextmanager
    def opened(self, name: str) -> Iterator[Path]:
        """Bring a file here while it is looked at."""
        [path] = self.fetch([name]).values() or [self.workshop / "missing"]
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        try:
            self._call("written", lambda: self.fs.rm_file(self._path(name)))
        except FileNotFoundError:
            return

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock nothing: what another export asks for is seen by what it wrote, see Folder."""
        yield

    def sweep(self) -> None:
        """Remove nothing: what is made lies on the machines that make it."""

    def clean(self, empty: Iterable[str] = ()) -> None:
        """Remove what was only needed on the way; an empty folder is none here."""

        def removed() -> None:
            self.fs.invalidate_cache()
            if self.fs.exists(self._path(SCRATCH)):
                self.fs.rm(self._path(SCRATCH), recursive=True)

        self._call("written", removed)


def _tag(info: Mapping[str, Any]) -> str | None:
    """Return what a store says of a file's bytes; None where it says nothing."""
    return next((str(info[key]) for key in _TAGS if info.get(key)), None)


def _line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    return (str(error) or type(error).__name__).strip().splitlines()[0]
