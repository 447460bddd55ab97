"""Talks: a transcript by the connections on which it was said.

Belongs here: which entries belong together, and by which event each was said. Must not know:
frames, how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.exchange.plan import AnyStep, Connection, Expect, Plan, Send, Stray
from harness.runner.outcome import Entry, Kind
from harness.spec.model import Role, Transport

ON_THE_WIRE = (Kind.OPEN, Kind.REFUSE, Kind.BYTES, Kind.CLOSE)
"""The kinds of entries that packets carry."""


@dataclass(frozen=True, slots=True, eq=False)
class Talk:
    """One TCP connection, or all datagrams of one client; only itself is equal to it."""

    who: str
    over: Transport


def talks(plan: Plan, transcript: tuple[Entry, ...]) -> Iterator[tuple[Talk, Entry]]:
    """Yields what was on the wire, in order, with the talk that it belongs to."""
    held: dict[Connection, Talk] = {}
    for entry in transcript:
        if entry.kind not in ON_THE_WIRE:
            continue
        key = Connection(entry.who, _over(plan, entry, held))
        if entry.kind is Kind.OPEN or key not in held:
            held[key] = Talk(*key)
        yield held[key], entry


def _over(plan: Plan, entry: Entry, held: dict[Connection, Talk]) -> Transport:
    """Returns what an entry was carried by; where both may be, the event that it is of knows."""
    if entry.kind is Kind.OPEN:
        return Transport.TCP
    if len(plan.suite.transports) == 1:
        return plan.suite.transports[0]
    connection = _connection_of(entry.step)
    if connection is not None and connection.client == entry.who:
        return connection.over
    return Transport.TCP if Connection(entry.who, Transport.TCP) in held else Transport.UDP


def _connection_of(step: AnyStep | None) -> Connection | None:
    found = getattr(step, "connection", None)
    return found if isinstance(found, Connection) else None


def step_of(plan: Plan, entry: Entry) -> AnyStep | None:
    """Returns the step that an entry is of, None where it comes behind the last one.

    What the target says while the harness still speaks is of the step that awaits it.
    """
    ours = entry.by_client is (plan.role is Role.SERVER)
    if ours or entry.kind is not Kind.BYTES or not isinstance(entry.step, Send | Stray):
        return entry.step
    at = next(number for number, step in enumerate(plan.steps) if step is entry.step)
    awaiting = (
        step
        for step in plan.steps[at:]
        if isinstance(step, Expect) and step.connection.client == entry.who
    )
    return next(awaiting, entry.step)
