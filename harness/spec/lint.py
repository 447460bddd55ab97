"""Lint: what a spec says that proves nothing, or that no right program could meet.

Belongs here: findings about suites and cases, and the list of all looks. Only what is
certain is told. Must not know: how a case is played; which deliveries make sense for it is
known on the floor above, and comes in as `Offer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.spec.acts import messages
from harness.spec.captures import never_used
from harness.spec.examples import not_satisfying
from harness.spec.expectations import LOOKS
from harness.spec.finding import Exchange, Finding, exchanges
from harness.spec.model import Case, Delivery, Role, Suite
from harness.spec.wire import never_met

Offer = Callable[[Suite, Case, Role], tuple[Delivery, ...]]
"""Returns the deliveries that a case is played under (harness.exchange.delivery)."""


def lint(suite: Suite, offer: Offer) -> list[Finding]:
    """Returns all findings, each once, in the order of the files."""
    found = {*_unverified(suite), *_unused(suite), *_unplayable(suite, offer)}
    found.update(_never_survived(suite, offer))
    found.update(_verifying_nothing(suite), _unweighed(suite), never_used(suite))
    found.update(_unescaped(suite))
    for exchange in exchanges(suite):
        found.update(_of(exchange))
    return sorted(found)


def _of(exchange: Exchange) -> Iterator[Finding]:
    for look in (*LOOKS, not_satisfying, never_met):
        yield from look(exchange)


_ESCAPES = {"n": "a newline", "r": "a carriage return", "t": "a tab", "0": "a NUL"}


def _unescaped(suite: Suite) -> Iterator[Finding]:
    for place, letter in suite.unescaped.items():
        message = f"backslash and {letter}, not {_ESCAPES[letter]}: use double quotes"
        hint = f'within them "\\\\{letter}" is a backslash and {letter}'
        yield Finding(place, message, hint)


def _unverified(suite: Suite) -> Iterator[Finding]:
    verified = {each for case in suite.cases for each in case.verifies}
    for rule in suite.requirements.values():
        if rule.id not in verified:
            yield Finding(rule.place, f"no case verifies {rule.id}")


def _unused(suite: Suite) -> Iterator[Finding]:
    hooked = any(
        says.hook
        for exchange in exchanges(suite)
        for event in exchange.events
        for says in messages(event.act)
    )
    for each in suite.unused:
        if each.kind == "parameter" and hooked:
            continue  # a hook is given all parameters
        yield Finding(each.place, f"the {each.kind} {each.name!r} is used nowhere")


def _verifying_nothing(suite: Suite) -> Iterator[Finding]:
    for case in suite.cases:
        rules = [suite.requirements[name] for name in case.verifies]
        if not rules:
            yield Finding(case.place, "this case verifies no requirement")
            continue
        for role in case.roles:
            if not any(rule.binds(role) for rule in rules):
                yield Finding(case.place, f"this case verifies nothing that binds a {role}")


def _unweighed(suite: Suite) -> Iterator[Finding]:
    """A suite may do without points; one that has them forgets none."""
    own = [case for case in suite.cases if case.place.file == suite.path]
    if any(case.weighed for case in own):
        for case in suite.cases:
            if not case.weighed:
                hint = "write `points: 0` where it is meant to be worth nothing"
                yield Finding(case.place, "this case has no points, and others have", hint)


def _unplayable(suite: Suite, offer: Offer) -> Iterator[Finding]:
    for case in suite.cases:
        for role in case.roles:
            if not offer(suite, case, role):
                every = offer(suite, replace(case, deliveries=None, without=()), role)
                message = f"no delivery is left that plays this case to a {role}"
                yield Finding(case.place, message, f"there were: {', '.join(every)}")


def _never_survived(suite: Suite, offer: Offer) -> Iterator[Finding]:
    """Losses that no case is played under are named in vain."""
    every = [(case, role) for case in suite.cases for role in case.roles]
    offered = {each for case, role in every for each in offer(suite, case, role)}
    for name, place in suite.survives.items():
        if name not in offered:
            yield Finding(place, f"no case is played under {name}")
