"""Examples: what the harness says where an expectation is open.

Belongs here: each held against its own expectation, as a target would hold it. Must not
know: plays.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from harness.errors import HarnessError
from harness.spec.acts import messages
from harness.spec.finding import Exchange, Finding
from harness.spec.model import AnyOf, Closes, Event, Prints, Says, Suite, Transport
from harness.wire.framing import DATAGRAM, FramingKind
from harness.wire.message import Judged, Matched, Mismatch
from harness.wire.quote import quoted

_SEEDS = range(8)
_SHOWN = 40  # bytes of an example in a message


def not_satisfying(exchange: Exchange) -> Iterator[Finding]:
    """Yields examples that their own expectation does not take, for one of several seeds."""
    for seed in _SEEDS:
        found = list(_along(exchange, _drawn(exchange.suite, seed)))
        if found:
            yield from found
            return


def _drawn(suite: Suite, seed: int) -> dict[str, bytes]:
    rng = random.Random(f"{seed}/{suite.id}")
    return {name: each.draw(rng) for name, each in suite.parameters.items()}


def _along(exchange: Exchange, known: dict[str, bytes]) -> Iterator[Finding]:
    """Walks the events with what would be bound; `known` grows."""
    for at, event in enumerate(exchange.events):
        if isinstance(event.act, Prints):
            yield from _not_found(event, event.act, known)
        for number, says in enumerate(messages(event.act)):
            if not says.message.open:
                continue
            judged = _judged(exchange, at, says, known)
            counts = number == 0 or not isinstance(event.act, AnyOf)
            if isinstance(judged, Finding):
                yield judged
            if counts and not isinstance(judged, Matched):
                for name in says.message.captures:
                    known.pop(name, None)
            elif counts and isinstance(judged, Matched):
                known.update(judged.captures)


def _not_found(event: Event, act: Prints, known: dict[str, bytes]) -> Iterator[Finding]:
    """Yields what is wrong with output that would be right."""
    example = act.example
    if example is None or not (act.message.references | example.references) <= set(known):
        return
    data = example.produce(known)
    if act.message.bind(known, DATAGRAM).find(data) is None:
        wrong = f"the example {quoted(data, _SHOWN)} does not hold what has to be printed"
        yield Finding(event.place, wrong)


def _judged(
    exchange: Exchange, at: int, says: Says, known: dict[str, bytes]
) -> Matched | Finding | None:
    """Returns the match, or what is wrong; None where that cannot be said."""
    event, example = exchange.events[at], says.example
    if example is None or not (says.message.references | example.references) <= set(known):
        return None
    try:
        data = example.produce(known)
        judged = _held_against(exchange, at, says, data, known)
    except HarnessError as exc:
        return Finding(event.place, f"the example cannot be said: {exc}")
    if isinstance(judged, Matched) and judged.length == len(data):
        return judged
    message = f"the example {quoted(data, _SHOWN)} does not satisfy its expectation"
    return Finding(event.place, f"{message}: {_why(judged, data)}", _of_drawn(exchange.suite, says))


def _of_drawn(suite: Suite, says: Says) -> str:
    """Returns what to do about an example that has not the drawn values of its expectation."""
    given = says.example.references if says.example is not None else frozenset()
    for name in sorted(says.message.references - given):
        if name in suite.parameters and suite.parameters[name].varies:
            return f"{{{name}}} is drawn: write {{{name}}} in the example"
    return ""


def _held_against(
    exchange: Exchange, at: int, says: Says, data: bytes, known: dict[str, bytes]
) -> Judged:
    event = exchange.events[at]
    if event.over is Transport.UDP:
        return says.message.bind(known, DATAGRAM).judge(data, True)
    framing = exchange.suite.framing
    ended = framing.kind is FramingKind.CLOSE or _closes_next(event, exchange.events[at + 1 :])
    judge = says.message.bind(known, framing)
    judged = judge.judge(data, False)
    return judge.judge(data, True) if ended and not isinstance(judged, Matched) else judged


def _closes_next(event: Event, later: tuple[Event, ...]) -> bool:
    """Says whether the speaker's next event on this connection is its end."""
    own = (each for each in later if (each.by, each.client) == (event.by, event.client))
    following = next(own, None)
    return following is not None and isinstance(following.act, Closes)


def _why(judged: Judged, data: bytes) -> str:
    if isinstance(judged, Matched):
        return f"{len(data) - judged.length} bytes stand behind the message's end"
    if not isinstance(judged, Mismatch) or (judged.offset >= len(data) and not judged.why):
        return "it ends before the message does"
    return judged.why or f"byte {judged.offset + 1} cannot stand there"
