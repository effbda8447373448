"""Words of letters as people might bring them in a lexicon of their own, and the lexicon files for them."""

import unicodedata
from pathlib import Path

import regex
from hypothesis import strategies as st

ALPHABETS = {
    "Latin": "abcdefghijklmnopqrstuvwxyzABCSTZ",
    "contractions": "sdmtlvreSDMTLVRE",  # words that begin like what stands after an apostrophe
    "accents": "aeinsáéíóúüñçßøğıİœſǆŀȷ",
    "loose marks": "aeiobx\u0301\u0308\u0331\u0338",  # what NFC can join, and what it cannot
    "Cyrillic": "абвгдежзийклмнопёіїљ",
    "Greek": "αβγδεζηάέήϊΐΩςσ",
    "Han": "中国人学生大小好字词的一龥㐀𠀀",
    "kana": "あいうかがっアイガーゝヿ",
    "Hangul": "한국어가나다말\u1100\u1161\u11a8",
    "Arabic": "ابتثجحخدرسشعغفقكلمنهوية\u064e\u0651",
    "Hebrew": "אבגדהוזחטיכלםשת\u05b8\u05c1",
    "Devanagari": "कखगघचजटतदनपमयरलवशषसह\u093e\u093f\u0940\u0902\u094d",
    "Thai": "กขคงจชดตถทนำะเแ\u0e31\u0e35\u0e49",
    "titlecase and modifiers": "ǅǈʰªᵃaAbʼ",
    "few": "ab",
}
_WORD = regex.compile(r"(?=\X\X)(?:\p{L}\p{M}*)+")


_ANY = st.characters(categories=["L", "Mn", "Mc"])


def is_word(text: str) -> bool:
    """Whether a lexicon takes the text as a word, as it stands."""
    return bool(_WORD.fullmatch(text)) and unicodedata.normalize("NFC", text) == text


def words(*names: str, most: int = 14) -> st.SearchStrategy[str]:
    """Words of one script each: NFC, of two graphemes or more."""
    return st.one_of(
        *(
            st.text(st.sampled_from(ALPHABETS[name]), min_size=2, max_size=most)
            for name in names or ALPHABETS
        ),
        *(() if names else (st.text(_ANY, min_size=2, max_size=most),)),
    ).map(lambda text: unicodedata.normalize("NFC", text)).filter(is_word)  # fmt: skip


def letters(word: str) -> list[str]:
    """The graphemes of a word."""
    return regex.findall(r"\X", word)


def files(folder: Path, *words: str, test: str = "onion") -> dict[str, Path]:
    """Options of a task that deals these words, and one test word beside them."""
    (folder / "words.txt").write_text("\n".join([*words, test]), "utf-8")
    (folder / "holdout.txt").write_text(test, "utf-8")
    return {"lexicon": folder / "words.txt", "holdout": folder / "holdout.txt"}
