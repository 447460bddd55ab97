"""Tables of marks: the lecturer's own, and those that Moodle and Canvas take.

Belongs here: CSV. Must not know: where it is read or written, which row of a sheet is whose.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from harness.grading.export.harmless import cell, hypertext
from harness.grading.export.sheets import Filled, Form, fill
from harness.grading.export.words import headline, mark_line, number
from harness.grading.feedback import TOLD, student_view
from harness.grading.result import Mark, Result

_MOST_LISTED = 15
_GRADE, _FEEDBACK = "Grade", "Feedback comments"
_MOODLE = ("Identifier", "Full name", "Email address", _GRADE, _FEEDBACK)
_POSSIBLE = "Points Possible"
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
    return as_csv([head, *rows])


def points(mark: Mark) -> str:
    """Returns the mark as a number, "" where nothing was judged."""
    return number(mark.points) if mark.decided else ""


def grade(result: Result) -> str:
    """Returns the mark that a platform is told: none as long as not all is played."""
    return points(result.mark) if result.finished else ""


def moodle_csv(results: Iterable[Result]) -> str:
    """Returns a grading worksheet for Moodle, with English names of columns. Feedback is HTML."""
    return as_csv([_MOODLE, *(_moodle_row(each) for each in results)])


def moodle_filled(results: Iterable[Result], sheet: str) -> Filled:
    """Returns Moodle's own worksheet with its grades filled in. Raises: UsageError."""
    form = Form(
        what="Moodle's worksheet",
        wanted=("Identifier", _GRADE),
        by=("Identifier", "ID number", "Email address"),
        name="Full name",
        worth=lambda row: row.get("Maximum Grade", ""),
    )
    told = ((each.student, _moodle_row(each)[-2:]) for each in results)
    return fill(form, sheet, ((who, {_GRADE: own[0], _FEEDBACK: own[1]}) for who, own in told))


def _moodle_row(result: Result) -> list[str]:
    who = result.student
    return [
        cell(who.platform_id or who.id), cell(who.name), cell(who.email), grade(result),
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
        bad = [headline(each) for each in told if not each.verdict.is_fine or each.unstable]
        lines += bad[:_MOST_LISTED]
        lines += [f"and {len(bad) - _MOST_LISTED} more"] if len(bad) > _MOST_LISTED else []
    return "<br>".join(hypertext(line.replace("\n", " ")) for line in lines)


def canvas_csv(results: Iterable[Result], title: str) -> str:
    """Returns a gradebook to import into Canvas.

    `title` is the column's name, as in "Lab 3 (4711)": with the number in brackets Canvas finds
    the assignment, without it makes a new one.
    """
    made = [(each.mark.maximum, _canvas_row(each)) for each in results]
    most = number(max((maximum for maximum, _ in made), default=0))
    possible = [f"    {_POSSIBLE}", "", "", "", "", most]
    return as_csv([[*_CANVAS, cell(title)], possible, *(row for _, row in made)])


def canvas_filled(results: Iterable[Result], title: str, sheet: str) -> Filled:
    """Returns Canvas's own gradebook with the assignment's column filled in. Raises: UsageError."""
    form = Form(
        what="Canvas's gradebook",
        wanted=("Student", "ID", title),
        by=("ID", "SIS User ID", "SIS Login ID"),
        name="Student",
        worth=lambda row: row[title] if row["Student"].strip() == _POSSIBLE else "",
    )
    return fill(form, sheet, ((each.student, {title: grade(each)}) for each in results))


def _canvas_row(result: Result) -> list[str]:
    who = result.student
    is_canvas = who.platform == "canvas"
    number_there, own = (who.platform_id, "") if is_canvas else ("", who.id)
    return [cell(who.name or who.id), cell(number_there), cell(own), "", "", grade(result)]


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Returns rows as a CSV file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
