"""Requests as typed: every wording of every language behind a mark and behind a comma."""

from itertools import product

import numpy as np
import pytest

from generators.book import Book
from generators.checkrequests import asked_for
from generators.prompts import language, languages
from generators.requests import Requests, ends_marked
from generators.rows import Rows
from generators.working import WORKINGS, Working, workings_of


def typed(code, kind, marked, lower):
    """All requests of a kind, as a thousand rows have them."""
    n = 1000
    rows = Rows.of(range(n), seed=0, task="t", split="train")
    working = Working.dealt(rows, workings_of(f"{kind}:1:1"))
    flags = (np.full(n, flag) for flag in (marked, lower))
    requests = Requests([language("en"), language(code)], 0.6)
    piece = requests.piece(working, np.ones(n, dtype=np.int64), *flags)
    book = Book()
    return book.strings(book.set([piece], n)).to_pylist()


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("kind", [kind for kind in WORKINGS if kind != "tool"])
def test_every_way_of_typing(code, kind):
    lang = language(code)
    space = lang.comma[len(lang.comma.rstrip()) :]
    for marked, lower in product((True, False), (True, False)):
        expected = set()
        for wording in lang.requests[kind]:
            plain = wording.removesuffix(lang.full_stop)
            if lang.cased:
                begun = plain if marked else plain[0].lower() + plain[1:]
                plain = begun.lower() if lower else begun
            expected |= {space + plain, space + plain + lang.full_stop}
        found = typed(code, kind, marked, lower)
        assert set(found) == expected
        stopped = sum(text.endswith(lang.full_stop) for text in found) / len(found)
        assert 0.5 < stopped < 0.7
        before = f"Q{'?' if marked else lang.comma.rstrip()}"
        assert all(asked_for(before + text, code) == {kind} for text in expected)
        assert not any(asked_for("Q" + text, code) for text in expected)  # nothing parts it from the question


def test_rows_that_ask_for_nothing_have_no_piece_at_all():
    rows = Rows.of(range(100), seed=0, task="t", split="train")
    working = Working.dealt(rows, workings_of("hand:1:0.5"))
    flags = np.ones(100, dtype=np.bool_)
    piece = Requests([language("fr")], 0.6).piece(working, np.zeros(100, dtype=np.int64), flags, flags)
    lengths = Book().set([piece], 100).lengths
    assert lengths.tolist() == working.asked.astype(int).tolist()
    assert 30 < lengths.sum() < 70


def test_how_texts_end():
    texts = ["so?", "so", "", "so :)", "“so”", "吗？", "吗", "3", "n\u0303"]
    assert ends_marked(texts).tolist() == [1, 0, -1, 1, 1, 1, 0, 0, 0]
