"""The dataset card: DIR/README.md, for loaders, viewers and people."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from generators.described import FILES
from generators.recipetext import recipe_text

SHOWN = 1500  # characters of a message; of a source's there may be many more

_CARD = """---
pretty_name: Hornbook conversations
license: cc-by-sa-4.0
language:
{languages}
tags:
- synthetic
- spelling
- tokenization
configs:
- config_name: default
  description: {digest}
  data_files:
{configs}
---
# Conversations that teach a small model its letters

Made by Hornbook {version}, in the dialect `{dialect}`. `manifest.json` says what was asked, of which
versions, and what came out (fingerprint `{fingerprint}`). `hornbook verify` on this folder derives every
row again from its facts.

| rows | {heads} |
|---|{rules}|
{rows}
{tokens}
- No word of the test split is in the training split ({shared} shared).
- {called:,} Python calls were run, and their outputs are what came back. {refused:,} conversations have
  none, because the model's own tool would refuse the call.
{columns}

## A conversation of each task

{examples}
## Make it again, byte for byte

This recipe, as `recipe.toml`, asks for what is here{files}:

```toml
{recipe}
```

```sh
hornbook export --recipe recipe.toml --out DIR
```

With Python, {versions}, and sources of Hornbook whose hash is `{code}`, any number of workers, on any
number of machines, makes the same bytes. What was asked hashes to the fingerprint above; `manifest.json`
has the sha256 of every file.

## Licences

The words and their frequencies come from wordfreq by Robyn Speer (doi:10.5281/zenodo.7199437), whose data
is under CC BY-SA 4.0 and draws on sources that it names, among them Wikipedia, SUBTLEX and OpenSubtitles.
So whoever shares these conversations, or what is made from them, credits wordfreq, says what was changed, and
gives them under the same licence. Whether a model that was trained on them is such a work is not settled
here. Conversations made from your own words are yours, and rows of other sources are under the licences of
those.

## Known limits

- Questions and answers come from templates in a few languages: a few per cent of a mixture teach the skill,
  and nothing but this teaches a model to talk in templates.
- Words come from frequency lists of what people write. Slurs and obscenities are left out by lists, which
  are never complete; names, foreign words and misspelt words are among the rare ones.
- No test word is a training word, but some have a relative there (strawberries, where strawberry is);
  `manifest.json` counts them.
{repeated}- Letters are counted as readers count them, by graphemes. Python counts code points; where the two
  differ the tool is not asked.
"""

_TEXTS = """\
- `messages`, `prompt` and `completion` are plain chat{without}. `parts` has every assistant turn in full,
  as `text`, `python` and `python_output`; a tool's output is not for training on: `train` is false there."""
_IDS = """\
- `ids` are a whole conversation each, control tokens and all, laid out as nanochat's render_conversation
  does. `mask` is true where the model is trained: on what it writes, never on a tool's output. `tokens` is
  how many there are, `answer` what a right answer comes to."""
_TEXT = """\
- `text` is a whole conversation, as one string. The files are as nanochat's loader reads them: all in one
  folder, the last one for validation, with row groups for every rank."""
_COUNTED = """
Counted with the tokenizer {name} (`{fingerprint}`): {counts}.
"""


def card(manifest: Mapping[str, Any]) -> str:
    """Write the card of a folder from its manifest."""
    asked, splits = manifest["asked"], manifest["splits"]
    tasks = dict.fromkeys(task["task"] for task in asked["tasks"])
    counts = {split: found["tasks"] for split, found in splits.items()}
    languages = {code for by in counts.values() for task in by.values() for code in task.get("language", {})}

    tokens = ""
    if tokenizer := asked.get("tokenizer"):
        tokens = _COUNTED.format(
            name=tokenizer["name"],
            fingerprint=tokenizer["fingerprint"][:16],
            counts=", ".join(f"{found['tokens']:,} tokens in {split}" for split, found in splits.items()),
        )
    without = "" if asked["tool_text"] == "fenced" else ", without the exchange with the tool"

    def row(task: str) -> str:
        cells = [f"{by.get(task, {}).get('rows', {}).get('all', 0):,}" for by in counts.values()]
        return f"| {task} | {' | '.join(cells)} |"

    return _CARD.format(
        languages="\n".join(f"- {code}" for code in sorted(languages)),
        configs="\n".join(f"  - split: {split}\n    path: {_files(manifest, split)}" for split in splits),
        version=asked["versions"]["hornbook"],
        dialect=asked["dialect"],
        fingerprint=asked["fingerprint"][:16],
        # datasets caches what it has loaded under a hash of this YAML and of the folder's name, and of
        # nothing else: without the digest of the shards it would give another folder's rows.
        digest=sha256("".join(shard["sha256"] for shard in manifest["shards"]).encode()).hexdigest()[:32],
        heads=" | ".join(splits),
        rules="|".join("---:" for _ in splits),
        rows="\n".join(row(task) for task in tasks),
        shared=manifest["words_shared_by_splits"],
        called=manifest["tool_calls"]["tool"],
        refused=manifest["tool_calls"]["refused"],
        tokens=tokens,
        examples="".join(map(_example, manifest.get("examples", {}).items())).rstrip("\n") + "\n",
        recipe=recipe_text(manifest, _named(asked)).rstrip("\n"),
        files=_given(asked),
        versions=", ".join(f"{name} {number}" for name, number in asked["versions"].items()),
        code=asked["code"][:16],
        repeated=_repeated(sum(found["repeated_questions"] for found in splits.values())),
        columns={"tokens": _IDS, "text": _TEXT}.get(asked["dialect"], _TEXTS.format(without=without)),
    )


def _named(asked: Mapping[str, Any]) -> list[str]:
    """Return the tasks that go by a name: those of the files beside ours."""
    tasks = Path(__file__).parent.parent / "tasks"
    found = [task for task in asked["tasks"] if "class" in task]
    return [task["task"] for task in found if (tasks / f"{task['class'].partition(':')[0]}.py").is_file()]


def _given(asked: Mapping[str, Any]) -> str:
    """Say which files of a person's own it takes."""
    options = [task.get("options", {}) for task in asked["tasks"]]
    files = sorted({str(each[name]) for each in options for name in FILES if isinstance(each.get(name), str)})
    return f", where the files {', '.join(files)} lie beside it" if files else ""


def _repeated(questions: int) -> str:
    if not questions:
        return ""
    return f"- {questions:,} questions come more than once: there are only so many words and ways to ask.\n"


def _example(task: tuple[str, Sequence[Mapping[str, Any]]]) -> str:
    """Show a conversation, who speaks before what is said."""
    name, messages = task
    lines = []
    for message in messages:
        content = message["content"]
        parts = [{"type": message["role"], "text": content}] if isinstance(content, str) else content
        for part in parts:
            speaker = message["role"] if part["type"] == "text" else part["type"]
            said = part["text"].strip("\n")
            said = said if len(said) <= SHOWN else said[:SHOWN] + " …"
            lines.append(f"{speaker:<14} " + said.replace("\n", "\n" + " " * 15))
    text = "\n".join(line.rstrip() for line in "\n\n".join(lines).splitlines())
    # Longer than any fence in what is said.
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"### {name}\n\n{fence}text\n{text}\n{fence}\n\n"


def _files(manifest: Mapping[str, Any], split: str) -> str:
    """Name the files of a split: its folder's, but texts are all in one."""
    if manifest["asked"]["dialect"] != "text":
        return f"{split}/*.parquet"
    files = [shard["file"] for shard in manifest["shards"] if shard["split"] == split]
    return "".join(f"\n    - {file}" for file in files)
