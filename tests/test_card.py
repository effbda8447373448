import re
from pathlib import Path

import pytest

from generators.card import card
from generators.dialects import Dialect
from generators.export import export
from tasks.spellingbee import SimpleSpelling, SpellingBee
from tests.exports import lexicon, manifest


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lexicon(tmp_path_factory.mktemp("words"))


def header(text: str) -> dict[str, object]:
    """Read the little of YAML that a card has: scalars, lists, and lists of mappings below `configs`."""
    match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert match
    found: dict[str, object] = {}
    name = ""
    for line in match[1].splitlines():
        assert line == line.rstrip()
        assert "\t" not in line
        if top := re.fullmatch(r"(\w+):(?: (.+))?", line):
            name = top[1]
            found[name] = top[2] or []
        elif item := re.fullmatch(r"- ([\w-]+)", line):
            listed = found[name]
            assert isinstance(listed, list)
            listed.append(item[1])
        else:
            listed = found[name]
            assert isinstance(listed, list)
            listed.append(line)
    return found


@pytest.mark.parametrize("splits", [("train", "test"), ("train",), ("test",)])
def test_the_card_names_the_splits(words: Path, tmp_path: Path, splits: tuple[str, ...]):
    tasks = {split: [SpellingBee(50, split, language="en", lexicon=words)] for split in splits}
    export(tasks, tmp_path, workers=1)
    found = header((tmp_path / "README.md").read_text(encoding="utf-8"))
    # Loaders keep what they read by what the card says: another export has another description.
    configs = found["configs"]
    assert isinstance(configs, list)
    assert re.fullmatch(r"  description: [0-9a-f]{32}", configs.pop(1))
    lines = ["- config_name: default", "  data_files:"]
    for split in splits:
        lines += [f"  - split: {split}", f"    path: {split}/*.parquet"]
        assert list(tmp_path.glob(f"{split}/*.parquet"))
    assert found["configs"] == lines
    assert found["language"] == ["en"]
    assert found["license"] == "cc-by-sa-4.0"
    assert isinstance(found["tags"], list)


def test_the_card_says_what_the_manifest_says(words: Path, tmp_path: Path):
    splits = {
        split: [cls(rows, split, language="en", lexicon=words) for cls in (SpellingBee, SimpleSpelling)]
        for split, rows in (("train", 1200), ("test", 60))
    }
    export(splits, tmp_path, workers=1, dialect=Dialect("messages", "fenced"))
    text, found = (tmp_path / "README.md").read_text(encoding="utf-8"), manifest(tmp_path)
    assert text == card(found)
    assert "| rows | train | test |\n|---|---:|---:|\n| spellingbee | 1,200 | 60 |\n" in text
    assert "| simplespelling | 1,200 | 60 |" in text
    assert "in the dialect `messages`" in text
    assert found["asked"]["fingerprint"][:16] in text
    assert f"{found['tool_calls']['tool']:,} Python calls were run" in text
    assert "wordfreq by Robyn Speer" in text
    assert "without the exchange" not in text
    assert not re.search(r"\{[a-z_]+\}", text)  # nothing is left to fill in
    assert (
        'dialect = "messages"\ntool_text = "fenced"\n\n[[task]]\nname = "spellingbee"\nrows = 1200\n' in text
    )
    assert "asks for what is here, where the files words.txt lie beside it:" in text
    for task, conversation in found["examples"].items():
        assert f"### {task}\n" in text
        assert conversation[0]["content"] in text


def test_languages_are_those_of_the_questions(words: Path, tmp_path: Path):
    task = SimpleSpelling(100, language="es:0.5,zh:0.5", lexicon=words)
    export({"train": [task]}, tmp_path, workers=1)
    assert header((tmp_path / "README.md").read_text(encoding="utf-8"))["language"] == ["es", "zh"]
