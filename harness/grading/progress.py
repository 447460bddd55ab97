"""Progress: what a batch tells while it runs.

Belongs here: one line for each submission, rate and time left; where the output is a terminal
and rich is there, a bar. Must not know: how a submission is graded.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from harness.grading.result import CaseResult, Result
from harness.report.page import cut, printable
from harness.report.summary import WORDS
from harness.verdict import Fault, Verdict

_COLUMNS = 100
_NAME = 40


@dataclass(frozen=True, slots=True)
class Told:
    """What a batch tells of one submission; it crosses between processes.

    `counts` are (verdict, number) pairs. `unchanged`: an earlier run's result is what it was.
    `unplayed` are cases that this machine cannot play, each with the reason.
    """

    student: str
    name: str
    points: float
    maximum: float
    decided: bool
    finished: bool
    unchanged: bool
    counts: tuple[tuple[int, int], ...]
    held_up: str = ""
    person: tuple[str, ...] = ()
    unplayed: tuple[tuple[str, str], ...] = ()


def told_of(result: Result, unchanged: bool) -> Told:
    """Returns what is told of a result."""
    counts = Counter(int(each.verdict) for each in result.cases)
    phase = result.held_up_by
    return Told(
        student=result.student.id,
        name=result.student.name,
        points=result.mark.points,
        maximum=result.mark.maximum,
        decided=result.mark.decided,
        finished=result.finished,
        unchanged=unchanged,
        counts=tuple(sorted(counts.items())),
        held_up=f"{phase.name}: {phase.reason}" if phase is not None else "",
        person=result.mark.person,
        unplayed=tuple((each.name, each.reason) for each in result.cases if _is_unplayed(each)),
    )


def _is_unplayed(case: CaseResult) -> bool:
    return case.verdict is Verdict.UNSUPPORTED and case.fault == Fault.MACHINE.value


def line_of(told: Told) -> str:
    """Returns one line on a submission, safe to print."""
    who = cut(printable(f"{told.student} {told.name}".strip()), _NAME)
    mark = f"{told.points:g} of {told.maximum:g}" if told.decided else "no mark"
    if not told.finished:
        state = "not finished"
    elif told.held_up:
        state = told.held_up
    else:
        state = ", ".join(f"{number} {WORDS[Verdict(each)]}" for each, number in told.counts)
    mark += ", unchanged" if told.unchanged else ""
    mark += ", a person looks" if told.person else ""
    return cut(printable(f"{who}: {mark}: {state}".replace("\n", " ")), _COLUMNS)


class Progress(Protocol):
    """Is told of every submission that is done."""

    def done(self, told: Told) -> None:
        """Takes in one more."""
        ...


class Plain:
    """A line for each submission; with `quiet` none."""

    def __init__(self, out: TextIO, total: int, quiet: bool = False) -> None:
        self._out = out
        self._total = total
        self._quiet = quiet
        self._began = time.monotonic()
        self._count = 0

    def done(self, told: Told) -> None:
        """Writes the line, with the time that is left by the rate until now."""
        self._count += 1
        if self._quiet:
            return
        each = (time.monotonic() - self._began) / self._count
        left = each * (self._total - self._count)
        aside = f"[{self._count}/{self._total}, {_clock(left)} left]"
        self._out.write(f"{aside} {line_of(told)}\n")
        self._out.flush()


class Bar:
    """A bar at the bottom of the terminal, with the verdicts until now; lines above it."""

    def __init__(self, rich: Any, task: Any, total: int) -> None:  # noqa: ANN401 - see below
        self._bar = rich
        self._task = task
        self._total = total
        self._counts: Counter[int] = Counter()

    def done(self, told: Told) -> None:
        """Writes the line and moves the bar."""
        self._counts.update(dict(told.counts))
        shown = ", ".join(
            f"{self._counts[each]} {WORDS[each]}" for each in Verdict if self._counts[each]
        )
        self._bar.console.print(line_of(told), markup=False, highlight=False)
        self._bar.update(self._task, advance=1, verdicts=shown)


@contextlib.contextmanager
def progress(out: TextIO, total: int, quiet: bool) -> Iterator[Progress]:
    """Gives what tells of progress on this output."""
    if quiet or not out.isatty():
        yield Plain(out, total, quiet)
        return
    try:
        # rich is optional, and no part of what is checked here: mypy sees Any.
        bars: Any = importlib.import_module("rich.progress")
        console: Any = importlib.import_module("rich.console")
    except ImportError:
        yield Plain(out, total)
        return
    columns = (
        bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeRemainingColumn(),
        bars.TextColumn("{task.fields[verdicts]}", markup=False),
    )  # fmt: skip
    with bars.Progress(*columns, console=console.Console(file=out)) as shown:
        yield Bar(shown, shown.add_task("", total=total, verdicts=""), total)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
