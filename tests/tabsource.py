"""A source for tests: a file with a question and an answer a line, between them a tab."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from generators.book import Book, Conversations
from generators.columns import Column
from generators.pieces import assistant, json_object, text, user
from generators.texts import Texts


def write_source(path: Path, rows: int) -> Path:
    path.write_text(
        "".join(f"Say {i} again\t{'it is ' * (i % 7)}{i}\n" for i in range(rows)), encoding="utf-8"
    )
    return path


class TabSource:
    """As generators.source.Source is used by a recipe."""

    lexicons: tuple[Any, ...] = ()
    covered: dict[str, Any] = {}  # noqa: RUF012

    def __init__(
        self,
        name: str,
        path: str,
        *,
        split: str = "train",
        columns: dict[str, str] | None = None,
        test: float = 0.0,
        after: Sequence[Any] = (),
        seed: int = 0,
    ) -> None:
        if not Path(path).is_file():
            raise ValueError(f"{name}: there is no file {path}")
        self.name, self.path, self.split, self.seed, self.test = name, str(path), split, seed, test
        self.after = [(member.name, len(member)) for member in after]

    @cached_property
    def _rows(self) -> list[tuple[int, str, str]]:
        lines = Path(self.path).read_text(encoding="utf-8").splitlines()
        held = round(1 / self.test) if self.test else 10**9
        rows = [(i, *line.split("\t")) for i, line in enumerate(lines)]
        return [row for row in rows if (row[0] % held == held - 1) == (self.split == "test")]

    @property
    def view(self) -> range:
        return range(len(self._rows))

    @property
    def report(self) -> dict[str, Any]:
        return {"rows": len(self._rows)}

    def described(self) -> dict[str, Any]:
        return {"task": self.name, "kind": "source", "test": self.test, "file": Path(self.path).name}

    def __len__(self) -> int:
        return len(self._rows)

    def conversations(self, index: np.ndarray, book: Book) -> Conversations:
        rows = [self._rows[i] for i in index.tolist()]
        n = len(rows)

        def column(values: list[str]) -> Column:
            return Column(Texts(values), np.arange(n))

        asked, said = column([row[1] for row in rows]), column([row[2] for row in rows])
        constants = {
            "name": f"{self.name}/{self.split}",
            "task": self.name,
            "split": self.split,
            "language": "en",
        }
        empty = ("style", "template", "answer", "word", "letter")
        columns = {**constants, **dict.fromkeys(empty, "")}
        return Conversations(
            book,
            np.array([row[0] for row in rows], dtype=np.int64),
            book.set([user(asked), assistant(text(said))], n),
            book.set(json_object({"file": column([Path(self.path).name] * n)}), n),
            book.set([], n),
            {key: np.full(n, book.constant(value), dtype=np.int32) for key, value in columns.items()},
        )

    def __reduce__(self) -> Any:
        return _again, (self.name, self.path, self.split, self.test, self.seed)


def _again(name: str, path: str, split: str, test: float, seed: int) -> TabSource:
    return TabSource(name, path, split=split, test=test, seed=seed)
