"""Deliveries: how the same bytes are put on the wire, and what each way proves.

Belongs here: which ways make sense for a case, and how a message is cut. Must not know:
sockets; that each way really happens on the wire is the driver's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from types import MappingProxyType

from harness.exchange.losses import lost_replies, lost_requests
from harness.exchange.plan import AnyStep, Craft, Expect, Impair, Send
from harness.exchange.planning import ahead_of_answers, steps_of, swapped
from harness.spec.model import Case, Delivery, Origin, Role, Says, Suite, Transport

PROVES: Mapping[Delivery, str] = MappingProxyType(
    {
        Delivery.WHOLE: "each message came in one segment",
        Delivery.SPLIT: "each message came in pieces, every piece read before the next was sent: "
        "one read() is not one message",
        Delivery.BYTEWISE: "each message came byte by byte, every byte read before the next was "
        "sent: one read() is not one message",
        Delivery.COALESCED: "several messages came in one segment: one read() can bring more "
        "than one message",
        Delivery.SLOW_READER: "the answer was read a few bytes at a time: a write() may take less "
        "than it was given",
        Delivery.PLAIN: "each message was one datagram",
        Delivery.REPEATED: "each datagram came twice, as the network may do",
        Delivery.REORDERED: "neighbouring datagrams changed places, as the network may do",
        Delivery.FROM_ANOTHER_PORT: "each request came from a port of its own: the answer goes "
        "to where that datagram came from",
        Delivery.AFTER_EMPTY: "a stranger's empty datagram came first: it is no end of file",
        Delivery.AFTER_OVERSIZED: "a stranger's datagram of 65,507 bytes came first",
        Delivery.LOST_REQUEST: "each request was lost once: who gets no answer asks again",
        Delivery.LOST_REPLY: "each reply was lost once, and the same request came again: it is "
        "answered again",
        Delivery.LOSSY: "segments were lost, repeated and swapped on the way, and TCP mended it: "
        "what comes late is no end of a message",
    }
)

_EDGE = 32  # bytes at either end that go one by one


def pieces(data: bytes, delivery: Delivery) -> tuple[bytes, ...]:
    """Returns the writes that a message of a stream is sent with."""
    if delivery in (Delivery.SPLIT, Delivery.LOSSY):
        cuts = sorted({1, len(data) // 2, len(data) - 1} & set(range(1, len(data))))
        bounds = [0, *cuts, len(data)]
    elif delivery is Delivery.BYTEWISE:
        middle = max(_EDGE, len(data) - _EDGE)
        bounds = [*range(min(_EDGE, len(data))), *range(middle, len(data)), len(data)]
        bounds = sorted({0, min(_EDGE, len(data)), *bounds})
    else:
        return (data,)
    return tuple(data[low:high] for low, high in pairwise(bounds))


def deliveries_of(suite: Suite, case: Case, role: Role) -> tuple[Delivery, ...]:
    """Returns the deliveries that a case is played under, the plain one first."""
    wanted = set(Delivery if case.deliveries is None else case.deliveries) - set(case.without)
    taken = (each for each in _offered(suite, case, role) if each in wanted)
    return tuple(islice(taken, len(wanted)))  # and no further: the rest is looked for in vain


def _offered(suite: Suite, case: Case, role: Role) -> Iterator[Delivery]:
    steps = steps_of(case, role)
    over = {step.connection.over for step in steps if isinstance(step, Send | Expect)}
    as_tcp = Transport.TCP in over or (not over and Transport.TCP in suite.transports)
    if any(isinstance(step, Impair | Craft) for step in steps):  # it counts them as written
        yield Delivery.WHOLE if as_tcp else Delivery.PLAIN
        return
    yield from _over_tcp(suite, steps) if as_tcp else _over_udp(suite, steps, role)
    survived = {*suite.survives, *(case.deliveries or ())}
    if role is Role.CLIENT:
        if Delivery.LOST_REQUEST in survived and lost_requests(steps) != steps:
            yield Delivery.LOST_REQUEST
    elif (suite.idempotent or Delivery.LOST_REPLY in survived) and lost_replies(steps) != steps:
        yield Delivery.LOST_REPLY
    if Delivery.LOSSY in survived and Transport.TCP in over:
        yield Delivery.LOSSY


def _over_tcp(suite: Suite, steps: tuple[AnyStep, ...]) -> Iterator[Delivery]:
    yield Delivery.WHOLE
    if any(isinstance(s, Send) and s.connection.over is Transport.TCP for s in steps):
        yield Delivery.SPLIT
        yield Delivery.BYTEWISE
        if ahead_of_answers(steps, suite.pipelined) != steps:
            yield Delivery.COALESCED
    if any(_speaks(step) for step in steps):
        yield Delivery.SLOW_READER


def _over_udp(suite: Suite, steps: tuple[AnyStep, ...], role: Role) -> Iterator[Delivery]:
    yield Delivery.PLAIN
    sends = [step for step in steps if isinstance(step, Send)]
    if role is Role.CLIENT or not sends:
        return
    if suite.idempotent:
        yield Delivery.REPEATED
        if swapped(steps) != steps:
            yield Delivery.REORDERED
    if len({each.connection for each in sends}) < len(sends) and not _is_bound(steps):
        yield Delivery.FROM_ANOTHER_PORT
    yield Delivery.AFTER_EMPTY
    yield Delivery.AFTER_OVERSIZED


def _is_bound(steps: tuple[AnyStep, ...]) -> bool:
    """Says whether a talk is tied to its two ports, as one that goes on from a new one is."""
    return any(
        isinstance(choice.act, Says) and choice.act.origin is not Origin.USUAL
        for step in steps
        if isinstance(step, Expect)
        for choice in step.choices
    )


def _speaks(step: AnyStep) -> bool:
    return (
        isinstance(step, Expect)
        and step.connection.over is Transport.TCP
        and any(isinstance(choice.act, Says) for choice in step.choices)
    )
