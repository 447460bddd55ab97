"""What a pytest case costs, against a hand-written item that does the same exchange.

Both see that nothing more came than has to, and that the server still runs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Figure

CASES = 400
ROUNDS = 5

SPEC_HEAD = """
suite: speed
title: Exchanges inside a case
roles: [server]
transport: tcp
target: {server: {run: "{program} {port}"}}
requirements:
  SPEED-1: {level: must, text: It answers., source: none}
probe:
  - client: "probe\\n"
  - server: "PROBE\\n"
cases:
"""

CASE = """
  - id: case-{number}
    purpose: One exchange.
    verifies: [SPEED-1]
    points: 1
    deliveries: [whole]
    exchange:
      - client: "hello, world {number}\\n"
      - server: "HELLO, WORLD {number}\\n"
"""

SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
    while True:
        talk, _ = welcome.accept()
        with talk:
            while data := talk.recv(4096):
                talk.sendall(data.upper())
"""

BY_HAND = """
import collections, pathlib, re, socket, subprocess, sys, time
import pytest

HERE = pathlib.Path(__file__).parent
Port = collections.namedtuple("Port", "number server")

@pytest.fixture(scope="session")
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, str(HERE / "server.py"), str(port)])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            continue
    yield Port(port, server)
    server.kill()
    server.wait()

@pytest.mark.parametrize("number", range({count}))
def test_case(port, number):
    with socket.create_connection(("127.0.0.1", port.number), timeout=3) as sock:
        sock.sendall(b"hello, world %d\\n" % number)
        data = b""
        while not data.endswith(b"\\n"):
            piece = sock.recv(4096)
            assert piece
            data += piece
        assert re.fullmatch(rb"HELLO, WORLD [0-9]+\\n", data)
        assert data == b"HELLO, WORLD %d\\n" % number
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(4096) == b""
    assert port.server.poll() is None
"""


def run(folder: Path, *arguments: str) -> float:
    """Returns the seconds of one pytest run. Exits where it does not pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} fails:\n{done.stdout}\n{done.stderr}")
    return taken


def spec(count: int) -> str:
    """Returns a suite of so many cases, each written out."""
    return SPEC_HEAD + "".join(CASE.format(number=number) for number in range(count))


def lay_out(folder: Path, count: int) -> None:
    """Writes the target, the suite and the hand-written module."""
    (folder / "server.py").write_text(SERVER)
    (folder / "speed.yaml").write_text(spec(count))
    (folder / "test_by_hand.py").write_text(BY_HAND.replace("{count}", str(count)))


def figures() -> list[Figure]:
    """Measures the case itself: the difference between many cases and one, on both sides."""
    with tempfile.TemporaryDirectory() as many, tempfile.TemporaryDirectory() as one:
        lay_out(Path(many), CASES)
        lay_out(Path(one), 1)
        ours = ("--target=server.py", "--spec=speed.yaml")
        ratios, cases = [], []
        for _ in range(ROUNDS):
            ours_case = (run(Path(many), *ours) - run(Path(one), *ours)) / (CASES - 1)
            bare = run(Path(many), "test_by_hand.py") - run(Path(one), "test_by_hand.py")
            cases.append((ours_case, bare / (CASES - 1)))
            ratios.append(ours_case / (bare / (CASES - 1)))
    best = min(cases)
    note = f"{1e3 * best[0]:.2f} ms a case, by hand {1e3 * best[1]:.2f} ms"
    return [Figure("pytest case of one exchange", tuple(ratios), at_most=1.3, note=note)]
