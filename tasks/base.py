"""A task: a sequence of conversations, and how to score an answer.

Subclass Task and write `script`, once, for all rows of a batch. README.md has a whole task in one file;
tasks/spellingbee.py has two real ones.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import cache, cached_property, lru_cache, partial
from operator import index as whole
from os import PathLike
from typing import Any, ClassVar, overload

import numpy as np
import numpy.typing as npt

from generators.book import Book, Books, Conversations
from generators.columns import Column, Lines, each, number, spaced
from generators.cover import COVERS, Cover, Room
from generators.deal import (
    COUNT_SHARES,
    Dealt,
    Deck,
    Strand,
    deck_of,
    largest_remainder,
    strands_of,
    undealt,
)
from generators.described import described
from generators.earlier import Earlier
from generators.fudge import Asked, Questions
from generators.kinds import kinds_of
from generators.lexicon import Lexicon, open_lexicon
from generators.names import find
from generators.opening import Opening, Openings, Set
from generators.pages import Pages
from generators.pieces import (
    Group,
    Piece,
    assistant,
    exchange,
    for_each,
    json_object,
    output,
    pick,
    python,
    slot,
    system,
    text,
    untrained,
    user,
    when,
)
from generators.preview import preview
from generators.prompts import Language, language, languages, shares_of
from generators.pythontool import PythonTool
from generators.ragged import Ragged
from generators.rows import Rows
from generators.score import same_answer
from generators.script import FACTS, Script, ToolCall
from generators.sentences import sentences
from generators.shape import Shape, shape_of
from generators.styled import Styled
from generators.styles import style as style_of
from generators.texts import Texts
from generators.words import Words, words_of
from generators.working import BY_HAND, WORKINGS, Working, workings_of

__all__ = [
    "BY_HAND", "COUNT_SHARES", "WORKINGS", "Asked", "Column", "Dealt", "Lines", "Piece", "Rows", "Script",
    "Task", "ToolCall", "Working", "assistant", "each", "exchange", "for_each", "number", "output", "pick",
    "preview", "python", "slot", "spaced", "system", "text", "untrained", "user", "when",
]  # fmt: skip

SPLITS = ("train", "test")
# Options that a task before this one in a conversation takes over.
SHARED = (
    "seed", "style", "tool", "answer_language", "lexicon", "holdout", "exclude", "min_zipf", "offensive",
)  # fmt: skip
Index = npt.NDArray[np.int64]
_COVERS = Texts(COVERS)


class Task:
    """A sequence of conversations of one skill.

    Args:
        size: how many conversations there are.
        split: "train" or "test"; no word is in both.
        start, stop, step: a view of some of the conversations, as in range().
        seed: another seed gives other conversations, of the same words in the same splits.
        style: how words and letters are written, see generators.styles.
        tool: which calls the model's Python tool will answer: "nanochat", "python", or "none" for no tool.
        language: of the questions: "en", shares such as "en:0.7,es:0.3", or "all".
        answer_language: of the answers: "question" for the question's, or a code such as "en".
        lexicon: a person's own words instead of wordfreq's, a file with a word a line.
        holdout: a file with words that must be test words.
        exclude: a file with words that must not come.
        min_zipf: the rarest words of wordfreq to take; 2 is once in ten million words. None: as each
            language's file says.
        offensive: keep slurs and obscenities.
        kinds: shares of kinds of words beside the lexicon's own, see generators.kinds: "none", "few", "usual"
            or such as "upper:0.02,misspelt:0.01"; None: the task's own choice, and none for a lexicon file.
        working: how much of it the answers show: "full", or shares such as "full:0.8,direct:0.2", see
            generators.working; for tasks that can show more or less of it.
        cover: T:K, a tokenizer and a number: the first rows of the training split spell each of its
            alphabetic tokens so many times, in a word or by itself. For tasks that spell words.
        shape: what stands before the task's exchange, see generators.shape: "none", "usual", or such as
            "turns=0:0.6,2:0.4;system=0.1".

    Raises:
        ValueError: an option is wrong; says what was found and what is allowed.
        LexiconError: a file of words is wrong; raised when the words are first needed.
    """

    name: ClassVar[str] = "task"
    """What the task is called on the command line; the class's name in small letters unless it says."""
    prompts: "ClassVar[str | Mapping[str, Sequence[str]]]" = "spelling"
    """The kind of questions in the language files, or templates of the task's own, by language."""
    slots: ClassVar[tuple[str, ...]] = ("word",)
    """The slots of those templates."""
    others: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Further kinds of questions in the language files, with their slots; Dealt.asks says who is asked."""
    counts: ClassVar[tuple[float, ...] | None] = None
    """Shares of the true counts 0, 1, 2, 3 and more, for a task that asks for a letter."""
    count_times: ClassVar[tuple[int, ...]] = (0, 1, 2, 3)
    """For each of those shares, how often the word that is dealt has the letter; 3: three times and more."""
    covers: ClassVar[bool] = False
    """Whether the task can cover a tokenizer: it deals a word, asks for it and spells it, whatever it is."""

    usual_kinds: ClassVar[str] = "none"
    """The kinds of words beside the lexicon's own where none are asked for, see generators.kinds."""
    workings: ClassVar[tuple[str, ...]] = ("full",)
    """The kinds of working that answers can show, see generators.working."""

    looks_back: ClassVar[bool] = False
    """Whether the task asks about the exchanges before its own: it has `look_back` instead of `script`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" not in cls.__dict__:
            cls.name = cls.__name__.lower()

    def __new__(cls, *args: Any, **options: Any) -> "Task":
        """Remember how the task was made, so that another process can make it again."""
        task = super().__new__(cls)
        task._made = (args, options)
        return task

    _made: tuple[tuple[Any, ...], dict[str, Any]]

    def __init__(
        self,
        size: int = 1000,
        split: str = "train",
        *,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        seed: int = 0,
        style: str = "quote-comma",
        tool: str = "nanochat",
        language: "str | Mapping[str, float] | None" = None,
        answer_language: str = "question",
        lexicon: "str | PathLike[str] | None" = None,
        holdout: "str | PathLike[str] | None" = None,
        exclude: "str | PathLike[str] | None" = None,
        min_zipf: float | None = None,
        offensive: bool = False,
        kinds: "str | Mapping[str, float] | None" = None,
        working: "str | Mapping[str, float | tuple[float, float]]" = "full",
        cover: str | None = None,
        shape: "str | Mapping[str, Any] | Shape" = "none",
    ) -> None:
        self.size = _integer("size", size, least=1, most=2**52)
        self.split = find(split, SPLITS, "split")
        self.start = _integer("start", start, least=0)
        self.stop = self.size if stop is None else _integer("stop", stop, least=start)
        self.step = _integer("step", step, least=1)
        if self.stop > self.size:
            raise ValueError(f"stop is {stop:,}, past the end of a task of {size:,} conversations")
        self.seed = _integer("seed", seed)
        self.style = style_of(style)
        self.tool = _tool(tool)
        asks = languages() if isinstance(self.prompts, str) else list(self.prompts)
        self.languages = shares_of(language, asks)
        if answer_language != "question":
            find(answer_language, languages(), "answer language")
        self.answer_language = answer_language
        self._lexicon, self._offensive = lexicon, offensive
        self._min_zipf = min_zipf
        self.kinds = kinds_of(kinds if kinds is not None else "none" if lexicon else self.usual_kinds)
        self.working = workings_of(working, self.workings, self.name)
        self._words_from = partial(
            open_lexicon,
            file=lexicon,
            holdout=holdout,
            exclude=exclude,
            offensive=offensive,
        )
        if cover is not None and not self.covers:
            raise ValueError(f"{self.name} can't cover a tokenizer: it does not only spell words")
        self.shape = self.shaped(shape_of(shape))
        self._companions: dict[tuple[str, str], Task] = {}
        if self.shape and (unknown := [n for n in self.shape.companions if n not in self.shape.tasks]):
            raise ValueError(
                f"a shape has earlier exchanges of {unknown[0]!r}; the command line takes tasks by name, and "
                f"here by class, as in {{'turns': {{2: 1.0}}, 'earlier': {{SimpleSpelling: 1.0}}}}"
            )
        for name, task in self.shape.tasks.items() if self.shape else ():
            if task.looks_back:
                raise ValueError(f"a shape has earlier exchanges of {name!r}, which asks about those before")
        self._cover_asked = cover
        if cover is not None:
            from generators.covers import asked_of, open_cover  # not for all: it opens tokenizers

            asked_of(cover)
            # What bars a word bars a token from being spelled by itself.
            self._cover_from = partial(open_cover, holdout=holdout, exclude=exclude, offensive=offensive)
        # Expressions for the tool are set in a book of their own: they are run before the rest is set.
        self._expressions = Books()

    # What a task writes, and with what.

    def script(self, rows: Rows) -> Script:
        """Write the conversations of some rows, all at once."""
        raise NotImplementedError(f"{type(self).__name__} has no script()")

    def look_back(self, dealt: Dealt, earlier: Earlier) -> Script:
        """Write the conversations of some rows, all at once, from what stands before their exchanges.

        Args:
            dealt: their languages; no words.
            earlier: the exchanges of tasks before.
        """
        raise NotImplementedError(f"{type(self).__name__} has no look_back()")

    def shaped(self, shape: Shape | None) -> Shape | None:
        """Return the shape that rows have, of what was asked for; a task that looks back needs one."""
        return shape

    def deal(self, rows: Rows) -> Dealt:
        """Deal each row its language, its word and, if the task counts, its letter."""
        return self._deck.deal(rows)

    def work(self, rows: Rows) -> Working:
        """Deal each row how much working its answer shows."""
        return Working.dealt(rows, self.working)

    def ask(self, dealt: Dealt, working: Working | None = None, /, **slots: "Column | Lines") -> Asked:
        """Ask the task's question in each row's language, in one of many ways.

        Args:
            dealt: what the rows were dealt.
            working: how much of it the answers show, as it is in the end: questions may ask for it.
            slots: what stands in the slots.
        """
        return self._questions.ask(dealt, slots, working)

    def styled(self, dealt: Dealt, phrases: Ragged | None = None) -> Styled:
        """Return the styles of the rows: the task's, and `universal` where that can't isolate a word.

        Args:
            dealt: what the rows were dealt.
            phrases: the numbers of all words of each row, where they are more than the one dealt.
        """
        return Styled.of(self.style, dealt, phrases)

    def speaker(
        self,
        section: "str | tuple[str, ...]",
        dealt: Dealt,
        styled: Styled | None = None,
        **slots: "Column | Lines",
    ) -> "Callable[..., Group]":
        """Return a function that sets the sentences of the answer, in the language of each row.

        Args:
            section: of the language files: "counting", "phrase" or "tool"; or one for each kind of question.
            dealt: what the rows were dealt.
            styled: the styles of the rows; None: the task's.
            slots: what stands in the sentences' slots.

        Returns:
            A function of a sentence's name, of the blank lines `before` and `after` it, and of further
            slots; what it returns is a piece.
        """
        codes = list(self.languages)
        if self.answer_language != "question":
            codes = [self.answer_language] * len(codes)
        styled = styled or Styled(self.style)
        known = sentences(tuple(codes), section, *(style.name for style in styled.styles))
        which = None if isinstance(section, str) else dealt.asks

        def say(name: str, before: str = "", after: str = "", **more: "Column | Lines") -> Group:
            given = {**slots, **more}
            said = known.say(name, dealt.rows, dealt.language, given, before, after, styled, which)
            return Group(tuple(said))

        return say

    def call(
        self,
        rows: int,
        *pieces: Piece,
        expected: Index | None = None,
        where: "npt.NDArray[np.bool_] | None" = None,
        offsets: Index | None = None,
    ) -> ToolCall:
        """Run an expression for the Python tool in each row, and see what comes back.

        Args:
            rows: how many.
            pieces: of the expression.
            expected: what it must come to, (rows,); where it does not, the row does without the tool.
            where: (rows,) bool, in which rows it is called at all; None: in all.
            offsets: (rows + 1,) which calls are whose, where the pieces are over calls: what they come to
                together is expected.
        """
        return ToolCall.run(self.tool, self._expressions.current(), rows, pieces, expected, where, offsets)

    def by_tool(
        self,
        working: Working,
        call: ToolCall,
        dealt: Dealt,
        styled: Styled,
        section: "str | tuple[str, ...]" = "tool",
        /,
        **slots: "Column | Lines",
    ) -> list[Piece]:
        """Set the turns, up to the number, of the rows that leave the count to the tool.

        Args:
            working: of the rows, after the call.
            call: of the tool.
            dealt, styled: as `speaker` takes them.
            section: of the language files, as `speaker` takes it.
            slots: word (one or several), letter, count.
        """
        if not working.has("tool"):
            return []
        say = self.speaker(section, dealt, styled, **slots)
        turn = text(say("restate")), call.exchange(say), say("final", before="\n\n", after="\n\n####")
        return [working.when(("tool",), *turn)]

    # What a task knows.

    @cached_property
    def lexicons(self) -> tuple[Lexicon, ...]:
        """Where the words come from: one lexicon a language, or a person's own."""
        codes = list(self.languages)
        if self._lexicon is not None:
            codes = codes[:1]
        elif any(language(code).own_words < 1 for code in codes):
            codes = list(dict.fromkeys([*codes, "en"]))
        return tuple(self._open(language(code)) for code in codes)

    @property
    def words(self) -> Words:
        """The words that rows are dealt from, of all their languages."""
        covering = () if self.cover is None else (self.cover.lexicon,)
        return words_of(self.lexicons, tuple(self.kinds), self._offensive, covering)

    @cached_property
    def cover(self) -> Cover | None:
        """What the first rows are dealt, if the task was asked to cover a tokenizer; of train alone."""
        return self._cover_made if self.split == "train" else None

    @cached_property
    def _cover_made(self) -> Cover | None:
        if self._cover_asked is None:
            return None
        strands = self._strands
        shares = [self._questions.spaced(strand.language) for strand in strands]
        # Where few templates set a word after a space, all such rows would be asked in the same words.
        least = 0.5 if max(shares) >= 0.5 else min((share for share in shares if share), default=1.0)
        rooms = [
            Room(
                strand.language,
                strand.lexicon,
                -1 if strand.without is None else strand.without,
                int(rows),
                share >= least,
            )
            for strand, rows, share in zip(
                strands, largest_remainder([strand.share for strand in strands]), shares, strict=True
            )
        ]
        return self._cover_from(self._cover_asked, self.lexicons, rooms)

    def _open(self, lang: Language) -> Lexicon:
        least = lang.min_zipf if self._min_zipf is None else self._min_zipf
        return self._words_from(lang.code, script=lang.script, alphabet=lang.alphabet, min_zipf=least)

    @cached_property
    def _strands(self) -> list[Strand]:
        asked = [language(code) for code in self.languages]
        shares = list(self.languages.values())
        if self._lexicon is not None:
            lexicons: list[tuple[int, int]] = [(0, 0)] * len(asked)
        else:
            codes = [lexicon.language for lexicon in self.lexicons]
            lexicons = [
                (number, codes.index("en") if "en" in codes else number) for number in range(len(asked))
            ]
        return strands_of(shares, [lang.own_words for lang in asked], lexicons)

    @cached_property
    def _deck(self) -> Deck:
        return deck_of(
            self.words,
            self.split == "test",
            tuple(self._strands),
            None if self.counts is None else tuple(self.counts),
            tuple(self.count_times),
            self.cover,
            tuple(self.kinds.items()),
        )

    @cached_property
    def _questions(self) -> Questions:
        kinds = self.prompts
        if isinstance(kinds, str):
            return _questions_of(kinds, tuple(self.languages), self.slots, tuple(self.others.items()))
        asked = [language(code) for code in self.languages]
        return Questions(asked, {lang.code: kinds[lang.code] for lang in asked}, self.slots)

    @property
    def asked_for(self) -> dict[str, Any]:
        """What the task was made with, by name, for the manifest."""
        args, options = self._made
        signature = inspect.signature(type(self).__init__)
        taken, given = signature.parameters, signature.bind(self, *args, **options)
        given.apply_defaults()
        # A task that takes options of its own hands the others on.
        defaults = inspect.signature(Task.__init__).parameters.values()
        found = {p.name: p.default for p in defaults if p.default is not p.empty}
        for name, value in list(given.arguments.items())[1:]:
            found |= value if taken[name].kind is inspect.Parameter.VAR_KEYWORD else {name: value}
        found["kinds"] = self.kinds  # which the class decides where nobody does
        if self._cover_asked is not None:
            found["cover"] = self._cover_made.described if self._cover_made else None
        if "shape" in found:
            found["shape"] = self.shape.described() if self.shape else "none"
        plain = (int, float, dict, str, type(None))
        return {name: value if isinstance(value, plain) else str(value) for name, value in found.items()}

    @property
    def covered(self) -> dict[str, Any]:
        """What the rows of this view cover of a tokenizer, for the manifest; empty if that was not asked."""
        if self.cover is None:
            return {}
        rows = Rows.of(np.asarray(self.view), seed=self.seed, task=self.name, split=self.split)
        return self.cover.report(self._deck.entries(rows), self._deck.rows_to_cover)

    @classmethod
    def takes(cls, option: str) -> bool:
        """Say whether an option that is given to several tasks at once is for this one too."""
        return {"cover": cls.covers, "working": len(cls.workings) > 1}.get(option, True)

    def described(self) -> dict[str, Any]:
        """Return what decides the task's bytes, for the manifest; which rows of it are shown comes beside."""
        return described(self.name, type(self), self.asked_for)

    @property
    def report(self) -> dict[str, Any]:
        """What happened when it was read, for the manifest: nothing, for a task is made."""
        return {}

    def without_tool(self) -> "Task":
        """Return the task of the same words and counts that has no tool: to look at many rows, fast."""
        other = copy(self)
        other.tool = _tool("none")
        return other

    def __reduce__(self) -> Any:
        args, options = self._made
        state: dict[str, Any] = {"start": self.start, "stop": self.stop, "step": self.step}
        if self.cover is not None:  # another process need not open the tokenizer
            state |= {"cover": self.cover}
        return _make, (type(self), args, options), state

    # Scoring.

    @property
    def eval_type(self) -> str:
        """What nanochat asks a task: the answer is generated, not chosen."""
        return "generative"

    def evaluate(self, conversation: Mapping[str, Any], completion: str) -> int:
        """Score a model's answer: 1 if it gives the right final answer after `####` and no other, else 0.

        Args:
            conversation: as task[i] returns it.
            completion: what the model wrote.
        """
        return int(same_answer(completion, conversation["answer"]))

    def reward(self, conversation: Mapping[str, Any], completion: str) -> float:
        """Score a model's answer for reinforcement learning: `evaluate` as a float."""
        return float(self.evaluate(conversation, completion))

    def check(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Re-derive a row from its facts, by other means than script(); yields what is wrong.

        Args:
            row: a row of a shard, as verify reads it: question and turn (strings), parts (pairs of type
                and text), answer, word, letter, style, and facts (a mapping; None in a dialect without).
        """
        if not self.evaluate({"answer": row["answer"], **row}, row["turn"]):
            yield f"the turn does not give the answer {row['answer']!r}"

    # A sequence of conversations.

    def conversations(self, index: Index, book: Book) -> Conversations:
        """Make the conversations of some rows.

        Args:
            index: (rows,) their numbers, each from 0 to size - 1, in any order.
            book: numbers their texts.
        """
        rows = Rows.of(index, seed=self.seed, task=self.name, split=self.split)
        n = len(rows)
        script, opened = self._written(rows, book)
        facts = self._facts(script)
        before: tuple[Piece, ...] = ()
        words = _words_of(script)
        if opened is not None:
            before, facts = opened.pieces, {**facts, **opened.facts}
            words += opened.words
        columns: dict[str, Column | str] = {
            **{name: _as_column(facts[name]) for name in FACTS if name in facts},
            "name": f"{self.name}/{self.split}/{self.seed}",
            "task": self.name,
            "split": self.split,
            "template": script.asked.template,
            **self._flat(script),
        }
        return Conversations(
            book,
            rows.index,
            book.set([*before, *_exchange(script)], n),
            book.set(json_object(facts), n),
            book.set(words, n),
            {name: _codes(book, column, n) for name, column in columns.items()},
        )

    def _written(self, rows: Rows, book: Book) -> tuple[Script, Opening | None]:
        """Write some rows, and what stands before them."""
        if self.looks_back and self._openings is not None:
            dealt = undealt(rows, list(self.languages.values()))
            opened = self._openings.open(rows, dealt.language, book)
            return self.look_back(dealt, opened.earlier), opened
        script, openings = self.script(rows), self._openings
        return script, None if openings is None else openings.open(rows, script.dealt.language, book)

    def _facts(self, script: Script) -> dict[str, Any]:
        """Put together the facts of exchanges."""
        dealt, asked = script.dealt, script.asked
        facts: dict[str, Any] = {
            **script.facts,
            **{f"{slot}_quoted": quoted for slot, quoted in asked.quoted.items()},
        }
        if dealt.has_words:
            facts["lexicon"] = Column(self._lexicon_names, self.words.source[dealt.word_number])
        if dealt.covers is not None:
            facts["cover"] = Column(_COVERS, dealt.covers)
        if asked.working is not None:
            facts |= {"working": asked.working.kind, "working_asked": asked.working.asked}
        if self.kinds and dealt.has_words:
            facts |= {
                "kind": Column(self._kind_names, dealt.kind),
                "source": dealt.origin,
            }
        return facts

    def _flat(self, script: Script) -> dict[str, "Column | str"]:
        """What a row says of its exchange in columns of their own."""
        return {
            "style": script.style or self.style.name,
            "language": Column(self._language_names, script.dealt.language),
            "answer": script.answer,
            "word": script.word,
            "letter": script.letter,
        }

    @cached_property
    def _openings(self) -> Openings | None:
        return None if self.shape is None else Openings(self.shape, list(self.languages), self._companion)

    def _companion(self, name: str, code: str, rows: Rows, book: Book) -> Set:
        """Set exchanges of another task, in one language, for rows to stand before this task's."""
        if self.shape is not None and (name, code) not in self._companions:
            given = {option: value for option, value in self.asked_for.items() if option in SHARED}
            if self.looks_back:
                given["kinds"] = self.kinds  # those words are what its rows are about
            self._companions[name, code] = self.shape.tasks[name](1, self.split, language=code, **given)
        return self._companions[name, code].exchanges(rows, book)

    def exchanges(self, rows: Rows, book: Book) -> Set:
        """Set the task's exchanges alone, with all that they can be derived from as JSON.

        Args:
            rows: the rows; their draws are keyed by the names that they have.
            book: numbers the texts.
        """
        script, n = self.script(rows), len(rows)
        told = {"task": Column(Texts([self.name]), np.zeros(len(rows), dtype=np.int8))}
        flat = {
            name: Column(Texts([value]), np.zeros(len(rows), dtype=np.int8))
            if isinstance(value, str)
            else value
            for name, value in self._flat(script).items()
        }
        facts = Group(tuple(json_object(self._facts(script))))
        return Set(
            book.set(_exchange(script), n),
            book.set(json_object({**told, **flat, "facts": facts}), n),
            book.set(_words_of(script), n),
            {name: _codes(book, column, n) for name, column in {**told, **self._flat(script)}.items()},
        )

    @cached_property
    def _lexicon_names(self) -> Texts:
        return Texts([lexicon.language for lexicon in self.words.lexicons])

    @cached_property
    def _kind_names(self) -> Texts:
        return Texts(["own", *self._deck.kinds.names])

    @cached_property
    def _language_names(self) -> Texts:
        return Texts(list(self.languages))

    @cached_property
    def _pages(self) -> Pages:
        return Pages(self.conversations, self.size)

    def num_examples(self) -> int:
        """Return how many conversations there are, before start, stop and step."""
        return self.size

    def get_example(self, index: int) -> dict[str, Any]:
        """Return conversation `index`, counted before start, stop and step."""
        if not 0 <= index < self.size:
            raise IndexError(f"conversation {index} of a task of {self.size:,}")
        return self._pages.read(index)

    @property
    def view(self) -> range:
        """The numbers of the conversations that this view of the task shows."""
        return range(self.start, self.stop, self.step)

    def __len__(self) -> int:
        return len(self.view)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> "Task": ...
    def __getitem__(self, index: "int | slice") -> "dict[str, Any] | Task":
        if not isinstance(index, slice):
            return self.get_example(self.view[whole(index)])
        shown = self.view[index]
        if shown.step < 0:
            raise ValueError(f"a view of a task can't run backwards, got step {index.step}")
        _ = self._pages  # made before it is shared
        part = copy(self)
        part.start, part.stop, part.step = shown.start, max(shown.start, shown.stop), shown.step
        return part

    def __copy__(self) -> "Task":
        other = super().__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other


@cache
def _tool(contract: str) -> PythonTool:
    """One sandbox a contract and process, whatever the number of tasks."""
    return PythonTool(contract)


@lru_cache(maxsize=16)
def _questions_of(
    kind: str,
    codes: tuple[str, ...],
    slots: tuple[str, ...],
    others: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> Questions:
    """The questions of a kind, which tasks of all splits and styles share."""
    asked = [language(code) for code in codes]
    return Questions(
        asked, {lang.code: lang.prompts.get(kind, ()) for lang in asked}, slots, others=dict(others)
    )


def _exchange(script: Script) -> list[Piece]:
    return [user(*script.asked.pieces), script.turn]


def _words_of(script: Script) -> list[Piece]:
    """Return all words that rows are about, but those of the exchanges before."""
    if script.words is not None:
        return [script.words]
    return [script.dealt.word] if script.dealt.has_words else []


def _make(cls: type[Task], args: tuple[Any, ...], options: dict[str, Any]) -> Task:
    return cls(*args, **options)


def _as_column(fact: "Column | Lines | npt.NDArray[Any]") -> Column:
    if isinstance(fact, Lines):
        raise ValueError("the manifest can't count by a fact that is a list")
    return fact if isinstance(fact, Column) else number(fact)


def _codes(book: Book, column: "Column | str", rows: int) -> npt.NDArray[np.int32]:
    if isinstance(column, str):
        return np.full(rows, book.constant(column), dtype=np.int32)
    return book.codes(column.texts, column.index)


def _integer(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    try:
        number = whole(value)
    except TypeError:
        raise ValueError(f"{name} is {value!r}, and must be a whole number") from None
    if least is not None and number < least:
        raise ValueError(f"{name} is {number:,}, and must be at least {least:,}")
    if most is not None and number > most:
        raise ValueError(f"{name} is {number:,}, and must be at most {most:,}")
    return number
