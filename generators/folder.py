"""An output folder: whose it is, what is in it already, and what is still missing.

DIR/manifest.json      written last: the folder is whole
DIR/README.md          the dataset card
DIR/train/, DIR/test/  shards, each under its own name only when it is whole
DIR/.hornbook/         while an export is under way: what was asked, records, what is not yet whole

DIR is a path or a URL; what differs between them is in generators.target.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname
from typing import Any

from generators.distinct import Distinct, count_distinct, read_hashes
from generators.shards import BESIDE, Job, Record
from generators.target import SCRATCH, FolderError, Target
from generators.targets import target_of

__all__ = ["CARD", "MANIFEST", "SCRATCH", "SPLITS", "Folder", "FolderError"]

MANIFEST, CARD, ASKED = "manifest.json", "README.md", f"{SCRATCH}/asked.json"
SPLITS = ("train", "test")
_SHARD = re.compile(r"(train|test)/\1-[0-9]{5}-of-[0-9]{5}\.parquet")


class Folder:
    """A folder for shards.

    Args:
        out: its path or URL, which need not exist.
    """

    def __init__(self, out: "str | os.PathLike[str] | Target") -> None:
        self.target = target_of(out)
        self._claim: str | None = None  # the hash of what this export wrote to ASKED

    def __str__(self) -> str:
        return self.target.place

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest; None where the folder is not whole.

        Raises:
            FolderError: the manifest can't be read.
        """
        found = self._read(MANIFEST)
        if found is None or _is_manifest(found):
            return found
        if self._read(ASKED):
            return None  # a store that writes piece by piece was left while it was written
        raise FolderError(f"{self}/{MANIFEST} is not a manifest of Hornbook's")

    def whole(self) -> dict[str, Any]:
        """Return the manifest.

        Raises:
            FolderError: there is no folder of ours there, or it is not finished.
        """
        manifest = self.manifest()
        if manifest is not None:
            return manifest
        if not self.target.exists():
            raise FolderError(f"there is no folder {self}")
        if SCRATCH in self.target.listing():
            raise FolderError(f"{self} is not finished; run its export again")
        raise FolderError(f"{self} has no manifest.json, so it is not an export of Hornbook's")

    def asked(self) -> dict[str, Any] | None:
        """Return what was asked of the folder, whether it is whole or under way; None if nothing."""
        manifest = self.manifest()
        return manifest["asked"] if manifest else self._read(ASKED) or None

    def _read(self, name: str) -> dict[str, Any] | None:
        """Return what a file says, {} where that is no JSON object; None where there is none."""
        try:
            data = self.target.read(name)
        except OSError as error:
            if error.errno is None:
                raise  # a sentence of the target's own
            raise FolderError(f"{self}/{name} can't be read: {error}") from None
        with suppress(ValueError):
            found = None if data is None else json.loads(data)
            return found if isinstance(found, dict | None) else {}
        return {}

    @contextmanager
    def opened(self, asked: Mapping[str, Any], jobs: Sequence[Job], overwrite: bool) -> Iterator[None]:
        """Take the folder for an export; another process that wants it meanwhile is refused.

        Where a target can't be locked, one that asks for something else is refused by what this one wrote of
        what it asks. Two that ask for the same make the same bytes.

        Args:
            asked: what is asked: must be what was asked before, if anything was.
            jobs: its shards.
            overwrite: replace what was asked before.

        Raises:
            FolderError: the folder is a file, can't be written, is taken, holds something else, or holds
                what was asked differently; then it says in which keys.
        """
        target = self.target
        if target.is_file():
            raise FolderError(f"{self} is a file; --out must be a folder")
        if self.asked() is None:
            self._refuse_strangers()
        with target.locked():
            before = self.asked()
            replacing = before not in (None, asked)
            try:
                self._agree(before, asked, overwrite)
                self._refuse_files(jobs, replacing)
            except FolderError:
                if target.read(ASKED) is None:
                    target.clean()
                raise
            target.sweep()
            data = _as_json(asked).encode()
            if replacing:
                self._clear(data)
            else:
                self._write_asked(data, asked, new=before is None)
            self._claim = hashlib.sha256(data).hexdigest()
            yield

    def _write_asked(self, data: bytes, asked: Mapping[str, Any], new: bool) -> None:
        try:
            self.target.write(ASKED, data, new)
        except FileExistsError:  # another export was a moment earlier, or was left while it wrote
            self._agree(self.asked(), asked, False)
            self.target.write(ASKED, data)

    def _refuse_strangers(self) -> None:
        strangers = sorted(set(self.target.listing()) - {SCRATCH})
        if strangers:
            shown = ", ".join(strangers[:3]) + (" …" if len(strangers) > 3 else "")
            raise FolderError(f"{self} holds something else ({shown}); choose an empty or a new folder")

    def _agree(self, before: Mapping[str, Any] | None, asked: Mapping[str, Any], overwrite: bool) -> None:
        if before is None or before == asked:
            return
        if not overwrite:
            found = "; ".join(differences(before, asked))
            raise FolderError(
                f"{self} holds another export, which differs in {found}; "
                f"choose another folder, or replace it with --overwrite"
            )

    def _refuse_files(self, jobs: Sequence[Job], replacing: bool) -> None:
        """Refuse files in the split folders that are no shards of ours: a loader would read them."""
        expected = {job.file for job in jobs}
        for file in self.files():
            if file not in expected and not (replacing and _SHARD.fullmatch(file)):
                raise FolderError(f"{self} holds a file that loaders would read as a shard: {file}")

    def files(self) -> dict[str, int]:
        """Return what is in the split folders, with its size in bytes."""
        return {
            f"{split}/{name}": size
            for split in sorted(SPLITS)
            for name, size in sorted(self.target.listing(split).items())
        }

    def _clear(self, asked: bytes) -> None:
        """Remove another export, in such an order that this can be stopped anywhere.

        Records go first: none may speak for a shard of another export. Until the end the folder says
        that it holds the other one.
        """
        for name in self.target.listing(SCRATCH):
            if f"{SCRATCH}/{name}" != ASKED and name != "lock":
                self.target.remove(f"{SCRATCH}/{name}")
        for file in self.files():
            self.target.remove(file)
        self.target.write(ASKED, asked)
        self.target.remove(MANIFEST)

    def refuse_lost(self) -> None:
        """See that the folder still is this export's.

        Raises:
            FolderError: it can't be seen from here, was finished meanwhile, or was taken by another.
        """
        found = self.target.read(ASKED)
        if found is not None and hashlib.sha256(found).hexdigest() == self._claim:
            return
        if found is not None:
            raise FolderError(f"{self} was taken by another export meanwhile; run one of the two again")
        if self.target.read(MANIFEST) is not None:
            raise FolderError(f"{self} was finished by another process meanwhile; it needs nothing more")
        raise FolderError(
            f"{self} can't be seen from {gethostname()}; with machines that share no folder, --out must be a "
            "URL such as s3://bucket/folder"
        )

    def keep(self, job: Job, record: Record) -> None:
        """Put a shard that lies in the target's workshop where it belongs, with what lies beside it.

        Raises:
            FolderError: see refuse_lost.
        """
        self.refuse_lost()
        made = self.target.workshop
        for ending in BESIDE:
            if (made / f"{job.stem}{ending}").exists():
                self.target.put(made / f"{job.stem}{ending}", f"{SCRATCH}/{job.stem}{ending}")
        shard, beside = made / f"{job.stem}.parquet", f"{SCRATCH}/{job.stem}.json"
        self.target.put_shard(shard, job.file, record.as_json(), beside)

    def done(self, jobs: Sequence[Job]) -> dict[str, Record]:
        """Return the records of the shards that are whole: there, with the bytes that were recorded."""
        manifest = self.manifest()
        known: dict[str, dict[str, Any]] = (
            {record["file"]: record for record in manifest["shards"]} if manifest else {}
        )
        there = self.target.listing(SCRATCH)
        recorded = [f"{SCRATCH}/{job.stem}.json" for job in jobs if f"{job.stem}.json" in there]
        for data in self.target.read_all(recorded).values():
            with suppress(ValueError, TypeError, KeyError):
                found = json.loads(data)
                known[found["file"]] = found
        files = {job.file: job for job in jobs}
        known = {file: record for file, record in known.items() if file in files}
        intact = self.target.intact(known)
        if not manifest:
            intact &= self._with_hashes([files[file] for file in known if file in intact])
        whole = {}
        for job in jobs:
            if job.file in intact:
                with suppress(TypeError):
                    found = {name: value for name, value in known[job.file].items() if name != "etag"}
                    whole[job.file] = Record(**found)
        return whole

    def _with_hashes(self, jobs: Sequence[Job]) -> set[str]:
        """Return the files of shards of which that is there which the manifest is to be made of."""
        names = {job: [f"{SCRATCH}/{job.stem}.{what}.npy" for what in ("questions", "words")] for job in jobs}
        there = self.target.fetch(name for pair in names.values() for name in pair)
        found = set()
        for job, pair in names.items():
            with suppress(OSError, ValueError, KeyError):
                for name in pair:
                    read_hashes(there[name])
                found.add(job.file)
        return found

    def count_distinct(self, jobs: Sequence[Job], what: str) -> Distinct:
        """Count the distinct "questions" or "words" of each split."""
        names = {job: f"{SCRATCH}/{job.stem}.{what}.npy" for job in jobs}
        there = self.target.fetch(names.values())
        files: dict[str, list[Path]] = {}
        for job, name in names.items():
            files.setdefault(job.split, []).append(there[name])
        return count_distinct(files)

    def first_rows(self, jobs: Sequence[Job]) -> dict[str, Any]:
        """Return what the first rows of each split show, see generators.firstrows."""
        first = {f"{SCRATCH}/{job.stem}.first": job.split for job in jobs if job.number == 0}
        found = self.target.read_all(first)
        return {split: json.loads(found[name]) for name, split in first.items()}

    def finish(self, manifest: Mapping[str, Any], card: str) -> None:
        """Write the card and, last, the manifest; remove what was only needed on the way.

        In a folder that was whole both stay as they are.

        Raises:
            FolderError: the folder is not this export's any more, or a shard is not as it was made.
        """
        self.refuse_lost()
        sizes = self.files()
        for shard in manifest["shards"]:
            if sizes.get(shard["file"]) != shard["bytes"]:
                raise FolderError(f"{self}/{shard['file']} was changed meanwhile; run the same command again")
        whole = self.manifest() == manifest
        if not (whole and self.target.read(CARD) is not None):
            self.target.write(CARD, card.encode())
        if not whole:
            self.target.write(MANIFEST, (_as_json(manifest) + "\n").encode())
        self.target.clean(empty=SPLITS)  # of a split that was not asked for


