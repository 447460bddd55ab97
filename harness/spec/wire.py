"""The wire in an exchange: from `wire:` to a schedule, and whose packets it is about.

Belongs here: fates by number, and what lint finds in them. Must not know: how a wire carries
a schedule out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.spec.finding import Exchange, Finding
from harness.spec.model import AnyOf, Event, Impairs, Role, Says, Transport
from harness.spec.section import Span, whole
from harness.spec.tree import Fields, Node, Tree, is_scalar
from harness.wire.schedule import DELAY, Fate, Schedule

_NUMBERS = Span(1, 10_000)


def impairment(tree: Tree, node: Node, fields: Fields) -> Impairs:
    """Returns what becomes of packets. Raises: SpecError."""
    chosen = [fate for fate in Fate if fate in fields]
    if not chosen:
        raise tree.error(node, f"wire wants one of {', '.join(Fate)}, found none")
    if "by" in fields and Fate.DELAY not in fields:
        raise tree.error(fields["by"].place, "by belongs to delay")
    delay = tree.number(fields["by"].node, "by") if "by" in fields else DELAY
    if not delay:
        raise tree.error(fields["by"].node, "by is more than 0 seconds")
    fates = [
        (number, fate) for fate in chosen for number in _numbers(tree, fields[fate].node, str(fate))
    ]
    try:
        return Impairs(Schedule.of(fates, delay))
    except ValueError as exc:
        raise tree.error(node, str(exc)) from exc


def _numbers(tree: Tree, node: Node, what: str) -> list[int]:
    if is_scalar(node):
        return [whole(tree, node, what, _NUMBERS)]
    return [whole(tree, each, what, _NUMBERS) for each in tree.some(node, what)]


# -- lint --------------------------------------------------------------------------------


def never_met(exchange: Exchange) -> Iterator[Finding]:
    """Yields schedules for packets that nobody sends, or that cannot change places.

    Over UDP each message is one packet; over TCP the kernel cuts a stream into segments.
    """
    for at, event in enumerate(exchange.events):
        if isinstance(event.act, Impairs):
            told = _wrong(event, event.act.schedule, exchange.events[at + 1 :])
            if told:
                yield Finding(event.place, told)
            elif event.by in exchange.roles and _too_late(event, exchange.events[:at]):
                told = f"what {_who(event)} answers may be on its way before this holds"
                yield Finding(event.place, told, "write the wire before what is answered")


def _wrong(event: Event, schedule: Schedule, later: Sequence[Event]) -> str:
    """Returns what is wrong with a schedule, "" where it can be carried out."""
    talk = [each for each in later if _alike(each, event)]
    end = next((at for at, each in enumerate(talk) if _replaces(each, event)), len(talk))
    said = [at for at, each in enumerate(talk[:end]) if each.by is event.by and _speaks(each)]
    who = _who(event)
    if not said:
        return f"{who} says nothing after this"
    if event.over is Transport.TCP:
        return ""
    for number, fate in sorted(schedule.fates.items()):
        last = number + 1 if fate is Fate.SWAP else number
        if last > len(said):
            return f"{who} says {len(said)} after this, and there is no packet {last}"
        if fate is Fate.SWAP and any(map(_speaks, talk[said[number - 1] + 1 : said[number]])):
            return f"packet {number} waits for packet {last}, and is answered before that comes"
    return ""


def _who(event: Event) -> str:
    return "the server" if event.by is Role.SERVER else event.client


def _too_late(event: Event, before: Sequence[Event]) -> bool:
    """Says whether its side has something to answer already; datagrams count when judged."""
    talk = (each for each in reversed(before) if _alike(each, event))
    last = next((each for each in talk if _speaks(each)), None)
    return event.over is Transport.TCP and last is not None and last.by is not event.by


def _alike(event: Event, impaired: Event) -> bool:
    return (event.client, event.over) == (impaired.client, impaired.over)


def _replaces(event: Event, impaired: Event) -> bool:
    return event.by is impaired.by and isinstance(event.act, Impairs)


def _speaks(event: Event) -> bool:
    """Says whether an event may put a packet on the wire."""
    if isinstance(event.act, AnyOf):
        return any(isinstance(choice.act, Says) for choice in event.act.choices)
    return isinstance(event.act, Says)
