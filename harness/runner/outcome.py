"""The outcome of one case with one delivery: the one thing that every report is made from.

Belongs here: outcomes and transcripts as data. Must not know: who plays, who reports.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.exchange.plan import AnyStep, Plan
from harness.exchange.silence import Silence
from harness.verdict import Finding, Verdict
from harness.wire.frames import Seen

ANOTHER_PORT = "from another port"
"""The detail of a datagram whose speaker has used another one before."""

CRAFTED = "crafted: "
"""How the detail of a packet begins that no socket has made; its name in the catalogue follows."""


class Kind(enum.Enum):
    """What a transcript's entry is."""

    OPEN = "opens"
    REFUSE = "refuses"
    BYTES = "says"
    CLOSE = "closes"
    TYPED = "types"
    PRINTED = "prints"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the conversation. `seconds` from the case's start; `by_client` its side.

    `who` is the client's name in the spec; `detail` adds words ("RST", "read before the next").
    `step` was the one of now: of what comes, the first that it was awaited by.
    """

    seconds: float
    kind: Kind
    by_client: bool
    who: str
    data: bytes = b""
    detail: str = ""
    step: AnyStep | None = None


class Packets(NamedTuple):
    """Malformed ones of a case: how many have reached the program, were dropped, not sent."""

    reached: int = 0
    dropped: int = 0
    unsent: int = 0


NO_PACKETS = Packets()


@dataclass(frozen=True, slots=True)
class Preparation:
    """What came before a play on a fresh process: `phase` is "build" or "start"."""

    phase: str
    seconds: float
    log: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one plan.

    `output` is the tail of what the target printed. `broken_by` names the earlier case after
    which a target failed here that passes when fresh. `seconds` is the case's own time,
    without builds and starts, `began` when the transcript begins, in seconds since 1970. `port`
    is the server's. `silences` are its waits in which nothing came, each with what proved that.
    `seen` is what was on the wire, where somebody has listened. `prepared` is what a process
    that was started for this play took. `properties` holds what reports add to every line
    (network level, target, seed; the phase in which a target failed before it could play).
    """

    target: str
    plan: Plan
    finding: Finding
    transcript: tuple[Entry, ...] = ()
    output: bytes = b""
    broken_by: str = ""
    known: str = ""
    seconds: float = 0.0
    began: float = 0.0
    port: int = 0
    seen: Seen | None = None
    started_fresh: bool = False
    silences: tuple[Silence, ...] = ()
    prepared: tuple[Preparation, ...] = ()
    packets: Packets = NO_PACKETS
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The finding's verdict."""
        return self.finding.verdict
