"""The ring: every frame of a case, once, and how many more there were."""

import socket
import threading
import time

import pytest

from harness.errors import MachineError
from harness.network.lab.lab import FULL
from harness.network.lab.ring import Ring
from harness.network.lab.topology import NEAR
from harness.target.launcher import Keeper
from harness.wire.frames import SYN, completed, segment_in

IPV4 = b"\x08\0"  # the kernel speaks by itself over IPv6, when a link is new


@pytest.fixture(scope="module")
def lab():
    with Keeper() as keeper:
        try:
            inside = keeper.lab(FULL)
        except MachineError:
            pytest.skip("no private network here")
        with inside:
            yield inside.lab


@pytest.fixture
def ring(lab):
    ring = lab.listening()
    ring.mark()
    yield ring
    ring.close()


@pytest.fixture
def pair(lab):
    """Two UDP sockets on the near loopback, the first of which speaks to the second."""
    near = lab.endpoints()[-1]
    with near.datagrams() as ours, near.datagrams() as theirs:
        ours.connect(theirs.getsockname())
        yield ours, theirs


def said(ring):
    frames, lost = ring.seen()
    segments = [segment_in(each.data) for each in frames]
    return [each.data for each in segments if each is not None], lost


def test_each_case_has_its_own_frames_and_each_of_them_once(ring, pair):
    ours, theirs = pair
    for case in (b"first", b"second", b"third"):
        ring.mark()
        ours.send(case)
        theirs.sendto(b"answer to " + case, ours.getsockname())
        assert said(ring) == ([case, b"answer to " + case], 0)
        assert said(ring) == ([case, b"answer to " + case], 0)  # looking changes nothing


def test_a_frame_has_the_time_at_which_it_was_there(ring, pair):
    before = time.time_ns()
    pair[0].send(b"now")
    frame = next(each for each in ring.seen()[0] if segment_in(each.data))
    assert before <= frame.at <= time.time_ns()
    assert frame.length == len(frame.data) == 14 + 20 + 8 + 3


def test_both_directions_of_the_link_are_seen(ring, lab):
    with lab.endpoints()[0].datagrams() as ours:
        ours.sendto(b"anybody?", (NEAR.v4, 9))
    asked, refused = (each.data for each in ring.seen()[0] if each.data[12:14] == IPV4)
    assert segment_in(asked).data == b"anybody?"
    assert (refused[23], refused[34:36]) == (1, b"\3\3")  # ICMP, port unreachable
    assert refused[42:70] == asked[14:42]


def test_what_a_large_write_makes_of_one_frame_is_there_whole(ring, lab):
    near = lab.endpoints()[-1]
    with near.listener() as welcome, near.stream() as ours:
        ours.connect_ex(welcome.getsockname())
        welcome.setblocking(True)
        theirs, _ = welcome.accept()
        with theirs:
            ours.send(bytes(range(256)) * 200)
            assert len(theirs.recv(51_200, socket.MSG_WAITALL)) == 51_200
    frames, lost = ring.seen()
    parts = [found for found in (segment_in(each.data) for each in frames) if found]
    assert parts[0].flags == SYN
    assert b"".join(each.data for each in parts) == bytes(range(256)) * 200
    assert max(len(each.data) for each in parts) > 10_000  # and it was one
    assert lost == 0


def test_checksums_that_no_card_has_made_are_completed(ring, pair):
    pair[0].send(b"by a virtual card")
    frame = next(each for each in ring.seen()[0] if segment_in(each.data))
    assert frame.data[40:42] != completed(frame.data)[40:42]
    assert completed(completed(frame.data)) == completed(frame.data)


def test_what_there_was_no_room_for_is_counted_and_then_forgotten(ring, pair):
    ours, theirs = pair
    many = 12_000
    for number in range(many):
        ours.send(b"%0100d" % number)
        theirs.recv(100)
    found, lost = said(ring)
    assert 5_000 < len(found) < many
    assert found == [b"%0100d" % number for number in range(len(found))]
    assert many <= len(found) + lost <= many + 20  # a kernel has a word of its own now and then
    ring.mark()
    assert said(ring) == ([], 0)
    ours.send(b"again")
    assert said(ring) == ([b"again"], 0)


def test_many_cases_go_round_in_the_ring(ring, pair):
    ours, theirs = pair
    for case in range(40):
        ring.mark()
        wanted = [b"%d-%d" % (case, number) + bytes(500) for number in range(100)]
        for each in wanted:
            ours.send(each)
            theirs.recv(600)
        assert said(ring) == (wanted, 0)


def test_it_ends_in_the_background(lab):
    ring = lab.listening()
    ring.close()
    ends = [each for each in threading.enumerate() if each.name.startswith("ring")]
    assert ends
    for each in ends:
        each.join(20)
    assert not any(each.is_alive() for each in ends)


def test_a_kernel_without_rings_is_told():
    ring = Ring(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with pytest.raises(MachineError, match="the kernel keeps no frames: "):
        ring.mark()
    ring.close()
