"""The catalogue: every malformed packet with its name, its rule and its fate.

Belongs here: what is told of packets over UDP and IPv4, and where each is found. Must not
know: how one is built (malformed.building), what a suite makes of it. The fates are those of
Linux; tests/wire/test_fates.py sends every entry and compares.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from harness.wire.malformed.fragments import FRAGMENTS, IPV6_FRAGMENTS
from harness.wire.malformed.internet import ADDRESSES, HEADERS, ICMP, OPTIONS
from harness.wire.malformed.ipv6 import IPV6
from harness.wire.malformed.packet import Entry, Flow
from harness.wire.malformed.udp import CHECKSUMS, CONTROL, LENGTHS, SIZES

ENTRIES: tuple[Entry, ...] = (
    *CONTROL, *CHECKSUMS, *LENGTHS, *HEADERS, *OPTIONS, *FRAGMENTS, *ADDRESSES, *SIZES,
    *ICMP, *IPV6, *IPV6_FRAGMENTS,
)  # fmt: skip
BY_ID: Mapping[str, Entry] = MappingProxyType({each.id: each for each in ENTRIES})
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(each.group for each in ENTRIES))
NAMES: tuple[str, ...] = ("all", *GROUPS, *BY_ID)
"""What a suite may name."""


def chosen(names: Iterable[str]) -> tuple[Entry, ...]:
    """Returns the entries of groups and ids, in the catalogue's order.

    `all` is all of IPv4 that is malformed.
    """
    wanted = set(names)
    return tuple(
        each
        for each in ENTRIES
        if each.id in wanted
        or each.group in wanted
        or ("all" in wanted and not each.v6 and each not in CONTROL)
    )


def frames(entry: Entry, flow: Flow, payload: bytes) -> tuple[bytes, ...]:
    """Returns an entry's Ethernet frames in the order in which they are sent, built once.

    Only here the module that imports scapy is loaded.
    """
    building = importlib.import_module("harness.wire.malformed.building")
    found: tuple[bytes, ...] = building.frames(entry, flow, payload)
    return found
