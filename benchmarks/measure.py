"""How figures are taken: alternating rounds in one run, medians, ratios.

Belongs here: rounds, pinning, the table. Must not know: what is measured.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

TOLERANCE = 0.1
"""By how much a figure may miss its goal on a busy machine, as a share of the goal."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: ratios of all rounds, and what was aimed at."""

    name: str
    ratios: tuple[float, ...]
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """The median."""
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool:
        """Says whether the goal is met within the tolerance."""
        if self.at_least is not None and self.ratio < self.at_least * (1 - TOLERANCE):
            return False
        return self.at_most is None or self.ratio <= self.at_most * (1 + TOLERANCE)

    def line(self) -> str:
        """Returns the figure as one line of text."""
        ordered = sorted(self.ratios)
        quarter = len(ordered) // 4
        middle = f"{ordered[quarter]:.2f} to {ordered[-1 - quarter]:.2f}"
        goal = "-"
        if self.at_least is not None:
            goal = f"at least {self.at_least:g}"
        elif self.at_most is not None:
            goal = f"at most {self.at_most:g}"
        state = "ok" if self.met else "MISSED"
        return f"{self.name:<44} {self.ratio:6.2f}  {middle:<14} {goal:<14} {state:<7} {self.note}"


def seconds(work: Callable[[], object]) -> float:
    """Returns how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alternating(
    ours: Callable[[], object], bare: Callable[[], object], rounds: int
) -> list[tuple[float, float]]:
    """Returns (seconds of ours, seconds of bare) for so many rounds, after one to warm up."""
    ours(), bare()
    return [(seconds(ours), seconds(bare)) for _ in range(rounds)]


def pin() -> None:
    """Keeps this process, and those it starts, on one core: two cores change the result by 8."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
