"""Points: how the points of cases and their deliveries add up.

Belongs here: the arithmetic of marks. Must not know: how they are shown.

The points of a case are shared equally among its deliveries that were judged, so that one
fault of reading does not take the marks for everything else. What nobody is to blame for
(inconclusive, error) is neither won nor lost but open: a person looks. What is unsupported
does not count at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from harness.report.result import Result
from harness.verdict import Verdict

_WON = (Verdict.PASS, Verdict.WARN)
_OPEN = (Verdict.INCONCLUSIVE, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Score:
    """Points won, open (to be looked at) and possible."""

    won: float
    open: float
    possible: float


def score(results: Iterable[Result]) -> Score:
    """Returns the points of results that belong to one target, suite and role."""
    counted = [each for each in results if each.judged is not Verdict.UNSUPPORTED]
    deliveries = Counter(each.case for each in counted)
    won = undecided = possible = 0.0
    for each in counted:
        share = each.points / deliveries[each.case]
        possible += share
        won += share if each.judged in _WON else 0
        undecided += share if each.judged in _OPEN else 0
    return Score(round(won, 6), round(undecided, 6), round(possible, 6))
