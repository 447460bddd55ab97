"""Marks: from the verdicts of cases and a scheme to points. Pure arithmetic.

Belongs here: how points add up, and when a person has to look. Must not know: how verdicts came
about, who is told of them.

A case's points are shared among its deliveries that were judged. What says nothing about the
target (inconclusive, error) is credited in full, and told as open, until somebody has looked: it
never costs a mark. What is blocked earns nothing. What is unsupported counts neither way, be it
optional and not claimed, or nothing that this machine can play.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from harness.grading.result import (
    OPEN,
    PROBE,
    CaseMark,
    CaseResult,
    Deduction,
    Feedback,
    GroupMark,
    Mark,
)
from harness.grading.scheme import PERSON, SHARE, Scheme, Weighing, among
from harness.verdict import Verdict

_DIGITS = 6  # what is beyond is of floating point's making
_LEVELS = tuple(Feedback)


def marks(cases: Sequence[CaseResult], scheme: Scheme, late_hours: float = 0.0) -> Mark:
    """Returns the mark. 0 <= points <= maximum, and open <= points before anything is taken off."""
    own = [_case_mark(group, scheme) for group in _by_case(cases)]
    groups = [*_grouped(own, scheme)]
    alone = [each for each in own if not each.group]
    earned = sum(each.earned for each in groups) + sum(each.earned for each in alone)
    possible = sum(each.possible for each in groups) + sum(each.possible for each in alone)
    deductions = tuple(_deductions(cases, scheme))
    missed = tuple(_missed(cases, scheme))
    left = max(earned - sum(each.points for each in deductions), 0.0)
    left = min(left, scheme.must_pass.cap) if missed else left
    factor = scheme.late_factor(late_hours)
    maximum = possible if scheme.total is None else scheme.total
    scale = maximum / possible if possible else 0.0
    points = _rounded(min(left * scale * factor, maximum), scheme.step, maximum)
    undecided = min(sum(each.open for each in own) * scale, points)
    return Mark(
        points=points,
        maximum=round(maximum, _DIGITS),
        open=round(undecided, _DIGITS),
        decided=any(_is_decided(each) for each in cases),
        late_hours=late_hours,
        late_factor=factor,
        missed=missed,
        cases=tuple(own),
        groups=tuple(groups),
        deductions=deductions,
        person=tuple(_for_a_person(cases, scheme)),
    )


def credit(case: CaseResult, scheme: Scheme) -> float:
    """Returns from 0 to 1 what a case with one delivery is worth."""
    if is_open(case, scheme):
        return 1.0
    if case.unstable:
        share = case.passes / case.plays
        return share if scheme.unstable == SHARE else float(scheme.unstable)
    if case.broken_by:
        return 1.0  # it passes on a fresh process: no `should` is broken
    return {Verdict.PASS: 1.0, Verdict.WARN: scheme.warned}.get(case.verdict, 0.0)


def is_open(case: CaseResult, scheme: Scheme) -> bool:
    """Says whether nobody knows yet what it is worth."""
    if not case.settled:
        return False
    return case.verdict in OPEN or (case.unstable and scheme.unstable == PERSON)


def _is_decided(case: CaseResult) -> bool:
    """Says whether a case tells something of the target."""
    return case.verdict not in OPEN and not _is_left_out(case)


def _is_left_out(case: CaseResult) -> bool:
    return case.verdict is Verdict.UNSUPPORTED


def _by_case(cases: Sequence[CaseResult]) -> Iterator[list[CaseResult]]:
    for _, group in groupby(cases, key=lambda each: (each.suite, each.role, each.case)):
        yield list(group)


def _case_mark(deliveries: Sequence[CaseResult], scheme: Scheme) -> CaseMark:
    """Returns what one case is worth over all its deliveries."""
    first = deliveries[0]
    weighing = scheme.weighing(first.suite, first.case)
    points = first.points if weighing.points is None else weighing.points
    points *= 1.0 if weighing.weight is None else weighing.weight
    points = 0.0 if first.case == PROBE else points
    judged = [each for each in deliveries if not _is_left_out(each)]
    points = points if judged else 0.0
    earned = undecided = 0.0
    if judged:
        earned, undecided = (points * each for each in _shares(judged, weighing, scheme))
    return CaseMark(
        suite=first.suite,
        role=first.role,
        case=first.case,
        group=scheme.group(first.suite, first.case),
        earned=round(earned, _DIGITS),
        possible=round(points, _DIGITS),
        open=round(undecided, _DIGITS),
        feedback=weighing.feedback or Feedback.ALL,
        counts=bool(judged),
    )


def _shares(
    judged: Sequence[CaseResult], weighing: Weighing, scheme: Scheme
) -> tuple[float, float]:
    """Returns which part of a case's points is earned, and which part of them is open."""
    worth = [credit(each, scheme) for each in judged]
    undecided = [is_open(each, scheme) for each in judged]
    if weighing.partial is False:
        least = min(worth)
        return least, least if any(undecided) else 0.0
    weights = [(weighing.deliveries or {}).get(each.delivery, 0.0) for each in judged]
    if not any(weights):  # none are given, or none for what could be played
        weights = [1.0] * len(judged)
    whole = sum(weights)
    earned = sum(w * c for w, c in zip(weights, worth, strict=True)) / whole
    return earned, sum(w for w, o in zip(weights, undecided, strict=True) if o) / whole


