"""Rest, proven against programs that wait in every way, and against those that only seem to."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.spec.model import Transport
from harness.target.process import Process
from harness.target.ready import wait_until_bound
from harness.target.rest import Kind, Proof, prove

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


@pytest.fixture(scope="module")
def java_classes(tmp_path_factory):
    if shutil.which("javac") is None:
        pytest.skip("no Java compiler here")
    folder = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-d", folder, HERE / "Waiter.java"], check=True)
    return folder


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
def test_a_program_that_answers_later_does_not_rest(waiter, proven, language, way, delay):
    process, talk = waiter(language, way, delay, LONG)
    talk.socket.send(b"now")
    deadline = time.monotonic() + PATIENCE
    while LATER[language, way, delay] not in (proof := proven(process, Kind.TIMED)).evidence:
        assert time.monotonic() < deadline, proof.evidence
    assert talk.answer() is None


@pytest.mark.parametrize("turns", [1, 2])
def test_each_of_two_timers_is_looked_at(waiter, proven, turns):
    process, talk = waiter("c", "epoll", "two-timerfds", LONG)
    for _ in range(turns):
        talk.socket.send(b"now")
    assert proven(process, Kind.TIMED).evidence == "it waits on a timer's descriptor"
