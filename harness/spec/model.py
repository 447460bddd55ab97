"""What a spec says, once loaded: frozen, typed, every part with its place in the file.

Belongs here: the words of the spec language as data. Must not know: YAML, how an
exchange is played, what a delivery does to bytes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.errors import Place
from harness.wire.framing import Framing
from harness.wire.malformed.packet import Entry
from harness.wire.malformed.stack import Stack
from harness.wire.message import Message
from harness.wire.parameter import Parameter
from harness.wire.schedule import Schedule


class Role(enum.StrEnum):
    """What the target plays; the harness plays the other side."""

    SERVER = "server"
    CLIENT = "client"

    @property
    def other(self) -> Role:
        """The side that the harness plays."""
        return Role.CLIENT if self is Role.SERVER else Role.SERVER


class Transport(enum.StrEnum):
    """What carries the bytes."""

    TCP = "tcp"
    UDP = "udp"

    __hash__ = str.__hash__  # an enum's own is ten times slower, and connections are looked up


class Level(enum.StrEnum):
    """How binding a requirement, or an alternative, is (RFC 2119's words)."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Delivery(enum.StrEnum):
    """How the same bytes are put on the wire; what each proves is told in exchange.delivery."""

    WHOLE = "whole"
    SPLIT = "split"
    BYTEWISE = "bytewise"
    COALESCED = "coalesced"
    SLOW_READER = "slow-reader"
    PLAIN = "plain"
    REPEATED = "repeated"
    REORDERED = "reordered"
    FROM_ANOTHER_PORT = "from-another-port"
    AFTER_EMPTY = "after-empty"
    AFTER_OVERSIZED = "after-oversized"
    LOST_REQUEST = "lost-request"
    LOST_REPLY = "lost-reply"
    LOSSY = "lossy"


class Ending(enum.StrEnum):
    """How a TCP connection is closed by one side."""

    FIN = "fin"  # close(): both directions
    HALF = "half"  # shutdown(SHUT_WR): goes on reading
    RESET = "reset"  # RST
    ANY = "any"  # expected only: FIN or RST


class Origin(enum.StrEnum):
    """Where a datagram comes from."""

    USUAL = "usual"  # the socket that this side has used so far
    NEW_PORT = "new-port"  # a port of its own, with which the talk goes on (RFC 1350's TID)
    ANY_PORT = "any-port"  # that one or the usual: for what is not about it
    STRANGER = "stranger"  # somebody else, whom nobody has asked and nobody answers


STRANGER = "stranger"
"""Whom a datagram is `to`, beside the clients: whoever was Origin.STRANGER before."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A statement that cases verify. `roles`: whom it binds, () whoever is tested."""

    id: str
    level: Level
    text: str
    source: str
    hint: str
    place: Place
    roles: tuple[Role, ...] = ()

    def binds(self, role: Role) -> bool:
        """Says whether a target of this role is held to it."""
        return not self.roles or role in self.roles


@dataclass(frozen=True, slots=True)
class Hook:
    """A named function of the suite's Python file, told what was captured.

    `call(captures, at)`: `captures` maps names to bytes, `at` is when the message came, in
    seconds since 1970. Returns None, or what is wrong in words.
    """

    name: str
    call: Callable[[Mapping[str, bytes], float], str | None]


@dataclass(frozen=True, slots=True)
class Says:
    """Bytes on the connection. `example` is what is produced where `message` is open."""

    message: Message
    example: Message | None = None
    hook: Hook | None = None
    origin: Origin = Origin.USUAL  # UDP only
    answers: int | None = None  # UDP, harness only: to where this datagram came from, from 1
    not_before: float | None = None  # UDP, target only: seconds since its datagram before
    again: float | None = None  # UDP, target only: may come again, so many seconds later at least

    @property
    def timed(self) -> bool:
        """Says whether it matters when exactly it comes."""
        return (self.hook, self.not_before, self.again) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Opens:
    """The client connects (TCP) or makes its socket (UDP), before it says anything."""


@dataclass(frozen=True, slots=True)
class Closes:
    """The connection is closed, `how` says in which way."""

    how: Ending = Ending.FIN


@dataclass(frozen=True, slots=True)
class Silent:
    """Says nothing in answer to what was said: whatever comes here is the failure."""


@dataclass(frozen=True, slots=True)
class Types:
    """A line typed at the client's terminal; without its newline."""

    line: Message


@dataclass(frozen=True, slots=True)
class Prints:
    """Output that holds `message` somewhere; with `never`, that must not hold it to the end."""

    message: Message
    never: bool = False
    example: Message | None = None  # output that would be right, where `message` is open


@dataclass(frozen=True, slots=True)
class Stores:
    """A file with exactly this content lies somewhere under the working folder.

    With `never`, none lies beside that folder, where a name like ../x leads.
    """

    content: Message
    never: bool = False


@dataclass(frozen=True, slots=True)
class Exits:
    """The program ends by itself; `code` None accepts any, `nonzero` any but 0. No crash does."""

    code: int | None = None
    nonzero: bool = False


@dataclass(frozen=True, slots=True)
class Restarts:
    """The server is stopped and started again on the same port."""


@dataclass(frozen=True, slots=True)
class Reads:
    """All that was said on the connection is read; `on` False: nothing more is, from here on."""

    on: bool = True


@dataclass(frozen=True, slots=True)
class LetsGo:
    """No socket is held that was not held when the exchange began, but for open connections."""


@dataclass(frozen=True, slots=True)
class CallsNobody:
    """Nobody was talked to but the other side of the exchange."""


@dataclass(frozen=True, slots=True)
class GoesOn:
    """From here on it may go on by itself: what else it says on this connection counts nothing."""


@dataclass(frozen=True, slots=True)
class Impairs:
    """What becomes of the packets of one side from here on; they are counted from 1 again."""

    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Crafts:
    """What `says` holds goes in packets that are made by hand."""

    packet: Entry | Stack
    says: Says


Said = Says | Silent | Closes


@dataclass(frozen=True, slots=True)
class Choice:
    """One alternative of `any_of`; below `must` it earns a warning with `reason`."""

    act: Said
    level: Level = Level.MUST
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several is right: the first that matches counts."""

    choices: tuple[Choice, ...]


Act = (
    Says
    | Opens
    | Closes
    | Silent
    | Types
    | Prints
    | Stores
    | Exits
    | Restarts
    | Reads
    | LetsGo
    | CallsNobody
    | GoesOn
    | Impairs
    | Crafts
    | AnyOf
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an exchange: who does what.

    `by` is the side that acts; `client` names the client whose connection or terminal it
    is about, also where the server acts. `setup`: a target that fails here is blocked in
    this case, not failed.
    """

    by: Role
    client: str
    over: Transport
    act: Act
    place: Place
    setup: bool = False


@dataclass(frozen=True, slots=True)
class Launch:
    """How programs of one role are started: an argv template, and what lies beside them.

    Placeholders of `run`: {program} {host} {port} {folder}, and parameters. `files` maps
    names under the working folder to contents, `folders` are made empty. `port` is fixed
    where the program cannot be told one.
    """

    run: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Robustness:
    """What makes one case of many trials: a message made wrong in every way of one group.

    `packets` are entries of the catalogue, or `mutation` is a kind of them; `without` are the
    names of those left out. `exchange` is where the message stands, as the event number
    `message` from 0. `silent`: a wrong message gets no answer.
    """

    exchange: tuple[Event, ...]
    message: int
    packets: tuple[Entry, ...] = ()
    mutation: str = ""
    without: frozenset[str] = frozenset()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One purpose, one exchange; with `robustness` many, the `exchange` after each."""

    id: str
    purpose: str
    verifies: tuple[str, ...]
    points: float
    roles: tuple[Role, ...]
    clients: tuple[str, ...]
    exchange: tuple[Event, ...]
    place: Place
    deliveries: tuple[Delivery, ...] | None = None  # None: all that make sense
    without: tuple[Delivery, ...] = ()
    tags: tuple[str, ...] = ()
    hint: str = ""
    fresh: bool = False  # wants a process that has served nobody yet
    files: Mapping[str, bytes] = field(default_factory=dict)  # beside the launch's, or instead
    deadline: float | None = None  # seconds, where the suite's does not do
    feature: str = ""  # played only where the target claims it
    weighed: bool = True  # its points are written, be they 0
    robustness: Robustness | None = None


@dataclass(frozen=True, slots=True)
class Unused:
    """What is defined and used by nothing: "fragment", its name, and where."""

    kind: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Suite:
    """One spec file."""

    id: str
    title: str
    reference: str
    roles: tuple[Role, ...]
    transports: tuple[Transport, ...]
    framing: Framing
    launches: Mapping[Role, Launch]
    parameters: Mapping[str, Parameter]
    requirements: Mapping[str, Requirement]
    probe: tuple[Event, ...]
    cases: tuple[Case, ...]
    path: str
    idempotent: bool = False  # UDP: a request may be repeated or overtaken, answers are alike
    survives: Mapping[Delivery, Place] = field(default_factory=dict)  # losses that do no harm
    pipelined: bool = False  # TCP: requests may be sent ahead of the answers
    unordered: bool = False  # TCP: answers to requests sent ahead may come in any order
    deadline: float = 3.0  # seconds a case may take on an idle machine, start-up apart
    features: Mapping[str, str] = field(default_factory=dict)  # optional: id to text
    proves: Mapping[Delivery, str] = field(default_factory=dict)  # to a requirement's id
    unused: tuple[Unused, ...] = ()
    unescaped: Mapping[Place, str] = field(default_factory=dict)  # letters behind a backslash
