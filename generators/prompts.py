"""Languages: one file each, with the questions people ask and the sentences of the answer.

A language is a file in generators/prompts/ and no code; en.toml says how one is written.

>>> language("es").question_mark
('¿', '?')
"""

import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import regex

from generators.names import find

FOLDER = Path(__file__).with_name("prompts")
SLOTS = ("word", "letter", "phrase", "letters", "count")
# In a literal alternative i is this code point plus i: a noncharacter, which Unicode leaves to processes.
ALTERNATIVES = 0xFDD0
_MOST_ALTERNATIVES = 16
# French sets a space before these marks and inside « »; the file has a plain one.
_SPACED = regex.compile(r" (?=[?!:;»](?!\)))|(?<=«) ")


@dataclass(frozen=True)
class Template:
    """A text with slots, cut at them.

    Attributes:
        literals: the texts around the slots, one more than there are slots.
        slots: the slots' names, in the order in which they stand.
        alternatives: words that agree with a slot: the number of their literal, and their forms; in the
            literal a noncharacter stands for them. `generators.agreement` says what they may be.
    """

    literals: tuple[str, ...]
    slots: tuple[str, ...]
    alternatives: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @classmethod
    def parse(cls, text: str, allowed: Sequence[str]) -> "Template":
        """Cut a template at its slots.

        Args:
            text: such as "How many {letter} are in {word}?", or "Is there {a|an} {letter} in {word}?".
            allowed: the slots that it may have, each once.

        Raises:
            ValueError: a slot is unknown, stands twice, or the braces do not match; alternatives are not
                two or three.

        >>> Template.parse("How many {letter} are in {word}?", ["word", "letter"])
        Template(literals=('How many ', ' are in ', '?'), slots=('letter', 'word'), alternatives=())
        """
        literals: list[str] = []
        slots: list[str] = []
        alternatives: list[tuple[int, tuple[str, ...]]] = []
        literal = ""
        try:
            fields = list(string.Formatter().parse(text))
        except ValueError as error:
            raise ValueError(f"the template {text!r} is broken: {error}") from None
        for before, name, spec, conversion in fields:
            literal += before
            if name is None:
                continue
            if "|" in name and not spec and not conversion:
                forms = tuple(name.split("|"))
                if len(forms) > 3 or len(alternatives) == _MOST_ALTERNATIVES:
                    raise ValueError(
                        f"the template {text!r} has the alternatives {{{name}}}; allowed: two or three"
                    )
                literal += chr(ALTERNATIVES + len(alternatives))
                alternatives.append((len(literals), forms))
                continue
            if name not in allowed or spec or conversion:
                slots_allowed = ", ".join(allowed)
                raise ValueError(f"the template {text!r} has a slot {{{name}}}; allowed: {slots_allowed}")
            if name in slots:
                raise ValueError(f"the template {text!r} has the slot {{{name}}} twice")
            slots.append(name)
            literals.append(literal)
            literal = ""
        return cls((*literals, literal), tuple(slots), tuple(alternatives))


@dataclass(frozen=True)
class Language:
    """What a language file holds.

    Attributes:
        code: of the language, as wordfreq has it: "en".
        name: in English.
        script: of its words, as Unicode names it; several, such as Japanese has, with spaces between.
        alphabet: the letters to ask for, "" where there are none.
        cased: whether its script has capitals.
        own_words: the share of its questions that ask about its own words; the rest: English words.
        min_zipf: how rare its words are at most, unless somebody says otherwise.
        quotes: pairs of quotation marks that people type: the pairs of Unicode's CLDR, then others.
        question_mark: what stands before and after a question.
        full_stop: the mark that ends a request.
        comma: what parts a question without a mark from what is said after it, and the space behind.
        apart: a slot without quotes has spaces around it, since nothing else would part it from the words.
        spaces: what people type where the file has a space before a mark such as "?", with shares.
        ordinals: which word of several, from the second on, as the templates of recall_nth need them.
        vowels: its vowels without accents, "" where it is not asked for any.
        spaced: whether spaces stand between the words of its sentences.
        sentences: templates of sentences to count in.
        prompts: templates by kind: counting, spelling, phrase, what else LetterCounting asks, and recall_….
        openers: what people type before a question; the first is "".
        endings: how a message ends; "{mark}" stands for the template's final mark.
        requests: what people add to say how much working they want, by kind of working.
        answers: the answer's sentences: wordings by section and name.
    """

    code: str
    name: str
    script: str
    alphabet: str
    cased: bool
    own_words: float
    min_zipf: float
    quotes: tuple[tuple[str, str], ...]
    question_mark: tuple[str, str]
    full_stop: str
    comma: str
    apart: bool
    spaces: tuple[tuple[str, float], ...]
    vowels: str
    spaced: bool
    sentences: tuple[str, ...]
    ordinals: tuple[str, ...]
    prompts: Mapping[str, tuple[str, ...]]
    openers: tuple[str, ...]
    endings: tuple[str, ...]
    requests: Mapping[str, tuple[str, ...]]
    answers: Mapping[str, Mapping[str, tuple[str, ...]]]


