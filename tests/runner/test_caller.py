"""A server whose queue of connections is full: what is told of it, and by which evidence."""

import pytest

from harness.spec.model import Role
from harness.verdict import Verdict

SPEC = """
    suite: takes
    title: Takes every connection
    roles: [server]
    transport: tcp
    deadline: 2
    requirements:
      TAKE-1: {level: must, text: It takes every connection.}
    probe:
      - client: "probe\\n"
      - server: "PROBE\\n"
    cases:
      - id: many
        purpose: Ten clients are connected.
        verifies: [TAKE-1]
        clients: [alice]
        crowds: {idle: 10}
        deliveries: [whole]
        exchange:
          - idle: {opens: true}
          - server: {to: idle, goes_on: true}
          - alice: "hello\\n"
          - server: "HELLO\\n"
"""
# Takes one connection, answers what it asks, and takes no other one.
SERVER = """
    import contextlib, socket, sys, threading
    welcome = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1)
    sock, _ = welcome.accept()
    sock.settimeout({limit})
    while True:
        with contextlib.suppress(TimeoutError):
            if not (data := sock.recv(99)):
                threading.Event().wait({limit})
            sock.sendall(data.upper())
"""


@pytest.mark.parametrize(
    ("limit", "decided_by", "evidence"),
    [
        (None, "rest", "its thread waits without a time limit (recvfrom)"),
        (0.2, "deadline", "its queue of connections is full"),
    ],
    ids=["rests", "is about to"],
)
def test_a_connection_that_is_never_taken(play, limit, decided_by, evidence):
    (outcome,) = play(SPEC, SERVER.format(limit=limit), Role.SERVER, only="many").values()
    assert outcome.verdict is Verdict.FAIL
    assert outcome.finding.reason.startswith("the server does not take the connection: ")
    assert outcome.finding.decided_by == decided_by
    assert evidence in outcome.finding.evidence


# Takes a connection every tenth of a second, and answers at once on those that it has.
UNHURRIED = """
    import contextlib, socket, sys, threading
    def serve(sock):
        with contextlib.suppress(OSError), sock:
            while data := sock.recv(99):
                sock.sendall(data.upper())
    welcome = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        sock, _ = welcome.accept()
        threading.Thread(target=serve, args=(sock,), daemon=True).start()
        threading.Event().wait(0.1)
"""


def test_the_time_in_which_connections_are_made_is_not_that_of_an_answer(play):
    spec = SPEC.replace("idle: 10", "idle: 25")
    (outcome,) = play(spec, UNHURRIED, only="many").values()
    assert outcome.seconds > 2
    assert outcome.verdict is Verdict.PASS, outcome.finding
