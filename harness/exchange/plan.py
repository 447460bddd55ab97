"""A plan: one case as it is played with one target role, one delivery and one seed.

Belongs here: the frozen steps, seen from the harness, and how a case becomes them. Must
not know: sockets, clocks, processes; what a step leads to is exchange.play's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.errors import Place
from harness.spec.model import (
    STRANGER,
    CallsNobody,
    Case,
    Choice,
    Delivery,
    Ending,
    Exits,
    LetsGo,
    Prints,
    Reads,
    Role,
    Says,
    Stores,
    Suite,
    Transport,
)
from harness.wire.framing import Framing
from harness.wire.malformed.packet import Entry
from harness.wire.malformed.stack import Stack
from harness.wire.message import Message
from harness.wire.schedule import Schedule


class Connection(NamedTuple):
    """One client's talk with the server over one transport; `client` is its name in the spec.

    A tuple, since it is looked up several times for every message.
    """

    client: str
    over: Transport


STRANGERS = Connection(STRANGER, Transport.UDP)
"""What strangers say in a play, and are answered, where that is looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """What all steps have: the event that they stand for and whether it is set-up."""

    place: Place
    setup: bool


@dataclass(frozen=True, slots=True)
class Open(Step):
    """The harness, as client, connects or makes its socket; at this `port`, 0: at any.

    `by_hand`: over TCP, segment by segment, since some are crafted.
    """

    connection: Connection
    port: int = 0
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Accept(Step):
    """The target, as client, must connect: no bytes are wanted yet."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Send(Step):
    """The harness speaks. Several messages in one step are one write (`coalesced`)."""

    connection: Connection
    says: tuple[Says, ...]


@dataclass(frozen=True, slots=True)
class Stray(Step):
    """A stranger sends a datagram whose answer nobody reads."""

    connection: Connection
    data: bytes


@dataclass(frozen=True, slots=True)
class Craft(Step):
    """The harness sends what `says` holds in packets that are made by hand."""

    connection: Connection
    packet: Entry | Stack
    says: Says


@dataclass(frozen=True, slots=True)
class Close(Step):
    """The harness closes its side."""

    connection: Connection
    how: Ending


@dataclass(frozen=True, slots=True)
class Expect(Step):
    """The target must do one of `choices` on this connection (Says, Silent or Closes).

    `repeats` copies of what it says may follow (a request that was put on the wire twice).
    """

    connection: Connection
    choices: tuple[Choice, ...]
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Release(Step):
    """The target may go on by itself: what comes from here on is not looked at."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Type(Step):
    """The harness types a line at the target's terminal."""

    line: Message


@dataclass(frozen=True, slots=True)
class Look(Step):
    """Something of the target beside the wire: its output, its files, its exit."""

    act: Prints | Stores | Exits


@dataclass(frozen=True, slots=True)
class Inspect(Step):
    """Something that the kernel alone knows of the target: what it has read, holds, talks to."""

    connection: Connection
    act: Reads | LetsGo | CallsNobody


@dataclass(frozen=True, slots=True)
class Listen(Step):
    """The harness takes in nothing more on this connection, or (`on`) listens to it again."""

    connection: Connection
    on: bool


@dataclass(frozen=True, slots=True)
class Restart(Step):
    """The harness stops the server and starts it again on its port."""


@dataclass(frozen=True, slots=True)
class Impair(Step):
    """From here on this becomes of the packets that a side (`by`) sends, counted from 1."""

    connection: Connection
    by: Role
    schedule: Schedule


AnyStep = (
    Open
    | Accept
    | Send
    | Stray
    | Craft
    | Close
    | Expect
    | Release
    | Type
    | Look
    | Inspect
    | Listen
    | Restart
    | Impair
)


def sentinel_behind(steps: Sequence[AnyStep], at: int) -> bool:
    """Says whether the target says something behind this expectation, on the same connection."""
    expect = steps[at]
    assert isinstance(expect, Expect)
    for later in steps[at + 1 :]:
        if isinstance(later, Expect) and later.connection == expect.connection:
            return any(isinstance(choice.act, Says) for choice in later.choices)
        if isinstance(later, Close | Open | Restart):
            return False
    return False


PATIENT = frozenset({Delivery.LOST_REQUEST, Delivery.LOSSY})
"""Deliveries under which somebody waits until a timer goes off."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One of many short plays of a case: something malformed, then the probe.

    `packet` is the entry of the catalogue that it is about, None where the message is wrong.
    `control`: nothing is, and the case rests on it.
    """

    name: str
    changes: str
    steps: tuple[AnyStep, ...]
    packet: Entry | None = None
    control: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One play of a case. `scope` holds the drawn parameters; `delivery` rules every Send.

    With `trials` it is played as many plays, and `steps` are those of the last one. `distinct`
    are the steps each once: those of a repetition are the same ones many times.
    """

    suite: Suite
    case: Case
    role: Role
    delivery: Delivery
    seed: int
    framing: Framing
    steps: tuple[AnyStep, ...]
    scope: Mapping[str, bytes] = field(default_factory=dict)
    trials: tuple[Trial, ...] = ()
    distinct: tuple[AnyStep, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        once = {id(step): step for step in self.steps}
        object.__setattr__(self, "distinct", tuple(once.values()))

    @property
    def seconds(self) -> float:
        """What the case may take; whoever waits for what was lost is given that time once more."""
        limit = self.case.deadline or self.suite.deadline
        if self.delivery not in PATIENT:
            return limit
        return limit * (1 + sum(isinstance(step, Impair) for step in self.steps))

    @property
    def timed(self) -> bool:
        """Says whether it matters when exactly a datagram came."""
        parts = (self.distinct, *(trial.steps for trial in self.trials))
        steps = (step for part in parts for step in part)
        choices = (each for step in steps if isinstance(step, Expect) for each in step.choices)
        return any(isinstance(each.act, Says) and each.act.timed for each in choices)

    @property
    def heeds_strangers(self) -> bool:
        """Says whether it is looked at what strangers are answered."""
        said = (step for step in self.distinct if isinstance(step, Send | Expect))
        return any(step.connection == STRANGERS for step in said)

    @property
    def verifies(self) -> tuple[str, ...]:
        """Ids of the requirements that it verifies: what its delivery proves comes first."""
        return verified(self.suite, self.case, self.role, self.delivery)


def verified(suite: Suite, case: Case, role: Role, delivery: Delivery) -> tuple[str, ...]:
    """Returns the requirements of a case under a delivery; the plain one proves only its own."""
    own, proven = binding(suite, case, role), suite.proves.get(delivery)
    if proven is None or proven in own:
        return own
    return (proven, *own)


def binding(suite: Suite, case: Case, role: Role) -> tuple[str, ...]:
    """Returns those of a case's requirements that bind a target of this role."""
    return tuple(name for name in case.verifies if suite.requirements[name].binds(role))
