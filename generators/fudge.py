"""Questions as people type them: templates with lead-ins, casing, quotes, marks and typos around the slots.

Nothing here touches a slot or what is asked. Which template a row gets, and whether its slots stand
bare or quoted, is dealt: a word that comes again meets another form until all have been used. The rest
is drawn by weight, and moves on by one when even the forms have all been used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from generators.agreement import Choice, Variants, choices
from generators.columns import LISTED, Column, Lines, affixed, concat, each, joined
from generators.cover import STANDS
from generators.deal import Dealt
from generators.pieces import Group, Piece, slot, when
from generators.prompts import Language, Template, spaced_marks
from generators.ragged import Ragged, offsets_of
from generators.requests import Requests, ends_marked
from generators.rows import Ints, below, divide, key_of, mix, permute
from generators.texts import Texts
from generators.working import Working

OPENER = 0.30  # share of questions with a lead-in
LOWER = 0.40  # share without capitals, in cased scripts
TYPO = 0.05  # share with a typo in the words of the template
MARK = 0.60  # share of questions and requests with their final mark
PLAIN_END = 0.80  # share that end in nothing but the mark, or its absence
TYPOS = 4  # different typos a template can have
_NONE = -1  # in place of a slot


@dataclass(frozen=True)
class _Frame:
    """A template as typed: its literals, how it may end, how often it is typed so, and whether all small."""

    literals: tuple[str, ...]
    endings: int
    weight: float
    lower: bool


class Questions:
    """The ways to ask a question, in some languages.

    Args:
        languages: the languages asked in.
        templates: of each language, by its name.
        slots: the names of the slots; every template has each once.
        names: of the languages, their codes unless given. One that is asked in for several things stands
            there several times, with a name for each.
        others: further kinds of questions, by name: their slots. Their templates are the languages' own; a
            language without is never asked them.

    Raises:
        ValueError: a language has no template, or a template is broken, lacks a slot, or has alternatives
            that agree with none (see generators.agreement).
    """

    def __init__(
        self,
        languages: Sequence[Language],
        templates: Mapping[str, Sequence[str]],
        slots: Sequence[str],
        names: Sequence[str] = (),
        others: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        others = others or {}
        self.slots = tuple(dict.fromkeys([*slots, *(slot for mine in others.values() for slot in mine)]))
        # A group is a kind of question in a language; the first groups are those of the first kind.
        groups = [
            (lang, name, templates.get(name, ()), slots)
            for lang, name in zip(languages, names or [lang.code for lang in languages], strict=True)
        ]
        groups += [
            (lang, f"{lang.code}.{kind}", lang.prompts.get(kind, ()), mine)
            for kind, mine in others.items()
            for lang in languages
        ]
        self._languages = len(languages)
        places = len(self.slots)
        endings: list[list[tuple[str, float]]] = []
        frames: list[list[_Frame]] = []
        orders: list[list[int]] = []
        numbered: list[str] = []
        agreeing: list[tuple[Choice, ...]] = []
        counts: list[int] = []
        for lang, name, group, mine in groups:
            if not group and len(counts) < len(languages):
                raise ValueError(f"there is no template to ask in {lang.name} ({lang.code})")
            for number, written in enumerate(group, 1):
                template = Template.parse(written, mine)
                if missing := sorted(set(mine) - set(template.slots)):
                    raise ValueError(f"the template {written!r} lacks the slot {{{missing[0]}}}")
                numbered.append(f"{name}.{number}")
                # A template with fewer slots begins with places that hold nothing.
                lacks = places - len(mine)
                agreeing.append(
                    tuple(
                        replace(choice, place=choice.place + lacks) for choice in choices(lang.code, template)
                    )
                )
                orders.append([_NONE] * lacks + [self.slots.index(slot) for slot in template.slots])
                typed = _frames(lang, template, written, endings)
                if lacks:
                    typed = [replace(frame, literals=("",) * lacks + frame.literals) for frame in typed]
                frames.append(typed)
            counts.append(len(group))
        self.template_counts = np.array(counts)
        self._own_slots = [sum(1 << self.slots.index(slot) for slot in mine) for _, _, _, mine in groups]
        self._first_template = offsets_of(counts)
        self.names = Texts(numbered)
        self._orders = np.array(orders)  # (templates, slots) which slot stands where
        flat = [frame for group in frames for frame in group]
        self._first_frame = offsets_of([len(group) for group in frames])
        self._edges = _edges([[frame.weight for frame in group] for group in frames])
        self._ending_set = np.array([frame.endings for frame in flat])
        self._first_ending = offsets_of([len(group) for group in endings])
        # A way is a frame with one of its endings: (frames + 1,) the number of each frame's first.
        self._first_way = offsets_of(np.diff(self._first_ending)[self._ending_set])
        self._ending_edges = _edges([[weight for _, weight in group] for group in endings])
        ends = [text for group in endings for text, _ in group]
        self._requests = Requests(languages, MARK)
        # Once as they are, and again with the comma of each language, where a request stands behind them.
        self._comma_of = np.array([1 + number for number, _ in enumerate(self._requests.commas)])
        self._endings = Texts([text + comma for comma in ("", *self._requests.commas) for text in ends])
        self._end_marks = ends_marked(ends)
        self._lower = np.array([frame.lower for frame in flat])
        # Where words agree with a slot, a literal has several variants, `count` of each, one after another.
        self._variants = Variants(agreeing)
        template_of = np.repeat(np.arange(len(frames)), np.diff(self._first_frame)).tolist()
        # A literal before a slot gives its last space to the slot: after it no cut between tokens is safe.
        self._literals, self._numbers, self._gaps, self._beside = [], [], [], []
        apart = np.repeat([lang.apart for lang, *_ in groups], counts)[template_of]
        for place in range(places + 1):
            texts = [
                text
                for number, frame in zip(template_of, flat, strict=True)
                for text in self._variants.expand(number, place, frame.literals[place])
            ]
            before_slot = place < places
            # Where a language sets bare slots apart: whether a word of the literal stands right before the
            # slot that follows it, and right behind the one that precedes it.
            wants = np.repeat(apart, self._variants.count(place))
            self._beside.append(
                tuple(
                    wants & np.array([text[edge].isalnum() for text in texts])
                    for edge in (slice(-1, None), slice(0, 1))
                )
                if apart.any()
                else None
            )
            self._gaps.append(np.array([before_slot and text.endswith(" ") for text in texts]))
            column = Column.of(
                [text[:-1] if gap else text for text, gap in zip(texts, self._gaps[-1], strict=True)]
            )
            self._literals.append(column.texts)
            self._last_marks = ends_marked(texts)
            self._numbers.append(column.index)
        self._forms = self._allowed()
        pairs = [pair for lang, *_ in groups for pair in lang.quotes]
        self._quote_counts = np.array([len(lang.quotes) for lang, *_ in groups])
        self._first_quote = offsets_of(self._quote_counts)
        # So does an opening quote, as in "« mot »".
        self._inner = np.array([opening.endswith(" ") for opening, _ in pairs])
        self._opening = Texts([opening.removesuffix(" ") for opening, _ in pairs])
        # Number 0 is no closing quote, 1 the space behind a bare slot; the others follow.
        self._closing = Texts(["", " ", *(closing for _, closing in pairs)])

    def ask(
        self, dealt: Dealt, slots: Mapping[str, "Column | Lines"], working: Working | None = None
    ) -> "Asked":
        """Ask the question of each row.

        Args:
            dealt: what the rows were dealt.
            slots: what stands in each slot.
            working: how much of it the answers show, which questions may ask for; None: they never do.

        Raises:
            ValueError: a language has no words to ask for a kind of working.
        """
        rows, language = dealt.rows, dealt.language
        if dealt.asks is not None:
            language = language + dealt.asks * self._languages  # from here on the number of a group
        n, places = len(rows), len(self.slots)
        # The form: a template, and for each slot whether it is quoted.
        stands = language * len(STANDS) + (0 if dealt.stands is None else dealt.stands)
        forms = self._forms.lengths[stands]
        turn, form = divide(dealt.turn, forms)
        # Where no word was dealt, no two rows ask about the same.
        about = dealt.word_number if dealt.has_words else rows.index
        salt = mix(rows.key("form") ^ np.uint64(1), about)
        if len(dealt.letter_number):
            salt = mix(salt, dealt.letter_number)
        form = self._forms.values[self._forms.starts[stands] + permute(form, forms, salt)]
        if dealt.earlier is not None:
            turn = turn + self._met(language, dealt.earlier, salt, form)
        quoted = [(form >> place) & 1 == 1 for place in range(places)]
        template = self._first_template[language] + (form >> places)
        # The rest by weight; `turn` of these ways further where every form has been used that often. It is
        # drawn for what is asked in this form, not for the row: only then do further ways never meet.
        asked = mix(salt, form)
        frame = _draw(mix(rows.key("frame"), asked), template, self._edges, self._first_frame)
        quotes = np.where(np.logical_or.reduce(quoted), self._quote_counts[language], 1)
        quote = below(mix(rows.key("quote"), asked), quotes)
        ending_set = self._ending_set[self._first_frame[template] + frame]
        ending = _draw(mix(rows.key("ending"), asked), ending_set, self._ending_edges, self._first_ending)
        frame = frame + self._first_frame[template]
        if turn.any():
            way, quote = np.divmod(quote + turn, quotes)
            first, ways = self._first_way[self._first_frame[template]], self.ways[template]
            way = first + (self._first_way[frame] - first + ending + way) % ways
            frame = np.searchsorted(self._first_way, way, side="right") - 1
            ending_set, ending = self._ending_set[frame], way - self._first_way[frame]
        ending = ending + self._first_ending[ending_set]
        mark = self._first_quote[language] + quote
        inner = self._inner[mark] if self._inner.any() else None

        chosen = self._variants.choose(template, slots)
        comma, request = np.zeros(n, dtype=np.int64), Group(())
        if working is not None and working.asks:
            last = self._last_marks[chosen.number(places, frame)]
            marked = np.where(self._end_marks[ending] < 0, last, self._end_marks[ending]) > 0
            request = self._requests.piece(working, dealt.language, marked, self._lower[frame])
            # The comma goes with the end of the question, where nothing runs into a closing quote.
            comma = self._comma_of[dealt.language] * (working.asked & ~marked)
        end = Column(self._endings, ending + comma * len(self._end_marks))
        pieces: list[Piece] = []
        closing = np.zeros(n, dtype=np.int64)
        for place in range(places + 1):
            # The literal's number: of its frame, and of the variant that agrees with the row's slots.
            at = chosen.number(place, frame)
            literal = Column(self._literals[place], self._numbers[place][at])
            beside = self._beside[place]
            if beside is not None:
                # A slot stands before this literal, or nothing at all.
                behind = self._orders[template, place - 1] != _NONE if place else False
                closing += (closing == 0) & beside[1][at] & behind
            close = Column(self._closing, closing)
            if place == places:
                pieces += [each(concat, close, literal, end), request]
                break
            pieces.append(each(concat, close, literal) if place else literal)
            gap = self._gaps[place][at]
            bare_gap = gap if beside is None else gap | beside[0][at]
            closing = np.zeros(n, dtype=np.int64)
            for number, name in enumerate(self.slots):
                here = self._orders[template, place] == number
                is_quoted = here & quoted[number]
                plain, spaced = _forms(slots[name], f"{LISTED} " if name == "letters" else " ")
                bare = f"asked {'letter' if name in ('letter', 'letters') else 'word'}, bare"
                opening = Column(self._opening, mark)
                within = bare.replace("bare", "quoted")
                pieces += [
                    when(is_quoted & gap, affixed(" ", opening)),
                    when(is_quoted & ~gap, opening),
                    when(is_quoted if inner is None else is_quoted & ~inner, slot(within, plain)),
                    when(here & ~quoted[number] & ~bare_gap, slot(bare, plain)),
                    when(here & ~quoted[number] & bare_gap, slot(bare, *spaced)),
                ]
                if inner is not None:
                    pieces.append(when(is_quoted & inner, slot(within, *spaced)))
                closing += np.where(is_quoted, mark + 2, 0)
        return Asked(
            tuple(pieces),
            Column(self.names, template),
            dict(zip(self.slots, quoted, strict=True)),
            working,
        )

    def _allowed(self) -> Ragged:
        """List the forms of each language, once for each of STANDS: row language * len(STANDS) + stand."""
        word = self.slots.index("word") if "word" in self.slots else 0
        rows = []
        for first, count, own in zip(
            self._first_template[:-1], self.template_counts, self._own_slots, strict=True
        ):
            form = np.arange(count << len(self.slots))
            form = form[form & ((1 << len(self.slots)) - 1) & ~own == 0]
            quoted = (form >> word) & 1 == 1
            always, ever = (which[first + (form >> len(self.slots))] for which in self._gapped)
            rows += [form, form[quoted | ~ever], form[~quoted & always]]
        return Ragged(offsets_of([len(row) for row in rows]), np.concatenate(rows))

    def _met(self, language: Ints, earlier: Ints, salt: Any, form: Ints) -> Ints:
        """Count the earlier rows about each row's word that were asked in its form, by where they stood."""
        met = np.zeros(len(form), dtype=np.int64)
        for stand in range(1, len(STANDS)):
            for turn in range(int(earlier[:, stand].max(initial=0))):
                rows = np.flatnonzero(earlier[:, stand] > turn)
                group = language[rows] * len(STANDS) + stand
                forms = self._forms.lengths[group]
                asked = permute(turn % forms, forms, salt[rows])
                met[rows] += self._forms.values[self._forms.starts[group] + asked] == form[rows]
        return met

    @cached_property
    def _gapped(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which templates set the word after a space in all ways of typing them, and in any: (templates,)."""
        if not self.slots:
            none = np.zeros(len(self._orders), dtype=np.bool_)
            return none, none
        word = self.slots.index("word") if "word" in self.slots else 0
        always, ever = [], []
        for number, order in enumerate(self._orders):
            gaps = self._gaps[order.tolist().index(word)]
            own = gaps[self._first_frame[number] : self._first_frame[number + 1]]
            always.append(own.all())
            ever.append(own.any())
        return np.array(always), np.array(ever)

    def spaced(self, language: int) -> float:
        """Return the share of a language's templates that can set the word after a space."""
        first = self._first_template[language]
        return float(self._gapped[0][first : first + self.template_counts[language]].mean())

    @property
    def ways(self) -> Ints:
        """In how many ways each template can be typed, however its slots are quoted: (templates,)."""
        return np.diff(self._first_way[self._first_frame])

    def written(self) -> list[tuple[str, ...]]:
        """Return the literals of every frame, in every combination of their variants, for tests."""
        found = []
        for i in range(len(self._ending_set)):
            variants = []
            for place, (texts, numbers) in enumerate(zip(self._literals, self._numbers, strict=True)):
                count = self._variants.count(place)
                variants.append(texts.take(numbers[i * count : (i + 1) * count]))
            found += list(product(*map(dict.fromkeys, variants)))
        return found


@dataclass(frozen=True)
class Asked:
    """The questions of a batch.

    Attributes:
        pieces: of the user's message.
        template: the name of each row's template.
        quoted: for each slot, whether it stands in quotes, (rows,) bool.
        working: how much of it the answers show, where that was asked with.
    """

    pieces: tuple[Piece, ...]
    template: Column
    quoted: Mapping[str, npt.NDArray[np.bool_]]
    working: Working | None = None


def _forms(slot: "Column | Lines", between: str) -> tuple[Piece, list[Piece]]:
    """Return a slot as it stands after a quote, and as it stands after a space, which belongs to it."""
    if isinstance(slot, Column):
        return slot, [affixed(" ", slot)]
    return joined(slot, between), [joined(slot, between[:-1], " ")]


def _edges(groups: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
    """Lay weighted groups end to end, each one unit long, so that one search finds a member of any."""
    return np.concatenate([number + np.cumsum(group) / np.sum(group) for number, group in enumerate(groups)])


def _draw(hashes: Any, group: Ints, edges: Any, first: Any) -> Ints:
    """Draw a member of each row's group by weight; returns its place in the group."""
    drawn = group + (hashes >> np.uint64(11)) * 2.0**-53
    sizes = np.diff(first)[group]
    place = np.searchsorted(edges, drawn, side="right") - first[group]
    return np.clip(place, 0, sizes - 1)


def _frames(
    lang: Language, template: Template, written: str, endings: list[list[tuple[str, float]]]
) -> list[_Frame]:
    """List the distinct ways to type a template up to its end, and add the sets of ends they need."""
    mark = next((m for m in (lang.question_mark[1], lang.full_stop) if m and written.endswith(m)), "")
    literals = [*template.literals[:-1], template.literals[-1].removesuffix(mark)]
    opening = lang.question_mark[0]
    cases = [(False, 1 - LOWER), (True, LOWER)] if lang.cased else [(False, 1.0)]
    openers = [(lang.openers[0], 1 - OPENER)]
    openers += [(opener, OPENER / (len(lang.openers) - 1)) for opener in lang.openers[1:]]
    found: dict[tuple[tuple[str, ...], int], float] = {}
    small_ones = set()
    shares = sum(share for _, share in lang.spaces)
    for marked, mark_weight in ((True, MARK), (False, 1 - MARK)):
        ends = {}
        for lower in (False, True):
            ends[lower] = _endings(lang, mark if marked else "", lower, only_marked=not marked)
            if ends[lower] not in endings:
                endings.append(ends[lower])
        for opener, weight in openers:
            plain = not opener
            typed = (
                list(literals) if marked or not opening else [text.replace(opening, "") for text in literals]
            )
            typed[0] = opener + (
                _small(typed[0], opening) if opener.endswith((", ", "，", "、")) else typed[0]
            )
            variants = [(typed, 1 - TYPO if plain and lang.alphabet else 1.0)]
            if plain and lang.alphabet:
                variants += [(_typo(typed, number, lang.ordinals), TYPO / TYPOS) for number in range(TYPOS)]
            for (texts, variant_weight), (lower, case_weight), (space, share) in product(
                variants, cases, lang.spaces
            ):
                small = tuple(text.lower() if lower else text for text in texts)
                # What has no capitals anyway must not come twice, with the endings of both cases.
                set_ = endings.index(ends[lower and small != tuple(texts)])
                key = (tuple(spaced_marks(text, space) for text in small), set_)
                total = case_weight * mark_weight * weight * variant_weight * share / shares
                found[key] = found.get(key, 0.0) + total
                if small != tuple(texts):
                    small_ones.add(key)
    return [_Frame(*key, weight, key in small_ones) for key, weight in found.items()]


def _endings(lang: Language, mark: str, lower: bool, only_marked: bool) -> list[tuple[str, float]]:
    # An ending without {mark} is the same whether the mark was left out or not: offer it once. Nor can the
    # mark be left out where nothing else would part the question from what follows, as in Chinese.
    usable = [e for e in lang.endings if not only_marked or _parted(e)]
    others = max(1, len(usable) - 1)
    weights = [PLAIN_END if len(usable) > 1 else 1.0] + [(1 - PLAIN_END) / others] * (len(usable) - 1)
    found: dict[str, float] = {}
    for ending, weight in zip(usable, weights, strict=True):
        text = ending.replace("{mark}", mark)
        text = text.lower() if lower else text
        for space, share in lang.spaces:
            typed = spaced_marks(text, space)
            found[typed] = found.get(typed, 0.0) + weight * share
    return list(found.items())


def _parted(ending: str) -> bool:
    before, mark, after = ending.partition("{mark}")
    return bool(mark) and (bool(before) or not after[:1].isalnum())


def _small(text: str, opening: str) -> str:
    """Make the first letter small, behind an opening question mark if there is one."""
    at = len(opening) if opening and text.startswith(opening) else 0
    return text[:at] + text[at : at + 1].lower() + text[at + 1 :]


def _typo(literals: Sequence[str], number: int, kept: Sequence[str]) -> list[str]:
    """Double, drop or swap inner letters of one longer word of the template, of none that must be kept."""
    places = [
        (i, start + offset)
        for i, text in enumerate(literals)
        for start, word in _words(text)
        if len(word) >= 4 and word not in kept
        for offset in range(1, len(word) - 2)
    ]
    typed = list(literals)
    if not places:
        return typed
    key = key_of("typo", number, *literals)
    i, at = places[int(below(key, len(places)))]
    text = typed[i]
    kind = int(below(mix(key, 1), 3))
    middle = (text[at] * 2, "", text[at + 1] + text[at])[kind]
    typed[i] = text[:at] + middle + text[at + (2 if kind == 2 else 1) :]
    return typed


def _words(text: str) -> list[tuple[int, str]]:
    words, start = [], None
    for at, char in enumerate(text + " "):
        if char.isalpha() and start is None:
            start = at
        elif not char.isalpha() and start is not None:
            words.append((start, text[start:at]))
            start = None
    return words
