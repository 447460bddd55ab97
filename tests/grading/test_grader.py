"""The grader: what an outcome tells of the phases."""

from pathlib import Path

import pytest

from harness.exchange.planning import make_plan
from harness.grading.grader import _Grader
from harness.grading.order import Order, Terms, jobs_of, parts
from harness.grading.result import PhaseName, Student
from harness.grading.roster import Submission
from harness.runner.outcome import Outcome
from harness.target.target import Target
from harness.verdict import Fault, Finding, Verdict

SPEC = str(Path(__file__).parent / "upper.yaml")
TERMS = Terms((SPEC,))


@pytest.fixture
def probe():
    ((suite, role),) = parts(TERMS)
    return next(jobs_of(Target("ada", None), suite, role, TERMS))


@pytest.mark.parametrize(
    ("phase", "told"),
    [
        ("", {PhaseName.PROBE: Verdict.FAIL}),
        ("build", {PhaseName.BUILD: Verdict.FAIL, PhaseName.PROBE: Verdict.BLOCKED}),
        ("start", {PhaseName.START: Verdict.FAIL, PhaseName.PROBE: Verdict.BLOCKED}),
        # It has killed what watches it: harness.errors.TargetError.
        ("play", {PhaseName.PROBE: Verdict.FAIL}),
    ],
)
def test_the_phase_in_which_the_probe_failed(tmp_path, probe, phase, told):
    plan = make_plan(probe.suite, probe.case, probe.role, probe.delivery, 1, {})
    finding = Finding(Verdict.FAIL, "so it is", Fault.TARGET)
    outcome = Outcome("ada", plan, finding, properties={"phase": phase} if phase else {})
    grader = _Grader(Order(Submission(Student("ada"), tmp_path), TERMS, str(tmp_path)))
    grader._note(probe, outcome)
    assert {each.name: each.verdict for each in grader._result.phases} == told
    assert {each.reason for each in grader._result.phases} == {"so it is"}
