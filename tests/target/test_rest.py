"""Rest, proven against programs that wait in every way, and against those that only seem to."""

import os
import select
import shutil
import signal
import socket
import struct
import sys
import time
from pathlib import Path

import pytest

from harness.errors import TargetError
from harness.network.tables import Tables
from harness.spec.model import Transport
from harness.target.descriptor import Descriptors
from harness.target.process import Process
from harness.target.ready import wait_until_bound
from harness.target.rest import Kind, Proof, prove
from harness.target.syscall import Limited, StirringError, Wait

HERE = Path(__file__).parent
PATIENCE = 20.0  # seconds; nobody waits so long unless something is broken
LONG = "1000"  # seconds that no test waits for

WAITS = [
    ("c", "recv", "none"),
    ("c", "select", "none"),
    ("c", "poll", "none"),
    ("c", "ppoll", "none"),
    ("c", "epoll", "none"),
    ("c", "sigio", "none"),
    ("c", "child", "none"),
    ("c", "fork", "none"),
    ("c", "recv", "relay"),
    ("c", "tcp", "none"),
    ("c", "tcp-threads", "none"),
    ("c", "tcp-fork", "none"),
    ("c", "tcp-poll", "none"),
    ("python", "recv", "none"),
    ("python", "select", "none"),
    ("python", "selectors", "none"),
    ("python", "asyncio", "none"),
    ("python", "asyncio", "executor"),
    ("python", "queue", "none"),
    ("python", "tcp-serving", "none"),
    ("node", "udp", "none"),
    ("node", "tcp", "none"),
    ("java", "recv", "none"),
    ("java", "recv", "pool"),
    ("java", "nio", "none"),
    ("java", "tcp-threads", "none"),
]

LATER = {
    ("c", "recv", "sleep"): "nanosleep with a limit of 1e+03 s",
    ("c", "recv", "clock"): "clock_nanosleep with a limit of 1e+03 s",
    ("c", "recv", "select"): "select",
    ("c", "recv", "poll"): "poll with a limit of 1e+03 s",
    ("c", "recv", "epoll"): "epoll_wait with a limit of 1e+03 s",
    ("c", "recv", "futex"): "futex with a limit of 1e+03 s",
    ("c", "recv", "signal"): "rt_sigtimedwait with a limit of 1e+03 s",
    ("c", "recv", "rcvtimeo"): "recvfrom on a socket with SO_RCVTIMEO",
    ("c", "recv", "timerfd"): "a timer's descriptor",
    ("c", "recv", "worker"): "nanosleep with a limit of 1e+03 s",
    ("c", "recv", "grandchild"): "nanosleep with a limit of 1e+03 s",
    ("c", "recv", "alarm"): "it catches SIGALRM",
    ("c", "recv", "timer"): "it has a POSIX timer",
    ("c", "recv", "timer-thread"): "it has a POSIX timer",
    ("c", "tcp", "poll"): "poll with a limit of 1e+03 s",
    ("python", "recv", "sleep"): "sleep",
    ("python", "recv", "timer"): "with a limit",
    ("python", "queue", "sleep"): "sleep",
    ("python", "asyncio", "call_later"): "epoll_wait with a limit",
    ("node", "udp", "timeout"): "epoll_pwait with a limit",
    ("node", "tcp", "timeout"): "epoll_pwait with a limit",
    ("java", "recv", "sleep"): "futex with a limit",
    ("java", "recv", "schedule"): "futex with a limit",
}


def names(rows):
    return ["-".join(row) for row in rows]


class Talk:
    """A client of a waiter: sends, and never waits for an answer."""

    def __init__(self, port: int, way: str) -> None:
        kind = socket.SOCK_STREAM if way.startswith("tcp") else socket.SOCK_DGRAM
        self.socket = socket.socket(type=kind)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)

    def answer(self) -> bytes | None:
        """Returns what has come, None where nothing has."""
        try:
            return self.socket.recv(2048)
        except BlockingIOError:
            return None


