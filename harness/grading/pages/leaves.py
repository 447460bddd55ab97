"""Where pages lie, and when they are written.

Belongs here: their files, how often the cohort's is made anew while a batch runs. Must not know:
what is on them. Each is written in one step.

    RESULTS/index.html                     the cohort, for the lecturer
    RESULTS/students/ID/page.html          one submission, for the lecturer
    RESULTS/students/ID/feedback.html      the same, as far as the student may know
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.errors import HarnessError
from harness.grading.feedback import student_view
from harness.grading.pages.cohort import cohort_page
from harness.grading.pages.row import Row, row_of
from harness.grading.pages.standing import Key
from harness.grading.pages.student import student_page
from harness.grading.progress import Progress, Told
from harness.grading.result import Result
from harness.grading.store import Drawer, Store, write_whole

INDEX = "index.html"
_PAGE, _FEEDBACK = "page.html", "feedback.html"
_SHARE = 20  # of the batch's time, one part is for the cohort's page


def write_student(drawer: Drawer, result: Result) -> None:
    """Writes both pages of a submission. Raises: MachineError."""
    write_whole(drawer.folder / _PAGE, student_page(result, lecturers=True))
    view = student_view(result)
    write_whole(drawer.folder / _FEEDBACK, student_page(view, lecturers=False))


def write_again(store: Store) -> int:
    """Writes all pages from what is stored; returns of how many submissions. Raises: UsageError."""
    cohort = Cohort(store)
    for result in store.results():
        write_student(store.of(result.student.id), result)
        cohort.add(result)
    cohort.write()
    return len(cohort)


class Cohort:
    """The cohort's page, of the submissions that were added."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[str, Row] = {}
        self._keys: dict[Key, Key] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, result: Result) -> None:
        """Takes in a result, in the place of an earlier one of the same student.

        A requirement is held once, however many rows have it.
        """
        row = row_of(result)
        told = {self._keys.setdefault(key, key): each for key, each in row.standings.items()}
        self._rows[row.student.id] = replace(row, standings=told)

    def write(self) -> Path:
        """Writes the page. Raises: MachineError."""
        rows = sorted(self._rows.values(), key=lambda each: each.student.id)
        return self._store.write(INDEX, cohort_page(rows))


class Leafing:
    """Tells of progress, and keeps the pages up to date.

    A submission's pages are written when it is done. The cohort's is made anew then too, but so
    seldom that it takes a small share of the time: with a thousand of them it is no small page.
    """

    def __init__(self, progress: Progress, store: Store) -> None:
        self._progress = progress
        self._store = store
        self._cohort = Cohort(store)
        for result in store.results():
            self._cohort.add(result)
        self._due = 0.0

    def done(self, told: Told) -> None:
        """Takes in one more. What cannot be written now stops no grading: `close` tries again."""
        self._progress.done(told)
        with contextlib.suppress(HarnessError):
            self._write(told.student)

    def _write(self, student: str) -> None:
        drawer = self._store.of(student)
        result = drawer.load()
        if result is None:
            return
        self._cohort.add(result)
        write_student(drawer, result)
        began = time.monotonic()
        if began >= self._due:
            self._cohort.write()
            now = time.monotonic()
            self._due = now + _SHARE * (now - began)

    def close(self) -> None:
        """Writes the page of all that was graded, and those of what was broken off.

        Raises: MachineError, UsageError.
        """
        for drawer in self._store.drawers():
            result = drawer.load() if drawer.is_newer(drawer.folder / _PAGE) else None
            if result is not None:
                self._cohort.add(result)
                write_student(drawer, result)
        self._cohort.write()


@contextlib.contextmanager
def leafing(progress: Progress, store: Store) -> Iterator[Leafing]:
    """Gives what writes pages while a batch runs, and at its end, whatever ends it."""
    leaves = Leafing(progress, store)
    try:
        yield leaves
    finally:
        leaves.close()
