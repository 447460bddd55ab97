"""Places: the network in which a target is started, and the port that it gets there.

Belongs here: a lab where this machine has one to give, else loopback, where ports are shared
with everybody. Must not know: what is started there.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import MachineError
from harness.network.lab import topology
from harness.network.lab.lab import LEVELS, Lab, Level
from harness.network.lab.wire import Wire
from harness.network.network import Host, Network, Wanted, free_on
from harness.network.tables import Tables
from harness.target.folder import home, remove_abandoned
from harness.target.isolation import Tier
from harness.target.launcher import Inside, Keeper, Launcher
from harness.target.lockfile import Lock, locked_within, try_lock

# Below the ports that Linux gives to clients (32768 and up), above what servers listen on.
_PORTS = range(20_000, 32_000)
_TURN = 300.0  # seconds that a fixed port is waited for while another worker has it
_BOTH = (socket.SOCK_STREAM, socket.SOCK_DGRAM)

_UNGUARDED = "--security-opt seccomp=unconfined"
REMEDIES = {
    "namespaces": (
        "sudo sysctl -e -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000 "
        "kernel.apparmor_restrict_unprivileged_userns=0"
    ),
    "proc": f"docker run {_UNGUARDED} --security-opt systempaths=unconfined ...",
    "links": f"docker run {_UNGUARDED} ...",
}
"""What would help against a step that a machine refuses (docs/networks.md)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one target is started. `lab` and its `wire` are its own, and end with it."""

    launcher: Launcher
    network: Network
    lab: Lab | None = None
    wire: Wire | None = None
    tier: Tier = Tier.NONE

    def close(self) -> None:
        """Ends the lab. Raises: MachineError."""
        if self.wire is not None:
            self.wire.close()
        if self.lab is not None:
            self.launcher.close()


class Places:
    """Finds places; holds the fork server from which all targets and labs come."""

    def __init__(self, wanted: Wanted, tables: Tables, tier: Tier = Tier.NONE) -> None:
        self._wanted = Wanted.HOST if tier is Tier.GUARDED else wanted
        self._tier = tier
        self._host = Host(tables)
        self._keeper: Keeper | None = None
        self._level: Level | None = None
        self._refused: MachineError | None = None
        self._random = random.Random()  # which port is free is no part of a case

    def close(self) -> None:
        """Ends the fork server."""
        kept, self._keeper = self._keeper, None
        if kept is not None:
            kept.close()

    def keeper(self) -> Keeper:
        """Returns the fork server. Raises: MachineError."""
        if self._keeper is not None and not self._keeper.alive:  # a target can kill it
            self.close()
        if self._keeper is None:
            remove_abandoned()
            self._keeper = Keeper()
        return self._keeper

    def new(self, wired: bool = False) -> Place:
        """Returns the best place that can be had. Raises: MachineError.

        `wired`: one with a wire between harness and target, for which `has_wire` holds.
        """
        if wired and self._level is not None:
            return self._wired(self._level)
        inside = self._inside()
        if self._tier is Tier.STRICT and (inside is None or not inside.lab.confines):
            if inside is not None:
                inside.close()
            raise self._refused or MachineError("strict isolation needs a lab")
        if inside is None:
            return Place(self.keeper(), self._host, tier=self._tier)
        return Place(inside, inside.lab, inside.lab, tier=self._tier)

    def _wired(self, level: Level) -> Place:
        inside = self.keeper().lab(replace(level, shape=topology.WIRE))
        with contextlib.ExitStack() as unless_wired:
            unless_wired.callback(inside.close)
            wire = inside.wire()
            unless_wired.pop_all()
        return Place(inside, inside.lab, inside.lab, wire, self._tier)

    def has_wire(self) -> bool:
        """Says whether a lab here can have a wire. Raises: MachineError."""
        return self.has_lab() and self._level is not None and self._level.shape == topology.PAIR

    def has_lab(self) -> bool:
        """Says whether targets get a lab here. Raises: MachineError."""
        if self._level is None and self._refused is None:
            inside = self._inside()
            if inside is not None:
                inside.close()
        return self._level is not None

    @property
    def refused(self) -> MachineError | None:
        """Why the best level of a lab is not to be had, once one was tried; None: it is."""
        return self._refused

    def _inside(self) -> Inside | None:
        if self._level is not None:  # what could be made once is not given up for less
            return self.keeper().lab(self._level)
        if self._wanted is Wanted.HOST:
            return None
        for level in () if self._refused else LEVELS:
            try:
                made = self.keeper().lab(level)
            except MachineError as exc:
                self._refused = self._refused or exc
                continue
            self._level = level
            return made
        if self._wanted is Wanted.LAB and self._refused is not None:
            raise self._refused
        return None

    # -- ports -----------------------------------------------------------------------------

    def port(self, place: Place, fixed: int | None) -> tuple[int, Lock | None]:
        """Returns a port that no other target has there, on the host held by a lock."""
        if place.lab is not None:
            return fixed or self._random.choice(_PORTS), None
        if fixed is not None:
            return fixed, locked_within(_locks(), fixed, _TURN)
        for port in self._candidates():
            lock = try_lock(_locks(), port)
            if lock is None:
                continue
            if free_on(port, _BOTH):
                return port, lock
            lock.release()
        raise MachineError("no free port on this machine")

    def _candidates(self) -> Iterator[int]:
        for _ in range(2000):
            yield self._random.choice(_PORTS)


def best(tables: Tables) -> tuple[str, MachineError | None]:
    """Tries what this machine has to give: the level of a lab, "" for none, and why no better.

    Raises: MachineError where no target can be started at all.
    """
    with contextlib.closing(Places(Wanted.AUTO, tables)) as places:
        place = places.new()
        place.close()
        return (place.lab.level if place.lab is not None else ""), places.refused


def remedy(refused: MachineError) -> str:
    """Returns the command that would help, "" where none is known."""
    return REMEDIES.get(refused.step, "")


def _locks() -> Path:
    """Returns the file where all runs of this user lock ports, one byte for each."""
    return home() / "port"
