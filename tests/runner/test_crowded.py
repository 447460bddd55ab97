"""A process of ours that has many files open already: no descriptor has too high a number."""

import contextlib
import os

import pytest

from harness.network.network import Wanted
from harness.target import openfiles
from harness.verdict import Verdict

SELECTED = 1024  # FD_SETSIZE: select() takes no descriptor from here on

SPEC = """
    suite: shout
    title: Capitals
    roles: [server]
    transport: tcp
    requirements:
      SHOUT-1: {level: must, text: Capitals.}
    probe:
      - client: "probe\\n"
      - server: "PROBE\\n"
    cases:
      - id: lossy
        purpose: The wire in between is spoken to.
        verifies: [SHOUT-1]
        exchange:
          - wire: {drop: 1, from: server}
          - client: "one\\n"
          - server: "ONE\\n"
      - id: handmade
        purpose: The harness is the far host.
        verifies: [SHOUT-1]
        exchange:
          - client: {craft: {layers: {TCP: {seq: 4}}, payload: "two\\n"}}
          - client: "one "
          - server: "ONE TWO\\n"
"""
SERVER = """
    import contextlib, socket, sys
    welcome = socket.create_server(("", int(sys.argv[1])))
    while True:
        sock, _ = welcome.accept()
        with contextlib.suppress(OSError), sock, sock.makefile("rwb") as stream:
            for line in stream:
                stream.write(line.upper())
                stream.flush()
"""


@pytest.fixture
def crowded():
    """Holds all numbers that select() would take."""
    openfiles.make_room()
    with contextlib.ExitStack() as last:
        number = 0
        while number < SELECTED:
            number = os.open("/dev/null", os.O_RDONLY)
            last.callback(os.close, number)
        yield


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("network", [Wanted.AUTO, Wanted.HOST])
def test_a_server_is_started_spoken_to_and_stopped(play, network):
    outcomes = play(SPEC, SERVER, network=network)
    told = [(each.verdict, each.finding.reason) for each in outcomes.values()]
    if network is Wanted.AUTO and Verdict.UNSUPPORTED in [verdict for verdict, _ in told]:
        pytest.skip("no private network here")
    good = (Verdict.PASS, Verdict.UNSUPPORTED)
    assert [each for each in told if each[0] not in good] == []
