import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.exports import COMMAND, ROOT, environment, hornbook, lexicon, python, says


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HORNBOOK_CACHE", "")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lexicon(tmp_path_factory.mktemp("words"))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refused(done: Result, status: int, *phrases: str) -> None:
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == status, done.output
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert "Traceback" not in done.output
    for phrase in phrases:
        assert phrase in last, last


# Help.


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_with_an_example(name: str):
    for option in ("--help", "-h"):
        done = run(name, option)
        assert done.exit_code == 0
        assert f"Example:\n    hornbook {name}" in done.stdout
    command = main.commands[name]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_the_group_has_help_and_a_version():
    done = run("--help")
    assert done.exit_code == 0
    for name in main.commands:
        assert f"\n  {name} " in done.stdout
    assert "hornbook, version" in run("--version").stdout


def test_the_script_and_the_file_are_the_same_command(tmp_path: Path):
    script = Path(sys.executable).with_name("hornbook")
    if not script.exists():
        pytest.skip("Hornbook is not installed here")
    installed = subprocess.run([script, "tasks"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert installed.stdout == hornbook("tasks", cwd=tmp_path).stdout == run("tasks").stdout


# Wrong names.


@pytest.mark.parametrize(
    ("arguments", "phrases"),
    [
        (
            ["preview", "spelingbee"],
            ["there is no task 'spelingbee'; did you mean 'spellingbee'?", "lettercounting"],
        ),
        (["preview", "xyz"], ["there is no task 'xyz'. There are: ", "simplespelling"]),
        (
            ["preview", "spellingbee", "--style", "clasic"],
            ["did you mean 'classic'? There are: quote-comma, spaced, lines, universal, classic"],
        ),
        (["preview", "spellingbee", "--language", "eng"], ["did you mean 'en'? There are: en, "]),
        (["preview", "spellingbee", "--language", "en:0.5,fr:0.5"], ["there is no language 'fr'", "en, "]),
        (
            ["preview", "spellingbee", "--language", "en:x"],
            ["holds no shares of languages such as en:0.7,es:0.3"],
        ),
        (["preview", "spellingbee", "--language", "en:-1"], ["must be above 0"]),
        (["preview", "spellingbee", "--language", "en:nan"], ["must be above 0"]),
        (["preview", "spellingbee", "--language", "en,en"], ["stands twice"]),
        (["preview", "spellingbee", "--language", ""], ["there is no language ''"]),
        (
            ["preview", "spellingbee", "--answer-language", "enn"],
            ["there is no answer language 'enn'; did you mean 'en'?"],
        ),
        (["preview", "spellingbee", "--split", "tset"], ["there is no split 'tset'; did you mean 'test'?"]),
        (["preview", "spellingbee", "--tool", "pyton"], ["Did you mean 'python'?", "nanochat, python, none"]),
        (["preview", "spellingbee", "-n", "0"], ["0 is not in the range x>=1"]),
        (["preview", "spellingbee", "--seed", "one"], ["'one' is not a valid integer"]),
        (["preview", "spellingbee", "--min-zipf", "rare"], ["'rare' is not a valid float"]),
        (["preview"], ["Missing argument 'TASK'"]),
        (["preview", "spellingbee:5"], ["spellingbee can't be imported"]),
        (["export", "spellingbee"], ["Missing option '--out'"]),
        (["export", "--out", "x"], ["Missing argument"]),
        (["export", "spelingbee:5", "--out", "x"], ["did you mean 'spellingbee'?"]),
        (
            ["export", "spellingbee", "--out", "x", "--split", "tests"],
            ["did you mean 'test'? There are: both, train, test"],
        ),
        (
            ["export", "spellingbee", "--out", "x", "--dialect", "message"],
            ["did you mean 'messages'?", "universal"],
        ),
        (["export", "spellingbee", "--out", "x", "--tool-text", "fence"], ["did you mean 'fenced'?"]),
        (["export", "spellingbee:0", "--out", "x"], ["asks for '0' rows; write a number from 1 to"]),
        (["export", "spellingbee:-5", "--out", "x"], ["asks for '-5' rows"]),
        (["export", "spellingbee:many", "--out", "x"], ["asks for 'many' rows"]),
        (["export", "spellingbee:", "--out", "x"], ["asks for '' rows"]),
        (["export", "spellingbee:" + "9" * 40, "--out", "x"], ["rows; write a number from 1 to"]),
        (
            ["export", "spellingbee:999999999999", "--out", "x"],
            ["shards", "take larger shards or fewer rows"],
        ),
        (["export", "spellingbee:5", "spellingbee:5", "--out", "x"], ["spellingbee is asked for twice"]),
        (["export", "spellingbee:5", "--out", "x", "--workers", "0"], ["0 is not in the range x>=1"]),
        (["export", "spellingbee:5", "--out", "x", "--shard-rows", "0"], ["0 is not in the range x>=1"]),
        (["export", "mine:Mine", "--out", "x"], ["mine can't be imported: ModuleNotFoundError"]),
        (["verify", "x"], ["there is no folder x"]),
        (["verify", "x", "--task", "spelingbee"], ["did you mean 'spellingbee'?"]),
        (["exprot"], ["No such command 'exprot'"]),
        (["tasks", "--all"], ["No such option"]),
    ],
)
def test_bad_usage_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Any, phrases: Any
):
    monkeypatch.chdir(tmp_path)
    refused(run(*arguments), 2, *phrases)
    assert list(tmp_path.iterdir()) == []


# Bad files of words.

FILES: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["is empty: it holds no word"]),
    "comments": (b"# nothing\n\n", ["is empty: it holds no word"]),
    "latin": ("fig\nni\xf1o\n".encode("latin-1"), ["is not UTF-8: byte 0xf1 at offset 6, line 2"]),
    "lines": (b"fig\ntwo words\npear\n3rd\n", ["2 lines that are no words", "line 2", "line 4"]),
    "control": (
        b"fig\n<|im_start|>\n",
        ["1 line that is no word: line 2", "control tokens", "<|im_start|>"],
    ),
    "weights": (b"fig\t1\npear\tmuch\n", ["whose weight is no positive number", "line 2"]),
    "single": (b"without\n", []),
    "few": (b"fig\npear\nplum\n", ["test"]),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["preview", "export"])
