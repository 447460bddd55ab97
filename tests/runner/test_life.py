"""What the kernel alone tells of a target, clients in crowds, and clients that do not listen."""

import pytest

from harness.network.network import Wanted
from harness.runner.job import Capturing
from harness.verdict import Fault, Verdict

SPEC = """
    suite: twice
    title: A line comes back twice
    roles: [server]
    transport: {transport}
    requirements:
      TWICE-1: {{level: must, text: It comes back.}}
    probe:
      - client: "probe\\n"
      - server: "probe\\n"
    cases:
      - id: one
        purpose: It lives well.
        verifies: [TWICE-1]
        fresh: true
        deliveries: [whole, plain]
        clients: [alice, bob]
        crowds: {{many: 30}}
        exchange:
"""
SERVER = """
    import os, socket, sys, threading, time
    kept = []
    def serve(connection):
        {first}
        try:
            while data := connection.recv(4096):
                {each}
                connection.sendall(data)
        except OSError:
            pass
        {last}
    def main():
        welcome = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
        while True:
            {loop}
    main()
"""
THREADS = "threading.Thread(target=serve, args=(welcome.accept()[0],), daemon=True).start()"
ALONE = "serve(welcome.accept()[0])"
SERVED = """
          - alice: "line\\n"
          - server: {to: alice, says: "line\\n"}
          - alice: {closes: fin}
          - bob: {opens: true}
          - bob: {closes: reset}
"""


def server(first="pass", each="pass", last="connection.close()", loop=THREADS):
    return SERVER.format(first=first, each=each, last=last, loop=loop)


def outcome(play, exchange, source, transport="tcp", **settings):
    outcomes = play(SPEC.format(transport=transport) + exchange, source, **settings)
    assert outcomes[next(iter(outcomes))].verdict is Verdict.PASS
    return next(each for name, each in outcomes.items() if name.startswith("one"))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (server(), ""),
        (server(first="time.sleep(0.01)", last="time.sleep(0.02); connection.close()"), ""),
        (server(last="kept.append(connection)"), "a tcp socket in state C"),
        (server(last="connection.close(); kept.append(socket.create_server(('', 0)))"),
         "a socket at tcp port "),
        (server(first="kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))"),
         "a socket at udp port 0"),
        (server(first="kept.append(socket.socketpair())"), ""),
    ],
    ids=["closes", "slowly", "never", "another-port", "unused-socket", "no-internet-socket"],
)  # fmt: skip
def test_a_server_lets_go_of_its_clients(play, source, told):
    found = outcome(play, SERVED + "          - server: {lets_go: true}\n", source)
    assert found.verdict is (Verdict.FAIL if told else Verdict.PASS), found.finding
    assert told in found.finding.reason
    if told:
        assert "holds what its clients have left" in found.finding.reason
        assert found.finding.decided_by == "rest"


def test_who_was_not_taken_in_yet_is_waited_for(play):
    """The last client's reset ends the server, which has not accepted it when it is looked at."""
    source = server(loop=f"time.sleep(0.2); {ALONE}").replace("except OSError", "except EOFError")
    found = outcome(play, SERVED + "          - server: {lets_go: true}\n", source)
    assert found.verdict is Verdict.FAIL
    assert "exited with code 1" in found.finding.reason


def test_connections_that_are_open_need_not_be_let_go(play):
    exchange = """
          - alice: "line\\n"
          - server: {to: alice, says: "line\\n"}
          - server: {lets_go: true}
"""
    assert outcome(play, exchange, server()).verdict is Verdict.PASS


CALLS = "          - server: {calls_nobody: true}\n"
TO_DISCARD = "kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)); "


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (TO_DISCARD + "kept[-1].connect(('127.0.0.1', 9))", "a udp socket to 127.0.0.1 port 9"),
        ("kept.append(socket.create_server(('', 0))); "
         "kept.append(socket.create_connection(kept[-1].getsockname()))", ""),
    ],
    ids=["udp", "itself"],
)  # fmt: skip
def test_who_calls_somebody_is_seen_by_the_sockets_that_it_holds(play, first, told):
    found = outcome(play, SERVED + CALLS, server(first=first))
    right = (Verdict.PASS, Verdict.UNSUPPORTED)
    assert found.verdict in ((Verdict.FAIL,) if told else right), found.finding
    assert told in found.finding.reason


