"""A lab, seen from the harness outside: its sockets, its tables, its end.

Belongs here: asking the broker inside (harness.network.lab.broker). Must not know: targets,
exchanges. The harness's user owns the lab's user namespace from without, and so has every
right over what is in there: it may bind any port and look into any process.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import MachineError
from harness.network import endpoint
from harness.network.endpoint import Endpoint
from harness.network.lab import broker, topology
from harness.network.lab.ring import Ring
from harness.network.lab.topology import FAR, NEAR, Side
from harness.network.netlink import PROTOCOL as SOCK_DIAG
from harness.network.netlink import SockDiag
from harness.network.poll import readable
from harness.network.tables import Tables

_PATIENCE = 20.0  # seconds for what takes milliseconds unless the machine is in trouble
_IN_STORE = 16  # sockets of a kind that are asked for at once
_ALL_FRAMES = 3  # ETH_P_ALL, linux/if_ether.h
_SOL_PACKET = 263  # linux/socket.h
_IGNORE_OUTGOING = 23  # PACKET_IGNORE_OUTGOING, linux/if_packet.h


@dataclass(frozen=True, slots=True)
class Level:
    """What a lab has of all that it could have."""

    name: str
    shape: str = topology.PAIR
    pids: bool = True


FULL = Level("lab")
LEVELS = (
    FULL,
    Level("lab without pid namespace", pids=False),
    Level("lab on loopback", topology.LOOPBACK),
    Level("lab on loopback without pid namespace", topology.LOOPBACK, pids=False),
)
"""From the best down; what is less than the last is the host's own network."""


