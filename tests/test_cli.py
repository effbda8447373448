import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.exports import COMMAND, ROOT, environment, hornbook, lexicon, python, says
from tokenizer.encoding import open_encoding


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
        (["preview", "spellingbee", "--language", "eng"], ["did you mean 'en'? There are: de, en, "]),
        (["preview", "spellingbee", "--language", "en:0.5,xx:0.5"], ["there is no language 'xx'", "en, "]),
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
        (["preview", "spellingbee", "--shape", "turns=9"], ["turns '9'; allowed: 0 to 6"]),
        (["preview", "spellingbee", "--shape", "turn=1"], ["did you mean 'turns'?"]),
        (["preview", "spellingbee", "--shape", "turns=1", "--shape", "earlier=tolk"], ["'tolk'"]),
        (["preview", "spellingbee", "--style", "atuo"], ["did you mean 'auto'?"]),
        (["preview", "spellingbee", "--style", "auto"], ["name it with --tokenizer"]),
        (["export", "spellingbee", "--out", "x", "--style", "auto"], ["name it with --tokenizer"]),
        (["preview", "spellingbee", "--style", "auto", "--tokenizer", "gpt3"], ["gpt2"]),
        (["boundaries", "--style", "auto"], ["there is no style 'auto'", "classic"]),
        (["boundaries", "--task", "spelingbee"], ["did you mean 'spellingbee'?"]),
        (["boundaries", "--language", "eng"], ["did you mean 'en'?"]),
        (["boundaries", "--tokenizer", "gpt3"], ["is named 'gpt3'", "gpt2"]),
        (["boundaries", "--pattern", "gpt3"], ["the nearest is 'gpt2'"]),
        (["boundaries", "--tokenizer", "gpt2", "--pattern", "gpt2"], ["for .tiktoken files alone"]),
        (["boundaries", "--words", "0"], ["0 is not in the range"]),
        (["coverage", "no/folder"], ["there is no folder no/folder"]),
        (["coverage", ".", "simplespelling:5"], [". is a folder, and 2 things are named"]),
        (["coverage", "simplespelling:5", "--style", "atuo"], ["did you mean 'auto'?"]),
        (["preview", "spellingbee", "--tokenizer", ""], ["the name of the tokenizer is empty"]),
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


@pytest.mark.parametrize(
    ("arguments", "phrases"),
    [
        (["--tokenizer", "cl100_base"], ["the nearest is 'cl100k_base'"]),
        (["--tokenizer", "no/such.tiktoken"], ["there is no file no/such.tiktoken"]),
        (["--pattern", "nanochat"], ["a pattern can be given for a .tiktoken file alone"]),
        (["--tokenizer", "no/such.tiktoken", "--pattern", "nanochta"], ["the nearest is 'nanochat'"]),
    ],
)
def test_a_tokenizer_that_cannot_be_opened_gets_a_sentence(arguments: list[str], phrases: list[str]):
    refused(run("preview", "spellingbee", *arguments), 2, *phrases)


TEXT = "The strawberry, the raspberry, the rat: 12 berries\n\n" * 3