@pytest.fixture
def waiter(start, compiled, tables, free_port, request):
    """Starts a waiter of a language. Returns its process and somebody who talks to it."""
    talks = []

    def argv(language: str) -> list[object]:
        if language == "c":
            return [compiled("waiter.c")]
        if language == "python":
            return [sys.executable, "-I", "-S", HERE / "waiter.py"]
        if language == "node":
            if shutil.which("node") is None:
                pytest.skip("no Node here")
            return ["node", HERE / "waiter.js"]
        return ["java", "-XX:TieredStopAtLevel=1", "-cp", request.getfixturevalue("java_classes"),
                "Waiter"]  # fmt: skip

    def waiter(language: str, way: str, delay: str = "none", seconds: str = "0"):
        process = start(*argv(language), free_port, way, delay, seconds)
        over = Transport.TCP if way.startswith("tcp") else Transport.UDP
        wait_until_bound(process, free_port, [over], tables, PATIENCE)
        talks.append(Talk(free_port, way))
        return process, talks[-1]

    yield waiter
    for talk in talks:
        talk.socket.close()


@pytest.fixture
def proven(tables):
    """Looks until a proof is of one of these kinds; it must never say RESTS before."""

    def proven(process: Process, *kinds: Kind) -> Proof:
        deadline = time.monotonic() + PATIENCE
        while True:
            proof = prove(process, tables)
            if proof.kind in kinds:
                return proof
            assert proof.kind is not Kind.RESTS, f"it does not rest: {proof.evidence}"
            assert time.monotonic() < deadline, f"never {kinds}, at last {proof}"

    return proven


@pytest.fixture
def evident(proven):
    """Looks until a proof of this kind has this evidence; it must never say RESTS before."""

    def evident(process: Process, kind: Kind, evidence: str) -> Proof:
        deadline = time.monotonic() + PATIENCE
        while evidence not in (proof := proven(process, kind)).evidence:
            assert time.monotonic() < deadline, f"never {evidence!r}, at last {proof}"
        return proof

    return evident


@pytest.fixture
def rests_after_its_answer(proven):
    """Sends, looks until it rests, and has the answer before it: the rule that marks rest on."""

    def rests_after_its_answer(process: Process, talk: Talk, request: bytes) -> str:
        talk.socket.send(request)
        evidence = proven(process, Kind.RESTS).evidence
        assert talk.answer() == request, f"an answer was still to come: {evidence}"
        return evidence

    return rests_after_its_answer


# -- those that rest -----------------------------------------------------------------------


@pytest.mark.parametrize(("language", "way", "delay"), WAITS, ids=names(WAITS))
def test_a_program_that_waits_for_more_rests(waiter, rests_after_its_answer, language, way, delay):
    process, talk = waiter(language, way, delay)
    evidence = rests_after_its_answer(process, talk, b"first")
    assert "without a time limit" in evidence
    for number in range(3):
        rests_after_its_answer(process, talk, b"and %d" % number)


def test_the_evidence_names_the_calls(waiter, proven):
    process, _ = waiter("c", "recv")
    evidence = proven(process, Kind.RESTS).evidence
    assert evidence == "its thread waits without a time limit (recvfrom)"


# -- those that do not ---------------------------------------------------------------------


@pytest.mark.parametrize(("language", "way", "delay"), LATER, ids=names(LATER))
def test_a_program_that_answers_later_does_not_rest(waiter, evident, language, way, delay):
    process, talk = waiter(language, way, delay, LONG)
    talk.socket.send(b"now")
    evident(process, Kind.TIMED, LATER[language, way, delay])
    assert talk.answer() is None


@pytest.mark.parametrize("turns", [1, 2])
def test_each_of_two_timers_is_looked_at(waiter, proven, turns):
    process, talk = waiter("c", "epoll", "two-timerfds", LONG)
    for _ in range(turns):
        talk.socket.send(b"now")
    assert proven(process, Kind.TIMED).evidence == "it waits on a timer's descriptor"


