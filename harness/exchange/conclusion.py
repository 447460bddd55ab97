"""The conclusion of a play: its one finding, and the wait for what may still explain it.

Belongs here: when a finding is final. Must not know: steps, what was expected.
"""

from __future__ import annotations

from harness.exchange.action import Action, Await, Awaited, Done, Exited, Expired, Rested, Signal
from harness.exchange.judgement import Judgement
from harness.verdict import PASSED, Finding

_DONE = Done()


class Conclusion:
    """`finding` is the judgement once `over`. `waits`: for what may explain an end."""

    def __init__(self, judgement: Judgement) -> None:
        self.finding: Finding = PASSED
        self.over = False
        self.waits = False
        self._judgement = judgement
        self._post_mortem: Finding = PASSED

    def reached(self, finding: Finding, status: int | None) -> Action:
        """Ends the play with a finding.

        A connection that ends may be all that is seen of a crash: where no exit `status` is
        known yet, it is waited for.
        """
        if finding.decided_by == "end" and status is None:
            self._post_mortem = finding
            self.waits = True
            return Await(Awaited.EXIT, None, finding.place)
        return self._final(finding, status)

    def waited(self, signal: Signal) -> Action:
        """Takes in what came while an end is waited for."""
        finding = self._post_mortem
        if isinstance(signal, Exited):
            return self._final(finding, signal.status)
        if isinstance(signal, Rested | Expired):
            return self._final(finding, None)
        return Await(Awaited.EXIT, None, finding.place)

    def _final(self, finding: Finding, status: int | None) -> Action:
        if finding.decided_by == "end" and status is not None:
            finding = self._judgement.buried(finding, status)
        self.finding = self._judgement.verdict(finding)
        self.over = True
        return _DONE
