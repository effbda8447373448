"""How varied conversations are: distinct-3 against the slow obvious way, and what the manifest says of it."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.book import Book
from generators.export import export
from generators.mixture import Mixture
from generators.prompts import languages
from generators.styles import STYLES
from generators.variety import SAMPLE, distinct_3, glance, variety
from tasks.lettercounting import LetterCounting
from tasks.spellingbee import SimpleSpelling, SpellingBee


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=8).map(" ".join), max_size=6), st.booleans())
def test_distinct_3_is_the_share_of_distinct_trigrams(texts, unspaced):
    grams = []
    for text in texts:
        units = text.replace(" ", "") if unspaced else text.split(" ")
        grams += [tuple(units[i : i + 3]) for i in range(len(units) - 2)]
    expected = len(set(grams)) / len(grams) if grams else 1
    assert distinct_3(texts, unspaced) == pytest.approx(expected, abs=1e-4)


def test_variety_is_that_of_the_rows_by_task_and_language():
    tasks = [SpellingBee(size=300, language="en:0.5,ja:0.5"), SimpleSpelling(size=200, language="ko")]
    mixture = Mixture(tasks)
    found = variety(mixture.conversations(np.arange(500), Book()))
    assert {task: {code: by["rows"] for code, by in codes.items()} for task, codes in found.items()} == {
        "spellingbee": {"en": 150, "ja": 150},
        "simplespelling": {"ko": 200},
    }
    japanese = [row for row in mixture if row["language"] == "ja"]
    turns = [row["messages"][1]["content"] for row in japanese]
    assert found["spellingbee"]["ja"]["prompts"] == distinct_3(
        [row["messages"][0]["content"] for row in japanese], unspaced=True
    )
    answers = [turn if isinstance(turn, str) else "".join(part["text"] for part in turn) for turn in turns]
    assert found["spellingbee"]["ja"]["answers"] == distinct_3(answers, unspaced=True)


def test_the_manifest_says_how_varied_an_export_is(tmp_path):
    splits = {
        split: [cls(rows, split, language="en:0.8,fr:0.2") for cls in (SpellingBee, LetterCounting)]
        for split, rows in (("train", 600), ("test", 30))
    }
    export(splits, tmp_path, workers=1, shard_rows=500)
    found = json.loads((tmp_path / "manifest.json").read_text("utf-8"))["splits"]["train"]["variety"]
    files = sorted((tmp_path / "train").iterdir())
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    for task in ("spellingbee", "lettercounting"):
        for code in ("en", "fr"):
            mine = [row for row in rows if (row["task"], row["language"]) == (task, code)]
            # Templates of all rows; distinct-3 of the first SAMPLE, and of the first shard at most.
            assert found[task][code]["templates"] == len({row["template"] for row in mine})
            first = [row for row in rows[: min(500, SAMPLE)] if row in mine]
            assert found[task][code]["rows"] == len(first)
            assert found[task][code]["prompts"] == distinct_3(row["prompt"][0]["content"] for row in first)


def test_a_glance_counts_templates_lead_ins_and_wordings():
    task = SpellingBee(size=400, language="en")
    said = glance([task[i] for i in range(400)])
    assert said.startswith("400 conversations: 41 templates, 11 lead-ins, ")
    # 6 wordings each of 7 sentences; words of the row are no wordings.
    assert said.endswith(", 42 wordings in the answers")
    assert glance([]) == "0 conversations: 0 templates, 0 lead-ins"


@pytest.mark.parametrize("code", languages())
def test_wordings_are_found_in_every_language(code):
    rows = list(LetterCounting(size=300, language=code, tool="python", ask="letter"))
    # 6 wordings each of 8 sentences; Korean ones come with several particles.
    said = int(glance(rows).split(", ")[2].split(" ")[0])
    assert said > 48 if code == "ko" else said == 48
    spelled = list(SimpleSpelling(size=50, language=code))
    assert "wordings" not in glance(spelled)


def test_a_glance_sees_the_same_sentences_in_every_style_and_counts_kinds_of_working():
    said = set()
    for style in sorted({*STYLES} - {"classic"}):
        task = SpellingBee(size=200, language="en", style=style, working="full:0.5,compact:0.3,direct:0.2")
        said.add(glance(list(task)))
    [found] = said
    assert ", 3 kinds of working, 42 wordings" in found
