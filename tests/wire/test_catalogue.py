"""The catalogue: names, what is told of an entry, and that scapy builds what is told."""

import subprocess
import sys

import pytest

from harness.wire.malformed import building
from harness.wire.malformed.catalogue import BY_ID, ENTRIES, GROUPS, chosen, frames
from harness.wire.malformed.packet import Claim, End, Filled, Flow, Party, kept

FLOW = Flow(
    Party("02:00:00:00:00:01", "10.9.0.1", "fd09::1", 5555),
    Party("02:00:00:00:00:02", "10.9.0.2", "fd09::2", 9000),
)
MESSAGE = b"a datagram of 16"
V4 = [each for each in ENTRIES if not each.v6]


def test_there_are_more_than_seventy_over_ipv4_alone():
    assert len(V4) > 70
    assert len(ENTRIES) > 110


def test_every_id_is_its_own_and_no_group_has_the_name_of_an_entry():
    assert len(BY_ID) == len(ENTRIES)
    assert not set(GROUPS) & set(BY_ID)


def test_every_way_of_building_is_used():
    assert {each.builds for each in ENTRIES} == set(building._BUILDERS)


@pytest.mark.parametrize("payload", [b"", b"x", MESSAGE, bytes(1472)], ids=["0", "1", "16", "1472"])
def test_an_entry_is_built_of_any_message(payload):
    for entry in ENTRIES:
        made = frames(entry, FLOW, payload)
        assert made, entry.id
        kind = b"\x86\xdd" if entry.v6 else b"\x08\x00"
        for frame in made:
            assert frame[:14] == b"\2\0\0\0\0\2\2\0\0\0\0\1" + kind, entry.id


def test_no_two_entries_are_the_same_on_the_wire():
    made = {}
    for entry in ENTRIES:
        made.setdefault(frames(entry, FLOW, MESSAGE), []).append(entry.id)
    bare = [names for names in made.values() if len(names) > 1]
    assert bare == []


def test_what_is_built_once_is_kept():
    entry = BY_ID["fragments-overlap"]
    assert frames(entry, FLOW, MESSAGE) is frames(entry, FLOW, MESSAGE)


def test_the_good_one_is_what_a_socket_would_send():
    (frame,) = frames(BY_ID["good"], FLOW, MESSAGE)
    assert frame[23] == 17
    assert frame[26:34] == bytes([10, 9, 0, 1, 10, 9, 0, 2])
    assert frame[34:40] == (5555).to_bytes(2, "big") + (9000).to_bytes(2, "big") + b"\0\x18"
    assert frame[42:] == MESSAGE
    assert summed(frame[14:34]) == 0xFFFF
    pseudo = frame[26:34] + b"\0\x11" + frame[38:40]
    assert summed(pseudo + frame[34:]) == 0xFFFF


def summed(data):
    """The Internet checksum's sum (RFC 1071): all ones where a right checksum is in it."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.mark.parametrize(
    "entry", [each for each in V4 if each.group == "ip-options"], ids=lambda each: each.id
)
def test_a_header_with_options_has_the_right_checksum(entry):
    (frame,) = frames(entry, FLOW, MESSAGE)
    assert summed(frame[14 : 14 + 4 * (frame[14] & 15)]) == 0xFFFF


@pytest.mark.parametrize(
    ("name", "message", "claim"),
    [
        ("good", MESSAGE, Claim.ANSWERS),
        ("ip-ttl-0", MESSAGE, Claim.ANSWERS),
        ("fragments-reversed", MESSAGE, Claim.ANSWERS),
        ("fragments-reversed", b"short", Claim.LIVES),  # repeated until there are three pieces
        ("udp-length-8", MESSAGE, Claim.LIVES),
        ("source-port-0", MESSAGE, Claim.LIVES),
        ("udp-length-0", MESSAGE, None),
        ("payload-65507-unfragmented", MESSAGE, None),
    ],
)
def test_what_an_entry_proves(name, message, claim):
    assert BY_ID[name].claim(message) is claim


def test_over_loopback_some_fates_are_others():
    assert BY_ID["payload-65507-unfragmented"].fate_on(loopback=True).end is End.PROGRAM
    assert BY_ID["source-loopback"].fate_on(loopback=False).end is End.KERNEL
    assert BY_ID["good"].fate_on(loopback=True) is BY_ID["good"].fate


def test_what_the_program_is_given():
    assert kept(-4).given(b"abcdefgh") == b"abcd"
    assert kept(0).given(b"abc") == b""
    assert BY_ID["good"].fate.given(b"abc") == b"abc"
    assert BY_ID["ip-version-5"].fate.given(b"abc") is None


def test_a_message_is_repeated_to_a_size():
    assert Filled(7)(b"abc") == b"abcabca"
    assert Filled(2)(b"") == b"\0\0"
    assert Filled(4, least=True)(b"abcdef") == b"abcdef"
    assert Filled(4, least=True)(b"ab") == b"abab"


def test_a_suite_chooses_by_group_and_by_id():
    assert [each.id for each in chosen(["udp-checksum", "good"])] == [
        "good",
        "udp-checksum-wrong",
        "udp-checksum-wrong-late",
        "udp-checksum-none",
    ]
    assert list(chosen(["all"])) == [each for each in V4 if each.group != "control"]
    assert {each.group for each in chosen(["ipv6-udp"])} == {"ipv6-udp"}


def test_scapy_is_not_loaded_to_choose():
    code = (
        "import sys; from harness.wire.malformed.catalogue import chosen;"
        "chosen(['all']); sys.exit('scapy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
