"""Reading token ids back: from ids and mask to messages and parts, and whether they are what they must be.

Where one text part ends and the next begins no control token stands. So a text before a call, and one after
an output, may be two parts that were encoded apart; every other part must be encoded as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from generators.grammar import TEXT, WRITTEN, Grammar, Plan
from generators.ragged import offsets_of, spread
from generators.rowcheck import fenced
from tokenizer.chat import ChatTokens
from tokenizer.encoding import Encoding, EncodingError

Parts = list[tuple[int, str, str, bool]]
_TRIED = 64  # places of a seam


@dataclass(frozen=True)
class Read:
    """A conversation that was read back.

    Attributes:
        messages: pairs of role and content, the exchange with the tool in it as fenced code.
        parts: of the assistant's turns: number of the message, type, text, whether it is trained on.
        problems: what is wrong with ids and mask.
    """

    messages: list[tuple[str, str]]
    parts: Parts
    problems: list[str]


class Reader:
    """Reads conversations back.

    Args:
        encoding: of the tokenizer.
        chat: its control tokens.

    >>> from tokenizer.chosen import Tokenizer
    >>> chosen = Tokenizer.opened()
    >>> control, say = chosen.chat.ids, chosen.encoding.encode
    >>> ids = [control["bos"], control["user_start"], *say("Fig?"), control["user_end"]]
    >>> ids += [control["assistant_start"], *say("Yes"), control["assistant_end"]]
    >>> read = Reader(chosen.encoding, chosen.chat).read(ids, [False] * len(ids))
    >>> read.messages, read.problems
    ([('user', 'Fig?'), ('assistant', 'Yes')], ["its mask is wrong at token 7, 'Y'"])
    """

    def __init__(self, encoding: Encoding, chat: ChatTokens) -> None:
        self._encoding = encoding
        self._control = np.array(sorted(set(chat.ids.values())), dtype=np.int32)
        self._grammar = Grammar(chat)

    def read(self, ids: Sequence[int], mask: Sequence[bool]) -> Read:
        """Read one conversation back.

        Raises:
            EncodingError: ids are not of the vocabulary, or their control tokens make no conversation.
        """
        [found] = self.read_batch(
            pa.array([ids], pa.list_(pa.int32())), pa.array([mask], pa.list_(pa.bool_()))
        )
        if isinstance(found, EncodingError):
            raise found
        return found

    def read_batch(self, ids: pa.ListArray, mask: pa.ListArray) -> list[Read | EncodingError]:
        """Read conversations back, (rows,) lists of ids and of whether each is trained on.

        Returns:
            Each conversation, or, where ids are not of the vocabulary or their control tokens make no
            conversation, an error that says so.
        """
        values, edges = _flat(ids, -1)
        control = np.isin(values, self._control)
        head = control.copy()
        head[1:] |= control[:-1]
        head[edges[:-1][edges[:-1] < len(values)]] = True
        heads = np.flatnonzero(head)  # where runs start: a control token, or all that stands before the next
        first = np.searchsorted(heads, edges)  # (rows + 1,) each row's first run
        skeleton = np.where(control[heads], values[heads], TEXT).astype(np.int32)
        plans, plan_of = self._plans(skeleton, first)
        texts, right = self._texts(values, np.append(heads, len(values)), skeleton == TEXT)
        ends = np.append(heads, len(values))
        only_last: set[int] = set()
        wrong = self._wrong(values, edges, mask, ends, first, [plans[number].trained for number in plan_of])
        if wrong and any(plan.last != plan.trained for plan in plans):
            # A row may be trained on its last turn alone, but then on nothing else.
            last = [plans[number].last for number in plan_of]
            still = self._wrong(values, edges, mask, ends, first, last)
            only_last = wrong.keys() - still.keys()
            wrong = {row: place for row, place in wrong.items() if row in still}
        found: list[Read | EncodingError] = []
        # Row by row: messages and parts are what rows are checked by.
        for row, number in enumerate(plan_of):
            own = slice(int(first[row]), int(first[row + 1]))
            ids_of = np.append(heads[own], edges[row + 1])
            try:
                plan = plans[number]
                read = self._read(plan, texts[own], right[own], values, ids_of, row in only_last)
                if row in wrong:
                    at = int(edges[row]) + wrong[row]
                    shown = self._encoding.decode(values[at : min(at + 1, int(edges[row + 1]))].tolist())
                    read.problems.append(f"its mask is wrong at token {wrong[row]}, {shown!r}")
                found.append(read)
            except EncodingError as error:
                found.append(error)
        return found

    def _plans(self, skeleton: npt.NDArray[np.int32], first: Any) -> tuple[list[Plan], list[int]]:
        """Return distinct plans, and which each row has: there are few."""
        rows = pa.BinaryArray.from_buffers(
            pa.binary(),
            len(first) - 1,
            [None, pa.py_buffer((4 * first).astype(np.int32)), pa.py_buffer(skeleton)],
        ).dictionary_encode()
        found = [np.frombuffer(data, dtype=np.int32).tolist() for data in rows.dictionary.to_pylist()]
        return [self._grammar.plan(runs) for runs in found], rows.indices.to_pylist()

    def _texts(
        self, values: npt.NDArray[np.int32], edges: Any, is_text: npt.NDArray[np.bool_]
    ) -> tuple[list[str | None], list[bool]]:
        """Decode each run, and say whether the tokenizer makes its ids of that text again.

        Distinct runs are decoded and encoded once. One with ids that there are not has no text.
        """
        runs = pa.BinaryArray.from_buffers(
            pa.binary(),
            len(edges) - 1,
            [None, pa.py_buffer((4 * edges).astype(np.int32)), pa.py_buffer(np.ascontiguousarray(values))],
        )
        encoded = pc.if_else(pa.array(is_text), runs, b"").dictionary_encode()
        ids = [np.frombuffer(data, dtype=np.int32).tolist() for data in encoded.dictionary.to_pylist()]
        texts = [self._decoded(run) for run in ids]
        again = self._encoding.encode_batch([text or "" for text in texts])
        right = [one == own and text is not None for one, own, text in zip(again, ids, texts, strict=True)]
        places = encoded.indices.to_pylist()
        return [texts[place] for place in places], [right[place] for place in places]

    def _decoded(self, ids: list[int]) -> str | None:
        try:
            return self._encoding.decode(ids)
        except EncodingError:
            return None

    def _wrong(
        self,
        values: npt.NDArray[np.int32],
        edges: Any,
        mask: pa.ListArray,
        heads: Any,
        first: Any,
        trained: list[list[bool]],
    ) -> dict[int, int]:
        """Return the rows whose mask is wrong, each with the first place where it is."""
        given, mask_edges = _flat(pc.cast(mask, pa.list_(pa.int8())), 2)
        flat = np.array([run for runs in trained for run in runs], dtype=np.int8)
        expected = np.repeat(flat, np.diff(heads))
        lengths, more = np.diff(edges), np.diff(mask_edges)
        shared = np.minimum(lengths, more)
        aligned = np.full(len(values), 2, dtype=np.int8)
        aligned[spread(edges[:-1], shared)] = given[spread(mask_edges[:-1], shared)]
        places = np.flatnonzero(aligned != expected)
        rows, at = np.unique(np.searchsorted(edges, places, side="right") - 1, return_index=True)
        longer = np.flatnonzero(more > lengths)
        found = dict(zip(longer.tolist(), lengths[longer].tolist(), strict=True))
        return found | dict(zip(rows.tolist(), (places[at] - edges[rows]).tolist(), strict=True))

    def _read(
        self, plan: Plan, texts: list[str | None], right: list[bool], values: Any, edges: Any, only_last: bool
    ) -> Read:
        """Read a row by its plan: of its runs the texts, whether they are right, and where their ids are."""
        if plan.behind is not None:
            at = int(edges[plan.runs[0][1]])
            found = self._encoding.decode(values[at : min(at + 3, int(edges[-1]))].tolist())
            raise EncodingError(f"behind {plan.behind} stands {found!r} at token {at - int(edges[0])}")
        messages: list[tuple[str, str]] = []
        parts: Parts = []
        problems, before = [], ""
        for (kind, place), (after, _) in zip(plan.runs, [*plan.runs[1:], ("", None)], strict=True):
            text = "" if place is None else texts[place] or ""
            if place is not None and not right[place]:
                ids = values[edges[place] : edges[place + 1]].tolist()
                may_be_two = kind == "text" and (after == "python" or before == "python_output")
                text = self._encoding.decode(ids)
                if not may_be_two or not self._in_two(ids, text):
                    problems.append(f"the ids of {text[:60]!r} are not those that its tokenizer gives")
            if kind in ("user", "assistant"):
                messages.append((kind, text))
            elif kind:
                parts.append((len(messages) - 1, kind, text, kind in WRITTEN))
            before = kind
        if only_last:
            last = len(messages) - 1
            parts = [(at, kind, text, train and at == last) for at, kind, text, train in parts]
        for number, (role, _) in enumerate(messages):
            if role == "assistant":
                messages[number] = (role, fenced([part for part in parts if part[0] == number]))
        return Read(messages, parts, problems)

    def _in_two(self, ids: list[int], text: str) -> bool:
        """Say whether the tokenizer makes these ids of the two halves of their text."""
        encode, decode = self._encoding.encode, self._encoding.decode
        # They part near where the ids first differ from those of the whole: mostly behind that token.
        whole = encode(text)
        shorter = min(len(whole), len(ids))
        differs = next((at for at in range(shorter) if whole[at] != ids[at]), shorter)
        near = range(max(1, differs + 1 - _TRIED // 2), min(len(ids), differs + 1 + _TRIED // 2))
        return any(
            encode(decode(ids[:place])) == ids[:place] and encode(decode(ids[place:])) == ids[place:]
            for place in sorted(near, key=lambda place: abs(place - differs - 1))
        )


def _flat(lists: pa.ListArray, null: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Return the numbers of lists end to end, `null` for those that are none, and each list's edges."""
    values = pc.fill_null(lists.flatten(), null).to_numpy(zero_copy_only=False)
    return values, offsets_of(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False))
