"""The Python tool: runs the expressions of a conversation, so that its outputs are real.

A conversation that counts letters also asks a tool: `("strawberry").count("r")`, output `3`. The expression
is executed in a sandbox (pydantic-monty: a Python of its own in worker processes, without files or network).
A *contract* says which expressions the inference tool answers. The others get no output here either: one that
inference does not give would teach the model to invent it.

    nanochat   what nanochat's calculator answers: arithmetic without `**`, and `.count(` on strings
    python     whatever the sandbox runs
    none       nothing: no tool, no sandbox

>>> with PythonTool("nanochat") as tool:
...     tool.run(pa.array(['("strawberry").count("r")', '("important").count("t")'])).to_pylist()
['3', None]

Run `python -m doctest generators/pythontool.py`.
"""

from __future__ import annotations

import ctypes
import difflib
import os
import weakref
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generators.arrays import as_arrow

if TYPE_CHECKING:  # the import costs 75 ms, so at run time it waits for the first expression
    from pydantic_monty import Monty, OSPolicy, ResourceLimits

CONTRACTS = ("nanochat", "python", "none")
MAX_CHARACTERS = 10_000  # of an expression and of an output; longer ones get no output

LIMITS: ResourceLimits = {"max_memory": 64 << 20, "max_feed_duration_secs": 1.0, "max_recursion_depth": 200}
POLICY: OSPolicy = {"sleep": "zero", "random_start": {"seed": 0}}

# What `use_calculator` lets through (nanochat/engine.py at 950a1dc^). It deletes every comma first.
ARITHMETIC = r"\A[0-9*+\-/.() ]+\z"
CHARACTERS = r"\A[A-Za-z0-9'\"()._ ]*\z"
# Anywhere, in any case, inside words too: "important", "profile", "direct". ("input" stops raw_input.)
BLOCKED = (
    "(?i)__|import|exec|eval|compile|open|file|input|globals|locals|vars|dir|getattr|setattr|delattr|hasattr"
)

# It evaluates without builtins, which the sandbox has: so a bare name that could be one is refused. So are
# `for` (the sandbox makes a list of a generator) and `is` (it asks about CPython's objects).
STRINGS = r"""(?i:\b[bfru]{1,2})?(?:'''.*?'''|\"\"\".*?\"\"\"|'[^']*'|"[^"]*")"""
ATTRIBUTES = r"\.\s*[A-Za-z_]\w*"
OPERATORS = r"\b(?:and|or|not|in|if|else|True|False|None)\b"
NAMES = r"\b[A-Za-z_]\w"

# One string literal counting another cannot end early or reach past its comma: safe inside a list literal.
COUNTED = r"\A(?:LITERAL|\(LITERAL\))(?:\.(?:lower|upper)\(\))?\.count\("
LITERAL = r"""(?:'[^'\\\r\n\x00]*'|"[^"\\\r\n\x00]*")"""
SIMPLE = (COUNTED + r"LITERAL\)\z").replace("LITERAL", LITERAL)
# The same in the calculator's characters: accepted at one look, unless blocked.
USUAL = (COUNTED + r"LITERAL\)\z").replace("LITERAL", r"""(?:'[A-Za-z0-9"()._ ]*'|"[A-Za-z0-9'()._ ]*")""")
# A deleted comma changes no count of one other character; with a longer needle ('a,b'.count('ab')) it may.
COMMA_SAFE = COUNTED.replace("LITERAL", LITERAL) + r"""(?:'[^',]'|"[^",]")\)\z"""

SIMPLE_BATCH, CAREFUL_BATCH, SIMPLE_BYTES = 2_500, 100, 1_000

# Runs in the sandbox, with `expressions`, `longest` and `with_none` given; a namespace for each expression.
# A limit ends the batch: were it caught here, what is left of it would depend on the neighbours.
CAREFUL = """
def answer(expression):
    try:
        value = eval(expression, {}, {})
        text = str(value)
    except (MemoryError, TimeoutError):
        raise
    except BaseException:
        return None
    if len(text) > longest or (value is None and not with_none):
        return None
    if type(value) is not str and (" at 0x" in text or " object>" in text):
        return None  # an address: another one in every Python
    return text

[answer(expression) for expression in expressions]
"""


