"""The broker: makes sockets inside of a lab for the harness outside.

Belongs here: a lab's set-up, as process 1 of its namespaces, and its orders beside that of
starting a target. Must not know: what the sockets are for. It runs inside, and imports
nothing of this project but what lies beside it.

A socket belongs for ever to the network namespace in which it was made, whoever uses it: so
the harness speaks into a lab without being there.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from harness.network.lab import namespaces, topology
from harness.network.lab.topology import FAR, NEAR

_ALL_FRAMES = 3  # ETH_P_ALL, linux/if_ether.h
_SOL_PACKET, _IGNORE_OUTGOING = 263, 23  # linux/if_packet.h (since 4.20)

MOST = 250
"""Sockets that one order may ask for; the kernel passes at most 253 descriptors at once."""


class Broker:
    """The networks of the lab that this process has entered."""

    def __init__(self, shape: str) -> None:
        """Builds them. Raises: OSError."""
        self._networks = topology.build(shape)
        with contextlib.suppress(OSError):  # a lab is no place to hide another one in
            namespaces.forbid_more()

    def sockets(self, order: dict[str, Any]) -> list[int]:
        """Returns descriptors of new sockets {side, family, kind, protocol, count}.

        They are the caller's to close. Raises: OSError.
        """
        made: list[int] = []
        namespaces.go_to(self._networks[order["side"]])
        with contextlib.ExitStack() as unless_made:
            unless_made.callback(close, made)
            try:
                for _ in range(order["count"]):
                    each = socket.socket(order["family"], order["kind"], order["protocol"])
                    made.append(each.detach())
            finally:
                namespaces.go_to(self._networks[topology.NEAR.name])
            unless_made.pop_all()
        return made

    def relay(self, control: socket.socket) -> Callable[[], None]:
        """Returns what joins both sides by the wire between them, as `control` orders.

        Raises: OSError.
        """
        from harness.network.lab import relay

        namespaces.go_to(self._networks[topology.BETWEEN])
        left, right = (_frames_of(topology.WIRE_ENDS[side.name]) for side in (FAR, NEAR))
        return partial(relay.relay, left, right, control)


def _frames_of(interface: str) -> socket.socket:
    """Returns a socket that brings every frame which comes to an interface, and takes others."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    made.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    made.bind((interface, _ALL_FRAMES))
    return made


def close(descriptors: list[int]) -> None:
    """Closes what was passed on."""
    for descriptor in descriptors:
        os.close(descriptor)
