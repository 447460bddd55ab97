"""Topologies: the networks that a lab can be, with the names and addresses of their ends.

Belongs here: what is joined to what. Must not know: orders, targets. Runs inside a lab, and
is read by the harness for its addresses; of this project it imports what lies beside it.

`pair`: the target's network (*near*) and the harness's (*far*), joined by a veth pair. The
counters of the near one are then the target's alone, and nobody talks over loopback who does
not want to. Whatever the target calls that is nobody's goes to the far end, is seen there,
and is told that it is unreachable. `wire`: the same, and between both a third network (*between*),
where a relay takes every frame from one pair to the other (harness.network.lab.relay).
`loopback`: the near network alone.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from harness.network.lab import namespaces
from harness.network.lab.links import Links

LOOPBACK, PAIR, WIRE = "loopback", "pair", "wire"
BETWEEN = "between"
WIRE_ENDS = {"far": "c1", "near": "s1"}
"""The interfaces of the network between, by the side to which each leads."""

_WIRE_MACS = {"far": "02:00:00:00:00:03", "near": "02:00:00:00:00:04"}


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a lab's link."""

    name: str
    interface: str
    mac: str
    v4: str
    v6: str

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Returns its addresses with the lengths of their prefixes, as far as there is IPv6."""
        v6 = os.path.exists("/proc/sys/net/ipv6")
        return ((self.v4, 24), (self.v6, 64)) if v6 else ((self.v4, 24),)

    def packed(self) -> tuple[bytes, bytes]:
        """Returns both addresses as they stand in packets."""
        return socket.inet_pton(socket.AF_INET, self.v4), socket.inet_pton(socket.AF_INET6, self.v6)


FAR = Side("far", "c0", "02:00:00:00:00:01", "10.9.0.1", "fd09::1")
NEAR = Side("near", "s0", "02:00:00:00:00:02", "10.9.0.2", "fd09::2")

_EVERYWHERE = (
    ("ipv6/conf/all/accept_ra", "0"),
    ("ipv6/conf/default/accept_ra", "0"),
    ("ipv6/conf/default/router_solicitations", "0"),  # nobody is there to answer
    ("ipv6/conf/default/addr_gen_mode", "1"),  # no addresses but ours
    ("ipv6/conf/default/accept_dad", "0"),
    ("ipv4/icmp_ratelimit", "0"),
    ("ipv6/icmp/ratelimit", "0"),
)
_NEAR = (
    ("ipv4/ip_unprivileged_port_start", "0"),  # a program without rights may have port 53
    ("ipv4/ipfrag_time", "1"),  # seconds that fragments are waited for, and the next case with them
    ("ipv6/ip6frag_time", "1"),
    ("ipv4/conf/lo/route_localnet", "1"),  # packets put on loopback by hand arrive
    ("ipv4/conf/lo/accept_local", "1"),
)
_FAR = (
    ("ipv4/ip_forward", "1"),  # so that what is for nobody is answered: unreachable
    ("ipv6/conf/all/forwarding", "1"),
)


def build(shape: str) -> dict[str, int]:
    """Makes the networks around the one that this process is in; ready when it returns.

    Returns a descriptor of each namespace by the name of its side; this process is in the
    near one then. Raises: OSError, TimeoutError.
    """
    networks = {NEAR.name: namespaces.this_network()}
    _set(_EVERYWHERE + _NEAR)
    with Links() as near:
        near.up(1)
        if shape in (PAIR, WIRE):
            networks[FAR.name] = namespaces.another_network()
            _set(_EVERYWHERE + _FAR)
            with Links() as far:
                far.up(1)
                join = _join if shape == PAIR else _join_by_wire
                join(near, far, networks)
    return networks


def _join(near: Links, far: Links, networks: dict[str, int]) -> None:
    """Joins both sides by a veth pair; this process is in the far one before, the near after."""
    far.pair(FAR.interface, FAR.mac, NEAR.interface, NEAR.mac, networks[NEAR.name])
    _settle(near, far, networks)


def _join_by_wire(near: Links, far: Links, networks: dict[str, int]) -> None:
    """Joins each side to the network between; processes and networks as in `_join`.

    All ends send frames as they would be on a cable, for the relay is to see them so.
    """
    networks[BETWEEN] = namespaces.another_network()
    _set((("ipv6/conf/default/disable_ipv6", "1"),))  # nobody lives here who could speak
    with Links() as between, contextlib.ExitStack() as when_up:
        for side in (FAR, NEAR):
            name = WIRE_ENDS[side.name]
            between.pair(name, _WIRE_MACS[side.name], side.interface, side.mac, networks[side.name])
            Links.keep_frames_whole(name)
            index = socket.if_nametoindex(name)
            between.up(index)
            when_up.callback(between.until_ready, index)
        for side in (NEAR, FAR):
            namespaces.go_to(networks[side.name])
            Links.keep_frames_whole(side.interface)
        _settle(near, far, networks)


def _settle(near: Links, far: Links, networks: dict[str, int]) -> None:
    """Gives both sides their addresses; this process is in the far one before, the near after."""
    with _settled(far, FAR, NEAR):
        namespaces.go_to(networks[NEAR.name])
        with _settled(near, NEAR, FAR) as index:
            for gateway, _ in FAR.addresses():
                near.default_route(index, gateway)


@contextlib.contextmanager
def _settled(links: Links, own: Side, other: Side) -> Iterator[int]:
    """Gives one side its addresses; leaves when its link is ready."""
    index = socket.if_nametoindex(own.interface)
    for address, prefix in own.addresses():
        links.address(index, address, prefix)
    links.up(index)
    for address, _ in other.addresses():
        links.neighbour(index, address, other.mac)
    yield index
    links.until_ready(index)


def _set(values: tuple[tuple[str, str], ...]) -> None:
    """Sets what this kernel has of it: one without IPv6 lacks a half."""
    for name, value in values:
        with contextlib.suppress(OSError):
            namespaces.write(f"/proc/sys/net/{name}", value)
