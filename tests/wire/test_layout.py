"""Layouts: binary messages, field by field."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.wire.fields import Fields
from harness.wire.framing import CLOSE, DATAGRAM, LINE
from harness.wire.layout import compile_layout, named_layer
from harness.wire.message import Matched, Mismatch, More
from harness.wire.reading import parse

FEW = settings(max_examples=150, derandomize=True, deadline=None)


def fields(described, values=()):
    layout = (
        named_layer(described) if isinstance(described, str) else compile_layout("x", described)
    )
    given = ((name, parse(value) if isinstance(value, str) else value) for name, value in values)
    return Fields(layout, tuple(given))


NUMBERS = [
    ("u8", 0, 2**8 - 1, b"\x12"),
    ("u16", 0, 2**16 - 1, b"\x00\x12"),
    ("u32", 0, 2**32 - 1, b"\x00\x00\x00\x12"),
    ("u64", 0, 2**64 - 1, b"\x00\x00\x00\x00\x00\x00\x00\x12"),
    ("i8", -(2**7), 2**7 - 1, b"\x12"),
    ("i16", -(2**15), 2**15 - 1, b"\x00\x12"),
    ("i32", -(2**31), 2**31 - 1, b"\x00\x00\x00\x12"),
    ("le-u16", 0, 2**16 - 1, b"\x12\x00"),
    ("le-u32", 0, 2**32 - 1, b"\x12\x00\x00\x00"),
]


@pytest.mark.parametrize(("kind", "low", "high", "wire"), NUMBERS, ids=[row[0] for row in NUMBERS])
def test_a_number_is_written_and_read_within_its_bounds(kind, low, high, wire):
    assert fields([("a", kind)], [("a", 0x12)]).produce({}) == wire
    for value in (low, high):
        data = fields([("a", kind)], [("a", value)]).produce({})
        read = fields([("a", kind)], [("a", "{x:like(-?[0-9]+)}")]).bind({}, DATAGRAM)
        assert read.judge(data, ended=True) == Matched(len(wire), {"x": str(value).encode()})


@pytest.mark.parametrize(("kind", "low", "high", "wire"), NUMBERS, ids=[row[0] for row in NUMBERS])
def test_a_number_beyond_its_bounds_is_an_error(kind, low, high, wire):
    for value in (low - 1, high + 1):
        with pytest.raises(HarnessError, match=f"field a cannot hold {value}"):
            fields([("a", kind)], [("a", value)])
        with pytest.raises(HarnessError, match=f"field a cannot hold {value}"):
            fields([("a", kind)], [("a", "{v}")]).produce({"v": str(value).encode()})


COUNTED = [("n", "u16"), ("d", "bytes(n)"), ("end", "u8")]
PRODUCED = [
    ("counted", COUNTED, [("d", "abc"), ("end", 7)], b"\0\3abc\7"),
    ("counted-by-hand", COUNTED, [("n", 3), ("d", "abc"), ("end", 7)], b"\0\3abc\7"),
    ("counts-zeros", COUNTED, [("n", 2), ("end", 7)], b"\0\2\0\0\7"),
    ("nothing", COUNTED, [("end", 7)], b"\0\0\7"),
    ("fixed", [("a", "bytes(3)")], [("a", "abc")], b"abc"),
    ("default", [("a", "bytes(3)"), ("b", "i8")], [("b", -1)], b"\0\0\0\xff"),
    ("rest", [("a", "u8"), ("b", "rest")], [("a", 1), ("b", "all")], b"\1all"),
    ("text-number", [("a", "i8")], [("a", "-3")], b"\xfd"),
]


@pytest.mark.parametrize(
    ("described", "values", "wire"), [row[1:] for row in PRODUCED], ids=[row[0] for row in PRODUCED]
)
def test_produces(described, values, wire):
    message = fields(described, values)
    assert message.produce({}) == wire
    assert message.bind({}, DATAGRAM).judge(wire, ended=True) == Matched(len(wire))


WRONG = [
    ("short", [("a", "bytes(4)")], [("a", "abc")], "field a has 4 bytes, found 3"),
    ("long", [("a", "bytes(4)")], [("a", "abcde")], "field a has 4 bytes, found 5"),
    ("miscounted", COUNTED, [("n", 9), ("d", "abc")], "field n says 9, and d has 3 bytes"),
    ("no-number", [("a", "u8")], [("a", "x")], "field a is a number, found b'x'"),
    ("too-many", [("n", "u8"), ("d", "bytes(n)")], [("d", "x" * 256)], "field n cannot hold 256"),
    ("unknown-field", [("a", "u8")], [("b", 1)], "layout x has no field 'b'"),
    ("unknown-type", [("a", "u24")], [], "unknown type 'u24'"),
    ("twice", [("a", "u8"), ("a", "u8")], [], "named once"),
    ("none", [], [], "has no fields"),
    ("counts-later", [("d", "bytes(n)"), ("n", "u8")], [], "does not stand before"),
    ("counts-signed", [("n", "i8"), ("d", "bytes(n)")], [], "counts by n, which is i8"),
    ("behind-rest", [("d", "rest"), ("n", "u8")], [], "n cannot follow"),
    ("not-scapy", "os.path", [], "named like scapy.layers"),
    ("no-layer", "scapy.layers.tftp.NONE", [], "scapy has no layer"),
    ("no-packet", "scapy.layers.tftp.Packet_", [], "scapy has no layer"),
    ("dispatcher", "scapy.layers.ntp.NTP", [], "has no fields of its own"),
]


@pytest.mark.parametrize(
    ("described", "values", "told"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_cannot_be_is_told(described, values, told):
    with pytest.raises(HarnessError, match=told):
        fields(described, values).produce({})


PAIR = [("a", "u16"), ("b", "i16")]
JUDGED = [
    ("right", PAIR, [("a", 7)], DATAGRAM, b"\0\7\xff\xff", True, Matched(4)),
    ("second-byte", PAIR, [("a", 7)], DATAGRAM, b"\0\5\0\0", True,
     Mismatch(1, "a is 5, wanted 7")),
    ("signed", PAIR, [("b", "{q:int(0..5)}")], DATAGRAM, b"\0\0\xff\xff", True,
     Mismatch(2, "b is -1")),
    ("bounds", PAIR, [("a", "{q:int(0..5)}")], DATAGRAM, b"\0\6\0\0", True,
     Mismatch(0, "a 6 is not from 0 to 5")),
    ("little-endian", [("a", "le-u16")], [("a", 7)], DATAGRAM, b"\7\1", True,
     Mismatch(1, "a is 263, wanted 7")),
    ("reference", PAIR, [("a", "{v}")], DATAGRAM, b"\0\7\0\0", True, Matched(4)),
    ("too-long", PAIR, [], DATAGRAM, b"\0\7\0\0!", True, Mismatch(4, "more than the message")),
    ("too-short", PAIR, [], DATAGRAM, b"\0\7\0", True, Mismatch(3, "it ends in the field b")),
    ("empty", PAIR, [], DATAGRAM, b"", True, Mismatch(0, "it ends in the field a")),
    ("stream", PAIR, [("a", 7)], LINE, b"\0\7\0\0next", False, Matched(4)),
    ("stream-more", PAIR, [("a", 7)], LINE, b"\0", False, More()),
    ("stream-early", PAIR, [("a", 7)], LINE, b"\1", False, Mismatch(0, "a is not 7")),
    ("stream-ended", PAIR, [("a", 7)], LINE, b"\0\7", True, Mismatch(2, "it ends in the field b")),
    ("counted", COUNTED, [("d", "a{x:word}")], LINE, b"\0\3abc\7..", False,
     Matched(6, {"x": b"bc"})),
    ("counted-more", COUNTED, [("d", "a{x:word}")], LINE, b"\0\3ab", False, More()),
    ("counted-early", COUNTED, [("d", "a{x:word}")], LINE, b"\0\3x", False, Mismatch(2)),
    ("counted-wrong", COUNTED, [("d", "a{x:word}")], LINE, b"\0\3a \n!", False,
     Mismatch(3, 'd is "a \\n"')),
    ("rest", [("a", "u8"), ("d", "rest")], [("d", "{x:word}")], CLOSE, b"\0ab", True,
     Matched(3, {"x": b"ab"})),
    ("rest-more", [("a", "u8"), ("d", "rest")], [("d", "{x:word}")], CLOSE, b"\0ab", False, More()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("described", "values", "framing", "data", "ended", "wanted"),
    [row[1:] for row in JUDGED],
    ids=[row[0] for row in JUDGED],
)
def test_judges(described, values, framing, data, ended, wanted):
    judge = fields(described, values).bind({"v": b"7"}, framing)
    assert judge.judge(data, ended) == wanted


def test_what_was_captured_and_no_field_can_hold_matches_nothing():
    judge = fields([("a", "u8")], [("a", "{v}")]).bind({"v": b"300"}, DATAGRAM)
    assert isinstance(judge.judge(b"\0", ended=True), Mismatch)


LAYERS = [
    ("scapy.layers.dns.DNS", [("id", 4660)], [("id", "{x:int}"), ("rd", 1)], b"4660"),
    ("scapy.layers.tftp.TFTP", [("op", 3)], [("op", "{x:int(1..5)}")], b"3"),
    ("scapy.layers.tftp.TFTP_RRQ", [("filename", "a.txt")], [("filename", "{x:word}")], b"a.txt"),
    ("scapy.layers.ntp.NTPHeader", [("mode", 4)], [("mode", 4), ("stratum", "{x:int}")], b"2"),
]


@pytest.mark.parametrize(
    ("layer", "said", "wanted", "captured"), LAYERS, ids=[row[0].split(".")[-1] for row in LAYERS]
)
def test_a_layer_of_scapy_is_produced_and_judged(layer, said, wanted, captured):
    data = fields(layer, said).produce({})
    judged = fields(layer, wanted).bind({}, DATAGRAM).judge(data, ended=True)
    assert judged == Matched(len(data), {"x": captured})


HOSTILE = [
    *((layer, wanted) for layer, _, wanted, _ in LAYERS),
    (COUNTED, [("d", "a{x:word}"), ("end", 7)]),
    ([("n", "u64"), ("d", "bytes(n)")], [("d", "{x:rest}")]),
    ([("a", "i8"), ("d", "rest")], [("a", "{x:int}"), ("d", "{y:line}\n")]),
]


@FEW
@given(st.sampled_from(HOSTILE), st.binary(max_size=80), st.booleans(), st.booleans())
def test_any_bytes_are_judged(message, data, ended, stream):
    judge = fields(*message).bind({}, CLOSE if stream else DATAGRAM)
    judged = judge.judge(data, ended)
    if isinstance(judged, Mismatch):
        assert 0 <= judged.offset <= len(data)
    elif isinstance(judged, More):
        assert stream
        assert not ended


@FEW
@given(st.binary(max_size=20), st.integers(0, 255), st.data())
def test_a_beginning_of_a_stream_wants_more_and_a_wrong_byte_does_not(body, end, data):
    layout = compile_layout("x", COUNTED)
    message = Fields(layout, (("d", parse("{_:rest}")), ("end", end)))
    whole = len(body).to_bytes(2, "big") + body + bytes([end])
    judge = message.bind({}, LINE)
    assert judge.judge(whole + b"next", ended=False) == Matched(len(whole))
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert judge.judge(whole[:cut], ended=False) == More()
    assert isinstance(judge.judge(whole[:cut], ended=True), Mismatch)
    wrong = judge.judge(whole[:-1] + bytes([end ^ 1]), ended=False)
    assert isinstance(wrong, Mismatch)
    assert wrong.offset == len(whole) - 1


def test_scapy_is_loaded_for_layouts_alone():
    tell = (
        "import sys\nfrom harness import library\n"
        "library.suite('echo-tcp')\nprint('scapy' in sys.modules)\n"
        "library.suite('time-udp')\nprint('scapy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
