"""A wire that loses, repeats and swaps, between the harness and real programs."""

import ast

import pytest

from harness.runner.outcome import Kind
from harness.spec.model import Role
from harness.verdict import Verdict

SUITE = """
    suite: wired
    title: Datagrams on a bad wire
    roles: [server, client]
    transport: {transport}
    {survives}
    requirements:
      WIRE-1: {{level: must, text: All is well.}}
    probe:
      - client: {{says: "{{_:word}}", example: "probe"}}
      - server: {{says: "{{_:rest}}", example: "probe"}}
      - client: {{goes_on: true}}
    cases:
      - id: case
        purpose: All is well.
        verifies: [WIRE-1]
        exchange:
"""

# Answers `list` with all that has come since the last time, and tells when the 6 has come.
LISTENER = """
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", int(sys.argv[1])))
        came = []
        while True:
            data, client = server.recvfrom(99)
            if data in (b"list", b"probe"):
                server.sendto(repr(came).encode(), client)
                came.clear()
            else:
                came.append(data.decode())
                if data == b"6":
                    server.sendto(b"six", client)
"""

# Asks until `end` comes, and prints all that has come.
ASKER = """
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((sys.argv[1], int(sys.argv[2])))
        client.send(b"ask")
        came = []
        while not came or came[-1] != "end":
            came.append(client.recv(99).decode())
            if came[-1] == "6":
                client.send(b"six")
        print("CAME", came, flush=True)
"""


def suite_of(*events, transport="udp", survives=""):
    lines = "".join(f"          - {event}\n" for event in events)
    survives = f"survives: [{survives}]" if survives else ""
    return SUITE.format(transport=transport, survives=survives) + lines


def notes_of(outcome):
    """Returns what the wire did, in the order of the conversation, behind what was said."""
    said, found = b"", []
    for entry in outcome.transcript:
        if entry.kind is Kind.BYTES:
            said = entry.data
        elif entry.kind is Kind.NOTE:
            found.append((said.decode(), entry.by_client, entry.detail))
    return found


FATES = "{drop: 2, repeat: 3, swap: 4, delay: 6, corrupt: 7, by: 0.05, from: WHO}"
CAME = ["1", "3", "3", "5", "4", "8", "6"]
TOLD = [
    ("2", "lost by the wire"),
    ("3", "repeated by the wire"),
    ("4", "overtaken on the wire by the next"),
    ("6", "held back for 0.05 s by the wire"),
    ("7", "corrupted by the wire"),
]


def test_what_reaches_a_server(play):
    said = [f'client: "{number}"' for number in range(1, 9)]
    asks = ['server: "six"', 'client: "list"', f'server: "{CAME}"']
    spec = suite_of(f"wire: {FATES.replace('WHO', 'client')}", *said, *asks)
    (outcome,) = play(spec, LISTENER, only="case").values()
    assert outcome.verdict is Verdict.PASS, outcome.finding
    assert notes_of(outcome) == [(said, True, told) for said, told in TOLD]


def test_what_reaches_a_client(play):
    said = [f'server: "{number}"' for number in range(1, 9)]
    spec = suite_of(
        'client: "ask"', f"wire: {FATES.replace('WHO', 'server')}", *said, 'client: "six"',
        'server: "end"', 'client: {prints: "CAME"}',
    )  # fmt: skip
    (outcome,) = play(spec, ASKER, Role.CLIENT, only="case").values()
    assert outcome.verdict is Verdict.PASS, outcome.finding
    line = outcome.output.decode().strip().splitlines()[-1]
    assert ast.literal_eval(line.removeprefix("CAME ")) == [*CAME, "end"]
    assert notes_of(outcome) == [(said, False, told) for said, told in TOLD]


def test_what_a_target_said_is_judged_whatever_becomes_of_it(play):
    lost = ("wire: {drop: 1, from: server}", 'client: "list"', 'server: "[]"')
    (outcome,) = play(suite_of(*lost), LISTENER, only="case").values()
    assert outcome.verdict is Verdict.PASS
    assert notes_of(outcome) == [("[]", False, "lost by the wire")]
    (outcome,) = play(suite_of(*lost[:2], 'server: "[1]"'), LISTENER, only="case").values()
    assert outcome.verdict is Verdict.FAIL


# -- deliveries --------------------------------------------------------------------------

ANSWERING = """
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", int(sys.argv[1])))
        last = None
        while True:
            data, client = server.recvfrom(99)
            if data != last or {answers}:
                server.sendto(data.upper(), client)
            last = data
"""
ASKING = """
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((sys.argv[1], int(sys.argv[2])))
        client.settimeout(0.3)
        for text in (b"one", b"two"):
            for _ in range({tries}):
                client.send(text)
                try:
                    client.recv(99)
                    break
                except TimeoutError:
                    pass
"""
TALK = ('client: "one"', 'server: "ONE"', 'client: "two"', 'server: "TWO"')


@pytest.mark.parametrize(("answers", "verdict"), [(True, Verdict.PASS), (False, Verdict.FAIL)])
def test_a_lost_reply_is_given_again(play, answers, verdict):
    spec, source = suite_of(*TALK, survives="lost-reply"), ANSWERING.format(answers=answers)
    outcomes = play(spec, source)
    assert outcomes["case[plain]"].verdict is Verdict.PASS
    assert outcomes["case[lost-reply]"].verdict is verdict
    assert ("ONE", False, "lost by the wire") in notes_of(outcomes["case[lost-reply]"])
    assert "case[lost-request]" not in outcomes


@pytest.mark.parametrize(("tries", "verdict"), [(5, Verdict.PASS), (1, Verdict.FAIL)])
def test_a_lost_request_is_said_again(play, tries, verdict):
    spec, source = suite_of(*TALK, survives="lost-request"), ASKING.format(tries=tries)
    outcomes = play(spec, source, Role.CLIENT)
    assert outcomes["case[plain]"].verdict is Verdict.PASS
    assert outcomes["case[lost-request]"].verdict is verdict
    assert ("one", True, "lost by the wire") in notes_of(outcomes["case[lost-request]"])
    assert "case[lost-reply]" not in outcomes
