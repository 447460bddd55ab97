"""The play: a state machine that says what to do next and judges what came of it.

Belongs here: the order of steps, arrivals against expectations. Must not know: sockets,
clocks, processes; time and the target's state come in as signals. Every wait ends by a
signal, and the first that settles a step decides it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.errors import HarnessError, SpecError
from harness.exchange import diagnosis
from harness.exchange.action import (
    Action,
    Await,
    Awaited,
    DoClose,
    DoFind,
    Done,
    DoOpen,
    DoRestart,
    DoSend,
    DoType,
    Ended,
    Exited,
    Expired,
    Found,
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
from harness.exchange.delivery import pieces
from harness.exchange.expectation import Answered, Expectation, Said
from harness.exchange.inbox import Inbox
from harness.exchange.plan import (
    Accept,
    AnyStep,
    Close,
    Connection,
    Expect,
    Look,
    Open,
    Plan,
    Restart,
    Send,
    Step,
    Stray,
    Type,
)
from harness.exchange.terminal import Terminal
from harness.spec.model import (
    Delivery,
    Ending,
    Exits,
    Prints,
    Role,
    Says,
    Stores,
    Transport,
)
from harness.verdict import PASSED, Comparison, Fault, Finding, Verdict, worst
from harness.wire.framing import DATAGRAM
from harness.wire.message import Matched

_DONE = Done()
_QUIET = (Rested, Expired)


class Play:
    """One play of a plan: `start`, then `feed` until Done; `finding` is the judgement."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.finding: Finding = PASSED
        self.hint = ""
        self.captures: dict[str, bytes] = dict(plan.scope)
        self._who = f"the {plan.role}"
        self._server = plan.role is Role.SERVER
        self._findings: list[Finding] = []
        self._post_mortem: Finding | None = None
        self._inboxes: dict[Connection, Inbox] = {}
        self._sent: dict[Connection, list[bytes]] = {}
        self._pieces: dict[Connection, tuple[bytes, ...]] = {}
        self._later: dict[Connection, list[Expectation]] = {}
        self._silences: dict[Connection, Step] = {}
        self._terminal = Terminal()
        self._status: int | None = None
        self._at = 0
        self._last_try = False
        self._steps = plan.steps
        self._now: Expectation | None = None
        self._expectations = [
            Expectation(step, plan) if isinstance(step, Expect) else None for step in plan.steps
        ]
        self._begin: dict[type[AnyStep], Callable[..., Action | None]] = {
            Open: self._open,
            Accept: self._accept,
            Send: self._send,
            Stray: self._stray,
            Close: self._close,
            Expect: self._expect,
            Type: self._type,
            Look: self._look,
            Restart: self._restart,
        }
        self._on: dict[type[Signal], Callable[..., Action]] = {
            Sent: self._done_as_asked,
            Opened: self._opened,
            Refused: self._refused,
            Received: self._received,
            Ended: self._ended,
            Printed: self._printed,
            Found: self._found,
            Exited: self._exited,
            Restarted: self._restarted,
            NotStarted: self._not_started,
            Rested: self._quiet,
            Expired: self._quiet,
        }

    def start(self) -> Action:
        """Returns the first action."""
        return self._advance()

    def feed(self, signal: Signal) -> Action:
        """Takes in what happened and returns what is next."""
        if self._post_mortem is not None:
            return self._after_death(signal)
        return self._on[type(signal)](signal)

    # -- going on ------------------------------------------------------------------------

    def _advance(self) -> Action:
        steps = self._steps
        while self._at < len(steps):
            step = steps[self._at]
            action = self._begin[type(step)](step)
            if action is not None:
                return action
            self._at += 1
        return self._closing()

    def _next(self) -> Action:
        self._at += 1
        self._last_try = False
        return self._advance()

    def _again(self) -> Action:
        """Looks at the step of now once more, after something came."""
        return self._advance()

    def _step(self) -> AnyStep | None:
        return self._steps[self._at] if self._at < len(self._steps) else None

    def _done_as_asked(self, signal: Sent) -> Action:
        return self._next()

    # -- the harness acts ------------------------------------------------------------------

    def _open(self, step: Open) -> Action:
        self._inboxes[step.connection] = Inbox(step.connection.over)
        self._later.pop(step.connection, None)
        return DoOpen(step.connection)

    def _send(self, step: Send) -> Action | None:
        inbox = self._inboxes.get(step.connection)
        if inbox is None:  # a client that has not come yet
            return Await(Awaited.CONNECT, step.connection, step.place)
        inbox.used = True
        messages = [self._bytes_of(says, step) for says in step.says]
        self._sent.setdefault(step.connection, []).extend(messages)
        if step.connection.over is Transport.UDP:
            return self._datagrams(step, messages)
        return self._stream(step.connection, messages)

    def _stream(self, connection: Connection, messages: list[bytes]) -> DoSend:
        delivery = self.plan.delivery
        cut: tuple[bytes, ...] = ()
        for message in messages:
            cut += pieces(message, delivery) if message else ()
        if delivery is Delivery.COALESCED:
            cut = (b"".join(messages),)
        self._pieces[connection] = cut
        return DoSend(connection, cut)

    def _datagrams(self, step: Send, messages: list[bytes]) -> DoSend:
        connection, delivery = step.connection, self.plan.delivery
        self._pieces[connection] = tuple(messages)
        copies = 2 if delivery is Delivery.REPEATED else 1
        moved = delivery is Delivery.FROM_ANOTHER_PORT and len(self._sent[connection]) > 1
        moved = moved or any(says.from_new_port for says in step.says)
        return DoSend(connection, tuple(messages) * copies, another_port=moved)

    def _stray(self, step: Stray) -> Action:
        return DoSend(step.connection, (step.data,), stray=True)

    def _bytes_of(self, says: Says, step: Send) -> bytes:
        if says.example is None or not says.message.open:
            return says.message.produce(self.captures)
        data = says.example.produce(self.captures)
        found = says.message.bind(self.captures, DATAGRAM).judge(data, ended=True)
        if not isinstance(found, Matched):
            raise SpecError(step.place, "the example does not satisfy its message")
        self.captures.update(found.captures)  # what it binds, it binds in both roles
        return data

    def _close(self, step: Close) -> Action:
        inbox = self._inboxes.get(step.connection)
        if inbox is not None and step.how is not Ending.HALF:
            inbox.open = False
        return DoClose(step.connection, step.how)

    def _type(self, step: Type) -> Action:
        return DoType(step.line.produce(self.captures).removesuffix(b"\n") + b"\n")

    def _restart(self, step: Restart) -> Action:
        self._inboxes.clear()
        return DoRestart()

    def _restarted(self, signal: Restarted) -> Action:
        self._status = None
        return self._next()

    def _not_started(self, signal: NotStarted) -> Action:
        reason = f"the server could not be started again on its port: {signal.why}"
        return self._fail(reason, decided_by="exit")

    # -- the target acts -------------------------------------------------------------------

    def _accept(self, step: Accept) -> Action | None:
        inbox = self._inboxes.get(step.connection)
        if inbox is not None and inbox.ended is None:
            return None
        return Await(Awaited.CONNECT, step.connection, step.place)

    def _expect(self, step: Expect) -> Action | None:
        expectation = self._expectations[self._at]
        assert expectation is not None
        inbox = self._inboxes.get(step.connection)
        if inbox is None or (self._gone_for_good(inbox) and not expectation.closes):
            return Await(Awaited.CONNECT, step.connection, step.place)
        if expectation.silent_only:
            return self._keep_silent(step, inbox)
        said = self._judged(expectation, inbox)
        if said.verdict is Answered.YES:
            return self._accepted(step, expectation, inbox, said)
        if said.verdict is Answered.NO:
            return self._wrong(step, expectation, inbox, said)
        if self._may_wait_for_sentinel(step, expectation, inbox):
            self._later.setdefault(step.connection, []).append(expectation)
            return None
        if self._status is not None:
            return self._dead(step, expectation, inbox, said)
        return expectation.awaiting

    def _gone_for_good(self, inbox: Inbox) -> bool:
        """A client may take a new connection for its next request."""
        return not self._server and inbox.ended is not None and inbox.used and not inbox.holds

    def _judged(self, expectation: Expectation, inbox: Inbox) -> Said:
        said = expectation.judge(inbox, self.captures)
        while said.verdict is Answered.NO and self._absorbed(expectation.connection, inbox):
            said = expectation.judge(inbox, self.captures)
        return said

    def _absorbed(self, connection: Connection, inbox: Inbox) -> bool:
        """Takes out what an earlier expectation lets come later: a repeat, an optional answer."""
        for earlier in self._later.get(connection, ()):
            if not inbox.holds:
                return False
            said = earlier.judge(inbox, self.captures)
            if said.verdict is Answered.YES and not said.closed:
                inbox.drop(said.length)
                self._warn(earlier.step, said)
                self._later[connection].remove(earlier)
                return True
        return False

    def _accepted(
        self, step: Expect, expectation: Expectation, inbox: Inbox, said: Said
    ) -> Action | None:
        if said.closed:
            self._warn(step, said)
            return None
        wrong = self._against_spec(said, inbox)
        if wrong:
            return self._fail(wrong, self._compared(expectation, inbox, said), "bytes")
        if said.captures:
            self.captures.update(said.captures)
        inbox.drop(said.length)
        self._warn(step, said)
        if step.repeats:
            self._later.setdefault(step.connection, []).append(expectation)
        return None

    def _against_spec(self, said: Said, inbox: Inbox) -> str:
        """Returns what a match still breaks: the port that it came from, the author's hook."""
        act = said.choice.act if said.choice else None
        if not isinstance(act, Says):
            return ""
        if inbox.new_port is not act.from_new_port and self._server:
            wanted = "a port of its own" if act.from_new_port else "the port it was sent to"
            return f"{self._who} answered from the wrong port: wanted {wanted}"
        if act.hook is None:
            return ""
        try:
            return act.hook.call({**self.captures, **said.captures}, inbox.at) or ""
        except Exception as exc:
            raise HarnessError(f"the hook {act.hook.name} failed: {exc!r}") from exc

    def _warn(self, step: Expect, said: Said) -> None:
        choice = said.choice
        if choice is not None and choice.level.value != "must":
            reason = choice.reason or f"{self._who} did what it {choice.level} not do"
            self._findings.append(Finding(Verdict.WARN, reason, Fault.TARGET, step.place))

    # -- silence -----------------------------------------------------------------------------

    def _keep_silent(self, step: Expect, inbox: Inbox) -> Action | None:
        if inbox.holds:
            return self._spoke(step, inbox)
        if self._sentinel_after(step.connection):
            self._silences[step.connection] = step
            return None
        if self._status is not None:
            return None
        return Await(Awaited.SILENCE, step.connection, step.place)

    def _sentinel_after(self, connection: Connection) -> bool:
        for later in self._steps[self._at + 1 :]:
            if isinstance(later, Expect) and later.connection == connection:
                return any(isinstance(choice.act, Says) for choice in later.choices)
            if isinstance(later, Close | Open | Restart):
                return False
        return False

    def _may_wait_for_sentinel(self, step: Expect, expectation: Expectation, inbox: Inbox) -> bool:
        return expectation.optional and not inbox.holds and self._sentinel_after(step.connection)

    def _spoke(self, step: Step, inbox: Inbox) -> Action:
        self._place(step)
        comparison = Comparison("nothing", b"", inbox.data, 0)
        reason = f"{self._who} said {_count(inbox.data)} where it has to stay silent"
        return self._finish(self._finding(step, reason, comparison, "bytes"))

    # -- what comes --------------------------------------------------------------------------

    def _opened(self, signal: Opened) -> Action:
        if self._server:
            return self._next()
        self._inboxes[signal.connection] = Inbox(signal.connection.over)
        return self._again()

    def _received(self, signal: Received) -> Action:
        inbox = self._inboxes.get(signal.connection)
        if inbox is None:
            inbox = self._inboxes[signal.connection] = Inbox(signal.connection.over)
        inbox.add(signal)
        return self._again()

    def _ended(self, signal: Ended) -> Action:
        inbox = self._inboxes.get(signal.connection)
        if inbox is not None:
            inbox.ended = signal.how
        return self._again()

    def _printed(self, signal: Printed) -> Action:
        self._terminal.add(signal.data)
        return self._again()

    def _exited(self, signal: Exited) -> Action:
        self._status = signal.status
        return self._again()

    def _refused(self, signal: Refused) -> Action:
        step = self._step()
        if isinstance(step, Open):
            reason = f"{self._who} does not take the connection: {signal.why}"
            return self._fail(reason, decided_by="end")
        if isinstance(step, Send):  # what it said before it closed may still be under way
            return self._next()
        reason = f"nobody listens on the UDP port any more: {signal.why}"
        return self._fail(reason, decided_by="end")

    def _quiet(self, signal: Rested | Expired) -> Action:
        step = self._step()
        if step is None:
            return self._finish_passed()
        if isinstance(step, Look):
            return self._nothing_to_see(step, signal)
        if isinstance(step, Send):
            reason = f"{self._who} has not read what was sent to it"
            return self._fail_quiet(reason, None, signal)
        if isinstance(step, Expect):
            return self._nothing_came(step, signal)
        return self._fail_quiet(f"{self._who} did not connect", None, signal)

    def _nothing_came(self, step: Expect, signal: Rested | Expired) -> Action:
        expectation = self._expectations[self._at]
        if expectation is None or expectation.optional or expectation.silent_only:
            return self._next()
        inbox = self._inboxes.get(step.connection)
        if inbox is None or self._gone_for_good(inbox):
            return self._fail_quiet(f"{self._who} did not connect", None, signal)
        said = expectation.judge(inbox, self.captures)
        comparison = self._compared(expectation, inbox, said)
        return self._fail_quiet(self._missing(expectation, inbox), comparison, signal)

    def _missing(self, expectation: Expectation, inbox: Inbox) -> str:
        if expectation.closes:
            return f"{self._who} did not close the connection"
        verb = "answer" if self._sent.get(expectation.connection) else "say anything"
        if not inbox.holds:
            return f"{self._who} did not {verb}"
        return f"{self._who} said {_count(inbox.data)}, and the message is not complete"

    # -- beside the wire ---------------------------------------------------------------------

    def _look(self, step: Look) -> Action | None:
        act = step.act
        if isinstance(act, Stores):
            return DoFind(act.content.produce(self.captures), outside=act.never)
        if isinstance(act, Exits):
            return self._ended_well(step, act)
        judge = act.message.bind(self.captures, DATAGRAM)
        if act.never:
            self._terminal.forbid(step, judge)
            return self._forbidden()
        if self._terminal.take(judge):
            return None
        if self._status is None:
            return Await(Awaited.OUTPUT, None, step.place)
        return self._nothing_to_see(step, Rested(diagnosis.ending(self._status)))

    def _ended_well(self, step: Look, act: Exits) -> Action | None:
        if self._status is None:
            return Await(Awaited.EXIT, None, step.place)
        right = self._status != 0 if act.nonzero else act.code in (None, self._status)
        if right:
            return None
        wanted = "another code than 0" if act.nonzero else f"code {act.code}"
        reason = f"{self._who} {diagnosis.ending(self._status)}, wanted {wanted}"
        return self._fail(reason, decided_by="exit")

    def _found(self, signal: Found) -> Action:
        step = self._step()
        if isinstance(step, Look) and isinstance(step.act, Stores) and step.act.never:
            reason = f"{self._who} wrote a file outside its working folder"
            return self._fail(reason, decided_by="rest") if signal.here else self._next()
        if signal.here or step is None:
            return self._next()
        if self._status is not None or self._last_try:
            return self._fail(f"{self._who} stored no file with this content", decided_by="rest")
        return Await(Awaited.FILE, None, step.place)

    def _nothing_to_see(self, step: Look, signal: Rested | Expired) -> Action:
        act = step.act
        if isinstance(act, Stores) and not self._last_try:
            self._last_try = True
            return DoFind(act.content.produce(self.captures))
        if isinstance(act, Prints):
            return self._fail_quiet(self._unprinted(act), self._printed_instead(act), signal)
        if isinstance(act, Exits):
            return self._fail_quiet(f"{self._who} did not end", None, signal)
        return self._fail_quiet(f"{self._who} stored no file with this content", None, signal)

    def _unprinted(self, act: Prints) -> str:
        return f"{self._who} did not print what it has to"

    def _printed_instead(self, act: Prints) -> Comparison:
        expected = act.message.bind(self.captures, DATAGRAM).expected
        return Comparison(act.message.describe(), expected, self._terminal.unread or None, 0)

    def _forbidden(self) -> Action | None:
        broken = self._terminal.broken()
        if broken is None:
            return None
        step, shown = broken
        comparison = Comparison("output without it", None, shown)
        reason = f"{self._who} printed what it must not print"
        return self._finish(self._finding(step, reason, comparison, "bytes"))

    # -- the end -----------------------------------------------------------------------------

    def _closing(self) -> Action:
        """After the last step: nothing more may come."""
        forbidden = self._forbidden()
        if forbidden is not None:
            return forbidden
        for connection, inbox in self._inboxes.items():
            while inbox.holds and self._absorbed(connection, inbox):
                pass
            if inbox.holds:
                return self._too_much(connection, inbox)
        still = any(inbox.open and inbox.ended is None for inbox in self._inboxes.values())
        if not still or self._status is not None:
            return self._crashed() or self._finish_passed()
        return Await(Awaited.NOTHING_MORE, None, self._steps[-1].place if self._steps else None)

    def _crashed(self) -> Action | None:
        if not self._server or self._status is None or self._status >= 0 or not self._steps:
            return None
        reason = f"{self._who} {diagnosis.ending(self._status)} after its last answer"
        return self._finish(self._finding(self._steps[-1], reason, None, "exit"))

    def _too_much(self, connection: Connection, inbox: Inbox) -> Action:
        step = next(
            (s for s in reversed(self._steps) if getattr(s, "connection", None) == connection),
            self._steps[-1],
        )
        silence = self._silences.get(connection)
        if silence is not None:
            return self._spoke(silence, inbox)
        last = self._last_message(connection)
        whole = last + inbox.data
        comparison = Comparison("nothing more", last, whole, len(last))
        self.hint = self._diagnosed(connection, last, whole)
        reason = f"{self._who} said {_count(inbox.data)} more than it has to"
        return self._finish(self._finding(step, reason, comparison, "bytes"))

    def _last_message(self, connection: Connection) -> bytes:
        for expectation in reversed(self._expectations):
            if expectation is not None and expectation.connection == connection:
                return expectation.matched if connection.over is Transport.TCP else b""
        return b""

    def _finish_passed(self) -> Action:
        return self._finish(PASSED)

    def _finish(self, finding: Finding) -> Action:
        self.finding = worst([*self._findings, finding])
        self._at = len(self._steps)
        return _DONE

    # -- failing -----------------------------------------------------------------------------

    def _wrong(self, step: Expect, expectation: Expectation, inbox: Inbox, said: Said) -> Action:
        silence = self._silences.get(step.connection)
        comparison = self._compared(expectation, inbox, said)
        if not inbox.holds and inbox.ended is not None:
            how = "reset" if inbox.ended is Ending.RESET else "closed"
            instead = "instead of answering" if self._sent.get(step.connection) else "too early"
            return self._mortal(f"{self._who} {how} the connection {instead}", comparison)
        if silence is not None and expectation.comes_behind(inbox, self.captures):
            return self._spoke(silence, inbox)
        reason = f"{self._who} said something else than it has to"
        if expectation.closes:
            reason = f"{self._who} said {_count(inbox.data)} instead of closing the connection"
        elif comparison.offset == len(inbox.data) and inbox.ended is not None:
            reason = f"{self._who} closed the connection in the middle of its message"
            return self._mortal(reason, comparison)
        elif said.why:
            reason = f"{reason}: {said.why}"
        return self._fail(reason, comparison, "bytes")

    def _dead(self, step: Expect, expectation: Expectation, inbox: Inbox, said: Said) -> Action:
        status = self._status if self._status is not None else 0
        reason = f"{self._who} {diagnosis.ending(status)} in the middle of the exchange"
        return self._fail(reason, self._compared(expectation, inbox, said), "exit")

    def _mortal(self, reason: str, comparison: Comparison) -> Action:
        """A connection that ends may be all that is seen of a crash: wait for the rest of it."""
        finding = self._finding(self._step(), reason, comparison, "end")
        if self._status is not None:
            return self._buried(finding, self._status)
        self._post_mortem = finding
        return Await(Awaited.EXIT, None, finding.place)

    def _after_death(self, signal: Signal) -> Action:
        finding = self._post_mortem
        if finding is None:
            return _DONE
        if isinstance(signal, Exited):
            return self._buried(finding, signal.status)
        if isinstance(signal, _QUIET):
            return self._finish(finding)
        return Await(Awaited.EXIT, None, finding.place)

    def _buried(self, finding: Finding, status: int) -> Action:
        reason = f"{self._who} {diagnosis.ending(status)} in the middle of the exchange"
        return self._finish(replace(finding, reason=reason, decided_by="exit"))

    def _fail(
        self, reason: str, comparison: Comparison | None = None, decided_by: str = ""
    ) -> Action:
        finding = self._finding(self._step(), reason, comparison, decided_by)
        if decided_by == "end":
            self._post_mortem = finding
            return Await(Awaited.EXIT, None, finding.place)
        return self._finish(finding)

    def _fail_quiet(
        self, reason: str, comparison: Comparison | None, signal: Rested | Expired
    ) -> Action:
        if isinstance(signal, Rested):
            decided, ending = "rest", "it waits for more"
        else:
            decided, ending = "deadline", f"{signal.seconds:.1f} s were not enough"
        finding = self._finding(self._step(), f"{reason}: {ending}", comparison, decided)
        return self._finish(replace(finding, evidence=signal.evidence))

    def _finding(
        self, step: Step | None, reason: str, comparison: Comparison | None, decided_by: str
    ) -> Finding:
        setup = step is not None and step.setup
        verdict = Verdict.BLOCKED if setup else Verdict.FAIL
        if setup:
            reason = f"what this case rests on failed: {reason}"
        place = step.place if step is not None else self.plan.case.place
        return Finding(verdict, reason, Fault.TARGET, place, comparison, decided_by)

    def _place(self, step: Step) -> None:
        self._at = next((at for at, each in enumerate(self._steps) if each is step), self._at)

    def _compared(self, expectation: Expectation, inbox: Inbox, said: Said) -> Comparison:
        expected = expectation.expected
        if expected is not None:
            self.hint = self._diagnosed(expectation.connection, expected, inbox.data)
        actual = inbox.data if inbox.holds else None
        return Comparison(expectation.wanted, expected, actual, said.offset)

    def _diagnosed(self, connection: Connection, expected: bytes, actual: bytes) -> str:
        sent, cut = self._sent.get(connection, []), self._pieces.get(connection, ())
        return diagnosis.hint(diagnosis.Answer(expected, actual, sent, cut, self.plan.delivery))


def _count(data: bytes) -> str:
    return "1 byte" if len(data) == 1 else f"{len(data)} bytes"
