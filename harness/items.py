"""The pytest nodes: a suite for one target is a collector, a case with one delivery an item.

Belongs here: names, markers, and how a verdict becomes a passed, failed or skipped item.
Must not know: options, how many workers there are, what the terminal shows.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.report import junit
from harness.report.failure import failure_report
from harness.report.page import printable, without_colour
from harness.report.result import Result, result_of
from harness.runner.job import Job
from harness.runner.launch import run_of
from harness.runner.outcome import Outcome
from harness.selection import Subject
from harness.spec.model import Delivery, Requirement
from harness.verdict import Verdict

Play = Callable[[Job], Outcome]
Command = Callable[[Subject, Job], str]
Keep = Callable[[Outcome, Subject, Job], str]
_TRACED = 3  # calls of a traceback, the last ones


class CaseFailedError(Exception):
    """A verdict for which pytest has no better word than failed; `args[0]` is the report."""


class SuiteCollector(pytest.Collector):
    """All cases of one suite for one target."""

    def __init__(
        self,
        *,
        subject: Subject,
        deliveries: Sequence[Delivery],
        how: Playing,
        **kwargs: Any,  # noqa: ANN401 - pytest's own arguments, told to nobody
    ) -> None:
        super().__init__(**kwargs)
        self.subject = subject
        self._deliveries = deliveries
        self._how = how

    def collect(self) -> Iterator[CaseItem]:
        """Yields an item for every case and delivery."""
        marks: dict[object, list[pytest.MarkDecorator]] = {}
        for job in self.subject.jobs(self._deliveries):
            key = (job.verifies, job.case.tags)
            if key not in marks:
                marks[key] = self._marks(job)
            item = CaseItem.from_parent(
                self, name=job.id, subject=self.subject, job=job, how=self._how
            )
            for mark in marks[key]:
                item.add_marker(mark)
            yield item

    def _marks(self, job: Job) -> list[pytest.MarkDecorator]:
        """Returns the markers of a job, each registered so that --strict-markers holds."""
        found = []
        for name, meaning in markers_of(job):
            if name not in self._how.marked:
                self._how.marked.add(name)
                self.config.addinivalue_line("markers", f"{name}: {meaning}")
            found.append(getattr(pytest.mark, name))
        return found


class Playing:
    """What items need of the run they belong to."""

    def __init__(self, play: Play, command: Command, keep: Keep, width: int) -> None:
        self.play = play
        self.command = command
        self.keep = keep
        self.width = width
        self.marked: set[str] = set()


class CaseItem(pytest.Item):
    """One case with one delivery; `result` is there once it was played."""

    def __init__(
        self,
        *,
        subject: Subject,
        job: Job,
        how: Playing,
        **kwargs: Any,  # noqa: ANN401 - pytest's own arguments, told to nobody
    ) -> None:
        super().__init__(**kwargs)
        self.subject = subject
        self.job = job
        self.result: Result | None = None
        self._how = how
        self.title = f"{subject.name}/{job.id}"
        self.extra_keyword_matches.update((self.title, f"{subject.suite.id}/{job.id}"))

    def runtest(self) -> None:
        """Plays the case. Raises: CaseFailedError, or pytest's own for a skip."""
        outcome = self._how.play(self.job)
        capture = self._how.keep(outcome, self.subject, self.job)
        if capture:
            outcome = replace(outcome, properties={**outcome.properties, "capture": capture})
        self.user_properties += [
            (name, printable(value)) for name, value in junit.properties(outcome)
        ]
        good = is_good(outcome)
        command = self._how.command(self.subject, self.job)
        started = run_of(self.job) if self.subject.target.address is None else ""
        report = "" if good else failure_report(outcome, command, self._how.width, True, started)
        self.result = result_of(outcome, command, report)
        if outcome.verdict is Verdict.UNSUPPORTED:
            pytest.skip(printable(outcome.finding.reason))
        if not good:
            raise CaseFailedError(report)

    def repr_failure(  # type: ignore[override] # pytest's styles are a private type
        self, excinfo: pytest.ExceptionInfo[BaseException], style: None = None
    ) -> object:
        """Returns the failure report, or what the plugin itself failed of, in few lines."""
        if isinstance(excinfo.value, CaseFailedError):
            return without_colour(excinfo.value.args[0])
        if isinstance(excinfo.value, HarnessError):
            return f"ERROR  {self.title}: {printable(str(excinfo.value))}"
        trace = "".join(traceback.format_exception(excinfo.value, limit=-_TRACED))
        return f"ERROR  {self.title}: the harness failed, please report it\n{trace}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Returns where the case stands in its spec, and its name."""
        place = self.job.case.place
        return _absolute(place.file), place.line - 1, self.title


def is_good(outcome: Outcome) -> bool:
    """Says whether there is nothing to report in full."""
    return outcome.verdict.is_fine or bool(outcome.known)


@cache
def _absolute(file: str) -> Path:
    return Path(file).absolute()


def markers_of(job: Job) -> list[tuple[str, str]]:
    """Returns names for `-m` with their meanings: levels, requirements, tags."""
    rules: list[Requirement] = [job.suite.requirements[name] for name in job.verifies]
    levels = dict.fromkeys(str(rule.level) for rule in rules)
    return [
        *((level, f"cases that verify a requirement of the level {level}") for level in levels),
        *((_marker(rule.id), rule.text) for rule in rules),
        *((_marker(tag), f"cases with the tag {tag}") for tag in job.case.tags),
    ]


def _marker(name: str) -> str:
    """Returns a name that `-m` reads as one word of Python."""
    return name.replace("-", "_")
