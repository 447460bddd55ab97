"""Schedules: what becomes of every packet that goes one way over an impaired wire.

Belongs here: fates by the packet's number, and the line that deals them out, whatever a
packet is. Must not know: sockets, frames, clocks: a delay goes out beside its packet, in
seconds. The relay of the lab imports it into a process of its own, so it stays light.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

Packet = TypeVar("Packet")

DELAY = 0.2
"""Seconds for which a packet is held back where nothing else is said."""


class Fate(enum.StrEnum):
    """What becomes of one packet."""

    DROP = "drop"  # it is lost
    REPEAT = "repeat"  # it comes twice
    SWAP = "swap"  # the one behind it comes first
    DELAY = "delay"  # it comes later
    CORRUPT = "corrupt"  # a bit of it flips, and its checksum shows that


@dataclass(frozen=True, slots=True)
class Schedule:
    """The fates of one direction: packets are numbered from 1, others go through untouched."""

    fates: Mapping[int, Fate] = field(default_factory=dict)
    delay: float = DELAY

    @classmethod
    def of(cls, fates: Iterable[tuple[int, Fate]], delay: float = DELAY) -> Schedule:
        """Returns a schedule. Raises: ValueError where two fates are about one packet."""
        found: dict[int, Fate] = {}
        for number, fate in fates:
            if number in found:
                raise ValueError(f"packet {number} has two fates: {found[number]} and {fate}")
            found[number] = fate
        for number, fate in found.items():
            if fate is Fate.SWAP and number + 1 in found:
                other = found[number + 1]
                raise ValueError(
                    f"packet {number + 1} changes places with {number} and has {other}"
                )
        return cls(found, delay)

    def told(self, number: int) -> str:
        """Returns in words what becomes of a packet, "" where it goes through."""
        fate = self.fates.get(number)
        if fate is None:
            return ""
        if fate is Fate.DELAY:
            return f"held back for {self.delay:g} s by the wire"
        return _TOLD[fate]


_TOLD = {
    Fate.DROP: "lost by the wire",
    Fate.REPEAT: "repeated by the wire",
    Fate.SWAP: "overtaken on the wire by the next",
    Fate.CORRUPT: "corrupted by the wire",
}


class Out(NamedTuple, Generic[Packet]):
    """A packet that leaves the wire: `after` so many seconds, `corrupt` with a bit flipped."""

    packet: Packet
    after: float = 0.0
    corrupt: bool = False


class Line(Generic[Packet]):
    """One direction of a wire. `count`: how many packets have gone into it."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.count = 0
        self._overtaken: list[Packet] = []

    def carry(self, packet: Packet) -> list[Out[Packet]]:
        """Returns what comes out now that this packet has gone in, in its order."""
        self.count += 1
        fate = self.schedule.fates.get(self.count)
        if fate is Fate.SWAP:
            self._overtaken.append(packet)
            return []
        behind = [Out(each) for each in self._overtaken]
        self._overtaken.clear()
        if fate is Fate.DROP:
            return behind
        delay = self.schedule.delay if fate is Fate.DELAY else 0.0
        out = Out(packet, delay, fate is Fate.CORRUPT)
        return [out, out, *behind] if fate is Fate.REPEAT else [out, *behind]
