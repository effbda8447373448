"""Openings: what stands in a conversation before the task's own exchange.

A system prompt, if there is one, and the exchanges before: small talk, talk of the date, or exchanges of
tasks. All of it is pieces, in the language of the row. What was drawn is in the row's facts: `turns`,
`system`, `date`, `cutoff` and `earlier`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.book import Book
from generators.columns import Column, Lines
from generators.earlier import Earlier, Said
from generators.pieces import Group, Mask, Piece, Ready, assistant, system, text, untrained, user, when
from generators.ragged import Ragged, offsets_of
from generators.rows import Ints, Rows, permute
from generators.shape import DEEPEST, TALK, Shape
from generators.talk import SYSTEMS, Talk, talk, written_cutoff, written_date
from generators.texts import Growing, Texts

FIRST_DAY = date(2021, 1, 1)
DAYS = 3652  # ten years, to the end of 2030
LEAST_CUTOFF, CUTOFFS = 3, 24  # months at least between the end of what a model knows and today; of how many
_FORMS = 8  # of a date, in a language, at most
_DATED = ("date", "cutoff")  # system prompts that say the date
ASKED = 0.5  # of the conversations with a dated prompt and an earlier exchange, how many ask for the date
UNKNOWN = 0.02  # and of those without


@dataclass(frozen=True)
class Opening:
    """What stands before the task's exchange, in each row.

    Attributes:
        pieces: a system message and earlier exchanges.
        facts: what was drawn, (rows,) each.
        words: the words that earlier exchanges are about, codes; None where there are none.
        earlier: those exchanges that are of tasks, for a task that asks about them.
    """

    pieces: tuple[Piece, ...]
    facts: Mapping[str, "Column | Lines | Group | npt.NDArray[Any]"]
    words: tuple[Ready, ...]
    earlier: Earlier


@dataclass(frozen=True)
class Set:
    """Exchanges of a task, set: codes of the exchange, of its facts as JSON, and of its words, a row each.

    `flat` has codes of what each says in few words, (rows,) by name: task, word, letter, answer, style.
    """

    text: Ragged
    told: Ragged
    words: Ragged
    flat: Mapping[str, npt.NDArray[np.int32]]


# Sets exchanges of a task, by its name, in a language, by code, for rows.
Companion = Callable[[str, str, Rows, Book], Set]


class Openings:
    """Draws openings.

    Args:
        shape: what is asked for.
        codes: of the languages that rows can have.
        companion: sets exchanges of other tasks.
    """

    def __init__(self, shape: Shape, codes: Sequence[str], companion: Companion) -> None:
        self._shape, self._codes, self._companion = shape, tuple(codes), companion
        self._tables = _tables(self._codes)
        self._kinds = Texts(["", *shape.system])

    def open(self, rows: Rows, language: Ints, book: Book) -> Opening:
        """Draw what stands before the exchanges of a batch.

        Args:
            rows: the rows.
            language: (rows,) numbers of their languages.
            book: numbers the texts of companions.
        """
        shape = self._shape
        depths = np.maximum(list(shape.turns), shape.least)
        depth = depths[rows.quota("turns", list(shape.turns.values()))]
        kinds = ["", *shape.system]
        rest = max(0.0, 1 - sum(shape.system.values()))
        kind = rows.quota("system", [rest, *shape.system.values()])
        dated = np.isin(kind, [number for number, name in enumerate(kinds) if name in _DATED])
        today = rows.below("date", DAYS)
        pieces: list[Piece] = []
        for number_, name in enumerate(kinds):
            if number_ and (kind == number_).any():
                prompt = self._tables.prompt(name, rows, language, today, kind == number_)
                pieces.append(when(kind == number_, system(prompt)))
        earlier, told, words, said = self._earlier(rows, language, book, depth, dated, today)
        facts: dict[str, Any] = {"turns": depth, "system": Column(self._kinds, kind)}
        if shape.system.keys() & set(_DATED):
            facts["date"] = Column(_day_texts(), np.where(dated, today + 1, 0))
            cut = _cutoff(rows) * DAYS + today
            ends = kind == kinds.index("cutoff") if "cutoff" in kinds else np.zeros(len(rows), dtype=np.bool_)
            months = _month_texts()
            facts["cutoff"] = Column(months, months.find(np.where(ends, cut + 1, 0)))
        facts["earlier"] = Group(("[", *told, "]"))
        return Opening((*pieces, *earlier), facts, tuple(words), Earlier.of(book, depth, said))

    def _earlier(
        self, rows: Rows, language: Ints, book: Book, depth: Ints, dated: Mask, today: Ints
    ) -> tuple[list[Piece], list[Piece], list[Ready], list[Said]]:
        """Set the exchanges before, what they are as JSON, their words, and what those of tasks say."""
        shape, names = self._shape, list(self._shape.earlier)
        chosen = [rows.choose(f"earlier {at}", list(shape.earlier.values())) for at in range(DEEPEST)]
        if shape.least:
            bound = self._bind(rows, depth, chosen)
        asks = rows.chance("asks the date", ASKED) & dated | rows.chance("asks no date", UNKNOWN) & ~dated
        date_at = np.where(asks & (depth > 0), rows.below("date at", np.maximum(depth, 1)), -1)
        if shape.least:
            date_at[bound[np.arange(len(rows)), date_at]] = -1
        companions, said_by = self._companions(rows, language, book, depth, chosen, date_at)
        said = untrained if shape.loss == "last" else _all
        pieces: list[Piece] = []
        told: list[Piece] = []
        for at in range(int(depth.max(initial=0))):
            here = depth > at
            if at:
                told.append(when(here, ", "))
            asked, answered = self._tables.small_talk(rows, language, at)
            talks = here & (chosen[at] == names.index(TALK) if TALK in names else False) & (date_at != at)
            pieces.append(when(talks, user(asked), said(assistant(text(answered)))))
            told.append(when(talks, '"talk"'))
            if (dates := date_at == at).any():
                asked, dated_answer = self._tables.date_talk(rows, language, dated, today, dates)
                pieces.append(when(dates, user(asked), said(assistant(text(dated_answer)))))
                told.append(when(dates, '"date"'))
            for made in companions.get(at, ()):
                pieces.append(said(Ready(made.text)))
                told.append(Ready(made.told))
        words = [Ready(made.words) for at in sorted(companions) for made in companions[at]]
        return pieces, told, words, said_by

    def _bind(self, rows: Rows, depth: Ints, chosen: list[Ints]) -> npt.NDArray[np.bool_]:
        """Let as many exchanges as must be be of tasks, at places by lot: (rows, DEEPEST) which."""
        shares = [share * (name != TALK) for name, share in self._shape.earlier.items()]
        bound = np.zeros((len(rows), DEEPEST), dtype=np.bool_)
        key, every = rows.hash("bound"), np.arange(len(rows))
        for number_ in range(self._shape.least):
            bound[every, permute(np.full(len(rows), number_), depth, key)] = True
        for at in range(DEEPEST):
            chosen[at] = np.where(bound[:, at], rows.choose(f"bound {at}", shares), chosen[at])
        return bound

    def _companions(
        self, rows: Rows, language: Ints, book: Book, depth: Ints, chosen: list[Ints], date_at: Ints
    ) -> tuple[dict[int, list[Set]], list[Said]]:
        """Set all exchanges of each companion and language at once; by place, over all rows."""
        found: dict[int, list[Set]] = {}
        said: list[Said] = []
        for choice, name in enumerate(self._shape.earlier):
            if name == TALK:
                continue
            for number_, code in enumerate(self._codes):
                mine = language == number_
                wanted = [
                    np.flatnonzero(mine & (depth > at) & (chosen[at] == choice) & (date_at != at))
                    for at in range(DEEPEST)
                ]
                row = np.concatenate(wanted)
                if not len(row):
                    continue
                place = np.repeat(np.arange(DEEPEST), [len(some) for some in wanted])
                inner = Rows(rows.index[row] * DEEPEST + place, (*rows.names, "earlier", name))
                made = self._companion(name, code, inner, book)
                said.append(Said(row, place, made.flat))
                for at in np.unique(place).tolist():
                    these = np.flatnonzero(place == at)
                    parts = (made.text, made.told, made.words)
                    texts, told, words = (_scattered(one.take(these), row[these], len(rows)) for one in parts)
                    found.setdefault(at, []).append(Set(texts, told, words, made.flat))
        return found, said


def _all(*pieces: Piece) -> Group:
    """Set pieces that are trained on as any others."""
    return Group(pieces)


def _scattered(some: Ragged, rows: Ints, n: int) -> Ragged:
    """Give n rows, of which these, rising, have what `some` has and the others nothing."""
    lengths = np.zeros(n, dtype=np.int64)
    lengths[rows] = some.lengths
    return Ragged(offsets_of(lengths), some.values)


class _Tables:
    """The texts of talk in some languages, numbered."""

    def __init__(self, codes: Sequence[str]) -> None:
        talks = [talk(code) for code in codes]
        self._counts = np.array([len(one.exchanges) for one in talks])
        self._first = offsets_of(self._counts)[:-1]
        self._asked = Texts([asked for one in talks for asked, _ in one.exchanges])
        self._answered = Texts([answered for one in talks for _, answered in one.exchanges])
        self._forms = np.array([len(one.date_forms) for one in talks])
        self._prompts = {kind: _Choices(talks, [one.systems[kind] for one in talks]) for kind in SYSTEMS}
        self._ask, self._answer, self._unknown = (
            _Choices(talks, [getattr(one, name) for one in talks]) for name in ("ask", "answer", "unknown")
        )

    def small_talk(self, rows: Rows, language: Ints, at: int) -> tuple[Column, Column]:
        """Return what is said and answered in exchange `at`: in no row the same twice."""
        place = permute(np.full(len(rows), at), self._counts[language], rows.hash("talk"))
        index = self._first[language] + place
        return Column(self._asked, index), Column(self._answered, index)

    def prompt(self, kind: str, rows: Rows, language: Ints, today: Ints, where: Mask) -> Column:
        """Return a system prompt of a kind for each row; those where it stands alone count."""
        choices = self._prompts[kind]
        drawn = choices.draw(rows, kind, language)
        return drawn if kind not in _DATED else self._dated(choices, drawn, rows, language, today, where)

    def date_talk(
        self, rows: Rows, language: Ints, dated: Mask, today: Ints, where: Mask
    ) -> tuple[Column, Group]:
        """Return a question for the date, and the answer: the system prompt's date, or that none is known."""
        asked = self._ask.draw(rows, "ask date", language)
        drawn = self._answer.draw(rows, "answer date", language)
        known = self._dated(self._answer, drawn, rows, language, today, dated & where)
        unknown = self._unknown.draw(rows, "unknown date", language)
        return asked, Group((when(dated, known), when(~dated, unknown)))

    def _dated(
        self, choices: "_Choices", drawn: Column, rows: Rows, language: Ints, today: Ints, where: Mask
    ) -> Column:
        """Fill in the date, in one form throughout a conversation, and the end of what the model knows."""
        form = rows.below("date form", self._forms[language])
        key = ((drawn.index * _FORMS + form) * DAYS + today) * CUTOFFS + _cutoff(rows)
        # Only for rows that have it: nearly every date is a text of its own.
        return Column(choices.dated, choices.dated.find(np.where(where, key, 0)))


