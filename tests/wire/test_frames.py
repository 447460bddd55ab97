"""Frames: scapy, which has not made them, finds nothing to mend in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from harness.wire import frames
from harness.wire.frames import ACK, PSH, SYN, End, completed, segment_in, tcp_frame, udp_frame

CLIENT = End(b"\2\0\0\0\0\2", bytes([192, 0, 2, 2]), 49152)
SERVER = End(b"\2\0\0\0\0\1", bytes([192, 0, 2, 1]), 7)
NUMBERS = st.integers(0, 2**32 - 1)


def mended(frame):
    """Returns the frame as scapy builds it anew: all lengths and checksums its own."""
    packet = Ether(frame)
    for layer in (IP, TCP, UDP, ICMP):
        if layer in packet:
            for name in ("chksum", "len"):
                if name in packet[layer].fields:
                    del packet[layer].fields[name]
        if layer is ICMP and layer in packet:
            packet[ICMP].payload = Raw(bytes(packet[ICMP].payload))
    return bytes(packet)


@given(NUMBERS, NUMBERS, st.binary(max_size=1460))
def test_a_segment_is_right(number, acknowledged, data):
    frame = tcp_frame(CLIENT, SERVER, PSH | ACK, number, acknowledged, data)
    assert mended(frame) == frame
    packet = Ether(frame)
    assert (packet.src, packet.dst) == ("02:00:00:00:00:02", "02:00:00:00:00:01")
    assert (packet[IP].src, packet[IP].dst) == ("192.0.2.2", "192.0.2.1")
    assert (packet.sport, packet.dport, packet.seq, packet.ack) == (49152, 7, number, acknowledged)
    assert (packet[TCP].flags, bytes(packet[TCP].payload)) == ("PA", data)


@given(st.binary(max_size=600))
def test_a_datagram_is_right(data):
    frame = udp_frame(SERVER, CLIENT, data)
    assert mended(frame) == frame
    packet = Ether(frame)
    assert (packet.sport, packet.dport, bytes(packet[UDP].payload)) == (7, 49152, data)


def test_the_largest_datagram_is_one_packet():
    packet = Ether(udp_frame(CLIENT, SERVER, bytes(65_507)))
    assert (packet[IP].len, packet[UDP].len) == (65_535, 65_515)


def test_a_checksum_of_zero_is_told_as_all_ones():
    """RFC 768: a zero says that there is none."""
    found = udp_frame(CLIENT, SERVER, bytes(2))[40:42]
    frame = udp_frame(CLIENT, SERVER, found)  # which brings the sum to all ones
    assert frame[40:42] == b"\xff\xff"
    assert mended(frame) == frame


def test_numbers_go_round():
    assert segment_in(tcp_frame(CLIENT, SERVER, ACK, 2**32 + 5, -1)).number == 5


def test_a_refusal_quotes_what_is_refused():
    refused = udp_frame(CLIENT, SERVER, b"anybody?")
    frame = frames.unreachable_frame(SERVER, CLIENT, refused)
    assert mended(frame) == frame
    packet = Ether(frame)
    assert (packet[ICMP].type, packet[ICMP].code, packet[IP].dst) == (3, 3, "192.0.2.2")
    assert bytes(packet[ICMP].payload) == refused[14 : 14 + 28]


def ethernet(packet):
    return bytes(Ether(src="02:00:00:00:00:02", dst="02:00:00:00:00:01") / packet)


FOUR, SIX = IP(src="10.9.0.1", dst="10.9.0.2"), IPv6(src="fd09::1", dst="fd09::2")
MESSAGE = {
    "tcp": TCP(sport=5, dport=6, seq=7, flags="PA", options=[("MSS", 1460)]) / b"data",
    "udp": UDP(sport=5, dport=6) / b"data",
}


@pytest.mark.parametrize("over", MESSAGE)
@pytest.mark.parametrize("ip", [FOUR, SIX], ids=["v4", "v6"])
def test_what_a_frame_carries(ip, over):
    found = segment_in(ethernet(ip / MESSAGE[over]) + b"trailing bytes")
    assert (found.source[1], found.to[1], found.data) == (5, 6, b"data")
    assert found.source[0][-1:] == b"\1"
    assert (found.number, found.flags) == ((7, PSH | ACK) if over == "tcp" else (0, 0))


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        bytes(20),
        ethernet(b"\0" * 40),
        ethernet(FOUR / ICMP() / b"x"),
        ethernet(IP(frag=3) / UDP() / b"another fragment"),
        ethernet(FOUR / UDP())[:-4],
        ethernet(FOUR / TCP())[:-4],
        ethernet(SIX)[:40],
    ],
    ids=["empty", "short", "no-ip", "icmp", "fragment", "cut-udp", "cut-tcp", "cut-ipv6"],
)
def test_what_carries_neither(frame):
    assert segment_in(frame) is None
    assert completed(frame) == frame


@given(st.binary(max_size=120))
def test_any_bytes_are_looked_at(data):
    segment_in(data)
    segment_in(ethernet(data))
    frame = bytes(12) + b"\x08\x00" + data
    segment_in(frame)
    assert len(completed(frame)) == len(frame)


@pytest.mark.parametrize("over", MESSAGE)
@pytest.mark.parametrize("ip", [FOUR, SIX], ids=["v4", "v6"])
def test_a_checksum_that_was_left_to_the_card_is_completed(ip, over):
    whole = ethernet(ip / MESSAGE[over])
    at = len(ethernet(ip)) + (16 if over == "tcp" else 6)
    begun = frames._folded(pseudo(ip, over, len(whole) - len(ethernet(ip))))
    left = whole[:at] + begun.to_bytes(2, "big") + whole[at + 2 :]
    assert left != whole
    assert completed(left) == whole


def pseudo(ip, over, length):
    raw = bytes(ip)
    addresses = raw[12:20] if ip is FOUR else raw[8:40]
    return addresses + length.to_bytes(4, "big") + bytes([0, 0, 0, 6 if over == "tcp" else 17])


@pytest.mark.parametrize("wrong", [0, 0x1234])
def test_a_checksum_that_is_wrong_stays_wrong(wrong):
    frame = ethernet(FOUR / UDP(sport=5, dport=6, chksum=wrong) / b"data")
    assert completed(frame) == frame


def test_a_syn_is_told_from_its_answer():
    assert segment_in(tcp_frame(CLIENT, SERVER, SYN, 1, 0)).flags == SYN
    assert segment_in(tcp_frame(SERVER, CLIENT, SYN | ACK, 1, 2)).flags == SYN | ACK
