"""The scheme: what a lecturer says of points beyond the suites' own.

Belongs here: the scheme as frozen data, and which of it holds for a case. Must not know: YAML,
how marks are reckoned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from harness.grading.result import Feedback

SHARE = "share"
"""Credit for what passes k of N times: k/N."""
PERSON = "person"
"""It is nobody's to decide but a person's: full credit until then, and the submission is listed."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """What holds for the cases that a pattern matches; None: what held before.

    `points` stand for the suite's own, `weight` multiplies them. Without `partial` there is all or
    nothing: one delivery that fails takes the case's points. `deliveries` weigh a case's
    deliveries against one another: those not named weigh nothing; empty: all alike.
    """

    points: float | None = None
    weight: float | None = None
    feedback: Feedback | None = None
    partial: bool | None = None
    deliveries: Mapping[str, float] | None = None

    def over(self, below: Weighing) -> Weighing:
        """Returns this one, with what it leaves open taken from the other."""
        said = {name: value for name, value in self._said() if value is not None}
        return replace(below, **said)  # type: ignore[arg-type] # each by its own name

    def _said(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in self.__slots__]


@dataclass(frozen=True, slots=True)
class Group:
    """A line of the rubric: the cases that the patterns match, together worth `cap` at most."""

    id: str
    title: str
    cases: tuple[str, ...]
    cap: float | None = None


@dataclass(frozen=True, slots=True)
class Penalty:
    """Points off where a case ends with one of the verdicts, once, or for `each` such case."""

    reason: str
    points: float
    cases: tuple[str, ...]
    verdicts: tuple[str, ...] = ("fail",)
    each: bool = False


@dataclass(frozen=True, slots=True)
class MustPass:
    """Where one of these cases does not pass, the points are `cap` at most."""

    cases: tuple[str, ...] = ()
    cap: float = 0.0


@dataclass(frozen=True, slots=True)
class Lateness:
    """What is handed in more than `hours` late is worth `factor` of its points."""

    hours: float
    factor: float


@dataclass(frozen=True, slots=True)
class Scheme:
    """A grading scheme. As it stands, the points are the suites' and everything is told.

    `total` is what the mark is out of (None: the points themselves), `step` what it is rounded
    to, halves up (0: not at all). `warned` is the credit, 0 to 1, of a case that did not meet a
    should; `unstable` that of one that passes sometimes, or SHARE, or PERSON. `features` are
    held against everybody, whatever they claim.
    """

    title: str = ""
    total: float | None = None
    step: float = 0.0
    warned: float = 1.0
    unstable: float | str = PERSON
    default: Weighing = Weighing()
    cases: Mapping[str, Weighing] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    must_pass: MustPass = MustPass()
    late: tuple[Lateness, ...] = ()
    features: tuple[str, ...] = ()

    def weighing(self, suite: str, case: str) -> Weighing:
        """Returns what holds for a case: of several patterns that match, the later wins."""
        found = self.default
        for pattern, weighing in self.cases.items():
            if matches(pattern, suite, case):
                found = weighing.over(found)
        return found

    def feedback(self, suite: str, case: str) -> Feedback:
        """Returns what is told of a case."""
        return self.weighing(suite, case).feedback or Feedback.ALL

    def group(self, suite: str, case: str) -> str:
        """Returns the id of the first group that a case belongs to, "" for none."""
        found = (each.id for each in self.groups if among(each.cases, suite, case))
        return next(found, "")

    def late_factor(self, hours: float) -> float:
        """Returns what is left of points so many hours late."""
        over = [each.factor for each in self.late if hours > each.hours]
        return over[-1] if over else 1.0


def matches(pattern: str, suite: str, case: str) -> bool:
    """Says whether a pattern (`case` or `suite/case`, with * and ?) means a case."""
    return fnmatchcase(f"{suite}/{case}" if "/" in pattern else case, pattern)


def among(patterns: tuple[str, ...], suite: str, case: str) -> bool:
    """Says whether one of the patterns means a case."""
    return any(matches(each, suite, case) for each in patterns)
