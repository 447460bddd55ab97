"""Trials: what stops a server is named, and what has proven nothing is no success."""

from harness.verdict import Verdict

SPEC = """
    suite: shout
    title: Datagrams in capitals
    roles: [server]
    transport: {over}
    requirements:
      SHOUT-1: {{level: must, text: It goes on.}}
    probe:
      - client: "sixteen letters!\\n"
      - server: "SIXTEEN LETTERS!\\n"
    cases:
      - id: capitals
        purpose: Capitals.
        verifies: [SHOUT-1]
        exchange:
          - client: "x\\n"
          - server: "X\\n"
    robustness:
      - id: bad
        verifies: [SHOUT-1]
        {robustness}
"""
UDP = """
    import socket, sys
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", int(sys.argv[1])))
    while True:
        data, client = sock.recvfrom(65535)
        {more}
        sock.sendto(data.upper(), client)
"""
TCP = """
    import socket, sys
    welcome = socket.socket()
    welcome.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    welcome.bind(("127.0.0.1", int(sys.argv[1])))
    welcome.listen()
    while True:
        sock, _ = welcome.accept()
        with sock, sock.makefile("rwb") as stream:
            for line in stream:
                {more}
                stream.write(line.upper())
                stream.flush()
"""


def spec(robustness, over="udp"):
    return SPEC.format(over=over, robustness=robustness.replace("\n", "\n        "))


def test_a_server_that_goes_on_passes_what_can_be_sent_here(play):
    outcomes = play(spec("packets: [sizes]"), UDP.format(more=""), only="bad")
    (outcome,) = outcomes.values()
    assert outcome.verdict is Verdict.PASS, outcome.finding
    assert "reached the program" in outcome.properties["malformed"]


def test_the_packet_that_stops_it_is_named(play):
    dies = "assert data"
    outcomes = play(spec("packets: [sizes]"), UDP.format(more=dies), only="bad")
    (outcome,) = outcomes.values()
    assert outcome.verdict is Verdict.FAIL
    assert outcome.finding.reason.startswith("after payload-empty (no payload): the server exited")
    assert outcome.finding.decided_by == "exit"


def test_the_message_that_stops_it_is_named(play):
    dies = "data.decode('ascii')"
    outcomes = play(spec("messages: [all]"), UDP.format(more=dies), only="bad")
    assert outcomes["bad-truncations[plain]"].verdict is Verdict.PASS
    flips = outcomes["bad-flips[plain]"]
    assert flips.verdict is Verdict.FAIL
    assert flips.finding.reason.startswith("after flip-0-7 (bit 7 of byte 0 flipped): ")


def test_a_request_of_which_nothing_wrong_can_be_made_is_told(play):
    empty = spec("messages: [flips]").replace('"sixteen letters!\\n"', '""')
    answers = UDP.format(more="data = b'sixteen letters!' + bytes([10])")
    (outcome,) = play(empty, answers, only="bad").values()
    assert outcome.verdict is Verdict.UNSUPPORTED
    told = "nothing of this can be sent: no request here can be made so"
    assert outcome.finding.reason == told


def test_over_tcp_too(play):
    dies = "line.decode('ascii')"
    outcomes = play(
        spec("messages: [truncations, flips]", "tcp"), TCP.format(more=dies), only="bad"
    )
    assert outcomes["bad-truncations[whole]"].verdict is Verdict.PASS
    assert "after flip-0-7" in outcomes["bad-flips[whole]"].finding.reason


def test_a_server_that_serves_nobody_but_its_first_client_is_blocked_not_blamed(play):
    first = "known = globals().setdefault('first', client)\n        if client != known: continue"
    outcomes = play(spec("messages: [flips]"), UDP.format(more=first), only="bad")
    (outcome,) = outcomes.values()
    assert outcome.verdict is Verdict.BLOCKED
    assert "after the right message" in outcome.finding.reason


def test_who_has_to_stay_silent_does(play):
    robustness = "messages: [truncations]\nreaction: silent"
    silent = "if not data.endswith(b'!\\n'): continue"
    outcomes = play(spec(robustness), UDP.format(more=silent), only="bad")
    (outcome,) = outcomes.values()
    assert outcome.verdict is Verdict.PASS, outcome.finding
    outcomes = play(spec(robustness), UDP.format(more=""), only="bad")
    (outcome,) = outcomes.values()
    assert outcome.verdict is Verdict.FAIL
    assert "where it has to stay silent" in outcome.finding.reason


def test_another_message_than_the_probes_may_be_answered_in_any_way(play):
    cuts = "data = data[:1000]"
    outcomes = play(spec("packets: [payload-1472]"), UDP.format(more=cuts), only="bad")
    (outcome,) = outcomes.values()
    assert outcome.verdict is Verdict.PASS, outcome.finding


def test_a_server_that_hangs_is_found_without_waiting_long(play):
    hangs = "data or sock.recv(1) or sock.recv(1)"
    outcomes = play(spec("messages: [truncations]"), UDP.format(more=hangs), only="bad")
    (outcome,) = outcomes.values()
    assert outcome.verdict is Verdict.FAIL
    assert outcome.finding.reason.startswith("after cut-at-0 (0 of 17 bytes): ")
