"""Sheets: the CSV files of Moodle and Canvas, downloaded there, with their grades filled in.

Belongs here: which row is whose. Must not know: what a grade is made of, files. But for the cells
that are filled in nothing in a sheet changes. A mark in somebody else's row is the worst that can
happen here: where a row may mean two students, or two rows mean one, nothing is filled in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.grading.result import Student

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """How a platform's sheet looks: columns it must have, and those that may name a student.

    `name` is the column for people. `worth` tells what of a row says what the most is, or "".
    """

    what: str
    wanted: tuple[str, ...]
    by: tuple[str, ...]
    name: str
    worth: Callable[[Row], str]


@dataclass(frozen=True, slots=True)
class Filled:
    """A sheet with grades: whose were filled in, whom it names without a result, who has no row.

    `worth` is what the platform takes the most to be, as it stands there.
    """

    rows: list[list[str]]
    filled: tuple[str, ...]
    without: tuple[str, ...]
    left: tuple[str, ...]
    worth: tuple[str, ...]


def fill(form: Form, sheet: str, told: Iterable[tuple[Student, Row]]) -> Filled:
    """Fills in what is told of each student, by columns; a column that is not there is left out.

    Raises: UsageError where a wanted column is missing, or whose a row is, is in doubt.
    """
    head, rows = _table(form, sheet)
    cells = {student.id: (student, own) for student, own in told}
    known = _by_names(student for student, _ in cells.values())
    whose: dict[str, list[str]] = {}
    without = []
    for number, row in enumerate(rows, 2):
        named = dict(zip(head, row, strict=False))
        names = [named[each] for each in form.by if named.get(each)]
        found = sorted({each for name in names for each in known.get(name, ())})
        if len(found) > 1 or any(whose.get(each, names) != names for each in found):
            raise UsageError(f"{form.what}, row {number}: whose is it? {_doubt(found, names)}")
        if names and not found:
            without.append(named[form.name] or names[0])
        for each in found:
            whose[each] = names
            _put(row, head, cells[each][1])
    return Filled(
        rows=[head, *rows],
        filled=tuple(whose),
        without=tuple(without),
        left=tuple(each for each in cells if each not in whose),
        worth=_worth(form, head, rows),
    )


def _table(form: Form, sheet: str) -> tuple[list[str], list[list[str]]]:
    """Returns the head and rows of a sheet. Raises: UsageError where a column is missing."""
    rows = list(csv.reader(io.StringIO(sheet.removeprefix("\ufeff"), newline="")))
    head = [each.strip() for each in rows[0]] if rows else []
    for name in form.wanted:
        if name not in head:
            found = ", ".join(head) or "nothing"
            raise UsageError(f"{form.what} has no column {name!r}, found {found}")
    return head, [[*row, *[""] * (len(head) - len(row))] for row in rows[1:] if row]


def _by_names(students: Iterable[Student]) -> dict[str, set[str]]:
    """Returns the ids of students under all names that a sheet may have for them."""
    found: dict[str, set[str]] = {}
    for each in students:
        for name in filter(None, (each.id, each.platform_id, each.email)):
            found.setdefault(name, set()).add(each.id)
    return found


def _doubt(found: Sequence[str], names: Sequence[str]) -> str:
    if len(found) > 1:
        return " or ".join(found)
    return f"{found[0]} has another row already, and this one is named {', '.join(names)}"


def _put(row: list[str], head: Sequence[str], own: Row) -> None:
    for column, text in own.items():
        if column in head:
            row[head.index(column)] = text


def _worth(form: Form, head: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    told = (form.worth(dict(zip(head, row, strict=False))) for row in rows)
    return tuple(dict.fromkeys(filter(None, told)))