@pytest.mark.parametrize(
    ("arguments", "status", "phrases"),
    [
        (["{a}", "--vocab", "9"], 2, ["a vocabulary of 9 is too small", "need 265"]),
        (["{a}", "--vocab", "1" * 30], 2, ["is too large; ids end at 2,147,483,647"]),
        (["{a}", "--vocab", "many"], 2, ["'many' is not a valid integer"]),
        (["{a}", "--pattern", "nanochta"], 2, ["the nearest is 'nanochat'"]),
        (["{a}", "--pattern", "deepseek"], 2, ["cuts in several stages, and rustbpe trains with one"]),
        (["{a}", "--out", "{folder}/mine.bin"], 2, ["does not end in .tiktoken"]),
        (
            ["{a}", "--out", "{folder}/no/mine.tiktoken"],
            2,
            ["there is no folder", "to write mine.tiktoken into"],
        ),
        (["{folder}/no.txt"], 1, ["there is no file"]),
        (["{folder}"], 1, ["is a folder; name its text files"]),
        (["{a}", "{empty}"], 1, ["empty.txt is empty"]),
        (["{a}", "{bad}"], 1, ["bad.txt is no plain UTF-8 text: byte 2 is 0xFF"]),
        ([], 2, ["Missing argument 'FILE...'"]),
    ],
)
def test_training_that_cannot_be_done_gets_a_sentence(
    tmp_path: Path, arguments: list[str], status: int, phrases: list[str]
):
    pytest.importorskip("rustbpe", reason="the extra train is not installed")
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "empty.txt").touch()
    (tmp_path / "bad.txt").write_bytes(b"ok\xff")
    before = sorted(tmp_path.iterdir())
    names = {name: tmp_path / f"{name}.txt" for name in ("a", "empty", "bad")} | {"folder": tmp_path}
    out = [] if "--out" in arguments else ["--out", tmp_path / "mine.tiktoken"]
    done = run("tokenizer", "train", *(word.format(**names) for word in arguments), *out)
    refused(done, status, *phrases)
    assert sorted(tmp_path.iterdir()) == before


def test_training_without_rustbpe_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.txt").write_text(TEXT)
    monkeypatch.setitem(sys.modules, "rustbpe", None)
    done = run("tokenizer", "train", tmp_path / "a.txt", "--out", tmp_path / "mine.tiktoken")
    refused(done, 2, "pip install 'hornbook[train]'")


def test_a_vocabulary_is_trained_opened_and_kept(tmp_path: Path, words: Path):
    pytest.importorskip("rustbpe", reason="the extra train is not installed")
    text, out = tmp_path / "a.txt", tmp_path / "my own.tiktoken"
    text.write_text(TEXT)
    done = run("tokenizer", "train", text, "--vocab", 290, "--pattern", "gpt2", "--out", out)
    assert done.exit_code == 0, done.output
    said, use = done.stdout.splitlines()
    assert said == (
        f"{out}: 290 ids (256 bytes, 25 merges, 9 control tokens), {out.stat().st_size:,} bytes; "
        f"trained on {len(TEXT)} bytes of text"
    )
    assert use == f"  hornbook preview spellingbee --tokenizer '{out}'"
    encoding = open_encoding(out)
    assert (encoding.n_vocab, encoding.pattern and encoding.pattern.name) == (290, "gpt2")
    shown = run(*shlex.split(use)[1:], "-n", 1, "--language", "en", "--lexicon", words)
    assert " tokens of my own, " in shown.stdout
    assert "<|assistant_start|>" in shown.stdout
    # It is not replaced by accident, not by text that cannot be read, and is when asked for.
    held = {path: path.read_bytes() for path in tmp_path.iterdir()}
    refused(run("tokenizer", "train", text, "--out", out), 2, "would be replaced; --overwrite does that")
    (tmp_path / "bad.txt").write_bytes(b"\xff")
    refused(run("tokenizer", "train", tmp_path / "bad.txt", "--overwrite", "--out", out), 1, "no plain UTF-8")
    assert all(path.read_bytes() == data for path, data in held.items())
    again = run("tokenizer", "train", text, "--vocab", 100_000, "--overwrite", "--out", out)
    assert again.exit_code == 0, again.output
    assert "fewer than the 100,000 asked for: the text has no more to merge" in again.stdout
    assert open_encoding(out).fingerprint != encoding.fingerprint
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.txt", "bad.txt", "my own.json", "my own.tiktoken",
    ]  # fmt: skip


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
    assert "damaged" not in done.stdout
    shard = tmp_path / "both/train/train-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-50])
    again = run("export", "spellingbee:100", "simplespelling:40", *options, tmp_path / "both")
    assert "  made again, because damaged: train/train-00000-of-00001.parquet\n" in again.stdout
    for split in ("train", "test"):
        done = run("export", "spellingbee:100", "--split", split, *options, tmp_path / split)
        assert done.exit_code == 0, done.output
        assert {path.name for path in (tmp_path / split).iterdir()} == {"README.md", "manifest.json", split}


