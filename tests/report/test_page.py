"""Pages: widths that hold, text that is safe."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.page import Page, Paint, cut, cut_list, printable, without_colour


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("olá €", "olá €"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb\x07", "a\\rb\\x07"),
        ("\u202eright to left", "\\u202eright to left"),
        ("\x9bC1", "\\x9bC1"),
        ("a\u2028b", "a\\u2028b"),
    ],
    ids=["ascii", "letters", "escape", "return-bell", "bidi", "c1", "line-separator"],
)
def test_printable_escapes_what_moves_a_terminal(text, shown):
    assert printable(text) == shown


@given(st.text())
def test_printable_leaves_no_control(text):
    assert not any(unicodedata.category(each).startswith("C") for each in printable(text))
    assert "\x1b" not in printable(text)


@given(st.text(min_size=1, max_size=400), st.integers(10, 200))
def test_a_paragraph_keeps_the_width(text, width):
    page = Page(width)
    page.paragraph("label", text)
    assert all(len(line) <= page.width for line in page.text().splitlines())


def test_a_long_paragraph_is_cut_with_dots():
    page = Page(80)
    page.paragraph("reason", "word " * 400, most=3)
    lines = page.text().splitlines()
    assert len(lines) == 3
    assert lines[-1].endswith("...")


def test_colours_come_off_again():
    plain, coloured = Page(80), Page(80, colour=True)
    for page in (plain, coloured):
        page.row("label", page.painted("text", Paint.BAD))
    assert coloured.text() != plain.text()
    assert without_colour(coloured.text()) == plain.text()


def test_empty_lines_neither_pile_up_nor_stand_at_the_ends():
    page = Page(80)
    for text in ("", "one", "", "", "two", ""):
        page.line(text)
    assert page.text() == "one\n\ntwo"


@pytest.mark.parametrize(("columns", "shown"), [(5, "hello"), (4, "h..."), (2, "...")])
def test_cut(columns, shown):
    assert cut("hello", columns) == shown


def test_names_are_cut_between_two():
    names = ["one", "two", "three", "four"]
    assert cut_list(names, 80) == "one, two, three, four"
    assert cut_list(names, 20) == "one, two and 2 more"
    assert cut_list(names, 3) == "one and 3 more"
    assert cut_list([], 3) == ""
