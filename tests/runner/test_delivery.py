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
    case = f"two-lines[{delivery}]"
    assert reads_of(play(STREAM, READER, only=case)[case]) == reads


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


FLOOD = """
    suite: flood
    title: More than buffers hold
    roles: [server]
    transport: tcp
    requirements:
      FLOOD-1: {level: must, text: All is sent.}
    probe:
      - client: "probe\\n"
      - server: {fill: "x", times: 3000000}
    cases:
      - id: flood
        purpose: Three megabytes come.
        verifies: [FLOOD-1]
        exchange:
          - client: "probe\\n"
          - server: {fill: "x", times: 3000000}
"""

# Tells what its first write() took.
WRITER = """
    import select, socket, sys
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            with talk:
                talk.recv(4096)
                talk.setblocking(False)
                taken = [talk.send(b"x" * 3000000)]
                while sum(taken) < 3000000:
                    select.select([], [talk], [])
                    taken.append(talk.send(b"x" * (3000000 - sum(taken))))
                print("READS", taken, flush=True)
"""


def test_a_slow_reader_makes_a_write_take_less_than_it_was_given(play):
    outcomes = play(FLOOD, WRITER, only="flood")
    slow = reads_of(outcomes["flood[slow-reader]"])
    assert sum(slow) == 3_000_000
    assert slow[0] < 200_000, "the small buffer of the reader holds the writer up"
    assert len(slow) > 1


DATAGRAMS = """
    suite: datagrams
    title: Datagrams
    roles: [server]
    transport: udp
    idempotent: true
    requirements:
      DATAGRAMS-1: {level: must, text: Each is answered.}
    probe:
      - client: "probe"
      - server: "probe"
    cases:
      - id: two
        purpose: Two datagrams are sent back.
        verifies: [DATAGRAMS-1]
        exchange:
          - client: "one"
          - server: "one"
          - client: "two"
          - server: "two"
"""

# Sends back what it gets, and prints sizes or texts with the place of the sender in order.
MIRROR = """
    import socket, sys
    seen, ports = [], []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", int(sys.argv[1])))
        while True:
            data, source = server.recvfrom(65536)
            if source not in ports:
                ports.append(source)
            seen.append((data.decode() if len(data) < 9 else len(data), ports.index(source)))
            print("READS", seen, flush=True)
            server.sendto(data, source)
"""


@pytest.mark.parametrize(
    ("delivery", "seen"),
    [
        ("plain", [("one", 0), ("two", 0)]),
        ("repeated", [("one", 0), ("one", 0), ("two", 0), ("two", 0)]),
        ("reordered", [("two", 0), ("one", 0)]),
        ("from-another-port", [("one", 0), ("two", 1)]),
        ("after-empty", [("", 0), ("one", 1), ("", 2), ("two", 1)]),
        ("after-oversized", [(65507, 0), ("one", 1), (65507, 2), ("two", 1)]),
    ],
)
def test_a_server_gets_just_the_datagrams(play, delivery, seen):
    case = f"two[{delivery}]"
    found = reads_of(play(DATAGRAMS, MIRROR, only=case)[case])[1:]  # behind the probe's
    assert found == [(data, place + 1) for data, place in seen]


# Takes nothing out of the kernel until a line is whole.
PEEKER = """
    import socket, sys, time
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            with talk:
                while seen := talk.recv(4096, socket.MSG_PEEK):
                    if b"\\n" in seen:
                        talk.sendall(talk.recv(seen.index(b"\\n") + 1))
                    else:
                        time.sleep(0.001)
"""
# The same, and the kernel wakes it only when a record of four bytes is there.
RECORDS = """
    import select, socket, sys
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            with talk:
                talk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 4)
                while select.select([talk], [], []) and (record := talk.recv(4)):
                    talk.sendall(record)
"""


@pytest.mark.parametrize("program", [PEEKER, RECORDS], ids=["peeks", "low water mark"])
@pytest.mark.parametrize("delivery", ["split", "bytewise"])
def test_what_is_looked_at_and_left_until_it_is_whole_is_read_in_the_end(play, program, delivery):
    only = f"two-lines[{delivery}]"
    spec = STREAM.replace("abcdef", "abc").replace("gh", "abcdefg").replace("probe\\n", "pro\\n")
    outcome = play(spec, program, only=only)[only]
    assert outcome.verdict is Verdict.PASS, outcome.finding


LEAVERS = """
    suite: leavers
    title: Clients that leave
    roles: [server]
    transport: tcp
    deadline: 0.5
    requirements:
      LEAVE-1: {level: must, text: The server serves the next.}
    probe:
      - client: "probe\\n"
      - server: "probe\\n"
    cases:
      - id: three-leave
        purpose: Three clients leave, the fourth is served.
        verifies: [LEAVE-1]
        deliveries: [whole]
        exchange:
          - repeat:
              times: 3
              exchange:
                - client: {opens: true}
                - client: {closes: fin}
          - client: "abc\\n"
          - server: "abc\\n"
"""
# Never waits, so that nobody can tell whether it has seen that a client left.
SPINNER = """
    import socket, sys
    welcome, talks = socket.create_server(("127.0.0.1", int(sys.argv[1]))), []
    welcome.setblocking(False)
    while True:
        try:
            talks.append(welcome.accept()[0])
        except BlockingIOError:
            pass
        for talk in talks:
            try:
                data = talk.recv(4096, socket.MSG_DONTWAIT)
                talk.sendall(data)
                if not data:
                    talks.remove(talk)
                    talk.close()
            except BlockingIOError:
                pass
"""