@pytest.mark.parametrize("delay", ["token", "chain"])
def test_waits_for_each_other_are_no_rest(waiter, rests_after_its_answer, delay):
    process, talk = waiter("c", "recv", delay, "30")
    for number in range(20):
        rests_after_its_answer(process, talk, b"%d" % number)


def test_a_busy_program_does_not_rest(waiter, proven):
    process, talk = waiter("c", "recv", "spin", LONG)
    talk.socket.send(b"now")
    for _ in range(100):
        assert proven(process, Kind.BUSY, Kind.TIMED).kind is Kind.BUSY


def test_a_stopped_program_does_not_rest(waiter, evident):
    process, _ = waiter("c", "recv")
    evident(process, Kind.RESTS, "recvfrom")
    os.kill(process.pid, signal.SIGSTOP)
    evident(process, Kind.BUSY, "a thread is in state T")


def test_a_sleep_goes_on_after_a_stop(waiter, evident):
    process, talk = waiter("c", "recv", "sleep", LONG)
    talk.socket.send(b"now")
    evident(process, Kind.TIMED, "nanosleep")
    os.kill(process.pid, signal.SIGSTOP)
    evident(process, Kind.BUSY, "a thread is in state T")
    os.kill(process.pid, signal.SIGCONT)
    evident(process, Kind.TIMED, "a call that was interrupted goes on")


@pytest.mark.parametrize("way", ["tcp-defer", "tcp-defer-poll"])
def test_a_client_may_come_in_late(waiter, proven, tables, way):
    process, talk = waiter("c", way)
    evidence = proven(process, Kind.TIMED).evidence
    assert evidence == "it waits on a welcome socket with TCP_DEFER_ACCEPT"
    deadline = time.monotonic() + PATIENCE
    while prove(process, tables).kind is not Kind.RESTS:  # the kernel lets in who says nothing
        assert time.monotonic() < deadline
    assert talk.answer() == b"late"


def test_a_program_that_is_gone_is_gone(start, ended, tables):
    process = start("true")
    ended(process)
    assert prove(process, tables).kind is Kind.GONE
    process.stop()
    assert prove(process, tables).kind is Kind.GONE


def test_io_uring_is_beyond_what_can_be_told(waiter, evident):
    try:
        process, _ = waiter("c", "uring")
    except TargetError:
        pytest.skip("no io_uring here")
    evident(process, Kind.UNKNOWN, "uses io_uring")


# -- between two looks ---------------------------------------------------------------------


class Interrupted(Tables):
    """Has something happen when it is asked about a connection: between two looks."""

    def __init__(self, event):
        super().__init__()
        self.event = event

    def peers(self, *connection):
        self.event()
        return super().peers(*connection)


@pytest.mark.parametrize("who", ["the target", "the keeper"])
def test_whoever_ran_between_two_looks_does_not_rest(waiter, rests_after_its_answer, who):
    process, talk = waiter("c", "tcp")
    rests_after_its_answer(process, talk, b"first")

    def serves():
        talk.socket.send(b"second")
        assert select.select([talk.socket], (), (), PATIENCE)[0]
        assert talk.answer() == b"second"

    def is_woken():
        os.kill(process.keeper_pid, signal.SIGCHLD)

    deadline, proof = time.monotonic() + PATIENCE, Proof(Kind.BUSY)
    with Interrupted(serves if who == "the target" else is_woken) as tables:
        while proof.evidence != "it ran between two looks":
            assert time.monotonic() < deadline, proof
            proof = prove(process, tables)
            assert proof.kind is Kind.BUSY


# -- what lies in front of it --------------------------------------------------------------

HOLDER = """
import os, signal, socket, struct, sys
port = int(sys.argv[1])
datagrams = socket.socket(type=socket.SOCK_DGRAM)
datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1000, 0))
datagrams.bind(("127.0.0.1", port))
welcome = socket.create_server(("127.0.0.1", port))
out, into = os.pipe()
os.write(1, b"udp %d welcome %d pipe %d " % (datagrams.fileno(), welcome.fileno(), out))
client, _ = welcome.accept()
os.write(1, b"tcp %d terminal 0 up" % client.fileno())
while line := input():
    os.write(into, line.encode())
signal.pause()
"""


