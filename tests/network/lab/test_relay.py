"""The relay: frames that meet their fate, by the numbers of those that carry something."""

import contextlib
import json
import select
import socket
import struct
import threading

import pytest

from harness.network.lab import relay
from harness.wire.schedule import Fate, Schedule

LEFT, RIGHT = relay.LEFT, relay.RIGHT
PATIENCE = 5.0  # seconds
TCP, UDP = 6, 17
PORT, SERVICE = 5001, 9000  # at the left end, at the right end


def ipv4(protocol, body, fragment=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, fragment, 64, protocol, 0,
                       b"\x0a\x09\0\1", b"\x0a\x09\0\2")  # fmt: skip
    return bytes(12) + b"\x08\x00" + head + body


def ipv6(protocol, body):
    head = struct.pack("!IHBB32x", 6 << 28, len(body), protocol, 64)
    return bytes(12) + b"\x86\xdd" + head + body


def segment(data, source=PORT, to=SERVICE, options=b""):
    offset = (20 + len(options)) // 4 << 4
    return struct.pack("!HHIIBBHHH", source, to, 7, 8, offset, 16, 512, 0, 0) + options + data


def datagram(data, source=PORT, to=SERVICE):
    return struct.pack("!HHHH", source, to, 8 + len(data), 0) + data


def tcp(data, **more):
    return ipv4(TCP, segment(data, **more))


def udp(data, **more):
    return ipv4(UDP, datagram(data, **more))


class Relayed:
    """A relay that runs, and the two ends and the control of it."""

    def __init__(self):
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(3)]
        self.sockets = [each for pair in pairs for each in pair]
        (self.left, left), (self.right, right), (self.control, control) = pairs
        self.thread = threading.Thread(target=relay.relay, args=(left, right, control))
        self.thread.start()
        for each in (self.left, self.right, self.control):
            each.settimeout(PATIENCE)

    def order(self, order):
        """Gives an order; returns when it holds, with what was told before, and the answer."""
        self.control.send(order)
        told = []
        while "done" not in (got := json.loads(self.control.recv(relay.MESSAGE_LIMIT))):
            told.append(got)
        return told, got["done"]

    def lay(self, fates, over="tcp", way=LEFT, ports=None, delay=0.2):
        self.order(relay.lay(Schedule.of(fates.items(), delay), over, way, ports))

    def through(self, *frames, way=LEFT):
        """Sends frames and returns all that came out; the last of them must come through."""
        here, there = (self.left, self.right) if way == LEFT else (self.right, self.left)
        for frame in (*frames, MARK):
            here.send(frame)
        came = []
        while (frame := there.recv(70_000)) != MARK:
            came.append(frame)
        return came

    def close(self):
        self.control.close()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        for each in self.sockets:
            each.close()


MARK = bytes(12) + b"\x88\xb5the end"


@pytest.fixture
def wire():
    relayed = Relayed()
    try:
        yield relayed
    finally:
        relayed.close()


@pytest.fixture
def open_wire(wire):
    wire.order(relay.order("go"))
    return wire


def test_what_has_no_schedule_goes_through_both_ways(open_wire):
    frames = [tcp(b"a"), udp(b"b"), ipv4(1, b"ping"), bytes(60)]
    assert open_wire.through(*frames) == frames
    assert open_wire.through(*frames, way=RIGHT) == frames


def test_what_there_is_no_room_for_waits_and_is_not_lost(open_wire):
    """A kernel that puts off receiving holds back what was sent, up to the sender's buffer."""
    sent = []
    open_wire.left.settimeout(0.2)  # by then both ends are full
    with contextlib.suppress(TimeoutError):
        while True:
            frame = tcp(b"%d" % len(sent) + bytes(1000))
            open_wire.left.send(frame)
            sent.append(frame)
    assert [open_wire.right.recv(70_000) for _ in sent] == sent


def test_nothing_goes_through_before_go(wire):
    wire.left.send(tcp(b"1"))
    wire.lay({1: Fate.DROP})
    assert not select.select([wire.right], (), (), 0)[0]
    wire.order(relay.order("go"))
    assert wire.through(tcp(b"2")) == [tcp(b"2")]


def test_each_fate(open_wire):
    open_wire.lay({2: Fate.DROP, 3: Fate.REPEAT, 4: Fate.SWAP, 7: Fate.CORRUPT})
    sent = [tcp(bytes((48 + number,))) for number in range(10)]
    one, _, three, four, five, six, seven, eight = sent[1:9]
    bad = seven[:-1] + bytes((seven[-1] ^ 1,))
    assert open_wire.through(*sent[1:9]) == [one, three, three, five, four, six, bad, eight]


def test_a_fate_is_told_with_its_time_and_number(open_wire):
    open_wire.lay({2: Fate.DROP}, way=RIGHT)
    open_wire.through(tcp(b"abc", source=SERVICE, to=PORT), way=RIGHT)
    open_wire.through(tcp(b"abcd", source=SERVICE, to=PORT), way=RIGHT)
    (told,), _ = open_wire.order(relay.order("clear"))
    assert told.pop("at") > 0
    assert told == {"way": RIGHT, "number": 2, "fate": "lost by the wire"}


