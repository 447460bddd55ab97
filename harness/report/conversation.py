"""The conversation of a case as a sequence: client left, server right, time downwards.

Belongs here: how a transcript is drawn, as RFCs draw it. Must not know: what was expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from harness.report.page import Page, Paint, cut, printable
from harness.runner.outcome import Entry, Kind
from harness.spec.model import Role
from harness.wire.quote import quoted

_MOST_ROWS = 14
_AT_THE_START = 5
_TIME = 9  # columns of "1234.5 ms"
_INDENT = 2
_ARROW = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the drawing: neighbouring pieces of one speaker are one row."""

    seconds: float
    by_client: bool
    text: str
    aside: str = ""
    arrow: bool = True


def add_conversation(page: Page, entries: Sequence[Entry], target: Role) -> None:
    """Adds the drawing to the page, its middle left out where it is long.

    What a server prints is no part of a conversation; what a client prints answers its user.
    """
    column = (page.width - _INDENT - _TIME - _ARROW - 2) // 2
    shown = [each for each in entries if each.kind is not Kind.PRINTED or target is Role.CLIENT]
    rows = rows_of(shown, column)
    if not rows:
        return
    page.line()
    heads = [f"{role} (the {'target' if role is target else 'harness'})" for role in Role]
    page.line(
        " " * (_INDENT + _TIME + 2)
        + page.painted(f"{heads[1]:<{column + _ARROW}}{heads[0]}", Paint.LABEL)
    )
    hidden = len(rows) - _MOST_ROWS
    for index, row in enumerate(rows):
        if hidden > 0 and index == _AT_THE_START:
            page.line(f"{'...':>{_INDENT + _TIME}}  {hidden + 1} more lines of this conversation")
        if hidden <= 0 or not _AT_THE_START <= index <= _AT_THE_START + hidden:
            _add_row(page, row, column, of_target=row.by_client == (target is Role.CLIENT))
    page.line()


def rows_of(entries: Sequence[Entry], column: int) -> list[Row]:
    """Returns the rows; names are told where there is more than one client."""
    several = len({entry.who for entry in entries if entry.who}) > 1
    rows: list[Row] = []
    for (kind, by_client, who), group in groupby(entries, key=_speaker):
        name = f"{who}: " if several and who else ""
        members = list(group)
        if kind is Kind.BYTES:
            text = name + _pieces([each.data for each in members], column - len(name))
            rows.append(Row(members[0].seconds, by_client, text, members[0].detail))
            continue
        arrow = kind in (Kind.OPEN, Kind.REFUSE, Kind.CLOSE)
        for each in members:
            text = cut(name + _act(each, column), column)
            rows.append(Row(each.seconds, by_client, text, arrow=arrow))
    return rows


def _speaker(entry: Entry) -> tuple[Kind, bool, str]:
    return entry.kind, entry.by_client, entry.who


def _act(entry: Entry, column: int) -> str:
    """Returns what an entry that is no message says."""
    if entry.kind is Kind.OPEN:
        return f"connects {printable(entry.detail)}".rstrip()
    if entry.kind in (Kind.REFUSE, Kind.CLOSE):
        return f"{entry.kind.value} {printable(entry.detail)}".rstrip()
    if entry.kind is Kind.NOTE:
        return f"({printable(entry.detail)})"
    return f"{entry.kind.value} {fitting(entry.data, column - 7)}"


def _pieces(pieces: Sequence[bytes], column: int) -> str:
    """Returns the quoted pieces, the middle ones left out where they do not fit."""
    if len(pieces) == 1:
        return fitting(pieces[0], column)
    whole = " ".join(quoted(each, column) for each in pieces)
    if len(whole) <= column:
        return whole
    tail = f" ... ({len(pieces)} pieces)"
    shown = fitting(pieces[0], column - len(tail))
    if len(shown) + len(tail) > column:
        return f"{sum(map(len, pieces)):,} B in {len(pieces)} pieces"
    for piece in pieces[1:]:
        longer = f"{shown} {quoted(piece, column)}"
        if len(longer) + len(tail) > column:
            break
        shown = longer
    return shown + tail


def fitting(data: bytes, columns: int) -> str:
    """Returns the bytes quoted, with dots and their number where they do not fit."""
    whole = quoted(data[:columns], columns)
    if len(whole) <= columns and len(data) <= columns:
        return whole
    tail = f'..." {len(data):,} B'
    room = columns - len(tail) + 1
    kept = next((n for n in range(room, 0, -1) if len(quoted(data[:n], n)) <= room), 0)
    return quoted(data[:kept], columns)[:-1] + tail


def _add_row(page: Page, row: Row, column: int, of_target: bool) -> None:
    time = page.painted(f"{row.seconds * 1000:{_TIME - 3}.1f} ms", Paint.LABEL)
    paint = Paint.STRONG if of_target else Paint.FOREIGN
    arrow = ("  -->  " if row.by_client else "  <--  ") if row.arrow else " " * _ARROW
    left, right = (row.text, row.aside) if row.by_client else (row.aside, row.text)
    shown = [f"{cut(printable(left), column):<{column}}", cut(printable(right), column)]
    speaking = 0 if row.by_client else 1
    shown[speaking] = page.painted(shown[speaking], paint)
    page.line(f"{' ' * _INDENT}{time}  {shown[0]}{arrow}{shown[1]}")
