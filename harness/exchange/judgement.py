"""Judgements: what is told of a target that did otherwise than it has to.

Belongs here: reasons in words, comparisons, hints, and what they are made from: what was
sent and in which pieces. Must not know: what is done next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import CodeType, TracebackType

from harness.errors import SpecError
from harness.exchange import diagnosis
from harness.exchange.action import Expired, Rested
from harness.exchange.expectation import Expectation, Said, described
from harness.exchange.inbox import Inbox
from harness.exchange.plan import Connection, Plan, Step
from harness.spec.model import Ending, Hook, Level, Origin, Prints, Role, Says, Transport
from harness.verdict import Comparison, Fault, Finding, Verdict, worst
from harness.wire.framing import DATAGRAM
from harness.wire.message import Scope


class Judgement:
    """Makes the findings of one play. `hint` is the last diagnosis, "" where there was none."""

    def __init__(self, plan: Plan) -> None:
        self.hint = ""
        self.who = f"the {plan.role}"
        self._warnings: list[Finding] = []
        self._plan = plan
        self._server = plan.role is Role.SERVER
        self._sent: dict[Connection, list[bytes]] = {}
        self._pieces: dict[Connection, tuple[bytes, ...]] = {}

    def sends(
        self, connection: Connection, messages: Sequence[bytes], pieces: tuple[bytes, ...]
    ) -> None:
        """Remembers what the harness says, and how the last of it is cut."""
        self._sent.setdefault(connection, []).extend(messages)
        self._pieces[connection] = pieces

    def has_sent(self, connection: Connection) -> list[bytes]:
        """Returns the messages that went out on a connection."""
        return self._sent.get(connection, [])

    def warn(self, step: Step, said: Said) -> None:
        """Remembers a match of an alternative that is less than right."""
        choice = said.choice
        if choice is not None and choice.level is not Level.MUST:
            reason = choice.reason or f"{self.who} did what it {choice.level} not do"
            self._warnings.append(Finding(Verdict.WARN, reason, Fault.TARGET, step.place))

    def leave_open(self, step: Step, what: str) -> None:
        """Remembers what nobody can see on this machine: the case proves less than it is for."""
        self._warnings.append(Finding(Verdict.UNSUPPORTED, what, Fault.MACHINE, step.place))

    def verdict(self, finding: Finding) -> Finding:
        """Returns the worst of this finding and all warnings."""
        return worst([*self._warnings, finding])

    def against_spec(self, step: Step, said: Said, inbox: Inbox, captures: Scope) -> str:
        """Returns what a match still breaks: its port, its time, the author's hook.

        Raises: SpecError where the hook itself fails.
        """
        act = said.choice.act if said.choice else None
        if not isinstance(act, Says):
            return ""
        own = act.origin is Origin.NEW_PORT
        if self._server and inbox.new_port is not own and act.origin is not Origin.ANY_PORT:
            wanted = "a port of its own" if own else "the port it was sent to"
            return f"{self.who} answered from the wrong port: wanted {wanted}"
        if not self._server and (inbox.astray or inbox.new_port):
            return _elsewhere(inbox.astray)
        if act.not_before is not None and inbox.at - inbox.before < act.not_before:
            return _too_soon(self.who, inbox.at - inbox.before, act.not_before)
        if act.hook is None:
            return ""
        return _told_by(act.hook, {**captures, **said.captures}, inbox.at, step)

    # -- findings --------------------------------------------------------------------------

    def finding(
        self,
        step: Step | None,
        reason: str,
        comparison: Comparison | None = None,
        decided_by: str = "",
    ) -> Finding:
        """Returns what is held against the target; blocked where the step is set-up."""
        setup = step is not None and step.setup
        verdict = Verdict.BLOCKED if setup else Verdict.FAIL
        if setup:
            reason = f"what this case rests on failed: {reason}"
        place = step.place if step is not None else self._plan.case.place
        return Finding(verdict, reason, Fault.TARGET, place, comparison, decided_by)

    def quiet(
        self,
        step: Step | None,
        reason: str,
        comparison: Comparison | None,
        signal: Rested | Expired,
    ) -> Finding:
        """Returns the finding where nothing came, with what proves that nothing will."""
        if isinstance(signal, Rested):
            decided, ending = "rest", "it waits for more"
        else:
            decided, ending = "deadline", f"{signal.seconds:.1f} s were not enough"
        if isinstance(signal, Expired) and signal.late:
            place = step.place if step is not None else self._plan.case.place
            late = f"{reason}, and {signal.late}"
            return Finding(Verdict.INCONCLUSIVE, late, Fault.MACHINE, place, comparison, decided)
        found = self.finding(step, f"{reason}: {ending}", comparison, decided)
        return replace(found, evidence=signal.evidence)

    def buried(self, finding: Finding, status: int) -> Finding:
        """Returns the finding about a connection's end where that was the program's end."""
        reason = f"{self.who} {diagnosis.ending(status)} in the middle of the exchange"
        return replace(finding, reason=reason, decided_by="exit")

    def dead(
        self, step: Step, expectation: Expectation, inbox: Inbox, said: Said, status: int
    ) -> Finding:
        """Returns the finding about a program that ended before its message was there."""
        comparison = self.compared(expectation, inbox, said.offset)
        return self.buried(self.finding(step, "", comparison), status)

    def spoke(self, step: Step, inbox: Inbox) -> Finding:
        """Returns the finding about bytes where there must be none."""
        comparison = Comparison("nothing", b"", inbox.data, 0)
        reason = f"{self.who} said {_count(inbox.data)} where it has to stay silent"
        return self.finding(step, reason, comparison, "bytes")

    def wrong(self, step: Step, expectation: Expectation, inbox: Inbox, said: Said) -> Finding:
        """Returns the finding about a message that cannot become the expected one."""
        comparison = self.compared(expectation, inbox, said.offset)
        if not inbox.holds and inbox.ended is not None:
            how = "reset" if inbox.ended is Ending.RESET else "closed"
            instead = (
                "instead of answering" if self.has_sent(expectation.connection) else "too early"
            )
            reason = f"{self.who} {how} the connection {instead}"
            return self.finding(step, reason, comparison, "end")
        if expectation.closes:
            reason = f"{self.who} said {_count(inbox.data)} instead of closing the connection"
        elif comparison.offset == len(inbox.data) and inbox.ended is not None:
            reason = f"{self.who} closed the connection in the middle of its message"
            return self.finding(step, reason, comparison, "end")
        else:
            reason = f"{self.who} said something else than it has to"
            reason += f": {said.why}" if said.why else ""
        return self.finding(step, reason, comparison, "bytes")

    def too_much(self, step: Step, connection: Connection, last: bytes, inbox: Inbox) -> Finding:
        """Returns the finding about bytes behind the last message."""
        before = last if connection.over is Transport.TCP else b""
        whole = before + inbox.data
        comparison = Comparison("nothing more", before, whole, len(before))
        self.hint = self._diagnosed(connection, before, whole)
        reason = f"{self.who} said {_count(inbox.data)} more than it has to"
        return self.finding(step, reason, comparison, "bytes")

    # -- parts of them ----------------------------------------------------------------------

    def missing(self, expectation: Expectation, inbox: Inbox) -> str:
        """Returns in words what did not come."""
        if expectation.closes:
            return f"{self.who} did not close the connection"
        verb = "answer" if self.has_sent(expectation.connection) else "say anything"
        if not inbox.holds:
            return f"{self.who} {'closed the connection' if inbox.ended else f'did not {verb}'}"
        return f"{self.who} said {_count(inbox.data)}, and the message is not complete"

    def printed_instead(self, act: Prints, captures: Scope, unread: bytes) -> Comparison:
        """Returns what should have been printed against what was."""
        expected = act.message.bind(captures, DATAGRAM).expected
        return Comparison(described(act.message, act.example), expected, unread or None, None)

    def compared(self, expectation: Expectation, inbox: Inbox, offset: int | None) -> Comparison:
        """Returns expected against actual, and diagnoses the difference, if it is in the bytes."""
        expected = expectation.expected
        if expected is not None and offset is not None:
            self.hint = self._diagnosed(expectation.connection, expected, inbox.data)
        actual = inbox.data if inbox.holds else None
        return Comparison(expectation.wanted, expected, actual, offset)

    def _diagnosed(self, connection: Connection, expected: bytes, actual: bytes) -> str:
        sent, cut = self.has_sent(connection), self._pieces.get(connection, ())
        return diagnosis.hint(diagnosis.Answer(expected, actual, sent, cut, self._plan.delivery))


def _elsewhere(astray: bool) -> str:
    if astray:
        return "the client answered to the port it had asked: wanted the one that spoke to it"
    return "the client spoke from another port than before, in the middle of the talk"


def _told_by(hook: Hook, known: Scope, at: float, step: Step) -> str:
    """Returns what a hook says. Raises: SpecError where it fails: its author's, like the spec."""
    try:
        told = hook.call(known, at)
    except Exception as exc:
        where = _line_of(hook, exc.__traceback__)
        message = f"the hook {hook.name} failed: {where}: {exc!r}"
        raise SpecError(step.place, message) from exc
    if told is not None and not isinstance(told, str):
        message = f"the hook {hook.name} returned {told!r}, wanted None or a text"
        raise SpecError(step.place, message)
    return told or ""


def _line_of(hook: Hook, trace: TracebackType | None) -> str:
    """Returns the last line that ran in the hook's own file, its first where none did."""
    code: CodeType = getattr(hook.call, "__code__")  # noqa: B009 - a Callable may have none
    line = code.co_firstlineno
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == code.co_filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{code.co_filename.rpartition('/')[2]}:{line}"


def _too_soon(who: str, seconds: float, wanted: float) -> str:
    return (
        f"{who} did not wait: this came {seconds:.3f} s after its datagram before, "
        f"{wanted:g} s is the least"
    )


def _count(data: bytes) -> str:
    return "1 byte" if len(data) == 1 else f"{len(data)} bytes"
