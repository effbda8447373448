"""Sentences to count in, whose words are all of one split: from templates, or a person's own lines.

The small words of a template count as much as the words that are put into it, so a template is of the split
that its own words are of; one that has words of both belongs to none. So it is with a person's lines: words
are what stands between spaces and marks, and a line with words of both splits is left out, and counted.

>>> frame = Frame.parse("Today {word}, then {word}.", spaced=True)
>>> frame.words, frame.slots, frame.written(["fig", "plum"])
(('Today', 'then'), 2, ('Today fig, then plum', ['Today', 'fig', 'then', 'plum']))
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any
from unicodedata import normalize

import regex

from generators.graphemes import graphemes
from generators.prompts import language
from generators.rowcheck import CONTROL
from generators.wordcolumns import is_test_word
from generators.wordlists import LexiconError, fold, parse_words, read_bytes

LONGEST = 12  # words of a person's line: each is spelled and counted
_LETTER = r"[\p{L}\p{M}\p{N}]"
WORD = regex.compile(rf"(?:{_LETTER}\p{{M}}*)+(?:['’\-](?:{_LETTER}\p{{M}}*)+)*")
_SLOT = "{word}"
Split = Callable[[str], bool]


def words_in(sentence: str) -> list[str]:
    """Return the words of a sentence: what stands between spaces and marks.

    >>> words_in("Don't eat 3 well-known figs!")
    ["Don't", 'eat', '3', 'well-known', 'figs']
    """
    return WORD.findall(sentence)


@dataclass(frozen=True)
class Frame:
    """A sentence with slots for words, cut into what stands before each word, and the words.

    Attributes:
        tokens: pairs of what stands before a word, and the word; "" for a slot. What stands behind the last
            word is left out: a mark before a closing quote is one token with it.
    """

    tokens: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str, spaced: bool) -> "Frame":
        """Read a template, whose words have spaces between them.

        Args:
            text: such as "Today {word}, then {word}."
            spaced: whether the sentence has these spaces too, as Chinese has not.
        """
        tokens, before = [], ""
        for at, token in enumerate(text.split(" ")):
            before += " " if at and spaced else ""
            core = _SLOT if _SLOT in token else next(iter(words_in(token)), "")
            if not core:  # a mark that stands alone
                before += token
                continue
            start = token.index(core)
            tokens.append((before + token[:start], "" if core == _SLOT else core))
            before = token[start + len(core) :]
        return cls(tuple(tokens))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its own words."""
        return tuple(word for _, word in self.tokens if word)

    @cached_property
    def slots(self) -> int:
        """How many words are put into it."""
        return sum(not word for _, word in self.tokens)

    def written(self, words: Sequence[str], capital: bool = False) -> tuple[str, list[str]]:
        """Put words into it; returns the sentence, and all of its words in order.

        Args:
            words: as many as it has slots.
            capital: begin with a capital, where the first word has one that is the same letter.
        """
        given = iter(words)
        every = [word or next(given) for _, word in self.tokens]
        first = every[0][:1]
        if capital and not self.tokens[0][0] and len(first.upper()) == 1 and first.upper().lower() == first:
            every[0] = first.upper() + every[0][1:]
        return "".join(before + word for (before, _), word in zip(self.tokens, every, strict=True)), every


@dataclass(frozen=True)
class Stock:
    """The sentences of one split.

    Attributes:
        frames: templates, and a person's lines, which have no slots.
        report: how many lines there were, and where they went, for the manifest; None for templates.
    """

    frames: tuple[Frame, ...]
    report: dict[str, Any] | None = None

    @classmethod
    def of_templates(cls, templates: Sequence[str], spaced: bool, is_test: Split, test: bool) -> "Stock":
        """Take the templates of a split; those without words of their own are of both.

        A language without any for the split has words with commas between.
        """
        frames = [Frame.parse(template, spaced) for template in templates]
        kept = [f for f in frames if all(is_test(word) == test for word in f.words)]
        return cls(tuple(kept or [Frame.parse("{word}, {word}, {word}", spaced=True)]))

    @classmethod
    def of_file(cls, path: Path, is_test: Split, barred: Split, test: bool) -> "Stock":
        """Read a person's sentences, one a line, in UTF-8; a split may have none.

        Raises:
            LexiconError: the file can't be read, is no UTF-8, or has no line whose words are of one split.
        """
        data = read_bytes(path)
        try:
            lines = data.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise LexiconError(
                f"{path} is not UTF-8: byte 0x{data[error.start]:02x}; save it as UTF-8"
            ) from None
        counts = Counter({"train": 0, "test": 0, "of both splits": 0, "too long": 0, "not allowed": 0})
        frames: dict[Frame, None] = {}
        for line in filter(None, map(str.strip, lines)):
            text = normalize("NFC", line)
            found = list(WORD.finditer(text))
            of = {is_test(match[0]) for match in found}
            if not found or CONTROL.search(text) or '"' in text or any(barred(m[0]) for m in found):
                counts["not allowed"] += 1
            elif len(found) > LONGEST:
                counts["too long"] += 1
            elif len(of) > 1:
                counts["of both splits"] += 1
            else:
                counts["test" if True in of else "train"] += 1
                if of == {test}:
                    edges = [found[0].start(), *(match.end() for match in found)]
                    tokens = [(text[a : m.start()], m[0]) for a, m in zip(edges, found, strict=False)]
                    frames.setdefault(Frame(tuple(tokens)))
        if not counts["train"] + counts["test"]:
            said = ", ".join(f"{count} {why}" for why, count in counts.items() if count) or "it is empty"
            raise LexiconError(f"{path} has no sentence whose words are all of one split ({said})")
        report = {"file": path.name, "sha256": sha256(data).hexdigest(), "lines": dict(counts)}
        return cls(tuple(frames), report)

    @cached_property
    def letters(self) -> list[str]:
        """The letters of all their own words."""
        return sorted({g for frame in self.frames for word in frame.words for g in graphemes(word)})


def stocks(
    codes: Iterable[str],
    test: bool,
    file: "str | PathLike[str] | None" = None,
    holdout: "str | PathLike[str] | None" = None,
    exclude: "str | PathLike[str] | None" = None,
) -> dict[str, Stock]:
    """Return the sentences of a split in some languages.

    Args:
        codes: of the languages.
        test: of the test split, or else of the training split.
        file: a person's sentences in place of templates; where it has none of the split, templates stay.
        holdout, exclude: files with words that must be test words, and words that must not come.

    Raises:
        LexiconError: a file is wrong.
    """
    held, out = _folded(holdout), _folded(exclude)

    def is_test(word: str) -> bool:
        return fold(word) in held or is_test_word(word)

    def barred(word: str) -> bool:
        return fold(word) in out

    own = None if file is None else Stock.of_file(Path(file), is_test, barred, test)
    found = {}
    for code in sorted(codes):
        lang = language(code)
        templates = [t for t in lang.sentences if not any(map(barred, Frame.parse(t, True).words))]
        ours = Stock.of_templates(templates, lang.spaced, is_test, test)
        found[code] = ours if own is None else Stock(own.frames or ours.frames, own.report)
    return found


def _folded(file: "str | PathLike[str] | None") -> frozenset[str]:
    if file is None:
        return frozenset()
    words, _ = parse_words(read_bytes(Path(file)), str(file), weights=False)
    return frozenset(map(fold, words))
