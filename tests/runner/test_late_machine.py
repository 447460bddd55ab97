"""A machine that keeps a client waiting: what the client does then is not held against it."""

from harness.spec.model import Role
from harness.verdict import Fault, Verdict

SPEC = """
    suite: asks
    title: A client that asks twice
    roles: [client]
    transport: udp
    hooks: hooks.py
    requirements:
      ASK-1: {level: must, text: It asks twice.}
    probe:
      - client: "one"
      - client: {goes_on: true}
    cases:
      - id: quick
        purpose: It is answered at once, and asks again.
        verifies: [ASK-1]
        exchange:
          - client: "one"
          - server: "1"
          - client: "two"
      - id: late
        purpose: The machine is busy before it answers.
        verifies: [ASK-1]
        exchange:
          - client: {says: "{word:word}", example: "one", hook: busy}
          - server: "1"
          - client: "two"
"""
HOOKS = """
import threading
def busy(captures, at):
    threading.Event().wait(1.2)
"""
CLIENT = """
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((sys.argv[1], int(sys.argv[2])))
        client.settimeout(0.8)
        client.send(b"one")
        try:
            client.recv(99)
        except TimeoutError:
            sys.exit("gives up")
        client.send(b"{second}")
"""


def played(play, tmp_path, second, only):
    (tmp_path / "hooks.py").write_text(HOOKS)
    (outcome,) = play(SPEC, CLIENT.format(second=second), Role.CLIENT, only=only).values()
    return outcome


def test_a_client_that_gave_up_on_a_late_machine_is_not_blamed(play, tmp_path):
    outcome = played(play, tmp_path, "two", "late")
    assert (outcome.verdict, outcome.finding.fault) == (Verdict.INCONCLUSIVE, Fault.MACHINE)
    assert "this machine has kept it waiting" in outcome.finding.reason


def test_a_client_that_was_answered_in_time_is_judged(play, tmp_path):
    assert played(play, tmp_path, "two", "quick").verdict is Verdict.PASS
    assert played(play, tmp_path, "three", "quick").verdict is Verdict.FAIL
