"""From outcomes to results: what of one play is kept.

Belongs here: which parts of an outcome a result holds, and how much of them. Must not know:
schemes, marks, files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.exchange.delivery import PROVES
from harness.grading.result import (
    OPEN,
    Attempt,
    CaseResult,
    Compared,
    Feedback,
    Rule,
    Said,
)
from harness.report.failure import from_here, hints_of
from harness.runner.job import Job
from harness.runner.outcome import Entry, Kind, Outcome
from harness.spec.model import Delivery, Role
from harness.verdict import Comparison, Verdict

_MOST_SAID = 60  # entries of a conversation: the first and the last of them
_FIRST = 20
_BYTES = 512  # of one entry, of one side of a comparison around what differs
_OUTPUT = 4096
_EVIDENCE = 4000  # characters
_QUIET = (Verdict.PASS, Verdict.UNSUPPORTED)

NOT_YET = "not played yet"


def waiting(job: Job, feedback: Feedback) -> CaseResult:
    """Returns what stands for a case until it is played: nothing is earned."""
    rules = (job.suite.requirements[name] for name in job.verifies)
    return CaseResult(
        suite=job.suite.id,
        role=str(job.role),
        case=job.case.id,
        delivery=str(job.delivery),
        purpose=job.case.purpose,
        points=job.case.points,
        verdict=Verdict.BLOCKED,
        reason=NOT_YET,
        rules=tuple(Rule(each.id, str(each.level), each.text, each.source) for each in rules),
        feedback=feedback,
    )


def blocked(case: CaseResult, reason: str, fault: str, verdict: Verdict) -> CaseResult:
    """Returns a case that cannot be played any more, and why."""
    return replace(case, settled=True, verdict=verdict, reason=reason, fault=fault)


def judged(case: CaseResult, outcome: Outcome, command: str, capture: str) -> CaseResult:
    """Returns the case with what came of a play. What went well has no conversation."""
    finding, properties = outcome.finding, outcome.properties
    told = replace(
        case,
        settled=True,
        verdict=outcome.verdict,
        reason=finding.reason,
        fault=finding.fault.value,
        attempts=(Attempt(outcome.plan.seed, outcome.verdict, finding.reason),),
        event=str(from_here(finding.place)) if finding.place else "",
        decided_by=finding.decided_by,
        broken_by=outcome.broken_by,
        afterwards=properties.get("afterwards", ""),
        capture=capture,
        command=command,
        seconds=round(outcome.seconds, 6),
    )
    if outcome.verdict in _QUIET:
        return told
    said, left_out = _conversation(outcome)
    return replace(
        told,
        evidence=finding.evidence[-_EVIDENCE:],
        compared=_compared(finding.comparison),
        conversation=said,
        left_out=left_out,
        output=outcome.output[-_OUTPUT:],
        hint="\n".join(list(hints_of(outcome))[:2]),
        meaning=_meaning(outcome.plan.delivery),
        started=properties.get("started", ""),
    )


def played_again(case: CaseResult, again: CaseResult) -> CaseResult:
    """Returns a case after one more play.

    The first play that says something about the target is what the case tells; what says nothing
    gives way to it. All plays stand in `attempts`.
    """
    told = again if case.verdict in OPEN and again.verdict not in OPEN else case
    return replace(told, attempts=(*case.attempts, *again.attempts))


def _meaning(delivery: Delivery) -> str:
    ordinary = delivery in (Delivery.WHOLE, Delivery.PLAIN)
    return "" if ordinary else PROVES.get(delivery, "")


def _compared(comparison: Comparison | None) -> Compared | None:
    """Returns the comparison, its bytes cut around the first that differs."""
    if comparison is None:
        return None
    start = max((comparison.offset or 0) - _BYTES // 2, 0)
    sides = (comparison.expected, comparison.actual)
    expected, actual = (None if each is None else each[start : start + _BYTES] for each in sides)
    return Compared(comparison.wanted, expected, actual, comparison.offset, start)


def _conversation(outcome: Outcome) -> tuple[tuple[Said, ...], int]:
    """Returns the entries and how many are left out; a server's output is no part of it."""
    shown: Sequence[Entry] = [
        each
        for each in outcome.transcript
        if each.kind is not Kind.PRINTED or outcome.plan.role is Role.CLIENT
    ]
    left_out = max(len(shown) - _MOST_SAID, 0)
    if left_out:
        shown = [*shown[:_FIRST], *shown[_FIRST + left_out :]]
    return tuple(_said(each) for each in shown), left_out


def _said(entry: Entry) -> Said:
    return Said(
        seconds=round(entry.seconds, 6),
        kind=entry.kind.value,
        by_client=entry.by_client,
        who=entry.who,
        data=entry.data[:_BYTES],
        size=len(entry.data),
        detail=entry.detail,
    )
