"""Quoting: nothing that a target says reaches a terminal as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.wire.quote import quoted

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


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.binary(max_size=200))
def test_every_character_prints(data):
    assert all(" " <= character <= "~" for character in quoted(data))
