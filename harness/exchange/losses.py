"""Losses: the steps of a case when its packets are lost and the protocol makes that good.

Belongs here: which datagrams are lost and said again, the schedule of a lossy stream. Must
not know: how a wire carries a schedule out.

A lost request and a lost reply look alike to a client: nothing comes, and it asks again. To
a server a lost request is none at all, and after a lost reply the same request comes once
more. So each is played where it proves something: the request's loss to clients, the
reply's to servers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from harness.exchange.plan import AnyStep, Connection, Expect, Impair, Send
from harness.spec.model import Act, Origin, Role, Says, Transport
from harness.wire.schedule import Fate, Schedule

_ONCE = Schedule({1: Fate.DROP})
_TO_TARGET = Schedule({2: Fate.DROP, 3: Fate.DROP, 5: Fate.REPEAT})
_FROM_TARGET = Schedule({1: Fate.DROP, 3: Fate.REPEAT, 4: Fate.SWAP})


def lost_requests(steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    """Returns the steps with each request of a client that is answered lost once."""
    found: list[AnyStep] = []
    for step, then in zip_longest(steps, steps[1:]):
        if isinstance(step, Expect) and isinstance(then, Send) and _answers(then, step):
            found += (_lost(step, Role.CLIENT), step, _again(step))
        else:
            found.append(step)
    return tuple(found)


def lost_replies(steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    """Returns the steps with each reply of a server lost once, and its request said again."""
    found: list[AnyStep] = []
    at = 0
    while at < len(steps):
        match pair := steps[at : at + 2]:
            case (Send() as asked, Expect() as reply) if _answers(reply, asked) and _alone(
                steps, at, asked.connection
            ):
                found += (_lost(reply, Role.SERVER), *pair, *pair)
                at += 2
            case _:
                found.append(steps[at])
                at += 1
    return tuple(found)


def lossy(steps: tuple[AnyStep, ...], role: Role) -> tuple[AnyStep, ...]:
    """Returns the steps of streams whose segments the wire loses, repeats and swaps.

    To the target (`role`) the second segment is lost, and once more when it is sent again. Each
    is sent when the one before was read, so it comes by timers, about 0.4 s later: who takes a
    pause for the end of the message is shown. From the target the first is lost: what it says
    is late, perhaps all at once.
    """
    streams = (step.connection for step in steps if isinstance(step, Send | Expect))
    first = next((each for each in streams if each.over is Transport.TCP), None)
    if first is None:
        return steps
    laid = ((role.other, _TO_TARGET), (role, _FROM_TARGET))
    place = steps[0].place
    return (*(Impair(place, False, first, by, schedule) for by, schedule in laid), *steps)


def _lost(step: Expect, by: Role) -> Impair:
    return Impair(step.place, step.setup, step.connection, by, _ONCE)


def _again(step: Expect) -> Expect:
    """Returns the same without a bound on the time since the one before, which is the same."""
    choices = (
        replace(each, act=replace(each.act, not_before=None))
        for each in step.choices
        if isinstance(each.act, Says)
    )
    return replace(step, choices=tuple(choices))


def _answers(step: Send | Expect, asked: Send | Expect) -> bool:
    """Says whether one datagram is the answer to another, on the ports that they have."""
    alike = step.connection == asked.connection and step.connection.over is Transport.UDP
    acts = [each for one in (step, asked) for each in _acts(one)]
    said = all(isinstance(each, Says) and each.origin is Origin.USUAL for each in acts)
    return alike and said and all(getattr(each, "answers", None) is None for each in acts)


def _acts(step: Send | Expect) -> Sequence[Act]:
    return step.says if isinstance(step, Send) else [each.act for each in step.choices]


def _alone(steps: tuple[AnyStep, ...], at: int, connection: Connection) -> bool:
    """Says whether no other request or reply of the talk is under way with those at `at`."""
    before = steps[at - 1] if at else None
    behind = steps[at + 2] if at + 2 < len(steps) else None
    joined = isinstance(before, Send) and before.connection == connection
    return not joined and not (isinstance(behind, Expect) and behind.connection == connection)
