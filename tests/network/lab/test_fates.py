"""The fates that the catalogue tells are those that a kernel deals out.

Every entry is sent to a plain UDP reader in a lab, over the link and over loopback. What the
reader is given, from whom, and which counters move is held against the entry.
"""

import contextlib
import select
import socket
import time

import pytest

from harness.errors import MachineError
from harness.network.lab.lab import FULL
from harness.network.lab.topology import FAR, NEAR
from harness.target.launcher import Keeper
from harness.wire.malformed.catalogue import BY_ID, ENTRIES, frames
from harness.wire.malformed.packet import End, Flow, Party

MESSAGE = b"a datagram of 16"
PORT, OURS, MARKS = 9000, 5555, 5556
PATIENCE = 20.0
NO_MAC = "00:00:00:00:00:00"
# What every packet moves, or what a kernel does by itself.
ALWAYS = {
    *("InReceives", "InDelivers", "OutRequests", "OutTransmits", "InOctets", "OutOctets"),
    *("InNoECTPkts", "InECT0Pkts", "InECT1Pkts", "InCEPkts", "InDatagrams", "InMsgs", "OutMsgs"),
    *("InBcastPkts", "InBcastOctets", "InMcastPkts", "InMcastOctets", "OutMcastPkts"),
    *("OutMcastOctets", "OutMLDv2Reports", "OutRouterSolicits"),
}
# What moves late, when fragments of this or an earlier entry are given up.
LATE = {"ReasmTimeout", "ReasmFails", "OutTimeExcds"}


@pytest.fixture
def lab():
    with Keeper() as keeper:
        try:
            inside = keeper.lab(FULL)
        except MachineError:
            pytest.skip("no private network here")
        with inside:
            yield inside.lab


@pytest.fixture
def reader(lab):
    """Plain UDP sockets of the target's network, at one port, for each family."""
    make = lab.endpoints(socket.AF_INET)[-1].make
    with contextlib.ExitStack() as both:
        four = both.enter_context(make(socket.AF_INET, socket.SOCK_DGRAM))
        six = both.enter_context(make(socket.AF_INET6, socket.SOCK_DGRAM))
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        four.bind(("0.0.0.0", PORT))
        six.bind(("::", PORT))
        six.setblocking(False)
        yield four, six


def flow(way, port=OURS):
    if way == "lo":
        here = Party(NO_MAC, "127.0.0.1", "::1", port)
        return Flow(here, Party(NO_MAC, "127.0.0.1", "::1", PORT), prefix=8)
    near = Party(NEAR.mac, NEAR.v4, NEAR.v6, PORT)
    return Flow(Party(FAR.mac, FAR.v4, FAR.v6, port), near)


def taken(reader, mark):
    """Returns what came before the mark, which is the last that was sent."""
    four, six = reader
    found = []
    while select.select([four], (), (), PATIENCE)[0]:
        data, source = four.recvfrom(65_536)
        if data == mark:
            break
        found.append((data, source[:2]))
    with contextlib.suppress(BlockingIOError):
        while True:
            data, source = six.recvfrom(65_536)
            found.append((data, source[:2]))
    return found


def moved(before, after, entry, way):
    """Returns the counters that moved; over loopback what the kernel complains of comes back."""
    found = {}
    for name, value in after.items():
        group, _, what = name.partition(".")
        returned = way == "lo" and group in ("Icmp", "Icmp6") and what.startswith("In")
        if what in ALWAYS or group == "IcmpMsg" or "Type" in what:
            continue
        if what in LATE and entry.fate.later:
            continue
        if returned and entry.group != "icmp-errors":
            continue
        if value != before.get(name, 0):
            found[name] = value - before.get(name, 0)
    return found


def sent(raw, entry, way):
    """Sends an entry. Says whether the network took it."""
    try:
        for frame in frames(entry, flow(way), MESSAGE):
            raw.send(frame)
    except OSError:
        return False
    return True


def difference(lab, raw, reader, entry, way, number):
    """Returns in words what is other than the catalogue tells, "" where nothing is."""
    fate = entry.fate_on(way == "lo")
    before = lab.counters()
    took = sent(raw, entry, way)
    mark = b"mark %d" % number
    raw.send(frames(BY_ID["good"], flow(way, MARKS), mark)[0])
    came = taken(reader, mark)
    counted = moved(before, lab.counters(), entry, way)
    given = fate.given(entry.carries(MESSAGE))
    expected = [given] if given is not None else []
    told = []
    if took is (fate.end is End.SENDER):
        told.append(f"taken by the network: {took}")
    if [data for data, _ in came] != expected:
        told.append(f"given {came}, not {expected}")
    if counted != dict(fate.counters):
        told.append(f"counted {counted}, not {dict(fate.counters)}")
    if fate.sender and came and fate.sender not in (came[0][1][0], f"port {came[0][1][1]}"):
        told.append(f"from {came[0][1]}, not {fate.sender}")
    return f"{entry.id}: {'; '.join(told)}" if told else ""


def sent_over(way):
    """The entries in the order in which they are sent: those last that leave something behind."""
    chosen = [each for each in ENTRIES if way == "far" or each.fate_on(True).end is not End.SENDER]
    return sorted(chosen, key=lambda each: bool(each.fate.later))


@pytest.mark.parametrize("way", ["far", "lo"])
def test_every_entry_has_the_fate_that_is_told(lab, reader, way):
    with lab.packets(way) as raw:
        raw.setblocking(True)
        differences = [
            difference(lab, raw, reader, entry, way, number)
            for number, entry in enumerate(sent_over(way))
        ]
    assert [each for each in differences if each] == []


def test_what_is_never_completed_is_given_up(lab, reader):
    incomplete = [each for each in ENTRIES if each.fate.later]
    wanted: dict[str, int] = {}
    for entry in incomplete:
        for name, count in entry.fate.later.items():
            wanted[name] = wanted.get(name, 0) + count
    before = lab.counters()
    with lab.packets("far") as raw:
        raw.setblocking(True)
        for entry in incomplete:
            assert sent(raw, entry, "far")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not gone(lab, before, wanted):
        select.select(reader, (), (), 0.05)  # nothing comes of it
    assert gone(lab, before, wanted)


def gone(lab, before, wanted):
    now = lab.counters()
    return all(now[name] - before[name] >= count for name, count in wanted.items())
