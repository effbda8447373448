"""The reader of nanochat's tokenizer.pkl: reads what nanochat writes, runs nothing, refuses all else."""

import copyreg
import functools
import io
import os
import pickle
import pickletools
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tiktoken
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokenizer import pickled
from tokenizer.encoding import EncodingError, open_encoding
from tokenizer.patterns import pattern
from tokenizer.pickled import read_state
from tokenizer.tiktokenfile import save

SHARED = Path(__file__).resolve().parents[2] / "shared"
EVENTS: list[str] = []  # what Python's audit saw while a pickle was read: calls, imports, files, all of it
WATCHED = False


def watch(event: str, _: object) -> None:
    if WATCHED:
        EVENTS.append(event)


sys.addaudithook(watch)


def read(data: bytes) -> object:
    """Read a pickle, and see that nothing is imported, opened, compiled, run or looked up meanwhile."""
    global WATCHED
    EVENTS.clear()
    WATCHED = True
    try:
        return read_state(data, "tokenizer.pkl")
    finally:
        WATCHED = False
        assert EVENTS == []


def ran(*args: object) -> object:
    raise AssertionError("this was run")


def tiny(**changes: object) -> tiktoken.Encoding:
    encoding = tiktoken.Encoding(
        "rustbpe",
        pat_str=pattern("nanochat").regex,
        mergeable_ranks={bytes([byte]): byte for byte in range(256)} | {b"he": 256, b"hel": 257},
        special_tokens={"<|bos|>": 258, "<|user_start|>": 259},
    )
    for name, value in changes.items():
        setattr(encoding, name, value)
    return encoding


def refusal(data: bytes) -> str:
    with pytest.raises(EncodingError) as caught:
        read(data)
    message = str(caught.value)
    assert message.startswith("tokenizer.pkl") or "of tokenizer.pkl" in message
    assert "\n" not in message
    return message


# What nanochat writes


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_reads_what_nanochat_saves(tmp_path, protocol):
    path = tmp_path / "tokenizer.pkl"
    path.write_bytes(pickle.dumps(tiny(), protocol))
    encoding = open_encoding(path)
    assert encoding.pattern is pattern("nanochat")
    assert encoding.special_tokens == {"<|bos|>": 258, "<|user_start|>": 259}
    text = "help <|bos|> 'strawberry'.count('r')"
    assert encoding.encode(text) == tiny().encode_ordinary(text)
    assert encoding.name == f"{tmp_path.name}/tokenizer.pkl"


def test_same_fingerprint_as_the_file_of_ranks(tmp_path):
    (tmp_path / "tokenizer.pkl").write_bytes(pickle.dumps(tiny()))
    encoding = open_encoding(tmp_path / "tokenizer.pkl")
    save(encoding, tmp_path / "copy.tiktoken", "test")
    assert open_encoding(tmp_path / "copy.tiktoken").fingerprint == encoding.fingerprint


def test_reads_a_real_vocabulary(tmp_path):
    vocabulary = SHARED / "vocab" / "ncfork_65k.tiktoken"
    if not vocabulary.exists():
        pytest.skip("no ncfork_65k.tiktoken beside the repository")
    reference = open_encoding(vocabulary)
    (tmp_path / "tokenizer.pkl").write_bytes(pickle.dumps(reference._core))
    encoding = open_encoding(tmp_path / "tokenizer.pkl")
    assert encoding.fingerprint == reference.fingerprint
    assert encoding.encode(" poll") == [2478]


def test_an_encoding_that_tiktoken_knows_pickles_as_its_name(tmp_path, monkeypatch):
    cache = SHARED / "tiktoken_cache"
    if not cache.exists():
        pytest.skip("no tiktoken_cache beside the repository")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(cache))
    data = pickle.dumps(tiktoken.get_encoding("r50k_base"))
    assert read(data) == "r50k_base"
    (tmp_path / "tokenizer.pkl").write_bytes(data)
    assert open_encoding(tmp_path / "tokenizer.pkl").fingerprint == open_encoding("r50k_base").fingerprint