def test_a_bad_lexicon_gets_a_sentence(tmp_path: Path, name: str, command: str):
    data, phrases = FILES[name]
    path = tmp_path / "words.txt"
    path.write_bytes(data)
    out = ["--out", tmp_path / "export"] if command == "export" else []
    done = run(command, "simplespelling", "--language", "en", "--lexicon", path, *out)
    refused(done, 1, *phrases)
    assert not (tmp_path / "export").exists()


@pytest.mark.parametrize("option", ["--lexicon", "--holdout", "--exclude"])
def test_a_missing_file_gets_a_sentence(tmp_path: Path, words: Path, option: str):
    missing = tmp_path / "none.txt"
    given = ["--lexicon", words] if option != "--lexicon" else []
    refused(run("preview", "simplespelling", "--language", "en", *given, option, missing), 1, str(missing))
    refused(run("preview", "simplespelling", "--language", "en", *given, option, tmp_path), 1, str(tmp_path))
    done = hornbook("preview", "simplespelling", "--language", "en", *given, option, missing)
    says(done, 1, str(missing))


def test_words_are_held_out_and_left_out(tmp_path: Path, words: Path):
    held, left = tmp_path / "held.txt", tmp_path / "left.txt"
    held.write_text("bababa\n")
    left.write_text("BANEBA\n")
    options = ("--language", "en", "--lexicon", words, "--holdout", held, "--exclude", left)
    train = run("preview", "simplespelling", "-n", 800, *options).stdout
    test = run("preview", "simplespelling", "-n", 60, "--split", "test", *options).stdout
    for text, has in ((train, False), (test, True)):
        assert ("assistant  bababa: b, a" in text) == has
        assert "assistant  baneba: b, a" not in text


