"""A network: where a target lives, and where the harness stands to speak to it.

Belongs here: what the host's network and a lab have in common, and the host's. Must not
know: targets, how a lab is made.
"""

from __future__ import annotations

import enum
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.network import endpoint
from harness.network.endpoint import Endpoint
from harness.network.tables import Tables


class Wanted(enum.StrEnum):
    """Which network a run asks for; AUTO takes the best that can be had."""

    AUTO = "auto"
    LAB = "lab"
    HOST = "host"


class Network(Protocol):
    """What a runner needs to know of the network in which its target lives."""

    @property
    def level(self) -> str:
        """How good it is, as results tell it: "lab" and less, or "host" (docs/networks.md)."""

    @property
    def tables(self) -> Tables:
        """The socket tables of the target's network."""

    def endpoints(self, family: int) -> Sequence[Endpoint]:
        """Returns where the harness can stand to speak a family (AF_*), the best first."""


@dataclass(frozen=True, slots=True)
class Host:
    """The network of this machine: loopback, which all programs here share."""

    tables: Tables
    level: str = "host"

    def endpoints(self, family: int = socket.AF_INET) -> tuple[Endpoint, ...]:
        """Returns loopback."""
        return (endpoint.loopback(family),)


def free_on(port: int, kinds: Sequence[socket.SocketKind]) -> bool:
    """Says whether a port of this machine can be bound at every kind of socket right now."""
    for kind in kinds:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))  # noqa: S104 - only to see whether it is taken
            except OSError:
                return False
    return True


def may_bind(port: int) -> bool:
    """Says whether this user may bind the port, free or not: those below 1024 are guarded."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((endpoint.LOOPBACK.own, port))
        except PermissionError:
            return False
        except OSError:
            return True
    return True
