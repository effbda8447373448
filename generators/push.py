"""Sharing a folder on the Hugging Face Hub: seen to be whole first, and then uploaded as it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generators.folder import CARD, MANIFEST, SPLITS, Folder, FolderError
from generators.localtarget import LocalTarget
from generators.target import SCRATCH

_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?")
_ABOUT = {CARD, ".gitattributes"}  # what a new repository may hold


@dataclass(frozen=True)
class Upload:
    """What is uploaded, and where to.

    Attributes:
        folder: of this machine.
        repository: owner/name, of a data set.
        files: with their sizes in bytes.
    """

    folder: Path
    repository: str
    files: dict[str, int]

    @property
    def bytes(self) -> int:
        """How much it is altogether."""
        return sum(self.files.values())


def upload_of(path: str, repository: str) -> Upload:
    """See that a folder can be shared: all that its manifest names is there, bytes and all, and nothing else.

    Args:
        path: of an export, on this machine.
        repository: owner/name.

    Raises:
        FolderError: it is not whole, or holds what loaders would read beside the shards.
        ValueError: that is no name of a repository.
    """
    owner, slash, name = repository.partition("/")
    if not slash or not all(_NAME.fullmatch(part) and "--" not in part for part in (owner, name)):
        raise ValueError(f"a repository is named owner/name, such as anna/spelling, and not {repository!r}")
    folder = Folder(path)
    if not isinstance(folder.target, LocalTarget):
        raise FolderError(f"{folder} is not on this machine; push a folder that is, or copy it there first")
    manifest = folder.whole()
    if SCRATCH in folder.target.listing():
        raise FolderError(f"{folder} is being written, or was left so; run its export again")
    known = {shard["file"]: shard for shard in manifest["shards"]}
    if strangers := sorted(set(folder.files()) - set(known)):
        raise FolderError(
            f"{folder} holds {strangers[0]}, which is not in its manifest, and loaders would read"
        )
    if broken := sorted(set(known) - folder.target.intact(known)):
        raise FolderError(
            f"{folder} is not whole: {broken[0]} is missing or not as the manifest says"
            + (f", and so are {len(broken) - 1:,} more" if broken[1:] else "")
            + "; run its export again"
        )
    sizes = folder.target.listing()
    if CARD not in sizes:
        raise FolderError(f"{folder} has no {CARD}, which says what it is; run its export again")
    files = {name: sizes[name] for name in (CARD, MANIFEST)}
    return Upload(
        folder.target.path, repository, {**files, **{n: shard["bytes"] for n, shard in known.items()}}
    )


def push(upload: Upload, private: bool = False) -> str:
    """Upload, and return where it can be seen.

    Shards of an earlier export in the repository are removed, since loaders would read them too.

    Args:
        upload: as upload_of found it.
        private: of a repository that is not there yet: only its owner sees it.

    Raises:
        FolderError: the repository holds something else.
        OSError: the Hub can't be reached, or refuses; says what to do.
    """
    try:
        from huggingface_hub import HfApi
    except ImportError:
        raise FolderError("push uploads with huggingface_hub; pip install 'hornbook[hub]'") from None
    api = HfApi()
    try:
        if api.token is None and not _has_token():
            raise OSError("there is no token for the Hub; run `hf auth login`, or set HF_TOKEN")
        place = api.create_repo(upload.repository, repo_type="dataset", private=private, exist_ok=True)
        _refuse_strangers(upload.repository, api.list_repo_files(upload.repository, repo_type="dataset"))
        api.upload_folder(
            repo_id=upload.repository,
            repo_type="dataset",
            folder_path=upload.folder,
            allow_patterns=list(upload.files),
            delete_patterns=[f"{split}/*" for split in SPLITS],
            commit_message="Upload an export of Hornbook",
        )
    except FolderError:
        raise
    except Exception as error:  # of httpx, of requests, of the Hub: they share no class
        raise OSError(_said(upload.repository, error)) from None
    return str(place)


def _has_token() -> bool:
    from huggingface_hub import get_token

    return get_token() is not None


def _refuse_strangers(repository: str, files: Sequence[str]) -> None:
    if strangers := sorted(set(files) - _ABOUT):
        if MANIFEST in files:
            return
        raise FolderError(
            f"{repository} holds something else ({strangers[0]}); name a new one, or one of an earlier export"
        )


def _said(repository: str, error: Any) -> str:
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, OSError) and said.startswith("there is no token"):
        return said
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return f"the Hub refuses {repository}: {said}; see that the token may write there (`hf auth login`)"
    return f"{repository} can't be uploaded: {said}; nothing there was changed, unless it says so"
