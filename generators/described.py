"""What decides the bytes of a task, as plain data: its class and source, and how it was made."""

import hashlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Options that name a file: what it holds counts, not its place.
FILES = ("lexicon", "holdout", "exclude", "sentences")
ROWS = ("size", "split", "start", "stop", "step")  # options that choose rows


def described(name: str, cls: type, asked_for: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a task for the manifest.

    Args:
        name: of the task.
        cls: its class.
        asked_for: what it was made with; which rows of it are shown is said elsewhere.
    """
    given = {key: value for key, value in asked_for.items() if key not in ROWS}
    source = _source(cls)
    return {
        "task": name,
        "class": f"{source.stem}:{cls.__qualname__}",
        "options": {k: Path(v).name if k in FILES and isinstance(v, str) else v for k, v in given.items()},
        "source": hashlib.sha256(source.read_bytes()).hexdigest(),
    }


def _source(cls: type) -> Path:
    """Return the file of a class, by its functions: its module may go by several names."""
    functions = [item for item in vars(cls).values() if inspect.isfunction(item)]
    return Path(inspect.getfile(functions[0] if functions else cls))
