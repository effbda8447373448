"""How many rows each member of a mixture gets, from rows, shares and a total.

A share is of the whole mixture: of its rows, or of its tokens where the total is in tokens. Without a total
the shares leave the rest to the members whose rows are said, and the whole follows from those.

>>> rows_of([20_000, 0.2], None)
[20000, 5000]
>>> rows_of([0.5, 1_000, "rest"], 10_000)
[5000, 1000, 4000]
>>> rows_of([0.5, 0.5], 100_000, means=[50.0, 200.0])
[1000, 250]
"""

from collections.abc import Sequence

Size = int | float | str  # rows, a share of the whole, or "rest"
CLOSE = 0.001  # of the total: as near as shares that people write come to making a whole


def rows_of(sizes: Sequence[Size], total: int | None, means: Sequence[float] | None = None) -> list[int]:
    """Return the rows of each member.

    Args:
        sizes: of each: whole numbers are rows, others a share of the whole; "rest" is what all others leave.
        total: rows of the whole, or tokens.
        means: tokens of a row of each member, where the total is in tokens.

    Raises:
        ValueError: the sizes make no whole, or a member would have no row.
    """
    unit = "rows" if means is None else "tokens"
    means = means or [1.0] * len(sizes)
    fixed = sum(size * mean for size, mean in zip(sizes, means, strict=True) if isinstance(size, int))
    shares = sum(size for size in sizes if isinstance(size, float))
    rests = sizes.count("rest")
    if rests > 1:
        raise ValueError(f"{rests} members ask for the rest, and there is one; give the others a share")
    if total is None:
        whole = _from_fixed(fixed, shares, bool(rests))
    else:
        whole = float(total)
        _check_whole(whole, fixed, shares, bool(rests), unit)
    left = whole - fixed
    wanted = []
    for size, mean in zip(sizes, means, strict=True):
        if isinstance(size, int):
            wanted.append(float(size))
        elif isinstance(size, str):
            wanted.append((left - shares * whole) / mean)
        else:  # shares that almost make a whole make one
            wanted.append((size * whole if rests or total is None else left * size / shares) / mean)
    found = [int(rows) for rows in wanted] if unit == "rows" else [round(rows) for rows in wanted]
    if unit == "rows":  # what was cut off goes to those that lost most: the sum is what was asked
        order = sorted(range(len(wanted)), key=lambda place: found[place] - wanted[place])
        for place in order[: round(sum(wanted)) - sum(found)]:
            found[place] += 1
    if 0 in found:
        raise ValueError(
            f"member {found.index(0) + 1} of {len(found)} would have no row; ask for more, or leave it out"
        )
    return found


def _from_fixed(fixed: float, shares: float, rest: bool) -> float:
    if rest:
        raise ValueError("the rest is what others leave of a total; say how many rows or tokens there are")
    if shares and not fixed:
        raise ValueError(
            "shares are of a whole; say how many rows or tokens there are, or the rows of a task"
        )
    if shares >= 1:
        raise ValueError(f"the shares add up to {shares:g}, and leave nothing for what has its rows said")
    return fixed / (1 - shares)


def _check_whole(whole: float, fixed: float, shares: float, rest: bool, unit: str) -> None:
    left = whole - fixed - shares * whole
    if rest:
        if left <= 0:
            raise ValueError(f"nothing is left for the rest: the others have all {whole:,.0f} {unit}")
    elif not shares:
        if abs(left) > CLOSE * whole:
            raise ValueError(
                f"the total is {whole:,.0f} {unit}, and what is asked for has {fixed:,.0f}; leave the total "
                f"out, or give shares of it"
            )
    elif abs(left) > CLOSE * whole or whole <= fixed:
        said = f" beside {fixed:,.0f} {unit} that are said" if fixed else ""
        raise ValueError(
            f"the shares add up to {shares:g}{said}, and of {whole:,.0f} {unit} they must make "
            f'{max(0.0, 1 - fixed / whole):g}; mend one, or write share = "rest"'
        )
