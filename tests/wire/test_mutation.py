"""Mutations: fields are found where they stand, and each is made wrong in the same ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.fields import Fields
from harness.wire.layout import compile_layout, named_layer
from harness.wire.malformed.mutation import KINDS, mutations
from harness.wire.malformed.regions import Region, Writing, regions_of
from harness.wire.reading import parse

REQUEST = compile_layout(
    "request", [("kind", "u8"), ("size", "u16"), ("name", "bytes(size)"), ("tail", "le-u16")]
)


def made(data, regions, kind):
    return {each.id: each.data for each in mutations(data, regions, kind)}


def test_fields_of_a_layout_are_found():
    message = Fields(REQUEST, (("kind", 3), ("name", parse("abc")), ("tail", 7)))
    data = message.produce({})
    assert regions_of(message, data, {}) == (
        Region("kind", Writing.BINARY, 0, 1),
        Region("size", Writing.BINARY, 1, 3),
        Region("name", Writing.OCTETS, 3, 6),
        Region("tail", Writing.REVERSED, 6, 8),
    )


def test_fields_of_scapys_own_layers_are_found():
    message = Fields(named_layer("scapy.layers.tftp.TFTP_RRQ"), (("filename", parse("a.txt")),))
    data = message.produce({})
    names = [(each.name, data[each.start : each.end]) for each in regions_of(message, data, {})]
    assert names == [("filename", b"a.txt\0"), ("mode", b"octet\0")]


def test_words_and_numbers_of_a_text_are_found():
    message = parse("PLG {id} a 12x\n")
    data = b"PLG 099999 a 12x\n"
    found = regions_of(message, data, {"id": b"099999"})
    assert [(each.name, data[each.start : each.end]) for each in found] == [
        ("word-1", b"PLG"),
        ("number-2", b"099999"),
        ("word-3", b"a"),
        ("number-4", b"12"),
        ("word-4", b"12x"),
    ]


def test_holes_with_bounds_are_found():
    message = parse("SNG {player:int(1..6)} now\n")
    found = {each.name: each for each in regions_of(message, b"SNG 4 now\n", {})}
    assert found["player"] == Region("player", Writing.DIGITS, 4, 5, 1, 6)


def test_bytes_that_are_no_text_have_no_words():
    assert regions_of(parse("x"), b"a\xff 12", {}) == ()
    assert regions_of(parse("x"), b"a\0 12", {}) == ()


def test_a_binary_number_goes_to_its_bounds():
    data = b"\x01\x00\x05"
    found = made(data, [Region("size", Writing.BINARY, 1, 3)], "fields")
    assert found["size-is-0"] == b"\x01\0\0"
    assert found["size-is-4"] == b"\x01\0\4"
    assert found["size-is-6"] == b"\x01\0\6"  # a length that lies
    assert found["size-is-32768"] == b"\x01\x80\0"
    assert found["size-is-65535"] == b"\x01\xff\xff"
    assert "size-is-65536" not in found


def test_a_number_the_other_way_round():
    found = made(b"\x05\x00", [Region("tail", Writing.REVERSED, 0, 2)], "fields")
    assert found["tail-is-6"] == b"\6\0"
    assert found["tail-is-32768"] == b"\0\x80"


def test_a_number_in_decimal_goes_beyond_its_bounds():
    found = made(b"SNG 4 now\n", [Region("player", Writing.DIGITS, 4, 5, 1, 6)], "fields")
    for number in (0, 1, 6, 7, 65_535, 65_536, 2**31 - 1, 2**31, 2**64):
        assert found[f"player-is-{number}"] == f"SNG {number} now\n".encode()
    assert b"SNG -1 now\n" in found.values()
    assert b"SNG  now\n" in found.values()


def test_a_word():
    found = made(b"PLG x\n", [Region("word-1", Writing.WORD, 0, 3)], "fields")
    assert found["word-1-left-out"] == b" x\n"
    assert found["word-1-in-other-case"] == b"plg x\n"
    assert len(found["word-1-long"]) == 1003


def test_every_truncation():
    assert list(made(b"abc", (), "truncations").values()) == [b"", b"a", b"ab"]


def test_additions_stand_behind_and_before():
    found = made(b"abc", (), "additions")
    assert found["and-nul"] == b"abc\0"
    assert found["behind-nul"] == b"\0abc"
    assert found["and-itself"] == b"abcabc"


def test_every_byte_is_flipped():
    found = made(b"ab", (), "flips")
    assert found["flip-0-7"] == b"\xe1b"
    assert found["flip-1-0"] == b"ac"
    assert len(found) == 6


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=400))
def test_they_are_the_same_ones_each_once_and_not_many(kind, data):
    regions = regions_of(parse("x"), data, {})
    found = mutations(data, regions, kind)
    assert found == mutations(data, regions, kind)
    assert len(found) <= 64
    assert len({each.data for each in found}) == len({each.id for each in found}) == len(found)
    assert data not in {each.data for each in found}


def test_of_many_the_first_and_the_last_stay():
    found = list(made(bytes(range(200)), (), "truncations").values())
    assert found[0] == b""
    assert found[-1] == bytes(range(199))
