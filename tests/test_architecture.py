"""The imports, files and statements that hold the code together, read from the source."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("tasks", "generators", "tokenizer")
SOURCES = sorted([ROOT / "cli.py", *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))])
# What each part may import, of ours: imports run one way.
ALLOWED = {
    "cli": {"tasks", "generators", "tokenizer"},
    "tasks": {"generators"},  # and tasks.base, see below
    "generators": {"generators", "tokenizer"},
    "tokenizer": {"tokenizer"},
}
# Files of tasks/ that are no tasks: what any task may import, and what may import every task.
SHARED = {"tasks.base"}
FINDERS = {"tasks.hornbook", "tasks.parquet", "tasks.registry"}
# A task about other tasks' exchanges looks them up as everybody does, since their names may be nanochat's.
LOOKS_BACK = {"tasks.recall"}
NANOCHATS = {"common", "arc", "gsm8k", "humaneval", "mmlu", "smoltalk"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), path.name)


def imports(path: Path) -> list[tuple[int, str]]:
    """List every import of a file, wherever it stands: (line, module), with `from a import b` as a.b too."""
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} is a relative import"
            module = node.module or ""
            found.append((node.lineno, module))
            found += [
                (node.lineno, f"{module}.{alias.name}")
                for alias in node.names
                if (ROOT / module.replace(".", "/") / f"{alias.name}.py").exists()
            ]
    return found


def ours(path: Path) -> list[tuple[int, str]]:
    return [(line, module) for line, module in imports(path) if module.split(".")[0] in {*PACKAGES, "cli"}]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_run_one_way(path: Path):
    own = name_of(path)
    for line, module in ours(path):
        top = module.split(".")[0]
        is_shared = module in SHARED or (own in FINDERS | LOOKS_BACK and module in FINDERS)
        if own.split(".")[0] == "tasks" and top == "tasks" and module != "tasks":
            if own == "tasks.hornbook":
                continue
            assert is_shared, f"{own}:{line} imports another task, {module}"
        elif module != "tasks" or own == "cli":
            assert top in ALLOWED[own.split(".")[0]], f"{own}:{line} imports {module}"


def test_hornbook_says_why_it_imports_tasks():
    doc = ast.get_docstring(tree_of(ROOT / "tasks" / "hornbook.py")) or ""
    assert "nanochat" in doc
    finding = FINDERS | LOOKS_BACK
    others = [path for path in SOURCES if path.parent.name == "tasks" and name_of(path) not in finding]
    for path in others:
        assert all(module not in FINDERS for _, module in ours(path)), name_of(path)


def test_imports_do_not_go_in_circles():
    """Modules import at the top what is below them: no module reaches itself."""
    names = {name_of(path) for path in SOURCES}
    below = {name_of(path): {module for _, module in ours(path) if module in names} for path in SOURCES}
    del below["tasks.hornbook"]
    done: set[str] = set()
    while free := {name for name, wants in below.items() if name not in done and wants <= done}:
        done |= free
    assert not sorted(set(below) - done)


def test_tasks_has_no_init():
    """With one, nanochat's own `tasks` could not stand beside ours: a regular package hides all others."""
    assert not (ROOT / "tasks" / "__init__.py").exists()
    assert not list((ROOT / "tasks").rglob("__init__.py*"))


def test_no_file_of_tasks_has_a_name_of_nanochats():
    assert NANOCHATS.isdisjoint({path.stem for path in (ROOT / "tasks").iterdir()})
    for path in SOURCES:
        for line, module in imports(path):
            assert module.split(".")[:2] not in [["tasks", name] for name in NANOCHATS], f"{path}:{line}"


@pytest.mark.parametrize("package", ["generators", "tokenizer"])
def test_init_files_hold_no_logic(package: str):
    body = tree_of(ROOT / package / "__init__.py").body
    assert ast.get_docstring(tree_of(ROOT / package / "__init__.py"))
    assert all(isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) for node in body[1:])


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_assert_statement(path: Path):
    """An assert vanishes under -O, and says nothing to whoever gave bad input."""
    lines = [node.lineno for node in ast.walk(tree_of(path)) if isinstance(node, ast.Assert)]
    assert not lines


def test_what_is_packaged_exists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert sorted(wheel["only-include"]) == sorted([*PACKAGES, "cli.py"])
    assert "force-include" not in wheel
    for name in wheel["only-include"]:
        assert (ROOT / name).exists(), name
    for name in project["project"]["license-files"]:
        assert (ROOT / name).exists(), name
    module, _, function = project["project"]["scripts"]["hornbook"].partition(":")
    assert function in {getattr(node, "name", "") for node in tree_of(ROOT / f"{module}.py").body}
    assert list((ROOT / "generators" / "prompts").glob("*.toml"))
    assert list((ROOT / "generators" / "recipes").glob("*.toml"))


HEAVY = ("wordfreq", "tiktoken", "rich", "torch", "pydantic_monty")
IMPORT = f"""
import sys
import tasks.spellingbee
print([name for name in {HEAVY} if name in sys.modules])
"""


def test_importing_a_task_is_light():
    command = [sys.executable, "-W", "error", "-c", IMPORT]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stdout.strip(), found.stderr) == (0, "[]", "")


def test_registry_finds_every_task():
    """tasks.hornbook offers what the files beside it define: no task is left out."""
    defined = {
        node.name
        for path in (ROOT / "tasks").glob("*.py")
        for node in tree_of(path).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Task" for base in node.bases)
    }
    import tasks.hornbook

    assert {"SpellingBee", "SimpleSpelling", "LetterCounting"} <= defined
    assert all(hasattr(tasks.hornbook, name) for name in defined)
