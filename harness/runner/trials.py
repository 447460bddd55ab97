"""Trials: a case of many short plays, one after the other on one target.

Belongs here: which of them can be played here, and what all of them come to. Must not know: how
one is played, what a packet looks like.

A packet that the kernel drops proves nothing of the program. So it is counted apart, and a
case none of whose packets has reached the program has proven nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.exchange.plan import AnyStep, Craft, Plan, Trial
from harness.exchange.robustness import one_trial
from harness.exchange.silence import Silence
from harness.runner.crafting import Crafter
from harness.runner.driver import Driver
from harness.runner.outcome import NO_PACKETS, Packets
from harness.verdict import PASSED, Fault, Finding, Verdict, worst
from harness.wire.malformed.packet import End

_SHOWN = 6  # names in one sentence
_REACHING = (End.PROGRAM, End.TOLD, End.WOKEN)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a plan: `driver` has played the last trial, `properties` tell of all."""

    finding: Finding
    driver: Driver | None
    hint: str = ""
    seconds: float = 0.0
    silences: tuple[Silence, ...] = ()
    packets: Packets = NO_PACKETS
    properties: Mapping[str, str] = field(default_factory=dict)


def play(plan: Plan, crafter: Crafter, driver_for: Callable[[Plan], Driver]) -> Tried:
    """Plays a plan; of one with trials every one that can be, up to the first that goes wrong."""
    if not plan.trials:
        lacking = next(filter(None, (_lacking_of(step, crafter) for step in plan.distinct)), "")
        if lacking:
            why = f"it sends a crafted packet: {lacking}"
            return Tried(Finding(Verdict.UNSUPPORTED, why, Fault.MACHINE, plan.case.place), None)
        crafter.prepare(plan)
        driver = driver_for(plan)
        told = driver.play()
        silences = tuple(told.silences.proven)
        return Tried(told.finding, driver, told.hint, driver.seconds, silences)
    return _every(plan, crafter, driver_for)


def _every(plan: Plan, crafter: Crafter, driver_for: Callable[[Plan], Driver]) -> Tried:
    lacking = {each.name: why for each in plan.trials if (why := _lacking(each, crafter))}
    played = [each for each in plan.trials if each.name not in lacking]
    finding, hint, seconds = PASSED, "", 0.0
    driver: Driver | None = None
    done: list[Trial] = []
    silences: list[Silence] = []
    for trial in played:
        one = one_trial(plan, trial)
        crafter.prepare(one)
        driver = driver_for(one)
        told = driver.play()
        done += [] if trial.control else [trial]
        silences += told.silences.proven
        seconds, hint = seconds + driver.seconds, told.hint
        finding = worst([finding, _named(told.finding, trial)])
        if told.finding.verdict > Verdict.WARN:
            break
    finding = _if_proven(finding, plan, done, lacking, crafter)
    reached = [each.name for each in done if _reaches(each, crafter)]
    dropped = [each.name for each in done if not _reaches(each, crafter)]
    packets = Packets(len(reached), len(dropped), len(lacking))
    told_of = _properties(reached, dropped, lacking)
    return Tried(finding, driver, hint, seconds, tuple(silences), packets, told_of)


def _lacking(trial: Trial, crafter: Crafter) -> str:
    return crafter.lacking(trial.packet) if trial.packet is not None else ""


def _lacking_of(step: AnyStep, crafter: Crafter) -> str:
    return crafter.lacking(step.packet, step.connection.over) if isinstance(step, Craft) else ""


def _named(finding: Finding, trial: Trial) -> Finding:
    if finding.verdict is Verdict.PASS:
        return finding
    return replace(finding, reason=f"after {trial.name} ({trial.changes}): {finding.reason}")


def _if_proven(
    finding: Finding, plan: Plan, done: list[Trial], lacking: Mapping[str, str], crafter: Crafter
) -> Finding:
    """Returns the finding, or that nothing is proven by it."""
    if finding.verdict is not Verdict.PASS or any(_reaches(each, crafter) for each in done):
        return finding
    if done:
        why = f"none of these packets reaches the program: {_some(each.name for each in done)}"
    else:
        reasons = "; ".join(dict.fromkeys(lacking.values())) or "no request here can be made so"
        why = f"nothing of this can be sent: {reasons}"
    return Finding(Verdict.UNSUPPORTED, why, Fault.MACHINE, plan.case.place)


def _reaches(trial: Trial, crafter: Crafter) -> bool:
    return trial.packet is None or crafter.fate(trial.packet).end in _REACHING


def _properties(
    reached: Sequence[str], dropped: Sequence[str], lacking: Mapping[str, str]
) -> dict[str, str]:
    """Returns what is told of a case's packets, beside their numbers."""
    told = f"{len(reached)} reached the program"
    if dropped:
        told += f"; {len(dropped)} never did, the kernel drops them: {_some(dropped)}"
    if lacking:
        reasons = "; ".join(dict.fromkeys(lacking.values()))
        told += f"; {len(lacking)} were not sent ({_some(lacking)}): {reasons}"
    return {"malformed": told}


def _some(names: Iterable[str]) -> str:
    all_of_them = list(names)
    more = len(all_of_them) - _SHOWN
    return ", ".join(all_of_them[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
