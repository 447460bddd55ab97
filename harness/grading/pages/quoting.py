"""Bytes of programs on a page: every one is shown, none is obeyed.

Belongs here: bytes as a text with marked escapes, comparisons with the first difference marked,
logs. Must not know: cases, pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from harness.grading.pages.markup import Html, Part, each_in, element, joined
from harness.grading.result import Compared
from harness.report.difference import difference_in_words, first_difference
from harness.report.page import printable
from harness.verdict import Comparison
from harness.wire.quote import quoted

_ROW = 16  # bytes of the table of columns
_BEFORE = 6  # of them before the one that differs
_LINES = 200  # of a log
_COLUMNS = 1000
_BREAK = element("wbr")  # a line may end between two escapes, not within one


def of_bytes(data: bytes, most: int = 512, size: int | None = None, mark: int = -1) -> Html:
    """Returns bytes as a person reads them; of `size` bytes `data` may be the beginning.

    The byte at `mark` stands out. Escapes are told from the letters that they are written with.
    """
    shown = [*_stretches(data[:most], mark)]
    left = (len(data) if size is None else size) - min(len(data), most)
    more = element("span", f" and {left:,} bytes more", class_="more") if left > 0 else None
    return joined(element("code", *shown, class_="bytes"), more)


def _stretches(data: bytes, mark: int) -> Iterator[Html]:
    """Yields what is written alike as one; a line of the program's begins a line."""
    cells = [(_cell(byte), at == mark) for at, byte in enumerate(data)]
    for (escaped, marked), group in groupby(cells, key=lambda each: (len(each[0]) > 1, each[1])):
        own = [cell for cell, _ in group]
        shown = element("i", each_in(own, _BREAK)) if escaped else joined(*own)
        yield element("mark", shown) if marked else shown
    if mark == len(data):
        yield element("mark", " ")


def _cell(byte: int) -> str:
    return '"' if byte == 0x22 else quoted(bytes((byte,)), 1)[1:-1]


# -- comparisons ---------------------------------------------------------------------------


def comparison(compared: Compared) -> Html:
    """Returns expected against actual, with the first byte that differs marked in both."""
    expected, actual, start = compared.expected, compared.actual, compared.start
    offset = None if compared.offset is None else compared.offset - start
    inner = Comparison(compared.wanted, expected, actual, offset)
    at = first_difference(inner)
    mark = -1 if at is None or not actual else at
    wanted: Part = compared.wanted if expected is None else _side(expected, start, mark)
    rows = [_row("expected", wanted, "wanted"), _row("actual", _actual(actual, start, mark), "bad")]
    if at is None or not actual:
        return element("dl", *rows, class_="compared")
    rows.append(_row("first difference", difference_in_words(inner, at, start)))
    return joined(element("dl", *rows, class_="compared"), _columns(expected, actual, at, start))


def _row(label: str, value: Part, class_: str | None = None) -> Html:
    return element("div", element("dt", label), element("dd", value), class_=class_)


def _side(data: bytes, start: int, mark: int) -> Html:
    lead = element("span", f"after {start:,} bytes: ", class_="more") if start else None
    return joined(lead, of_bytes(data, mark=mark))


def _actual(data: bytes | None, start: int, mark: int) -> Part:
    if not data:
        return element("em", "nothing came" if data is None else "no bytes at all")
    return _side(data, start, mark)


def _columns(expected: bytes | None, actual: bytes, at: int, start: int) -> Html:
    """Returns both sides byte by byte around the first difference, one column for each."""
    first = max(at - _BEFORE, 0)
    longest = max(len(expected or b""), len(actual), at + 1)
    columns = range(first, min(first + _ROW, longest))
    head = [
        element("th", str(start + each + 1), scope="col", class_=_differs(each, at))
        for each in columns
    ]
    body = [
        _bytewise(label, data, columns, at)
        for label, data in (("expected", expected), ("actual", actual))
        if data is not None
    ]
    table = element(
        "table",
        element("caption", "Byte by byte around the first difference", class_="unseen"),
        element("thead", element("tr", element("th", "byte", scope="col"), *head)),
        element("tbody", *body),
        class_="columns",
    )
    return element("div", table, class_="scrolls", tabindex="0", role="group", aria_label="Bytes")


def _bytewise(label: str, data: bytes, columns: range, at: int) -> Html:
    cells = [
        element("td", *_byte(data[each : each + 1]), class_=_differs(each, at)) for each in columns
    ]
    return element("tr", element("th", label, scope="row"), *cells)


def _byte(byte: bytes) -> tuple[Html, Html]:
    """Returns the character and the number of a byte, of b"" that there is none."""
    if not byte:
        return element("b", "–"), element("small", "none")
    return element("b", "SP" if byte == b" " else _cell(byte[0])), element("small", byte.hex())


def _differs(column: int, at: int) -> str | None:
    return "differs" if column == at else None


# -- logs ----------------------------------------------------------------------------------


def log(data: bytes, label: str) -> Html:
    """Returns what a program or a build printed, line by line, the last of many lines."""
    lines = data.rstrip(b"\r\n").split(b"\n")
    shown = [_line(each) for each in lines[-_LINES:]]
    if len(lines) > _LINES:
        shown.insert(0, f"... {len(lines) - _LINES:,} lines before")
    text = element("code", each_in(shown, Html("\n")))
    return element("pre", text, class_="log", tabindex="0", role="group", aria_label=label)


def _line(line: bytes) -> str:
    text = line.rstrip(b"\r")[:_COLUMNS].decode("utf-8", "backslashreplace")
    return printable(text.replace("\t", "    "))
