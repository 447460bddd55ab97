"""Deviations: what a maintainer knows of a target, held against what came out.

Belongs here: the rule that a known failure is no news, that one which is gone or has
another reason is. Must not know: how the manifest is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from harness.runner.outcome import Outcome
from harness.target.manifest import Known
from harness.verdict import Fault, Finding, Verdict


def held_against(outcome: Outcome, known: Sequence[Known]) -> Outcome:
    """Returns the outcome with `known` set, or failed where it differs from what is known."""
    entry = next((each for each in known if _speaks_of(each, outcome)), None)
    if entry is None or outcome.verdict in (Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED):
        return outcome
    if outcome.verdict is Verdict.PASS:
        return outcome if entry.sometimes else _gone(outcome, entry)
    if outcome.verdict is entry.verdict and entry.reason in outcome.finding.reason:
        return replace(outcome, known=entry.why)
    return outcome


def _speaks_of(entry: Known, outcome: Outcome) -> bool:
    plan = outcome.plan
    return fnmatchcase(plan.case.id, entry.case) and fnmatchcase(plan.delivery, entry.delivery)


def _gone(outcome: Outcome, entry: Known) -> Outcome:
    reason = f"a known deviation is gone: {entry.why}; take it out of the manifest"
    finding = Finding(Verdict.FAIL, reason, Fault.NOBODY, entry.place)
    return replace(outcome, finding=finding)
