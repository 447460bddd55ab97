"""Captures as scapy reads them, which has not written them."""

import io

from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import RawPcapNgReader

from harness.wire import pcapng

START = pcapng.section("wireharness", "two\nlines") + pcapng.interface("c0", "far end", "a word")


def read(data):
    """Returns (frame, nanoseconds since 1970, length, comments) of each packet."""
    reader = RawPcapNgReader(io.BytesIO(data))
    found = []
    for frame, told in reader:
        at = ((told.tshigh << 32) | told.tslow) * 10**9 // told.tsresol
        found.append((frame, at, told.wirelen, [each.decode() for each in told.comments or ()]))
    return found


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=70),
            st.integers(0, 2**62),
            st.integers(0, 9000),
            st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), max_size=3),
        ),
        max_size=4,
    )
)
def test_packets_are_read_as_they_were_written(packets):
    data = START + b"".join(
        pcapng.packet(at, frame, len(frame) + more, comments)
        for frame, at, more, comments in packets
    )
    assert read(data) == [
        (frame, at, len(frame) + more, comments) for frame, at, more, comments in packets
    ]


def test_names_and_counts_disturb_nobody():
    hosts = [(bytes([192, 0, 2, 1]), "server"), (bytes(15) + b"\1", "alice")]
    data = START + pcapng.names(hosts) + pcapng.packet(5, b"frame", 5) + pcapng.statistics(9, 3, 2)
    assert read(data) == [(b"frame", 5, 5, [])]
    assert b"\xc0\0\2\1server\0" in data
    assert b"alice\0" in data


def test_every_block_is_as_long_as_it_says_at_both_its_ends():
    data = (
        START
        + pcapng.names([(b"\x7f\0\0\1", "odd")])
        + pcapng.packet(1, b"12345", 5, ["a", "bc", ""])
        + pcapng.statistics(1, 1, 0)
    )
    kinds, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        assert length % 4 == 0
        assert data[at + length - 4 : at + length] == data[at + 4 : at + 8]
        kinds.append(int.from_bytes(data[at : at + 4], "little"))
        at += length
    assert kinds == [0x0A0D0D0A, 1, 4, 6, 5]


def test_a_comment_is_cut_where_the_format_ends():
    ((_, _, _, (comment,)),) = read(START + pcapng.packet(1, b"x", 1, ["y" * 70_000]))
    assert comment == "y" * 65_535


def test_a_path_that_is_no_utf_8_is_told_all_the_same():
    block = pcapng.interface("c0", "far end", "spec\udcff.yaml:3")
    assert rb"spec\udcff.yaml:3" in block
