import gc
import multiprocessing
import os
import pickle
import string
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators.pythontool import CAREFUL_BATCH, MAX_CHARACTERS, SIMPLE_BATCH, PythonTool

ROOT = Path(__file__).parents[1]

# the slow obvious reference

REFUSED_WORDS = "__ import exec eval compile open file input raw_input globals locals vars dir"
REFUSED_WORDS += " getattr setattr delattr hasattr"
LETTERS = set(string.ascii_letters + string.digits + "'\"()._ ")


def without_builtins(expression: str) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = eval(expression, {"__builtins__": {}}, {})
        except Exception:
            return None
    return None if value is None else str(value)


def calculator(expression: str) -> str | None:
    read = "".join(c for c in expression if c != ",")
    if set(read) <= set("0123456789*+-/.() "):
        return None if "**" in read else without_builtins(read)
    if not set(read) <= LETTERS or ".count(" not in read:
        return None
    if any(word in read.lower() for word in REFUSED_WORDS.split()):
        return None
    return without_builtins(read)


def reference(expression: str) -> str | None:
    """The calculator's answer, or None where plain Python has another."""
    answer = calculator(expression)
    return answer if answer is not None and answer == without_builtins(expression) else None


# expressions

WORDS = [
    "strawberry",
    "important",
    "profile",
    "opened",
    "direct",
    "Evaluate",
    "well_being",
    "café",
    "don't",
    "a,b",
]
texts = st.sampled_from(WORDS) | st.text("abAB .,_9é-()", max_size=8)


def quoted(text: str, quote: str) -> str:
    return quote + text.replace(quote, "") + quote


literals = st.builds(quoted, texts, st.sampled_from("'\"")) | st.builds("b{}".format, st.just("'abba'"))
methods = st.sampled_from(["", ".lower()", ".upper()", ".title()", ".strip()", ".split()", ".swapcase()"])
receivers = st.recursive(
    literals,
    lambda inner: (
        st.builds("({})".format, inner)
        | st.builds("{}{}".format, inner, methods)
        | st.builds("{} {}".format, literals, literals)
        | st.builds("({} or {})".format, inner, inner)
        | st.builds("{}.join({})".format, inner, inner)
        | st.builds("len({})".format, inner)
    ),
    max_leaves=3,
)
counts = st.builds(
    "{}.count({}){}".format, receivers, literals, st.sampled_from(["", "", " or 1", " if 1 else x"])
)
numbers = st.sampled_from(["0", "1", "7", "12", "3.5", ".5", "2.", "1000", "1,000", "007", "9" * 25])
arithmetic = st.recursive(
    numbers,
    lambda inner: (
        st.builds("({})".format, inner)
        | st.builds("-{}".format, inner)
        | st.builds("{}{}{}".format, inner, st.sampled_from(["+", "-", "*", "/", "//", " * ", "**"]), numbers)
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def nanochat():
    with PythonTool("nanochat") as tool:
        yield tool


@pytest.fixture(scope="module")
def python():
    with PythonTool("python") as tool:
        yield tool


def run(tool, *expressions):
    answers = tool.run(pa.array(expressions, pa.string()))
    answers.validate(full=True)
    assert answers.type == pa.string()
    assert len(answers) == len(expressions)
    return answers.to_pylist()


# the contract


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(counts | arithmetic, min_size=1, max_size=60))
def test_nanochat_answers_as_its_calculator(nanochat, expressions):
    accepted = nanochat.accepts(pa.array(expressions))
    for expression, answer, ok in zip(expressions, run(nanochat, *expressions), accepted, strict=True):
        expected = reference(expression)
        # Refused all the same: a comma that changes nothing (see COMMA_SAFE), and a function's name that the
        # calculator never comes to evaluate, as in `'a' or len('a')`.
        cautious = "," in expression or "len" in expression
        assert answer == expected or (answer is None and cautious), expression
        assert ok or answer is None


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(texts, st.sampled_from("abe9 _."), st.sampled_from("'\"")), min_size=1, max_size=100)
)
def test_counting_one_character_is_never_refused_needlessly(nanochat, drawn):
    expressions = [f"({quoted(text, quote)}).count('{letter}')" for text, letter, quote in drawn]
    assert run(nanochat, *expressions) == [reference(e) for e in expressions]


@pytest.mark.parametrize("word", ["important", "profile", "opened", "direct", "evaluate", "EVALUATE", "a__b"])
def test_blocked_words(nanochat, python, word):
    expression = f'("{word}").count("e")'
    assert not nanochat.accepts(pa.array([expression]))[0]
    assert run(nanochat, expression) == [None]
    assert run(python, expression) == [str(word.count("e"))]


