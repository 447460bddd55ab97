"""Expectations that prove nothing: each look goes along one exchange.

Belongs here: what is certain from the events alone. Must not know: examples, plays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness.spec.acts import messages, referring
from harness.spec.finding import Exchange, Finding
from harness.spec.model import (
    AnyOf,
    Choice,
    Closes,
    Ending,
    Event,
    Exits,
    Impairs,
    Level,
    Origin,
    Prints,
    Role,
    Says,
    Silent,
    Stores,
    Transport,
    Types,
)
from harness.wire.framing import DATAGRAM, Framing
from harness.wire.message import Matched, Message
from harness.wire.parts import Part, Reference
from harness.wire.template import Template


def _matching_anything(exchange: Exchange) -> Iterator[Finding]:
    for role in exchange.roles:
        for event in exchange.of(role):
            if isinstance(event.act, Prints):
                yield from _of_output(event, event.act)
            elif any(_takes_anything(choice) for choice in _choices(event)):
                message = f"this matches anything: whatever the {role} says is right"
                yield Finding(event.place, message)


def _of_output(event: Event, prints: Prints) -> Iterator[Finding]:
    message = prints.message
    if message.vacuous or (isinstance(message, Template) and not message.parts):
        told = "no output is without this" if prints.never else "every output holds this"
        yield Finding(event.place, told)


def _takes_anything(choice: Choice) -> bool:
    """A hook, a port, a capture and a warning all still say something."""
    act = choice.act
    return (
        choice.level is Level.MUST
        and isinstance(act, Says)
        and act.message.vacuous
        and not (
            act.hook or act.not_before or act.origin is not Origin.USUAL or act.message.captures
        )
    )


def _choices(event: Event) -> Sequence[Choice]:
    act = event.act
    if isinstance(act, AnyOf):
        return act.choices
    return (Choice(act),) if isinstance(act, Says | Silent | Closes) else ()


# -- alternatives ------------------------------------------------------------------------


def _never_reached(exchange: Exchange) -> Iterator[Finding]:
    for event in exchange.events:
        choices = _choices(event)
        framing = exchange.suite.framing if event.over is Transport.TCP else DATAGRAM
        for at, choice in enumerate(choices):
            for before, earlier in enumerate(choices[:at]):
                if _takes(earlier, choice, framing):
                    told = f"alternative {at + 1} never counts: alternative {before + 1} takes it"
                    yield Finding(event.place, told)
                    break


def _takes(earlier: Choice, later: Choice, framing: Framing) -> bool:
    one, other = earlier.act, later.act
    if isinstance(one, Silent):  # an end without a word is silence, too
        return not isinstance(other, Says)
    if isinstance(one, Closes) and isinstance(other, Closes):
        return one.how is Ending.ANY or (one.how is Ending.RESET) is (other.how is Ending.RESET)
    if isinstance(one, Says) and isinstance(other, Says):
        return one.message == other.message or _takes_bytes(one, other, framing)
    return False


def _takes_bytes(one: Says, other: Says, framing: Framing) -> bool:
    """Says whether one message is met wherever the other, whose bytes are known, would be."""
    if other.message.open or other.message.references or one.message.references:
        return False
    data = other.message.produce({})
    judge = one.message.bind({}, framing)
    behind = (b"",) if framing == DATAGRAM else (b"", b"\0", data)
    judged = (judge.judge(data + more, framing == DATAGRAM) for more in behind)
    return all(isinstance(each, Matched) for each in judged)


# -- what is expected at all -------------------------------------------------------------


def _nothing_expected(exchange: Exchange) -> Iterator[Finding]:
    for role in exchange.roles:
        acts = (event.act for event in exchange.of(role))
        if all(isinstance(act, Types | Impairs) for act in acts):
            message = f"nothing is expected of a {role}: every {role} passes"
            hint = f"roles: [{role.other}]" if len(exchange.roles) > 1 else ""
            yield Finding(exchange.place, message, hint)


def _silence_after_the_end(exchange: Exchange) -> Iterator[Finding]:
    """After the last event nothing more may come anyway."""
    if not exchange.events or not isinstance(exchange.events[-1].act, Silent):
        return
    last = exchange.events[-1]
    before = next((each for each in exchange.events[-2::-1] if each.client == last.client), None)
    if (
        before is not None
        and before.by is last.by
        and isinstance(before.act, Says | AnyOf | Silent | Closes)
    ):
        message = "this silence follows nothing that could be answered"
        yield Finding(last.place, message, "after the last event nothing more may come anyway")


# -- what a target cannot know, or nobody does -------------------------------------------


def _not_to_be_known(exchange: Exchange) -> Iterator[Finding]:
    """A target learns a drawn value from its command line, its user or its peer."""
    drawn = {name for name, each in exchange.suite.parameters.items() if each.varies}
    for role in exchange.roles:
        launch = exchange.suite.launches.get(role)
        known = {name for name in drawn if launch and f"{{{name}}}" in launch.run}
        for event in exchange.events:
            names = [_told(says.message) & drawn - known for says in messages(event.act)]
            said = isinstance(event.act, Says) or (
                isinstance(event.act, AnyOf) and len(names) == len(event.act.choices)
            )
            if said and event.by is role and all(names):
                yield Finding(event.place, _UNKNOWN[role].format(min(names[0])))
            for message in referring(event):
                known |= message.references


_UNKNOWN = {
    Role.CLIENT: "a client cannot know {{{}}}: nobody has typed it, no server said it",
    Role.SERVER: "a server cannot know {{{}}}: no client said it",
}


def _told(message: Message) -> frozenset[str]:
    """Returns the names whose values a message tells; a length may be the same for all."""
    if not isinstance(message, Template):
        return message.references
    lengths = {each for each in message.parts if _is_length(each)}
    return Template(tuple(each for each in message.parts if each not in lengths)).references


def _is_length(part: Part) -> bool:
    return isinstance(part, Reference) and part.filter == "length"


def _of_nobody(exchange: Exchange) -> Iterator[Finding]:
    """A terminal and files are looked at where they are the target's."""
    roles = exchange.suite.roles
    for event in exchange.events:
        if event.by not in roles and isinstance(event.act, Types | Prints | Stores | Exits):
            message = f"nothing comes of this: no {event.by} is tested by this suite"
            yield Finding(event.place, message, f"its roles are {', '.join(roles)}")


LOOKS: tuple[Callable[[Exchange], Iterator[Finding]], ...] = (
    _matching_anything,
    _never_reached,
    _nothing_expected,
    _silence_after_the_end,
    _not_to_be_known,
    _of_nobody,
)