def test_waiting_until_a_busy_server_has_seen_a_client_leave_is_not_its_time(play):
    only = "three-leave[whole]"
    outcome = play(LEAVERS, SPINNER, only=only)[only]
    assert outcome.verdict is Verdict.PASS, outcome.finding


TWO_WRITES = STREAM.replace(
    '''          - client: {types: "abcdef"}
          - client: "abcdef\\n"''',
    '''          - client: "abc"
          - client: "def\\n"''',
).replace("roles: [server, client]", "roles: [server]")


def test_two_writes_are_two_reads_unless_they_are_joined(play):
    spec = TWO_WRITES.replace('          - client: {types: "gh"}\n', "")
    spec = spec.replace('      - client: {types: "probe"}\n', "")
    # A server that takes its time to read finds both in the kernel, if both are sent by then.
    late = READER.replace("talk.recv(4096)", "(time.sleep(0.05), talk.recv(4096))[1]")
    outcomes = play(spec, late.replace("socket, sys", "socket, sys, time"), only="two-lines")
    assert reads_of(outcomes["two-lines[whole]"]) == [b"abc", b"def\n", b"gh\n"]
    assert reads_of(outcomes["two-lines[coalesced]"]) == [b"abcdef\ngh\n"]


REMEMBERS = (
    MIRROR.replace("source not in ports", "not ports")
    .replace("server.sendto(data, source)", "server.sendto(data, ports[0])")
    .replace("ports.index(source)", "0")
)


def test_an_answer_that_went_to_a_stranger_is_told(play):
    case = "two[after-empty]"
    outcome = play(DATAGRAMS, REMEMBERS, only=case, fresh=True)[case]
    assert outcome.verdict is Verdict.FAIL
    assert "its answer went to a stranger" in outcome.finding.evidence


LAST_WORDS = """
    suite: last-words
    title: A client says much and leaves
    roles: [client]
    transport: tcp
    requirements:
      LAST-1: {level: must, text: All is sent.}
    probe:
      - client: {fill: "a line\\n", times: 700000}
    cases:
      - id: once-more
        purpose: Much is sent.
        verifies: [LAST-1]
        exchange:
          - client: {fill: "a line\\n", times: 700000}
"""
LEAVES = """
    import socket, sys
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as talk:
        talk.sendall(b"a line\\n" * 700000)
"""


def test_all_that_a_client_said_before_its_end_is_heard(play):
    outcomes = play(LAST_WORDS, LEAVES, Role.CLIENT)
    assert {name: each.verdict for name, each in outcomes.items()} == {
        "probe[whole]": Verdict.PASS,
        "once-more[whole]": Verdict.PASS,
        "once-more[slow-reader]": Verdict.PASS,
    }


OVERTAKING = """
    suite: overtaking
    title: Answers to datagrams
    roles: [server]
    transport: udp
    idempotent: true
    requirements:
      ANSWER-1: {level: must, text: Each is answered.}
    probe:
      - client: "probe"
      - server: "PROBE"
    cases:
      - id: in-turn
        purpose: Two datagrams are answered.
        verifies: [ANSWER-1]
        deliveries: [reordered]
        exchange:
          - client: "one"
          - server: "ONE"
          - client: "two"
          - server: "TWO"
      - id: at-once
        purpose: Three datagrams are answered.
        verifies: [ANSWER-1]
        deliveries: [plain, after-empty]
        exchange:
          - client: "one"
          - client: "two"
          - client: "three"
          - server: "ONE"
          - server: "TWO"
          - server: "THREE"
"""
# Answers what is there together in the other order.
OVERTAKER = """
    import socket, sys
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", int(sys.argv[1])))
        while True:
            got = [sock.recvfrom(99)]
            more = 0 if got[0][0] in (b"probe", b"") else {more}
            got += [sock.recvfrom(99) for _ in range(more)]
            for data, sender in reversed(got):
                if data:
                    sock.sendto(data.upper(), sender){again}
"""


@pytest.mark.parametrize(
    ("only", "more"),
    [("in-turn[reordered]", 1), ("at-once[plain]", 2), ("at-once[after-empty]", 4)],
)
def test_answers_to_datagrams_may_overtake_each_other(play, only, more):
    program = OVERTAKER.replace("{more}", str(more)).replace("{again}", "")
    outcome = play(OVERTAKING, program, only=only)[only]
    assert outcome.verdict is Verdict.PASS, outcome.finding


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ("; sock.sendto(data.upper(), sender) if data == b'two' else None", "said 3 bytes more"),
        (" if data != b'two' else None", "did not answer: it waits for more"),
        (" if data != b'three' else sock.sendto(b'TRHEE', sender)", "said something else"),
    ],
    ids=["twice", "never", "wrongly"],
)
def test_what_overtakes_is_an_answer_and_there_is_one_for_each(play, again, told):
    only = "at-once[plain]"
    program = OVERTAKER.replace("{more}", "2").replace("{again}", again)
    outcome = play(OVERTAKING, program, only=only)[only]
    assert outcome.verdict is Verdict.FAIL
    assert told in outcome.finding.reason