def test_answered(nanochat):
    cases = {
        "'strawberry'.count('r')": "3",
        '"strawberry".count("r")': "3",
        "('strawberry').count('r')": "3",
        '("strawberry").count("r")': "3",
        '("ANNA").count("N")': "2",
        "'a b a'.count( 'a' )": "2",
        "'a1_.'.count('1')": "1",
        '"don\'t".count("t")': "1",
        "'Anna'.lower().count('a')": "2",
        "'abc'.count('')": "4",
        "'one, two'.count('o')": "2",
        "'''it's'''.count('s')": "1",
        "17*23": "391",
        "(1 + 2) / 4": "0.75",
        "-7//2": "-4",
        "0.1+0.2": "0.30000000000000004",
    }
    assert run(nanochat, *cases) == list(cases.values())


def test_refused(nanochat):
    cases = [
        "'café'.count('c')", "'ā'.count('a')", "'a-b'.count('a')", "'a!'.count('a')", "'a?'.count('a')",
        "'50%'.count('5')", r"'a\'b'.count('a')", "'a'.count('a')\n", "len('abc')", "'abc'[0].count('a')",
        "'abc'[::-1].count('a')", "sum([1])", "'a'.count('a') + 1", "'a'.count('a') == 1", "2**3", "2 ** 3",
        "'a,b,c'.count(',')", "'a,b'.count('ab')", "'a'.count('r', 3)", "1,000+2", "'op,en'.count('o')", "",
        "str('a').count('a')", "'a'.count('a') or len('a')", "(c for c in 'abc').count('a')",
        "print('.count(')",
    ]  # fmt: skip
    assert not nanochat.accepts(pa.array(cases)).any()
    assert run(nanochat, *cases) == [None] * len(cases)
    assert run(nanochat, "1/0", "'a'.count('a') and None", "'a'.count(x)", "()()") == [None] * 4


def test_none_refuses_all_and_starts_nothing():
    tool = PythonTool("none")
    assert not tool.accepts(pa.array(["1+1", None])).any()
    assert run(tool, "1+1", "'a'.count('a')") == [None, None]
    assert (tool.executed, tool.refused, tool._pool) == (0, 2, None)


def test_unknown_contract():
    with pytest.raises(ValueError, match=r"'nanochta'.*mean 'nanochat'.*nanochat, python, none"):
        PythonTool("nanochta")
    with pytest.raises(ValueError, match="Contracts: nanochat, python, none"):
        PythonTool("zzz")


def test_only_strings():
    with pytest.raises(TypeError, match="StringArray, got int64"):
        PythonTool("none").run(pa.array([1]))
    with pytest.raises(TypeError, match="StringArray, got list"):
        PythonTool("none").accepts(["1"])


# the sandbox


def test_text_is_what_str_gives(python):
    expressions = [
        "3", "-0.0", "1e20", "1/3", "True", "None", "'a' 'b'", "'é'.upper()", "[1, 'a', None]", "(1,)",
        "{'a': 1.5}",
        "b'a'", "1j", "10**50", "f'{1:>3}'", "...", "''", "len('naïve')", "'ß'.count('s')", "type(1)",
        "range(3)",
    ]  # fmt: skip
    assert run(python, *expressions) == [str(eval(e)) for e in expressions]


def test_one_expression_is_one_expression(nanochat, python):
    bad = [
        "1) + (",
        "1, 2)",
        "1] + [2",
        "'a",
        "a'",
        "'a'.count('a'),",
        "1 #]",
        ")",
        "]",
        "1\n2",
        "x = 1",
        "",
        "  ",
        "#",
    ]
    answers = run(python, *[e for text in bad for e in ("'abc'.count('a')", text)])
    assert answers[::2] == ["1"] * len(bad)
    assert answers[1::2] == ["1" if t == "1 #]" else "(1,)" if t.endswith("),") else None for t in bad]
    assert run(python, "1,2", "'a'.count('a'), 7") == ["(1, 2)", "(1, 7)"]
    assert run(nanochat, *bad, "1,2", "'a'.count('a'), 7") == [None] * (len(bad) + 2)


def test_nothing_leaks_between_expressions(python):
    answers = run(
        python, "(x := 3)", "x", "expressions", "answer", "longest", "exec('y = 1')", "y", "print('hi')"
    )
    assert answers == ["3", None, None, None, None, "None", None, "None"]


def test_no_files(python, capfd):
    assert run(python, "open('/etc/passwd').read()", "__import__('os').environ", "print(7)") == [
        None,
        None,
        "None",
    ]
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    "bad",
    [
        "'x' * 10**12",
        "[[0] * 10**6 for i in range(10**6)]",
        "max(range(10**15))",
        "''.join(['a' * 10**6] * 1000)",  # the worker dies
        "9**9**9",
        "(lambda f: f(f))(lambda f: f(f))",
        "(" * 4000 + ")" * 4000,
        "-" * 9000 + "1",
        "'x' * 10_001",
        "1" * 5000,
    ],
)
def test_only_the_culprit_is_null(python, bad):
    started = time.monotonic()
    assert run(python, "1+1", bad, "'aba'.count('a')", "len('abc')") == ["2", None, "2", "3"]
    assert time.monotonic() - started < 6


