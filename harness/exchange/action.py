"""What a play asks of the world, and what the world tells a play.

Belongs here: the two alphabets between the pure state machine and whoever drives it
(harness.runner.driver with real sockets; a peer played in memory in the tests). Must not
know: either of them. Times are seconds since 1970, told by the driver.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from harness.errors import Place
from harness.exchange.plan import Connection
from harness.spec.model import CallsNobody, Ending, LetsGo, Reads, Role
from harness.wire.malformed.packet import Entry
from harness.wire.malformed.stack import Stack
from harness.wire.schedule import Schedule


@dataclass(frozen=True, slots=True)
class DoOpen:
    """Connect, or make the UDP socket. Answer: Opened, or Refused.

    `port`: where one is to be had for the asking, the socket is bound to it (0: to any).
    `by_hand`: over TCP, segment by segment, since some are crafted.
    """

    connection: Connection
    port: int = 0
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class DoSend:
    """Write these pieces in order, each after the target has read the one before.

    UDP: each piece is one datagram; they are sent back to back. `another_port`: from a
    socket of its own, which from then on is the connection's. `stray`: from a stranger's
    socket whose answers nobody reads. `to`: where the client's datagram of this number came
    from (1 is the first, 0: where we have sent so far); a server's answer knows its question.
    Answer: Sent, or Refused where the connection is gone.
    """

    connection: Connection
    pieces: tuple[bytes, ...]
    another_port: bool = False
    stray: bool = False
    to: int = 0


@dataclass(frozen=True, slots=True)
class DoCraft:
    """Send these bytes in packets that are made by hand, from the connection's socket's port.

    Answer: Sent, or Refused where the network does not take it.
    """

    connection: Connection
    packet: Entry | Stack
    data: bytes


@dataclass(frozen=True, slots=True)
class DoClose:
    """Close in this way. Answer: Sent."""

    connection: Connection
    how: Ending


@dataclass(frozen=True, slots=True)
class DoType:
    """Type this line, newline included, at the target's terminal. Answer: Sent."""

    line: bytes


@dataclass(frozen=True, slots=True)
class DoFind:
    """Look for a file with exactly this content. Answer: Found (`here` says whether).

    `outside`: beside the working folder, not in it.
    """

    content: bytes
    outside: bool = False


@dataclass(frozen=True, slots=True)
class DoRestart:
    """Stop the server and start it on its port. Answer: Restarted, or NotStarted."""


@dataclass(frozen=True, slots=True)
class DoImpair:
    """Let this become of the packets that a side (`by`) sends from here on. Answer: Sent."""

    connection: Connection
    by: Role
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class DoInspect:
    """Ask the kernel about the target, until it is as the act has it or will not be any more.

    Answer: Inspected.
    """

    connection: Connection
    act: Reads | LetsGo | CallsNobody


@dataclass(frozen=True, slots=True)
class DoListen:
    """Take in nothing more on this connection, or (`on`) all that comes again. Answer: Sent."""

    connection: Connection
    on: bool


class Awaited(enum.Enum):
    """What a wait is for; the driver tells it in the report and picks its proofs by it."""

    ANSWER = "answer"
    SILENCE = "silence"
    CLOSE = "close"
    CONNECT = "connect"
    OUTPUT = "output"
    FILE = "file"
    EXIT = "exit"
    NOTHING_MORE = "nothing more"  # after the last event


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for any signal. `connection` is where it is awaited, None where on none."""

    kind: Awaited
    connection: Connection | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class Done:
    """The play is over; `Play.finding` is the judgement."""


Action = (
    DoOpen
    | DoSend
    | DoCraft
    | DoClose
    | DoType
    | DoFind
    | DoRestart
    | DoImpair
    | DoInspect
    | DoListen
    | Await
    | Done
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection stands: ours was accepted, or the target's came in."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody listens, or the connection was gone when we wrote.

    `own_port`: it was the port of one talk, not that of the server, and the talk may be over.
    """

    connection: Connection
    why: str
    own_port: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What was asked is done."""


class Received(NamedTuple):
    """Bytes of a stream, or one whole datagram. `new_port`: from a port not seen before.

    `astray`: it came to a port that the harness has left, for one with which the talk went on.
    `at` is when the kernel received a datagram, or when bytes of a stream were read.
    """

    connection: Connection
    data: bytes
    at: float
    new_port: bool = False
    astray: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The target closed: `how` is FIN or RESET."""

    connection: Connection
    how: Ending


@dataclass(frozen=True, slots=True)
class Printed:
    """Output of the target since the last such signal."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """Whether the file that DoFind asked for is here."""

    here: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the kernel tells: `wrong` in words, "" where it is as it has to be.

    `unseen`: what cannot be seen on this machine, and so is not proven. `decided_by` and
    `evidence` as in a Finding.
    """

    wrong: str = ""
    unseen: str = ""
    decided_by: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Exited:
    """The target's process is gone: exit code, or minus the signal's number."""

    status: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """The server listens again."""


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The server could not be started again; `why` in words."""

    why: str


@dataclass(frozen=True, slots=True)
class Rested:
    """Proof that the target waits for more and will do nothing by itself.

    `evidence` in words; `raw` what was seen, line by line.
    """

    evidence: str
    raw: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expired:
    """The case's deadline is over.

    `seconds` is what it was; `evidence` what the target did, `raw` what was seen line by line.
    `late` says in words that the machine was late, and so nobody is to blame.
    """

    seconds: float
    evidence: str = ""
    late: str = ""
    raw: tuple[str, ...] = ()


Signal = (
    Opened
    | Refused
    | Sent
    | Received
    | Ended
    | Printed
    | Found
    | Inspected
    | Exited
    | Restarted
    | NotStarted
    | Rested
    | Expired
)