class Lab:
    """One private network with the processes that live there; `pid` is its first process."""

    def __init__(self, control: socket.socket, pid: int, ending: int, level: Level) -> None:
        """Takes over the broker's socket, and a pidfd that tells of its end."""
        self.control = control
        self.pid = pid
        self.level = level.name
        self.sides: Mapping[str, Side] = (
            {"far": FAR, "near": NEAR} if level.shape != topology.LOOPBACK else {}
        )
        self.wired = level.shape == topology.WIRE
        self._pids = level.pids
        self._ending = ending
        self._store: dict[tuple[str, int, int], list[socket.socket]] = {}
        self._tables: Tables | None = None

    @property
    def confines(self) -> bool:
        """Says whether its mounts are its own, so that files can be guarded."""
        return self._pids

    # -- the network ---------------------------------------------------------------------------

    @property
    def tables(self) -> Tables:
        """The socket tables of the near network; a pair's other ends are looked up far."""
        if self._tables is None:
            (near,) = self._made("near", socket.AF_NETLINK, socket.SOCK_DGRAM, SOCK_DIAG, 1)
            elsewhere = {}
            if self.sides:
                (far,) = self._made("far", socket.AF_NETLINK, socket.SOCK_DGRAM, SOCK_DIAG, 1)
                elsewhere = {FAR.v4: far, FAR.v6: far}
            self._tables = Tables(SockDiag(near, elsewhere))
        return self._tables

    def endpoints(self, family: int = socket.AF_INET) -> Sequence[Endpoint]:
        """Returns the far end, and loopback for a target that is bound to nothing else."""
        near = endpoint.loopback(family, self._maker("near"))
        if not self.sides:
            return (near,)
        if family == socket.AF_INET6:
            wild = frozenset({"::"})
            return (Endpoint(FAR.v6, NEAR.v6, wild, self._maker("far")), near)
        wild = frozenset({"0.0.0.0", "::", f"::ffff:{NEAR.v4}"})  # noqa: S104 - a target's
        return (Endpoint(FAR.v4, NEAR.v4, wild, self._maker("far")), near)

    def packets(self, side: str = "far") -> socket.socket:
        """Returns a socket for whole Ethernet frames at "far", "near" or "lo", non-blocking.

        At "lo", the near loopback, what is sent is not received a second time. Raises:
        MachineError where the lab has no such side.
        """
        network = "far" if side == "far" else "near"
        if side != "lo" and not self.sides:
            raise MachineError(f"{self.level} has no {side} side")
        (made,) = self._made(network, socket.AF_PACKET, socket.SOCK_RAW, 0, 1)
        interface = "lo" if side == "lo" else self.sides[side].interface
        with contextlib.ExitStack() as unless_bound:
            unless_bound.callback(made.close)
            if side == "lo":
                with contextlib.suppress(OSError):  # before Linux 4.20
                    made.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
            made.bind((interface, _ALL_FRAMES))
            made.setblocking(False)
            unless_bound.pop_all()
        return made

    def listening(self) -> Ring:
        """Returns a ring that keeps every frame of the near network, and those on its loopback.

        Raises: MachineError.
        """
        every = socket.htons(_ALL_FRAMES)
        (made,) = self._made("near", socket.AF_PACKET, socket.SOCK_RAW, every, 1)
        return Ring(made)

    def counters(self) -> Mapping[str, int]:
        """Returns the near network's counters, by "Udp.InErrors", "Udp6.InErrors" and the like.

        See proc_net_snmp; those of IPv6 are there where it is.
        """
        found: dict[str, int] = {}
        for table in ("snmp", "netstat"):
            with open(f"/proc/{self.pid}/net/{table}") as told:
                lines = [line.split() for line in told]
            for names, values in zip(lines[::2], lines[1::2], strict=True):
                group = names[0].rstrip(":")
                pairs = zip(names[1:], values[1:], strict=True)
                found |= {f"{group}.{name}": int(value) for name, value in pairs}
        with contextlib.suppress(OSError), open(f"/proc/{self.pid}/net/snmp6") as told:
            for name, value in map(str.split, told):
                group, _, counted = name.partition("6")
                found[f"{group}6.{counted}"] = int(value)
        return found

    # -- sockets -----------------------------------------------------------------------------

    def _maker(self, side: str) -> endpoint.Make:
        def make(family: int, kind: int) -> socket.socket:
            store = self._store.setdefault((side, family, kind), [])
            if not store:
                store += self._made(side, family, kind, 0, _IN_STORE)
            return store.pop()

        return make

    def _made(
        self, side: str, family: int, kind: int, protocol: int, count: int
    ) -> list[socket.socket]:
        order = {
            "do": "sockets", "side": side, "family": family, "kind": kind,
            "protocol": protocol, "count": count,
        }  # fmt: skip
        try:
            self.control.send(json.dumps(order).encode())
            if not readable(self.control, within=_PATIENCE):
                raise MachineError("the broker of the lab does not answer")
            told, descriptors, _, _ = socket.recv_fds(self.control, 4096, broker.MOST)
        except OSError as exc:
            raise MachineError(f"the broker of the lab is gone: {exc.strerror}") from exc
        if not told:
            raise MachineError("the broker of the lab is gone")
        number = json.loads(told)["errno"]
        if number:
            raise MachineError(f"the lab makes no socket: {os.strerror(number)}")
        for each in descriptors:
            os.set_inheritable(each, False)
        made = [socket.socket(fileno=each) for each in descriptors]
        if len(made) < count:  # what does not fit is closed by the kernel (unix(7))
            for sock in made:
                sock.close()
            raise MachineError("too many open files for the sockets of a lab: see `ulimit -n`")
        return made

    # -- its end -------------------------------------------------------------------------------

    def ends(self) -> bool:
        """Waits for the end of its first process, and so of all. Says whether it came."""
        return readable(self._ending, within=_PATIENCE)

    def close(self) -> None:
        """Ends all that is in there, and waits until it is gone. Raises: MachineError."""
        for store in self._store.values():
            for sock in store:
                sock.close()
        self._store.clear()
        if self._tables is not None:
            self._tables.close()
        self.control.close()
        gone = self.ends()
        os.close(self._ending)
        if not gone:
            raise MachineError("a lab does not end")
