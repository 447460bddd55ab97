"""Comparisons: the mark stands under the first byte that differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.difference import (
    add_comparison,
    as_hex,
    as_text,
    first_difference,
    on_one_line,
)
from harness.report.page import Page
from harness.verdict import Comparison
from harness.wire.quote import quoted


def shown(comparison, width=80):
    page = Page(width)
    add_comparison(page, comparison)
    return page.text()


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (Comparison("", b"HELLO\n", b"HELlO\n", 3), 'byte 4 is "l" (6c), not "L" (4c)'),
        (Comparison("", b"HELLO\n", b"HELLO", 5), "byte 6 is missing"),
        (Comparison("", b"HELLO\n", b"HELLO\n\0", 6), 'byte 7 is "\\x00" (00): more than was'),
        (Comparison("RLI {status}\\n", None, b"RLI X\n", 4), 'byte 5 is "X" (58)'),
        (Comparison("RLI {status}\\n", None, b"RLI ", 4), "it ends here"),
        (Comparison("HELLO\\n", b"HELLO\n", None), "nothing came"),
        (Comparison("HELLO\\n", b"HELLO\n", b""), "no bytes at all"),
    ],
    ids=["differs", "short", "long", "open", "open-short", "nothing", "empty"],
)
def test_says_what_differs(comparison, words):
    assert words in shown(comparison)


def test_marks_the_byte_in_text_and_hex():
    lines = shown(Comparison("", b"HE\tLO\n", b"HE\tlO\n", 3)).splitlines()
    actual, mark = lines[1], lines[2]
    assert actual[mark.index("^")] == "l"
    hex_row, hex_mark = lines[4], lines[5]
    at = hex_mark.index("^^")
    assert hex_row[at : at + 2] == "6c"


def test_an_open_expectation_is_told_in_its_authors_words():
    assert "RLI {status:one(OK NOK)}" in shown(
        Comparison("RLI {status:one(OK NOK)}\\n", None, b"RLX", 2)
    )


@given(st.binary(max_size=300), st.data(), st.integers(48, 120))
def test_the_mark_in_the_text_is_right_wherever_the_difference_is(data, draw, room):
    offset = draw.draw(st.integers(0, len(data)))
    excerpt = as_text(data, offset, room)
    assert len(excerpt.text) <= room
    cell = quoted(data[offset : offset + 1])[1:-1] if offset < len(data) else '"'
    assert excerpt.text[excerpt.at : excerpt.at + excerpt.long] == cell


@given(st.binary(min_size=1, max_size=300), st.data())
def test_the_mark_in_the_hex_is_right_wherever_the_difference_is(data, draw):
    offset = draw.draw(st.integers(0, len(data) - 1))
    excerpt = as_hex(data, offset)
    assert excerpt.text[excerpt.at : excerpt.at + excerpt.long] == f"{data[offset]:02x}"


@given(st.binary(min_size=40, max_size=300), st.binary(max_size=99), st.binary(max_size=99))
def test_what_agrees_stands_in_the_same_columns(agrees, expected, actual):
    one, two = (as_text(agrees + rest, len(agrees), 68) for rest in (expected, actual))
    assert one.at == two.at
    assert one.text[: one.at] == two.text[: two.at]


def test_on_one_line_is_cut():
    told = on_one_line(Comparison("", b"A" * 500, b"B" * 500), 60)
    assert len(told) <= 60
    assert told.startswith('expected "AAA')


@pytest.mark.parametrize(
    ("expected", "actual", "first"),
    [(b"HELLO\n", b"HELL", 4), (b"HELLO\n", b"HELLO\n", 6), (b"HELLO", b"JELLO", 0)],
    ids=["short", "alike", "first"],
)
def test_the_difference_is_counted_where_all_bytes_are_known(expected, actual, first):
    assert first_difference(Comparison("", expected, actual, 0)) == first


@pytest.mark.parametrize("expected", [None, b"done"], ids=["open", "known"])
def test_nothing_is_marked_where_the_bytes_are_not_what_is_wrong(expected):
    text = shown(Comparison("such as done", expected, b"well\n", None))
    assert "done" in text
    assert '"well\\n"' in text
    assert "^" not in text
    assert "77 65" not in text
