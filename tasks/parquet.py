"""A folder that was exported, as a task again: read from its shards instead of made.

ParquetTask("output/mine") stands wherever a task does: in nanochat's TaskMixture, in a Mixture of ours, in a
loop of your own. Its rows are those of the folder, in the folder's order, and each is scored as its own task
would score it.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from operator import index as whole
from os import PathLike
from pathlib import PurePath
from typing import Any, overload

from generators.book import Book, Conversations
from generators.folder import Folder
from generators.folderrows import KEPT, folder_rows
from generators.fromrows import conversations_of, example
from generators.names import find
from generators.score import same_answer
from tasks.base import Index, Task
from tasks.registry import entries, task_class


class ParquetTask:
    """The conversations of a folder that `hornbook export` wrote.

    Args:
        folder: its path or URL.
        split: "train" or "test".
        start, stop, step: a view of some of the conversations, as in range().
        classes: of tasks of your own that score its rows, each as "path.to.module:Class"; those that
            Hornbook brings need not be named.
        tokenizer, pattern: of a folder in the dialect tokens, whose recorded tokenizer is not there.
        kept: bytes of rows to keep in memory. Read in a random order, a folder should fit: a row that is not
            kept takes as long as 10,000 neighbours of it.

    Raises:
        FolderError: there is no export, it is not whole, or its ids can't be read.
        ValueError: it has no such split, or an option is wrong.
    """

    seed = 0
    lexicons = ()
    covered: Mapping[str, Any] = {}
    report: Mapping[str, Any] = {}
    eval_type = "generative"

    def __init__(
        self,
        folder: "str | PathLike[str]",
        split: str = "train",
        *,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        classes: Sequence[str] = (),
        tokenizer: str | None = None,
        pattern: str | None = None,
        kept: int = KEPT,
    ) -> None:
        self._made = (folder, split, tuple(classes), tokenizer, pattern, kept)
        opened = Folder(folder)
        self.manifest = opened.whole()
        self.split = find(split, list(self.manifest["splits"]), "split")
        self.name = PurePath(opened.target.place).name
        self._scored_by = {cls.name: cls(1) for cls in map(task_class, classes)}
        self._rows = folder_rows(opened, self.manifest, split, tokenizer, pattern, kept)
        self.size = len(self._rows)
        if step < 1:
            raise ValueError(f"a view of a task can't run backwards, got step {step}")
        self.view = range(self.size)[start:stop:step]

    def __reduce__(self) -> Any:
        return _again, (self._made, self.view)

    def described(self) -> dict[str, Any]:
        """Return what decides its rows, for a manifest."""
        return {
            "task": self.name,
            "fingerprint": self.manifest["asked"]["fingerprint"],
            "shards": [shard["sha256"] for shard in self._rows.shards],
        }

    # A sequence of conversations.

    def num_examples(self) -> int:
        """Return how many conversations there are, before start, stop and step."""
        return self.size

    def get_example(self, index: int) -> dict[str, Any]:
        """Return conversation `index`, counted before start, stop and step, as a task makes it."""
        if not 0 <= index < self.size:
            raise IndexError(f"conversation {index} of a folder of {self.size:,}")
        table, row = self._rows.place(index)
        return example(table, row, self.split)

    def __len__(self) -> int:
        return len(self.view)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> "ParquetTask": ...
    def __getitem__(self, index: "int | slice") -> "dict[str, Any] | ParquetTask":
        if not isinstance(index, slice):
            return self.get_example(self.view[whole(index)])
        shown = self.view[index]
        if shown.step < 0:
            raise ValueError(f"a view of a task can't run backwards, got step {shown.step}")
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__, view=shown)
        return part

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[i] for i in range(len(self)))

    def conversations(self, index: Index, book: Book) -> Conversations:
        """Set the conversations of some rows again, for a mixture of ours.

        Args:
            index: (rows,) their numbers, each from 0 to size - 1, in any order.
            book: numbers their texts.
        """
        return conversations_of(self._rows.take(index), self.split, book)

    # Scoring.

    def evaluate(self, conversation: Mapping[str, Any], completion: str) -> int:
        """Score a model's answer as the row's own task does; where that is not known, by what is after ####.

        Args:
            conversation: as task[i] returns it.
            completion: what the model wrote.
        """
        scorer = self._scored_by.get(conversation["task"]) or _ours(conversation["task"])
        if scorer is None:
            return int(same_answer(completion, conversation["answer"]))
        return scorer.evaluate(conversation, completion)

    def reward(self, conversation: Mapping[str, Any], completion: str) -> float:
        """Score a model's answer for reinforcement learning: `evaluate` as a float."""
        return float(self.evaluate(conversation, completion))


@cache
def _ours(name: str) -> Task | None:
    """Return a task of ours to score with, None where there is none of that name."""
    return task_class(name)(1) if name in entries() else None


def _again(made: tuple[Any, ...], view: range) -> ParquetTask:
    folder, split, classes, tokenizer, pattern, kept = made
    task = ParquetTask(folder, split, classes=classes, tokenizer=tokenizer, pattern=pattern, kept=kept)
    task.view = view
    return task
