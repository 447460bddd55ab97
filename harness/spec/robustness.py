"""Robustness: from `robustness:` to cases, one for each group of what is malformed.

Belongs here: which packets and mutations are asked for, of which message. Must not know: what
a packet looks like, how the trials of such a case are played (harness.exchange.robustness).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from harness.spec import keys
from harness.spec.model import (
    AnyOf,
    Case,
    Delivery,
    Event,
    Robustness,
    Role,
    Says,
    Transport,
)
from harness.spec.parts import Parts
from harness.spec.section import Span, identifier, optional_text, optional_words, section, whole
from harness.spec.tree import Fields, Node, Tree
from harness.wire.malformed.catalogue import BY_ID, NAMES, chosen

_CLIENTS = ("client", "malformed")
_MESSAGES = Span(1, 1000)
_ALL = "all"
_KINDS = tuple(name for name in keys.MUTATIONS.split("|") if name != _ALL)
_PURPOSES: Mapping[str, str] = {
    "fields": "Requests with wrong fields stop nothing: the probe after each is answered.",
    "truncations": "Requests that are cut short stop nothing: the probe after each is answered.",
    "additions": "Requests with something before or behind them stop nothing: the probe after "
    "each is answered.",
    "flips": "Requests with one bit flipped stop nothing: the probe after each is answered.",
}


def robust_cases(
    parts: Parts, roles: Sequence[Role], probe: tuple[Event, ...], cases: Sequence[Case]
) -> Iterator[Case]:
    """Yields a case for each group of each item. Raises: SpecError."""
    seen = {case.id: case for case in cases}
    for tree, node in parts.robustness:
        for case in _Item(parts, probe, seen, tree, node).cases():
            if case.id in seen:
                raise tree.error(node, f"case {case.id!r} stands already in {seen[case.id].place}")
            seen[case.id] = case
            if Role.SERVER in roles:
                yield case


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of `robustness:` with what it refers to."""

    parts: Parts
    probe: tuple[Event, ...]
    known: Mapping[str, Case]
    tree: Tree
    node: Node

    def cases(self) -> Iterator[Case]:
        """Yields its cases. Raises: SpecError."""
        tree = self.tree
        fields = section(tree, self.node, "robustness", "robustness")
        name = identifier(tree, fields["id"].node, "id")
        trials = self._of_message(fields)
        over = trials.exchange[trials.message].over
        entries = optional_words(tree, fields, "packets", NAMES)
        kinds = optional_words(tree, fields, "messages", keys.MUTATIONS.split("|"))
        if not entries and not kinds:
            raise tree.error(self.node, "robustness wants packets, messages, or both")
        if entries and over is not Transport.UDP:
            raise tree.error(fields["packets"].place, "packets are for a message over UDP")
        wanted = [each for each in chosen(entries) if each.id not in trials.without]
        for group, members in groupby(wanted, lambda each: each.group):
            purpose = (
                f"Packets of the group {group} stop nothing: the probe after each is answered."
            )
            made = replace(trials, packets=tuple(members))
            yield self._case(fields, f"{name}-{group}", purpose, made)
        for kind in _KINDS if _ALL in kinds else kinds:
            yield self._case(
                fields, f"{name}-{kind}", _PURPOSES[kind], replace(trials, mutation=kind)
            )

    def _of_message(self, fields: Fields) -> Robustness:
        tree, exchange = self.tree, self.probe
        if "case" in fields:
            exchange = self.known[
                tree.word(fields["case"].node, "case", tuple(self.known))
            ].exchange
        number = 1
        if "message" in fields:
            number = whole(tree, fields["message"].node, "message", _MESSAGES)
        said = [at for at, event in enumerate(exchange) if _is_said_by_client(event)]
        if len(said) < number:
            raise tree.error(self.node, f"there is no message {number} of a client to make wrong")
        at = said[number - 1]
        if len({event.client for event in exchange}) > 1:
            raise tree.error(self.node, "the message is taken from an exchange of one client")
        reaction = "any"
        if "reaction" in fields:
            reaction = tree.word(fields["reaction"].node, "reaction", keys.REACTIONS.split("|"))
        self._known_before(exchange, at)
        known = None if "messages" in fields else tuple(BY_ID)  # mutations are known with the bytes
        without = frozenset(optional_words(tree, fields, "without", known))
        return Robustness(exchange, at, without=without, silent=reaction == "silent")

    def _known_before(self, exchange: Sequence[Event], at: int) -> None:
        """Raises: SpecError where the message holds what only a talk could tell."""
        bound = {name for event in exchange[:at] for name in _captures(event)}
        said = first_said(exchange[at])
        assert said is not None
        message = said.example if said.message.open and said.example else said.message
        told = sorted(message.references & bound)
        if told:
            raise self.tree.error(
                self.node, f"the message holds {{{told[0]}}}, which the server tells"
            )

    def _case(self, fields: Fields, name: str, purpose: str, trials: Robustness) -> Case:
        tree = self.tree
        udp = trials.exchange[trials.message].over is Transport.UDP
        return Case(
            id=name,
            purpose=purpose,
            verifies=optional_words(tree, fields, "verifies", tuple(self.parts.requirements)),
            points=tree.number(fields["points"].node, "points") if "points" in fields else 0,
            roles=(Role.SERVER,),
            clients=_CLIENTS,
            exchange=self.probe,
            place=tree.place(self.node),
            deliveries=(Delivery.PLAIN if udp else Delivery.WHOLE,),
            tags=(*optional_words(tree, fields, "tags"), "robustness"),
            hint=optional_text(tree, fields, "hint"),
            weighed="points" in fields,
            robustness=trials,
        )


def first_said(event: Event) -> Says | None:
    """Returns what an event says, of several alternatives the first."""
    act = event.act.choices[0].act if isinstance(event.act, AnyOf) else event.act
    return act if isinstance(act, Says) else None


def _is_said_by_client(event: Event) -> bool:
    return event.by is Role.CLIENT and first_said(event) is not None


def _captures(event: Event) -> frozenset[str]:
    said = first_said(event)
    return said.message.captures if said is not None else frozenset()
