"""Captures: names that an expectation binds.

Belongs here: whether anything uses them. Must not know: how they are bound in a play.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import Place
from harness.spec.acts import messages, referring
from harness.spec.finding import Exchange, Finding, exchanges
from harness.spec.model import Event, Says, Suite
from harness.wire.message import Message
from harness.wire.parts import Hole, Reference
from harness.wire.template import Template


def never_used(suite: Suite) -> Iterator[Finding]:
    """Yields captures that no use of their event leads anywhere.

    A fragment binds for all its users: one that needs the name is enough.
    """
    used: dict[tuple[Place, str], bool] = {}
    for exchange in exchanges(suite):
        for place, name, is_used in _captured(exchange):
            used[place, name] = used.get((place, name), False) or is_used
    for (place, name), is_used in used.items():
        if not is_used:
            hint = f"write {{_:...}} for {{{name}:...}} where the value does not matter"
            yield Finding(place, f"the capture {name!r} is used nowhere", hint)


def _captured(exchange: Exchange) -> Iterator[tuple[Place, str, bool]]:
    """Yields place, name, and whether the name is used, for every capture."""
    for at, event in enumerate(exchange.events):
        for says in messages(event.act):
            for name in says.message.captures:
                yield event.place, name, _is_used(name, says, event, exchange.events[at + 1 :])


def _is_used(name: str, says: Says, event: Event, later: tuple[Event, ...]) -> bool:
    if name in _own_uses(says.message) or any(each.hook for each in messages(event.act)):
        return True
    return any(
        any(name in message.references for message in referring(each))
        or any(said.hook for said in messages(each.act))  # a hook is given all captures
        for each in later
    )


def _own_uses(message: Message) -> set[str]:
    """Returns the names that a message takes up again itself, as in {size:int} {_:bytes(size)}."""
    found = set()
    for template in _templates(message):
        for part in template.parts:
            if isinstance(part, Reference):
                found.add(part.name)
            elif isinstance(part, Hole) and part.size:
                found.add(part.size)
    return found


def _templates(message: Message) -> Iterator[Template]:
    if isinstance(message, Template):
        yield message
    else:  # a layout: scapy is not imported to look at it
        yield from getattr(message, "templates", ())
