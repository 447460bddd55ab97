"""A talk: two plays of one case, face to face in memory, with no socket between them.

What one play does is a signal to the other, in the pieces and with the bounds of the
transport. Where both wait, the one that waits for silence is told that the other rests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterator
from dataclasses import replace

from harness.errors import Place
from harness.exchange.action import (
    Action,
    Await,
    Awaited,
    DoClose,
    DoFind,
    DoImpair,
    DoInspect,
    DoListen,
    Done,
    DoOpen,
    DoRestart,
    DoSend,
    DoType,
    Ended,
    Exited,
    Found,
    Inspected,
    Opened,
    Printed,
    Received,
    Refused,
    Restarted,
    Rested,
    Sent,
    Signal,
)
from harness.exchange.plan import (
    STRANGERS,
    AnyStep,
    Connection,
    Expect,
    Impair,
    Look,
    Plan,
    Send,
)
from harness.exchange.planning import make_plan, steps_of, swapped
from harness.exchange.play import Play
from harness.spec.model import (
    Act,
    AnyOf,
    Case,
    Choice,
    Delivery,
    Ending,
    Exits,
    Prints,
    Role,
    Says,
    Silent,
    Suite,
    Transport,
)
from harness.wire.parts import Hole, Literal
from harness.wire.template import Template

_MOUTHFUL = 7  # bytes that a slow reader takes at a time
_LONGEST = 200_000  # signals; more is a circle

Tamper = Callable[[Connection, tuple[bytes, ...]], tuple[bytes, ...]]


class Side:
    """One play, what it does now, and what it has not been told yet."""

    def __init__(self, plan: Plan) -> None:
        self.play = Play(plan)
        self.plan = plan
        self.pending: deque[Signal] = deque()
        self.action: Action = self.play.start()
        self.writable: set[Connection] = set()
        self.deaf: set[Connection] = set()

    @property
    def done(self) -> bool:
        return isinstance(self.action, Done)

    def feed(self, signal: Signal) -> None:
        self.action = self.play.feed(signal)

    def forget(self, connection: Connection) -> None:
        """What came on a connection that is opened anew came to the old one."""
        kept = [each for each in self.pending if getattr(each, "connection", None) != connection]
        self.pending = deque(kept)


class Talk:
    """`tested` is the play that is looked at; `tamper` changes what its peer puts out."""

    def __init__(
        self, tested: Plan, peer: Plan, clock: float = 0.0, tamper: Tamper | None = None
    ) -> None:
        self.tested, self.peer = Side(tested), Side(peer)
        self._clock = clock
        self._pause = 1.5 * max(_pauses(tested), default=0.0)  # floats do not add up exactly
        self._tamper = tamper
        if tested.heeds_strangers:
            self.tested.writable.add(STRANGERS)
            self.peer.writable.add(STRANGERS)

    def run(self) -> Play:
        """Plays both to the end and returns the tested play."""
        sides = (self.tested, self.peer)
        for _ in range(_LONGEST):
            told = [self._told(side) for side in sides if not side.done]
            if all(side.done for side in sides):
                return self.tested.play
            if not any(told):
                self._rest(next(s for s in sorted(sides, key=_patience) if not s.done))
        raise AssertionError("the talk goes round in a circle")

    def _rest(self, side: Side) -> None:
        side.feed(Rested("both wait"))
        self._leave(side)

    def _told(self, side: Side) -> bool:
        signal = self._done(side)
        if signal is None:
            return False
        side.feed(signal)
        self._leave(side)
        return True

    def _leave(self, side: Side) -> None:
        """Whoever is done closes all that it has open."""
        if side.done:
            for connection in sorted(side.writable, key=str):
                self._close(side, DoClose(connection, Ending.FIN))

    def _other(self, side: Side) -> Side:
        return self.peer if side is self.tested else self.tested

    def _done(self, side: Side) -> Signal | None:
        match side.action:
            case DoOpen() as action:
                return self._open(side, action)
            case DoSend() as action:
                return self._send(side, action)
            case DoClose() as action:
                return self._close(side, action)
            case DoType() | DoImpair():  # no wire is between them
                return Sent()
            case DoInspect():
                return Inspected()
            case DoListen() as action:
                side.deaf -= {action.connection}
                side.deaf |= set() if action.on else {action.connection}
                return Sent()
            case DoFind() as action:
                return Found(not action.outside)
            case DoRestart():
                self.tested.writable.clear()
                self.peer.writable.clear()
                side.pending.clear()
                return Restarted()
            case Await() as action:
                if side.pending and action.kind is not Awaited.OUTPUT:
                    return side.pending.popleft()
                shown = _beside_the_wire(side, action)
                return side.pending.popleft() if shown is None and side.pending else shown
        return None

    def _open(self, side: Side, action: DoOpen) -> Signal:
        self.tested.writable.add(action.connection)
        self.peer.writable.add(action.connection)
        side.forget(action.connection)
        if action.connection.over is Transport.TCP:
            self._other(side).pending.append(Opened(action.connection))
        return Opened(action.connection)

    def _send(self, side: Side, action: DoSend) -> Signal:
        connection = action.connection
        if action.stray:
            return Sent()
        if connection not in side.writable:
            return Refused(connection, "the connection is closed")
        pieces = action.pieces
        if self._tamper is not None and side is self.peer:
            pieces = self._tamper(connection, pieces)
        other = self._other(side)
        new_port = action.another_port and side.plan.role is Role.CLIENT
        for piece in pieces if connection not in other.deaf else ():
            for bite in self._bites(other, connection, piece):
                self._clock += self._pause if side is self.peer else 0.0
                other.pending.append(Received(connection, bite, self._clock, new_port))
        return Sent()

    def _bites(self, reader: Side, connection: Connection, piece: bytes) -> Iterator[bytes]:
        if connection.over is Transport.UDP:
            yield piece
            return
        slow = reader is self.tested and reader.plan.delivery is Delivery.SLOW_READER
        size = _MOUTHFUL if slow and len(piece) < 1000 else max(1, len(piece))
        for at in range(0, len(piece), size):
            yield piece[at : at + size]

    def _close(self, side: Side, action: DoClose) -> Signal:
        connection, other = action.connection, self._other(side)
        if connection in side.writable:
            side.writable.discard(connection)
            if connection.over is Transport.TCP:
                how = Ending.RESET if action.how is Ending.RESET else Ending.FIN
                other.pending.append(Ended(connection, how))
        if action.how is not Ending.HALF:
            other.writable.discard(connection)
        return Sent()


def _pauses(plan: Plan) -> Iterator[float]:
    """Yields the seconds that the peer has to let pass before what it says."""
    for step in plan.steps:
        for choice in step.choices if isinstance(step, Expect) else ():
            if isinstance(choice.act, Says) and choice.act.not_before is not None:
                yield choice.act.not_before


def _patience(side: Side) -> tuple[bool, int]:
    """Orders those that wait for nothing first, and of two the one further back."""
    action, events = side.action, side.plan.case.exchange
    if not isinstance(action, Await) or action.kind is Awaited.NOTHING_MORE:
        return False, len(events)
    at, event = next((at, e) for at, e in enumerate(events) if e.place == action.place)
    return not may_be_silent(event.act), at


def may_be_silent(act: Act) -> bool:
    """Says whether an event is met by silence."""
    choices = act.choices if isinstance(act, AnyOf) else (Choice(act),)
    return any(isinstance(choice.act, Silent) for choice in choices)


def _beside_the_wire(side: Side, action: Await) -> Signal | None:
    """What the program itself would print, or how it would end."""
    looks = (s for s in side.plan.steps if isinstance(s, Look) and s.place == action.place)
    act = next(looks, None)
    match act.act if act else None:
        case Prints(message, _, example) if action.kind is Awaited.OUTPUT:
            text = example if message.open and example else message
            return Printed(b"> " + text.produce(side.play.captures) + b"\n")
        case Exits(code, nonzero) if action.kind is Awaited.EXIT:
            return Exited(code or int(nonzero))
    return None


# -- plans ---------------------------------------------------------------------------------


def plans(
    suite: Suite, case: Case, role: Role, delivery: Delivery, **parameters: str
) -> tuple[Plan, Plan]:
    """Returns the plan of a play, and that of a peer which does what it wants."""
    tested = make_plan(suite, case, role, delivery, 1, parameters)
    plain = Delivery.REPEATED if delivery is Delivery.REPEATED else Delivery.WHOLE
    peer = make_plan(suite, case, role.other, plain, 1, parameters)
    if delivery is Delivery.REORDERED:
        peer = replace(peer, steps=tuple(_as_reordered(case, role)))
    elif delivery in (Delivery.LOST_REQUEST, Delivery.LOST_REPLY):
        lost = {(s.place, s.connection) for s in tested.steps if isinstance(s, Impair)}
        back = 0 if delivery is Delivery.LOST_REQUEST else 1
        peer = replace(peer, steps=tuple(_saying_again(peer.steps, lost, back)))
    return tested, replace(peer, steps=tuple(_filled(peer.steps)), scope=tested.scope)


def _saying_again(
    steps: tuple[AnyStep, ...], lost: Container[tuple[Place, Connection]], back: int
) -> Iterator[AnyStep]:
    """Yields the peer's steps, what is lost a second time; so many steps before it, too."""
    for at, step in enumerate(steps):
        yield step
        if isinstance(step, Send) and (step.place, step.connection) in lost:
            yield from steps[at - back : at + 1]


def _as_reordered(case: Case, role: Role) -> Iterator[AnyStep]:
    """Yields the peer's steps in the order in which the other side swaps its own."""
    left = [replace(case, exchange=(event,)) for event in case.exchange]
    for step in swapped(steps_of(case, role)):
        found = next((one for one in left if step in steps_of(one, role)[-1:]), None)
        if found is not None:
            left.remove(found)
            yield from steps_of(found, role.other)


# -- what a case leaves open -----------------------------------------------------------------


def _filled(steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    """Yields the steps with examples where the case, made for one role alone, has none."""
    for at, step in enumerate(steps):
        if isinstance(step, Send):
            step = replace(step, says=tuple(_with_example(says, at) for says in step.says))
        yield step


def _with_example(says: Says, at: int) -> Says:
    if says.example is not None or not isinstance(says.message, Template):
        return says
    parts = [_sample(part, at) if isinstance(part, Hole) else part for part in says.message.parts]
    return replace(says, example=Template(tuple(parts)))


def _sample(hole: Hole, at: int) -> Literal:
    if hole.kind == "one":
        return Literal(hole.words[at % len(hole.words)].encode())
    return Literal(b"1" * max(1, hole.low))
