import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.sizes import rows_of

WEIGHTS = st.lists(st.integers(1, 100), min_size=1, max_size=8)


@given(WEIGHTS, st.integers(1000, 10**9))
def test_shares_of_rows_make_the_total(weights: list[int], total: int):
    shares = [weight / sum(weights) for weight in weights]
    found = rows_of(shares, total)
    assert sum(found) == total
    assert all(
        abs(rows - share * total) < 1 + len(weights) for rows, share in zip(found, shares, strict=True)
    )


@given(WEIGHTS, st.lists(st.integers(1, 10**6), max_size=4), st.integers(1, 80))
def test_the_rest_is_what_others_leave(weights: list[int], fixed: list[int], percent: int):
    shares = [percent / 100 * weight / sum(weights) for weight in weights]
    total = 10**8 + sum(fixed)
    found = rows_of([*shares, *fixed, "rest"], total)
    assert sum(found) == total
    assert found[len(shares) : -1] == fixed
    assert abs(found[-1] - (total - sum(fixed) - sum(shares) * total)) < 2 + len(shares)


@given(st.lists(st.integers(100, 10**7), min_size=1, max_size=4), st.integers(1, 95))
def test_without_a_total_shares_are_of_all_that_comes_out(fixed: list[int], percent: int):
    *rows, shared = rows_of([*fixed, percent / 100], None)
    assert rows == fixed
    assert shared / (sum(fixed) + shared) == pytest.approx(percent / 100, abs=1 / sum(fixed))


@given(WEIGHTS, st.lists(st.floats(1, 2000), min_size=8, max_size=8), st.integers(10**6, 10**10))
def test_tokens_come_out_at_the_means(weights: list[int], means: list[float], total: int):
    shares, means = [weight / sum(weights) for weight in weights], means[: len(weights)]
    found = rows_of(shares, total, means)
    tokens = [rows * mean for rows, mean in zip(found, means, strict=True)]
    assert sum(tokens) == pytest.approx(total, abs=sum(means))
    assert all(
        part == pytest.approx(share * total, abs=mean)
        for part, share, mean in zip(tokens, shares, means, strict=True)
    )


@pytest.mark.parametrize(
    ("sizes", "total", "says"),
    [
        ([0.5, "rest", "rest"], 100, "2 members ask for the rest, and there is one"),
        ([10, "rest"], None, "the rest is what others leave of a total"),
        ([0.5, 0.5], None, "shares are of a whole; say how many rows or tokens there are"),
        ([10, 0.5, 0.6], None, "the shares add up to 1.1, and leave nothing"),
        ([100, "rest"], 100, "nothing is left for the rest: the others have all 100 rows"),
        ([0.5, 0.5, "rest"], 100, "nothing is left for the rest"),
        ([10, 20], 100, "the total is 100 rows, and what is asked for has 30"),
        ([0.5, 0.4], 100, "the shares add up to 0.9, and of 100 rows they must make 1; mend one"),
        (
            [50, 0.4],
            100,
            "the shares add up to 0.4 beside 50 rows that are said, and of 100 rows they must make 0.5",
        ),
        ([1.0 - 1e-6, 1e-6], 100, "member 2 of 2 would have no row"),
    ],
)
def test_sizes_that_make_no_whole_are_refused(sizes, total, says: str):
    with pytest.raises(ValueError, match="^" + says.replace(".", r"\.")):
        rows_of(sizes, total)
