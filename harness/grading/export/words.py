"""Results in words, as plain text: what a student reads wherever there is no page.

Belongs here: which words, in which order. Must not know: who prints them; formats. All of it is
harmless text already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.grading.export.harmless import one_line, plain
from harness.grading.feedback import KEPT_BACK, TOLD
from harness.grading.result import CaseMark, CaseResult, Compared, Feedback, Phase, Result, Said
from harness.report.output import build_lines
from harness.verdict import Verdict
from harness.wire.quote import quoted

_MOST_SAID = 24
_BYTES = 60
_COLUMNS = 110


def summary(result: Result) -> str:
    """Returns what a result says before its single cases: the mark and what held all up."""
    return "\n".join(_summary(result))


def number(points: float) -> str:
    """Returns points with as many decimals as they need, two at most."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def mark_line(result: Result) -> str:
    """Returns the mark in words."""
    mark = result.mark
    if not mark.decided:
        return "No mark yet: nothing could be judged. That is not the program's fault."
    told = f"{number(mark.points)} of {number(mark.maximum)} points"
    if mark.open:
        told += f", {number(mark.open)} of them until somebody has looked"
    return told


def _summary(result: Result) -> Iterator[str]:
    yield mark_line(result)
    if not result.finished:
        yield "Not everything has been played yet."
    phase = result.held_up_by
    if phase is not None:
        yield from _phase(phase)
    mark = result.mark
    for group in mark.groups:
        yield f"{one_line(group.title)}: {number(group.earned)} of {number(group.possible)}"
    for each in mark.deductions:
        yield f"-{number(each.points)}: {one_line(each.reason)}"
    if mark.missed:
        yield f"The mark is limited: {', '.join(map(one_line, mark.missed))} must pass."
    if mark.late_factor != 1:
        late = f"{number(mark.late_hours)} hours late"
        yield f"{late}: multiplied by {number(mark.late_factor)}"


def _phase(phase: Phase) -> Iterator[str]:
    yield f"Ended at {phase.name}: {one_line(phase.reason)}"
    yield from (f"    {line}" for line in build_lines(phase.log, _COLUMNS))


def headline(case: CaseResult) -> str:
    """Returns one line on a case with one delivery: its verdict and why."""
    if case.feedback not in TOLD:
        return f"{case.case}: {KEPT_BACK}"
    if not case.settled:
        return f"{case.name}: not played yet"
    reason = (
        f": {one_line(case.reason)}" if case.reason and case.verdict is not Verdict.PASS else ""
    )
    return f"{case.name}: {verdict(case)}{reason}"


def verdict(case: CaseResult) -> str:
    """Returns what came of a case with one delivery, in a word or as how often it passes."""
    return f"passes {case.passes} of {case.plays} times" if case.unstable else str(case.verdict)


def of_case(mark: CaseMark, deliveries: Sequence[CaseResult]) -> str:
    """Returns all that is told of a case: what went wrong under each delivery."""
    if mark.feedback is not Feedback.ALL:
        if mark.feedback in TOLD:
            return "\n".join(_verdict_alone(each) for each in deliveries)
        return KEPT_BACK
    bad = [each for each in deliveries if each.verdict is not Verdict.PASS or each.unstable]
    good = len(deliveries) - len(bad)
    lines = [f"{good} of {len(deliveries)} deliveries passed"] if good or not bad else []
    seen: set[str] = set()
    for each in bad:
        lines += _same(each) if each.reason in seen else _in_full(each)
        seen.add(each.reason)
    return "\n".join(lines)


def _verdict_alone(case: CaseResult) -> str:
    return f"{case.delivery}: {case.verdict if case.settled else 'not played yet'}"


def _same(case: CaseResult) -> list[str]:
    return [headline(case), f"    again     {case.command}"]


def _in_full(case: CaseResult) -> list[str]:
    return [
        headline(case),
        *(_row("rule", f"{rule.id} ({rule.level}): {rule.text}") for rule in case.rules[:2]),
        *_compared(case.compared),
        *_conversation(case),
        *(_row("printed", line) for line in build_lines(case.output, _COLUMNS)[-5:]),
        *(_row("delivery", each) for each in [case.meaning] if each),
        *(_row("then", each) for each in [case.afterwards] if each),
        *(_row("hint", each) for each in case.hint.split("\n") if each),
        *(_row("again", each) for each in [case.command] if each),
    ]


def _row(label: str, text: str) -> str:
    return f"    {label:<10}{one_line(text)}"


def _compared(compared: Compared | None) -> Iterator[str]:
    if compared is None:
        return
    first = (compared.offset or 0) - compared.start
    begin = max(first - 20, 0)
    aside = f"   (from byte {compared.start + begin})" if compared.start + begin else ""
    wanted = compared.wanted
    if compared.expected is not None:
        wanted = quoted(compared.expected[begin:], _BYTES) + aside
    actual = "nothing came"
    if compared.actual is not None:
        actual = quoted(compared.actual[begin:], _BYTES) + aside
    yield _row("expected", wanted)
    yield _row("actual", actual)


def _conversation(case: CaseResult) -> Iterator[str]:
    shown = case.conversation[:_MOST_SAID]
    several = len({each.who for each in shown if each.who}) > 1
    for each in shown:
        yield f"    {each.seconds * 1000:8.1f} ms  {said(each, several)}"
    more = case.left_out + len(case.conversation) - len(shown)
    if more:
        yield f"    {'...':>11}  {more} more lines"


def said(entry: Said, several: bool) -> str:
    """Returns one line of a conversation."""
    who = f"{entry.who}: " if several and entry.who else ""
    data = f" {quoted(entry.data, _BYTES)}" if entry.size else ""
    more = entry.size - min(len(entry.data), _BYTES)
    data += f" ({entry.size} bytes)" if more > 0 and len(entry.data) <= _BYTES else ""
    detail = f" ({plain(entry.detail)})" if entry.detail else ""
    act = one_line(f"{who}{entry.kind}{data}{detail}")
    return f"client  {act}" if entry.by_client else f"server  {act}"
