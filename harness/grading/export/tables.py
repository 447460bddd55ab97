"""Tables of marks: the lecturer's own, and those that Moodle and Canvas take.

Belongs here: CSV. Must not know: where it is read or written. Where a sheet was downloaded from
the platform, its rows are filled in and nothing else in it changes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from harness.errors import UsageError
from harness.grading.export.harmless import cell, hypertext
from harness.grading.export.words import headline, mark_line, number
from harness.grading.feedback import TOLD, student_view
from harness.grading.result import Mark, Result, Student
from harness.verdict import Verdict

_GOOD = (Verdict.PASS, Verdict.WARN, Verdict.UNSUPPORTED)
_MOST_LISTED = 15
_GRADE, _FEEDBACK = "Grade", "Feedback comments"
_MOODLE = ("Identifier", "Full name", "Email address", _GRADE, _FEEDBACK)
_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def marks_csv(results: Iterable[Result]) -> str:
    """Returns the lecturer's table: it tells of hidden cases too, and is not for students."""
    rows = [
        [
            cell(each.student.id),
            cell(each.student.name),
            cell(each.student.email),
            points(each.mark),
            number(each.mark.maximum),
            number(each.mark.open),
            number(each.mark.late_hours),
            "yes" if each.finished else "no",
            cell(f"{each.held_up_by.name}: {each.held_up_by.reason}" if each.held_up_by else ""),
            cell("; ".join(each.mark.person)),
        ]
        for each in results
    ]
    head = (
        "student", "name", "email", "points", "maximum", "open", "late hours", "finished",
        "held up by", "look at",
    )  # fmt: skip
    return _csv([head, *rows])


def points(mark: Mark) -> str:
    """Returns the mark as a number, "" where nothing was judged."""
    return number(mark.points) if mark.decided else ""


def moodle_csv(results: Iterable[Result], sheet: str = "") -> str:
    """Returns Moodle's grading worksheet, `sheet` with its grades filled in where it is given.

    Its columns have English names. Feedback there is HTML. Raises: UsageError.
    """
    if not sheet:
        return _csv([_MOODLE, *(_moodle_row(each) for each in results)])
    head, rows = _table(sheet, ("Identifier", _GRADE), "Moodle's worksheet")
    known = _by_names((each.student, _moodle_row(each)[-2:]) for each in results)
    for row in rows:
        found = _row_of(row, head, known, ("Identifier", "ID number", "Email address"))
        if found is not None:
            row[head.index(_GRADE)], feedback = found
            if _FEEDBACK in head:
                row[head.index(_FEEDBACK)] = feedback
    return _csv([head, *rows])


def _moodle_row(result: Result) -> list[str]:
    who = result.student
    return [
        cell(who.platform_id or who.id), cell(who.name), cell(who.email), points(result.mark),
        cell(feedback_html(result)),
    ]  # fmt: skip


def feedback_html(result: Result) -> str:
    """Returns a few lines of HTML for the student: the mark, and what did not pass."""
    view = student_view(result)
    lines = [mark_line(view)]
    if view.held_up_by is not None:
        lines.append(f"Ended at {view.held_up_by.name}: {view.held_up_by.reason}")
    else:
        told = [each for each in view.cases if each.feedback in TOLD]
        bad = [headline(each) for each in told if each.verdict not in _GOOD or each.unstable]
        lines += bad[:_MOST_LISTED]
        lines += [f"and {len(bad) - _MOST_LISTED} more"] if len(bad) > _MOST_LISTED else []
    return "<br>".join(hypertext(line.replace("\n", " ")) for line in lines)


def canvas_csv(results: Iterable[Result], title: str, sheet: str = "") -> str:
    """Returns a gradebook to import, or `sheet` with the column of the assignment filled in.

    `title` is the column's name, as in "Lab 3 (4711)": with the number in brackets Canvas finds
    the assignment, without it makes a new one. Raises: UsageError.
    """
    if not sheet:
        made = [(each.mark.maximum, _canvas_row(each)) for each in results]
        most = number(max((maximum for maximum, _ in made), default=0))
        possible = ["    Points Possible", "", "", "", "", most]
        return _csv([[*_CANVAS, cell(title)], possible, *(row for _, row in made)])
    head, rows = _table(sheet, ("Student", "ID", title), "Canvas's gradebook")
    known = _by_names((each.student, [points(each.mark)]) for each in results)
    for row in rows:
        found = _row_of(row, head, known, ("ID", "SIS User ID", "SIS Login ID"))
        if found is not None:
            (row[head.index(title)],) = found
    return _csv([head, *rows])


def _canvas_row(result: Result) -> list[str]:
    who = result.student
    is_canvas = who.platform == "canvas"
    number_there, own = (who.platform_id, "") if is_canvas else ("", who.id)
    return [cell(who.name or who.id), cell(number_there), cell(own), "", "", points(result.mark)]


# -- sheets --------------------------------------------------------------------------------


def _table(sheet: str, wanted: Sequence[str], what: str) -> tuple[list[str], list[list[str]]]:
    """Returns the head and rows of a sheet. Raises: UsageError where a column is missing."""
    rows = list(csv.reader(io.StringIO(sheet.removeprefix("\ufeff"))))
    head = [each.strip() for each in rows[0]] if rows else []
    for name in wanted:
        if name not in head:
            found = ", ".join(head) or "nothing"
            raise UsageError(f"{what} has no column {name!r}, found {found}")
    return head, [[*row, *[""] * (len(head) - len(row))] for row in rows[1:] if row]


def _by_names(told: Iterable[tuple[Student, list[str]]]) -> dict[str, list[str]]:
    """Returns what is told of each student under all names that a sheet may have."""
    found: dict[str, list[str]] = {}
    for student, cells in told:
        for name in filter(None, (student.id, student.platform_id, student.email)):
            found.setdefault(name, cells)
    return found


def _row_of(
    row: Sequence[str],
    head: Sequence[str],
    known: Mapping[str, list[str]],
    columns: Sequence[str],
) -> list[str] | None:
    """Returns what is told of the row's student, by the first of these columns that names one."""
    for name in columns:
        if name in head and row[head.index(name)] in known:
            return known[row[head.index(name)]]
    return None


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
