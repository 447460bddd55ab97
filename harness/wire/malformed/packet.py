"""Packets as the catalogue tells of them: from where to where, what changes, what becomes of it.

Belongs here: the words in which an entry is told. Must not know: scapy, sockets, suites.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a flow."""

    mac: str
    v4: str
    v6: str
    port: int


@dataclass(frozen=True, slots=True)
class Flow:
    """From the harness (`source`) to the target; `prefix` is the length of the IPv4 network's."""

    source: Party
    target: Party
    prefix: int = 24


class Claim(enum.StrEnum):
    """What an entry proves of the target, once the probe after it was answered."""

    ANSWERS = "answers rightly"
    LIVES = "lives on"


class End(enum.StrEnum):
    """Where the way of a packet ends."""

    PROGRAM = "delivered"
    TOLD = "told"  # to a program whose socket is connected, as an error of its next call
    WOKEN = "woken"  # the program is, and there is nothing to read then
    KERNEL = "dropped"  # by the target's kernel
    SENDER = "refused"  # by the sender's


@dataclass(frozen=True, slots=True)
class Fate:
    """What a Linux kernel does with a packet.

    `kept`: how many bytes of the payload the program is given (None: all). `sender`: whom the
    program is shown as the sender, "" for the flow's own. `answerable`: an answer comes back to
    us. `counters`: what moves in the target's network, by /proc/net/snmp's and netstat's names
    (IPv6: snmp6's), beside those that each packet moves. `later`: what moves when the time for
    reassembly is over.
    """

    end: End
    kept: int | None = None
    sender: str = ""
    answerable: bool = True
    counters: Mapping[str, int] = field(default_factory=dict)
    later: Mapping[str, int] = field(default_factory=dict)

    def given(self, carried: bytes) -> bytes | None:
        """Returns what the program reads of a datagram's payload, None where nothing arrives."""
        return carried[: self.kept] if self.end is End.PROGRAM else None


@dataclass(frozen=True, slots=True)
class Option:
    """A socket option (level, name, value) by which a plain socket sends the same."""

    level: int
    name: int
    value: int | bytes


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One entry of the catalogue.

    `builds` names its function in malformed.building. `source` is where the rule stands that
    it breaks or uses. `fate` is for a packet that comes over Ethernet, `on_lo` for one over
    loopback, where that is another. `options`: a plain UDP socket with these sends the same
    (None: none does). `carries` makes the datagram's payload of the message. `after_talk`: it is
    about what the target has said, so that a right exchange comes first. An entry is equal to
    itself alone: there is one of each.
    """

    id: str
    group: str
    changes: str
    builds: str
    fate: Fate
    source: str = ""
    on_lo: Fate | None = None
    options: tuple[Option, ...] | None = None
    carries: Callable[[bytes], bytes] = bytes
    arguments: Mapping[str, int | str] = field(default_factory=dict)
    v6: bool = False
    after_talk: bool = False

    def fate_on(self, loopback: bool) -> Fate:
        """Returns its fate by the way that it takes."""
        return self.on_lo if loopback and self.on_lo is not None else self.fate

    def claim(self, message: bytes, loopback: bool = False) -> Claim | None:
        """Returns what it proves where the message has an answer, None where it is dropped."""
        fate = self.fate_on(loopback)
        if fate.end is not End.PROGRAM:
            return None
        whole = fate.given(self.carries(message)) == message
        return Claim.ANSWERS if whole and fate.answerable else Claim.LIVES


WHOLE = Fate(End.PROGRAM)
UNANSWERED = Fate(End.PROGRAM, answerable=False)
REFUSED = Fate(End.SENDER)


def kept(count: int) -> Fate:
    """The program is given the first bytes alone."""
    return Fate(End.PROGRAM, kept=count)


def shown_as(sender: str) -> Fate:
    """The program is given all, from a sender whom no answer reaches."""
    return Fate(End.PROGRAM, sender=sender, answerable=False)


def dropped(*counters: str, later: tuple[str, ...] = ()) -> Fate:
    """The target's kernel throws it away and counts so: "Udp.InErrors", "Ip.ReasmReqds+3"."""
    return Fate(End.KERNEL, counters=_counted(counters), later=_counted(later))


def told(*counters: str) -> Fate:
    """A connected socket of the program is told of an error, and no other is."""
    return Fate(End.TOLD, counters=_counted(counters))


def woken(*counters: str) -> Fate:
    """The program is woken for what the kernel throws away when it is to be read."""
    return Fate(End.WOKEN, counters=_counted(counters))


def counting(fate: Fate, *counters: str) -> Fate:
    """The same, with counters that move."""
    return replace(fate, counters=_counted(counters))


def _counted(names: tuple[str, ...]) -> Mapping[str, int]:
    split = (each.partition("+") for each in names)
    return MappingProxyType({name: int(times or 1) for name, _, times in split})


@dataclass(frozen=True, slots=True)
class Filled:
    """Makes a payload of so many bytes out of a message, by repeating it."""

    size: int
    least: bool = False  # only where it is shorter

    def __call__(self, message: bytes) -> bytes:
        """Returns the payload."""
        if self.least and len(message) >= self.size:
            return message
        unit = message or b"\0"
        return (unit * (self.size // len(unit) + 1))[: self.size]
