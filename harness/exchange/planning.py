"""Planning: how a case's events become the steps of one side.

Belongs here: who acts and who is watched, opens that go without saying, requests sent
ahead or in another order. Must not know: how a step is played.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from harness.errors import UsageError
from harness.exchange.losses import lossy, lost_replies, lost_requests
from harness.exchange.plan import (
    STRANGERS,
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
    Type,
)
from harness.spec.model import (
    Act,
    AnyOf,
    CallsNobody,
    Case,
    Choice,
    Closes,
    Crafts,
    Delivery,
    Ending,
    Event,
    Exits,
    GoesOn,
    Impairs,
    LetsGo,
    Opens,
    Origin,
    Prints,
    Reads,
    Restarts,
    Role,
    Says,
    Silent,
    Stores,
    Suite,
    Transport,
    Types,
)
from harness.wire.framing import DATAGRAM

STRAYS: Mapping[Delivery, bytes] = MappingProxyType(
    {Delivery.AFTER_EMPTY: b"", Delivery.AFTER_OVERSIZED: bytes(65_507)}
)
"""What a stranger sends before each request."""


def make_plan(
    suite: Suite,
    case: Case,
    role: Role,
    delivery: Delivery,
    seed: int,
    overrides: Mapping[str, str],
) -> Plan:
    """Returns the plan of one play. Raises: UsageError for an override of no parameter."""
    unknown = sorted(set(overrides) - set(suite.parameters))
    if unknown:
        known = ", ".join(suite.parameters) or "none"
        raise UsageError(f"{suite.id} has no parameter {unknown[0]!r} (it has: {known})")
    steps = steps_of(case, role)
    if delivery is Delivery.COALESCED:
        steps = ahead_of_answers(steps, suite.pipelined)
    elif delivery is Delivery.REORDERED:
        steps = swapped(steps)
    elif delivery is Delivery.REPEATED:
        steps = tuple(_repeating(step) for step in steps)
    elif delivery is Delivery.LOST_REQUEST:
        steps = lost_requests(steps)
    elif delivery is Delivery.LOST_REPLY:
        steps = lost_replies(steps)
    elif delivery is Delivery.LOSSY:
        steps = lossy(steps, role)
    elif delivery in STRAYS:
        steps = tuple(_after_strays(steps, STRAYS[delivery]))
    scope = _scope(suite, case, delivery, seed, overrides)
    framing = suite.framing if Transport.TCP in suite.transports else DATAGRAM
    return Plan(suite, case, role, delivery, seed, framing, steps, scope)


def _scope(
    suite: Suite, case: Case, delivery: Delivery, seed: int, overrides: Mapping[str, str]
) -> dict[str, bytes]:
    if not suite.parameters:
        return {}
    rng = random.Random(f"{seed}/{suite.id}/{case.id}/{delivery}")
    scope = {}
    for name, each in suite.parameters.items():
        drawn = each.draw(rng)
        given = overrides.get(name)  # bytes of the command line that are no UTF-8 are those bytes
        scope[name] = drawn if given is None else given.encode("utf-8", "surrogateescape")
    return scope


# -- events to steps -----------------------------------------------------------------------


def steps_of(case: Case, role: Role) -> tuple[AnyStep, ...]:
    """Returns the steps of the harness where the target plays `role`."""
    made: dict[int, tuple[AnyStep, ...]] = {}  # an event that is repeated makes its steps once
    for event in case.exchange:
        if id(event) not in made:
            made[id(event)] = tuple(_steps(event, role))
    steps = tuple(step for event in case.exchange for step in made[id(event)])
    return tuple(_by_hand(_opened(steps), steps)) if role is Role.SERVER else steps


def _by_hand(opened: Iterator[AnyStep], steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    """Lets connections of TCP on which a segment is crafted be made by hand as a whole."""
    crafted = {
        step.connection
        for step in steps
        if isinstance(step, Craft) and step.connection.over is Transport.TCP
    }
    for step in opened:
        by_hand = isinstance(step, Open) and step.connection in crafted
        yield replace(step, by_hand=True) if by_hand and isinstance(step, Open) else step


def _steps(event: Event, role: Role) -> Iterator[AnyStep]:
    where, setup = event.place, event.setup
    connection = Connection(event.client, event.over)
    act = event.act
    if isinstance(act, Types):
        if event.by is role:
            yield Type(where, setup, act.line)
    elif isinstance(act, Prints | Stores | Exits):
        if event.by is role:
            yield Look(where, setup, act)
    elif isinstance(act, Restarts):
        if role is Role.SERVER:
            yield Restart(where, setup)
    elif isinstance(act, Impairs):
        yield Impair(where, setup, connection, event.by, act.schedule)
    elif isinstance(act, GoesOn):
        if event.by is role:
            yield Release(where, setup, connection)
    elif isinstance(act, Crafts):
        if event.by is not role:
            yield Craft(where, setup, connection, act.packet, act.says)
    elif isinstance(act, Reads | LetsGo | CallsNobody):
        if event.by is role:
            yield Inspect(where, setup, connection, act)
        elif isinstance(act, Reads):
            yield Listen(where, setup, connection, act.on)
    elif event.by is role:
        if not _unseen(act, event.over):
            yield _awaited(act, event, connection)
    else:
        yield from _done(act, event, connection)


def _unseen(act: Act, over: Transport) -> bool:
    """Says whether nothing of it shows: the end of a UDP socket, what a stranger would say."""
    if isinstance(act, Says):
        return act.origin is Origin.STRANGER
    return isinstance(act, Closes) and over is Transport.UDP


def _awaited(
    act: Says | Silent | Closes | AnyOf | Opens, event: Event, connection: Connection
) -> AnyStep:
    if isinstance(act, Opens):
        return Accept(event.place, event.setup, connection)
    choices = act.choices if isinstance(act, AnyOf) else (Choice(act),)
    return Expect(event.place, event.setup, connection, choices)


def _done(
    act: Says | Silent | Closes | AnyOf | Opens, event: Event, connection: Connection
) -> Iterator[AnyStep]:
    chosen = act.choices[0].act if isinstance(act, AnyOf) else act
    if isinstance(chosen, Says):
        yield Send(event.place, event.setup, connection, (chosen,))
    elif isinstance(chosen, Opens):
        yield Open(event.place, event.setup, connection)
    elif isinstance(chosen, Closes):
        how = Ending.FIN if chosen.how is Ending.ANY else chosen.how
        yield Close(event.place, event.setup, connection, how)


_ON_ONE = (Send, Craft, Expect, Close, Impair, Listen)


def _opened(steps: Iterable[AnyStep]) -> Iterator[AnyStep]:
    """Adds the opens that go without saying: at first use, and after an end."""
    standing = {STRANGERS}
    for step in steps:
        if isinstance(step, Restart):
            standing = {STRANGERS}
        elif isinstance(step, Open):
            standing.add(step.connection)
        elif isinstance(step, _ON_ONE) and step.connection not in standing:
            standing.add(step.connection)
            yield Open(step.place, step.setup, step.connection)
        yield step
        if _ends(step) and isinstance(step, Close | Expect):
            standing.discard(step.connection)


def _ends(step: AnyStep) -> bool:
    if isinstance(step, Close):
        return step.how is not Ending.HALF
    return isinstance(step, Expect) and all(
        isinstance(choice.act, Closes) and choice.act.how is not Ending.HALF
        for choice in step.choices
    )


# -- the same steps in another order ---------------------------------------------------------


def ahead_of_answers(steps: tuple[AnyStep, ...], pipelined: bool) -> tuple[AnyStep, ...]:
    """Returns the steps with sends joined to one write, as far as the answers let them."""
    found: list[AnyStep] = []
    for step in steps:
        at = _joinable(found, step, pipelined)
        if at is None or not isinstance(step, Send):
            found.append(step)
            continue
        earlier = found[at]
        if isinstance(earlier, Send):
            found[at] = replace(earlier, says=earlier.says + step.says)
    return tuple(found)


def _joinable(found: list[AnyStep], step: AnyStep, pipelined: bool) -> int | None:
    """Returns the index of the send that this one may be written with."""
    if not isinstance(step, Send) or step.connection.over is not Transport.TCP:
        return None
    wanted = frozenset[str]().union(*(says.message.references for says in step.says))
    for at in range(len(found) - 1, -1, -1):
        earlier = found[at]
        if isinstance(earlier, Send) and earlier.connection == step.connection:
            return at
        if not pipelined or not _passable(earlier, step.connection, wanted):
            return None
    return None


def _passable(step: AnyStep, connection: Connection, wanted: frozenset[str]) -> bool:
    """Says whether a request may be sent before this answer came."""
    if not isinstance(step, Expect) or step.connection != connection or len(step.choices) != 1:
        return False
    act = step.choices[0].act
    return isinstance(act, Says) and not act.message.captures & wanted


def swapped(steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    """Returns the steps with neighbouring requests swapped, their answers with them."""
    found: list[AnyStep] = []
    at = 0
    while at < len(steps):
        four = steps[at : at + 4]
        if _swappable(four):
            found += (four[2], four[0], four[3], four[1])
            at += 4
        else:
            found.append(steps[at])
            at += 1
    return tuple(found)


def _swappable(four: tuple[AnyStep, ...]) -> bool:
    match four:
        case (Send() as one, Expect() as answer, Send() as two, Expect() as other):
            same = {one.connection, answer.connection, two.connection, other.connection}
            wanted = two.says[0].message.references
            return (
                len(same) == 1
                and one.connection.over is Transport.UDP
                and _passable(answer, one.connection, wanted)
                and _passable(other, one.connection, frozenset())
            )
    return False


def _repeating(step: AnyStep) -> AnyStep:
    if isinstance(step, Expect) and step.connection.over is Transport.UDP:
        return replace(step, repeats=1)
    return step


def _after_strays(steps: tuple[AnyStep, ...], data: bytes) -> Iterator[AnyStep]:
    for step in steps:
        if isinstance(step, Send) and step.connection.over is Transport.UDP:
            yield Stray(step.place, step.setup, step.connection, data)
        yield step
