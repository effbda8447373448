"""The dataset card: DIR/README.md, for loaders, viewers and people."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

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

## Licences

The words and their frequencies come from wordfreq by Robyn Speer (doi:10.5281/zenodo.7199437), whose data
is under CC BY-SA 4.0 and draws on sources that it names, among them Wikipedia, SUBTLEX and OpenSubtitles.
Conversations made from your own words are yours.
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
        columns={"tokens": _IDS, "text": _TEXT}.get(asked["dialect"], _TEXTS.format(without=without)),
    )


def _files(manifest: Mapping[str, Any], split: str) -> str:
    """Name the files of a split: its folder's, but texts are all in one."""
    if manifest["asked"]["dialect"] != "text":
        return f"{split}/*.parquet"
    files = [shard["file"] for shard in manifest["shards"] if shard["split"] == split]
    return "".join(f"\n    - {file}" for file in files)