def test_no_unpickler_is_used(monkeypatch):
    monkeypatch.setattr(pickle, "Unpickler", ran)
    monkeypatch.setattr(pickle, "loads", ran)
    monkeypatch.setattr(tiktoken.Encoding, "__setstate__", ran)
    assert read_state(pickle.dumps(tiny()), "x")["name"] == "rustbpe"
    source = Path(pickled.__file__).read_text()
    assert "Unpickler" not in source
    assert "import_module" not in source
    assert "pickle.load" not in source


def test_the_watch_sees_what_pickle_does():
    global WATCHED
    EVENTS.clear()
    WATCHED = True
    try:
        pickle.loads(pickle.dumps(Calls(getattr, ("", "join"))))
    finally:
        WATCHED = False
    assert "pickle.find_class" in EVENTS


# Hostile pickles


class Calls:
    def __init__(self, *reduced: object) -> None:
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


class Slotted:
    __slots__ = ("x",)


HOSTILE = [
    Calls(os.system, ("touch /tmp/owned",)),
    Calls(eval, ("1",)),
    Calls(exec, ("import os",)),
    Calls(getattr, ("", "join")),
    Calls(functools.partial, (print, "x")),
    Calls(functools.partial(ran, "x"), ()),
    Calls(subprocess.Popen, (["true"],)),
    Calls(__import__, ("os",)),
    Calls(list, ()),
    Calls(bytes, ()),
    Calls(tiktoken.Encoding, ("x",)),
    Calls(tiktoken.get_encoding, ("gpt2",)),
    Calls(ran, ()),
    Calls(copyreg._reconstructor, (tiktoken.Encoding, object, None)),
    Calls(list, (), None, iter([1])),
    Calls(dict, (), None, None, iter([("a", 1)])),
    Calls(list, (), {"x": 1}),
    ran,
    os.system,
    tiktoken.Encoding,
    Slotted(),
]


@pytest.mark.parametrize("place", ["alone", "name", "pat_str", "ranks", "id", "key", "special", "extra"])
@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: type(hostile).__name__)
def test_refuses_hostile_objects_anywhere(hostile, place):
    encoding = tiny()
    if place == "alone":
        encoding = hostile
    elif place in ("name", "pat_str", "ranks", "special"):
        field = {
            "name": "name",
            "pat_str": "_pat_str",
            "ranks": "_mergeable_ranks",
            "special": "_special_tokens",
        }
        setattr(encoding, field[place], hostile)
    elif place == "id":
        encoding._mergeable_ranks[b"new"] = hostile
    elif place == "key":
        encoding._mergeable_ranks[hostile] = 300
    else:
        encoding._special_tokens["<|x|>"] = hostile
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        refusal(pickle.dumps(encoding, protocol))


def test_says_what_it_was_asked_for():
    message = refusal(pickle.dumps(Calls(os.system, ("true",)), 4))
    assert "asks for 'posix.system'" in message or "asks for 'nt.system'" in message
    assert "nothing was run" in message