class PythonTool:
    """Answers Python expressions as the inference tool of a contract would.

    `contract` is one of "nanochat", "python" and "none"; ValueError otherwise. `executed` counts the distinct
    expressions that the sandbox was given, by call of `run`; `refused` the rows that got no output.

    The sandbox starts with the first expression, one for each process: a tool may be pickled and sent to a
    spawned worker. Close it, use it in a `with` block, or leave that to the garbage collector.

    >>> tool = PythonTool("python")
    >>> tool.run(pa.array(["len('naïve')", "1/3", "'x' * 10**12", "1) + (2"])).to_pylist()
    ['5', '0.3333333333333333', None, None]
    >>> tool.executed, tool.refused
    (4, 2)
    >>> tool.close()
    """

    contract: str
    executed: int
    refused: int
    # The process whose pydantic-monty has threads running. They outlive the pools, so not a tool's own.
    _started_in: ClassVar[int] = 0

    def __init__(self, contract: str = "nanochat") -> None:
        if contract not in CONTRACTS:
            near = difflib.get_close_matches(str(contract), CONTRACTS, 1, 0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"Unknown tool contract {contract!r}.{hint} Contracts: {', '.join(CONTRACTS)}.")
        self.contract = contract
        self.executed = self.refused = 0
        self._pool: Monty | None = None
        self._finalizer: weakref.finalize[..., PythonTool] | None = None

    def accepts(self, expressions: pa.StringArray) -> np.ndarray:
        """Which expressions the contract would try to answer: (n,) bool; False for null.

        An accepted expression may still fail when run (`1/0`); one that is not accepted is never run. The
        source of "nanochat" is `use_calculator` in nanochat/engine.py. What that would answer otherwise than
        Python is refused: it deletes commas, so one is accepted only where that changes nothing. TypeError
        unless strings.

        >>> PythonTool().accepts(pa.array(["'a-b'.count('a')", "'a b'.count('a')", "'a,b'.count(',')"]))
        array([False,  True, False])
        """
        if not isinstance(expressions, pa.Array) or not pa.types.is_string(expressions.type):
            found = getattr(expressions, "type", type(expressions).__name__)
            raise TypeError(f"Expressions must be a pyarrow StringArray, got {found}.")
        if self.contract == "none":
            return np.zeros(len(expressions), bool)
        fits = _numpy(pc.less_equal(pc.utf8_length(expressions), MAX_CHARACTERS))
        if self.contract == "python":
            return fits
        accepted: np.ndarray = _matches(expressions, USUAL) & ~_matches(expressions, BLOCKED)
        others = np.flatnonzero(fits & ~accepted)
        if len(others):
            accepted[others] = _calculator_reads(expressions.take(as_arrow(others)))
        accepted &= fits
        return accepted

    def run(self, expressions: pa.StringArray) -> pa.StringArray:
        """Execute the expressions: (n,) string, the `str()` of each value as Python would write it.

        Null where the contract refuses, the expression is none or raises, or it ran past a limit: 64 MiB, one
        second, 10,000 characters. A value with an address in it is null, under "nanochat" `None` too: it puts
        nothing in. Each distinct expression runs once, alone in its namespace, and neighbours do not matter.
        TypeError unless strings; RuntimeError in a process that was forked from one whose sandbox ran.

        >>> with PythonTool() as tool:
        ...     tool.run(pa.array(["'Anna'.lower().count('n')", "7/2", "1,000*2"])).to_pylist()
        ['2', '3.5', None]
        """
        accepted = as_arrow(self.accepts(expressions))
        encoded = pc.if_else(accepted, expressions, pa.scalar(None, pa.string())).dictionary_encode()
        answers = self._answers(encoded.dictionary).take(encoded.indices)
        self.executed += len(encoded.dictionary)
        self.refused += answers.null_count
        return answers

    def _answers(self, distinct: pa.StringArray) -> pa.StringArray:
        simple = _matches(distinct, SIMPLE) & _numpy(pc.less(pc.binary_length(distinct), SIMPLE_BYTES))
        if simple.all():
            order, ordered = None, distinct
        else:
            order = np.argsort(~simple, kind="stable")  # the simple ones first
            ordered = distinct.take(as_arrow(order))
        counted, other = ordered.slice(0, int(simple.sum())), ordered.slice(int(simple.sum()))
        parts = [self._counts(counted.slice(at, SIMPLE_BATCH)) for at in range(0, len(counted), SIMPLE_BATCH)]
        parts.append(self._careful(other.to_pylist()))
        answers = pa.concat_arrays(parts)
        return answers if order is None else answers.take(as_arrow(np.argsort(order)))

    def _counts(self, simple: pa.StringArray) -> pa.StringArray:
        """The answers of expressions that match SIMPLE, in one list literal."""
        source = ",".join(simple.to_pylist())
        counts = self._feed(f"[{source}]", {})
        if counts is None:
            return self._careful(simple.to_pylist())
        return pa.array(counts, pa.int64()).cast(pa.string())

    def _careful(self, expressions: list[str]) -> pa.StringArray:
        """The answers of any text, each evaluated by itself; after a crash or a limit, one a session."""
        answers: list[str | None] = []
        for at in range(0, len(expressions), CAREFUL_BATCH):
            batch = expressions[at : at + CAREFUL_BATCH]
            found = self._evaluate(batch)
            if found is None:
                found = [answer for text in batch for answer in self._evaluate([text]) or [None]]
            answers += found
        return pa.array(answers, pa.string())

    def _evaluate(self, batch: list[str]) -> list[str | None] | None:
        given = {"expressions": batch, "longest": MAX_CHARACTERS, "with_none": self.contract == "python"}
        return self._feed(CAREFUL, given)

    def _feed(self, code: str, given: dict[str, Any]) -> list[Any] | None:
        """The list that the code ends in, from a session of its own; None if it failed."""
        from pydantic_monty import MontyError

        try:
            # A worker that was killed from outside may be found out only when it is checked out.
            with self._open().checkout(limits=LIMITS, os_policy=POLICY) as session:
                values: list[Any] = session.feed_run(code, inputs=given, print_callback=_discard)
        except MontyError:
            return None
        return values

    def _open(self) -> Monty:
        process = os.getpid()
        if self._pool is not None and PythonTool._started_in == process:
            return self._pool
        if PythonTool._started_in not in (0, process):
            # Its threads are gone, its locks and epoll are shared: a new pool hangs, or kills the parent.
            raise RuntimeError(
                "This process was forked from one in which the Python tool had run, and the sandbox does "
                "not survive a fork. Start workers with multiprocessing's 'spawn' or 'forkserver' method, "
                "or fork before the first run."
            )
        from pydantic_monty import Monty

        PythonTool._started_in = process
        pool = Monty(max_processes=1, request_timeout=5.0).__enter__()
        self._pool = pool
        self._finalizer = weakref.finalize(self, _shut, pool, process)
        return pool

    def close(self) -> None:
        """End the sandbox; the next `run` starts another."""
        if self._finalizer is not None:
            self._finalizer()
        self._pool = self._finalizer = None

    def versions(self) -> dict[str, str]:
        """What decides the outputs, for a manifest: the contract and the version of the sandbox.

        >>> sorted(PythonTool("none").versions())
        ['contract', 'pydantic-monty']
        """
        return {"contract": self.contract, "pydantic-monty": version("pydantic-monty")}

    def __enter__(self) -> PythonTool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[PythonTool], tuple[str]]:
        return PythonTool, (self.contract,)


