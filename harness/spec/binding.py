"""Binding: that every name is bound before it is used, and every hole can be filled.

Belongs here: what must hold along a case's events. Must not know: YAML's shapes.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from harness.errors import Place, SpecError
from harness.spec.acts import messages, referring
from harness.spec.model import (
    STRANGER,
    Case,
    Closes,
    Crafts,
    Event,
    GoesOn,
    Origin,
    Reads,
    Role,
    Says,
    Suite,
    Transport,
)
from harness.spec.tree import Tree
from harness.wire.template import Template

Trees = Mapping[str, Tree]


def hold_together(trees: Trees, suite: Suite) -> None:
    """Raises: SpecError at the first event that could not be played."""
    _along(trees, suite, suite.probe, suite.roles, "the probe")
    for case in suite.cases:
        _along(trees, suite, case.exchange, case.roles, f"case {case.id}")
        _several(trees, case)


def _along(
    trees: Trees, suite: Suite, events: tuple[Event, ...], roles: tuple[Role, ...], what: str
) -> None:
    bound = set(suite.parameters)
    left: set[tuple[Role, str, Transport]] = set()
    for event in events:
        whose = (event.by, event.client, event.over)
        if isinstance(event.act, GoesOn):
            left |= {whose} if event.by in roles else set()
        elif whose in left and any(messages(event.act)):
            message_ = "it goes on before this: what it says does not count"
            raise _error(trees, event.place, message_)
        for message in referring(event):
            for name in sorted(message.references - bound):
                message_ = f"{{{name}}} is bound by nothing before it"
                close = difflib.get_close_matches(name, bound, n=1)
                hint = f"did you mean {{{close[0]}}}?" if close else ""
                raise _error(trees, event.place, message_, f"{{{name}", f"({name})", hint=hint)
        for says in messages(event.act):
            for name in sorted(says.message.captures & set(suite.parameters)):
                message_ = f"the capture {name!r} has the name of a parameter"
                raise _error(trees, event.place, message_, f"{{{name}:")
            bound |= says.message.captures
        wrong = _impossible(event, roles)
        if wrong:
            raise _error(trees, event.place, f"{what} is for a {wrong}")


def _impossible(event: Event, roles: tuple[Role, ...]) -> str:
    """Returns what an event asks that cannot be: with which target, and why."""
    said = tuple(messages(event.act))
    if event.by in roles and event.act == Reads(on=False):
        return f"{event.by} as target, which reads when it wants to"
    if event.by in roles and any(says.origin is Origin.STRANGER for says in said):
        return f"{event.by} as target, which cannot speak as a stranger"
    if event.by.other in roles and event.client == STRANGER:
        return f"{event.by.other} as target, and the harness is the stranger itself"
    if event.by in roles and isinstance(event.act, Crafts):
        return f"{event.by} as target, which crafts no packets"
    if event.by in roles and any(says.answers is not None for says in said):
        return f"{event.by} as target, which chooses itself what it answers"
    if event.by.other in roles and any(says.not_before is not None for says in said):
        return f"{event.by.other} as target, and the harness, which says this, does not wait"
    if event.by in roles and event.over is Transport.UDP and isinstance(event.act, Closes):
        return f"{event.by} as target, and over UDP nobody sees it close"
    if event.by in roles and event.over is Transport.TCP and any(map(_is_empty, said)):
        return f"{event.by} as target, and over TCP an empty message is none"
    if event.by.other in roles and any(says.message.open and says.example is None for says in said):
        return f"{event.by.other}, so the harness says this: it wants an example"
    return ""


def _is_empty(says: Says) -> bool:
    return isinstance(says.message, Template) and not says.message.parts


def _several(trees: Trees, case: Case) -> None:
    if len(case.clients) > 1 and Role.CLIENT in case.roles:
        message = f"case {case.id} has several clients: it is for roles: [server] alone"
        raise _error(trees, case.place, message)


def _error(trees: Trees, place: Place, message: str, *tokens: str, hint: str = "") -> SpecError:
    """Returns an error at the first of the tokens that stands in the event's line."""
    tree = trees[place.file]
    found = (tree.found(place, token) for token in tokens)
    return tree.error(next((each for each in found if each != place), place), message, hint)
