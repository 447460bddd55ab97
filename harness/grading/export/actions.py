"""GitHub Actions: annotations, and the summary of a job.

Belongs here: workflow commands and Markdown, for one submission. Must not know: files. GitHub shows
ten annotations of a step; a summary above 1 MiB is thrown away whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.grading.export.harmless import command_data, command_property, markdown
from harness.grading.export.words import mark_line, number, verdict
from harness.grading.feedback import KEPT_BACK, TOLD, student_view
from harness.grading.result import CaseMark, CaseResult, Feedback, Result
from harness.verdict import Verdict

_MOST = 10
_LARGEST = 1_000_000  # bytes
_LEVELS = {Verdict.WARN: "notice", Verdict.FAIL: "error", Verdict.INCONCLUSIVE: "warning"}


def workflow_commands(result: Result) -> str:
    """Returns workflow commands, one a line: of the worst cases, ten at most."""
    view = student_view(result)
    if view.held_up_by is not None:
        phase = view.held_up_by
        return (
            _command(_LEVELS.get(phase.verdict, "warning"), f"ended at {phase.name}", phase.reason)
            + "\n"
        )
    told = [each for each in view.cases if each.feedback in TOLD and each.verdict in _LEVELS]
    told.sort(key=lambda each: -each.verdict)
    lines = [_command(_LEVELS[each.verdict], each.name, _message(each)) for each in told[:_MOST]]
    return "".join(f"{line}\n" for line in lines)


def _message(case: CaseResult) -> str:
    if case.feedback is not Feedback.ALL:
        return str(case.verdict)
    sometimes = verdict(case) if case.unstable else ""
    told = (sometimes, case.reason, case.hint, f"again: {case.command}")
    return "\n".join(filter(None, told))


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={command_property(title)}::{command_data(message)}"


def summary_markdown(result: Result) -> str:
    """Returns the job's summary: the mark, and a table of the cases."""
    view = student_view(result)
    lines = [f"## {number(view.mark.points)} of {number(view.mark.maximum)} points", ""]
    lines += [markdown(mark_line(view)), ""]
    if view.held_up_by is not None:
        phase = view.held_up_by
        lines += [f"Ended at {phase.name}: {markdown(phase.reason)}", ""]
    lines += ["| case | points | verdict | reason |", "| --- | --- | --- | --- |"]
    size = 0
    for line in _rows(view):
        size += len(line.encode()) + 1
        if size > _LARGEST:
            lines.append("| and more | | | |")
            break
        lines.append(line)
    return "\n".join([*lines, ""])


def _rows(view: Result) -> Iterator[str]:
    for mark, cases in view.by_case():
        if mark.feedback not in TOLD:
            yield f"| {markdown(mark.case)} | | | {KEPT_BACK} |"
            continue
        worst = max(cases, key=lambda each: each.verdict)
        earned = f"{number(mark.earned)} of {number(mark.possible)}"
        yield f"| {markdown(mark.case)} | {earned} | {verdict(worst)} | {_reason(mark, worst)} |"


def _reason(mark: CaseMark, worst: CaseResult) -> str:
    told = mark.feedback is Feedback.ALL and worst.verdict is not Verdict.PASS
    return markdown(f"{worst.delivery}: {worst.reason}") if told else ""
