"""The aftermath: what a server's end makes of a case in which all was said.

Belongs here: the rule that a server outlives its clients. Must not know: how the end is seen,
be it during the last wait or when all clients have left: it counts the same.
"""

from __future__ import annotations

from harness.exchange import diagnosis
from harness.exchange.plan import Look, Plan
from harness.spec.model import Exits, Role
from harness.verdict import Fault, Finding, Verdict, worst


def after_all(plan: Plan, finding: Finding, status: int | None) -> Finding:
    """Returns the worse of a finding and what a server's exit status (None: it lives) makes of it.

    A client may end when it has what it wants, and so may a server whose exchange says `exits`.
    """
    if plan.role is Role.CLIENT or status is None or not plan.steps or _may_end(plan):
        return finding
    last = plan.steps[-1]
    verdict = Verdict.BLOCKED if last.setup else Verdict.FAIL
    reason = f"the {plan.role} {diagnosis.ending(status)} after its last answer"
    dead = Finding(verdict, reason, Fault.TARGET, last.place, decided_by="exit")
    return worst([finding, dead])


def _may_end(plan: Plan) -> bool:
    return any(isinstance(step, Look) and isinstance(step.act, Exits) for step in plan.steps)
