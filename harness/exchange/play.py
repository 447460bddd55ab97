"""The play: a state machine that says what to do next and judges what came of it.

Belongs here: the order of steps, arrivals against expectations. Must not know: sockets,
clocks, processes; time and the target's state come in as signals. Every wait ends by a
signal, and the first that settles a step decides it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.exchange.action import (
    Action,
    Await,
    Awaited,
    DoClose,
    Done,
    DoOpen,
    DoRestart,
    Ended,
    Exited,
    Expired,
    Found,
    Inspected,
    NotStarted,
    Opened,
    Printed,
    Received,
    Refused,
    Restarted,
    Rested,
    Sent,
    Signal,
)
from harness.exchange.aftermath import after_all
from harness.exchange.arrivals import Arrivals
from harness.exchange.conclusion import Conclusion
from harness.exchange.expectation import NO, YES, Expectation, Said, expectations
from harness.exchange.inbox import Inbox
from harness.exchange.judgement import Judgement
from harness.exchange.observation import Observation
from harness.exchange.plan import (
    Accept,
    AnyStep,
    Close,
    Connection,
    Craft,
    Expect,
    Impair,
    Inspect,
    Listen,
    Look,
    Open,
    Plan,
    Release,
    Restart,
    Send,
    Stray,
    sentinel_behind,
)
from harness.exchange.silence import Silences
from harness.exchange.speaker import Speaker
from harness.spec.model import Ending, Role
from harness.verdict import PASSED, Comparison, Finding

_DONE = Done()
_BEHIND: tuple[int, AnyStep | None, Expectation | None] = (-1, None, None)


class Play:
    """One play of a plan: `start`, then `feed` until Done; `finding` is the judgement.

    `step` is the one of now, None behind the last one.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.captures: dict[str, bytes] = dict(plan.scope)
        self._judgement = Judgement(plan)
        self._server = plan.role is Role.SERVER
        self._conclusion = Conclusion(self._judgement)
        self._speaker = Speaker(plan, self.captures, self._judgement)
        self._arrivals = Arrivals(self._judgement, plan.heeds_strangers)
        self._observation = Observation(self._judgement)
        self.silences = Silences()
        self._steps = plan.steps
        self._expectations = expectations(plan)
        self._ahead = iter(zip(range(len(plan.steps)), plan.steps, self._expectations, strict=True))
        self.step: AnyStep | None
        self._at, self.step, self._expectation = next(self._ahead, _BEHIND)
        self._begin: dict[type[AnyStep], Callable[..., Action | None]] = {
            Open: self._open,
            Accept: self._accept,
            Send: self._send,
            Close: self._close,
            Expect: self._expect,
            Release: self._arrivals.release,
            **self._speaker.aside,
            Look: self._look,
            Inspect: self._observation.inspect,
            Listen: self._speaker.listen,
            Restart: self._restart,
            Impair: self._speaker.impair,
        }
        self._on: dict[type[Signal], Callable[..., Action]] = {
            Sent: self._next,
            Opened: self._opened,
            Refused: self._refused,
            Received: self._received,
            Ended: self._ended,
            Printed: self._printed,
            Found: self._seen,
            Inspected: self._seen,
            Exited: self._exited,
            Restarted: self._restarted,
            NotStarted: self._not_started,
            Rested: self._quiet,
            Expired: self._quiet,
        }

    @property
    def finding(self) -> Finding:
        """The judgement, once the play is done."""
        return self._conclusion.finding

    @property
    def hint(self) -> str:
        """What the bytes tell about the program, "" where nothing is certain."""
        return self._judgement.hint

    def start(self) -> Action:
        """Returns the first action."""
        return self._advance()

    def feed(self, signal: Signal) -> Action:
        """Takes in what happened and returns what is next."""
        if self._conclusion.waits:
            return self._conclusion.waited(signal)
        return self._on[type(signal)](signal)

    # -- going on ------------------------------------------------------------------------

    def _advance(self) -> Action:
        """Goes on from the step of now, which is looked at once more after something came."""
        step, begin = self.step, self._begin
        while step is not None:
            action = begin[type(step)](step)
            if action is not None:
                return action
            self._at, step, self._expectation = next(self._ahead, _BEHIND)
            self.step = step
        return self._closing()

    def _next(self, signal: Sent | None = None) -> Action:
        self._at, self.step, self._expectation = next(self._ahead, _BEHIND)
        return self._advance()

    # -- the harness acts ------------------------------------------------------------------

    def _open(self, step: Open) -> Action:
        self._arrivals.open(step.connection)
        self.silences.forget(step.connection)
        return DoOpen(step.connection, step.port, step.by_hand)

    def _send(self, step: Send) -> Action | None:
        inbox = self._arrivals.get(step.connection)
        if inbox is None or not (self._server or inbox.open):  # a client is still to come
            return self._coming(step)
        inbox.used = True
        return self._speaker.send(step, inbox.judged)

    def _close(self, step: Close) -> Action | None:
        inbox = self._arrivals.get(step.connection)
        if not self._server and (inbox is None or not inbox.open):  # a client is still to come
            return self._coming(step)
        if inbox is not None:  # a server may go on by itself, and nothing is looked at any more
            inbox.open = inbox.open and step.how is Ending.HALF
        return DoClose(step.connection, step.how)

    def _restart(self, step: Restart) -> Action:
        surplus = self._too_much(self._arrivals.left_over(self.captures))
        if surplus is None:
            self._arrivals.clear()
        return surplus or DoRestart()

    def _restarted(self, signal: Restarted) -> Action:
        self._observation.status = None
        return self._next()

    def _not_started(self, signal: NotStarted) -> Action:
        reason = f"the server could not be started again on its port: {signal.why}"
        return self._fail(reason, decided_by="exit")

    # -- the target acts -------------------------------------------------------------------

    def _accept(self, step: Accept) -> Action | None:
        inbox = self._arrivals.get(step.connection)
        if inbox is not None and inbox.open and (inbox.ended is None or not inbox.met):
            inbox.met = True
            return None
        return self._coming(step)

    def _coming(self, step: Accept | Send | Close | Expect, idle: bool = False) -> Action | None:
        """Waits for a client to connect, as long as there is one; an `idle` one need not."""
        if self._observation.status is None:
            return Await(Awaited.CONNECT, step.connection, step.place)
        return None if idle else self._fail(f"{self._judgement.who} did not connect", "end")

    def _expect(self, step: Expect) -> Action | None:
        expectation = self._expectation
        assert expectation is not None
        inbox = self._arrivals.get(step.connection)
        if inbox is None or (not (self._server or expectation.closes) and inbox.spent):
            return self._coming(step, expectation.silent_only or expectation.optional)
        if expectation.owed and self._observation.status is None:
            if not inbox.holds and inbox.ended is None:
                return expectation.awaiting
            if not (self._server or expectation.closes) and inbox.wordless:
                return self._coming(step)  # it may have looked whether anybody listens
        if expectation.silent_only:
            return self._keep_silent(step, inbox)
        said = expectation.judge(inbox, self.captures)
        if said.verdict is NO:
            said = self._arrivals.behind_late(said, expectation, inbox, self.captures)
        if said.verdict is YES:
            return self._accepted(step, expectation, inbox, said)
        if said.verdict is NO:
            return self._wrong(step, expectation, inbox, said)
        if expectation.optional and not inbox.holds and sentinel_behind(self._steps, self._at):
            self._arrivals.let_come(expectation, 1 + step.repeats)
            return None
        if self._observation.status is not None:
            if expectation.silence is not None and not (self._server or inbox.holds):
                self._judgement.warn(step, expectation.silence)
                return None
            dead = self._judgement.dead(step, expectation, inbox, said, self._observation.status)
            return self._finish(dead)
        return expectation.awaiting

    def _accepted(
        self, step: Expect, expectation: Expectation, inbox: Inbox, said: Said
    ) -> Action | None:
        inbox.met = True
        if said.closed:
            inbox.open = inbox.open and not said.over
            self._judgement.warn(step, said)
            return None
        if inbox.new_port or inbox.astray or not expectation.plain:
            wrong = self._judgement.against_spec(step, said, inbox, self.captures)
            if wrong:
                seen = self._judgement.compared(expectation, inbox, None)
                return self._fail(wrong, "bytes", seen)
            self._judgement.warn(step, said)
        if said.captures:
            self.captures.update(said.captures)
        self._arrivals.take(expectation, said, inbox)
        if self.silences.deferred:
            self.silences.answered(step)
        return None

    def _wrong(self, step: Expect, expectation: Expectation, inbox: Inbox, said: Said) -> Action:
        silence = self.silences.deferred.get(step.connection)
        if silence is not None and expectation.comes_behind(inbox):
            return self._finish(self._judgement.spoke(silence, inbox))
        return self._finish(self._judgement.wrong(step, expectation, inbox, said))

    # -- silence -----------------------------------------------------------------------------

    def _keep_silent(self, step: Expect, inbox: Inbox) -> Action | None:
        if self._arrivals.surplus(step.connection, self.captures):
            return self._finish(self._judgement.spoke(step, inbox))
        if sentinel_behind(self._steps, self._at):
            self.silences.defer(step)
        elif self._observation.status is None:
            return Await(Awaited.SILENCE, step.connection, step.place)
        return None

    # -- what comes --------------------------------------------------------------------------

    def _opened(self, signal: Opened) -> Action:
        if self._server:
            return self._next()
        self._arrivals.open(signal.connection)
        return self._advance()

    def _received(self, signal: Received) -> Action:
        self._arrivals.received(signal)
        return self._advance()

    def _ended(self, signal: Ended) -> Action:
        self._arrivals.ended(signal)
        return self._advance()

    def _printed(self, signal: Printed) -> Action:
        self._observation.print(signal.data)
        return self._advance()

    def _exited(self, signal: Exited) -> Action:
        self._observation.status = signal.status
        return self._advance()

    def _refused(self, signal: Refused) -> Action:
        step = self.step
        if isinstance(step, Open):
            reason = f"{self._judgement.who} does not take the connection: {signal.why}"
            return self._fail(reason, decided_by="end")
        if isinstance(step, Send | Stray | Craft):
            return self._next()  # what it said before it closed may be under way still
        if not self._server:  # a client that has its answer may be gone before a second one
            return self._advance()
        if signal.own_port:  # a talk that is over leaves its port
            return self._quiet(Rested(f"nobody listens on the talk's own port: {signal.why}"))
        reason = f"nobody listens on the UDP port any more: {signal.why}"
        return self._fail(reason, decided_by="end")

    def _quiet(self, signal: Rested | Expired) -> Action:
        """Nothing came, and nothing will."""
        step, judgement = self.step, self._judgement
        self.silences.waited(step, self._steps[-1] if self._steps else None, signal)
        if step is None:
            return self._too_much(self._arrivals.held()) or self._finish(PASSED)
        if isinstance(step, Look):
            missed = self._observation.missed(step, signal, self.captures)
            return self._followed(missed) or _DONE
        if isinstance(step, Send) and self._arrivals.get(step.connection) is not None:
            reason = f"{judgement.who} does not read on, and what was sent to it lies unread"
            return self._finish(judgement.quiet(step, reason, None, signal))
        if isinstance(step, Expect):
            return self._nothing_came(step, signal)
        what = "does not take the connection" if isinstance(step, Open) else "did not connect"
        return self._finish(judgement.quiet(step, f"{judgement.who} {what}", None, signal))

    def _nothing_came(self, step: Expect, signal: Rested | Expired) -> Action:
        expectation, judgement = self._expectation, self._judgement
        assert expectation is not None
        inbox = self._arrivals.get(step.connection)
        if expectation.silence is not None and not (inbox and inbox.holds):
            judgement.warn(step, expectation.silence)
            self._arrivals.let_come(expectation, 1 + step.repeats)  # whoever is slow says it still
            return self._next()
        if expectation.silent_only and inbox is not None:
            return self._finish(judgement.spoke(step, inbox))
        if inbox is None or (inbox.spent and not self._server):
            reason = f"{judgement.who} did not connect"
            return self._finish(judgement.quiet(step, reason, None, signal))
        reason = judgement.missing(expectation, inbox)
        said = expectation.judge(inbox, self.captures)
        comparison = judgement.compared(expectation, inbox, said.offset)
        return self._finish(judgement.quiet(step, reason, comparison, signal))

    # -- beside the wire ---------------------------------------------------------------------

    def _look(self, step: Look) -> Action | None:
        return self._followed(self._observation.look(step, self.captures))

    def _seen(self, signal: Found | Inspected) -> Action:
        step = self.step
        assert isinstance(step, Look | Inspect)
        return self._followed(self._observation.seen(step, signal)) or self._next()

    def _followed(self, seen: Action | Finding | None) -> Action | None:
        return self._finish(seen) if isinstance(seen, Finding) else seen

    # -- the end -----------------------------------------------------------------------------

    def _closing(self) -> Action:
        """After the last step: nothing more may come."""
        forbidden = self._observation.forbidden()
        if forbidden is not None:
            return self._finish(forbidden)
        surplus = self._too_much(self._arrivals.left_over(self.captures))
        if surplus is not None:
            return surplus
        status, last = self._observation.status, self._steps[-1] if self._steps else None
        if not self._arrivals.open_still(ended=self._server) or status is not None:
            return self._finish(after_all(self.plan, PASSED, status))
        return Await(Awaited.NOTHING_MORE, None, last.place if last else None)

    def _too_much(self, surplus: Iterator[tuple[Connection, Inbox]]) -> Action | None:
        connection, inbox = next(surplus, (None, None))
        if connection is None or inbox is None:
            return None
        silence = self.silences.deferred.get(connection)
        if silence is not None:
            return self._finish(self._judgement.spoke(silence, inbox))
        own = [each for each in self._expectations if each and each.connection == connection]
        step = own[-1].step if own else self._steps[-1]
        last = own[-1].matched if own else b""
        return self._finish(self._judgement.too_much(step, connection, last, inbox))

    def _fail(self, reason: str, decided_by: str, seen: Comparison | None = None) -> Action:
        return self._finish(self._judgement.finding(self.step, reason, seen, decided_by))

    def _finish(self, finding: Finding) -> Action:
        return self._conclusion.reached(finding, self._observation.status)
