"""Servers that end by themselves, and clients that look whether anybody listens."""

import pytest

from harness.spec.model import Role
from harness.verdict import Verdict

SPEC = """
    suite: twice
    title: A line comes back twice
    roles: [server, client]
    transport: tcp
    requirements:
      TWICE-1: {level: must, text: It comes back.}
    probe:
      - client: "probe\\n"
      - server: "probe\\n"
    cases:
      - id: line
        purpose: A line comes back.
        verifies: [TWICE-1]
        deliveries: [whole]
        exchange:
          - client: "line\\n"
          - server: "line\\n"
"""
SERVER = """
    import os, socket, sys, time
    welcome = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        connection, _ = welcome.accept()
        line = connection.recv(100)
        {before}
        connection.sendall(line)
        {after}
"""


@pytest.mark.parametrize(
    "after",
    [
        "os._exit(0)",
        "time.sleep(0.003); os._exit(0)",
        "connection.close(); os._exit(0)",
        "connection.recv(1); os._exit(0)",
        "connection.recv(1); os.kill(os.getpid(), 9)",
    ],
    ids=["at-once", "later", "closes-first", "when-its-client-leaves", "by-a-signal"],
)
def test_a_server_that_ends_after_its_last_answer_fails(play, after):
    source = SERVER.format(before="", after=f"if line == b'line\\n': {after}")
    outcomes = play(SPEC, source)
    assert outcomes["probe[whole]"].verdict is Verdict.PASS
    found = outcomes["line[whole]"]
    assert found.verdict is Verdict.FAIL
    assert found.finding.reason.endswith("after its last answer")
    assert found.finding.decided_by == "exit"
    assert "after this case" in found.properties["afterwards"]


def test_a_server_whose_exchange_says_that_it_ends_may_end(play):
    spec = SPEC + "          - server: {exits: 0}\n"
    source = SERVER.format(before="", after="if line == b'line\\n': os._exit(0)")
    assert play(spec, source)["line[whole]"].verdict is Verdict.PASS


def test_a_server_that_goes_on_is_left_in_peace(play):
    outcomes = play(SPEC, SERVER.format(before="", after="connection.close()"))
    assert {each.verdict for each in outcomes.values()} == {Verdict.PASS}
    assert not any("afterwards" in each.properties for each in outcomes.values())


CLIENT = """
    import socket, sys, time
    there = sys.argv[1], int(sys.argv[2])
    {first}
    with socket.create_connection(there) as connection:
        connection.sendall(connection.getsockname() and (b"line\\n" if {says!r} else b""))
        connection.recv(100)
"""
LOOKS = "socket.create_connection(there).close()"


@pytest.mark.parametrize(
    ("first", "says", "verdict", "told"),
    [
        (LOOKS, "line", Verdict.PASS, ""),
        (f"{LOOKS}; {LOOKS}", "line", Verdict.PASS, ""),
        ("early = socket.create_connection(there); early.shutdown(1)", "line", Verdict.PASS, ""),
        (f"{LOOKS}; sys.exit()", "", Verdict.FAIL, "exited with code 0"),
        (f"{LOOKS}; input()", "", Verdict.FAIL, "closed the connection: it waits for more"),
    ],
    ids=["looks", "looks-twice", "half-closes", "and-ends", "and-rests"],
)
def test_a_client_may_look_whether_anybody_listens(play, first, says, verdict, told):
    spec = SPEC.replace('client: "probe', 'client: "line').replace(
        'server: "probe', 'server: "line'
    )
    outcomes = play(spec, CLIENT.format(first=first, says=says), role=Role.CLIENT)
    found = outcomes["probe[whole]"]
    assert found.verdict is verdict, found.finding
    assert told in found.finding.reason
