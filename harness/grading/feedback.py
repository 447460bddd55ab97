"""What a student sees: a result without all that the scheme keeps back.

Belongs here: what is left out at each level of feedback. Must not know: formats. Every export
that a student may come to see is made from such a view and never from the result itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace

from harness.grading.result import (
    CaseMark,
    CaseResult,
    Feedback,
    Isolation,
    Mark,
    Phase,
    PhaseName,
    Result,
    SuiteRef,
)
from harness.verdict import Verdict

TOLD = (Feedback.ALL, Feedback.VERDICT)
"""Levels at which a student is told whether a case passed."""

KEPT_BACK = "what this case tests is not told"


def student_view(result: Result) -> Result:
    """Returns what the student may know: a result of the same shape.

    The mark's points stand; what would tell what a case that is kept back earned does not.
    """
    specs = {each.id: _name(each.spec) for each in result.suites}
    seen = [each for each in result.cases if each.feedback is not Feedback.HIDDEN]
    told = [each for each in seen if each.feedback in TOLD]
    return replace(
        result,
        source=_name(result.source),
        isolation=Isolation("", result.isolation.network),
        suites=tuple(_suite(each) for each in result.suites),
        phases=tuple(_phase(each, told) for each in result.phases),
        cases=tuple(_case(each, result.seed, specs) for each in seen),
        mark=_mark(result.mark),
    )


def _suite(suite: SuiteRef) -> SuiteRef:
    """A spec file's path says where the lecturer keeps it."""
    return replace(suite, spec=_name(suite.spec))


def _phase(phase: Phase, told: Iterable[CaseResult]) -> Phase:
    """The phase of the cases tells of those only whose verdict is told."""
    if phase.name is not PhaseName.CASES:
        return phase
    worst = max((each.verdict for each in told), default=Verdict.PASS)
    return replace(phase, verdict=worst, reason="", log=b"")


def _case(case: CaseResult, seed: int, specs: dict[str, str]) -> CaseResult:
    if case.feedback is Feedback.ALL:
        command = again_at_home(case, seed, specs.get(case.suite, case.suite))
        return replace(case, command=command, capture="", evidence="", started="")
    bare = CaseResult(
        suite=case.suite,
        role=case.role,
        case=case.case,
        delivery=case.delivery,
        purpose=case.purpose,
        points=case.points,
        verdict=case.verdict,
        settled=case.settled,
        feedback=case.feedback,
    )
    if case.feedback is Feedback.VERDICT:
        return bare
    # Nobody is to read a verdict out of it: it is the one of what was not played.
    return replace(bare, verdict=Verdict.BLOCKED, settled=False, purpose=KEPT_BACK)


def again_at_home(case: CaseResult, seed: int, spec: str) -> str:
    """Returns the line by which a student plays a case again in the folder of the program."""
    words = ["wireharness", "check", ".", f"--spec={spec}", f"--seed={seed}"]
    return shlex.join([*words, f"--only={case.name}"])


def _mark(mark: Mark) -> Mark:
    """Sums that hold a part of what is kept back go; the mark itself is the student's."""
    return replace(
        mark,
        cases=tuple(
            _case_mark(each) for each in mark.cases if each.feedback is not Feedback.HIDDEN
        ),
        groups=tuple(each for each in mark.groups if each.feedback in TOLD),
        deductions=tuple(each for each in mark.deductions if each.feedback in TOLD),
        missed=tuple(each for each in mark.missed if each in _told_names(mark)),
        person=(),
    )


def _case_mark(mark: CaseMark) -> CaseMark:
    return mark if mark.feedback in TOLD else replace(mark, earned=0.0, open=0.0)


def _told_names(mark: Mark) -> set[str]:
    return {f"{each.suite}/{each.case}" for each in mark.cases if each.feedback in TOLD}


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
