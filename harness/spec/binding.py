"""Binding: that every name is bound before it is used, and every hole can be filled.

Belongs here: what must hold along a case's events. Must not know: YAML's shapes.
"""

from __future__ import annotations

from harness.errors import Place, SpecError
from harness.spec.events import messages, referring
from harness.spec.model import Case, Event, GoesOn, Origin, Role, Says, Suite, Transport
from harness.spec.tree import Tree


def hold_together(tree: Tree, suite: Suite) -> None:
    """Raises: SpecError at the first event that could not be played."""
    _along(tree, suite, suite.probe, suite.roles, "the probe")
    for case in suite.cases:
        _along(tree, suite, case.exchange, case.roles, f"case {case.id}")
        _several(tree, case)


def _along(
    tree: Tree, suite: Suite, events: tuple[Event, ...], roles: tuple[Role, ...], what: str
) -> None:
    bound = set(suite.parameters)
    left: set[tuple[Role, str, Transport]] = set()
    for event in events:
        whose = (event.by, event.client, event.over)
        if isinstance(event.act, GoesOn):
            left.add(whose)
        elif whose in left and any(messages(event.act)):
            raise _error(tree, event.place, "it goes on before this: what it says does not count")
        for message in referring(event):
            missing = sorted(message.references - bound)
            if missing:
                raise _error(tree, event.place, f"{{{missing[0]}}} is bound by nothing before it")
        for says in messages(event.act):
            bound |= says.message.captures
            wrong = _beyond(says, event.by, roles)
            if wrong:
                raise _error(tree, event.place, f"{what} is for a {wrong}")
            played = event.by.other in roles
            if says.message.open and says.example is None and played:
                raise _error(
                    tree,
                    event.place,
                    f"{what} is for a {event.by.other}, so the harness says this: it wants an "
                    "example",
                )


def _beyond(says: Says, by: Role, roles: tuple[Role, ...]) -> str:
    """Returns what a target cannot do, or the harness does not, "" where all is well."""
    if by in roles and says.origin is Origin.STRANGER:
        return f"{by} as target, which cannot speak as a stranger"
    if by in roles and says.answers is not None:
        return f"{by} as target, which chooses itself what it answers"
    if by.other in roles and says.not_before is not None:
        return f"{by.other} as target, and the harness, which says this, does not wait"
    return ""


def _several(tree: Tree, case: Case) -> None:
    if len(case.clients) > 1 and Role.CLIENT in case.roles:
        message = f"case {case.id} has several clients: it is for roles: [server] alone"
        raise _error(tree, case.place, message)


def _error(tree: Tree, place: Place, message: str) -> SpecError:
    """An event can stand in an included file, whose lines this tree does not have."""
    return tree.error(place, message) if place.file == tree.path else SpecError(place, message)
