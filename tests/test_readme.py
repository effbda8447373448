"""What README.md shows is run: its task in one file, its lines on boundaries, its commands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
PYTHON = [code for kind, code in BLOCKS if kind == "python"]
COMMANDS = [
    line.split("  #")[0].strip() for kind, code in BLOCKS if kind == "sh" for line in code.splitlines()
]


def block(start: str) -> str:
    return next(code for code in PYTHON if start in code)


def run(command: list[str], folder: Path) -> str:
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_task_in_one_file(tmp_path):
    code = block("class FirstLetter")
    assert len(code.splitlines()) < 60
    (tmp_path / "firstletter.py").write_text(code, encoding="utf-8")
    shown = run([sys.executable, "-m", "firstletter"], tmp_path)
    assert shown.count("── firstletter ") == 10
    hornbook = [sys.executable, str(ROOT / "cli.py")]
    run([*hornbook, "export", "firstletter:FirstLetter:500", "--out", "output/first"], tmp_path)
    said = run([*hornbook, "verify", "output/first", "--task", "firstletter:FirstLetter"], tmp_path)
    assert "all as it should be" in said


@pytest.mark.parametrize("start", ["import isolated", "import audit", "def right(completions"])
def test_lines_run(start):
    exec(compile(block(start), "README.md", "exec"), {})


def test_the_reward_scores_rows():
    scope: dict = {}
    exec(compile(block("def right(completions"), "README.md", "exec"), scope)
    for name, task in scope["tasks"].items():
        row = task[0]
        turn = row["messages"][-1]["content"]
        text = turn if isinstance(turn, str) else "".join(part["text"] for part in turn)
        told = [[{"role": "assistant", "content": text}], [{"role": "assistant", "content": "no idea"}]]
        assert scope["right"](told, [name] * 2, [row["answer"]] * 2, letter=["", ""]) == [1.0, 0.0]


def test_commands_exist():
    hornbook = [sys.executable, str(ROOT / "cli.py")]
    named = {line.split()[1] for line in COMMANDS if line.startswith("hornbook ")}
    assert {"tasks", "preview", "export", "verify", "boundaries"} <= named
    for name in named:
        assert "Example" in run([*hornbook, name, "--help"], ROOT)
    makes = {line.split()[1] for line in COMMANDS if line.startswith("make ")}
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert makes <= set(targets)