class Holder:
    """A program that holds sockets and looks at its terminal only, and a client of it."""

    def __init__(self, process, tables, port, client):
        self.process, self.tables, self.port, self.client = process, tables, port, client
        self.clients = []
        words = process.tail.split()[:-1]
        self.numbers = dict(zip(words[::2], map(int, words[1::2]), strict=True))

    def connect(self) -> None:
        self.clients.append(socket.create_connection(("127.0.0.1", self.port)))

    def judge(self, call: str, name: bytes) -> list[Limited]:
        """Judges a thread that waits in this call on this descriptor."""
        found = Descriptors(self.process, self.tables, frozenset({self.process.pid}))
        return list(found.judge(self.process.pid, Wait(call, {self.numbers[name]: False})))


@pytest.fixture
def holder(python, printed, evident, free_port, tables):
    process = python(HOLDER, free_port)
    printed(process, b"pipe")
    with socket.create_connection(("127.0.0.1", free_port)) as client:
        printed(process, b"up")
        evident(process, Kind.RESTS, "read")
        holder = Holder(process, tables, free_port, client)
        yield holder
        for each in holder.clients:
            each.close()


def _empty_datagram(holder):
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", ("127.0.0.1", holder.port))


def _reset(holder):
    linger = struct.pack("ii", 1, 0)
    holder.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    holder.client.close()


ARRIVALS = {
    "an-empty-datagram": ("poll", b"udp", _empty_datagram),
    "bytes": ("recvfrom", b"tcp", lambda holder: holder.client.send(b"x")),
    "an-end": ("read", b"tcp", lambda holder: holder.client.shutdown(socket.SHUT_WR)),
    "a-reset": ("epoll_wait", b"tcp", _reset),
    "a-connection": ("accept", b"welcome", lambda holder: holder.connect()),
    "what-a-child-wrote": ("read", b"pipe", lambda holder: holder.process.type(b"line\n")),
}


@pytest.mark.parametrize(("call", "name", "arrive"), ARRIVALS.values(), ids=ARRIVALS)
def test_what_is_not_read_yet_is_seen(holder, evident, call, name, arrive):
    assert holder.judge(call, name) == []
    arrive(holder)
    evident(holder.process, Kind.RESTS, "read")  # it looks elsewhere
    with pytest.raises(StirringError, match="it has not read yet what lies in a"):
        holder.judge(call, name)


def test_a_typed_line_that_is_not_read_yet_is_seen(holder, evident):
    holder.process.type(b"\n")
    evident(holder.process, Kind.RESTS, "pause")
    assert holder.judge("read", b"terminal") == []
    holder.process.type(b"late\n")
    with pytest.raises(StirringError, match="what was typed is not read yet"):
        holder.judge("read", b"terminal")


def test_a_time_limit_counts_whoever_waits_on_the_same_socket(holder):
    found = Descriptors(holder.process, holder.tables, frozenset({holder.process.pid}))
    number = holder.numbers[b"udp"]
    assert list(found.judge(holder.process.pid, Wait("poll", {number: False}))) == []
    (limit,) = found.judge(holder.process.pid, Wait("recvfrom", {number: False}))
    assert limit.seconds == 1000


def test_packets_in_the_queue_are_seen(waiter, evident, tmp_path):
    process, _ = waiter("c", "recv")
    rows = tmp_path / "softnet_stat"
    row = "00000001 00000000 00000000 " + "00000000 " * 8 + "{:08x} 00000000\n"
    rows.write_text(row.format(0) + row.format(3))
    with Tables() as tables:
        assert evident(process, Kind.RESTS, "recvfrom")
        with rows.open() as file:
            os.dup2(file.fileno(), tables._queues)
        assert tables.under_way() == 3
        proof = prove(process, tables)
    assert (proof.kind, proof.evidence) == (Kind.BUSY, "packets are still under way")


# -- who else may wake it ------------------------------------------------------------------

