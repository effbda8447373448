"""Rows read back in a batch are what they are alone, whatever is wrong with their neighbours."""

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.readback import Read, Reader
from tokenizer.chosen import Tokenizer
from tokenizer.encoding import EncodingError

CHOSEN = Tokenizer.opened()
CONTROL = CHOSEN.chat.ids
READER = Reader(CHOSEN.encoding, CHOSEN.chat)


def right(text: str) -> tuple[list[int], list[bool]]:
    say = CHOSEN.encoding.encode(text)
    head = [CONTROL[role] for role in ("bos", "user_start")] + say
    head += [CONTROL["user_end"], CONTROL["assistant_start"]]
    return [*head, *say, CONTROL["assistant_end"]], [False] * len(head) + [True] * (len(say) + 1)


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[int], list[bool]]:
    ids, mask = right(draw(st.sampled_from(["fig", "naïve 漢字", "a b, c", "r"])))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(ids)))
        odd = draw(st.sampled_from([*CONTROL.values(), 0, 300, -3, 10**7]))
        ids, mask = draw(
            st.sampled_from(
                [
                    (ids[:at], mask),
                    (ids, mask[:at]),
                    (ids, [*mask, True]),
                    ([*ids[:at], odd, *ids[at + 1 :]], mask),
                    ([*ids[:at], odd, *ids[at:]], mask),
                    (ids, [said != (number == at) for number, said in enumerate(mask)]),
                ]
            )
        )
    return ids, mask


def alone(ids: list[int], mask: list[bool]) -> Any:
    try:
        return READER.read(ids, mask)
    except EncodingError as error:
        return str(error)


@settings(max_examples=150, deadline=None)
@given(st.lists(rows(), max_size=6))
def test_a_batch_is_its_rows(made: list[tuple[list[int], list[bool]]]) -> None:
    ids = pa.array([[], *(ids for ids, _ in made)], pa.list_(pa.int32())).slice(1)
    mask = pa.array([[], *(mask for _, mask in made)], pa.list_(pa.bool_())).slice(1)
    found = [read if isinstance(read, Read) else str(read) for read in READER.read_batch(ids, mask)]
    assert found == [alone(*row) for row in made]


@given(st.sampled_from(["fig", "naïve 漢字", ""]), st.data())
def test_what_is_right_is_read_and_a_wrong_bit_is_found(text: str, data: st.DataObject) -> None:
    ids, mask = right(text)
    if not text:  # an empty turn of the assistant has no part
        mask[-1] = True
    read = READER.read(ids, mask)
    assert read.problems == []
    assert read.messages == [("user", text), ("assistant", text)]
    at = data.draw(st.integers(0, len(ids) - 1))
    mask[at] = not mask[at]
    assert READER.read(ids, mask).problems == [
        f"its mask is wrong at token {at}, {CHOSEN.encoding.decode([ids[at]])!r}"
    ]


def test_nulls_are_wrong() -> None:
    ids, mask = right("fig")
    [null_id] = READER.read_batch(
        pa.array([[*ids[:2], None, *ids[3:]]], pa.list_(pa.int32())), pa.array([mask])
    )
    assert isinstance(null_id, EncodingError)
    [null_mask] = READER.read_batch(pa.array([ids], pa.list_(pa.int32())), pa.array([[None, *mask[1:]]]))
    assert isinstance(null_mask, Read)
    assert len(null_mask.problems) == 1
