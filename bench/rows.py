"""The lines of the table: what is promised, what is hoped for, and how a number follows from the runs."""

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from bench.fresh import Failed, Runs
from bench.table import Line

SIDES = {
    "nanochat": ("nanochat's", "nanochat's"),
    "gym": ("reasoning-gym's letter_counting", "reasoning-gym's spell_backward"),
    "rowbyrow": ("the same written row by row", "the same written row by row"),
}
RATIOS = (
    ("SpellingBee in the reference's schema", "bee its schema", "bee", "5 times", "8 times"),
    ("SpellingBee, `messages`", "bee messages", "bee", "3.5 times", "5 times"),
    ("SimpleSpelling, `messages`", "spell messages", "spell", "8 times", "12 times"),
)


def table_lines(runs: Runs, sides: list[str], gc_too: bool, vocabularies: list[str]) -> Iterator[Line]:
    """Make the table.

    Args:
        runs: what was measured, by the names that __main__ gives.
        sides: what ours is compared with, of SIDES.
        gc_too: whether there are runs with the collector on, named the same with " gc" behind.
        vocabularies: whose ids were composed.
    """
    for what, ours, task, least, stretch in RATIOS:
        if "nanochat" not in sides:
            skipped = "skipped: NANOCHAT names no checkout"
            yield Line(f"{what}, against nanochat's", least, stretch, skipped)
        for side in sides:
            name = SIDES[side][task == "spell"]
            promised = (least, stretch) if side == "nanochat" else ("", "")
            yield _line(f"{what}, against {name}", *promised, _times(runs, ours, f"{side} {task}", gc_too))
    for columns in ("messages", "universal"):
        what = f"share of the floor (pyarrow alone), SpellingBee, `{columns}`"
        yield _line(what, "40 %", "55 %", _share(runs, f"floor {columns}", f"bee {columns}", gc_too))
    for name in vocabularies:
        what = f"ids and mask, {name}, against tiktoken"
        for how, key, least, stretch in (
            ("book warm", "warm", "15 times", "25 times"),
            ("the first 100,000 rows", "cold", "3 times", "6 times"),
        ):
            yield _line(
                f"{what}: {how}", least, stretch, lambda name=name, key=key: _composed(runs, name, key)
            )
    for name in vocabularies:
        what = f"`boundaries`, {name}, one style, English, 20,000 words"
        yield _line(what, "10 s", "", lambda name=name: _span(runs, f"boundaries {name}", "wall", "{:.1f} s"))
        yield _line(f"`--style auto`, {name}", "1 s", "", lambda name=name: _auto(runs, name))
    yield _line("tool execution, an expression", "2.5 µs", "1.6 µs", lambda: _tool(runs))
    what = "`task[i]` in random order, tool and all, amortised"
    yield _line(what, "15 µs", "5 µs", lambda: _span(runs, "indexed", "all", "{:.1f} µs"))
    for columns, marks in (("messages", ("2.5 times its time", "1.5 times")), ("universal", ("", ""))):
        what = f"half the rows from a Parquet source, `{columns}`, against pyarrow copying it"
        yield _line(what, *marks, partial(_mixed, runs, columns))
    what = "exact duplicate check, a million rows in 64 MiB"
    yield _line(what, "1 s", "", lambda: _span(runs, "duplicates", "wall", "{:.2f} s"))
    what = "peak memory at 1 million rows, the largest process"
    yield _line(what, "350 MiB", "250 MiB", lambda: _memory(runs))
    what = "the same at 10 million rows, and how much more that is"
    yield _line(what, "350 MiB, 10 more", "", lambda: _memory_at_ten(runs))
    what = "rate at 10 million rows, of that at 1 million, start-up apart"
    yield _line(what, "90 %", "", lambda: _rates(runs))
    yield _line("2 workers against 1, start-up apart", "1.7 times", "", lambda: _workers(runs))
    what = "Ray on this machine against the pool, 2 workers, 1 million rows, start-up apart"
    yield _line(what, "within 15 %", "", lambda: _engines(runs))
    what = "`hornbook verify`, 2 cores, tool calls run again"
    yield _line(
        what, "30,000 rows/s", "100,000 rows/s", lambda: _span(runs, "verify", "rate", "{:,.0f} rows/s")
    )
    what = "`python -m tasks.spellingbee`, second run"
    yield _line(what, "0.6 s", "0.4 s", lambda: _preview(runs))
    yield _line("`coverage` of a million rows", "10 s", "", lambda: _job(runs, "coverage"))
    for what, name in (("the main job: export", "export"), ("export of 1 million rows", "million")):
        yield _line(f"{what}, `universal`, 2 workers", "", "", lambda name=name: _job(runs, name))
    yield _line("the main job: verify, 2 workers", "", "", lambda: _job(runs, "verify"))
    for what, name in (
        ("SpellingBee in the reference's schema", "bee its schema"),
        ("SpellingBee, `messages`", "bee messages"),
        ("SpellingBee, `universal`", "bee universal"),
        ("SimpleSpelling, `messages`", "spell messages"),
    ):
        yield _line(f"stages: {what}", "", "", lambda name=name: _stages(runs, name))
    yield _line("stages: a shard of SpellingBee, `universal`", "", "", lambda: _shard(runs))
    yield _line("start-up, in none of the ratios", "", "", lambda: _starts(runs, sides))