WAITS_FOR_ANOTHER = {
    "fifo": ("import os, sys; os.read(os.open(sys.argv[1], os.O_RDWR), 9)", "it waits in read on"),
    "opening-a-fifo": ("import sys; open(sys.argv[1])", "it is in system call"),
    "unix": (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[2]); s.recv(9)",
        "it waits for process",
    ),
    "tcp": (
        "import socket, sys; s = socket.create_connection(('127.0.0.1', sys.argv[3])); s.recv(9)",
        "it waits for tcp port",
    ),
    "udp": (
        "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM);"
        "s.connect(('127.0.0.1', int(sys.argv[3]))); s.recv(9)",
        "it waits for udp port",
    ),
}


@pytest.mark.parametrize(("text", "evidence"), WAITS_FOR_ANOTHER.values(), ids=WAITS_FOR_ANOTHER)
def test_a_program_that_waits_for_another_is_not_known_to_rest(
    python, waiter, evident, tmp_path, free_port, text, evidence
):
    waiter("c", "recv" if "DGRAM" in text else "tcp")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "unix"))
        unix.listen()
        process = python(text, tmp_path / "fifo", tmp_path / "unix", free_port)
        evident(process, Kind.UNKNOWN, evidence)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_a_client_that_waits_for_the_harness_rests(python, evident, kind):
    text = (
        "import socket, sys; s = socket.socket(type=int(sys.argv[1]));"
        "s.connect(('127.0.0.1', int(sys.argv[2]))); s.recv(9)"
    )
    with socket.socket(type=kind) as ours:
        ours.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            ours.listen()
        process = python(text, int(kind), ours.getsockname()[1])
        if kind is socket.SOCK_STREAM:
            ours.settimeout(PATIENCE)
            client, _ = ours.accept()
            with client:
                evident(process, Kind.RESTS, "recvfrom")
        else:
            evident(process, Kind.RESTS, "recvfrom")


# -- the trial -----------------------------------------------------------------------------

TRIALS = [
    ("c", "recv", "none", "0"),
    ("c", "poll", "spin", "0.0002"),
    ("c", "recv", "relay", "0"),
    ("c", "child", "none", "0"),
    ("c", "fork", "chain", "2"),
    ("c", "recv", "grandchild", "0"),
    ("c", "tcp-threads", "none", "0"),
    ("python", "asyncio", "executor", "0"),
    ("node", "udp", "none", "0"),
]


@pytest.mark.parametrize("row", TRIALS, ids=names(TRIALS))
def test_no_answer_comes_after_the_proof(waiter, rests_after_its_answer, row):
    process, talk = waiter(*row)
    until, number = time.monotonic() + 0.8, 0
    while time.monotonic() < until or number < 20:
        rests_after_its_answer(process, talk, b"%d" % number)
        number += 1


def test_what_it_printed_can_be_read_once_it_rests(waiter, evident):
    process, talk = waiter("c", "recv", "print")
    until, number = time.monotonic() + 0.8, 0
    while time.monotonic() < until or number < 20:
        line = b"line %d\n" % number
        talk.socket.send(line)
        evident(process, Kind.RESTS, "recvfrom")
        assert process.drain() == line
        number += 1


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("VM Periodic Tas", "VM Thread"), Kind.RESTS),
        (("VM Thread",), Kind.TIMED),  # it ends: HotSpot stops the periodic tasks first
        (("VM Periodic Tas", "VM Thread", "VM Thread"), Kind.TIMED),
        (("VM Periodic Tas", "VM Thread", "pool-1"), Kind.TIMED),
        ((), Kind.RESTS),
    ],
    ids=["lives", "ends", "two-of-one", "the-program-s-own", "none"],
)
def test_what_a_java_machine_does_for_itself_counts_nothing_while_it_lives(
    start, compiled, tables, printed, until, names, kind
):
    process = start(compiled("java.c"), *names)
    printed(process, b"named")
    seen = []
    until(process, lambda: seen.append(prove(process, tables).kind) or seen.count(kind) == 5)
    assert (Kind.RESTS in seen) is (kind is Kind.RESTS)
