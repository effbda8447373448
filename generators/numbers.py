"""Numbers to count a digit in: of 5 to 12 digits, in training or test by the same hash as words.

>>> rows = Rows.of(range(3), seed=0, task="t", split="train")
>>> numbers = draw_numbers(rows, np.array([7, 7, 0]), np.array([0, 2, 1]), test=False)
>>> [number.count(digit) for number, digit in zip(numbers, "770")]
[0, 2, 1]
>>> any(map(is_test_word, numbers))
False
"""

import numpy as np

from generators.rows import Ints, Rows, below, mix
from generators.wordcolumns import is_test_word

LEAST, MOST = 5, 12  # digits
_OTHERS = 3  # digits, at least, beside those that are counted: else a split might have no such number


def draw_numbers(rows: Rows, digit: Ints, count: Ints, test: bool) -> list[str]:
    """Draw each row a number of its split that has a digit so often.

    Args:
        rows: the rows.
        digit: (rows,) 0 to 9.
        count: (rows,) how often, at most LEAST.
        test: of the test split, or else of the training split.
    """
    size = np.maximum(LEAST + rows.below("digits", MOST - LEAST + 1), count + _OTHERS)
    hashes = rows.hash("number")
    found = [""] * len(rows)
    left, attempt = np.arange(len(rows)), 0
    while len(left):  # one number in twenty is a test number, and one in ten begins with 0
        drawn = mix(mix(hashes[left], attempt)[:, None], np.arange(2 * MOST))
        # The digit stands in the places that come first in an order by lot, others in the rest.
        order = np.where(np.arange(MOST) < size[left, None], drawn[:, :MOST] >> np.uint64(1), ~np.uint64(0))
        hit = np.argsort(np.argsort(order, axis=1), axis=1) < count[left, None]
        others = below(drawn[:, MOST:], 9)
        others += others >= digit[left, None]
        digits = np.where(hit, digit[left, None], others)
        again = []
        # Row by row: a number's split is a hash of its text.
        for row, figures in zip(left.tolist(), digits, strict=True):
            number = "".join(map(str, figures[: size[row]].tolist()))
            if number[0] == "0" or is_test_word(number) != test:
                again.append(row)
            else:
                found[row] = number
        left, attempt = np.array(again, dtype=np.int64), attempt + 1
    return found
