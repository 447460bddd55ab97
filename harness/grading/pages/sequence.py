"""The conversation of a case as a sequence: client left, server right, time downwards.

Belongs here: a conversation as a list that reads aloud; the style sheet draws its lifelines and
arrows. Must not know: what was expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from harness.grading.pages.markup import Html, Part, each_in, element, joined
from harness.grading.pages.quoting import of_bytes
from harness.grading.result import CaseResult, Said
from harness.runner.outcome import Kind
from harness.spec.model import Role

_MOST_ROWS = 24
_AT_THE_START = 9
_PIECES = 8  # of one message, shown apart
_BYTES = 160  # of one piece
_ARROWS = tuple(each.value for each in (Kind.OPEN, Kind.REFUSE, Kind.BYTES, Kind.CLOSE))
_RESETS = ("reset", "RST")

Row = tuple[Said, ...]
"""Neighbouring pieces of one speaker are one row."""


def sequence(case: CaseResult) -> Html:
    """Returns the drawing of a case's conversation, its middle left out where it is long."""
    rows = _rows(case.conversation)
    several = len({each.who for each in case.conversation if each.who}) > 1
    hidden = max(len(rows) - _MOST_ROWS, 0)
    behind = _AT_THE_START + hidden
    left_out = case.left_out + sum(map(len, rows[_AT_THE_START:behind] if hidden else ()))
    shown = [_drawn(each, several) for each in rows]
    if left_out:
        gap = element("li", f"{left_out:,} entries are left out here", class_="gap")
        shown[_AT_THE_START : behind if hidden else _AT_THE_START] = [gap]
    if case.reason:
        shown.append(element("li", case.reason, class_=f"end {case.verdict}"))
    heads = [_head(role, case.role) for role in (Role.CLIENT, Role.SERVER)]
    return element(
        "div",
        element("div", *heads, class_="ends"),
        element("ol", *shown, aria_label="What was said, in order"),
        class_="sequence",
    )


def _head(role: Role, target: str) -> Html:
    own = role == target
    who = " the program" if own else " the harness"
    return element("span", element("b", str(role)), who, class_="own" if own else None)


def _rows(conversation: Sequence[Said]) -> list[Row]:
    rows: list[Row] = []
    for (kind, _, _), group in groupby(conversation, key=lambda e: (e.kind, e.by_client, e.who)):
        members = tuple(group)
        rows += [members] if kind == Kind.BYTES.value else [(each,) for each in members]
    return rows


def _drawn(row: Row, several: bool) -> Html:
    first = row[0]
    side = "client" if first.by_client else "server"
    named = several and first.who and first.by_client
    speaker = element(
        "span", first.who if named else side, " ", class_="who" if named else "unseen"
    )
    arrow = first.kind in _ARROWS
    kinds = [side, "arrow" if arrow else "beside"]
    if arrow and (first.kind == Kind.REFUSE.value or first.detail in _RESETS):
        kinds.append("broken")
    return element(
        "li",
        element("span", _time(first.seconds), class_="time"),
        element("span", speaker, _told(row), class_="said"),
        class_=" ".join(kinds),
    )


def _told(row: Row) -> Part:
    first = row[0]
    if first.kind == Kind.BYTES.value:
        return joined(element("span", "says ", class_="unseen"), _pieces(row), _detail(first))
    if first.kind == Kind.NOTE.value:
        return element("span", first.detail, class_="note")
    if first.kind in (Kind.TYPED.value, Kind.PRINTED.value):
        return joined(element("span", f"{first.kind} ", class_="act"), _piece(first))
    word = "connects" if first.kind == Kind.OPEN.value else first.kind
    return joined(element("span", word, class_="act"), _detail(first))


def _detail(said: Said) -> Part:
    return element("span", f" {said.detail}", class_="more") if said.detail else None


def _pieces(row: Row) -> Html:
    """Returns the first pieces of a message, each as it was sent, and how many there are."""
    if len(row) == 1:
        return _piece(row[0])
    shown = each_in([_piece(each) for each in row[:_PIECES]], " ")
    size = sum(each.size for each in row)
    dots = " …" if len(row) > _PIECES else ""
    return joined(
        shown, element("span", f"{dots} {size:,} bytes in {len(row)} pieces", class_="more")
    )


def _piece(said: Said) -> Html:
    return of_bytes(said.data, _BYTES, said.size)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
