"""The wire of a lab, seen from the harness: its schedules, and what became of packets on it.

Belongs here: orders to the relay (harness.network.lab.relay), which runs in the lab. Must not
know: exchanges; the harness stands at the relay's left end, the target at its right one.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import MachineError
from harness.network.lab import relay
from harness.network.poll import readable
from harness.wire.schedule import Schedule

_PATIENCE = 20.0  # seconds for what takes a fraction of a millisecond


@dataclass(frozen=True, slots=True)
class Met:
    """A fate that a packet has met: `at` in monotonic seconds, `number` in its schedule."""

    at: float
    of_target: bool
    number: int
    fate: str


class Wire:
    """Nothing goes through before `go`."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._met: list[Met] = []

    def fileno(self) -> int:
        """A descriptor that is readable when a packet has met its fate."""
        return self._control.fileno()

    def go(self) -> None:
        """Lets packets through. Raises: MachineError."""
        self._order(relay.order("go"))

    def clear(self) -> None:
        """Forgets all schedules. Raises: MachineError."""
        self._order(relay.order("clear"))

    def lay(
        self, schedule: Schedule, over: str, of_target: bool, ports: tuple[int, int] | None
    ) -> None:
        """Lays a schedule for what one end sends over "tcp" or "udp". Raises: MachineError.

        `ports` are the harness's and the target's of one flow; None: of every flow that has no
        schedule of its own.
        """
        way = relay.RIGHT if of_target else relay.LEFT
        self._order(relay.lay(schedule, over, way, ports))

    def passed(self) -> int:
        """Returns how many frames have come in, all of which are through; -1: some are held.

        What was sent before this was called is at the other end then. Raises: MachineError.
        """
        return self._order(relay.order("look"))

    def met(self) -> Iterator[Met]:
        """Yields the fates met since the last time; never waits. Raises: MachineError."""
        while readable(self._control):
            self._read()
        yield from self._met
        self._met.clear()

    def close(self) -> None:
        """Ends the relay."""
        self._control.close()

    def _order(self, order: bytes) -> int:
        try:
            self._control.send(order)
        except OSError as exc:
            raise MachineError(f"the wire of the lab is gone: {exc.strerror}") from exc
        while True:
            if not readable(self._control, within=_PATIENCE):
                raise MachineError("the wire of the lab does not answer")
            done = self._read()
            if done is not None:
                return done

    def _read(self) -> int | None:
        """Takes in one message. Returns the answer to an order, None where it is a fate."""
        try:
            message = self._control.recv(relay.MESSAGE_LIMIT)
        except OSError as exc:
            raise MachineError(f"the wire of the lab is gone: {exc.strerror}") from exc
        if not message:
            raise MachineError("the wire of the lab is gone")
        told = json.loads(message)
        if "done" in told:
            return int(told["done"])
        of_target = told["way"] == relay.RIGHT
        self._met.append(Met(told["at"], of_target, told["number"], told["fate"]))
        return None
