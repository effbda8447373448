"""Agreement: words of a template that change with the slot they stand beside.

A template writes the forms in braces: `{a|an}` before a slot, `{이|가}` after one. Which form a row takes
is decided once for each distinct text of the slot, by a rule of the language. A rule knows what it is not
sure of; there a third form stands, the template's own or the language's neutral one.

>>> template = Template.parse("Is there {a|an|the letter} {letter} in {word}?", ["letter", "word"])
>>> [choice.forms[int(choice.rule("r"))] for choice in choices("en", template)]
['an']
>>> [_after_final(text) for text in ("책", "r", "나무", "strawberry")]
['0', '0', '1', '2']
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import regex

from generators.columns import Column, Lines
from generators.prompts import ALTERNATIVES, Template
from generators.rows import Ints

FORMS = 3  # of every choice: the first, the second, and what stands where the rule is not sure
Rule = Callable[[str], str]


@dataclass(frozen=True)
class Agreement:
    """Two forms of one word in a language.

    Attributes:
        forms: as a template writes them.
        rule: of the slot's text; returns "0" for the first form, "1" for the second, "2" for not sure.
        ahead: the slot stands after the forms, not before them.
        neutral: what people write where they are not sure; "": nothing, so the template brings a third form.
    """

    forms: tuple[str, str]
    rule: Rule
    ahead: bool
    neutral: str = ""


@dataclass(frozen=True)
class Choice:
    """One choice of a template.

    Attributes:
        place: the number of the literal it stands in.
        forms: the texts to choose from: first, second, not sure.
        slot: what it agrees with.
        rule, ahead: as in Agreement.
    """

    place: int
    forms: tuple[str, str, str]
    slot: str
    rule: Rule
    ahead: bool


def choices(code: str, template: Template) -> tuple[Choice, ...]:
    """Find the slots that a template's alternatives agree with.

    Args:
        code: of the language.
        template: with or without alternatives.

    Raises:
        ValueError: a language has no such alternatives, no slot stands beside them, or they need a third
            form, for slots of which nobody knows how they sound.
    """
    found = []
    for number, (place, forms) in enumerate(template.alternatives):
        written = "{" + "|".join(forms) + "}"
        known = {agreement.forms: agreement for agreement in AGREEMENTS.get(code, ())}
        agreement = known.get((forms[0], forms[1]))
        if agreement is None:
            allowed = ", ".join("|".join(pair) for pair in known) or "none"
            raise ValueError(f"the alternatives {written} are not known in {code!r}; allowed: {allowed}")
        before, _, after = template.literals[place].partition(chr(ALTERNATIVES + number))
        between = after if agreement.ahead else before
        slot = place if agreement.ahead else place - 1
        if between.strip(" ") or not 0 <= slot < len(template.slots):
            side = "after" if agreement.ahead else "before"
            raise ValueError(
                f"the alternatives {written} agree with a slot, and none stands right {side} them"
            )
        third = forms[2] if len(forms) == FORMS else agreement.neutral
        if not third:
            raise ValueError(
                f"the alternatives {written} need a third form, for slots of which it is not sure "
                f"how they sound"
            )
        choice = (forms[0], forms[1], third)
        found.append(Choice(place, choice, template.slots[slot], agreement.rule, agreement.ahead))
    return tuple(found)


class Variants:
    """Which variant of each of its literals a row takes, for some templates.

    Args:
        templates: the choices of each template.
    """

    def __init__(self, templates: Sequence[Sequence[Choice]]) -> None:
        self._templates = templates
        keys = [(choice.slot, choice.rule, choice.ahead) for group in templates for choice in group]
        self._keys = list(dict.fromkeys(keys))
        self._chooses = np.array([bool(group) for group in templates])
        self._needs = np.array(
            [[key in [(c.slot, c.rule, c.ahead) for c in group] for group in templates] for key in self._keys]
        )  # (keys, templates)
        # By place, (templates, choices): which key each choice of this place has; -1: none.
        self._by_place: dict[int, npt.NDArray[np.int64]] = {}
        for place in sorted({choice.place for group in templates for choice in group}):
            here = [[c for c in group if c.place == place] for group in templates]
            which = np.full((len(templates), max(map(len, here))), -1)
            for number, group in enumerate(here):
                for at, choice in enumerate(group):
                    which[number, at] = self._keys.index((choice.slot, choice.rule, choice.ahead))
            self._by_place[place] = which

    def expand(self, template: int, place: int, literal: str) -> list[str]:
        """Write a literal in all its variants, the first choice varying fastest.

        Returns:
            As many texts for every template of a place; where there is nothing to choose, the same again.
        """
        numbers = [i for i, choice in enumerate(self._templates[template]) if choice.place == place]
        if not numbers:
            return [literal] * self.count(place)
        forms = [self._templates[template][i].forms for i in reversed(numbers)]
        texts = []
        for chosen in product(*forms):
            text = literal
            for number, form in zip(reversed(numbers), chosen, strict=True):
                text = text.replace(chr(ALTERNATIVES + number), form)
            texts.append(text)
        return texts * (self.count(place) // len(texts))

    def count(self, place: int) -> int:
        """Return how many variants the literals of a place have."""
        which = self._by_place.get(place)
        return 1 if which is None else FORMS ** which.shape[1]

    def choose(self, template: Ints, slots: "Mapping[str, Column | Lines]") -> "Chosen":
        """Choose the variants of each row.

        Args:
            template: (rows,) the number of each row's template.
            slots: what stands in the slots.
        """
        if not self._keys:
            return Chosen(self, np.empty(0, dtype=np.int64), {})
        # Few templates have choices: look at their rows alone.
        rows = np.flatnonzero(self._chooses[template])
        # (keys + 1, rows) the form by each key; the last is for no choice, and all zeros
        forms = np.zeros((len(self._keys) + 1, len(rows)), dtype=np.int64)
        every, mine = np.arange(len(rows)), template[rows]
        for number, (slot, rule, ahead) in enumerate(self._keys):
            # A rule costs as much as hundreds of rows: only for texts that it is needed for.
            here = np.flatnonzero(self._needs[number][mine])
            if len(here):
                forms[number, here] = _forms(rule, ahead, slots[slot], rows[here])
        variants = {
            place: sum(forms[which, every] * FORMS**at for at, which in enumerate(table[mine].T))
            for place, table in self._by_place.items()
        }
        return Chosen(self, rows, variants)


@dataclass(frozen=True)
class Chosen:
    """The variants of a batch: of some rows, by place; all others have the first of each literal."""

    variants: Variants
    rows: Ints
    by_place: Mapping[int, Any]

    def number(self, place: int, literal: Ints) -> Ints:
        """Return which of all literals of a place, in all their variants, each row takes: (rows,)."""
        if place not in self.by_place:
            return literal
        number = literal * self.variants.count(place)
        number[self.rows] += self.by_place[place]
        return number


def _forms(rule: Rule, ahead: bool, column: "Column | Lines", rows: Ints) -> Ints:
    """Return the form that each of some rows takes; of a slot of several texts the nearest one decides."""
    if isinstance(column, Lines):
        offsets = column.rows.offsets
        at = offsets[rows] if ahead else offsets[rows + 1] - 1
        column = Column(column.texts, column.rows.values[at])
    else:
        column = Column(column.texts, column.index[rows])
    found = column.map(rule)
    numbers = [int(text) for text in found.texts.take(np.arange(len(found.texts)))]
    return np.array(numbers, dtype=np.int64)[found.index]


# Rules. Each is called once for a distinct text, and returns "0", "1" or "2" for not sure.

_SYLLABLE, _SYLLABLES, _FINALS, _RIEUL = 0xAC00, 11172, 28, 8
# Of the Korean names of Latin letters these end in a consonant: 엘, 엠, 엔, 알. The others end in a vowel.
_LATIN_FINALS = {"l": _RIEUL, "m": 16, "n": 4, "r": _RIEUL}


def _final(text: str) -> int:
    """Return the number of the final consonant of what is read last, 0: none; -1: nobody knows.

    Hangul by Unicode arithmetic (The Unicode Standard, 3.12); a single Latin letter by its Korean name.
    """
    text = text.strip()
    syllable = ord(text[-1:] or " ") - _SYLLABLE
    if 0 <= syllable < _SYLLABLES:
        return syllable % _FINALS
    letter = text.lower() if len(text) == 1 and text.isascii() else ""
    return _LATIN_FINALS.get(letter, 0) if letter.isalpha() else -1


def _after_final(text: str) -> str:
    final = _final(text)
    return "2" if final < 0 else "0" if final else "1"


def _after_final_but_rieul(text: str) -> str:
    final = _final(text)
    return "2" if final < 0 else "0" if final and final != _RIEUL else "1"


# Letters by their names, the others by their spelling, where no word that is so spelled sounds otherwise:
# b, c, d … are consonants both in words and in the names of letters ("a PDF"); f, l, m … may be initials
# ("an MRI"), and h, u, x, y and eu-, ew-, on-, ou- may sound either way ("an hour", "a unit", "a one").
_AN = regex.compile(r"[aefhilmnorsx]|(?:a|e(?![uw])|i|o(?![nu]))[a-z]+")
_A = regex.compile(
    r"[bcdgjkpqtuvwyz]|[bcdgjkpqtvwz][a-z]+"
    r"|[flmnrs][aeiou][a-z]{2,}|(?:f[lr]|s[chklmnpqtw]r?)[aeiou][a-z]+"
)


def _sounds_open(text: str) -> str:
    letter_or_word = text.strip().lower()
    return "1" if _AN.fullmatch(letter_or_word) else "0" if _A.fullmatch(letter_or_word) else "2"


# A letter's name takes no elision for sure, nor do h, y, u ("un", "unité"), on- and ou- ("onze", "oui").
_ELIDES = regex.compile(r"(?:[aàâæeéèêëiîï]|o(?![nu])|[ôœ])\p{Latin}+")
_STANDS = regex.compile(r"[bcçdfgjklmnpqrstvwxz]\p{Latin}+")


def _elides(text: str) -> str:
    word = text.strip().lower()
    return "1" if _ELIDES.fullmatch(word) else "0" if _STANDS.fullmatch(word) else "2"


AGREEMENTS: Mapping[str, tuple[Agreement, ...]] = {
    "en": (Agreement(("a", "an"), _sounds_open, True, "a(n)"),),
    "fr": (Agreement(("de ", "d'"), _elides, True),),
    "ko": (
        Agreement(("은", "는"), _after_final, False, "은(는)"),
        Agreement(("이", "가"), _after_final, False, "이(가)"),
        Agreement(("을", "를"), _after_final, False, "을(를)"),
        Agreement(("과", "와"), _after_final, False, "과(와)"),
        Agreement(("이라는", "라는"), _after_final, False, "(이)라는"),
        Agreement(("으로", "로"), _after_final_but_rieul, False, "(으)로"),
    ),
}
