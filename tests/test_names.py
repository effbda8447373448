import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.names import find

STYLES = ["classic", "quote-comma"]


def test_right_name():
    assert find("classic", STYLES, "style") == "classic"
    assert find("classic", {"classic": 1}, "style") == "classic"
    assert find("b", (name for name in "abc"), "letter") == "b"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("classik", "; did you mean 'classic'?"),
        ("Classic", "; did you mean 'classic'?"),
        ("QUOTE_COMMA", "; did you mean 'quote-comma'?"),
        ("xyz", "."),
        ("", "."),
        (None, "."),
        (7, "."),
        (["classic"], "; did you mean 'classic'?"),
    ],
)
def test_wrong_name(name: object, hint: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011, the whole text is looked at
        find(name, STYLES, "style")
    assert str(caught.value) == f"there is no style {name!r}{hint} There are: classic, quote-comma"


@given(st.text(), st.lists(st.text(min_size=1), min_size=1))
def test_any_name(name: str, allowed: list[str]):
    if name in allowed:
        assert find(name, allowed, "name") == name
    else:
        with pytest.raises(ValueError, match="there is no name") as caught:
            find(name, allowed, "name")
        assert ", ".join(allowed) in str(caught.value)
