"""Exchanges per second inside a case, against a bare blocking loop with deadline and regex.

Both talk to the same peer, a process of its own on the same core, in alternating rounds.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Figure, alternating
from harness.exchange.planning import make_plan
from harness.network.tables import Tables
from harness.runner.driver import Driver
from harness.spec.loader import load
from harness.spec.model import Delivery, Role, Transport
from harness.target.launcher import Keeper
from harness.target.process import Process
from harness.target.ready import wait_until_bound
from harness.verdict import Verdict

COUNT = 2000
ROUNDS = 15

SPEC = """
suite: speed
title: Exchanges inside a case
roles: [server]
transport: {transport}
requirements:
  SPEED-1: {{level: must, text: It answers., source: none}}
probe:
  - client: "probe\\n"
  - server: "PROBE\\n"
cases:
  - id: many
    purpose: Many exchanges.
    verifies: [SPEED-1]
    points: 1
    deadline: 60
    exchange:
      - repeat:
          times: {count}
          exchange:
            - client: "hello, world 12\\n"
            - server: {answer}
"""

ANSWERS = {"known bytes": '"HELLO, WORLD 12\\n"', "one captured hole": '"HELLO, WORLD {_:int}\\n"'}


PEERS = {
    "tcp": """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
    while True:
        talk, _ = welcome.accept()
        with talk:
            talk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := talk.recv(4096):
                talk.sendall(data.upper())
""",
    "udp": """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
    here.bind(("127.0.0.1", int(sys.argv[1])))
    while True:
        data, source = here.recvfrom(4096)
        here.sendto(data.upper(), source)
""",
}


def start(keeper: Keeper, transport: str, tables: Tables) -> tuple[Process, int]:
    """Starts the peer, as a target is started; returns it and its port."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    peer = keeper.start([sys.executable, "-c", PEERS[transport], str(port)], Path("/"), {})
    wait_until_bound(peer, port, (Transport(transport),), tables, 20)
    return peer, port


def bare_stream(port: int) -> None:
    """The loop that one would write by hand for TCP."""
    pattern = re.compile(rb"HELLO, WORLD ([0-9]+)\n")
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline = time.monotonic() + 60
        for _ in range(COUNT):
            sock.sendall(b"hello, world 12\n")
            buffer = b""
            while (found := pattern.match(buffer)) is None:
                sock.settimeout(deadline - time.monotonic())
                buffer += sock.recv(4096)
            if found.group(1) != b"12":
                sys.exit("the peer answers wrongly")


def bare_datagrams(port: int) -> None:
    """The loop that one would write by hand for UDP."""
    pattern = re.compile(rb"HELLO, WORLD ([0-9]+)\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        deadline = time.monotonic() + 60
        for _ in range(COUNT):
            sock.sendto(b"hello, world 12\n", ("127.0.0.1", port))
            sock.settimeout(deadline - time.monotonic())
            data, _ = sock.recvfrom(4096)
            found = pattern.fullmatch(data)
            if found is None or found.group(1) != b"12":
                sys.exit("the peer answers wrongly")


def in_a_case(
    transport: str, answer: str, peer: Process, port: int, tables: Tables
) -> Callable[[], None]:
    """Returns one round of ours: the whole case, connection and judgement included."""
    text = SPEC.format(transport=transport, count=COUNT, answer=ANSWERS[answer])
    suite = load("speed.yaml", text, None)  # type: ignore[arg-type] # it names no other file
    delivery = Delivery.WHOLE if transport == "tcp" else Delivery.PLAIN
    plan = make_plan(suite, suite.cases[0], Role.SERVER, delivery, 0, {})

    def play() -> None:
        found = Driver(plan, peer, port, tables).play().finding
        if found.verdict is not Verdict.PASS:
            sys.exit(f"the benchmark's own exchange fails: {found.reason}")

    return play


def figures() -> list[Figure]:
    """Measures all four kinds."""
    found = []
    with Keeper() as keeper, Tables() as tables:
        for transport, bare in (("tcp", bare_stream), ("udp", bare_datagrams)):
            peer, port = start(keeper, transport, tables)
            for answer in ANSWERS:
                play = in_a_case(transport, answer, peer, port, tables)
                times = alternating(play, lambda: bare(port), ROUNDS)  # noqa: B023 - called here
                note = f"{1e6 * min(a for a, _ in times) / COUNT:.1f} us, by hand "
                note += f"{1e6 * min(b for _, b in times) / COUNT:.1f} us"
                name = f"exchange, {transport.upper()}, {answer}"
                ratios = tuple(b / a for a, b in times)
                found.append(Figure(name, ratios, at_least=0.7, note=note))
    return found