def test_length_limits(nanochat, python):
    assert run(python, f"'x' * {MAX_CHARACTERS}") == ["x" * MAX_CHARACTERS]
    letters = MAX_CHARACTERS - len("''.count('a')")
    long = f"'{'a' * letters}'.count('a')"
    for tool in (nanochat, python):
        assert run(tool, long, " " + long) == [str(letters), None]


def test_addresses_are_no_answers(python):
    assert run(python, "lambda: 1", "[lambda: 1]", "iter([1])", "'at 0x1'") == [None, None, None, "at 0x1"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(max_size=30) | st.text("'\"()[]{},.#\\\n ab1+-*:=", max_size=20), max_size=20))
def test_any_text(nanochat, python, garbage):
    for tool in (nanochat, python):
        *answers, last = run(tool, *garbage, "'aba'.count('a')")
        assert last == "2"
    assert run(nanochat, *garbage) == [
        a if ok else None
        for a, ok in zip(answers, nanochat.accepts(pa.array(garbage, pa.string())), strict=True)
    ]


def test_after_its_worker_was_killed():
    with PythonTool() as tool:
        assert run(tool, "1+1") == ["2"]
        with tool._open().checkout() as session:
            worker = session.worker_pid
        os.kill(worker, 9)
        assert run(tool, "1+1", "'aba'.count('a')") == ["2", "2"]


# rows


def test_duplicates_run_once():
    with PythonTool() as tool:
        rows = ["'aba'.count('a')", "'aba'.count('b')", "'open'.count('o')", "7*6"] * 50
        assert run(tool, *rows) == ["2", "1", None, "42"] * 50
        assert (tool.executed, tool.refused) == (3, 50)


def test_batches_keep_their_order(python):
    n = 2 * SIMPLE_BATCH + CAREFUL_BATCH + 7
    rows = [f"'{'a' * (i % 13)}{i}'.count('a')" if i % 3 else f"{i} + 0" for i in range(n)]
    assert run(python, *rows) == [str(i % 13) if i % 3 else str(i) for i in range(n)]


def test_empty_null_and_sliced(nanochat, python):
    for tool in (nanochat, python, PythonTool("none")):
        assert run(tool) == []
        accepted = tool.accepts(pa.array([], pa.string()))
        assert accepted.dtype == np.bool_
        assert accepted.shape == (0,)
    rows = pa.array(["1", None, "'aba'.count('a')", "2"])
    assert nanochat.accepts(rows).tolist() == [True, False, True, True]
    assert nanochat.run(rows.slice(1, 2)).to_pylist() == [None, "2"]


# processes


def count(tool):
    return tool.run(pa.array(["'aba'.count('a')", "1+1"])).to_pylist()


def test_two_processes():
    with PythonTool() as tool, multiprocessing.get_context("spawn").Pool(2) as pool:
        assert count(tool) == ["2", "2"]
        assert pool.map(count, [tool, tool]) == [["2", "2"]] * 2
        assert count(tool) == ["2", "2"]


def script(text):
    command = [sys.executable, "-W", "ignore", "-c", text]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


FORK = """
import os, pyarrow as pa
from generators.pythontool import PythonTool
def count(tool): return tool.run(pa.array(["'aba'.count('a')"]))[0].as_py()
tool = PythonTool()
if {before}: print(count(tool), flush=True)
child = os.fork()
if child == 0:
    try: print(count(tool), flush=True)
    except RuntimeError as error: print("spawn" in str(error), flush=True)
    {leave}
assert os.waitpid(child, 0)[1] == 0
print(count(tool))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("leave", ["raise SystemExit", "tool.close(); os._exit(0)", "del tool; os._exit(0)"])
def test_forked(leave):
    assert script(FORK.format(before=False, leave=leave)) == ["2", "2"]
    assert script(FORK.format(before=True, leave=leave)) == ["2", "True", "2"]


def test_lazy_and_ends_with_the_interpreter():
    text = "import sys, pyarrow as pa; from generators.pythontool import PythonTool as T; t = T(); "
    text += (
        "print(t.versions()['contract'], 'pydantic_monty' in sys.modules); print(t.run(pa.array(['1+1']))[0])"
    )
    assert script(text) == ["nanochat", "False", "2"]


def test_collected_closed_pickled():
    tool = PythonTool("python")
    assert run(tool, "1+1") == ["2"]
    with tool._open().checkout() as session:
        worker = session.worker_pid
    assert pickle.loads(pickle.dumps(tool)).contract == "python"
    tool.close()
    tool.close()
    assert run(tool, "1+1") == ["2"]
    del tool
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_versions():
    assert PythonTool("none").versions().keys() == {"contract", "pydantic-monty"}
