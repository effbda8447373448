"""Small talk, system prompts and dates: what every language's file must hold."""

import unicodedata
from datetime import date

import pytest
import regex

from generators.opening import DAYS, FIRST_DAY, iso_day
from generators.prompts import Template, languages
from generators.rowcheck import CONTROL
from generators.talk import SYSTEMS, talk, talks, written_cutoff, written_date

every = pytest.mark.parametrize("code", talks())
ROLE = regex.compile(r"^\s*(?:user|assistant|human|bot|system)\s*:", regex.IGNORECASE | regex.MULTILINE)


def texts(code):
    one = talk(code)
    found = [text for pair in one.exchanges for text in pair]
    found += [text for kind in SYSTEMS for text in one.systems[kind]]
    return [*found, *one.ask, *one.answer, *one.unknown]


def test_every_language_has_talk():
    assert talks() == languages()


@every
def test_there_is_enough_of_everything(code):
    one = talk(code)
    assert len(one.exchanges) >= (200 if code == "en" else 100)
    assert all(len(one.systems[kind]) >= 6 for kind in SYSTEMS)
    assert min(len(one.ask), len(one.answer)) >= 6
    assert len(one.unknown) >= 4


@every
def test_no_exchange_comes_twice(code):
    asked = [asked for asked, _ in talk(code).exchanges]
    assert len(set(asked)) == len(asked)
    answered = [answered for _, answered in talk(code).exchanges]
    assert max(answered.count(text) for text in set(answered)) <= 3


@every
def test_texts_are_clean(code):
    for text in texts(code):
        assert text == text.strip() == unicodedata.normalize("NFC", text), text
        assert not CONTROL.search(text), text
        assert not ROLE.search(text), text
        assert "####" not in text, text


@every
def test_slots_are_those_of_their_kind(code):
    one = talk(code)
    allowed = ["current_date", "cutoff"]
    for kind in SYSTEMS:
        expected = {"date": {"current_date"}, "cutoff": set(allowed)}.get(kind, set())
        for text in one.systems[kind]:
            assert set(Template.parse(text, allowed).slots) == expected, text
    for text in one.answer:
        assert Template.parse(text, allowed).slots == ("current_date",), text
    for text in (*one.ask, *one.unknown, *(text for pair in one.exchanges for text in pair)):
        assert not set("{}") & set(text), text


@every
def test_every_date_is_written_so_that_it_can_be_read_back(code):
    one = talk(code)
    assert len(one.months) == len(set(one.months)) == 12
    for form in range(len(one.date_forms)):
        days = [iso_day(day) for day in range(DAYS)]
        written = [written_date(one, form, day) for day in days]
        assert len(set(written)) == DAYS
        for iso, text in zip(days[::97], written[::97], strict=True):
            assert iso[:4] in text
            day = date.fromisoformat(iso).day
            assert str(day) in text or one.first in text
    months = [f"{year}-{month:02}" for year in range(2019, 2031) for month in range(1, 13)]
    assert len({written_cutoff(one, month) for month in months}) == len(months)


def test_the_first_day_is_the_first():
    assert iso_day(0) == FIRST_DAY.isoformat()
    assert written_date(talk("fr"), 0, "2026-03-01").startswith("1er")
