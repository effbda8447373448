import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def bench(*options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "NANOCHAT"} | variables
    command = [sys.executable, "-m", "bench", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.skipif(os.name != "posix", reason="the benchmark reads rusage")
def test_a_quick_run_prints_the_table() -> None:
    done = bench("--quick", "--markdown")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    table = {}
    for line in lines:
        if line.startswith("|"):
            what, least, stretch, measured = line.strip("| ").split(" | ") if " | " in line else [""] * 4
            table[what] = (least, stretch, measured)
    assert table["what"] == ("at least", "stretch", "measured")
    # Whoever has no reasoning-gym is told; nothing else may fail, and nothing else is left out.
    failed = {what for what, (_, _, measured) in table.items() if "failed" in measured}
    assert all("reasoning-gym" in what or "start-up" in what for what in failed), done.stdout
    skipped = [what for what, (_, _, measured) in table.items() if measured.startswith("skipped")]
    assert len(skipped) == 3
    assert all("nanochat" in what for what in skipped)
    assert any("row by row" in what and " times: " in measured for what, (_, _, measured) in table.items())
    for about in ("CPU", "Python", "packages", "lexicon", "QUICK", "reference: "):
        assert any(line.startswith(f"- {about}") for line in lines), about


def test_a_checkout_without_the_reference_is_named(tmp_path: Path) -> None:
    done = bench("--quick", NANOCHAT=str(tmp_path))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path) in done.stderr
