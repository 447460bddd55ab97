"""What is seen of a case on the wire of its target's own network."""

import pytest

from harness.errors import MachineError
from harness.network.lab.lab import FULL
from harness.network.network import Wanted
from harness.runner.job import Capturing
from harness.spec.model import Role
from harness.target.launcher import Keeper
from harness.verdict import Verdict
from harness.wire.frames import FIN, RST, SYN, segment_in

SPEC = """\
suite: shout
title: Lines in capitals
reference: The course's notes
roles: [server, client]
transport: tcp
framing: line
deadline: 10
requirements:
  SHOUT-1: {level: must, text: A line comes back in capitals.}
probe:
  - client: "probe\\n"
  - server: "PROBE\\n"
cases:
  - id: right
    purpose: A line comes back in capitals.
    verifies: [SHOUT-1]
    deliveries: [whole]
    exchange:
      - client: "yes\\n"
      - server: "YES\\n"
  - id: wrong
    purpose: A line that it gets wrong.
    verifies: [SHOUT-1]
    deliveries: [whole]
    exchange:
      - client: "no\\n"
      - server: "NO\\n"
"""
SERVER = """\
import socket, sys
with socket.create_server((sys.argv[2] if len(sys.argv) > 2 else "", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                connection.sendall(line if line == b"no\\n" else line.upper())
"""
CLIENT = """\
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
    connection.sendall(b"probe\\n")
    connection.recv(100)
"""


@pytest.fixture(scope="module", autouse=True)
def _lab():
    with Keeper() as keeper:
        try:
            keeper.lab(FULL).close()
        except MachineError:
            pytest.skip("no private network here")


def segments(seen):
    """What was said over TCP; the kernel has a word of its own over IPv6 when a link is new."""
    return [found for found in (segment_in(each.data) for each in seen.frames) if found]


def bytes_of(seen):
    return b" ".join(each.data for each in segments(seen) if each.data)


@pytest.mark.parametrize("bound", ["", "127.0.0.1"], ids=["everywhere", "loopback"])
def test_of_a_case_that_fails_all_is_seen_and_nothing_of_others(play, bound):
    manifest = f"run: '{{program}} {{port}} {bound}'"
    outcomes = play(SPEC, SERVER, manifest=manifest, capturing=Capturing.FAILED)
    assert outcomes["wrong[whole]"].verdict is Verdict.FAIL
    assert outcomes["right[whole]"].seen is None
    seen = outcomes["wrong[whole]"].seen
    assert bytes_of(seen) == b"no\n no\n"
    flags = [each.flags for each in segments(seen)]
    assert flags[0] == SYN
    assert any(each & (FIN | RST) for each in flags)
    assert seen.lost == 0
    assert set(seen.hosts.values()) == {"server", "client"}


def test_of_all_cases_all_is_seen(play):
    outcomes = play(SPEC, SERVER, capturing=Capturing.ALL)
    assert bytes_of(outcomes["right[whole]"].seen) == b"yes\n YES\n"


def test_of_a_client_the_first_packet_is_seen(play):
    outcomes = play(SPEC, CLIENT, Role.CLIENT, capturing=Capturing.ALL, only="probe")
    seen = outcomes["probe[whole]"].seen
    assert segments(seen)[0].flags == SYN
    assert bytes_of(seen) == b"probe\n PROBE\n"


@pytest.mark.parametrize(
    "settings",
    [{"capturing": Capturing.NEVER}, {"capturing": Capturing.ALL, "network": Wanted.HOST}],
    ids=["not-asked-for", "on-the-host"],
)
def test_where_nobody_listens_nothing_is_seen(play, settings):
    outcomes = play(SPEC, SERVER, **settings)
    assert {each.seen for each in outcomes.values()} == {None}


def test_a_kernel_without_rings_costs_no_verdict(play, monkeypatch):
    monkeypatch.setattr("harness.network.lab.ring._REQUEST", bytes(28 * 2))
    outcomes = play(SPEC, SERVER, capturing=Capturing.ALL)
    assert outcomes["right[whole]"].verdict is Verdict.PASS
    assert outcomes["wrong[whole]"].verdict is Verdict.FAIL
    assert {each.seen for each in outcomes.values()} == {None}
