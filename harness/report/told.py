"""A failure as whoever prints reports is given it: written out on demand, one line else.

Belongs here: the object that takes the place of a traceback. Must not know: when it is shown;
its methods are those that pytest asks of such an object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.report.group import listed
from harness.report.page import printable, without_colour
from harness.report.result import Result


class Writer(Protocol):
    """pytest's terminal writer, as far as it is used here."""

    hasmarkup: bool

    def line(self, s: str = "") -> None:
        """Writes a line."""


class Told:
    """A failure as pytest shows it; on the terminal with the `others` that it stands for.

    It has the methods that pytest asks of such an object; `reprcrash` is the reason that
    stands in the short summary and in JUnit's `message`.
    """

    def __init__(self, result: Result, width: int) -> None:
        self.result = result
        self.others: Sequence[Result] = ()
        self.brief = False
        self.reprcrash = Crash(printable(result.name), printable(result.reason))
        self._width = width

    def __str__(self) -> str:
        return without_colour(self.result.report)

    def toterminal(self, tw: Writer) -> None:
        """Writes to pytest's terminal writer."""
        if self.brief:
            return
        others = listed(self.others, self._width, colour=True) if self.others else ""
        for line in [*self.result.report.splitlines(), *others.splitlines()]:
            tw.line(line if tw.hasmarkup else without_colour(line))


@dataclass(frozen=True, slots=True)
class Crash:
    """The one line of a failure."""

    name: str
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"
