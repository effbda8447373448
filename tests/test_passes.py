import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.book import Book
from generators.dialects import Dialect
from generators.passes import Passes, passes
from tests.tabsource import TabSource, write_source

ROWS = 97


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> TabSource:
    return TabSource("mine", str(write_source(tmp_path_factory.mktemp("rows") / "rows.tsv", ROWS)))


def read(member: object, index: "np.ndarray | range") -> list[tuple[str, str]]:
    """Return ids and questions."""
    table = Dialect("messages").table(member.conversations(np.asarray(index), Book()))  # type: ignore[attr-defined]
    return [(row["id"], row["messages"][0]["content"]) for row in table.to_pylist()]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 5 * ROWS))
def test_a_row_comes_as_often_as_there_are_passes(source: TabSource, rows: int):
    made = Passes(source, rows)
    assert len(made) == rows == len(made.view)
    found = read(made, made.view)
    ids = [id_ for id_, _ in found]
    assert len(set(ids)) == rows
    counts = Counter(question for _, question in found)
    whole, more = divmod(rows, ROWS)
    assert set(counts.values()) <= {whole, whole + 1}
    assert sum(count == whole + 1 for count in counts.values()) == (more if whole or more else 0)
    for number in range(-(-rows // ROWS)):
        # Pass after pass, each with all rows once.
        here = found[number * ROWS : (number + 1) * ROWS]
        head = f"mine/train/epoch{number + 1}/" if number else "mine/train/"
        assert all(id_ == head + question.split()[1] for id_, question in here)
        assert len({question for _, question in here}) == len(here)


def test_every_pass_has_its_own_order(source: TabSource):
    found = [question for _, question in read(Passes(source, 3 * ROWS), range(3 * ROWS))]
    orders = [found[i * ROWS : (i + 1) * ROWS] for i in range(3)]
    assert len(set(map(tuple, orders))) == 3
    assert all(order != sorted(order) for order in orders)
    # Half a pass is a lot drawn from all rows.
    some = {int(question.split()[1]) for _, question in read(Passes(source, 40), range(40))}
    assert max(some) > 80
    assert min(some) < 20


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 4 * ROWS - 1), min_size=1, max_size=30))
def test_rows_are_the_same_in_any_batch(source: TabSource, index: list[int]):
    made = Passes(source, 4 * ROWS)
    alone = [read(pickle.loads(pickle.dumps(made)), range(i, i + 1))[0] for i in index[:4]]
    assert read(made, np.array(index))[:4] == alone


def test_a_member_that_has_as_many_rows_is_itself(source: TabSource):
    assert passes(source, ROWS) is source
    assert isinstance(passes(source, ROWS + 1), Passes)
    assert Passes(source, 5).described() == {**source.described(), "passes_over": ROWS}
    assert Passes(source, 5).report == {"rows": ROWS}


def test_of_nothing_there_are_no_passes(tmp_path: Path):
    empty = TabSource("none", str(write_source(tmp_path / "rows.tsv", 0)))
    with pytest.raises(ValueError, match="none has no row, and 7 are asked of it"):
        Passes(empty, 7)