class _Choices:
    """Texts of which each language has some."""

    def __init__(self, talks: Sequence[Talk], groups: Sequence[Sequence[str]]) -> None:
        self._counts = np.array([len(group) for group in groups])
        self._first = offsets_of(self._counts)[:-1]
        self._flat = [(one, text) for one, group in zip(talks, groups, strict=True) for text in group]
        self._texts = Texts([text for _, text in self._flat])

    def draw(self, rows: Rows, field: str, language: Ints) -> Column:
        """Draw one of its language's for each row."""
        return Column(self._texts, self._first[language] + rows.below(field, self._counts[language]))

    @cached_property
    def dated(self) -> Growing:
        """The texts with a date filled in: by number, form of the date, day, and months of the cutoff."""
        return Growing(len(self._flat) * _FORMS * DAYS * CUTOFFS, self._fill)

    def _fill(self, keys: Ints) -> list[str]:
        return [self._filled(key) for key in keys.tolist()]

    def _filled(self, key: int) -> str:
        key, back = divmod(key, CUTOFFS)
        key, day = divmod(key, DAYS)
        number_, form = divmod(key, _FORMS)
        one, text_ = self._flat[number_]
        today = written_date(one, form, iso_day(day))
        return text_.format(current_date=today, cutoff=written_cutoff(one, iso_month(day, back)))


