"""Expected against actual: the bytes around the first that differs, as text and in hex.

Belongs here: which excerpt is shown and where the mark stands. Must not know: outcomes.
Both rows start at the same byte, so that what agrees stands in the same columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.page import Page, Paint, cut, printable
from harness.verdict import Comparison
from harness.wire.quote import quoted

_HEX_BYTES = 16  # a row of a hex dump
_HEX_BEFORE = 8
_MARK = "^"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One row: `text` as it is printed, the differing stretch from `at` for `long` columns."""

    text: str
    at: int
    long: int

    def painted(self, page: Page, paint: Paint) -> str:
        """Returns the row with the differing stretch in a colour."""
        end = self.at + self.long
        return (
            self.text[: self.at] + page.painted(self.text[self.at : end], paint) + self.text[end:]
        )


def add_comparison(page: Page, comparison: Comparison) -> None:
    """Adds the rows of a comparison to the page."""
    expected, actual, offset = comparison.expected, comparison.actual, first_difference(comparison)
    if expected is None:
        page.paragraph("expected", comparison.wanted, Paint.WANTED, most=3)
    else:
        row = as_text(expected, offset or 0, page.room)
        page.row("expected", row.painted(page, Paint.WANTED) if offset is not None else row.text)
    if not actual:
        page.row("actual", "nothing came" if actual is None else "no bytes at all")
    elif offset is None:
        page.row("actual", as_text(actual, 0, page.room).text)
    else:
        _add_marked(page, comparison, actual, offset)


def _add_marked(page: Page, comparison: Comparison, actual: bytes, offset: int) -> None:
    expected = comparison.expected
    excerpt = as_text(actual, offset, page.room)
    page.row("actual", excerpt.painted(page, Paint.BAD))
    for line in _marked(excerpt, page.room, difference_in_words(comparison, offset)):
        page.row("", page.painted(line, Paint.BAD))
    if expected is not None:
        _add_hex(page, "expected", expected, offset, Paint.WANTED)
    _add_hex(page, "actual", actual, offset, Paint.BAD)
    mark = as_hex(actual, offset)
    page.row("", page.painted(" " * mark.at + _MARK * 2, Paint.BAD))


def first_difference(comparison: Comparison) -> int | None:
    """Returns how many bytes agree: counted where all are known, else as the judge said."""
    expected, actual = comparison.expected, comparison.actual
    if expected is None or actual is None or comparison.offset is None:
        return comparison.offset
    pairs = enumerate(zip(expected, actual, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(expected), len(actual)))


def as_text(data: bytes, offset: int, room: int) -> Excerpt:
    """Returns the quoted bytes around `offset` in at most `room` columns."""
    start = _start(data, offset, room // 2)
    lead = "..." if start else ""
    text, at = lead + '"', 0
    for index in range(start, len(data)):
        cell = _cell(data[index])
        if len(text) + len(cell) + 4 > room and index > offset:
            return Excerpt(text + '"...', at or len(text), _width(data, offset))
        if index == offset:
            at = len(text)
        text += cell
    return Excerpt(text + '"', at or len(text), _width(data, offset))


def as_hex(data: bytes, offset: int) -> Excerpt:
    """Returns one row of a hex dump that holds the byte at `offset`."""
    start = max(0, min(offset, len(data)) - _HEX_BEFORE) if offset >= _HEX_BYTES else 0
    shown = data[start : start + _HEX_BYTES]
    lead = ".. " if start else ""
    tail = " .." if start + len(shown) < len(data) else ""
    return Excerpt(lead + shown.hex(" ") + tail, len(lead) + 3 * (offset - start), 2)


def _add_hex(page: Page, label: str, data: bytes, offset: int, paint: Paint) -> None:
    size = f"  {len(data):,} byte{'s' if len(data) != 1 else ''}"
    page.row(label, as_hex(data, offset).painted(page, paint) + page.painted(size, Paint.LABEL))


def _start(data: bytes, offset: int, columns: int) -> int:
    """Returns the first byte shown: what agrees takes at most so many columns."""
    start = min(offset, len(data))
    while start and columns > 0:
        columns -= len(_cell(data[start - 1]))
        start -= 1
    return start if start > 3 else 0  # dots in the place of three bytes would save nothing


def _cell(byte: int) -> str:
    return quoted(bytes((byte,)), 1)[1:-1]


def _width(data: bytes, offset: int) -> int:
    return len(_cell(data[offset])) if offset < len(data) else 1


def _marked(excerpt: Excerpt, room: int, words: str) -> list[str]:
    """Returns the mark with its words on its right, or on a line of their own."""
    mark = " " * excerpt.at + _MARK * excerpt.long
    if len(mark) + 1 + len(words) <= room:
        return [f"{mark} {words}"]
    return [mark, " " * max(room - len(words), 0) + words]


def difference_in_words(comparison: Comparison, offset: int, before: int = 0) -> str:
    """Says in words what differs at the offset, where `before` bytes are left out in front."""
    expected, actual = comparison.expected, comparison.actual or b""
    which = f"byte {before + offset + 1:,}"
    if offset >= len(actual):
        return "it ends here" if expected is None else f"{which} is missing"
    found = _named(actual[offset])
    if expected is None:
        return f"{which} is {found}"
    if offset >= len(expected):
        return f"{which} is {found}: more than was expected"
    return f"{which} is {found}, not {_named(expected[offset])}"


def _named(byte: int) -> str:
    return f"{quoted(bytes((byte,)), 1)} ({byte:02x})"


def on_one_line(comparison: Comparison, columns: int) -> str:
    """Returns `expected X, got Y`, cut to the columns."""
    wanted = comparison.wanted
    if comparison.expected is not None:
        wanted = quoted(comparison.expected, columns // 2)
    actual = "nothing" if not comparison.actual else quoted(comparison.actual, columns // 2)
    return cut(printable(f"expected {wanted}, got {actual}"), columns)
