"""Expectations: what one event of the target may be, held against what has arrived.

Belongs here: alternatives, compiled once for a play. Must not know: what follows from a
match or a mismatch.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import repeat

from harness.exchange.action import Await, Awaited
from harness.exchange.inbox import Inbox
from harness.exchange.plan import (
    AnyStep,
    Expect,
    Plan,
    Send,
    Stray,
)
from harness.spec.model import Choice, Closes, Ending, Level, Origin, Role, Says, Silent, Transport
from harness.wire.framing import DATAGRAM
from harness.wire.message import Judge, Matched, Message, Mismatch, More


class Answered(enum.Enum):
    """How an expectation stands."""

    YES = "yes"
    NO = "no"
    NOT_YET = "not yet"


YES, NO, NOT_YET = Answered.YES, Answered.NO, Answered.NOT_YET
"""A name in a module costs a tenth of an enumeration's attribute, and each message looks often."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came of holding an expectation against an inbox.

    YES: `choice` was met by the first `length` bytes, or by the connection's end (`closed`).
    NO: `offset` bytes agree with the closest alternative, `why` says more in words.
    """

    verdict: Answered
    choice: Choice | None = None
    length: int = 0
    captures: Mapping[str, bytes] = field(default_factory=dict)
    offset: int = 0
    why: str = ""
    closed: bool = False

    @property
    def over(self) -> bool:
        """Says whether what comes next comes on another connection."""
        act = self.choice.act if self.choice else None
        return self.closed and isinstance(act, Closes) and act.how is not Ending.HALF


_STILL = Said(NOT_YET)
_LONG = 4096  # bytes of a message from which on it is not judged anew with every byte


class _Begun:
    """A long message as far as it was judged: a few bytes more that cannot end it change nothing.

    So what comes in many small pieces is not judged from its beginning with each of them.
    """

    def __init__(self, inbox: Inbox, more: More) -> None:
        self._inbox = inbox
        self._more = more
        self._judged = inbox.judged
        self._size = self._seen = inbox.size

    def goes_on(self, inbox: Inbox) -> bool:
        """Says whether what has come since cannot end the message, and is little."""
        if inbox is not self._inbox or inbox.judged != self._judged or inbox.whole:
            return False
        size, more, seen = inbox.size, self._more, self._seen
        self._seen = size
        if size <= seen:  # asked again where nothing came: this is to be known exactly
            return False
        if not (more.ends or more.size) or (size - self._size) * 8 > self._size:
            return False
        return size < more.size if more.size else more.ends not in inbox.since(seen)


def expectations(plan: Plan) -> list[Expectation | None]:
    """Returns an expectation for each Expect step; alike steps share one that never changes."""
    made = {id(s): Expectation(s, plan) for s in plan.distinct if isinstance(s, Expect)}
    found = [made.get(id(step)) for step in plan.steps]
    if not all(one.constant for one in made.values()):
        found = [
            one if one is None or one.constant else Expectation(one.step, plan) for one in found
        ]
    if plan.role is Role.SERVER:
        unordered = {Transport.UDP, *([Transport.TCP] if plan.suite.unordered else [])}
        if _asks_ahead(plan, unordered):
            _let_pass(plan.steps, found, unordered)
    return found


def _asks_ahead(plan: Plan, unordered: Set[Transport]) -> bool:
    """Says whether a request may go out before the one before it is answered."""
    sends = [step for step in plan.distinct if isinstance(step, Send)]
    if not any(step.connection.over in unordered for step in sends):
        return False
    in_a_row = bytes(map(isinstance, plan.steps, repeat((Send, Stray))))
    return b"\1\1" in in_a_row or any(len(step.says) > 1 for step in sends)


def _let_pass(
    steps: Sequence[AnyStep], found: Sequence[Expectation | None], unordered: Set[Transport]
) -> None:
    """Lets answers to requests that are under way together come in any order: UDP keeps none.

    A server that serves each datagram by a process of its own may be overtaken by itself.
    """
    asked, run, where = 0, list[Expectation](), None
    for step, one in zip(steps, found, strict=True):
        if isinstance(step, Send) and step.connection.over in unordered:
            if run or step.connection != where:
                asked, run, where = 0, [], step.connection
            asked += len(step.says)
        elif one is not None and one.connection == where and one.plain and one.constant:
            run.append(one)
            for earlier in run[:-1] if 1 < len(run) <= asked else ():
                earlier.behind |= {one}
        elif not isinstance(step, Stray):
            asked, run, where = 0, [], None


class Expectation:
    """One Expect step, ready to judge.

    `constant`: its messages are known before the play. `plain`: a match is all that is asked.
    `owed`: something has to come. `silence`: what it means that nothing does, where it may.
    `behind`: what follows, and may come before it.
    """

    def __init__(self, step: Expect, plan: Plan) -> None:
        self.step = step
        self.connection = step.connection
        self.matched = b""
        self.behind: frozenset[Expectation] = frozenset()
        acts = [choice.act for choice in step.choices]
        self.closes = all(isinstance(act, Closes) for act in acts)
        self.silent_only = all(isinstance(act, Silent) for act in acts)
        self.optional = not self.silent_only and any(isinstance(act, Silent) for act in acts)
        self.owed = not self.silent_only and not self.optional
        silences = (each for each in step.choices if isinstance(each.act, Silent))
        self.silence = next((Said(YES, each) for each in silences), None)
        kind = Awaited.CLOSE if self.closes else Awaited.ANSWER
        if self.optional:
            kind = Awaited.SILENCE
        self.awaiting = Await(kind, step.connection, step.place)
        self._framing = plan.framing if step.connection.over is Transport.TCP else DATAGRAM
        self._choices = step.choices
        self._judges: dict[int, Judge] = {}
        self._begun: _Begun | None = None
        self._met: Said | None = None  # the last one: most are alike
        self._bind_early(plan)
        self.constant = len(self._judges) == sum(isinstance(act, Says) for act in acts)
        self.plain = all(map(_is_plain, step.choices))
        self._only = self._judges.get(0) if len(acts) == 1 else None

    def _bind_early(self, plan: Plan) -> None:
        """Binds what needs no capture, before the clock runs."""
        for at, choice in enumerate(self._choices):
            if isinstance(choice.act, Says) and choice.act.message.references <= set(plan.scope):
                self._judges[at] = choice.act.message.bind(plan.scope, self._framing)

    @property
    def expected(self) -> bytes | None:
        """The exact bytes, where there is one message and they are known."""
        says = [at for at, choice in enumerate(self._choices) if isinstance(choice.act, Says)]
        judge = self._judges.get(says[0]) if len(says) == 1 else None
        return judge.expected if judge is not None else None

    @property
    def wanted(self) -> str:
        """What is expected, as the spec writes it; what earns a warning is not wanted."""
        right = [choice for choice in self._choices if choice.level is Level.MUST]
        return " or ".join(_described(choice) for choice in right or self._choices)

    def judge(self, inbox: Inbox, captures: Mapping[str, bytes]) -> Said:
        """Holds every alternative against what is there; the first that is met counts."""
        if not inbox.holds:
            return self._unsaid(inbox)
        if self._begun is not None and self._begun.goes_on(inbox):
            return _STILL
        if self._only is not None:
            data = inbox.known
            found = self._only.judge(inbox.data if data is None else data, inbox.whole)
            if type(found) is Matched:
                return self._said(inbox.data if data is None else data, self._choices[0], found)
        closest, possible = Said(NO), False
        for at, choice in enumerate(self._choices):
            if not isinstance(choice.act, Says):
                continue
            judge = self._judges.get(at) or self._bound(at, choice.act, captures)
            found = judge.judge(inbox.data, inbox.whole)
            if type(found) is Matched:
                return self._said(inbox.data, choice, found)
            if type(found) is More:
                possible = True
                if inbox.size >= _LONG:
                    self._begun = _Begun(inbox, found) if len(self._choices) == 1 else None
            elif isinstance(found, Mismatch) and found.offset >= closest.offset:
                closest = Said(NO, offset=found.offset, why=found.why)
        return _STILL if possible else closest

    def _said(self, data: bytes, choice: Choice, found: Matched) -> Said:
        length, met = found.length, self._met
        self.matched = data[:length]
        if met is None or met.length != length or met.choice is not choice or found.captures:
            met = self._met = Said(YES, choice, length, found.captures)
        return met

    def overtaken(self, inbox: Inbox, captures: Mapping[str, bytes]) -> Said:
        """Says whether what is there is, or may become, what may come before this."""
        found = [each.judge(inbox, captures) for each in self.behind]
        met = next((said for said in found if said.verdict is YES), None)
        begun = any(said.verdict is NOT_YET for said in found)
        return met or Said(NOT_YET if begun else NO)

    def comes_behind(self, inbox: Inbox) -> bool:
        """Says whether what is expected stands further back: something was said before it."""
        expected = self.expected
        return expected is not None and expected in inbox.data[1:]

    def _bound(self, at: int, says: Says, captures: Mapping[str, bytes]) -> Judge:
        judge = says.message.bind(captures, self._framing)
        self._judges[at] = judge
        return judge

    def _unsaid(self, inbox: Inbox) -> Said:
        if inbox.ended is None:
            return _STILL
        for choice in self._choices:
            if isinstance(choice.act, Closes) and _ends_as(choice.act.how, inbox.ended):
                return Said(YES, choice, closed=True)
            if isinstance(choice.act, Silent):
                return Said(YES, choice, closed=True)
        return Said(NO)


def _is_plain(choice: Choice) -> bool:
    """Says whether a match is all that is asked: no port, no time, no hook, no warning."""
    act = choice.act
    if not isinstance(act, Says) or choice.level is not Level.MUST:
        return False
    untimed = act.not_before is None and act.again is None
    return act.origin is Origin.USUAL and untimed and act.hook is None


def _ends_as(wanted: Ending, found: Ending) -> bool:
    if wanted is Ending.ANY:
        return True
    return (wanted is Ending.RESET) is (found is Ending.RESET)


def described(message: Message, example: Message | None) -> str:
    """Returns what is wanted in one line; a regular expression is shown by its example."""
    text = message.describe()
    return f"such as {example.describe()}" if example is not None and ":like(" in text else text


def _described(choice: Choice) -> str:
    act = choice.act
    if isinstance(act, Says):
        return described(act.message, act.example)
    return "silence" if isinstance(act, Silent) else f"the connection closed ({act.how})"
