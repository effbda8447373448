"""Formats of a source: which of its columns a conversation is made of.

| format | columns, unless a person names others |
|---|---|
| messages | `messages`, a list of `role` and `content`; content is a text, or a list of typed parts |
| sharegpt | `conversations`, a list of `from` and `value` |
| alpaca | `instruction`, `output`, and `input` and `system` where they are |
| prompt | `prompt` and `completion`, texts or lists of messages |
| text | `text`: no conversation, for the dialect `text` alone |

>>> found = tell({"question": None, "answer": None, "id": None}, "rows.csv")
>>> found.format, found.columns
('prompt', {'prompt': 'question', 'completion': 'answer'})
"""

from collections.abc import Mapping
from dataclasses import dataclass

from generators.names import find
from generators.sourcefiles import SourceError

# The columns of each format: what they are, and their usual names; "?" marks one that may be missing.
FORMATS: dict[str, dict[str, tuple[str, ...]]] = {
    "messages": {"messages": ("messages", "conversation", "conversations", "")},
    "sharegpt": {"conversations": ("conversations", "conversation", "messages", "")},
    "alpaca": {
        "instruction": ("instruction",),
        "output": ("output", "response"),
        "input?": ("input", "context"),
        "system?": ("system",),
    },
    "prompt": {"prompt": ("prompt", "question"), "completion": ("completion", "response", "answer")},
    "text": {"text": ("text",)},
}
# The fields of a list's messages.
FIELDS = {"messages": ("role", "content"), "sharegpt": ("from", "value")}
WHOLE = ""  # the name of a column where a row is nothing but a list, as a line of JSON may be
Columns = Mapping[str, tuple[str, ...] | None]


@dataclass(frozen=True)
class Format:
    """What a row's conversation is made of.

    Attributes:
        format: one of FORMATS.
        columns: the names of the columns, by what they are.
        role, content: the fields of messages, where columns hold lists of them.
        lists: whether they do.
    """

    format: str
    columns: Mapping[str, str]
    role: str = "role"
    content: str = "content"
    lists: bool = False


def tell(
    there: Columns, file: str, format: str | None = None, columns: Mapping[str, str] | None = None
) -> Format:
    """Tell the format of a source from its columns.

    Args:
        there: the columns of its first file; for each that is a list of messages, their fields.
        file: its name, for errors.
        format: one of FORMATS, where a person says.
        columns: names of a person's columns, by what they are; "role" and "content" name the fields of
            messages.

    Raises:
        SourceError: columns can't be told, or those that are named are not there; says which there are,
            and what would fit.
    """
    given = dict(columns or {})
    if format is not None:
        find(format, FORMATS, "format")
    formats = [format] if format else list(FORMATS)
    if given and not format:
        formats = [name for name in FORMATS if set(given) <= _known(name)] or formats
    if format or given:
        known = dict.fromkeys(name for chosen in formats for name in sorted(_known(chosen)))
        for name in given:
            find(name, known, f"column of the format {formats[0]}" if len(formats) == 1 else "column")
    for name in formats:
        found = _fitted(there, name, given)
        if found is not None:
            return found
    shown = ", ".join(name or "(a bare list)" for name in there) or "none"
    wants = "; ".join(f"{name}: {_wanted(name, given)}" for name in formats)
    raise SourceError(
        f"{file} has the columns {shown}, of which no conversation can be made; what would fit: {wants}. "
        f"Name yours with columns, such as prompt = 'question'"
    )


def _known(format: str) -> set[str]:
    fields = {"role", "content"} if format in FIELDS or format == "prompt" else set()
    return {name.rstrip("?") for name in FORMATS[format]} | fields


def _wanted(format: str, given: Mapping[str, str]) -> str:
    said = [
        repr(given.get(name.rstrip("?"), usual[0])) + (" if there" if name.endswith("?") else "")
        for name, usual in FORMATS[format].items()
    ]
    fields = _fields(format, given)
    return ", ".join(said) + (f" with {fields[0]!r} and {fields[1]!r}" if format in FIELDS else "")


def _fields(format: str, given: Mapping[str, str]) -> tuple[str, str]:
    role, content = FIELDS.get(format, FIELDS["messages"])
    return given.get("role", role), given.get("content", content)


def _fitted(there: Columns, format: str, given: Mapping[str, str]) -> Format | None:
    found: dict[str, str] = {}
    fields = _fields(format, given)
    for wanted, usual in FORMATS[format].items():
        name = wanted.rstrip("?")
        for column in [given[name]] if name in given else usual:
            if column not in there:
                continue
            inner = there[column]
            lists = inner is not None and set(fields) <= set(inner)
            if lists if format in FIELDS else inner is None or (format == "prompt" and lists):
                found[name] = column
                break
        else:
            if name == wanted or name in given:
                return None
    kinds = {there[column] is not None for column in found.values()}
    return None if len(kinds) > 1 else Format(format, found, *fields, kinds.pop())  # no text beside a list
