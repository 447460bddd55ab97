"""Quoting: nothing that a target says reaches a terminal as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.wire.quote import hex_rows, quoted

ROWS = [
    ("text", b"hello", '"hello"'),
    ("nothing", b"", '""'),
    ("named", b'a\n\r\t\\"', r'"a\n\r\t\\\""'),
    ("control", b"\x1b[31m\x00\x7f", r'"\x1b[31m\x00\x7f"'),
    ("no-ascii", "é".encode(), r'"\xc3\xa9"'),
]


@pytest.mark.parametrize(("data", "shown"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_quoted(data, shown):
    assert quoted(data) == shown


def test_what_is_long_is_cut_and_counted():
    assert quoted(b"abcdef", limit=4) == '"abcd" and 2 bytes more'
    assert quoted(b"abcd", limit=4) == '"abcd"'


def test_rows_of_hex():
    rows = list(hex_rows(b"0123456789abcdef\n\xff", start=16))
    assert rows == [
        "000010  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef",
        "000020  0a ff                                            ..",
    ]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.binary(max_size=200))
def test_every_character_prints(data):
    for shown in (quoted(data), *hex_rows(data)):
        assert all(" " <= character <= "~" for character in shown)