# What is printed.


def test_previews(words: Path):
    options = ("--language", "en", "--lexicon", words)
    for task in ("spellingbee", "simplespelling", "lettercounting"):
        done = run("preview", task, "-n", 3, *options)
        assert done.exit_code == 0, done.output
        assert done.stdout.count(f"── {task} ") == 3
        assert done.stdout.count("\nuser       ") == done.stdout.count("\nassistant  ") == 3
        assert "\x1b" not in done.output
    spelled = run("preview", "spellingbee", "-n", 40, "--style", "classic", *options).stdout
    assert "<<'" in spelled
    assert run("preview", "spellingbee", "-n", 5, "--seed", 1, *options).stdout != done.stdout


def test_an_export_says_what_it_did(words: Path, tmp_path: Path):
    options = ("--language", "en", "--lexicon", words, "--workers", 1, "--out")
    done = run("export", "spellingbee:100", "simplespelling:40", *options, tmp_path / "both")
    assert done.exit_code == 0, done.output
    assert f"{tmp_path / 'both'}: 147 rows; 2 shards written in " in done.stdout
    assert "  train  140 rows, " in done.stdout
    assert ": simplespelling 40, spellingbee 100\n" in done.stdout
    assert "  test   7 rows, " in done.stdout
    assert "calls run" in done.stdout
    assert done.stderr == ""
    for split in ("train", "test"):
        done = run("export", "spellingbee:100", "--split", split, *options, tmp_path / split)
        assert done.exit_code == 0, done.output
        assert {path.name for path in (tmp_path / split).iterdir()} == {"README.md", "manifest.json", split}


@pytest.mark.parametrize(
    "arguments", [(*COMMAND[1:], "preview", "spellingbee", "-n", "3000"), ("-m", "tasks.spellingbee")]
)
def test_a_reader_that_has_seen_enough_hears_nothing(words: Path, arguments: Any):
    options = ("--language", "en", "--lexicon", str(words)) if "-m" not in arguments else ()
    with subprocess.Popen(
        [sys.executable, *arguments, *options],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert "── spellingbee 0" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""


def on_terminal(*arguments: object, **more: str) -> str:
    """Run the command line on a terminal, and return all that it writes there."""
    ours, theirs = pty.openpty()
    command = [*COMMAND, *map(str, arguments)]
    env = environment(TERM="xterm-256color", **more)
    with subprocess.Popen(command, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not data:
                break
            written += data
    os.close(ours)
    assert process.returncode == 0, written
    return written.decode()


def test_colours_are_for_terminals_that_want_them(words: Path):
    asked = ("preview", "spellingbee", "-n", 2, "--language", "en", "--lexicon", words)
    assert "\x1b[1m" in on_terminal(*asked)
    assert "\x1b" not in on_terminal(*asked, NO_COLOR="1")
    assert "\x1b" not in hornbook(*asked).stdout


def test_a_bar_is_for_terminals(words: Path, tmp_path: Path):
    asked = (
        "export",
        "spellingbee:300",
        "--language",
        "en",
        "--lexicon",
        words,
        "--out",
        tmp_path / "export",
    )
    assert "rows written" in on_terminal(*asked, "--workers", 1)


def test_tasks_print_conversations_from_anywhere(tmp_path: Path):
    for module, name in (("spellingbee", "spellingbee"), ("lettercounting", "lettercounting")):
        for folder in (ROOT, tmp_path):
            done = python("-m", f"tasks.{module}", cwd=folder, PYTHONPATH=str(ROOT) if folder != ROOT else "")
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.count(f"── {name} ") == 10
            assert done.stdout.count("####") >= 10
            assert "\x1b" not in done.stdout
