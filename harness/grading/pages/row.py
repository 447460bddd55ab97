"""What the page of a cohort needs of each submission: little, since there may be thousands.

Belongs here: rows as frozen data, and the link to a submission's page. Must not know: files.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.grading.pages.frame import name_of
from harness.grading.pages.markup import Html, beside, element, joined
from harness.grading.pages.standing import Key, Standing, standings
from harness.grading.progress import told_of
from harness.grading.result import Isolation, Result, Student, SuiteRef
from harness.report.capture import safe_name


@dataclass(frozen=True, slots=True)
class Row:
    """What the page tells of one submission."""

    student: Student
    suites: tuple[SuiteRef, ...]
    points: float
    maximum: float
    decided: bool
    open: float
    late: bool
    finished: bool
    held_up: str
    person: tuple[str, ...]
    unstable: tuple[str, ...]
    unplayed: tuple[tuple[str, str], ...]
    isolation: Isolation
    standings: dict[Key, Standing]

    @property
    def folder(self) -> str:
        """The name of the folder in which its pages lie."""
        return safe_name(self.student.id)


def row_of(result: Result) -> Row:
    """Returns the row of a result."""
    phase, mark = result.held_up_by, result.mark
    unstable = (f"{each.name}: {each.passes} of {each.plays}"
                for each in result.cases if each.unstable)  # fmt: skip
    return Row(
        student=result.student,
        suites=result.suites,
        points=mark.points,
        maximum=mark.maximum,
        decided=mark.decided,
        open=mark.open,
        late=mark.late_factor != 1,
        finished=result.finished,
        held_up=f"{phase.name}: {phase.reason}" if phase is not None else "",
        person=mark.person,
        unstable=tuple(unstable),
        unplayed=told_of(result, unchanged=False).unplayed,
        isolation=result.isolation,
        standings=standings(result),
    )


def link_to(row: Row) -> Html:
    """Returns who it is, as a link to the lecturer's page of it."""
    address = beside("students", row.folder, "page.html")
    student = row.student
    link = element("a", name_of(student.name or student.id), href=address)
    return joined(link, element("small", " ", name_of(student.id)) if student.name else None)
