import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.rolemarkers import NAMES, Markers
from tests.strategies import TEXTS

WRITTEN = {
    "plain": "{}:",
    "square": "[{}]:",
    "angle": "<{}>:",
    "hash": "### {}:",
    "bold": "**{}:**",
}
ROLES = [(role, name) for role, names in NAMES.items() for name in names]
CASES = (str.lower, str.upper, str.title)


@settings(deadline=None)
@given(
    st.sampled_from(list(WRITTEN)),
    st.sampled_from(ROLES),
    st.sampled_from(CASES),
    st.sampled_from(["", " ", "  ", "\t"]),
    TEXTS.filter(lambda text: "\n" not in text and text[:1] not in (" ", "\t")),
)
def test_every_form_of_every_name_is_read(form, role, case, space, rest):
    markers = Markers()
    line = WRITTEN[form].format(case(role[1])) + space + rest
    assert markers.form(line) == form
    assert markers.read(line, form) == (role[0], rest)
    for other in set(WRITTEN) - {form}:
        assert markers.read(line, other) is None


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("[Human] hi", "square"),
        ("### Human", "hash"),
        ("# Human :hi", "hash"),
        ("**User**: hi", "bold"),
        ("User : hi", "plain"),
        ("User：你好", "plain"),
        ("User:hi", "plain"),
    ],
)
def test_other_ways_to_write_them(line: str, form: str):
    markers = Markers()
    assert markers.form(line) == form
    role, rest = markers.read(line, form) or ("", "")
    assert (role, rest) in [("user", "hi"), ("user", ""), ("user", "你好")]


@pytest.mark.parametrize(
    "line",
    [
        " User: indented", "User", "User hi", "Users: hi", "The user: hi", "<user>", "<user> hi", "[Human",
        "### Human behaviour", "**User** hi", "Model: Corolla", "",
    ],
)  # fmt: skip
def test_what_is_no_marker(line: str):
    assert Markers().form(line) is None


def test_own_names_take_the_place_of_the_usual_ones():
    markers = Markers("Alice B. (she)", "Dr. [X]")
    assert markers.form("alice b. (SHE): hi") == "plain"
    assert markers.read("[Dr. [X]]: hi", "square") == ("assistant", "hi")
    assert markers.form("User: hi") is None
    assert markers.form("Bot: hi") is None
    assert markers.read("System: be kind", "plain") == ("system", "be kind")
    only = Markers(user="Bot", assistant="system")
    assert only.read("bot: hi", "plain") == ("user", "hi")
    assert only.read("System: hi", "plain") == ("assistant", "hi")
    assert Markers(user="mum").inside("mum: hi") == "mum:"
    assert only.inside("Alice: hi\nSYSTEM: ho") == "SYSTEM:"


@settings(deadline=None)
@given(TEXTS.filter(str.strip), TEXTS)
def test_any_name_can_be_given(name: str, rest: str):
    if len(name.splitlines()) > 1 or name.strip().casefold() in NAMES["assistant"]:
        return
    rest = rest.replace("\n", "").strip()
    markers = Markers(user=name)
    assert markers.read(f"[{name.strip()}]: {rest}", "square") == ("user", rest)


@pytest.mark.parametrize(
    ("user", "assistant", "phrase"),
    [
        ("", None, "the user is called ''"),
        (None, " ", "the assistant is called ' '"),
        ("a\nb", None, "characters of one line"),
        ("Ann", "ANN", "both called 'ann'"),
        ("bot", None, "both called 'bot'"),
    ],
)
def test_names_that_can_not_be_told_apart_are_refused(user, assistant, phrase):
    with pytest.raises(ValueError, match=phrase):
        Markers(user, assistant)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fine.\nUser: and you?", "User:"),
        ("Assistant: yes", "Assistant:"),
        ("ChatGPT: yes", "ChatGPT:"),
        ("\n  USER: indented", "USER:"),
        ("hi [Bot]: no", "[Bot]:"),
        ("hi <human>: no", "<human>:"),
        ("# Bot: no", "# Bot:"),
        ("**Assistant:** no", "**Assistant:**"),
        ("**bot**: no", "**bot**:"),
        ("the User: is asked", None),
        ("services:\n  user: root", None),
        ("User:root", None),
        ("### User\nguide", None),
        ("[Bot] is a name", None),
        ("System: Linux", None),
        ("", None),
    ],
)
def test_markers_inside_a_turn(text: str, found: str | None):
    assert Markers().inside(text) == found


@settings(deadline=None)
@given(
    st.sampled_from([role for role in ROLES if role[0] != "system"]), st.sampled_from(list(WRITTEN)), TEXTS
)
def test_a_turn_that_another_form_would_cut_is_found(role, form, rest):
    line = WRITTEN[form].format(role[1].title()) + " " + rest
    assert Markers().inside("So:\n" + line)
