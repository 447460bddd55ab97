"""The wire of a lab: packets of the kernel's own lost on it, and what is left of it."""

import contextlib
import os
import signal
import socket

import pytest

from harness.errors import MachineError
from harness.network.lab import topology
from harness.network.lab.lab import Level
from harness.target.launcher import Keeper
from harness.target.lineage import children_of
from harness.wire.schedule import Fate, Schedule

PATIENCE = 20.0


@pytest.fixture(scope="module")
def keeper():
    with Keeper() as keeper:
        yield keeper


@pytest.fixture
def inside(keeper):
    try:
        made = keeper.lab(Level("lab", topology.WIRE))
    except MachineError:
        pytest.skip("no private network here")
    with made:
        yield made


@pytest.fixture
def wire(inside):
    wire = inside.wire()
    yield wire
    wire.close()


@pytest.fixture
def ends(inside):
    """Makes a UDP socket at the far side, and one at the near side, whose address is given too."""
    with contextlib.ExitStack() as made:

        def ends(family=socket.AF_INET):
            far, near = inside.lab.endpoints(family)
            here = made.enter_context(far.datagrams())
            there = made.enter_context(near.make(family, socket.SOCK_DGRAM))
            there.bind((far.target, 0))
            for each in (here, there):
                each.settimeout(PATIENCE)
            return here, there, there.getsockname()[:2]

        yield ends


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def test_datagrams_of_the_kernel_meet_their_fates(inside, wire, ends, family):
    here, there, at = ends(family)
    fates = {2: Fate.DROP, 3: Fate.REPEAT, 4: Fate.SWAP, 7: Fate.CORRUPT}
    wire.lay(Schedule(fates), "udp", False, None)
    wire.go()
    for number in range(1, 9):
        here.sendto(b"%d" % number, at)
    came = [there.recv(9) for _ in range(7)]
    assert came == [b"1", b"3", b"3", b"5", b"4", b"6", b"8"]  # a kernel took the 7th for broken
    assert [(met.of_target, met.number) for met in wire.met()] == [
        (False, 2), (False, 3), (False, 4), (False, 7),
    ]  # fmt: skip
    if family == socket.AF_INET:
        assert inside.lab.counters()["Udp.InCsumErrors"] == 1


def test_nothing_comes_before_it_goes(wire, ends):
    here, there, at = ends()
    here.sendto(b"1", at)
    there.settimeout(0)
    with pytest.raises(BlockingIOError):
        there.recv(9)
    wire.go()
    there.settimeout(PATIENCE)
    assert there.recv(9) == b"1"


def test_when_it_has_looked_what_was_sent_is_there(wire, ends):
    here, there, at = ends()
    wire.go()
    there.settimeout(0)
    for _ in range(200):
        here.sendto(b"x", at)
        assert wire.passed() > 0
        assert there.recv(9) == b"x"


def test_a_relay_that_is_gone_is_the_machine_s_fault(inside, wire):
    (relay,) = children_of(inside.lab.pid)
    os.kill(relay, signal.SIGKILL)
    with pytest.raises(MachineError, match="the wire of the lab is gone"):
        wire.clear()


def test_it_ends_with_its_lab(keeper):
    try:
        made = keeper.lab(Level("lab", topology.WIRE))
    except MachineError:
        pytest.skip("no private network here")
    wire = made.wire()
    (relay,) = children_of(made.lab.pid)
    ending = os.pidfd_open(relay)
    made.close()
    with pytest.raises(MachineError, match="the wire of the lab is gone"):
        wire.clear()
    with pytest.raises(ProcessLookupError):
        signal.pidfd_send_signal(ending, 0)
    os.close(ending)
    wire.close()