HEAD, TAIL = b"\x80\x04", b"."
CLASS = b"ctiktoken.core\nEncoding\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "asks for 'os.system'"),
        (b"(S'true'\nios\nsystem\n.", "opcode STRING"),
        (b"(cos\nsystem\nX\x04\0\0\0trueo.", "asks for 'os.system'"),
        (b"c__main__\nEncoding\n)\x81.", "asks for '__main__.Encoding'"),
        (b"ctiktoken.core\nEncoding.encode\n.", "asks for"),
        (b"ctiktoken\ncore.Encoding\n)\x81.", "asks for 'tiktoken.core.Encoding'"),
        (b"K\x01K\x02\x93.", "asks for"),
        (b"\x8c\x02os)\x93.", "asks for"),
        (CLASS + b")R.", "opcode REDUCE"),
        (CLASS + b"K\x01\x85\x81.", "opcode TUPLE1"),
        (CLASS + b"}\x81.", "opcode NEWOBJ"),
        (CLASS + b")}\x92.", "opcode NEWOBJ_EX"),
        (CLASS + b"}b.", "opcode BUILD"),
        (b"}}b.", "opcode BUILD"),
        (CLASS + b")\x81}b.", "opcode BUILD"),
        (CLASS + b")\x81K\x01bK\x01b.", "opcode BUILD"),
        (CLASS + b")\x81K\x01b.", "holds an Encoding of 'int'"),
        (CLASS + b")\x81X\x01\0\0\0ab0.", "opcode POP"),
        (CLASS + b")\x81.", "NoneType"),
        (CLASS + b".", "something else than"),
        (b"Pid\n.", "opcode PERSID"),
        (b"X\x01\0\0\0aQ.", "opcode BINPERSID"),
        (b"\x82\x01.", "opcode EXT1"),
        (b"\x83\x01\x01.", "opcode EXT2"),
        (b"\x84\x01\x01\0\0.", "opcode EXT4"),
        (b"\x97.", "opcode NEXT_BUFFER"),
        (b"\x98.", "opcode READONLY_BUFFER"),
        (b"\x96\x01\0\0\0\0\0\0\0a.", "opcode BYTEARRAY8"),
        (b"]K\x01a.", "opcode EMPTY_LIST"),
        (b"\x8f.", "opcode EMPTY_SET"),
        (b"I99999999999999999999\n.", "opcode INT"),
        (b"\x8b\xff\xff\xff\x7f", "opcode LONG4"),
        (b"\xff", "0xFF, which is no opcode"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f", "cut off"),
        (b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "cut off"),
        (b"B\xff\xff\xff\xff", "cut off"),
        (b"\x95\xff\xff\xff\xff\xff\xff\xff\xffN.", "opcode NONE"),
        (b"}r\xff\xff\xff\xff0", "opcode POP"),  # the C unpickler would make room for 4 billion
        (b"j\xff\xff\xff\xff.", "memo 4294967295"),
        (b"h\x00.", "memo 0"),
        (b".", "something else than"),
        (b"((((((.", "something else than"),
        (b"u.", "never began"),
        (b"(u.", "takes more from its stack"),
        (b"s.", "takes more from its stack"),
        (b"(K\x01s.", "takes more from its stack"),
        (b"}K\x01K\x02s.", "neither str nor bytes"),
        (b"}}K\x02s.", "neither str nor bytes"),
        (b"}(C\x01au.", "sets items"),
        (b"}(C\x01aK\x01C\x01aK\x02u.", "one key twice"),
        (b"K\x01C\x01aK\x01s.", "sets items"),
        (b"\x94.", "takes more from its stack"),
        (b"X\x01\0\0\0\xff.", "no UTF-8"),
        (b"cos", "has no end"),
        (b"c" + b"x" * 1000, "has no end"),
        (pickle.dumps(tiny()) + b"x", "1 bytes follow its end"),
        (pickle.dumps(tiny()) * 2, "bytes follow its end"),
        (pickle.dumps({"name": "x"}), "something else than"),
        (pickle.dumps(tiny(), 2), "opcode|asks for"),
        (b"garbage of some length", "opcode|asks for|cut off|stack"),
        (b"", "cut off"),
    ],
)
def test_refuses_each_opcode_that_plain_data_does_not_need(data, expected):
    assert re.search(expected, refusal(data))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": b"x"}, "a bytes as name"),
        ({"_pat_str": {}}, "a dict as pat_str"),
        ({"_mergeable_ranks": "x"}, "a str as mergeable_ranks"),
        ({"_special_tokens": 5}, "an? int as special_tokens"),
        ({"_mergeable_ranks": {"a": 1}}, "mergeable_ranks of .* holds 'a'"),
        ({"_mergeable_ranks": {b"a": "1"}}, "mergeable_ranks of .* with str '1'"),
        ({"_mergeable_ranks": {b"a": -1}}, "mergeable_ranks of .* with int -1"),
        ({"_special_tokens": {b"a": 1}}, "special_tokens of"),
        ({"_special_tokens": {"a": {}}}, "special_tokens of .* with dict"),
    ],
)
def test_refuses_data_of_other_types(changes, expected):
    with pytest.raises(EncodingError, match=expected):
        read(pickle.dumps(tiny(**changes)))