def _line(what: str, least: str, stretch: str, measured: Callable[[], str]) -> Line:
    try:
        return Line(what, least, stretch, measured())
    except Failed as error:
        return Line(what, least, stretch, str(error))
    except Exception as error:
        return Line(what, least, stretch, f"failed: {error!r}")


def _ratios(runs: Runs, over: str, under: str) -> list[float]:
    """Return the ratio of each round, whose runs stood side by side."""
    return [a / b for a, b in zip(runs.all(over, "all"), runs.all(under, "all"), strict=True)]


def _times(runs: Runs, ours: str, theirs: str, gc_too: bool) -> Callable[[], str]:
    def measured() -> str:
        ratios = _ratios(runs, theirs, ours)
        found = f"{median(ratios):.1f} times{_range(ratios, '{:.1f}')}"
        found += f": {runs.get(ours, 'all'):.2f} for {runs.get(theirs, 'all'):.2f} µs a row"
        if gc_too:
            found += f"; GC on {median(_ratios(runs, f'{theirs} gc', f'{ours} gc')):.1f} times"
        return found

    return measured


def _share(runs: Runs, floor: str, ours: str, gc_too: bool) -> Callable[[], str]:
    def measured() -> str:
        ratios = _ratios(runs, floor, ours)
        found = f"{median(ratios):.0%}{_range(ratios, '{:.0%}')}"
        found += f": {runs.get(floor, 'all'):.2f} of {runs.get(ours, 'all'):.2f} µs a row"
        if gc_too:
            found += f"; GC on {median(_ratios(runs, f'{floor} gc', f'{ours} gc')):.0%}"
        return found.replace("%", " %")

    return measured


def _span(runs: Runs, name: str, key: str, form: str) -> str:
    every = runs.all(name, key)
    return form.format(median(every)) + _range(every, form.split("}")[0] + "}")


def _range(every: list[float], form: str) -> str:
    return f" ({form.format(min(every))} to {form.format(max(every))})" if len(every) > 1 else ""


def _composed(runs: Runs, name: str, key: str) -> str:
    ours, peer = runs.all(f"tokens {name}", key), runs.all(f"tokens {name}", "peer")
    ratios = [a / b for a, b in zip(peer, ours, strict=True)]
    tokens = runs.get(f"tokens {name}", "tokens")
    found = f"{median(ratios):.1f} times{_range(ratios, '{:.1f}')}: {median(ours):.2f} for {median(peer):.2f}"
    return f"{found} µs a row of {tokens:.0f} tokens"


def _auto(runs: Runs, name: str) -> str:
    extra, whole = runs.get(f"auto {name}", "wall"), runs.get(f"auto {name}", "whole")
    found = _span(runs, f"settle {name}", "wall", "{:.2f} s")
    found += f", CPU {runs.get(f'settle {name}', 'cpu'):.2f} s"
    return f"{found}; a small export takes {extra:.2f} s longer, {whole:.1f} s in all"


def _tool(runs: Runs) -> str:
    here, wall = runs.get("tool", "here"), runs.get("tool", "wall")
    return (
        f"{_span(runs, 'tool', 'all', '{:.2f} µs')}, of which {here:.2f} in our process; wall {wall:.2f} µs"
    )


