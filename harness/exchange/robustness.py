"""Robustness: the trials of a case that sends what is malformed, the probe after each.

Belongs here: which trials there are, and what each claims: that the target *answers rightly*,
*stays silent*, or *lives on*. Must not know: how a packet is built or sent.

Each trial is a play of its own: the malformed message comes from a client of its own, whose
socket nobody listens to any more where no claim is made about an answer; then another client
plays the probe. No wait is needed: the probe's answer is the sentinel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.exchange.plan import AnyStep, Open, Plan, Trial
from harness.exchange.planning import steps_of
from harness.spec.model import (
    Closes,
    Crafts,
    Ending,
    Event,
    GoesOn,
    Robustness,
    Role,
    Says,
    Silent,
    Transport,
)
from harness.spec.robustness import first_said
from harness.wire.malformed.mutation import mutations
from harness.wire.malformed.packet import Claim, Entry
from harness.wire.malformed.regions import regions_of
from harness.wire.template import literal

MALFORMED = "malformed"
"""The client from whom the malformed message comes."""
_PORTS = 61_000  # the first of those from which crafted packets come: one for each, known before


def with_trials(plan: Plan) -> Plan:
    """Returns the plan with its trials, where its case has any. Raises: HarnessError."""
    robustness = plan.case.robustness
    if robustness is None or plan.role is Role.CLIENT:
        return plan
    writer = _Writer(plan, robustness)
    trials = tuple(writer.trials())
    return replace(plan, steps=trials[-1].steps if trials else (), trials=trials)


def one_trial(plan: Plan, trial: Trial) -> Plan:
    """Returns the plan of one trial alone."""
    return replace(plan, steps=trial.steps, trials=())


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes trials as events, which become steps as those of any case do."""

    plan: Plan
    robustness: Robustness

    def trials(self) -> Iterator[Trial]:
        """Yields them, the catalogue's in its order."""
        said, data = self._message()
        yield self._control()
        for port, entry in enumerate(self.robustness.packets, start=_PORTS):
            events = self._crafted(entry, said, data)
            yield self._trial(entry.id, entry.changes, events, entry, port)
        if self.robustness.mutation:
            example = said.example if said.message.open and said.example else None
            found = regions_of(example or said.message, data, self.plan.scope)
            for each in mutations(data, found, self.robustness.mutation):
                if each.id not in self.robustness.without:
                    yield self._trial(each.id, each.changes, self._mutated(each.data))

    def _control(self) -> Trial:
        """The right message from one client, the probe from another: this much is rested on."""
        right = self._trial("the right message", "nothing is wrong yet", self._right())
        steps = tuple(replace(each, setup=True) for each in right.steps)
        return replace(right, steps=steps, control=True)

    def _right(self) -> Iterator[Event]:
        yield from map(self._malformed, self.robustness.exchange)
        yield from self._left(self._malformed(self._event))

    def _message(self) -> tuple[Says, bytes]:
        """Returns the message as it is when it is right, and its bytes."""
        said = first_said(self._event)
        assert said is not None
        chosen = said.example if said.message.open and said.example else said.message
        return said, chosen.produce(self.plan.scope)

    @property
    def _event(self) -> Event:
        return self.robustness.exchange[self.robustness.message]

    def _trial(
        self,
        name: str,
        changes: str,
        events: Iterator[Event],
        entry: Entry | None = None,
        port: int = 0,
    ) -> Trial:
        probe = self.plan.suite.probe
        after = (*events, *probe, *(self._goes_on(each) for each in probe[-1:]))
        case = replace(self.plan.case, exchange=after)
        steps = steps_of(case, self.plan.role)
        return Trial(name, changes, tuple(_at_port(each, port) for each in steps), entry)

    def _crafted(self, entry: Entry, said: Says, data: bytes) -> Iterator[Event]:
        at, crafted = self.robustness.message, self._at_the_message(Crafts(entry, said))
        yield from map(self._malformed, self.robustness.exchange[:at])
        if entry.after_talk:
            yield from map(self._malformed, self.robustness.exchange[at:])
            yield crafted
        else:
            yield crafted
            both = {entry.claim(data, loopback) for loopback in (False, True)}
            if both == {Claim.ANSWERS}:
                yield from map(self._malformed, self.robustness.exchange[at + 1 :])
                return
        yield self._goes_on(crafted)

    def _mutated(self, data: bytes) -> Iterator[Event]:
        yield from map(self._malformed, self.robustness.exchange[: self.robustness.message])
        said = self._at_the_message(Says(literal(data)))
        yield said
        if self.robustness.silent:
            yield replace(said, by=Role.SERVER, act=Silent())
        yield from self._left(said)

    def _left(self, said: Event) -> Iterator[Event]:
        """The malformed client says no more, and what is still said to it counts nothing."""
        if said.over is Transport.TCP:
            yield replace(said, act=Closes(Ending.HALF))
        yield self._goes_on(said)

    def _at_the_message(self, act: Says | Crafts) -> Event:
        return replace(self._malformed(self._event), act=act, place=self.plan.case.place)

    def _malformed(self, event: Event) -> Event:
        return replace(event, client=MALFORMED)

    def _goes_on(self, event: Event) -> Event:
        """What the server still says there counts nothing."""
        return replace(event, by=Role.SERVER, act=GoesOn())


def _at_port(step: AnyStep, port: int) -> AnyStep:
    if isinstance(step, Open) and step.connection.client == MALFORMED:
        return replace(step, port=port)
    return step