def test_refuses_more_fields_and_fewer():
    for state in ({"name": "x"}, {**tiny().__getstate__(), "hook": "x"}):
        whole = io.BytesIO()
        pickler = pickle.Pickler(whole, 4)
        pickler.dispatch_table = {
            tiktoken.Encoding: lambda _, state=state: (copyreg.__newobj__, (tiktoken.Encoding,), state)
        }
        pickler.dump(tiny())
        assert "are wanted" in refusal(whole.getvalue())


def test_a_dict_that_holds_itself():
    data = CLASS + b")\x81}q\x00(X\x04\0\0\0nameh\x00X\x07\0\0\0pat_strh\x00X\x0f\0\0\0mergeable_ranksh\x00"
    assert "a dict as name" in refusal(data + b"X\x0e\0\0\0special_tokensh\x00ub.")


# Broken pickles


def test_cut_off_at_every_byte():
    data = pickle.dumps(tiny())
    for end in range(len(data)):
        refusal(data[:end])


def check(data: bytes) -> None:
    """Read, or refuse with EncodingError and nothing else."""
    try:
        state = read(data)
    except EncodingError:
        return
    assert isinstance(state, (dict, str))


def test_every_single_byte_changed():
    data = pickle.dumps(tiny())
    draw = random.Random(3)
    for place in range(len(data)):
        for value in (0, 255, ord("R"), ord("c"), draw.randrange(256)):
            check(data[:place] + bytes([value]) + data[place + 1 :])


def test_random_mutations():
    wholes = [pickle.dumps(tiny(), protocol) for protocol in range(6)]
    wholes += [pickle.dumps(hostile) for hostile in HOSTILE[:14]]
    opcodes = [op.code.encode("latin-1") for op in pickletools.opcodes]
    draw = random.Random(4)
    for _ in range(10_000):
        data = bytearray(draw.choice(wholes))
        for _ in range(draw.randrange(1, 6)):
            place = draw.randrange(len(data))
            other = draw.choice(wholes)
            start = draw.randrange(len(other))
            piece = draw.choice(
                [draw.choice(opcodes), other[start : start + draw.randrange(40)], draw.randbytes(3)]
            )
            data[place : place + draw.choice([0, 0, len(piece), 20])] = piece
        check(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
@example(b"cposix\nsystem\n(X\x04\x00\x00\x00trueoR.")
def test_random_bytes(data):
    check(data)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [op.code.encode("latin-1") for op in pickletools.opcodes] + [CLASS, b"\x01a", b"os\nsystem\n"]
        )
    )
)
def test_random_programs(pieces):
    check(b"".join(pieces))


def test_in_a_process_of_its_own_no_file_is_made(tmp_path):
    """What Python's own pickle would run, seen from outside."""
    flag, path = tmp_path / "flag", tmp_path / "tokenizer.pkl"
    path.write_bytes(pickle.dumps(Calls(open, (str(flag), "w")), 4))
    code = "import sys; from tokenizer.encoding import open_encoding; open_encoding(sys.argv[1])"
    found = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "EncodingError" in found.stderr
    assert "nothing was run" in found.stderr
    assert not flag.exists()
    pickle.loads(path.read_bytes()).close()
    assert flag.exists()
