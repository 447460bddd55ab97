"""Arrivals: what has come on every connection of a play, and what may still come late.

Belongs here: inboxes, and expectations that let something come behind the next: a repeated
answer, an optional one. Must not know: the order of steps, verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.exchange.action import Ended, Received
from harness.exchange.expectation import NO, NOT_YET, YES, Answered, Expectation, Said
from harness.exchange.inbox import Inbox
from harness.exchange.judgement import Judgement
from harness.exchange.plan import STRANGERS, Connection, Release
from harness.spec.model import Says
from harness.wire.message import Scope


@dataclass(slots=True)
class _Resent:
    """A datagram that a timer may send again: not sooner than `gap` seconds after `at`."""

    data: bytes
    gap: float
    at: float


class Arrivals:
    """The inboxes of one play. `strangers`: what they are answered is looked at.

    `get` returns the inbox of a connection, None where that was never there.
    """

    def __init__(self, judgement: Judgement, strangers: bool) -> None:
        self._judgement = judgement
        self._inboxes: dict[Connection, Inbox] = {}
        self.get: Callable[[Connection], Inbox | None] = self._inboxes.get
        self._later: dict[Connection, list[Expectation]] = {}
        self._resent: dict[Connection, _Resent] = {}
        self._released: set[Connection] = set()
        if strangers:
            self.open(STRANGERS)

    def open(self, connection: Connection) -> None:
        """Begins anew on this connection."""
        self._inboxes[connection] = Inbox(connection.over)
        self._later.pop(connection, None)
        self._resent.pop(connection, None)
        self._released.discard(connection)

    def release(self, step: Release) -> None:
        """Forgets a connection, and takes nothing in from it any more."""
        self._inboxes.pop(step.connection, None)
        self._released.add(step.connection)

    def clear(self) -> None:
        """Forgets all connections."""
        self._inboxes.clear()
        self._later.clear()
        self._resent.clear()
        self._released.clear()

    def received(self, signal: Received) -> None:
        """Takes in bytes, be it on a connection that nobody has opened: UDP has no opening."""
        connection = signal.connection
        inbox = self._inboxes.get(connection)
        if inbox is None:
            if connection in self._released:
                return
            self.open(connection)
            inbox = self._inboxes[connection]
        inbox.add(signal)

    def ended(self, signal: Ended) -> None:
        """Takes in the end of a connection."""
        if signal.connection in self._inboxes:
            self._inboxes[signal.connection].end(signal.how)

    def take(self, expectation: Expectation, said: Said, inbox: Inbox) -> None:
        """Takes out what has met an expectation, and remembers what of it may come once more."""
        act = said.choice.act if said.choice and not expectation.plain else None
        connection, repeats = expectation.connection, expectation.step.repeats
        if isinstance(act, Says) and act.again is not None:
            self._resent[connection] = _Resent(expectation.matched, act.again, inbox.at)
        elif self._resent:
            self._resent.pop(connection, None)
        inbox.drop(said.length)
        if repeats:
            self.let_come(expectation, repeats)

    def let_come(self, expectation: Expectation, times: int) -> None:
        """Lets what is expected here come later, up to so many times, or not at all."""
        if expectation.silent_only:
            return
        self._later.setdefault(expectation.connection, []).extend([expectation] * times)

    def behind_late(
        self, said: Said, expectation: Expectation, inbox: Inbox, captures: Scope
    ) -> Said:
        """Returns what is said of an expectation, behind what may have come late."""
        while said.verdict is NO:
            earlier = expectation.overtaken(inbox, captures)
            if earlier.verdict is NOT_YET:
                return earlier
            if earlier.verdict is YES:
                inbox.set_aside(earlier.length)
                said = expectation.judge(inbox, captures)
                continue
            late = self._absorbed(expectation.connection, captures)
            if late is NO:
                return said
            if late is NOT_YET:
                return Said(NOT_YET)
            said = expectation.judge(inbox, captures)
        return said

    def left_over(self, captures: Scope) -> Iterator[tuple[Connection, Inbox]]:
        """Yields the inboxes that hold what nothing lets come.

        Whoever has closed a connection does not care what was still said on it.
        """
        for connection, inbox in self._inboxes.items():
            if inbox.open and self.surplus(connection, captures):
                yield connection, inbox

    def held(self) -> Iterator[tuple[Connection, Inbox]]:
        """Yields the inboxes that hold something, of connections that we have not closed."""
        inboxes = self._inboxes.items()
        return ((each, inbox) for each, inbox in inboxes if inbox.open and inbox.holds)

    def surplus(self, connection: Connection, captures: Scope) -> bool:
        """Says whether there is what nothing lets come; what may come late is taken out."""
        inbox, late = self._inboxes[connection], YES
        while inbox.holds and late is YES:
            late = self._absorbed(connection, captures)
        return inbox.holds and late is NO

    def open_still(self, ended: bool) -> bool:
        """Says whether more could come on any connection of those that we have not closed.

        `ended`: or whether the other side has ended one, which may be all that is seen of a crash.
        """
        return any(each.open and (ended or each.ended is None) for each in self._inboxes.values())

    def _absorbed(self, connection: Connection, captures: Scope) -> Answered:
        """Takes out one message that an earlier expectation lets come, once it is complete."""
        inbox, found = self._inboxes[connection], NO
        resent = self._resent.get(connection)
        if resent and inbox.data == resent.data and inbox.at - resent.at >= resent.gap:
            resent.at = inbox.at
            inbox.drop(len(resent.data))
            return YES
        for earlier in self._later.get(connection, ()) if inbox.holds else ():
            said = earlier.judge(inbox, captures)
            if said.verdict is YES:
                inbox.drop(said.length)
                self._judgement.warn(earlier.step, said)
                self._later[connection].remove(earlier)
                return YES
            if said.verdict is NOT_YET:
                found = NOT_YET
        return found