def test_what_is_held_back_comes_behind_what_is_not(open_wire):
    open_wire.lay({1: Fate.DELAY}, delay=0.5)
    assert open_wire.through(tcp(b"1"), tcp(b"2")) == [tcp(b"2")]
    assert open_wire.right.recv(100) == tcp(b"1")


NOT_NUMBERED = {
    "acknowledgement": tcp(b""),
    "acknowledgement with options": tcp(b"", options=bytes(12)),
    "other transport": udp(b"x"),
    "ICMP": ipv4(1, b"12345678"),
    "other direction": None,
    "behind its first fragment": ipv4(TCP, segment(b"x"), fragment=3),
    "cut": tcp(b"x")[:40],
    "a part of a header": ipv4(TCP, segment(b"x")[:8], fragment=0x2000),
    "no address": bytes(60),
}


@pytest.mark.parametrize("name", NOT_NUMBERED)
def test_what_is_not_numbered(open_wire, name):
    open_wire.lay({1: Fate.DROP})
    other = NOT_NUMBERED[name]
    if other is None:
        back = tcp(b"x", source=SERVICE, to=PORT)
        assert open_wire.through(back, way=RIGHT) == [back]
    else:
        assert open_wire.through(other) == [other]
    assert open_wire.through(tcp(b"1"), tcp(b"2")) == [tcp(b"2")]


@pytest.mark.parametrize(
    "frame",
    [
        tcp(b"x"), tcp(b"x", options=bytes(12)), ipv6(TCP, segment(b"x")), tcp(b"x") + bytes(6),
    ],
    ids=["plain", "options", "IPv6", "padded"],
)  # fmt: skip
def test_what_is_numbered_over_tcp(open_wire, frame):
    open_wire.lay({1: Fate.DROP})
    assert open_wire.through(frame, tcp(b"2")) == [tcp(b"2")]


@pytest.mark.parametrize(
    "frame",
    [udp(b"x"), udp(b""), ipv6(UDP, datagram(b"x")), ipv4(UDP, datagram(b"x"), fragment=0x2000)],
    ids=["plain", "empty", "IPv6", "first fragment"],
)
def test_what_is_numbered_over_udp(open_wire, frame):
    open_wire.lay({1: Fate.DROP}, over="udp")
    assert open_wire.through(frame, udp(b"2")) == [udp(b"2")]


def test_the_bit_that_flips_is_one_of_the_packet_and_none_of_its_padding(open_wire):
    open_wire.lay({1: Fate.CORRUPT})
    frame = tcp(b"abc")
    (came,) = open_wire.through(frame + bytes(6))
    assert came == frame[:-1] + b"b" + bytes(6)


def test_each_flow_counts_its_own(open_wire):
    open_wire.lay({2: Fate.DROP})
    one, two = tcp(b"one"), tcp(b"two", source=PORT + 1)
    assert open_wire.through(one, two, one, two, one, two) == [one, two, one, two]


def test_a_schedule_for_one_flow_counts_from_when_it_is_laid(open_wire):
    one, two = tcp(b"one"), tcp(b"two", source=PORT + 1)
    open_wire.through(one, two)
    open_wire.lay({1: Fate.DROP}, ports=(PORT, SERVICE))
    assert open_wire.through(two, one, one) == [two, one]
    open_wire.lay({1: Fate.DROP}, ports=(PORT, SERVICE))
    assert open_wire.through(one, one) == [one]


def test_what_came_before_a_schedule_is_not_counted_by_it(open_wire):
    for number in range(20):
        first, second = tcp(b"%d" % number), tcp(b"next")
        open_wire.left.send(first)
        open_wire.lay({1: Fate.DROP}, ports=(PORT, SERVICE))
        assert open_wire.through(second) == [first]


def test_what_is_cleared_is_forgotten(open_wire):
    open_wire.lay({1: Fate.DROP})
    open_wire.lay({1: Fate.DROP}, ports=(PORT, SERVICE))
    open_wire.order(relay.order("clear"))
    assert open_wire.through(tcp(b"1")) == [tcp(b"1")]


def test_a_look_tells_how_many_frames_are_through(open_wire):
    _, before = open_wire.order(relay.order("look"))
    open_wire.left.send(tcp(b"1"))
    open_wire.right.send(tcp(b"2", source=SERVICE, to=PORT))
    assert open_wire.order(relay.order("look")) == ([], before + 2)
    assert open_wire.order(relay.order("look")) == ([], before + 2)
    assert (open_wire.right.recv(100), open_wire.left.recv(100)) == (
        tcp(b"1"), tcp(b"2", source=SERVICE, to=PORT),
    )  # fmt: skip


def test_a_look_tells_that_something_is_held_back(open_wire):
    open_wire.lay({1: Fate.DELAY}, delay=0.05)
    open_wire.left.send(tcp(b"1"))
    assert open_wire.order(relay.order("look"))[1] == -1
    open_wire.right.recv(100)
    assert open_wire.order(relay.order("look"))[1] == 1
