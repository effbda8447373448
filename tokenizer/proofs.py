r"""Proofs that a split pattern always cuts, whatever stands around.

`safe_cut` and `safe_cuts` are public in tokenizer/boundaries.py, which says what a safe cut is. The rules
below know patterns, not vocabularies. `right_shape` and `left_shape` reduce texts to what the rules can tell
apart, so that each proof is made once.

Run: python -m doctest tokenizer/proofs.py
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from tokenizer.patterns import SplitPattern, pattern


def has_proofs(pattern: SplitPattern) -> bool:
    """Whether anything can be proved of a pattern: whether its stages are in `tokenizer.patterns`.

    >>> has_proofs(pattern("o200k")), has_proofs(SplitPattern("mine", ".", "made up"))
    (True, False)
    """
    return pattern.stages in _RULES


def safe_cut(left: str, right: str, pattern: SplitPattern) -> bool:
    """Whether a cut between left and right is proved safe: for any x and y, with split for the pre-tokens,

    `split(x + left + right + y) == split(x + left) + split(right + y)`.

    The proof reads at most 16 characters of left and 3 of right. Nothing is proved where one of them is
    empty, or for a pattern whose stages are none of those in `tokenizer.patterns`.
    Source: facts/token-boundaries.md, sections 2 and 3; each rule below gives its reason.

    >>> from tokenizer.patterns import pattern
    >>> safe_cut("r", ".", pattern("o200k")), safe_cut("r", "'", pattern("o200k"))  # it may become "r's"
    (True, False)
    """
    rules = _RULES.get(pattern.stages)
    return rules is not None and _proved(left[-_REACH:], right[:3], rules)


def begins(left: str, right: str, pattern: SplitPattern) -> bool:
    r"""Whether a pre-token is proved to begin at right: all that the start of a slot needs.

    It does at every safe cut. It does between a newline and a letter or digit too: no pattern takes a newline
    into the pre-token of what follows it. That cut is not safe, since the newlines before it would be cut
    otherwise if the text ended there; but what stands left of it changes nothing on its right.

    >>> from tokenizer.patterns import pattern
    >>> begins("\n", "strawberry", pattern("gpt2")), safe_cut("\n", "strawberry", pattern("gpt2"))
    (True, False)
    """
    rules = _RULES.get(pattern.stages)
    if rules is None or not left or not right:
        return False
    return (left[-1] in "\r\n" and _kind(right[0], rules) in "LNH") or safe_cut(left, right, pattern)


def safe_cuts(text: str, pattern: SplitPattern) -> list[int]:
    """Every offset within the text where `safe_cut(text[:offset], text[offset:], pattern)`.

    >>> from tokenizer.patterns import pattern
    >>> safe_cuts("W: s, t", pattern("nanochat"))
    [1, 2, 4, 5]
    """
    rules = _RULES.get(pattern.stages)
    if rules is None:
        return []
    return [i for i in range(1, len(text)) if _proved(text[max(0, i - _REACH) : i], text[i : i + 3], rules)]


def right_shape(text: str) -> str:
    """Reduce the end of a text to what `safe_cut` needs of it as its left: as few different ones as can be.

    `safe_cut(right_shape(a), left_shape(b), p) == safe_cut(a, b, p)` for every a, b and pattern, so that
    proofs can be remembered by shape.

    >>> right_shape("strawberry"), right_shape('the word "')
    ('a', 'a "')
    """
    if not text:
        return ""
    shape = _shape(text[-1])
    if shape not in _ALONE:
        shape = "".join(map(_shape, text[-_REACH:]))
        # Of what stands before the last three characters only rows of "/" and of marks matter.
        if _category(text[-1]) != "M" and "/" not in text[-2:]:
            shape = shape[-3:]
    return shape


def right_shape_of_last(char: str) -> str | None:
    """Return the right_shape of every text that ends in this character; None where more of it counts.

    >>> right_shape_of_last("y"), right_shape_of_last(".")
    ('a', None)
    """
    shape = _shape(char) if char else ""
    return shape if shape in _ALONE else None


def line_cut(left: str, right: str, pattern: SplitPattern) -> bool:
    r"""Whether a cut behind the newline that ends left, before something visible, is proved safe.

    It is for every pattern but GPT-2's, whose newline before a letter is another pre-token than at the end of
    a text. For composing; no style may rest on it, and so `safe_cut` does not count it.

    >>> from tokenizer.patterns import pattern
    >>> [line_cut(":\n\n", "strawberry", pattern(name)) for name in ("nanochat", "o200k", "gpt2")]
    [True, True, False]
    """
    rules = _RULES.get(pattern.stages)
    if rules is None or rules.glue == "space" or left[-1:] not in ("\r", "\n") or not right:
        return False
    # The pre-token with the newline is whitespace, or punctuation with its tail; both run up to `right` and
    # end there, with the text as before a visible character. A mark could be drawn to what is before (NFC).
    return _kind(right[0], rules) not in "S?" and _category(right[0]) != "M" and right[0] not in rules.tail


def left_shape(text: str) -> str:
    """Reduce the start of a text to what `safe_cut` needs of it as its right; see right_shape.

    >>> left_shape("strawberry"), left_shape(" word"), left_shape("'la")
    ('s', ' ', "'la")
    """
    if not text:
        return ""
    first = text[0]
    # What follows an apostrophe may make a contraction, and a letter may be the s of one.
    if first == "'":
        return text[:3]
    if _category(first) == "L" and _may_contract(text):
        return "s" if first.isascii() else "ſ"
    return _shape(first)


def left_shape_of_two(chars: str) -> str | None:
    """Return the left_shape of every text that starts with these two characters; None where more counts.

    >>> left_shape_of_two("st"), left_shape_of_two("'l")
    ('s', None)
    """
    return left_shape(chars) if chars[:1] != "'" else None


_ALONE = "aé一あ0"  # shapes of letters and digits: nothing before them counts


def _shape(char: str) -> str:
    """Return one character for all that no rule tells apart."""
    category = _category(char)
    if category == "L":
        if "一" <= char <= "龥" or "\u3040" <= char <= "ヿ":
            return "一"
        return "a" if char.isascii() else "é"
    return {"N": "0"}.get(category, char)


# The proofs. No pattern looks back, so what stands left of a pre-token edge never changes what follows it.
# A cut is therefore safe as soon as every pre-token that begins left of it ends there or earlier, and none
# looks across it to know where to end. Only `\s+(?!\S)` and `\s++$` look: at what follows whitespace.

_REACH = 16  # characters of left that a proof reads; more only matter in rows of "/" or of combining marks

_CONTRACTIONS = ("s", "t", "re", "ve", "m", "ll", "d")


@dataclass(frozen=True)
class _Rules:
    """What a split pattern lets stand together in one pre-token."""

    glue: Literal["space", "ascii", "any"]  # what may stand before the letters of a word, in its pre-token
    tail: str = "\r\n"  # what the pre-token of punctuation takes along after it
    marks_in_words: bool = False  # combining marks count as letters, else as punctuation
    suffixes: bool = False  # a word takes its 's along, else 's is a pre-token of its own
    one_digit: bool = False  # every digit is a pre-token, else runs are counted from an unknown start
    staged: bool = False  # DeepSeek: digits, then Han and kana are cut off first; controls match nothing


_RULES = {
    pattern(name).stages: rules
    for name, rules in {
        "gpt2": _Rules(glue="space", tail=""),
        "cl100k": _Rules(glue="any"),
        "o200k": _Rules(glue="any", tail="\r\n/", marks_in_words=True, suffixes=True),
        "llama3": _Rules(glue="any"),
        "qwen2": _Rules(glue="any", one_digit=True),
        "tekken": _Rules(glue="any", tail="\r\n/", marks_in_words=True, one_digit=True),
        "nanochat": _Rules(glue="any"),
        "deepseek": _Rules(glue="ascii", marks_in_words=True, staged=True),
    }.items()
}


def _proved(left: str, right: str, rules: _Rules) -> bool:
    if not left or not right:
        return False
    before, after = _last_kind(left, rules), _kind(right[0], rules)
    if before == "S":
        # How a whitespace run splits depends on its end and on what follows: facts, section 2, "never".
        return after in "LNH" and _one_newline(left)
    if after == "S":
        # After a non-space whitespace begins a pre-token, except a newline that punctuation takes along.
        return right[0] not in "\r\n" or before in "LNHO" or (before == "P" and not rules.tail)
    if before == "?" or after == "?" or _category(right[0]) == "M":
        return False  # a combining mark belongs to what stands before it: NFC (Qwen 2) may join them
    if before == "H" or after == "H":
        return before != after  # an earlier stage cuts there
    if before == "N" or after == "N":
        return before != after or rules.one_digit  # no pre-token holds digits and another non-space
    if after == "L":
        return before == "P" and _leaves_letter_alone(left, right, rules)
    if before == "L":
        # Letters end their pre-token at punctuation, unless the word takes 's along.
        return not (rules.suffixes and right[0] == "'" and _may_contract(right[1:]))
    # A run of punctuation is one pre-token. DeepSeek's controls are none of it: they begin or end it.
    return before != after


def _one_newline(left: str) -> bool:
    r"""Whether left ends in a newline that is a whole run of whitespace.

    Nothing goes on from it to a letter or a digit. If punctuation takes it along as tail, the tail ends
    there. Else it begins a pre-token, as no word takes a newline before its letters: `\s*[\r\n]` is that
    newline alone, whatever follows; so is gpt2's `\s`, where `\s+(?!\S)` has no second space to leave, and
    at the end of a text `\s++$`. Of two newlines gpt2 takes one before a letter, and both at the end.
    """
    return len(left) > 1 and left[-1] == "\n" and _category(left[-2]) not in ("S", "?")


def _leaves_letter_alone(left: str, right: str, rules: _Rules) -> bool:
    """Whether the last character of left, punctuation, is sure not to begin a pre-token with the letter."""
    last, rest = left[-1], left[:-1]
    if _category(last) == "M":
        return False  # NFC may draw it into a letter before it
    if rules.glue == "space" and (last != "'" or not _may_contract(right)):
        return True  # only 's and the like begin with punctuation and go on with letters
    if rules.glue == "ascii" and not (last.isascii() and right[0].isascii()):
        return True  # [!-~][A-Za-z]+ is the only branch with punctuation before letters
    # A pre-token that begins before `last` holds it: ` ?[punctuation]+` runs through it and stops at the
    # letter. The last space of a run always begins a pre-token, and no branch but that one goes on with
    # punctuation; nor does any but that one begin with two punctuation characters.
    if rest.endswith(" "):
        return True
    if not rest or _kind(rest[-1], rules) != "P" or _category(rest[-1]) == "M":
        return False
    if rest[-1] != "/" or rest[-1] not in rules.tail or last == "/":
        return True
    # o200k, tekken: in ".\n/" the slash is tail and ends its pre-token, so "-s" would begin another.
    # A slash is tail only where a newline stands before the slashes.
    rest = rest.rstrip("/")
    return rest != "" and rest[-1] not in "\r\n"


def _may_contract(letters: str) -> bool:
    """Whether these letters, or letters that begin so, can follow an apostrophe in a contraction."""
    # casefold and not lower: (?i:s) also matches the long s, U+017F
    letters = letters[:2].casefold()
    return any(end.startswith(letters) or letters.startswith(end) for end in _CONTRACTIONS)


def _last_kind(left: str, rules: _Rules) -> str:
    """The kind of the last character, where a combining mark is a letter if sure to be part of a word."""
    kind = _kind(left[-1], rules)
    if kind != "M":
        return kind
    if rules.staged:
        return "L"  # marks are not \p{P} or \p{S}: no run of punctuation takes them
    # [^\s\p{L}\p{N}]+ takes marks too, so after punctuation one may be part of the run.
    kinds = [_kind(char, rules) for char in left]
    while kinds and kinds[-1] == "M":
        kinds.pop()
    return "L" if kinds and kinds[-1] in "LNS" else "?"


def _kind(char: str, rules: _Rules) -> str:
    """What the pattern takes a character for: L M N S, P(unctuation), H(an and kana), O(ther), ? unknown."""
    if rules.staged and ("一" <= char <= "龥" or "\u3040" <= char <= "ヿ"):
        return "H"
    kind = _category(char)
    if (kind == "M" and not rules.marks_in_words) or (kind == "O" and not rules.staged):
        return "P"
    return kind


@cache
def _category(char: str) -> str:
    if char.isspace() and not "\x1c" <= char <= "\x1f":  # those four are not \s
        return "S"
    category = unicodedata.category(char)
    if category in ("Cn", "Cs"):
        return "?"  # a newer table than Python's may call an unassigned character anything
    return {"P": "P", "S": "P", "C": "O"}.get(category[0], category[0])