def test_shaped_conversations_are_exported_and_verified(words: Path, tmp_path: Path):
    shape = [
        part for key in ("turns=0:0.5,2:0.5", "earlier=talk,simplespelling") for part in ("--shape", key)
    ]
    options = ("--language", "en", "--lexicon", words, "--workers", 1, *shape, "--shape", "system=0.5")
    done = run("export", "spellingbee:1000", *options, "--out", tmp_path / "deep")
    assert done.exit_code == 0, done.output
    counts = json.loads((tmp_path / "deep/manifest.json").read_text())["splits"]["train"]["tasks"]
    assert counts["spellingbee"]["turns"] == {"0": 500, "2": 500}
    assert sum(counts["spellingbee"]["system"].values()) == 500
    checked = run("verify", tmp_path / "deep", "--workers", 1)
    assert checked.exit_code == 0, checked.output
    seen = run(
        "preview", "spellingbee", "-n", "20", *options[:4], "--shape", "turns=2", "--shape", "system=1"
    )
    assert seen.stdout.count("\nsystem ") == 20
    assert seen.stdout.count("\nuser ") == 60


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


def test_tokens_are_shown_on_a_terminal_and_in_a_pipe(words: Path):
    own = ROOT / "tokenizer" / "vocab" / "hornbook_8k.tiktoken"
    asked = ("preview", "simplespelling", "-n", 2, "--language", "en", "--lexicon", words, "--tokenizer", own)
    painted = on_terminal(*asked)
    assert "\x1b[4;38;5;16;48;5;153m" in painted  # a slot that is trained on
    assert "\x1b[4;38;5;16;48;5;252m" in painted  # and one that is read
    piped = hornbook(*asked).stdout
    assert "\x1b" not in piped
    assert on_terminal(*asked, NO_COLOR="1").replace("\r\n", "\n") == piped
    ids = run(*asked, "--ids").stdout
    assert re.sub("[₀-₉]", "", ids) == piped
    assert ids.count("<|bos|>₈₁₈₃<|user_start|>₈₁₈₄") == 2


def test_seams_are_listed_when_asked_for(words: Path):
    asked = ("preview", "spellingbee", "-n", 1, "--language", "en", "--lexicon", words, "--seams")
    done = run(*asked)
    assert "no token runs into a word, a letter or untrained text in the answers of 1,000 rows" in done.stdout
    assert run(*asked, "--style", "classic").stdout.count("the list letter") == 1


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


# Boundaries, and styles by tokenizer.


EMBEDDED = str(ROOT / "tokenizer" / "vocab" / "hornbook_8k.tiktoken")


def test_boundaries_tell_of_every_pattern(words: Path):
    done = run("boundaries", "--words", "50", "--language", "en", "--lexicon", words)
    assert done.exit_code == 0, done.output
    for name in ("gpt2", "cl100k", "deepseek", "quote-comma (claims isolation)", "classic (claims nothing)"):
        assert name in done.stdout
    assert "\x1b" not in done.stdout


def test_boundaries_on_a_tokenizer(tmp_path: Path, words: Path):
    file = tmp_path / "found.json"
    options = ["--words", "50", "--tokenizer", EMBEDDED, "--language", "en", "--language", "es"]
    options += ["--lexicon", words]
    done = run("boundaries", "--style", "quote-comma", "--task", "spellingbee", "--json", file, *options)
    assert done.exit_code == 0, done.output
    assert "every slot of the assistant's turn is isolated on hornbook_8k" in done.stdout
    assert "a letter stands in two forms" in done.stdout
    (found,) = json.loads(file.read_text(encoding="utf-8"))
    assert (found["tokenizer"], found["style"], found["isolated"]) == ("hornbook_8k", "quote-comma", True)
    assert {slot["language"] for slot in found["slots"]} == {"en", "es"}
    classic = run("boundaries", "--style", "classic", "--task", "spellingbee", *options)
    assert classic.exit_code == 0
    assert "classic (claims nothing): not isolated on hornbook_8k" in " ".join(classic.stdout.split())


