"""The proof of rest, tried a great many times: `python -m benchmarks soak --trials 100000`.

Each trial asks a program something, in a way that is drawn: not to answer, to answer at once,
when it was busy, after a timer, by a thread, by a child, by an orphan. Then it is looked at
until it is proven to rest. Where an answer is owed and is not there by then, the proof was wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.network.netlink import Address
from harness.network.network import Wanted
from harness.network.tables import Tables
from harness.runner.place import Places
from harness.spec.model import Transport
from harness.target.process import Process
from harness.target.ready import wait_until_bound
from harness.target.rest import Kind, prove

SOURCES = Path(__file__).parents[1] / "tests" / "target"
WAYS = {
    "c": (
        "recv", "select", "poll", "ppoll", "epoll", "sigio", "child", "fork",
        "tcp", "tcp-threads", "tcp-fork", "tcp-poll",
    ),
    "python": (
        "recv", "select", "selectors", "asyncio", "queue", "threads", "fork", "tcp-serving",
        "settimeout",
    ),
    "java": ("recv", "nio", "tcp-threads"),
    "node": ("udp", "tcp"),
}  # fmt: skip
STIMULI = {
    "s": "silent",
    "n": "at once",
    "b": "when busy",
    "z": "after a timer",
    "w": "by a thread",
    "c": "by a child",
    "o": "by an orphan",
}
_LONGEST = 300  # microseconds that it is busy or asleep
_SHARE = 0.1  # seconds; what does not rest by then would wait for the deadline
_PATIENCE = 30.0  # seconds in which an answer that is owed has to come at all
_LIMIT = "1"  # seconds, of the way that waits with a time-out of its own


@dataclass(slots=True)
class Tally:
    """What came of the trials with one program. `rests` are seconds until it was proven."""

    name: str
    trials: int = 0
    fell_back: int = 0
    wrong: list[str] = field(default_factory=list)
    rests: list[float] = field(default_factory=list)

    def line(self) -> str:
        """Returns one line of the table."""
        told = "-"
        if self.rests:
            told = f"{1e3 * statistics.median(self.rests):.2f} ms"
        share = self.fell_back / self.trials if self.trials else 0.0
        return f"{self.name:<22} {self.trials:>8,} {len(self.wrong):>6} {told:>10} {share:>9.2%}"


class Trials:
    """Trials with one program that runs, spoken to at an address from a socket of ours."""

    def __init__(self, process: Process, sock: socket.socket, at: Address, tables: Tables) -> None:
        self._stream = sock.type == socket.SOCK_STREAM
        self._socket = sock
        sock.setblocking(True)
        sock.connect(at)
        sock.setblocking(False)
        self._process, self._tables = process, tables

    def close(self) -> None:
        """Hangs up."""
        self._socket.close()

    def one(self, request: bytes, tally: Tally) -> None:
        """Asks once, and looks until it rests. Raises: TimeoutError where it never answers."""
        owed, answered, began = request[:1] != b"s", 0.0, time.monotonic()
        tally.trials += 1
        self._socket.send(request)
        while True:
            proof = prove(self._process, self._tables)
            rests = proof.kind is Kind.RESTS and not self._under_way()
            said = owed and not answered and self._said(request)
            now = time.monotonic()
            if said or not owed:
                answered = answered or now
            if rests:
                if not answered:
                    tally.wrong.append(f"{request.decode()}: {proof.evidence}")
                    self._wait_for(request)
                elif not owed:
                    tally.rests.append(now - began)
                return
            if answered and now - answered > _SHARE:
                tally.fell_back += 1
                return
            if now - began > _PATIENCE:
                raise TimeoutError(f"{tally.name} never answers {request!r}: {proof}")

    def _under_way(self) -> bool:
        """Says whether its kernel still holds what it has said, as the driver asks."""
        if not self._stream:
            return False
        ends = self._socket.getpeername(), self._socket.getsockname()
        return bool(self._tables.tcp_unread(*ends))

    def _said(self, request: bytes) -> bool:
        try:
            answer = self._socket.recv(2048)
        except BlockingIOError:
            return False
        if answer != request:
            raise ValueError(f"asked {request!r}, it says {answer!r}")
        return True

    def _wait_for(self, request: bytes) -> None:
        until = time.monotonic() + _PATIENCE
        while not self._said(request):
            if time.monotonic() > until:
                raise TimeoutError(f"no answer at all to {request!r}")


def requests(language: str, way: str, drawn: random.Random) -> Iterator[bytes]:
    """Yields what a program is asked, without end.

    The virtual machines do not fork, and a child that ends with its request has no threads.
    """
    without = "" if language in ("c", "python") else "co"
    kinds = [each for each in STIMULI if each not in without + ("w" if way == "fork" else "")]
    for number in itertools.count():
        length = drawn.randint(0, _LONGEST)
        yield f"{drawn.choice(kinds)}{length:06} {number}".encode()


class Programs:
    """The waiters of tests/target, compiled once and started one at a time."""

    def __init__(self, places: Places, folder: Path) -> None:
        self._places, self._folder = places, folder

    def lacks(self, language: str) -> bool:
        """Says whether this machine cannot run it."""
        needs = {"c": "cc", "java": "javac", "node": "node", "python": sys.executable}
        return shutil.which(needs[language]) is None

    @contextlib.contextmanager
    def running(self, language: str, way: str) -> Iterator[Trials]:
        """Starts a program in a place of its own, and lets it be talked to."""
        over = Transport.TCP if way.startswith("tcp") else Transport.UDP
        with contextlib.ExitStack() as last:
            place = self._places.new()
            last.callback(place.close)
            port, lock = self._places.port(place, None)
            if lock is not None:
                last.callback(lock.release)
            argv = [*self._argv(language), str(port), way, "asked", _LIMIT]
            process = last.enter_context(place.launcher.start(argv, self._folder, {}))
            ends = place.network.endpoints(socket.AF_INET)
            tables = place.network.tables
            end = wait_until_bound(process, port, (over,), tables, _PATIENCE, ends)
            sock = end.stream() if over is Transport.TCP else end.datagrams(timed=False)
            yield last.enter_context(
                contextlib.closing(Trials(process, sock, (end.target, port), tables))
            )

    def _argv(self, language: str) -> list[str]:
        if language == "python":
            return [sys.executable, "-I", "-S", str(SOURCES / "waiter.py")]
        if language == "node":
            return ["node", str(SOURCES / "waiter.js")]
        if language == "java":
            if not (self._folder / "Waiter.class").exists():
                self._make("javac", "-d", ".", str(SOURCES / "Waiter.java"))
            return ["java", "-XX:TieredStopAtLevel=1", "-cp", str(self._folder), "Waiter"]
        if not (self._folder / "waiter").exists():
            self._make("cc", "-O1", "-pthread", "-o", "waiter", str(SOURCES / "waiter.c"))
        return [str(self._folder / "waiter")]

    def _make(self, *command: str) -> None:
        subprocess.run(command, cwd=self._folder, check=True)


def soak(language: str, way: str, trials: int, seed: int, programs: Programs) -> Tally:
    """Returns what came of so many trials with one program."""
    tally = Tally(f"{language} {way}")
    drawn = requests(language, way, random.Random(f"{seed} {tally.name}"))
    with programs.running(language, way) as talk:
        for _ in range(trials):
            talk.one(next(drawn), tally)
    return tally


@contextlib.contextmanager
def load(hogs: int) -> Iterator[None]:
    """Keeps so many processors busy meanwhile."""
    command = [sys.executable, "-I", "-S", "-c", "while True: pass"]
    with contextlib.ExitStack() as last:
        for _ in range(hogs):
            hog = last.enter_context(subprocess.Popen(command))
            last.callback(hog.kill)
        yield


def main(arguments: list[str]) -> int:
    """Returns 1 where a proof was wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks soak", description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000, help="of all programs together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--network", type=Wanted, default=Wanted.HOST, help="host or lab")
    parser.add_argument("--load", type=int, default=2, help="processes that spin meanwhile")
    asked = parser.parse_args(arguments)
    tallies = []
    print(f"{'':<22} {'trials':>8} {'wrong':>6} {'median':>10} {'deadline':>9}")
    with contextlib.ExitStack() as last:
        tables = last.enter_context(Tables())
        places = last.enter_context(contextlib.closing(Places(asked.network, tables)))
        folder = last.enter_context(tempfile.TemporaryDirectory())
        last.enter_context(load(asked.load))
        programs = Programs(places, Path(folder))
        rows = [(a, b) for a, ways in WAYS.items() if not programs.lacks(a) for b in ways]
        for at, (language, way) in enumerate(rows):
            share = asked.trials * (at + 1) // len(rows) - asked.trials * at // len(rows)
            tallies.append(soak(language, way, share, asked.seed, programs))
            print(tallies[-1].line(), flush=True)
    return _told(tallies)


def _told(tallies: list[Tally]) -> int:
    whole = Tally("all")
    for each in tallies:
        whole.trials += each.trials
        whole.fell_back += each.fell_back
        whole.rests += each.rests
        whole.wrong += [f"{each.name}: {wrong}" for wrong in each.wrong]
    print(whole.line())
    print(*whole.wrong, sep="\n")
    return 1 if whole.wrong else 0