def languages() -> list[str]:
    """Return the codes of the languages that have a file."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@lru_cache(maxsize=64)
def language(code: str) -> Language:
    """Read a language's file.

    Raises:
        ValueError: there is no such file; names the nearest and lists them.
    """
    find(code, languages(), "language")
    with (FOLDER / f"{code}.toml").open("rb") as file:
        data = tomllib.load(file)
    return Language(
        code=code,
        name=data["name"],
        script=data["script"],
        alphabet=data["alphabet"],
        cased=data["cased"],
        own_words=data["own_words"],
        min_zipf=data["min_zipf"],
        quotes=tuple((opening, closing) for opening, closing in data["quotes"]),
        question_mark=(data["question_mark"][0], data["question_mark"][1]),
        full_stop=data.get("full_stop", "."),
        comma=data.get("comma", ", "),
        apart=data.get("apart", False),
        spaces=tuple((space, share) for space, share in data.get("spaces", [[" ", 1.0]])),
        vowels=data.get("vowels", ""),
        spaced=data.get("spaced", True),
        sentences=tuple(data.get("sentences", ())),
        ordinals=tuple(data.get("ordinals", ())),
        prompts={kind: tuple(templates) for kind, templates in data["prompts"].items()},
        openers=tuple(data["fudge"]["openers"]),
        endings=tuple(data["fudge"]["endings"]),
        requests={kind: tuple(wordings) for kind, wordings in data.get("requests", {}).items()},
        answers=_answers(data["answer"], data.get("answer_space", " ")),
    )


def spaced_marks(text: str, space: str) -> str:
    """Write another space where a plain one stands before a mark or inside « ».

    >>> spaced_marks("Combien de « e » ?", "")
    'Combien de «e»?'
    """
    return text if space == " " else _SPACED.sub(space, text)


def _answers(
    sections: Mapping[str, Mapping[str, Sequence[str]]], space: str
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Read the answer's sentences; what stands in "every", or "tool", is part of others that lack it."""
    every = sections.get("every", {})
    # What Python alone counts is told alike whatever it is, but for what is asked.
    tool = sections.get("tool", {})
    return {
        section: {
            name: tuple(spaced_marks(wording, space) for wording in wordings)
            for name, wordings in {**every, **(tool if "_tool" in section else {}), **sentences}.items()
        }
        for section, sentences in sections.items()
        if section != "every"
    }


# Three of the languages: the words of all seven would take a tenth more memory and start-up in every process.
DEFAULT_SHARES = {"en": 0.70, "es": 0.15, "zh": 0.15}


def shares_of(wanted: "str | Mapping[str, float] | None", known: Sequence[str]) -> dict[str, float]:
    """Read shares of languages.

    Args:
        wanted: a code, codes with shares such as "en:0.7,es:0.3", "all" in equal shares, a mapping, or
            None for the default mix.
        known: the languages that can be asked for.

    Raises:
        ValueError: a language is not known or stands twice, or a share is not above 0.

    >>> shares_of("en:0.7,es:0.3", ["en", "es"]), shares_of(None, ["en", "zh"])
    ({'en': 0.7, 'es': 0.3}, {'en': 0.7, 'zh': 0.15})
    """
    if wanted is None:
        usual = {code: share for code, share in DEFAULT_SHARES.items() if code in known}
        return usual or dict.fromkeys(known, 1.0)
    if wanted == "all":
        return dict.fromkeys(known, 1.0)
    if isinstance(wanted, str):
        parts = [part.partition(":") for part in wanted.split(",")]
        codes = [code.strip() for code, _, _ in parts]
        if len(set(codes)) < len(codes):
            raise ValueError(f"a language stands twice in {wanted!r}")
        try:
            shares = [float(share if colon else 1) for _, colon, share in parts]
        except ValueError:
            raise ValueError(f"{wanted!r} holds no shares of languages such as en:0.7,es:0.3") from None
        wanted = dict(zip(codes, shares, strict=True))
    for code, share in wanted.items():
        find(code, known, "language")
        if not 0 < share < float("inf"):
            raise ValueError(f"the share of language {code!r} is {share}, and must be above 0")
    return dict(wanted)
