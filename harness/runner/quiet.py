"""Quiet: what it is worth that nothing comes. The proof of rest, enough of it, the deadline.

Belongs here: which of these has shown it, with the evidence that goes into the result. Must not
know: what was awaited, what follows for the target.
"""

from __future__ import annotations

import time

from harness.exchange.action import Expired, Rested
from harness.runner.casetime import CaseTime
from harness.runner.company import Company
from harness.runner.control import Delays
from harness.runner.watch import Watch
from harness.runner.wire import Wire

GRACE = 0.25
"""Seconds of quiet that count as silence where rest cannot be proven."""


class Quiet:
    """Judges the quiet of one conversation."""

    def __init__(self, watch: Watch, company: Company, wire: Wire, case_time: CaseTime) -> None:
        self._watch = watch
        self._company = company
        self._wire = wire
        self._time = case_time

    def left(self, now: float) -> float:
        """Returns the seconds that are left of the case's time."""
        return self._time.left(now) + self._watch.printing

    def is_over(self, now: float) -> bool:
        """Says whether the case's time is; it is not while what comes is right."""
        if self.left(now) > 0:
            return False
        return not self._time.goes_on(self._company.came) or self.left(now) <= 0

    def rested(self) -> Rested | None:
        """Returns the proof that the target waits for more and has said all, if there is one."""
        passed = self._wire.passed()
        proof = None if self._wire.holds or passed < 0 else self._watch.rests()
        if proof is None or self._watch.under_way() or self._wire.passed() != passed:
            return None
        return Rested(_joined(proof.evidence, self._company.where_it_went()), proof.raw())

    def enough(self, since: float) -> Expired | None:
        """Returns that it was quiet long enough, where no answer is owed and nothing is proven."""
        waited = time.monotonic() - since
        if waited < GRACE or self._wire.holds or self._watch.under_way():
            return None
        seen = self._watch.seen() or "nothing of it can be looked into"
        evidence = f"nothing came in {GRACE} s; that it rests could not be proven: {seen}"
        return Expired(waited, evidence, raw=self._raw(self._watch.control.delays(None)))

    def expired(self, what: str = "") -> Expired:
        """Returns that time is over, and whether it is the machine that has not given any."""
        watch = self._watch
        delays = watch.control.delays(watch.process)
        return Expired(
            self._time.given(),
            _joined(watch.seen(), what or self._company.where_it_went()),
            delays.told(self._time.seconds),
            self._raw(delays),
        )

    def _raw(self, delays: Delays) -> tuple[str, ...]:
        proof = self._watch.proof
        return (*(proof.raw() if proof else ()), str(delays))


def _joined(*evidence: str) -> str:
    return "; ".join(filter(None, evidence))