@lru_cache(maxsize=8)
def _tables(codes: tuple[str, ...]) -> _Tables:
    return _Tables(codes)


def _cutoff(rows: Rows) -> Ints:
    """How many months back of the least what a model knows ends, (rows,)."""
    return rows.below("cutoff", CUTOFFS)


@cache
def iso_day(day: int) -> str:
    """Return a day, counted from the first, as YYYY-MM-DD.

    >>> iso_day(31), iso_month(31, 0)
    ('2021-02-01', '2020-11')
    """
    return (FIRST_DAY + timedelta(days=day)).isoformat()


@cache
def iso_month(day: int, back: int) -> str:
    """Return the month in which what a model knows ends, so many months before a day, as YYYY-MM."""
    today = FIRST_DAY + timedelta(days=day)
    year, month = divmod(today.year * 12 + today.month - 1 - LEAST_CUTOFF - back, 12)
    return f"{year}-{month + 1:02}"


@cache
def _day_texts() -> Texts:
    return Texts(["", *map(iso_day, range(DAYS))])


@cache
def _month_texts() -> Growing:
    """Months by the number of `back * DAYS + day`, plus 1; 0 is none."""
    return Growing(CUTOFFS * DAYS + 1, _months)


def _months(keys: Ints) -> list[str]:
    return [iso_month((key - 1) % DAYS, (key - 1) // DAYS) if key else "" for key in keys.tolist()]
