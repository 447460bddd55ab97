"""Deliveries on the wire: what a target's own reads show of each of them."""

import ast

import pytest

from harness.spec.model import Role
from harness.verdict import Verdict

STREAM = """
    suite: pieces
    title: Pieces of a stream
    roles: [server, client]
    transport: tcp
    pipelined: true
    requirements:
      PIECES-1: {level: must, text: All is read.}
    probe:
      - client: {types: "probe"}
      - client: "probe\\n"
      - server: "probe\\n"
    cases:
      - id: two-lines
        purpose: Two lines are sent back.
        verifies: [PIECES-1]
        exchange:
          - client: {types: "abcdef"}
          - client: "abcdef\\n"
          - server: "abcdef\\n"
          - client: {types: "gh"}
          - client: "gh\\n"
          - server: "gh\\n"
"""

# Sends back what it reads, and prints each read.
READER = """
    import socket, sys
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            with talk:
                reads = []
                while data := talk.recv(4096):
                    reads.append(data)
                    talk.sendall(data)
                print("READS", reads, flush=True)
"""

CLIENT = """
    import socket, sys
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as talk:
        reads = []
        for line in sys.stdin:
            talk.sendall(line.encode())
            answer = b""
            while not answer.endswith(b"\\n"):
                reads.append(talk.recv(4096))
                answer += reads[-1]
            print("READS", reads, flush=True)
"""


def reads_of(outcome):
    """Returns what the target has printed of its reads last."""
    assert outcome.verdict is Verdict.PASS, outcome.finding
    line = outcome.output.decode().strip().splitlines()[-1]
    return ast.literal_eval(line.removeprefix("READS "))


BYTEWISE = [b"a", b"b", b"c", b"d", b"e", b"f", b"\n", b"g", b"h", b"\n"]


@pytest.mark.parametrize(
    ("delivery", "reads"),
    [
        ("whole", [b"abcdef\n", b"gh\n"]),
        ("split", [b"a", b"bc", b"def", b"\n", b"g", b"h", b"\n"]),
        ("bytewise", BYTEWISE),
        ("coalesced", [b"abcdef\ngh\n"]),
    ],
)
def test_a_server_reads_just_the_pieces(play, delivery, reads):
    said = play(STREAM, READER, only=f"[{delivery}]")[f"two-lines[{delivery}]"]
    assert said.verdict is Verdict.PASS, said.finding
    again = play(STREAM, READER, only=f"two-lines[{delivery}]", fresh=False)
    # The reads are printed once the connection is over: the next case's output shows them.
    assert again.keys() == {f"two-lines[{delivery}]"}
    assert reads_of(said) == reads or reads_of(again[f"two-lines[{delivery}]"]) == reads


@pytest.mark.parametrize(
    ("delivery", "reads"),
    [
        ("whole", [b"abcdef\n", b"gh\n"]),
        ("split", [b"a", b"bc", b"def", b"\n", b"g", b"h", b"\n"]),
        ("bytewise", BYTEWISE),
    ],
)
def test_a_client_reads_just_the_pieces(play, delivery, reads):
    case = f"two-lines[{delivery}]"
    assert reads_of(play(STREAM, CLIENT, Role.CLIENT, only=case)[case]) == reads