FORGETS = (
    "lost = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
    "lost.sendto(b'x', ('127.0.0.1', 9)); lost.close()"
)


def test_what_is_sent_and_forgotten_is_seen_on_the_wire(play):
    kept = {"capturing": Capturing.FAILED}  # without it nobody listens
    found = outcome(play, SERVED + CALLS, server(first=FORGETS), **kept)
    if found.properties["network"] == "host":
        pytest.skip("no lab here")
    assert found.verdict is Verdict.FAIL, found.finding
    assert found.finding.reason == "the server has sent something to 127.0.0.1 port 9"
    assert outcome(play, SERVED + CALLS, server(), **kept).verdict is Verdict.PASS


def test_what_nobody_can_see_is_not_passed(play):
    found = outcome(play, SERVED + CALLS, server(first=FORGETS), network=Wanted.HOST)
    assert found.verdict is Verdict.UNSUPPORTED
    assert found.finding.fault is Fault.MACHINE
    assert "sent and forgotten is seen only in a network of its own" in found.finding.reason


READS = """
          - alice: "one"
          - bob: "two"
          - server: {to: bob, reads: true}
          - alice: {closes: fin}
"""


@pytest.mark.parametrize(
    ("loop", "told"),
    [(THREADS, ""), (ALONE, "has not read what was sent to it")],
    ids=["reads", "does-not"],
)
def test_what_was_sent_is_read(play, loop, told):
    source = server(each="if data != b'probe\\n': continue", loop=loop)
    found = outcome(play, READS, source)
    assert found.verdict is (Verdict.FAIL if told else Verdict.PASS), found.finding
    assert told in found.finding.reason


DATAGRAMS = """
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", int(sys.argv[1])))
        while True:
            data, client = server.recvfrom(100)
            if data == b"probe\\n":
                server.sendto(data, client)
            if data == b"stop":
                input()
"""


@pytest.mark.parametrize(
    ("said", "told"), [("go on", ""), ("stop", "has not read")], ids=["reads", "does-not"]
)
def test_datagrams_are_read(play, said, told):
    exchange = f"""
          - alice: "{said}"
          - bob: "another"
          - server: {{to: bob, reads: true}}
"""
    found = outcome(play, exchange, DATAGRAMS, transport="udp")
    assert found.verdict is (Verdict.FAIL if told else Verdict.PASS), found.finding
    assert told in found.finding.reason


DEAF = """
          - alice: {reads: false}
          - alice: {fill: "a long line that comes back\\n", times: 20000}
          - bob: "line\\n"
          - server: {to: bob, says: "line\\n"}
          - alice: {closes: reset}
          - bob: "line\\n"
          - server: {to: bob, says: "line\\n"}
"""


@pytest.mark.parametrize(("loop", "verdict"), [(THREADS, Verdict.PASS), (ALONE, Verdict.FAIL)])
def test_a_client_that_does_not_listen_stops_a_server_that_writes_to_it(play, loop, verdict):
    assert outcome(play, DEAF, server(loop=loop)).verdict is verdict


def test_who_listens_again_gets_it_all(play):
    exchange = """
          - alice: {reads: false}
          - alice: "one\\n"
          - alice: {reads: true}
          - server: {to: alice, says: "one\\n"}
"""
    assert outcome(play, exchange, server()).verdict is Verdict.PASS


CROWD = """
          - many: "line\\n"
          - server: "line\\n"
          - many: {closes: half}
          - server: {closes: any}
"""


@pytest.mark.parametrize(
    ("backlog", "loop", "verdict"),
    [(64, THREADS, Verdict.PASS), (1, THREADS, Verdict.PASS), (1, ALONE, Verdict.FAIL)],
    ids=["long-queue", "short-queue", "one-at-a-time"],
)
def test_each_of_a_crowd_does_what_the_crowd_does(play, backlog, loop, verdict):
    source = server(loop=loop).replace("backlog=64", f"backlog={backlog}")
    found = outcome(play, CROWD, source)
    assert found.verdict is verdict, found.finding
    assert found.seconds < 2.5