def _mixed(runs: Runs, columns: str) -> str:
    ours, copy = runs.all(f"mixed {columns}", "all"), runs.all("copy", "all")
    ratios = [a / b for a, b in zip(ours, copy, strict=True)]
    found = (
        f"{median(ratios):.1f} times{_range(ratios, '{:.1f}')}: {median(ours):.2f} for {median(copy):.2f} s, "
    )
    made = runs.get(f"mixed {columns}", "make")
    return (
        f"{found}of which {made:.2f} to make both; read into the cache in {runs.get('source', 'read'):.1f} s"
    )


def _preview(runs: Runs) -> str:
    return f"{_span(runs, 'preview', 'wall', '{:.2f} s')}; CPU {runs.get('preview', 'cpu'):.2f} s"


def _memory(runs: Runs) -> str:
    found = f"{runs.get('million', 'peak'):.0f} MiB at {runs.get('million', 'rows'):,.0f} rows"
    together = runs.get("million", "together")
    return found + (f"; all processes together {together:.0f} MiB" if together else "")


def _memory_at_ten(runs: Runs) -> str:
    peak, rows = runs.get("ten million", "peak"), runs.get("ten million", "rows")
    return f"{peak:.0f} MiB at {rows:,.0f} rows, {peak - runs.get('million', 'peak'):+.0f}"


def _going(runs: Runs, name: str, workers: int) -> float:
    """Return the wall seconds of an export without its start."""
    return runs.get(name, "wall") - runs.get(f"start {workers}", "wall")


def _rates(runs: Runs) -> str:
    # Beside each other in time, unlike the million whose memory is polled.
    ten, one = (runs.get(name, "rows") / _going(runs, name, 2) for name in ("ten million", "workers 2"))
    return f"{ten / one:.0%}: {ten:,.0f} for {one:,.0f} rows/s".replace("%", " %")


def _workers(runs: Runs) -> str:
    two, one = (_going(runs, f"workers {workers}", workers) for workers in (2, 1))
    rows, starts = runs.get("workers 2", "rows"), [runs.get(f"start {workers}", "wall") for workers in (2, 1)]
    found = f"{one / two:.2f} times: {two:.1f} for {one:.1f} s, {rows:,.0f} rows"
    return f"{found}; starts of {starts[0]:.1f} and {starts[1]:.1f} s apart"


def _engines(runs: Runs) -> str:
    pool, ray = _going(runs, "workers 2", 2), runs.get("workers ray", "wall") - runs.get("start ray", "wall")
    found = f"{ray / pool - 1:+.0%}: {ray:.1f} for {pool:.1f} s, {runs.get('workers ray', 'rows'):,.0f} rows"
    starts = [runs.get(f"start {name}", "wall") for name in ("ray", 2)]
    return f"{found}; starts of {starts[0]:.1f} and {starts[1]:.1f} s apart".replace("%:", " %:")


def _job(runs: Runs, name: str) -> str:
    rows, rate = runs.get(name, "rows"), runs.get(name, "rate")
    wall, cpu = _span(runs, name, "wall", "{:.1f} s"), runs.get(name, "cpu")
    return f"{wall} for {rows:,.0f} rows, {rate:,.0f} rows/s; CPU {cpu:.1f} s"


def _stages(runs: Runs, name: str) -> str:
    found = ", ".join(
        f"{what} {runs.get(name, key):.2f}"
        for what, key in (("deal, script and set", "generate"), ("table", "table"), ("write", "write"))
    )
    return f"{found}: {runs.get(name, 'all'):.2f} µs a row"


def _shard(runs: Runs) -> str:
    whole, bare = runs.get("shard", "all"), runs.get("bee universal", "all")
    return f"{whole:.2f} µs a row, of which counts, hashes and sync {whole - bare:.2f}"


def _starts(runs: Runs, sides: list[str]) -> str:
    found = [("SpellingBee, `messages`", "bee messages"), ("SimpleSpelling, `messages`", "spell messages")]
    found += [(SIDES[side][0], f"{side} bee") for side in sides]
    return ", ".join(f"{what} {_start(runs, name)}" for what, name in found)


def _start(runs: Runs, name: str) -> str:
    try:
        return f"{runs.get(name, 'start'):.2f} s"
    except Failed:
        return "failed"
