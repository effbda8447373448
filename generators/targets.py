"""Finding the target of a path or URL."""

import os
import re

from generators.localtarget import LocalTarget
from generators.target import Target

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:://|::)")
_FILE = re.compile(r"(?:file|local)://")


def target_of(out: "str | os.PathLike[str] | Target") -> Target:
    """Return the target of a path or URL.

    Raises:
        FolderError: the URL can't be opened: what it needs is not installed, say.

    >>> target_of("output/mine").place, target_of("file:///data/mine").place
    ('output/mine', '/data/mine')
    """
    if not isinstance(out, str | os.PathLike):
        return out
    text = os.fspath(out)
    if _URL.match(text) and not _FILE.match(text):
        from generators.urltarget import UrlTarget  # fsspec is an extra

        return UrlTarget.of(text)
    return LocalTarget(_FILE.sub("", text))