def test_boundaries_fail_where_a_claim_falls_short(tmp_path: Path, words: Path):
    from tests.test_stylechoice import GLUED
    from tokenizer.sources import split_pattern
    from tokenizer.tiktokenfile import save
    from tokenizer.train import train

    glued = train(GLUED, 600, split_pattern((r"[^\n]+|\n",), "made up"), name="glued", special_tokens=())
    save(glued, tmp_path / "glued.tiktoken", "made up")
    vocabulary = ["--tokenizer", tmp_path / "glued.tiktoken", "--language", "en", "--lexicon", words]
    options = [*vocabulary, "--words", "50"]
    done = run("boundaries", "--task", "simplespelling", *options)
    refused(done, 1, "quote-comma (claims isolation): not isolated on glued: ", "list letter")
    assert run("boundaries", "--style", "classic", "--task", "simplespelling", *options).exit_code == 0
    # Alone on their lines letters are isolated even there; the sentences of an answer are not.
    auto = run("preview", "spellingbee", "--style", "auto", *vocabulary)
    refused(auto, 2, "no style is isolated on glued, so auto has none to choose")


def test_auto_is_an_ordinary_style_with_a_reason(tmp_path: Path, words: Path):
    options = ["--lexicon", words, "--language", "en", "--workers", "1", "spellingbee:200"]
    auto, plain = tmp_path / "auto", tmp_path / "plain"
    done = run("export", "--out", auto, "--style", "auto", "--tokenizer", EMBEDDED, *options)
    assert done.exit_code == 0, done.output
    chosen = json.loads((auto / "manifest.json").read_text())["style_choice"]["style"]
    assert f"  style  {chosen}: every slot of the assistant's turn is isolated on hornbook_8k" in done.stdout
    # Naming a tokenizer changes no word of text.
    run("export", "--out", plain, "--style", chosen, "--tokenizer", EMBEDDED, *options)
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (auto, plain)]
    assert manifests[0].pop("style_choice")["style"] == chosen
    assert manifests[0] == manifests[1]
    again = run("export", "--out", auto, "--style", "auto", "--tokenizer", EMBEDDED, *options)
    assert "nothing was missing" in again.stdout
    assert run("verify", auto).exit_code == 0
    shown = [
        run(
            "preview", "spellingbee", "-n", "2", *options[:4], "--tokenizer", EMBEDDED, "--style", style
        ).stdout
        for style in ("auto", chosen)
    ]
    assert shown[0] == shown[1] != ""


def test_coverage_in_a_style_chosen_for_the_tokenizer(words: Path):
    options = ["simplespelling:50", "--tokenizer", EMBEDDED, "--language", "en", "--lexicon", words]
    done = run("coverage", *options, "--style", "auto")
    assert done.exit_code == 0, done.output
    assert "50 rows" in done.output


def test_coverage_is_told_though_its_file_cannot_be_written(tmp_path: Path, words: Path):
    done = run("coverage", "simplespelling:50", "--lexicon", words, "--json", tmp_path / "no" / "file.json")
    refused(done, 1, "No such file or directory")
    assert "never spelled out" in done.stdout


@pytest.mark.parametrize("columns", [40, 80])
def test_coverage_breaks_no_token_over_lines(words: Path, columns: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    told = run("coverage", "simplespelling:50", "--lexicon", words).stdout
    lines = told[told.index("never spelled out") :].splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= columns
    assert all(line.count("'") % 2 == 0 for line in lines[:-1])
