"""Role markers: what stands at the start of a line in a transcript and says who speaks.

| form | marker |
|---|---|
| plain | `User:` `Assistant:` |
| square | `[Human]:` `[Bot]:`, the colon may be missing |
| angle | `<human>:` `<bot>:` |
| hash | `### Human:`, the colon may be missing where nothing follows |
| bold | `**User:**` or `**User**:` |

>>> markers = Markers()
>>> markers.form("[Bot]: Hello."), markers.read("[Bot]: Hello.", "square")
('square', ('assistant', 'Hello.'))
>>> markers.read("[Bot]: Hello.", "plain") is None, markers.inside("Fine.\\nUser: And you?")
(True, 'User:')
"""

from collections.abc import Sequence

import regex

NAMES = {
    "user": ("human", "user"),
    "assistant": ("assistant", "bot", "chatbot", "ai", "gpt", "chatgpt"),
    "system": ("system",),
}
# What stands before and after a name; {} is the name.
_FORMS = {
    "plain": r"{}[ \t]*[:：]",
    "square": r"\[{}\][ \t]*[:：]?",
    "angle": r"<{}>[ \t]*[:：]",
    "hash": r"\#{{1,6}}[ \t]*{}[ \t]*(?:[:：]|$)",
    "bold": r"\*\*{}(?:[:：]\*\*|\*\*[ \t]*[:：])",
}


class Markers:
    """The markers of a user, an assistant and a system message.

    Args:
        user: what the user is called; None for the usual names. Case does not count.
        assistant: what the assistant is called, likewise.

    Raises:
        ValueError: a name is empty or more than a line, or both are the same.
    """

    def __init__(self, user: str | None = None, assistant: str | None = None) -> None:
        self.names: dict[str, tuple[str, ...]] = dict(NAMES)
        for role, name in (("user", user), ("assistant", assistant)):
            if name is None:
                continue
            if not name.strip() or len(name.splitlines()) > 1:
                raise ValueError(f"the {role} is called {name!r}; a name is some characters of one line")
            self.names[role] = (name.strip(),)
        speakers = [{name.casefold() for name in self.names[role]} for role in ("user", "assistant")]
        if both := speakers[0] & speakers[1]:
            raise ValueError(f"user and assistant are both called {min(both)!r}; their names must differ")
        # A role that was given another's usual name has it alone.
        taken = {name.casefold() for name in (user, assistant) if name is not None}
        if "system" in taken:
            self.names["system"] = ()
        named = "|".join(f"(?P<{role}>{_any(names)})" for role, names in self.names.items() if names)
        self._forms = {
            form: regex.compile(f"(?i){marker.format(f'(?:{named})')}[ \t]*(?P<rest>.*)")
            for form, marker in _FORMS.items()
        }
        spoken = [*self.names["user"], *self.names["assistant"]]
        some = _any(spoken)
        # A usual name in lower case is as often a key of some program's settings, as in `user: root`.
        usual = [name for name in spoken if name in NAMES["user"] + NAMES["assistant"]]
        exact = "|".join(
            f"{case}(?i:{_any(names)})"
            for case, names in ((r"(?=\p{Lu})", usual), ("", [name for name in spoken if name not in usual]))
            if names
        )
        starts = rf"(?i:\[{some}\][:：]|<{some}>[:：]|\#{{1,6}}[ \t]*{some}[:：]|\*\*{some}(?::\*\*|\*\*:))"
        # Two searches: as one they take seven times as long.
        self._inside = (
            regex.compile(rf"(?m)^[ \t]*(?:{starts}|(?:{exact})[:：](?!\S))"),
            regex.compile(rf"(?i)\[{some}\][:：]|<{some}>[:：]"),
        )

    def form(self, line: str) -> str | None:
        """Return the form of the marker that a line begins with; None where it begins with none."""
        return next((form for form, marker in self._forms.items() if marker.fullmatch(line)), None)

    def read(self, line: str, form: str) -> tuple[str, str] | None:
        """Return the role that a line begins with in a form, and the rest of the line; None without one."""
        found = self._forms[form].fullmatch(line)
        if found is None:
            return None
        role = next(role for role in self.names if found.groupdict().get(role) is not None)
        return role, found["rest"]

    def inside(self, text: str) -> str | None:
        """Return what in a turn's text looks like a marker of user or assistant; None if nothing does.

        At the start of a line any form does, elsewhere brackets with a colon.
        """
        found = next((found for pattern in self._inside if (found := pattern.search(text))), None)
        return found[0].strip() if found else None


def _any(names: Sequence[str]) -> str:
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return f"(?:{'|'.join(regex.escape(name) for name in ordered)})"
