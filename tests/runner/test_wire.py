"""A wire that loses, repeats and swaps, between the harness and real programs."""

import ast

import pytest

from harness.network.network import Wanted
from harness.runner.outcome import Kind
from harness.spec.model import Role
from harness.verdict import Fault, Verdict

SUITE = """
    suite: wired
    title: Datagrams on a bad wire
    roles: [server, client]
    transport: {transport}
    {survives}
    requirements:
      WIRE-1: {{level: must, text: All is well.}}
    probe:
      - client: {{says: "{{_:word}}{end}", example: "probe{end}"}}
      - server: {{says: "{answer}", example: "PROBE{end}"}}
      - client: {{goes_on: true}}
    cases:
      - id: case
        purpose: All is well.
        verifies: [WIRE-1]
        {case}
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


def suite_of(*events, transport="udp", survives="", case="points: 1"):
    lines = "".join(f"          - {event}\n" for event in events)
    survives = f"survives: [{survives}]" if survives else ""
    end, answer = ("\\n", "{_:line}\\n") if transport == "tcp" else ("", "{_:rest}")
    more = {"survives": survives, "case": case, "end": end, "answer": answer}
    return SUITE.format(transport=transport, **more) + lines


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


# -- streams -----------------------------------------------------------------------------

LINES = ('client: "abcdefgh\\n"', 'server: "ABCDEFGH\\n"', 'client: "ij\\n"', 'server: "IJ\\n"')
# Answers lines, and prints each read; with a limit in seconds, what has come by then is a line.
READER = """
    import socket, sys
    with socket.create_server(("{at}", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            talk.settimeout({limit})
            line, reads = b"", []
            while True:
                over = False
                try:
                    data = talk.recv(99)
                    if not data:
                        break
                    reads.append(data)
                    line += data
                except TimeoutError:
                    over = line != b""
                if over or line.endswith(b"\\n"):
                    talk.sendall(line.strip().upper() + b"\\n")
                    line = b""
            print("READS", reads, flush=True)
"""


CLIENT = """
    import socket, sys
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as talk:
        lines = talk.makefile("rwb")
        for text in (b"abcdefgh\\n", b"ij\\n"):
            lines.write(text)
            lines.flush()
            print("GOT", lines.readline(), flush=True)
"""


def wired(outcomes):
    """Returns the outcomes of the case, where this machine has a lab with a wire to give."""
    found = {each.plan.delivery: each for each in outcomes.values() if each.plan.case.id == "case"}
    if any(each.verdict is Verdict.UNSUPPORTED for each in found.values()):
        pytest.skip("no lab with a wire here")
    return found


def fates_of(outcome):
    return {
        (entry.by_client, entry.detail) for entry in outcome.transcript if "segment" in entry.detail
    }


def test_a_stream_that_loses_segments_is_the_same_to_a_server(play):
    found = wired(
        play(suite_of(*LINES, transport="tcp", survives="lossy"), READER.format(at="", limit=None))
    )
    outcome = found["lossy"]
    assert outcome.verdict is Verdict.PASS, outcome.finding
    assert outcome.properties["wire"] == "the lab's wire"
    assert b"READS [b'a', b'bcd', b'efgh', b'\\n', b'i', b'j', b'\\n']" in outcome.output
    assert fates_of(outcome) >= {
        (True, "segment 2 lost by the wire"),
        (True, "segment 3 lost by the wire"),
        (True, "segment 5 repeated by the wire"),
        (False, "segment 1 lost by the wire"),
        (False, "segment 3 repeated by the wire"),
    }


def test_a_stream_that_loses_segments_is_the_same_to_a_client(play):
    spec = suite_of(*LINES, transport="tcp", survives="lossy")
    outcome = wired(play(spec, CLIENT, Role.CLIENT, only="[lossy]"))["lossy"]
    assert outcome.verdict is Verdict.PASS, outcome.finding
    told = fates_of(outcome)
    assert (True, "segment 1 lost by the wire") in told
    assert (False, "segment 2 lost by the wire") in told


def test_who_takes_a_pause_for_the_end_is_shown_by_a_loss_alone(play):
    spec = suite_of(*LINES, transport="tcp", case="deliveries: [whole, lossy]")
    found = wired(play(spec, READER.format(at="", limit=0.1)))
    assert found["whole"].verdict is Verdict.PASS
    assert found["lossy"].verdict is Verdict.FAIL


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("side", Role)
@pytest.mark.parametrize(("fate", "told"), [("drop", "lost"), ("corrupt", "corrupted")])
def test_a_segment_meets_its_fate(play, role, side, fate, told):
    at = 1 if side is Role.CLIENT else 2  # before what it answers, or says by itself
    events = (*LINES[:at], f"wire: {{{fate}: 1, from: {side}}}", *LINES[at:])
    source = READER.format(at="", limit=None) if role is Role.SERVER else CLIENT
    outcome = wired(play(suite_of(*events, transport="tcp"), source, role))["whole"]
    assert outcome.verdict is Verdict.PASS, outcome.finding
    assert fates_of(outcome) == {(side is Role.CLIENT, f"segment 1 {told} by the wire")}


def test_a_schedule_from_the_beginning_meets_a_client_s_first_segment(play):
    events = ("wire: {drop: 1, from: client}", *LINES)
    outcome = wired(play(suite_of(*events, transport="tcp"), CLIENT, Role.CLIENT))["whole"]
    assert outcome.verdict is Verdict.PASS, outcome.finding
    assert fates_of(outcome) == {(True, "segment 1 lost by the wire")}


def test_without_a_lab_nothing_is_lost_of_a_stream(play):
    spec = suite_of(*LINES, transport="tcp", case="deliveries: [whole, lossy]")
    outcomes = play(spec, READER.format(at="", limit=None), network=Wanted.HOST)
    assert outcomes["case[whole]"].verdict is Verdict.PASS
    lossy = outcomes["case[lossy]"]
    assert (lossy.verdict, lossy.finding.fault) == (Verdict.UNSUPPORTED, Fault.MACHINE)
    assert "wire of a lab" in lossy.finding.reason


def test_a_datagram_needs_no_lab_to_be_lost(play):
    spec, source = suite_of(*TALK, survives="lost-reply"), ANSWERING.format(answers=True)
    outcome = play(spec, source, network=Wanted.HOST)["case[lost-reply]"]
    assert outcome.verdict is Verdict.PASS
    assert outcome.properties["wire"] == "the harness, one end of it"


def test_no_wire_leads_to_a_target_that_is_bound_to_loopback(play):
    spec = suite_of(*LINES, transport="tcp", case="deliveries: [lossy]")
    (lossy,) = play(spec, READER.format(at="127.0.0.1", limit=None), only="[lossy]").values()
    assert (lossy.verdict, lossy.finding.fault) == (Verdict.UNSUPPORTED, Fault.MACHINE)


def test_what_needs_a_wire_is_played_last(play):
    wired = "wire: {drop: 1, from: server}"
    spec = suite_of(*LINES[:2], wired, *LINES[2:], transport="tcp") + MORE
    outcomes = play(spec, READER.format(at="", limit=None), network=Wanted.HOST)
    assert list(outcomes) == ["probe[whole]", "plain[whole]", "case[whole]"]


MORE = """
      - id: plain
        purpose: All is well.
        verifies: [WIRE-1]
        deliveries: [whole]
        exchange:
          - client: "a\\n"
          - server: "A\\n"
"""