def _shut(pool: Monty, process: int) -> None:
    if os.getpid() == process:
        pool.__exit__(None, None, None)
    else:  # a forked copy: freeing it would kill the parent's worker, so it is never freed
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(pool))


def _calculator_reads(expressions: pa.StringArray) -> np.ndarray:
    """(n,) bool: `accepts` of "nanochat" in full, for any text."""
    read = pc.replace_substring(expressions, ",", "")
    accepted: np.ndarray = _matches(read, CHARACTERS) & _numpy(pc.match_substring(read, ".count("))
    accepted &= ~_matches(read, BLOCKED)
    bare = pc.replace_substring_regex(read, STRINGS, "''")
    for pattern in (ATTRIBUTES, OPERATORS):
        bare = pc.replace_substring_regex(bare, pattern, "")
    accepted &= ~_matches(bare, NAMES)
    accepted |= _matches(read, ARITHMETIC) & ~_numpy(pc.match_substring(read, "**"))
    accepted &= _matches(expressions, COMMA_SAFE) | ~_numpy(pc.match_substring(expressions, ","))
    return accepted


def _discard(stream: str, text: str) -> None:
    """Drop what an expression prints: only values are outputs."""


def _matches(strings: pa.StringArray, pattern: str) -> np.ndarray:
    return _numpy(pc.match_substring_regex(strings, pattern))


def _numpy(mask: pa.BooleanArray) -> np.ndarray:
    """(n,) bool, writable, False for null."""
    return np.array(mask.fill_null(False))
