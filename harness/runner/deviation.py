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
    entries = [each for each in known if _speaks_of(each, outcome)]
    entry = next((each for each in entries if _foretold(each, outcome)), None)
    if entry is not None:
        return replace(outcome, known=entry.why)
    certain = next((each for each in entries if not each.sometimes), None)
    if certain is None or outcome.verdict not in (Verdict.PASS, Verdict.WARN):
        return outcome
    return _gone(outcome, certain)


def _speaks_of(entry: Known, outcome: Outcome) -> bool:
    plan = outcome.plan
    return fnmatchcase(plan.case.id, entry.case) and fnmatchcase(plan.delivery, entry.delivery)


def _foretold(entry: Known, outcome: Outcome) -> bool:
    """Says whether this is what the entry tells; what is rare may pass when played again."""
    verdict = outcome.verdict
    passed_later = entry.sometimes and verdict is Verdict.WARN and outcome.broken_by
    right = verdict is entry.verdict or passed_later
    return bool(right) and entry.reason in outcome.finding.reason


def _gone(outcome: Outcome, entry: Known) -> Outcome:
    reason = f"a known deviation is gone: {entry.why}; take it out of the manifest"
    if outcome.verdict is Verdict.WARN:
        reason = f"another deviation than the known one: {outcome.finding.reason}"
    finding = Finding(Verdict.FAIL, reason, Fault.NOBODY, entry.place)
    return replace(outcome, finding=finding)