def _as_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)


def _is_manifest(found: Mapping[str, Any]) -> bool:
    """Say whether it has all that is read from it."""
    try:
        for shard in found["shards"]:
            Record(**shard)
        return {"tasks", "dialect", "tool_text"} <= found["asked"].keys() and "splits" in found
    except (AttributeError, KeyError, TypeError):
        return False


def differences(before: Any, asked: Any, name: str = "") -> Iterator[str]:
    """Say in which keys two things of plain data differ, and what stands there."""
    if isinstance(before, Mapping) and isinstance(asked, Mapping):
        path = f"{name}." if name else ""
        keys = dict.fromkeys([*before, *asked])
        found = [
            line
            for key in keys
            if key != "fingerprint"
            for line in differences(before.get(key), asked.get(key), f"{path}{key}")
        ]
        # A fingerprint of what else differs says nothing more; of two things of one name it says all.
        old, new = before.get("fingerprint"), asked.get("fingerprint")
        yield from found or differences(old, new, f"{path}fingerprint")
    elif isinstance(before, list) and isinstance(asked, list) and len(before) == len(asked):
        for place, (old, new) in enumerate(zip(before, asked, strict=True)):
            yield from differences(old, new, f"{name}[{place}]")
    elif before != asked:
        yield f"{name} ({_short(before)}, now {_short(asked)})"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
