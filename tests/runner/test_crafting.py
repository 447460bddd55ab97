"""Crafted packets in an exchange: what reaches the program is what the spec says."""

import pytest

from harness.network.network import Wanted
from harness.verdict import Verdict

SPEC = """
    suite: shout
    title: Capitals
    roles: [server]
    transport: {over}
    requirements:
      SHOUT-1: {{level: must, text: Capitals.}}
    probe:
      - client: "probe\\n"
      - server: "PROBE\\n"
    cases:
      - id: crafted
        purpose: As shown.
        verifies: [SHOUT-1]
        exchange:
"""
UDP = """
    import contextlib, socket, sys
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", int(sys.argv[1])))
    while True:
        data, client = sock.recvfrom(65535)
        with contextlib.suppress(OSError):
            sock.sendto(data.upper(), client)
"""
TCP = """
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
def crafted(play):
    def crafted(events, over, source, network=Wanted.AUTO):
        lines = (each.replace("'", '"') for each in events)  # so that \\n is a newline
        text = SPEC.format(over=over) + "".join(f"          - {each}\n" for each in lines)
        outcomes = play(text, source, only="crafted", network=network)
        (outcome,) = outcomes.values()
        if network is Wanted.AUTO and outcome.verdict is Verdict.UNSUPPORTED:
            pytest.skip(outcome.finding.reason)
        return outcome

    return crafted


UDP_EXCHANGES = {
    "a field": [
        "client: {craft: {layers: {IP: {ttl: 1, tos: 255}}, payload: 'one'}}",
        "server: 'ONE'",
    ],
    "an entry": [
        "client: {craft: {packet: udp-length-short, payload: 'one two'}}",
        "server: 'ONE'",
    ],
    "dropped": [
        "client: {craft: {layers: {UDP: {chksum: 1}}, payload: 'one'}}",
        "client: 'two'",
        "server: 'TWO'",
    ],
    "another layer": [
        "client: {craft: {layers: {ICMP: {type: 8}}, payload: 'one'}}",
        "client: 'two'",
        "server: 'TWO'",
    ],
    "a path": [
        "client: {craft: {layers: {IP: {}, scapy.layers.inet.UDP: {sport: 0, dport: 9}}}}",
        "client: 'two'",
        "server: 'TWO'",
    ],
}


@pytest.mark.parametrize("events", UDP_EXCHANGES.values(), ids=UDP_EXCHANGES.keys())
def test_over_udp(crafted, events):
    outcome = crafted(events, "udp", UDP)
    assert outcome.verdict is Verdict.PASS, outcome.finding


TCP_EXCHANGES = {
    "right segments": ["client: 'one\\n'", "server: 'ONE\\n'"],
    "out of order": [
        "client: {craft: {layers: {TCP: {seq: 4}}, payload: 'two\\n'}}",
        "client: 'one '",
        "server: 'ONE TWO\\n'",
        "client: 'three\\n'",
        "server: 'THREE\\n'",
    ],
    "overlapping": [
        "client: 'one '",
        "client: {craft: {layers: {TCP: {seq: -2}}, payload: 'XXtwo\\n'}}",
        "server: 'ONE TWO\\n'",
    ],
    "checksum wrong": [
        "client: {craft: {layers: {TCP: {chksum: 1}}, payload: 'lost\\n'}}",
        "client: 'one\\n'",
        "server: 'ONE\\n'",
    ],
    "beyond the window": [
        "client: {craft: {layers: {TCP: {seq: 1000000000}}, payload: 'lost\\n'}}",
        "client: 'one\\n'",
        "server: 'ONE\\n'",
    ],
    "a reset outside of the window": [
        "client: {craft: {layers: {TCP: {flags: R, seq: -100000}}}}",
        "client: 'one\\n'",
        "server: 'ONE\\n'",
    ],
    "closed by both": [
        "client: 'one\\n'",
        "server: 'ONE\\n'",
        "client: {craft: {layers: {TCP: {}}}}",
        "client: {closes: half}",
        "server: {closes: fin}",
    ],
}


@pytest.mark.parametrize("events", TCP_EXCHANGES.values(), ids=TCP_EXCHANGES.keys())
def test_over_tcp(crafted, events):
    if not any("craft" in each for each in events):
        events = ["client: {craft: {layers: {TCP: {}}}}", *events]
    outcome = crafted(events, "tcp", TCP)
    assert outcome.verdict is Verdict.PASS, outcome.finding


def test_a_reset_in_the_middle_ends_the_connection_and_not_the_server(crafted):
    events = [
        "client: 'half a li'",
        "client: {craft: {layers: {TCP: {flags: R}}}}",
        "client: {closes: reset}",
        "client: 'one\\n'",
        "server: 'ONE\\n'",
    ]
    outcome = crafted(events, "tcp", TCP)
    assert outcome.verdict is Verdict.PASS, outcome.finding


def test_a_wrong_answer_to_what_was_crafted_fails(crafted):
    events = ["client: {craft: {layers: {IP: {ttl: 1}}, payload: 'one'}}", "server: 'TWO'"]
    outcome = crafted(events, "udp", UDP)
    assert outcome.verdict is Verdict.FAIL
    assert outcome.finding.comparison.actual == b"ONE"


@pytest.mark.parametrize(("over", "source"), [("udp", UDP), ("tcp", TCP)])
def test_without_a_lab_it_is_unsupported(crafted, over, source):
    layer = over.upper()
    events = [
        f"client: {{craft: {{layers: {{{layer}: {{}}}}, payload: 'x\\n'}}}}",
        "server: 'X\\n'",
    ]
    outcome = crafted(events, over, source, network=Wanted.HOST)
    assert outcome.verdict is Verdict.UNSUPPORTED
    assert "it takes a lab" in outcome.finding.reason
