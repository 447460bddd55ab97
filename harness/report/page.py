"""A page of text for a terminal: labelled paragraphs, columns, a few colours.

Belongs here: widths, wrapping, what is safe to print. Must not know: verdicts, outcomes.

Whatever a target had a hand in passes through `printable` or `harness.wire.quote`, so that
no byte of it can move the cursor, ring the bell or recolour the screen.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

NARROWEST, WIDEST = 60, 120
PLAIN_WIDTH = 80
"""Columns where there is no terminal."""

_COLOURING = re.compile(r"\x1b\[[0-9;]*m")
_LABEL = 12  # columns of the label with the indent before it
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class Paint(StrEnum):
    """What a stretch of text is, as the parameters of an SGR escape (ECMA-48, 8.3.117)."""

    BAD = "1;31"
    GOOD = "32"
    DOUBTFUL = "33"
    LABEL = "2"
    STRONG = "1"
    WANTED = "32"
    FOREIGN = "36"


def printable(text: str) -> str:
    """Returns the text with every control, format and unassigned character escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each.encode("unicode_escape").decode("ascii")
        if unicodedata.category(each) in _UNSAFE
        else each
        for each in text
    )


def without_colour(text: str) -> str:
    """Returns a page's text without its escapes."""
    return _COLOURING.sub("", text)


def cut(text: str, columns: int) -> str:
    """Returns the text in at most so many columns, with dots where it was longer."""
    return text if len(text) <= columns else text[: max(columns - 3, 0)] + "..."


def cut_list(names: Sequence[str], columns: int) -> str:
    """Returns the names in at most so many columns, cut between two, at least one of them."""
    shown = ""
    for at, name in enumerate(names):
        left = len(names) - at - 1
        longer = f"{shown}, {name}" if shown else name
        tail = f" and {left} more" if left else ""
        if shown and len(longer) + len(tail) > columns:
            return f"{shown} and {left + 1} more"
        shown = longer
    return shown


class Page:
    """Lines that grow downwards; `width` is kept by every line that can be wrapped."""

    def __init__(self, width: int = PLAIN_WIDTH, colour: bool = False) -> None:
        self.width = min(max(width, NARROWEST), WIDEST)
        self._colour = colour
        self._lines: list[str] = []

    @property
    def room(self) -> int:
        """Columns right of the labels."""
        return self.width - _LABEL

    def painted(self, text: str, paint: Paint) -> str:
        """Returns the text in a colour, or as it is where there are none."""
        return f"\x1b[{paint}m{text}\x1b[0m" if self._colour and text else text

    def line(self, text: str = "") -> None:
        """Adds a line as it is; no two empty ones in a row."""
        if text or (self._lines and self._lines[-1]):
            self._lines.append(text.rstrip())

    def row(self, label: str, text: str) -> None:
        """Adds one line with a label; the text is not wrapped and may be painted."""
        self.line("  " + self.painted(f"{label:<{_LABEL - 2}}", Paint.LABEL) + text)

    def paragraph(self, label: str, text: str, paint: Paint | None = None, most: int = 6) -> None:
        """Adds wrapped text with a label, cut after `most` lines."""
        wrapped = [
            line
            for part in text.splitlines()
            for line in textwrap.wrap(printable(part), self.room, break_on_hyphens=False) or [""]
        ]
        if len(wrapped) > most:
            wrapped[most - 1 :] = [cut(wrapped[most - 1], self.room - 4) + " ..."]
        for line in wrapped:
            self.row(label, self.painted(line, paint) if paint else line)
            label = ""

    def text(self) -> str:
        """Returns all lines, without a newline at the end."""
        while self._lines and not self._lines[-1]:
            self._lines.pop()
        return "\n".join(self._lines)
