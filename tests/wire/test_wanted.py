"""Packets within packets, held against what is wanted: messages of scapy's DNS layers."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.dns import DNS, dns_compress

from harness.errors import HarnessError
from harness.wire.fields import Fields
from harness.wire.framing import DATAGRAM, Framing, FramingKind
from harness.wire.layout import named_layer
from harness.wire.message import Matched, Mismatch, More
from harness.wire.reading import parse
from harness.wire.values import Given, Packets

FEW = settings(max_examples=150, derandomize=True, deadline=None)
LAYERS = "scapy.layers.dns."
MESSAGE, OVER_TCP, QUESTION, RECORD, MX, OPT = (
    named_layer(LAYERS + name)
    for name in ("DNS", "DNSTCP", "DNSQR", "DNSRR", "DNSRRMX", "DNSRROPT")
)
LENGTH = Framing(FramingKind.LENGTH, size=2)


def a(layout, **values):
    return Given(layout, read(values))


def read(values):
    found = ((k, parse(v) if isinstance(v, str) else v) for k, v in values.items())
    return tuple((key.replace("__", "|"), value) for key, value in found)


def message(layout=MESSAGE, size=None, head=False, capture="", **values):
    return Fields(layout, read(values), size, head, capture)


def exactly(*packets):
    return Packets(packets)


def in_any_order(*packets):
    return Packets(packets, ordered=False)


def among_others(*packets, lacks=()):
    return Packets(packets, ordered=False, others=True, lacks=lacks)


ASKED = exactly(a(QUESTION, qname="www.test.", qtype="A"))
ONE, TWO = (a(RECORD, rrname="www.test.", type="A", rdata=f"192.0.2.{n}") for n in (1, 2))
TEXT = a(RECORD, rrname="www.test.", type="TXT", rdata="hello")
MAIL = a(MX, rrname="www.test.", preference=10, exchange="mail.test.")
PLAIN = message(id=7, qr=1, qd=ASKED, an=exactly(ONE, TEXT, MAIL)).produce({})
COMPRESSED = bytes(dns_compress(DNS(PLAIN)))
UPPER = a(RECORD, rrname__lower="WWW.Test.", type="A")

TAKEN = [
    ("in-order", {"an": exactly(ONE, TEXT, MAIL)}),
    ("in-any-order", {"an": in_any_order(MAIL, ONE, TEXT)}),
    ("among-others", {"an": among_others(TEXT)}),
    ("lacks", {"an": among_others(lacks=(TWO, a(OPT)))}),
    ("none", {"ns": exactly(), "ar": among_others(lacks=(a(OPT),))}),
    ("filtered", {"an": among_others(UPPER)}),
    ("name-of-a-number", {"rcode": "ok", "opcode": "QUERY"}),
    ("one-of-names", {"rcode": "{_:one(ok refused)}"}),
    ("one-of-numbers", {"rcode": "{_:one(0 5)}"}),
]


@pytest.mark.parametrize("data", [PLAIN, COMPRESSED], ids=["plain", "compressed"])
@pytest.mark.parametrize("values", [row[1] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_takes(values, data):
    judge = message(id=7, qr=1, qd=ASKED, **values).bind({}, DATAGRAM)
    assert judge.judge(data, ended=True) == Matched(len(data))


LOWER = a(QUESTION, qname__lower="MAIL.test.")
WRONG = [
    ("order", {"an": exactly(TEXT, ONE, MAIL)}, 26, 'an [0] type is 1 (A), wanted 16 (TXT)'),
    ("too-few", {"an": exactly(ONE, TEXT)}, 26, "an holds 3, wanted 2"),
    ("too-many", {"an": in_any_order(ONE, MAIL)}, 26, "an holds 1 more than wanted"),
    ("not-there", {"an": among_others(TWO)}, 26,
     "an holds no DNSRR(rrname=www.test., type=A, rdata=192.0.2.2) among its 3"),
    ("twice", {"an": in_any_order(ONE, ONE, TEXT)}, 26,
     "an holds no DNSRR(rrname=www.test., type=A, rdata=192.0.2.1) among its 3"),
    ("one-alone", {"qd": among_others(a(QUESTION, qtype="MX"))}, 12,
     "qd holds no DNSQR(qtype=MX) among its 1: one qtype is 1 (A), wanted 15 (MX)"),
    ("lacks", {"an": among_others(lacks=(MAIL,))}, 26,
     "an holds DNSRRMX(rrname=www.test., preference=10, exchange=mail.test.), "
     "which must not be there"),
    ("another-layer", {"qd": exactly(a(RECORD))}, 12, "qd [0] is no DNSRR"),
    ("filtered", {"qd": exactly(LOWER)}, 12, 'qd [0] qname is "www.test.", wanted "mail.test."'),
    ("number", {"rcode": 5}, 3, "rcode is 0 (ok), wanted 5 (refused)"),
    ("name", {"rcode": "{_:one(refused)}"}, 3, "rcode is 0 (ok)"),
]  # fmt: skip


@pytest.mark.parametrize("row", WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_told(row):
    _, values, offset, why = row
    judge = message(**values).bind({}, DATAGRAM)
    assert judge.judge(PLAIN, ended=True) == Mismatch(offset, why)


def test_a_capture_within_a_packet_and_that_of_the_whole_message():
    inner = a(RECORD, type="A", rdata="{address:like([0-9.]+)}")
    judge = message(capture="reply", an=among_others(inner)).bind({}, DATAGRAM)
    captured = {"address": b"192.0.2.1", "reply": COMPRESSED}
    assert judge.judge(COMPRESSED, ended=True) == Matched(len(COMPRESSED), captured)
    assert message(capture="reply", an=among_others(inner)).captures == {"address", "reply"}


SIZES = [
    ("right", (12, len(PLAIN)), None),
    ("too-long", (12, 50), 50),
    ("too-short", (len(PLAIN) + 1, 512), len(PLAIN)),
]


@pytest.mark.parametrize(
    ("size", "offset"), [row[1:] for row in SIZES], ids=[row[0] for row in SIZES]
)
def test_the_size_of_the_whole_message(size, offset):
    judged = message(size=size).bind({}, DATAGRAM).judge(PLAIN, ended=True)
    if offset is None:
        assert judged == Matched(len(PLAIN))
        return
    why = f"it has {len(PLAIN)} bytes, wanted {size[0]} to {size[1]}"
    assert judged == Mismatch(offset, why)


def test_over_tcp_a_message_ends_as_its_length_says_and_no_part_of_it_is_judged_before():
    one = message(OVER_TCP, id=7, qd=ASKED, an=exactly(ONE, TEXT))
    data, judge = one.produce({}), one.bind({}, LENGTH)
    assert int.from_bytes(data[:2], "big") == len(data) - 2
    assert judge.judge(data + b"next", ended=False) == Matched(len(data))
    for size in range(len(data)):
        assert judge.judge(data[:size], ended=False) == More()
        assert isinstance(judge.judge(data[:size], ended=True), Mismatch)


def test_behind_the_head_anything_may_follow():
    head = PLAIN[:12]
    for data in (head, head + b"\3ww", PLAIN, PLAIN + b"!"):
        judge = message(head=True, qr=1, id=7, ancount=3).bind({}, DATAGRAM)
        assert judge.judge(data, ended=True) == Matched(len(data))
        prefix = len(data).to_bytes(2, "big")
        judge = message(OVER_TCP, head=True, id=7).bind({}, LENGTH)
        assert judge.judge(prefix + data + b"next", ended=False) == Matched(2 + len(data))
        assert judge.judge(prefix + data[:-1], ended=False) == More()
    wrong = message(head=True, id=7, ancount=2).bind({}, DATAGRAM).judge(head, ended=True)
    assert wrong == Mismatch(7, "ancount is 3, wanted 2")
    assert isinstance(
        message(head=True, ancount=3).bind({}, DATAGRAM).judge(head[:7], True), Mismatch
    )


NOT_TO_BE_SAID = [
    ("packets-for-a-number", {"id": exactly()}, "field id holds no packets"),
    ("number-for-packets", {"an": 1}, "field an holds packets"),
    ("unknown-field", {"nope": 1}, "layout DNS has no field 'nope'"),
    ("unknown-filter", {"id|twice": "1"}, "unknown filter 'twice'"),
    ("unknown-name", {"rcode": "nope"}, "field rcode is a number, found b'nope'"),
    ("beyond-its-bits", {"rcode": 16}, "field rcode cannot hold 16"),
]


@pytest.mark.parametrize(
    ("values", "told"), [row[1:] for row in NOT_TO_BE_SAID], ids=[row[0] for row in NOT_TO_BE_SAID]
)
def test_what_no_message_can_say(values, told):
    with pytest.raises(HarnessError, match=told):
        message(**values)


JUDGES = [
    message(id=7, qd=exactly(LOWER), an=among_others(ONE, lacks=(a(OPT),)), ar=exactly()),
    message(OVER_TCP, qd=ASKED, an=in_any_order(ONE, MAIL), capture="all", size=(12, 90)),
]


@FEW
@given(
    st.sampled_from(JUDGES),
    st.sampled_from([PLAIN, COMPRESSED]),
    st.lists(st.tuples(st.integers(0, 99), st.binary(max_size=4)), max_size=4),
    st.integers(0, 99),
    st.booleans(),
)
def test_any_bytes_are_judged(wanted, data, changes, cut, ended):
    for at, put in changes:
        data = data[:at] + put + data[at + len(put) :]
    data = data[: len(data) - cut]
    for framing in (DATAGRAM, LENGTH):
        judged = wanted.bind({}, framing).judge(data, ended)
        assert not isinstance(judged, Mismatch) or 0 <= judged.offset <= len(data)


LABELS = b"\x01a" * 32_000
TO_ITSELF = b"\xc0\x0c\0\1\0\1" + bytes(6)


def walkers(count):
    """Returns so many records, whose names are all the labels behind them."""
    pointer = 0xC000 | 12 + 12 * count
    return (pointer.to_bytes(2, "big") + TO_ITSELF[2:]) * count + LABELS


EVIL = [
    ("a-few-walk-through-all", b"\0\x1e", walkers(30)),
    ("many-do", b"\2\x58", walkers(600)),
    ("pointer-to-itself", b"\0\1", TO_ITSELF),
    ("count-lies", b"\xff\xff", TO_ITSELF),
    ("nothing-but-pointers", b"\x0f\xff", b"\xc0\x0c" * 30_000),
]


@pytest.mark.parametrize(("count", "body"), [row[1:] for row in EVIL], ids=[row[0] for row in EVIL])
def test_hostile_names_are_judged_in_bounded_time(count, body):
    data = b"\0\7\x80\0\0\0" + count + bytes(4) + body
    begun = time.process_time()
    assert isinstance(message(an=in_any_order(ONE)).bind({}, DATAGRAM).judge(data, True), Mismatch)
    assert time.process_time() - begun < 5