def _grouped(cases: Sequence[CaseMark], scheme: Scheme) -> Iterator[GroupMark]:
    for group in scheme.groups:
        own = [each for each in cases if each.group == group.id]
        cap = math.inf if group.cap is None else group.cap
        yield GroupMark(
            id=group.id,
            title=group.title,
            earned=round(min(sum(each.earned for each in own), cap), _DIGITS),
            possible=round(min(sum(each.possible for each in own), cap), _DIGITS),
            feedback=_least(each.feedback for each in own),
        )


def _least(levels: Iterable[Feedback]) -> Feedback:
    return max(levels, key=_LEVELS.index, default=Feedback.ALL)


def _deductions(cases: Sequence[CaseResult], scheme: Scheme) -> Iterator[Deduction]:
    for penalty in scheme.penalties:
        found = {
            (each.suite, each.role, each.case): scheme.feedback(each.suite, each.case)
            for each in cases
            if each.settled
            and str(each.verdict) in penalty.verdicts
            and not is_open(each, scheme)
            and among(penalty.cases, each.suite, each.case)
        }
        times = len(found) if penalty.each else min(len(found), 1)
        if times:
            points = round(times * penalty.points, _DIGITS)
            yield Deduction(penalty.reason, points, _least(found.values()))


def _missed(cases: Sequence[CaseResult], scheme: Scheme) -> Iterator[str]:
    """Yields the must-pass cases that fail under one delivery at least, each once."""
    found = (
        f"{each.suite}/{each.case}"
        for each in cases
        if among(scheme.must_pass.cases, each.suite, each.case)
        and not _is_left_out(each)
        and credit(each, scheme) == 0
    )
    yield from dict.fromkeys(found)


def _for_a_person(cases: Sequence[CaseResult], scheme: Scheme) -> Iterator[str]:
    """Yields why somebody has to look, one line for each reason."""
    reasons: dict[str, list[str]] = {}
    for each in cases:
        if is_open(each, scheme):
            told = f"passes {each.passes} of {each.plays} times" if each.unstable else ""
            reasons.setdefault(told or f"{each.verdict}: {each.reason}", []).append(each.name)
    for told, names in reasons.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{names[0]}{more}: {told}"
    if cases and all(_is_left_out(each) for each in cases):
        yield f"nothing could be judged: {cases[0].reason}"
    if any(not each.settled for each in cases):
        count = sum(not each.settled for each in cases)
        yield f"{count} of {len(cases)} cases are not played yet"


def _rounded(points: float, step: float, maximum: float) -> float:
    """Returns the nearest multiple of the step, halves up, and never more than the maximum."""
    if not step:
        return round(points, _DIGITS)
    steps = math.floor(round(points / step, _DIGITS) + 0.5)
    return round(min(steps * step, maximum), _DIGITS)
