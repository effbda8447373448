"""What language files hold, beside English."""

from generators.inventory import inventory
from generators.prompts import language, languages


def test_every_language_is_listed_with_what_it_has():
    found = {entry.code: entry for entry in inventory()}
    assert list(found) == languages()
    for code, entry in found.items():
        lang = language(code)
        assert entry.templates == {kind: len(templates) for kind, templates in lang.prompts.items()}
        assert entry.wordings >= 3
        assert entry.words > 20_000
    assert found["en"].lacks == ()
    french = len(language("fr").prompts["counting"])
    assert f"counting {french} of {len(language('en').prompts['counting'])}" in found["fr"].lacks
