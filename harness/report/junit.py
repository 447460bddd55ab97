"""What a JUnit file tells of an outcome beside pass and fail.

Belongs here: the properties, and which verdicts are `failure` and which `error`. Must not
know: who writes the file. In JUnit a failure is the tested program's, an error is not.
"""

from __future__ import annotations

from harness.runner.outcome import Outcome
from harness.verdict import Verdict


def properties(outcome: Outcome) -> list[tuple[str, str]]:
    """Returns names and values; `requirement` and `level` come once for each requirement."""
    plan, finding = outcome.plan, outcome.finding
    found = [
        ("verdict", str(outcome.verdict)),
        ("target", outcome.target),
        ("suite", plan.suite.id),
        ("case", plan.case.id),
        ("role", str(plan.role)),
        ("delivery", str(plan.delivery)),
        ("points", f"{plan.case.points:g}"),
        ("seed", str(plan.seed)),
    ]
    for name in plan.verifies:
        found.append(("requirement", name))
        found.append(("level", str(plan.suite.requirements[name].level)))
    if outcome.verdict is not Verdict.PASS:
        found += [("fault", finding.fault.value), ("reason", finding.reason)]
        found += [("event", str(finding.place))] if finding.place else []
        found += [("decided_by", finding.decided_by)] if finding.decided_by else []
        found += [("evidence", finding.evidence)] if finding.evidence else []
    found += [("silence", str(each)) for each in outcome.silences]
    if outcome.known:
        found.append(("known", outcome.known))
    return found + [(name, value) for name, value in outcome.properties.items() if value]


def is_error(verdict: Verdict) -> bool:
    """Says that the verdict is no statement about the target."""
    return verdict in (Verdict.INCONCLUSIVE, Verdict.ERROR)
