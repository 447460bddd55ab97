"""The grader beside what one writes by hand: a loop in the shell, one submission after the other.

Both play the same ten things. The loop starts each server, asks it by a script that waits two
seconds for what never comes, and stops it; nothing keeps the program in. The grader plays them in
strict isolation, and has more to prove: that nothing else came, and that the server still runs.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks import copies
from harness.network.network import Wanted
from harness.runner.job import Settings
from harness.runner.runner import Runner
from harness.selection import Request, subjects
from harness.target.isolation import Tier

_FLYING = (1, 2, 4, 8)
_STARTS = 20
_LOOPED = "serial loop"
_ALONE = "a batch of one"
_PATIENCE = 1200.0  # seconds for all of a kind
_SAME = tuple(
    f"{name}[whole]"
    for name in (
        "capitals-several-words", "capitals-empty-line", "line-after-line", "line-in-pieces",
        "lines-in-one-write", "many-lines", "half-close", "interleaved", "silent-client",
        "client-resets",
    )
)  # fmt: skip
_LOOP = """
for folder in "$1"/*/; do
  port=$((20000 + RANDOM % 10000))
  if [ -f "$folder/server.c" ]; then
    gcc -w -O1 -o "$folder/server" "$folder/server.c" -lpthread
    "$folder/server" $port &
  else
    "$2" "$folder/server.py" $port &
  fi
  server=$!
  "$2" "$3" $port > "$folder/told.txt"
  kill $server; wait $server || true
done > /dev/null 2>&1
"""
_CLIENT = r"""
import socket, struct, sys, time

PORT = int(sys.argv[1])

def call():
    return socket.create_connection(("127.0.0.1", PORT), timeout=2)

def answer(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(65536)
        assert piece, "it hung up"
        data += piece
    return data

def ask(sock, *pieces):
    for piece in pieces:
        sock.sendall(piece)
    whole = b"".join(pieces)
    assert answer(sock, len(whole)) == whole.upper()

def words():
    with call() as sock: ask(sock, b"hello, world and all\n")
def empty():
    with call() as sock: ask(sock, b"\n")
def after():
    with call() as sock:
        for number in range(3): ask(sock, b"line %d\n" % number)
def pieces():
    with call() as sock: ask(sock, b"one li", b"ne in th", b"ree\n")
def together():
    with call() as sock: ask(sock, b"one\ntwo\nthree\n")
def many():
    with call() as sock: ask(sock, b"a line of a few words\n" * 3000)
def half():
    with call() as sock:
        sock.sendall(b"the last\n")
        sock.shutdown(socket.SHUT_WR)
        assert answer(sock, 9) == b"THE LAST\n"
        assert sock.recv(100) == b""
def interleaved():
    with call() as one, call() as other:
        one.sendall(b"half a ")
        ask(other, b"whole\n")
        one.sendall(b"line\n")
        assert answer(one, 12) == b"HALF A LINE\n"
def silent():
    with call(), call() as other: ask(other, b"hello\n")
def resets():
    sock = call()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.sendall(b"hello\n")
    sock.close()
    with call() as other: ask(other, b"hello\n")

until = time.monotonic() + 5
while time.monotonic() < until:
    try:
        call().close()
        break
    except OSError:
        time.sleep(0.05)
for test in (words, empty, after, pieces, together, many, half, interleaved, silent, resets):
    try:
        test()
        print(test.__name__, "ok")
    except (OSError, AssertionError) as exc:
        print(test.__name__, "FAILS", exc)
"""


def grade(subs: Path, out: Path, suite: str, jobs: int = 0, only: Sequence[str] = ()) -> list[str]:
    """Returns the command that grades a folder of submissions."""
    words = [sys.executable, "-m", "harness.cli", "grade", str(subs), f"--out={out}", "--quiet"]
    words += [f"--spec={suite}", "--role=server", "--seed=1"]
    words += [f"--jobs={jobs}"] if jobs else []
    return [*words, *(f"--only={each}" for each in only)]


def compare(suite: str, rounds: int, each: int) -> None:
    """Prints times per submission, of so many of a kind, and what isolation costs a start."""
    with tempfile.TemporaryDirectory(prefix="serial-") as name:
        folder = Path(name)
        (folder / "client.py").write_text(_CLIENT)
        (folder / "loop.sh").write_text(_LOOP)
        for kind in ("references", "mutants"):
            copies.make(folder / kind, copies.programs(kind, suite), each)
            _compare(folder, kind, suite, rounds, each)
        _isolation(folder, rounds)


def _compare(folder: Path, kind: str, suite: str, rounds: int, each: int) -> None:
    """Alternates the loop and the grader, so that the machine's load is alike for both.

    What the grader needs for itself, however many submissions there are, is what a batch of one
    takes longer than one more in a batch: it is told apart.
    """
    alone = folder / f"one-of-{kind}"
    first = min((folder / kind).iterdir())
    shutil.copytree(first, alone / first.name)
    ways: dict[str, Callable[[], None]] = {_LOOPED: partial(_loop, folder, folder / kind)}
    ways[_ALONE] = partial(_grade, folder, alone, suite, 1, _SAME)
    for jobs in _FLYING:
        ways[f"{jobs} in flight"] = partial(_grade, folder, folder / kind, suite, jobs, _SAME)
    ways["4 in flight, the whole suite"] = partial(_grade, folder, folder / kind, suite, 4, ())
    taken: dict[str, list[float]] = {name: [] for name in ways}
    loads = []
    for _ in range(rounds):
        loads.append(os.getloadavg()[0])
        for name, way in ways.items():
            taken[name].append(_seconds(way))
    around = f"load {min(loads):.1f} to {max(loads):.1f}, {rounds} rounds"
    print(f"{each} {kind}, seconds for one more and as a share of the loop's; {around}")
    _tell(taken, each)


def _tell(taken: dict[str, list[float]], each: int) -> None:
    loop = [seconds / each for seconds in taken[_LOOPED]]
    for name, all_seconds in taken.items():
        if name == _ALONE:
            print(f"  {name:<30} {statistics.median(all_seconds):6.2f} s")
            continue
        more = loop
        if name != _LOOPED:
            both = zip(all_seconds, taken[_ALONE], strict=True)
            more = [(many - one) / (each - 1) for many, one in both]
        shares = [mine / other for mine, other in zip(more, loop, strict=True)]
        print(f"  {name:<30} {statistics.median(more):6.2f} s  {statistics.median(shares):5.2f}")


def _seconds(way: Callable[[], None]) -> float:
    began = time.monotonic()
    way()
    return time.monotonic() - began


def _loop(folder: Path, subs: Path) -> None:
    command = ["bash", str(folder / "loop.sh"), str(subs), sys.executable]
    command.append(str(folder / "client.py"))
    subprocess.run(command, check=True, timeout=_PATIENCE)


def _grade(folder: Path, subs: Path, suite: str, jobs: int, only: Sequence[str]) -> None:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    command = grade(subs, out, suite, jobs, only)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode > 1:
        sys.exit(f"{' '.join(command)} fails:\n{done.stdout}\n{done.stderr}")


# -- isolation -----------------------------------------------------------------------------


def _isolation(folder: Path, rounds: int) -> None:
    """Prints what a start, the shortest exchange and a stop cost in each tier."""
    ways = {
        "none, on the host": (Tier.NONE, Wanted.HOST),
        "none, in a lab": (Tier.NONE, Wanted.LAB),
        "guarded": (Tier.GUARDED, Wanted.HOST),
        "strict": (Tier.STRICT, Wanted.LAB),
    }
    path = copies.programs("references", "echo-tcp")[0]
    (subject,) = subjects(Request((str(path),), seed=1))
    probe = next(job for job in subject.jobs(()) if job.is_probe)
    runners = {
        name: Runner(Settings(folder / "builds", fresh=True, network=network, isolation=tier))
        for name, (tier, network) in ways.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(_STARTS * rounds + 1):
        for name, runner in runners.items():
            began = time.monotonic()
            outcome = runner.play(probe)
            assert outcome.verdict.name == "PASS", outcome.finding
            if number:  # the first one builds, and starts what starts targets
                taken[name].append(time.monotonic() - began)
    for runner in runners.values():
        runner.close()
    bare = statistics.median(taken["none, on the host"])
    print(
        f"start, probe and stop of {path.name}, {_STARTS * rounds} of each, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    for name, seconds in taken.items():
        own = statistics.median(seconds)
        print(f"  {name:<30} {1e3 * own:6.1f} ms  {1e3 * (own - bare):+6.1f} ms")
