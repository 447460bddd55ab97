"""The result of one submission: all that marks, pages and exports are made from.

Belongs here: results as frozen data. Must not know: how they come about, how they are shown,
files. Whatever a target had a hand in is kept as it came: bytes as bytes, and text that may
quote them as text. Whoever shows it makes it harmless there, for each medium by its own rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from harness.verdict import Verdict

FORMAT = "wireharness/result/v1"
"""The word by which a file is known as a result of this shape."""


class Feedback(StrEnum):
    """What a student is told of a case, from most to least."""

    ALL = "all"
    VERDICT = "verdict"  # that it passed or failed, and no more
    NONE = "none"  # that there is such a case
    HIDDEN = "hidden"  # nothing, not even that


class PhaseName(StrEnum):
    """The phases that a submission goes through; each rests on the one before."""

    UNPACK = "unpack"
    FIND = "find"
    BUILD = "build"
    START = "start"
    PROBE = "probe"
    CASES = "cases"


@dataclass(frozen=True, slots=True)
class Student:
    """Who has handed it in. `id` is unique in a batch.

    `platform` is where the submission was downloaded ("gradescope", "moodle", "canvas", ""), and
    `platform_id` what this student is called there. `submitted` is a time as the platform tells
    it, "" where it does not. `partners` are the names of those who have handed in with them.
    """

    id: str
    name: str = ""
    email: str = ""
    platform: str = ""
    platform_id: str = ""
    submitted: str = ""
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Isolation:
    """How the target was kept in: the tier, and the level of its network ("": not played)."""

    tier: str = "none"
    network: str = ""


@dataclass(frozen=True, slots=True)
class Hashes:
    """SHA-256 in hex of the submission's files, of the suites with all they read, of the harness.

    `settings` is that of what else decides how a case is played (seed, roles, network).
    """

    submission: str = ""
    suites: str = ""
    harness: str = ""
    settings: str = ""


@dataclass(frozen=True, slots=True)
class SuiteRef:
    """One suite that was played; `spec` is how the command line names it."""

    id: str
    title: str
    spec: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """How one phase went. `log` is the tail of what was printed in it; `reason` for a pass: ""."""

    name: PhaseName
    verdict: Verdict
    reason: str = ""
    log: bytes = b""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A requirement that a case verifies."""

    id: str
    level: str
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """Expected against actual, as harness.verdict.Comparison has them.

    Of long bytes only those around the first that differs are kept: `start` says from which on.
    `offset` counts from the first of all.
    """

    wanted: str
    expected: bytes | None
    actual: bytes | None
    offset: int | None
    start: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the conversation, for a sequence diagram.

    `seconds` from the case's start; `kind` is a word of harness.runner.outcome.Kind; `size` is
    the length of what was said, of which `data` may be the beginning.
    """

    seconds: float
    kind: str
    by_client: bool
    who: str = ""
    data: bytes = b""
    size: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One play of a case: the seed that its payloads were drawn by, and what came of it."""

    seed: int
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case with one delivery.

    `points` are the whole case's, by its suite. Where `settled` is false, the verdict is
    what holds as long as it is not. `attempts` are all its plays, the first one first.
    `meaning` says what the delivery proves, `conversation` leaves out `left_out` entries in
    its middle. `command` plays it again.
    """

    suite: str
    role: str
    case: str
    delivery: str
    purpose: str
    points: float
    verdict: Verdict
    reason: str = ""
    settled: bool = False
    fault: str = ""
    rules: tuple[Rule, ...] = ()
    feedback: Feedback = Feedback.ALL
    attempts: tuple[Attempt, ...] = ()
    event: str = ""
    decided_by: str = ""
    evidence: str = ""
    compared: Compared | None = None
    conversation: tuple[Said, ...] = ()
    left_out: int = 0
    output: bytes = b""
    hint: str = ""
    meaning: str = ""
    broken_by: str = ""
    afterwards: str = ""
    started: str = ""
    capture: str = ""
    command: str = ""
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """`suite/case[delivery]`, by which a person and `-k` find it."""
        return f"{self.suite}/{self.case}[{self.delivery}]"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from the others of its submission."""
        return self.suite, self.role, self.case, self.delivery

    @property
    def plays(self) -> int:
        """How many of its plays say something about the target."""
        return sum(each.verdict not in OPEN for each in self.attempts)

    @property
    def passes(self) -> int:
        """How many of its plays went well."""
        return sum(each.verdict in GOOD for each in self.attempts)

    @property
    def unstable(self) -> bool:
        """Says whether it passes sometimes: `passes` of `plays`."""
        return 0 < self.passes < self.plays


GOOD = (Verdict.PASS, Verdict.WARN)
OPEN = (Verdict.INCONCLUSIVE, Verdict.ERROR)
"""Verdicts that say nothing about the target: they never cost a mark."""


PROBE = "probe"
"""The case that every suite begins with. It has no points, whatever patterns mean it."""


@dataclass(frozen=True, slots=True)
class CaseMark:
    """What one case earned over its deliveries. `open` is that part of `earned` nobody is sure of.

    `counts` is false where it is left out: optional and not claimed, or not to be played here.
    """

    suite: str
    role: str
    case: str
    group: str
    earned: float
    possible: float
    open: float
    feedback: Feedback = Feedback.ALL
    counts: bool = True


@dataclass(frozen=True, slots=True)
class GroupMark:
    """What one group of a rubric earned, at most its cap."""

    id: str
    title: str
    earned: float
    possible: float
    feedback: Feedback = Feedback.ALL


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points taken off, and why."""

    reason: str
    points: float
    feedback: Feedback = Feedback.ALL


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark, and how it came about.

    `points` of `maximum` is what counts. `open` is how much of it rests on cases that were not
    decided; `person` tells why somebody has to look, empty where nobody has. `decided` is
    false where nothing was judged at all: then `points` says nothing.
    """

    points: float = 0.0
    maximum: float = 0.0
    open: float = 0.0
    decided: bool = True
    late_hours: float = 0.0
    late_factor: float = 1.0
    missed: tuple[str, ...] = ()  # must-pass cases that do not pass
    cases: tuple[CaseMark, ...] = ()
    groups: tuple[GroupMark, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    person: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One submission. `source` is where it came from; `finished` whether all of it was played."""

    student: Student
    source: str
    seed: int
    format: str = FORMAT
    version: str = ""
    hashes: Hashes = Hashes()
    isolation: Isolation = Isolation()
    suites: tuple[SuiteRef, ...] = ()
    phases: tuple[Phase, ...] = ()
    cases: tuple[CaseResult, ...] = ()
    mark: Mark = Mark()
    finished: bool = False

    def phase(self, name: PhaseName) -> Phase | None:
        """Returns the phase, None where it was not come to."""
        return next((each for each in self.phases if each.name is name), None)

    @property
    def held_up_by(self) -> Phase | None:
        """Returns the phase at which all ended that rests on it, None where cases were played."""
        bad = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
        before = (each for each in self.phases if each.name is not PhaseName.CASES)
        return next((each for each in before if each.verdict in bad), None)

    def by_case(self) -> Iterator[tuple[CaseMark, tuple[CaseResult, ...]]]:
        """Yields each case's mark with its deliveries."""
        for mark in self.mark.cases:
            key = (mark.suite, mark.role, mark.case)
            own = (each for each in self.cases if (each.suite, each.role, each.case) == key)
            yield mark, tuple(own)
