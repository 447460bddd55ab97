"""The grader: one submission goes through its phases, and has a result at any time.

Belongs here: the order of the phases, what is written when, what is played again. Must not know:
other submissions, processes of its own, how results are shown.

A result with no points is there before anything is done. Each case that was played is written
at once; a run that begins anew goes on behind the last of them, if all that the result rests on
is the same. Cases that are kept back from students are played last: a program can note what it is
sent, and is to have nothing of theirs to tell when it fails a case that students see.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import __version__
from harness.errors import HarnessError, MachineError, TargetError
from harness.grading.export.gradescope import results_json
from harness.grading.finding import find_program
from harness.grading.intake import content_hash, refusal_hash, take_in
from harness.grading.judged import NOT_YET, blocked, judged, played_again, waiting
from harness.grading.marks import marks
from harness.grading.order import (
    Order,
    attempt_seed,
    hashes_of,
    jobs_of,
    loaded,
    parts,
    suites_of,
)
from harness.grading.progress import Told, told_of
from harness.grading.result import (
    OPEN,
    CaseResult,
    Feedback,
    Isolation,
    Phase,
    PhaseName,
    Result,
)
from harness.grading.store import Drawer, Store, write_whole
from harness.network.network import Wanted
from harness.report.capture import Captures
from harness.runner.job import Capturing, Job, Settings
from harness.runner.outcome import Outcome
from harness.runner.runner import Runner
from harness.spec.model import Role, Suite
from harness.target.folder import HeldFolder
from harness.target.target import Target
from harness.verdict import Fault, Verdict

Key = tuple[str, str, str, str]
_AGAIN = (Verdict.FAIL, Verdict.BLOCKED, *OPEN)


def grade(order: Order) -> Told:
    """Grades one submission. Returns what the batch tells of it.

    Raises: UsageError, SpecError where the order is wrong, MachineError where results cannot be
    written.
    """
    grader = _Grader(order)
    with grader.drawer.held():
        return told_of(grader.graded(), grader.unchanged)


@dataclass(frozen=True, slots=True)
class _Part:
    """A suite and role, and the target for it, or why there is none."""

    suite: Suite
    role: Role
    target: Target
    missing: HarnessError | None = None


class _Grader:
    """Grades one submission; `unchanged` says whether an earlier run had done so."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._terms = order.terms
        self._student = order.submission.student.id
        self._store = Store(Path(order.results))
        self.drawer: Drawer = self._store.of(self._student)
        self._result = self._blank()
        self.unchanged = False
        self._left = ""

    def graded(self) -> Result:
        """Returns the result, which is written."""
        before = self.drawer.load()
        if before is None:
            self._write()
        refusal = self._unpack()
        if before is not None and self._rests_on_the_same(before):
            self._take_over(before)
        self.unchanged = self._result.finished
        if not self.unchanged:
            self._write()
            self._go_on(refusal)
        self._write()
        return self._result

    def _rests_on_the_same(self, before: Result) -> bool:
        same = before.hashes == self._result.hashes and before.format == self._result.format
        known = {each.key for each in self._result.cases}
        return same and known == {each.key for each in before.cases}

    def _take_over(self, before: Result) -> None:
        """Goes on from an earlier run; what students are told is as the scheme of now has it."""
        feedback = {each.key: each.feedback for each in self._result.cases}
        cases = (replace(each, feedback=feedback[each.key]) for each in before.cases)
        self._result = replace(
            before,
            cases=tuple(cases),
            student=self._result.student,
            source=self._result.source,
            suites=self._result.suites,
        )

    # -- the result ------------------------------------------------------------------------

    def _blank(self) -> Result:
        nobody = Target(self._student, None)
        feedback = self._terms.scheme.feedback
        cases = tuple(
            waiting(job, feedback(suite.id, job.case.id))
            for suite, role in parts(self._terms)
            for job in jobs_of(nobody, suite, role, self._terms)
        )
        return Result(
            student=self._order.submission.student,
            source=self._order.submission.source,
            seed=self._terms.seed,
            version=__version__,
            hashes=hashes_of(self._terms),
            isolation=Isolation(str(self._terms.isolation)),
            suites=suites_of(self._terms),
            cases=cases,
        )

    def _write(self) -> None:
        mark = marks(self._result.cases, self._terms.scheme, self._order.late_hours)
        counts = bool(self._terms.scheme.late)
        late = counts and self._order.submission.late and not self._order.late_hours
        told = ["handed in late, and nothing says by how many hours"] if late else []
        told += [self._left] if self._left else []
        twice = self._order.submission.one_of
        told += [f"there is more than one submission of {twice}"] if twice else []
        self._result = replace(self._result, mark=replace(mark, person=(*mark.person, *told)))
        self.drawer.write(self._result)
        if self._order.mirror:
            write_whole(Path(self._order.mirror), results_json(self._result))

    def _put(self, case: CaseResult) -> None:
        cases = (case if each.key == case.key else each for each in self._result.cases)
        self._result = replace(self._result, cases=tuple(cases))

    def _add_phase(self, name: PhaseName, verdict: Verdict, reason: str = "",
                   log: bytes = b"", seconds: float = 0.0) -> None:  # fmt: skip
        """Of several suites and roles, a phase is told of the first that went worst."""
        before = self._result.phase(name)
        phase = Phase(name, verdict, reason, log, round(seconds, 6))
        if before is not None:
            total = round(before.seconds + seconds, 6)
            worse = phase if phase.verdict > before.verdict else before
            phase = replace(worse, seconds=total)
        kept = {each.name: each for each in self._result.phases} | {name: phase}
        phases = tuple(kept[each] for each in PhaseName if each in kept)
        self._result = replace(self._result, phases=phases)

    # -- before anything is played ---------------------------------------------------------

    def _unpack(self) -> HarnessError | None:
        """Takes the submission in. Returns why it is not, None where it is."""
        taken = self.drawer.folder / ".taken"
        began = time.monotonic()
        shutil.rmtree(taken, ignore_errors=True)
        shutil.rmtree(self.drawer.submission, ignore_errors=True)
        try:
            take_in(self._order.submission, taken)
            taken.rename(self.drawer.submission)
        except TargetError as exc:
            shutil.rmtree(taken, ignore_errors=True)
            self._hash(refusal_hash(exc))
            self._add_phase(PhaseName.UNPACK, Verdict.FAIL, str(exc))
            return exc
        except MachineError as exc:
            self._add_phase(PhaseName.UNPACK, Verdict.INCONCLUSIVE, str(exc))
            return exc
        self._hash(content_hash(self.drawer.submission))
        self._add_phase(PhaseName.UNPACK, Verdict.PASS, seconds=time.monotonic() - began)
        return None

    def _hash(self, submission: str) -> None:
        self._result = replace(
            self._result, hashes=replace(self._result.hashes, submission=submission)
        )

    def _go_on(self, refusal: HarnessError | None) -> None:
        found = [self._find(suite, role, refusal) for suite, role in parts(self._terms)]
        self._block(found)
        with _Builds() as builds:
            jobs = list(self._jobs([each for each in found if each.missing is None]))
            if not self._play_first(jobs, builds):
                return
            self._play_again(jobs, builds)
        if self._store.stopped and self._to_repeat(jobs):
            return
        self._end()

    def _find(self, suite: Suite, role: Role, refusal: HarnessError | None) -> _Part:
        nobody = Target(self._student, None)
        if refusal is not None:
            return _Part(suite, role, nobody, refusal)
        began = time.monotonic()
        try:
            target = find_program(
                self.drawer.submission, self._student, suite, role, self._terms.scheme.features
            )
        except TargetError as exc:
            self._add_phase(PhaseName.FIND, Verdict.FAIL, str(exc))
            return _Part(suite, role, nobody, exc)
        seconds = time.monotonic() - began
        self._add_phase(PhaseName.FIND, Verdict.PASS, seconds=seconds)
        return _Part(suite, role, target)

    def _block(self, found: Sequence[_Part]) -> None:
        """Settles the cases for which there is no target, all with the one reason."""
        for part in found:
            if part.missing is None:
                continue
            ours = not isinstance(part.missing, TargetError)
            verdict = Verdict.INCONCLUSIVE if ours else Verdict.BLOCKED
            fault = Fault.MACHINE if ours else Fault.TARGET
            for each in self._result.cases:
                if (each.suite, each.role) == (part.suite.id, str(part.role)):
                    self._put(blocked(each, str(part.missing), fault.value, verdict))

    # -- playing ---------------------------------------------------------------------------

    def _jobs(self, found: Sequence[_Part]) -> Iterator[Job]:
        """Yields what is to be played, what students are told all of first."""
        jobs = [
            job
            for part in found
            for job in jobs_of(part.target, part.suite, part.role, self._terms)
        ]
        yield from sorted(jobs, key=self._is_kept_back)

    def _is_kept_back(self, job: Job) -> bool:
        return self._terms.scheme.feedback(job.suite.id, job.case.id) is not Feedback.ALL

    def _play_first(self, jobs: Sequence[Job], builds: Path) -> bool:
        """Plays what is not settled. Says whether all is."""
        with self._runner(builds, attempt=0) as runner:
            for job in jobs:
                if self._case(job).settled:
                    continue
                if self._store.stopped:
                    return False
                outcome = runner.play(job)
                self._note(job, outcome)
                self._put(self._judged(job, outcome))
                self._write()
        return True

    def _play_again(self, jobs: Sequence[Job], builds: Path) -> None:
        """Plays failures until each was played as often as is asked for, on fresh targets.

        What says nothing about the target is played once more in any case.
        """
        for attempt in range(1, max(self._terms.repeat, 2)):
            due = [job for job in self._to_repeat(jobs) if self._attempts(job) == attempt]
            if not due:
                continue
            with self._runner(builds, attempt) as runner:
                for job in due:
                    if self._store.stopped:
                        return
                    again = self._judged(job, runner.play(job), attempt)
                    self._put(played_again(self._case(job), again))
                    self._write()

    def _to_repeat(self, jobs: Sequence[Job]) -> list[Job]:
        return [job for job in jobs if self._attempts(job) < self._due(self._case(job))]

    def _due(self, case: CaseResult) -> int:
        """Returns how often a case is to be played in all."""
        if not case.attempts or case.attempts[0].verdict not in _AGAIN:
            return 1
        return max(self._terms.repeat, 2 if case.attempts[0].verdict in OPEN else 1)

    def _attempts(self, job: Job) -> int:
        return len(self._case(job).attempts)

    def _case(self, job: Job) -> CaseResult:
        key = (job.suite.id, str(job.role), job.case.id, str(job.delivery))
        return next(each for each in self._result.cases if each.key == key)

    @contextlib.contextmanager
    def _runner(self, builds: Path, attempt: int) -> Iterator[Runner]:
        """Gives a runner. What of a target cannot be ended changes no verdict: a person looks."""
        runner = Runner(
            Settings(
                builds=builds,
                seed=attempt_seed(self._terms.seed, attempt),
                fresh=attempt > 0,
                network=self._terms.network,
                isolation=self._terms.isolation,
                capturing=self._terms.capturing,
            )
        )
        try:
            yield runner
        finally:
            try:
                runner.close()
            except MachineError as exc:
                self._left = f"something of it may still run: {exc}"

    def _judged(self, job: Job, outcome: Outcome, attempt: int = 0) -> CaseResult:
        seed = attempt_seed(self._terms.seed, attempt)
        command = self._command(job, seed)
        return judged(self._case(job), outcome, command, self._captured(job, outcome, command))

    def _captured(self, job: Job, outcome: Outcome, command: str) -> str:
        asked = self._terms.capturing
        if asked is Capturing.NEVER or (asked is Capturing.FAILED and outcome.verdict.is_fine):
            return ""
        here = self.drawer.folder
        name = f"{job.suite.id}.{job.role}.{job.case.id}.{job.delivery}"
        return Captures(here, here).write(outcome, "captures", name, command)

    def _command(self, job: Job, seed: int) -> str:
        """Returns the lecturer's line that plays a case again on what was taken in."""
        spec = next(each for each in self._terms.specs if loaded(each)[0].id == job.suite.id)
        words = ["wireharness", "check", str(job.target.path), f"--spec={spec}"]
        words += [f"--role={job.role}"] if len(job.suite.roles) > 1 else []
        words += [f"--network={self._terms.network}"] if self._terms.network is Wanted.HOST else []
        words += [f"--isolation={self._terms.isolation}"]
        return shlex.join([*words, f"--seed={seed}", f"--only={job.suite.id}/{job.id}"])

    # -- phases of what was played ---------------------------------------------------------

    def _note(self, job: Job, outcome: Outcome) -> None:
        """Takes from an outcome what it tells of the phases before, and of the network."""
        level = outcome.properties.get("network", "")
        if level and not self._result.isolation.network:
            kept_in = replace(self._result.isolation, network=level)
            self._result = replace(self._result, isolation=kept_in)
        for each in outcome.prepared if job.is_probe else ():
            self._add_phase(PhaseName(each.phase), Verdict.PASS, "", each.log, each.seconds)
        if not job.is_probe:
            return
        failed = outcome.properties.get("phase", "")
        reason, log = outcome.finding.reason, outcome.output
        if failed in (PhaseName.BUILD, PhaseName.START) and outcome.verdict is Verdict.FAIL:
            self._add_phase(PhaseName(failed), Verdict.FAIL, reason, log)
            self._add_phase(PhaseName.PROBE, Verdict.BLOCKED, reason)
        else:
            self._add_phase(PhaseName.PROBE, outcome.verdict, reason, log, outcome.seconds)

    def _end(self) -> None:
        """Tells of the cases as a phase, and that all is done."""
        cases = self._result.cases
        worst = max(cases, key=lambda each: each.verdict, default=None)
        seconds = sum(each.seconds for each in cases)
        if worst is not None and not worst.verdict.is_fine:
            bad = sum(not each.verdict.is_fine for each in cases)
            reason = f"{bad} of {len(cases)} do not pass; {worst.name}: {worst.reason}"
            self._add_phase(PhaseName.CASES, worst.verdict, reason, seconds=seconds)
        else:
            self._add_phase(PhaseName.CASES, Verdict.PASS, seconds=seconds)
        finished = all(each.settled and each.reason != NOT_YET for each in cases)
        self._result = replace(self._result, finished=finished)


class _Builds:
    """A folder for what is built, which goes with the submission."""

    def __enter__(self) -> Path:
        try:
            self._folder = HeldFolder()
        except OSError as exc:
            raise MachineError(f"cannot make a folder for what is built: {exc}") from exc
        return self._folder.path

    def __exit__(self, *_: object) -> None:
        self._folder.remove()
