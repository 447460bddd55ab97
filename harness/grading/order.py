"""Orders: all that is needed to grade one submission, ready to be sent to another process.

Belongs here: plain values of what the command line asked for. Must not know: how it is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from harness.errors import UsageError
from harness.grading.fingerprint import harness_hash, suite_hash
from harness.grading.result import Feedback, Hashes, SuiteRef
from harness.grading.roster import Submission
from harness.grading.scheme import Scheme, among
from harness.network.network import Wanted
from harness.runner.job import Capturing, Job, jobs
from harness.spec.model import Role, Suite
from harness.target.isolation import Tier
from harness.target.target import Target


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all submissions of a batch.

    `roles` are those to be graded, () where each suite has one only. `repeat` is how often a case
    that fails is played in all. `only` are patterns of what is played, () for everything.
    `students_only`: cases that are hidden are not played.
    """

    specs: tuple[str, ...]
    scheme: Scheme = field(default_factory=Scheme)
    roles: tuple[Role, ...] = ()
    seed: int = 0
    repeat: int = 1
    network: Wanted = Wanted.AUTO
    isolation: Tier = Tier.NONE
    capturing: Capturing = Capturing.FAILED
    only: tuple[str, ...] = ()
    students_only: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One submission, on what terms, and the folder of all results.

    `mirror` is a file that has the result in Gradescope's format at any time, "" for none.
    """

    submission: Submission
    terms: Terms
    results: str
    late_hours: float = 0.0
    mirror: str = ""


@cache
def loaded(spec: str) -> tuple[Suite, str]:
    """Returns a suite and its hash, read once in each process. Raises: UsageError, SpecError."""
    return suite_hash(spec)


def parts(terms: Terms) -> list[tuple[Suite, Role]]:
    """Returns the suites with the roles in which each is played.

    Raises: UsageError where nothing says which role is graded, SpecError.
    """
    found = []
    for spec in terms.specs:
        suite, _ = loaded(spec)
        asked = [each for each in terms.roles if each in suite.roles]
        if not asked and len(suite.roles) > 1:
            offered = " or ".join(f"--role={each}" for each in suite.roles)
            raise UsageError(f"{suite.id} has cases for several roles, which is graded? {offered}")
        if terms.roles and not asked:
            raise UsageError(f"{suite.id} has no cases for a {' or a '.join(terms.roles)}")
        found += [(suite, role) for role in asked or suite.roles]
    return found


def jobs_of(target: Target, suite: Suite, role: Role, terms: Terms) -> Iterator[Job]:
    """Yields what is played of one suite, the probe first."""
    for job in jobs(target, suite, role):
        feedback = terms.scheme.feedback(suite.id, job.case.id)
        if terms.students_only and feedback is Feedback.HIDDEN:
            continue
        if job.is_probe or _is_asked_for(job, terms.only):
            yield job


def _is_asked_for(job: Job, only: Sequence[str]) -> bool:
    """Brackets in the name of a case with its delivery are no pattern's."""
    if not only or job.id in only or f"{job.suite.id}/{job.id}" in only:
        return True
    return among(tuple(only), job.suite.id, job.case.id)


def suites_of(terms: Terms) -> tuple[SuiteRef, ...]:
    """Returns what a result tells of the suites."""
    told = ((spec, loaded(spec)[0]) for spec in terms.specs)
    return tuple(SuiteRef(suite.id, suite.title, spec, suite.reference) for spec, suite in told)


def hashes_of(terms: Terms) -> Hashes:
    """Returns what a result rests on besides the submission. Raises: UsageError, SpecError."""
    suites = "\n".join(loaded(spec)[1] for spec in terms.specs)
    return Hashes(
        suites=hashlib.sha256(suites.encode()).hexdigest(),
        harness=harness_hash(),
        settings=_settings_hash(terms),
    )


def _settings_hash(terms: Terms) -> str:
    """A scheme changes marks and no verdicts, but for what it holds against everybody.

    What is kept back is played last: see harness.grading.grader.
    """
    kept_back = [
        (suite.id, case.id)
        for suite, _ in parts(terms)
        for case in suite.cases
        if terms.scheme.feedback(suite.id, case.id) is not Feedback.ALL
    ]
    told = (
        terms.roles, terms.seed, terms.repeat, str(terms.network), str(terms.isolation), terms.only,
        terms.students_only, terms.scheme.features, kept_back,
    )  # fmt: skip
    return hashlib.sha256(repr(told).encode()).hexdigest()


def attempt_seed(seed: int, attempt: int) -> int:
    """Returns the seed of one more play of a case, the first being attempt 0."""
    if not attempt:
        return seed
    digest = hashlib.sha256(f"{seed}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 1_000_000
