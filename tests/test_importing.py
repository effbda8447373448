"""Imports from the command to the folder, on files as they are published."""

import json
import os
import resource
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli import main
from generators.importing import Importer
from generators.source import Source
from tests.exports import ROOT, contents, started, waits
from tests.test_transcripts import CONTENTS

SHAREGPT = """[
  {
    "id": "QWJhYvA_0",
    "conversations": [
      {"from": "gpt", "value": "Hello! How can I help?"},
      {"from": "human", "value": "Spell fig."},
      {"from": "gpt", "value": "f, i, g"}
    ]
  },
  {
    "id": "i6IyJda_0",
    "conversations": [
      {"from": "human", "value": "Spell pear."},
      {"from": "gpt", "value": "<|im_start|>p, e, a, r"}
    ]
  },
  {"id": "QWJhYvA_1", "conversations": []}
]
"""
MESSAGES = (
    '{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Spell fig."},'
    ' {"role": "assistant", "content": "f, i, g"}]}\n'
    "\n"
    '{"messages": [{"role": "user", "content": "Spell pear."}, {"role": "assistant", "content": "p, e"\n'
    '[{"role": "user", "content": "Spell plum."}, {"role": "assistant", "content": "p, l, u, m"}]\n'
    '{"messages": [{"role": "user", "content": "Spell plum."}, {"role": "assistant", "content": "p, l, u, m"}'
    ', {"role": "user", "content": "Thanks."}]}\n'
)
PERSONA = json.dumps(
    {
        "train": [
            {
                "personality": ["i have two cats .", "i work nights ."],
                "utterances": [
                    {"candidates": ["no .", "hi ! tired ."], "history": ["hi , how are you ?"]},
                    {
                        "candidates": ["me too !", "yes , i work nights ."],
                        "history": ["hi , how are you ?", "hi ! tired .", "oh , why ?"],
                    },
                ],
            }
        ],
        "valid": [
            {
                "personality": ["i sing ."],
                "utterances": [
                    {"candidates": ["hello ."], "history": ["__ SILENCE __"]},
                    {
                        "candidates": ["i do , i sing ."],
                        "history": ["__ SILENCE __", "hello .", "any hobby ?"],
                    },
                ],
            },
            {"personality": ["i sing ."], "utterances": []},
        ],
    }
)
TRANSCRIPT = """A talk
[Human]: Spell fig.
[Bot]: f, i, g

That is all.
[Human]: Thanks.
---
[Human]: Spell fig.
[Bot]: f, i, g

That is all.

[Human]: Spell pear. [Bot]: no
[Bot]: p, e, a, r
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["import", *(str(argument) for argument in arguments)])


def refused(done: Result, status: int, *phrases: str) -> None:
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == status, done.output
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert "Traceback" not in done.output
    for phrase in phrases:
        assert phrase in last, last


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "conversations.jsonl").read_text("utf-8").splitlines()]


def told(folder: Path) -> Any:
    return json.loads((folder / "import.json").read_text("utf-8"))


def said(row: dict[str, Any]) -> list[str]:
    return [f"{message['role'][0]}: {message['content']}" for message in row["messages"]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files = {"t.txt": TRANSCRIPT, "m.jsonl": MESSAGES, "s.json": SHAREGPT, "p.json": PERSONA}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_transcript(here: Path):
    done = run("t.txt", "--format", "transcript", "--out", "made/talks")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "made/talks/conversations.jsonl: 1 conversations, 2 messages",
        "  cut      0 began with the assistant, 1 ended with the user",
        "  repeats  1 left out",
        "  refused  1: a turn holds a role marker (t.txt:13)",
        "  refused  1: text stands before the first role marker (t.txt:1)",
    ]
    assert done.stderr.splitlines() == [
        "t.txt:1: text stands before the first role marker",
        "t.txt:13: a turn holds a role marker ('[Bot]:')",
    ]
    [row] = rows(here / "made" / "talks")
    assert said(row) == ["u: Spell fig.", "a: f, i, g\n\nThat is all."]
    assert row["source"] == "t.txt:2"
    report = told(here / "made" / "talks")
    assert report["sha256"] == sha256((here / "made/talks/conversations.jsonl").read_bytes()).hexdigest()
    assert report["found"] == 4
    assert (report["taken"], report["repeated"], report["cut"]) == (1, 1, {"start": 0, "end": 1})
    assert report["found"] == report["taken"] + report["repeated"] + sum(
        each["rows"] for each in report["refused"].values()
    )


def test_messages(here: Path):
    done = run("m.jsonl", "--format", "messages", "--out", "made")
    assert done.exit_code == 0, done.output
    assert [(row["source"], said(row)) for row in rows(here / "made")] == [
        ("m.jsonl:1", ["s: Be brief.", "u: Spell fig.", "a: f, i, g"]),
        ("m.jsonl:4", ["u: Spell plum.", "a: p, l, u, m"]),
    ]
    assert done.stderr == "m.jsonl:3: it is no JSON (line 3, column 98: Expecting ',' delimiter)\n"
    assert told(here / "made")["repeated"] == 1


def test_sharegpt(here: Path):
    done = run("s.json", "--format", "sharegpt", "--out", "made")
    assert done.exit_code == 0, done.output
    assert [(row["source"], said(row)) for row in rows(here / "made")] == [
        ("s.json:2", ["u: Spell fig.", "a: f, i, g"])
    ]
    assert told(here / "made")["cut"] == {"start": 1, "end": 0}
    assert done.stderr.splitlines() == [
        "s.json:10: a turn holds a control token ('<|im_start|>')",
        "s.json:17: no question of a user's with an answer is in it",
    ]


@pytest.mark.parametrize("personality", ["system", "none"])
def test_persona(here: Path, personality: str):
    done = run("p.json", "--format", "persona", "--out", "made", "--personality", personality)
    assert done.exit_code == 0, done.output
    led = [["s: Your persona:\ni have two cats .\ni work nights ."], ["s: Your persona:\ni sing ."]]
    if personality == "none":
        led = [[], []]
    assert [said(row) for row in rows(here / "made")] == [
        [*led[0], "u: hi , how are you ?", "a: hi ! tired .", "u: oh , why ?", "a: yes , i work nights ."],
        [*led[1], "u: any hobby ?", "a: i do , i sing ."],
    ]
    assert told(here / "made")["cut"] == {"start": 1, "end": 0}
    assert list(told(here / "made")["refused"]) == ["persona"]


def test_own_names(here: Path):
    (here / "x.txt").write_text("Anna: hi\nHAL: no\n", encoding="utf-8")
    assert (
        run("x.txt", "--format", "transcript", "--out", "a", "--user", "anna", "--assistant", "Hal").exit_code
        == 0
    )
    (here / "x.json").write_text('[{"role": "Anna", "content": "hi"}, {"role": "HAL", "content": "no"}]')
    assert (
        run("x.json", "--format", "messages", "--out", "b", "--user", "anna", "--assistant", "Hal").exit_code
        == 0
    )
    assert said(*rows(here / "a")) == said(*rows(here / "b")) == ["u: hi", "a: no"]


def test_several_files(here: Path):
    (here / "sub").mkdir()
    (here / "sub" / "t.txt").write_text("User: Spell fig.\nBot: f, i, g\n\nThat is all.\n", encoding="utf-8")
    (here / "sub" / "u.txt").write_text("User: hi\nBot: ho\n\n", encoding="utf-8")
    done = run("t.txt", "sub/t.txt", "sub/u.txt", "--format", "transcript", "--out", "made")
    assert done.exit_code == 0
    assert [row["source"] for row in rows(here / "made")] == ["t.txt:2", "sub/u.txt:1"]
    assert told(here / "made")["asked"]["files"] == ["t.txt", "sub/t.txt", "sub/u.txt"]


@pytest.mark.parametrize(
    ("arguments", "phrases"),
    [
        (["--format", "transkript"], ["there is no format 'transkript'; did you mean 'transcript'?"]),
        (["--format", "persona", "--user", "A"], ["the format persona names nobody"]),
        (["--format", "persona", "--personality", "sytem"], ["did you mean 'system'?"]),
        (["--format", "messages", "--personality", "none"], ["only the format persona has personalities"]),
        (["--format", "messages", "--user", "bot"], ["user and assistant are both called 'bot'"]),
        (["--format", "transcript", "--out", "t.txt"], ["t.txt is a file; --out must be a folder"]),
        (["--format", "transcript", "--out", "."], ["holds something else (m.jsonl, p.json, s.json …)"]),
    ],
)
def test_bad_usage_gets_a_sentence(here: Path, arguments: list[str], phrases: list[str]):
    before = contents(here)
    refused(run("t.txt", "--out", "made", *arguments), 2, *phrases)
    assert contents(here) == before


def test_bad_data_gets_a_sentence_and_leaves_nothing(here: Path):
    before = contents(here)
    refused(run("no.txt", "--format", "transcript", "--out", "made"), 1, "no.txt: No such file")
    refused(run("t.txt", "no.txt", "--format", "transcript", "--out", "made"), 1, "no.txt: No such file")
    refused(run(".", "--format", "transcript", "--out", "made"), 1, "Is a directory")
    done = run("m.jsonl", "--format", "sharegpt", "--out", "made/deep")
    refused(done, 1, "none of 4 conversations can be taken; 3: its messages are no list of roles and texts")
    assert "m.jsonl:1: its messages are no list of roles and texts (expecting from and value)" in done.stderr
    refused(run(os.devnull, "--format", "messages", "--out", "made"), 1, "none of 0 conversations")
    assert contents(here) == before
    assert not (here / "made").exists()


def test_the_same_import_again_gives_the_same_bytes_and_another_is_refused(here: Path):
    command = ("t.txt", "--format", "transcript", "--out", "made")
    assert run(*command).exit_code == 0
    before = contents(here / "made")
    (here / "made" / "conversations.jsonl.tmp").write_text("killed")
    assert run(*command).exit_code == 0
    assert contents(here / "made") == before
    other = ("m.jsonl", "--format", "messages", "--out", "made")
    refused(run(*other), 2, "made holds another import", "--overwrite")
    # What can't be read leaves the import as it was.
    refused(run("s.json", "--format", "messages", "--out", "made", "--overwrite"), 1, "none of 3")
    assert contents(here / "made") == before
    assert run(*other, "--overwrite").exit_code == 0
    assert len(rows(here / "made")) == 2
    (here / "made" / "import.json").unlink()
    refused(run(*other), 2, "another import, or one that was stopped")


def test_a_disk_that_is_full_gets_a_sentence(here: Path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    (here / "big.txt").write_text("".join(f"User: {n}\nBot: {n} it is\n\n" for n in range(2_000)))
    command = [
        sys.executable,
        str(ROOT / "cli.py"),
        "import",
        "big.txt",
        "--format",
        "transcript",
        "--out",
        "made",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1])),
    )
    assert done.returncode == 1, done
    assert done.stderr == "Error: File too large\n"
    assert not (here / "made").exists()


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_stopped_leaves_nothing_that_counts(here: Path, with_signal: signal.Signals):
    text = "".join(f"User: {n}\nBot: {n} it is\n\n" for n in range(5_000))
    command = ("import", "pipe", "--format", "transcript", "--out", "made")
    temporary = here / "made" / "conversations.jsonl.tmp"
    os.mkfifo(here / "pipe")
    with started(*command) as process, (here / "pipe").open("w") as pipe:
        pipe.write(text)
        pipe.flush()
        assert waits(lambda: temporary.exists() and temporary.stat().st_size > 0)
        process.send_signal(with_signal)
        _, told_why = process.communicate(timeout=60)
    if with_signal == signal.SIGINT:
        assert (process.returncode, told_why) == (1, "Error: stopped; run the same command again to finish\n")
        assert not (here / "made").exists()
    else:
        assert os.listdir(here / "made") == ["conversations.jsonl.tmp"]
    (here / "pipe").unlink()
    (here / "pipe").write_text(text)
    assert run(*command[1:]).exit_code == 0
    assert sorted(os.listdir(here / "made")) == ["conversations.jsonl", "import.json"]
    assert told(here / "made")["taken"] == 5_000


SCRIPT = """
import resource, sys
from pathlib import Path
from generators.importing import Importer
from generators.source import Source
importer = Importer(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = sum(1 for row in importer.rows([sys.argv[2]]))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("format", ["persona", "transcript"])
def test_memory_does_not_grow_with_a_file(tmp_path: Path, format: str):
    """A file of 24 MB, all in one line where it is JSON."""
    many, path = 6_000, tmp_path / "big"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"train": [' if format == "persona" else "")
        for n in range(many):
            text = f"{n} " + "word " * 800
            row = {"personality": ["a"], "utterances": [{"history": ["hi"], "candidates": [text]}]}
            comma = ", " * (n > 0)
            file.write(comma + json.dumps(row) if format == "persona" else f"User: hi\nBot: {text}\n\n")
        file.write("]}" if format == "persona" else "")
    command = [sys.executable, "-c", SCRIPT, format, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    count, grown = map(int, done.stdout.split())
    assert count == many
    assert grown < 12_000, grown  # KiB


def test_what_is_imported_is_a_source(here: Path):
    assert run("m.jsonl", "--format", "messages", "--out", "made").exit_code == 0
    for path in (here / "made", here / "made" / "conversations.jsonl"):
        found = Source("mine", path, cache=here / "cache")
        assert [row["messages"] for row in found] == [row["messages"] for row in rows(here / "made")]
        assert found.report["refused"] == {}


CHATS = st.lists(st.lists(st.tuples(CONTENTS, CONTENTS), min_size=1, max_size=3), min_size=1, max_size=4)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHATS, st.sampled_from(["transcript", "messages", "sharegpt", "persona"]))
def test_conversations_written_are_imported(tmp_path: Path, chats: Any, format: str):
    """Whatever the format, what was written comes back, each once."""
    turns = [[text for exchange in chat for text in exchange] for chat in chats]
    path = tmp_path / "written"
    path.write_bytes(written(turns, format).encode("utf-8"))
    importer = Importer(format, personality="none" if format == "persona" else None)
    made = [json.loads(row)["messages"] for row in importer.rows([path])]
    distinct = list(dict.fromkeys(map(tuple, turns)))
    assert importer.report["refused"] == {}
    assert [[message["content"] for message in messages] for messages in made] == [
        list(each) for each in distinct
    ]
    for messages in made:
        assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2)
    assert importer.report["repeated"] == len(turns) - len(distinct)


def written(chats: list[list[str]], format: str) -> str:
    def named(chat: list[str], role: str, content: str, names: tuple[str, str]) -> list[dict[str, str]]:
        return [{role: names[n % 2], content: text} for n, text in enumerate(chat)]

    if format == "transcript":
        return "---\n".join(
            "".join(f"[{'Human' if n % 2 == 0 else 'Bot'}]: {text}\n" for n, text in enumerate(chat))
            for chat in chats
        )
    if format == "messages":
        return "".join(
            json.dumps({"messages": named(chat, "role", "content", ("user", "assistant"))}) + "\n"
            for chat in chats
        )
    if format == "sharegpt":
        names = ("human", "gpt")
        return json.dumps(
            [{"conversations": named(chat, "from", "value", names)} for chat in chats], indent=1
        )
    return json.dumps(
        [
            {
                "personality": ["i knit ."],
                "utterances": [
                    {"history": chat[:end], "candidates": ["no .", chat[end]]}
                    for end in range(1, len(chat), 2)
                ],
            }
            for chat in chats
        ]
    )
