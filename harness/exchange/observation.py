"""Observation: what is seen of a target beside the wire: output, files, sockets, its end.

Belongs here: prints, stores, exits, what the kernel tells. Must not know: connections, the
order of steps.
"""

from __future__ import annotations

from dataclasses import replace

from harness.exchange import diagnosis
from harness.exchange.action import (
    Action,
    Await,
    Awaited,
    DoFind,
    DoInspect,
    Expired,
    Found,
    Inspected,
    Rested,
)
from harness.exchange.judgement import Judgement
from harness.exchange.plan import Inspect, Look
from harness.exchange.terminal import Terminal
from harness.spec.model import Exits, Prints, Stores
from harness.verdict import Comparison, Finding
from harness.wire.framing import DATAGRAM
from harness.wire.message import Scope


class Observation:
    """Looks at one target. `status` is set once its process is gone."""

    def __init__(self, judgement: Judgement) -> None:
        self.status: int | None = None
        self._judgement = judgement
        self._terminal = Terminal()
        self._last_try: Rested | Expired | None = None  # why a file is looked for once more

    def print(self, data: bytes) -> None:
        """Takes in output."""
        self._terminal.add(data)

    def look(self, step: Look, captures: Scope) -> Action | Finding | None:
        """Returns what to do to see it, what is wrong with it, or None: it is as it has to be."""
        act = step.act
        if isinstance(act, Stores):
            return DoFind(act.content.produce(captures), outside=act.never)
        if isinstance(act, Exits):
            return self._ended_well(step, act)
        judge = act.message.bind(captures, DATAGRAM)
        if act.never:
            self._terminal.forbid(step, judge)
            return self.forbidden()
        broken = self.forbidden()  # before what is found takes it out of sight
        if broken is not None:
            return broken
        if self._terminal.take(judge):
            return None
        if self.status is None:
            return Await(Awaited.OUTPUT, None, step.place)
        reason = f"{self._judgement.who} {diagnosis.ending(self.status)} before it printed this"
        comparison = self._judgement.printed_instead(act, captures, self._terminal.unread)
        return self._judgement.finding(step, reason, comparison, "exit")

    def seen(self, step: Look | Inspect, signal: Found | Inspected) -> Action | Finding | None:
        """Returns what follows from a search for a file, or from what the kernel tells."""
        if isinstance(step, Inspect):
            assert isinstance(signal, Inspected)
            return self._inspected(step, signal)
        assert isinstance(signal, Found)
        return self._found(step, signal.here)

    def _found(self, step: Look, here: bool) -> Action | Finding | None:
        act = step.act
        if isinstance(act, Stores) and act.never:
            reason = f"{self._judgement.who} wrote a file outside its working folder"
            return self._judgement.finding(step, reason, decided_by="file") if here else None
        waited, self._last_try = self._last_try, None
        if here:
            return None
        reason = f"{self._judgement.who} stored no file with this content"
        if waited is not None:
            return self._judgement.quiet(step, reason, None, waited)
        if self.status is not None:
            return self._judgement.finding(step, reason, decided_by="exit")
        return Await(Awaited.FILE, None, step.place)

    def inspect(self, step: Inspect) -> DoInspect:
        """Returns what to ask the kernel."""
        return DoInspect(step.connection, step.act)

    def _inspected(self, step: Inspect, signal: Inspected) -> Finding | None:
        if signal.unseen:
            self._judgement.leave_open(step, signal.unseen)
        if not signal.wrong:
            return None
        reason = f"{self._judgement.who} {signal.wrong}"
        found = self._judgement.finding(step, reason, decided_by=signal.decided_by)
        return replace(found, evidence=signal.evidence)

    def missed(self, step: Look, signal: Rested | Expired, captures: Scope) -> Action | Finding:
        """Returns what follows where nothing more will come; a file is looked for once more."""
        act, judgement = step.act, self._judgement
        if isinstance(act, Stores) and not self._last_try:
            self._last_try = signal
            return DoFind(act.content.produce(captures))
        comparison: Comparison | None = None
        wanted = "did not end" if isinstance(act, Exits) else "stored no file with this content"
        if isinstance(act, Prints):
            wanted = "did not print what it has to"
            comparison = judgement.printed_instead(act, captures, self._terminal.unread)
        return judgement.quiet(step, f"{judgement.who} {wanted}", comparison, signal)

    def forbidden(self) -> Finding | None:
        """Returns what is wrong where something was printed that must not be."""
        broken = self._terminal.broken()
        if broken is None:
            return None
        step, shown = broken
        comparison = Comparison("output without it", None, shown)
        reason = f"{self._judgement.who} printed what it must not print"
        return self._judgement.finding(step, reason, comparison, "bytes")

    def _ended_well(self, step: Look, act: Exits) -> Action | Finding | None:
        if self.status is None:
            return Await(Awaited.EXIT, None, step.place)
        right = self.status != 0 if act.nonzero else act.code in (None, self.status)
        if right and not diagnosis.crashed(self.status):
            return None
        wanted = "any code" if act.code is None else f"code {act.code}"
        wanted = "another code than 0" if act.nonzero else wanted
        reason = f"{self._judgement.who} {diagnosis.ending(self.status)}, wanted {wanted}"
        return self._judgement.finding(step, reason, decided_by="exit")
