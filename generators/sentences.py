"""The sentences of an answer, in the row's language, with slots set as the style sets them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product

import numpy as np

from generators.agreement import Variants, choices
from generators.columns import Column, Lines
from generators.pieces import Piece, for_each, slot, when
from generators.prompts import SLOTS, Language, Template, language
from generators.ragged import offsets_of
from generators.rows import Ints, Rows
from generators.styled import Styled
from generators.styles import Style, style
from generators.texts import Texts


class Sentences:
    """The wordings of one section of the answers, in some languages.

    Args:
        languages: codes, in the order in which rows number them.
        sections: "counting" or "phrase"; where a row's answer may be of one of several, all of them. What a
            section lacks is said as in the first that has it.
        styles: how slots are set, in the order in which rows number them; a style may bring wordings of
            its own.
    """

    def __init__(self, languages: Sequence[str], sections: "str | Sequence[str]", *styles: Style) -> None:
        self._styles = styles
        self._languages = [language(code) for code in languages]
        self._sections = (sections,) if isinstance(sections, str) else tuple(sections)
        self._made: dict[tuple[str, str, str], _Wordings] = {}

    def say(
        self,
        name: str,
        rows: Rows,
        language: Ints,
        slots: Mapping[str, "Column | Lines"],
        before: str = "",
        after: str = "",
        styled: Styled | None = None,
        section: Ints | None = None,
    ) -> list[Piece]:
        """Set one sentence for each row, in one of its wordings.

        Args:
            name: of the sentence in the section: "restate", "spell" …
            rows: the rows; the wording is drawn for each.
            language: (rows,) numbers of the languages.
            slots: what stands in the slots. Words and letters are set in quotes; `count` is a number
                that brings its own space.
            before, after: blank lines around the sentence. They are part of its first and last text,
                since inside a run of newlines no cut between tokens is safe.
            styled: the styles of the rows; None: the first in all of them.
            section: (rows,) numbers of the sections; None: the first in all of them.
        """
        key = (name, before, after)
        if key not in self._made:
            groups = list(product(self._styles, self._sections, self._languages))
            wordings = [(lang.code, self._wordings(style, lang, part, name)) for style, part, lang in groups]
            quotes = [style.quotes for style, _, _ in groups]
            self._made[key] = _Wordings(wordings, quotes, before, after)
        styled = styled or Styled(self._styles[0])
        if section is not None:
            language = language + section * len(self._languages)
        if styled.apart is not None:
            language = language + styled.apart * (len(self._sections) * len(self._languages))
        return self._made[key].pieces(rows, f"{self._sections[0]}.{name}", language, slots, styled)

    def _wordings(self, style: Style, lang: Language, section: str, name: str) -> Sequence[str]:
        own = style.sentences.get(lang.code, {}).get(section, {})
        others = (lang.answers.get(other, {}) for other in (section, *self._sections))
        return next(said[name] for said in (own, *others) if name in said)


@lru_cache(maxsize=256)
def sentences(languages: tuple[str, ...], sections: "str | tuple[str, ...]", *style_names: str) -> Sentences:
    """Return the sentences of sections, made once."""
    return Sentences(languages, sections, *map(style, style_names))


class _Wordings:
    """The wordings of one sentence, of all languages, cut at their slots and set in columns."""

    def __init__(
        self,
        wordings: Sequence[tuple[str, Sequence[str]]],
        quotes: Sequence[tuple[str, str]],
        before: str,
        after: str,
    ) -> None:
        self._counts = np.array([len(group) for _, group in wordings])
        self._first = offsets_of(self._counts)
        parsed = [(code, Template.parse(wording, SLOTS)) for code, group in wordings for wording in group]
        templates = [template for _, template in parsed]
        self._variants = Variants([choices(code, template) for code, template in parsed])
        self._slots = [slot for slot in SLOTS if any(slot in t.slots for t in templates)]
        places = max(len(t.slots) for t in templates)
        self._which = np.full((len(templates), places), -1)
        literals = [[""] * len(templates) for _ in range(places + 1)]
        marks = [pair for pair, (_, group) in zip(quotes, wordings, strict=True) for _ in group]
        for number, template in enumerate(templates):
            closing, (opening, ending) = before, marks[number]
            for place, literal in enumerate(template.literals):
                text = closing + literal
                if place < len(template.slots):
                    slot = template.slots[place]
                    self._which[number, place] = self._slots.index(slot)
                    if not literal.endswith(" "):
                        raise ValueError(
                            f"a sentence lacks the space before its slot {{{slot}}}: {literal!r}"
                        )
                    # A quote after a space is a token of its own, so the slot is isolated. A number
                    # takes the space for itself: ` 3` is always cut off before the space.
                    text = text[:-1] if slot == "count" else text + opening
                    closing = "" if slot == "count" else ending
                else:
                    text += after
                literals[place][number] = text
        self._literals = [
            Texts(
                [text for i, literal in enumerate(texts) for text in self._variants.expand(i, place, literal)]
            )
            for place, texts in enumerate(literals)
        ]

    def pieces(
        self,
        rows: Rows,
        field: str,
        language: Ints,
        slots: Mapping[str, "Column | Lines"],
        styled: Styled,
    ) -> list[Piece]:
        number = self._first[language] + rows.below(field, self._counts[language])
        chosen = self._variants.choose(number, slots)
        inside = {name: _slot(name, slots[name], styled) for name in self._slots}
        pieces: list[Piece] = []
        for place, texts in enumerate(self._literals):
            pieces.append(Column(texts, chosen.number(place, number)))
            if place < self._which.shape[1]:
                which = self._which[number, place]
                pieces += [when(which == i, inside[name]) for i, name in enumerate(self._slots)]
        return pieces


_SLOTS = {"word": "word in prose", "phrase": "word in prose", "letter": "letter in prose"}


def _slot(name: str, column: "Column | Lines", styled: Styled) -> Piece:
    if name == "letters" and isinstance(column, Lines):
        rows, each_letter = column.rows, Column(column.texts, column.rows.values)
        return for_each(rows.offsets, *styled.spread(rows).listed_pieces(each_letter, rows.places() > 0))
    return slot(_SLOTS[name], *styled.inside(column)) if name in _SLOTS else column
