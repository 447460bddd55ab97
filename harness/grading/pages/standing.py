"""Standings: how a submission stands with each requirement.

Belongs here: which requirement a failure breaks, and what all cases together say of one. Must not
know: how it is shown.

Where a case fails only as it is delivered in another way, the requirement of that way is what is
broken; where it fails anyway, that one is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from harness.grading.result import GOOD, OPEN, CaseResult, Result, Rule
from harness.spec.model import Delivery
from harness.verdict import Verdict

_ORDINARY = (str(Delivery.WHOLE), str(Delivery.PLAIN))


class Standing(Enum):
    """What the cases that verify a requirement say of it, from best to worst."""

    KEPT = "kept"
    UNTESTED = "not tested"  # optional and not claimed, or not played yet
    OPEN = "undecided"  # somebody has to look
    BLOCKED = "blocked"  # what its cases rest on failed
    PARTLY = "partly broken"  # some of its cases fail
    BROKEN = "broken"  # all of them do


BREACH = (Standing.PARTLY, Standing.BROKEN)


@dataclass(frozen=True, slots=True)
class Key:
    """A requirement of one suite."""

    suite: str
    rule: Rule


def requirements(result: Result) -> list[Key]:
    """Returns the requirements that a result's cases verify, in the order in which they do."""
    found = (Key(case.suite, rule) for case in result.cases for rule in case.rules)
    return list(dict.fromkeys(found))


def standings(result: Result) -> dict[Key, Standing]:
    """Returns how a submission stands with each requirement."""
    counts = {key: Counter[Standing]() for key in requirements(result)}
    for _, group in groupby(result.cases, key=lambda each: (each.suite, each.role, each.case)):
        for key, told in _told(tuple(group)):
            counts[key][told] += 1
    return {key: _combined(told) for key, told in counts.items()}


def _combined(told: Counter[Standing]) -> Standing:
    if told[Standing.BROKEN]:
        return Standing.PARTLY if told[Standing.KEPT] else Standing.BROKEN
    order = (Standing.OPEN, Standing.BLOCKED, Standing.KEPT)
    return next((each for each in order if told[each]), Standing.UNTESTED)


def _told(deliveries: Sequence[CaseResult]) -> Iterator[tuple[Key, Standing]]:
    """Yields what one case says, delivery by delivery."""
    ordinary = [each for each in deliveries if each.delivery in _ORDINARY]
    own = {rule for each in ordinary for rule in each.rules}
    fails_anyway = any(_of(each) is Standing.BROKEN for each in ordinary)
    for case in deliveries:
        told = _of(case)
        by_delivery = {rule for rule in case.rules if own and rule not in own}
        spared = (by_delivery if fails_anyway else own) if by_delivery else set()
        for rule in case.rules:
            if told is not Standing.BROKEN or rule not in spared:
                yield Key(case.suite, rule), told


def _of(case: CaseResult) -> Standing:
    if not case.settled or case.verdict is Verdict.UNSUPPORTED:
        return Standing.UNTESTED
    if case.verdict in OPEN or case.unstable:
        return Standing.OPEN
    if case.verdict in GOOD:
        return Standing.KEPT
    return Standing.BLOCKED if case.verdict is Verdict.BLOCKED else Standing.BROKEN
