"""The runner: the one call by which everybody plays a case.

Belongs here: what a case rests on (build, start, probe), the second play on a fresh
target, whose fault an error is. Must not know: reports, pytest.
"""

from __future__ import annotations

import contextlib
import traceback
from dataclasses import replace
from functools import partial
from types import TracebackType

from harness.errors import HarnessError, MachineError, SpecError, TargetError, UsageError
from harness.exchange.aftermath import after_all
from harness.exchange.diagnosis import ending
from harness.exchange.plan import Impair, Plan, binding
from harness.exchange.planning import make_plan
from harness.exchange.robustness import with_trials
from harness.network.tables import Tables
from harness.runner import trials
from harness.runner.crafting import Crafter
from harness.runner.deviation import held_against
from harness.runner.driver import Driver
from harness.runner.instance import Instance, Workshop
from harness.runner.job import Capturing, Job, Settings, jobs
from harness.runner.outcome import Outcome
from harness.spec.model import Level, Role
from harness.target import openfiles
from harness.verdict import Fault, Finding, Verdict

_BESIDE = "it speaks over its own loopback alone, and no wire is on the way there"
_LATE = 0.5  # seconds without a look at a client: by its own clock it may have given up
_BAD = (Verdict.WARN, Verdict.BLOCKED, Verdict.FAIL)
Key = tuple[str, str, Role]


