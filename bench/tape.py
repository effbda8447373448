"""The tool's answers, recorded once and played back, so that running the tool is no part of a time.

The reference writes a call and its output without ever running it. To compare like with like, a task is
given this in place of its tool: it hands out the answers that the real tool gave, in the same order, in a
process before. In the time stays all that a task does for the call: writing the expression, asking, and
setting the output; out of it are the contract's look at the expression and its execution, which are
measured by themselves (`ours.tool`). That the expressions were those recorded is checked after the time.
"""

from pathlib import Path

import pyarrow as pa

from generators.pythontool import PythonTool


class Recorder:
    """Runs the real tool, and keeps what it was asked and what it answered."""

    def __init__(self, contract: str) -> None:
        self.contract = contract
        self._tool = PythonTool(contract)
        self._calls: list[pa.RecordBatch] = []

    def run(self, expressions: pa.StringArray) -> pa.StringArray:
        answers = self._tool.run(expressions)
        self._calls.append(pa.record_batch({"expression": expressions, "answer": answers}))
        return answers

    def save(self, path: Path) -> None:
        self._tool.close()
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, self._calls[0].schema) as writer:
            for call in self._calls:
                writer.write_batch(call)


class Tape:
    """Answers what a Recorder heard, call by call."""

    def __init__(self, contract: str, path: Path) -> None:
        self.contract = contract
        self._recorded = calls(path)
        self._asked: list[pa.StringArray] = []

    def run(self, expressions: pa.StringArray) -> pa.StringArray:
        answers = self._recorded[len(self._asked)]["answer"]
        self._asked.append(expressions)
        return answers

    def check(self) -> None:
        """See that the questions were the recorded ones; when the clock has stopped."""
        known = [call["expression"] for call in self._recorded]
        if len(known) != len(self._asked) or not all(map(pa.Array.equals, known, self._asked)):
            raise ValueError("the tool was asked other expressions than those recorded")


def calls(path: Path) -> list[pa.RecordBatch]:
    """Read the calls that were recorded: columns expression and answer."""
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        return [file.get_batch(i) for i in range(file.num_record_batches)]
