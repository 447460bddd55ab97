"""Labs: how long one takes to be ready, and what is left when its parts are killed.

`python -m benchmarks labs` plays the long rounds: 200 kills of each part (benchmarks.kills), and
100 targets at one fixed port in 20 rounds, beside the same on the host in series.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import kills
from benchmarks.measure import Figure
from harness.errors import MachineError
from harness.network.endpoint import LOOPBACK, Endpoint
from harness.network.lab.lab import LEVELS, Level
from harness.network.poll import readable
from harness.network.tables import Tables
from harness.spec.model import Transport
from harness.target import openfiles
from harness.target.launcher import Keeper, Launcher
from harness.target.process import Process
from harness.target.ready import wait_until_bound

_ROUNDS = 200
_GOALS = {"pair": 12.0, "loopback": 6.0}  # milliseconds
_PATIENCE = 20.0
_PORT, _TARGETS, _REPEATS = 29_000, 100, 20
_ECHO = """
import socket, sys
talk = socket.socket(type=socket.SOCK_DGRAM)
talk.bind(("", int(sys.argv[1])))
while True:
    talk.sendto(*talk.recvfrom(65536))
"""


def figures() -> Iterator[Figure]:
    """Yields the time until a lab is ready, as a share of what it may take."""
    with Keeper() as keeper:
        for level in LEVELS:
            if level.pids:
                with contextlib.suppress(MachineError):
                    yield _ready(keeper, level)


def _ready(keeper: Keeper, level: Level) -> Figure:
    keeper.lab(level).close()
    taken = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        made = keeper.lab(level)
        taken.append((time.perf_counter() - start) * 1000)
        made.close()
    goal = _GOALS[level.shape]
    note = f"{sorted(taken)[len(taken) // 2]:.1f} ms of {goal:g}"
    ratios = tuple(each / goal for each in taken)
    return Figure(f"{level.name}: ready", ratios, at_most=1.0, note=note)


# -- the long rounds -----------------------------------------------------------------------


def main() -> int:
    """Prints what was counted. Returns 1 where anything is left or fails."""
    return 1 if _many() + kills.main() else 0


def _many() -> int:
    """Plays many targets at one fixed port. Returns how many failed."""
    openfiles.make_room()
    failed = 0
    with Keeper() as keeper, Tables() as tables, tempfile.TemporaryDirectory() as name:
        folder, start = Path(name), time.perf_counter()
        for _ in range(_REPEATS):
            failed += _at_once(keeper, folder)
        together = (time.perf_counter() - start) / _REPEATS
        start = time.perf_counter()
        for _ in range(_TARGETS):
            with _started(keeper, folder) as process:
                failed += not _answers(process, tables, (LOOPBACK,))
        alone = time.perf_counter() - start
    print(
        f"{_TARGETS} targets at port {_PORT}: {_REPEATS} rounds in labs at once, {failed} failed, "
        f"{together:.1f} s a round; on the host one after the other {alone:.1f} s"
    )
    return failed


def _at_once(keeper: Keeper, folder: Path) -> int:
    with contextlib.ExitStack() as last:
        labs = [last.enter_context(keeper.lab(LEVELS[0])) for _ in range(_TARGETS)]
        processes = [_started(each, folder) for each in labs]
        return sum(
            not _answers(process, each.lab.tables, each.lab.endpoints())
            for each, process in zip(labs, processes, strict=True)
        )


def _started(launcher: Launcher, folder: Path) -> Process:
    command = [sys.executable, "-I", "-S", "-c", _ECHO, str(_PORT)]
    return launcher.start(command, folder, {})


def _answers(process: Process, tables: Tables, ends: tuple[Endpoint, ...]) -> bool:
    end = wait_until_bound(process, _PORT, (Transport.UDP,), tables, _PATIENCE, ends)
    with end.datagrams() as ours:
        ours.sendto(b"who is there", (end.target, _PORT))
        return readable(ours, within=_PATIENCE) and ours.recv(100) == b"who is there"