class Runner:
    """Plays jobs one after the other; holds at most one running target between them."""

    def __init__(self, settings: Settings) -> None:
        openfiles.make_room()
        self._settings = settings
        self._tables = Tables()
        self._workshop = Workshop(settings, self._tables)
        self._instance: Instance | None = None
        self._probes: dict[Key, Finding] = {}

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops the target that still runs, and all that served it."""
        with contextlib.ExitStack() as last:
            last.callback(self._tables.close)
            last.callback(self._workshop.close)
            self._drop()

    def play(self, job: Job) -> Outcome:
        """Returns the outcome of one job; raises nothing but a keyboard interrupt."""
        plan = make_plan(
            job.suite, job.case, job.role, job.delivery, self._settings.seed,
            self._settings.parameters,
        )  # fmt: skip
        outcome = self._judged(job, plan)
        known = job.target.manifest.known if job.target.manifest else ()
        return held_against(self._levelled(outcome), known)

    def _support(self, job: Job) -> Finding:
        """Returns PASS, or why the machine or the target's claims leave this case out."""
        lacking = self._workshop.lacking(job)
        if lacking:
            return Finding(Verdict.UNSUPPORTED, lacking, Fault.MACHINE, job.case.place)
        claimed = job.target.manifest.features if job.target.manifest else ()
        if job.case.feature and job.case.feature not in claimed:
            reason = f"optional: the target does not claim the feature {job.case.feature!r}"
            return Finding(Verdict.UNSUPPORTED, reason, Fault.NOBODY, job.case.place)
        return Finding(Verdict.PASS)

    def _judged(self, job: Job, plan: Plan) -> Outcome:
        blank = Outcome(job.target.id, plan, Finding(Verdict.PASS))
        try:
            support = self._support(job)
            if support.verdict is not Verdict.PASS:
                return replace(blank, finding=support)
            return self._rested_on(job, with_trials(plan))
        except TargetError as exc:
            own = job.is_probe or exc.phase == "play"
            verdict = Verdict.FAIL if own else Verdict.BLOCKED
            with contextlib.suppress(MachineError):  # what went wrong first is told
                self._drop()
            finding = Finding(verdict, str(exc), Fault.TARGET, job.case.place)
            told = {"hint": exc.hint, "phase": exc.phase}
            told = {name: each for name, each in told.items() if each}
            return replace(blank, finding=finding, output=exc.log, properties=told)
        except MachineError as exc:
            finding = Finding(Verdict.INCONCLUSIVE, str(exc), Fault.MACHINE, job.case.place)
        except (SpecError, UsageError) as exc:
            finding = Finding(Verdict.ERROR, str(exc), Fault.SPEC, job.case.place)
        except HarnessError as exc:
            finding = Finding(Verdict.ERROR, str(exc), Fault.HARNESS, job.case.place)
        except Exception as exc:  # noqa: BLE001 - what nobody foresaw is ours, never a student's
            finding = Finding(
                Verdict.ERROR, f"the harness failed: {exc!r}", Fault.HARNESS, job.case.place,
                evidence=traceback.format_exc(),
            )  # fmt: skip
        with contextlib.suppress(MachineError):  # what went wrong first is told
            self._drop()
        return replace(blank, finding=finding)

    # -- what a case rests on --------------------------------------------------------------

    def _rested_on(self, job: Job, plan: Plan) -> Outcome:
        if job.is_probe:
            outcome = self._play_twice(job, plan)
            self._probes[_key(job)] = outcome.finding
            return outcome
        found = self._probe_of(job)
        if found.verdict in _BAD:
            reason = f"the probe fails: {found.reason}"
            finding = Finding(Verdict.BLOCKED, reason, Fault.TARGET, job.case.place)
            return Outcome(job.target.id, plan, finding)
        return self._play_twice(job, plan)

    def _probe_of(self, job: Job) -> Finding:
        key = _key(job)
        if key not in self._probes:
            probe = next(jobs(job.target, job.suite, job.role))
            plan = make_plan(
                probe.suite, probe.case, probe.role, probe.delivery, self._settings.seed,
                self._settings.parameters,
            )  # fmt: skip
            self._probes[key] = self._judged(probe, plan).finding
        return self._probes[key]

    # -- playing ---------------------------------------------------------------------------

    def _play_twice(self, job: Job, plan: Plan) -> Outcome:
        """Plays, and plays a failure on a used target once more on a fresh one."""
        instance, before = self._take(job)
        if job.needs_wire and not instance.behind_wire:
            finding = Finding(Verdict.UNSUPPORTED, _BESIDE, Fault.MACHINE, job.case.place)
            return Outcome(job.target.id, plan, finding)
        outcome = self._play_once(instance, plan)
        if outcome.verdict is Verdict.INCONCLUSIVE:  # the machine was late: once more, from anew
            self._drop()
            return self._play_once(self._take(job)[0], plan)
        if outcome.verdict not in _BAD or outcome.started_fresh:
            return outcome
        instance, _ = self._take(job)
        again = self._play_once(instance, plan)
        if again.verdict in _BAD:
            return again
        reason = f"passes on a fresh process, but not after {before}: {outcome.finding.reason}"
        warned = replace(outcome.finding, verdict=Verdict.WARN, reason=reason)
        return replace(outcome, finding=warned, broken_by=before)

    def _take(self, job: Job) -> tuple[Instance, str]:
        """Returns a running target for the job, and the case that it played last ("": none)."""
        held = self._instance
        if held is not None and held.serves(job):
            return held, held.last
        self._drop()
        self._instance = self._workshop.start(job)
        return self._instance, ""

    def _drop(self) -> None:
        instance, self._instance = self._instance, None
        if instance is not None:
            instance.stop()

    def _play_once(self, instance: Instance, plan: Plan) -> Outcome:
        fresh = not instance.last
        instance.begin(plan.case.id)
        target = (instance.end.target, instance.port)
        lab = instance.place.lab if instance.place is not None else None
        with contextlib.closing(Crafter(target, instance.tables, lab)) as crafter:
            played = trials.play(plan, crafter, partial(self._driver, instance, crafter))
        driver = played.driver
        finding = _pardoned(played.finding, plan.role, driver.held_up if driver else 0.0)
        ended = driver.settle() if driver and plan.role is Role.SERVER else None
        finding = after_all(plan, finding, ended)
        wanted = self._settings.capturing is Capturing.ALL or finding.verdict is not Verdict.PASS
        outcome = Outcome(
            instance.target.id, plan, finding, driver.record.entries() if driver else (),
            instance.output, seconds=played.seconds, began=driver.began if driver else 0.0,
            port=instance.port, seen=instance.seen() if wanted else None, started_fresh=fresh,
            silences=played.silences, prepared=instance.prepared if fresh else (),
            packets=played.packets,
            properties={**_properties(plan, played.hint, ended, instance), **played.properties},
        )  # fmt: skip
        worn = instance.spent or self._settings.fresh
        if ended is not None or finding.verdict in _BAD or worn:
            self._drop()
        return outcome

    def _driver(self, instance: Instance, crafter: Crafter, plan: Plan) -> Driver:
        instance.listen()
        return Driver(
            plan, instance.process, instance.port, instance.tables, instance.end,
            instance.shown, instance.welcome, instance.restart, crafter, instance.wire,
            instance.guests, instance.seen,
        )  # fmt: skip

    def _levelled(self, outcome: Outcome) -> Outcome:
        """A failure of a case that verifies nothing a target must do is a warning."""
        plan = outcome.plan
        owed = binding(plan.suite, plan.case, plan.role)
        levels = {plan.suite.requirements[each].level for each in owed}
        if outcome.verdict is not Verdict.FAIL or self._settings.strict or not levels:
            return outcome
        if Level.MUST in levels:
            return outcome
        return replace(outcome, finding=replace(outcome.finding, verdict=Verdict.WARN))


def _pardoned(finding: Finding, role: Role, late: float) -> Finding:
    """Returns what is held against a client, if it was not this machine that was late.

    A client that waits for an answer does so by its own clock. Where the harness had no
    processor for `late` seconds meanwhile, what the client did then proves nothing.
    """
    if role is Role.SERVER or late < _LATE or finding.fault is not Fault.TARGET:
        return finding
    reason = f"{finding.reason}, and this machine has kept it waiting for {late:.1f} s"
    return replace(finding, verdict=Verdict.INCONCLUSIVE, reason=reason, fault=Fault.MACHINE)


def _key(job: Job) -> Key:
    return job.target.id, job.suite.id, job.role


def _properties(plan: Plan, hint: str, ended: int | None, instance: Instance) -> dict[str, str]:
    found = {
        "started": instance.started,
        "network": instance.level,
        "isolation": instance.tier,
        "hint": hint,
    }
    if any(isinstance(step, Impair) for step in plan.steps):
        lost_by = "the lab's wire" if instance.wire is not None else "the harness, one end of it"
        found["wire"] = lost_by
    if ended is not None:
        found["afterwards"] = f"the program {ending(ended)} after this case"
    return {name: told for name, told in found.items() if told}
