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
from typing import Any

from harness.network.lab import namespaces, topology

MOST = 250
"""Sockets that one order may ask for; the kernel passes at most 253 descriptors at once."""


class Broker:
    """The networks of the lab that this process has entered."""

    def __init__(self, shape: str) -> None:
        """Builds them. Raises: OSError."""
        self._networks = topology.build(shape)

    def sockets(self, order: dict[str, Any]) -> list[int]:
        """Returns descriptors of new sockets {side, family, kind, protocol, count}.

        They are the caller's to close. Raises: OSError.
        """
        made: list[int] = []
        with contextlib.ExitStack() as unless_made:
            namespaces.go_to(self._networks[order["side"]])
            unless_made.callback(namespaces.go_to, self._networks[topology.NEAR.name])
            for _ in range(order["count"]):
                each = socket.socket(order["family"], order["kind"], order["protocol"])
                made.append(each.detach())
        return made


def close(descriptors: list[int]) -> None:
    """Closes what was passed on."""
    for descriptor in descriptors:
        os.close(descriptor)
